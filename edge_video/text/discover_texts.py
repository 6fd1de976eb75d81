"""Holds the texts of `discover`, its help included, in both languages."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

PASSWORD_VARIABLE: Final = "EDGE_VIDEO_ONVIF_PASSWORD"  # noqa: S105 - the name of a variable
"""The password of `discover --username`, where no file is named."""

DISCOVER_TEXTS: Final[dict[str, Text]] = {
    "discover.begin": Text(
        "Looking for ONVIF cameras through {addresses} for {wait} …",
        "Procurando câmeras ONVIF por {addresses} durante {wait} …",
    ),
    "discover.begin.addresses": Text("Asking {addresses} …", "Consultando {addresses} …"),
    "discover.size_unknown": Text("size not said", "tamanho não informado"),
    "discover.fps_unknown": Text("fps not said", "fps não informado"),
    "discover.fps": Text("{fps} fps", "{fps} fps"),
    "discover.unnamed": Text("a camera without a name", "uma câmera sem nome"),
    "discover.summary.none": Text(
        "No ONVIF camera answered. Multicast does not cross a router or most VPNs, and ONVIF is"
        " switched off in many cameras: switch it on there, or ask one with --address.",
        "Nenhuma câmera ONVIF respondeu. Multicast não atravessa roteador nem a maioria das VPNs, e"
        " o ONVIF vem desativado em muitas câmeras: ative-o nelas, ou consulte uma com --address.",
    ),
    "discover.summary.one": Text("1 camera found", "1 câmera encontrada"),
    "discover.summary": Text("{count} cameras found", "{count} câmeras encontradas"),
    "discover.proposed": Text(
        "→ marks the stream that costs least and has {width} pixels in width and {fps} fps",
        "→ marca o stream mais econômico com {width} pixels de largura e {fps} fps",
    ),
    "discover.problem.no_answer": Text(
        "it announced itself, but its service does not answer (port blocked, or HTTPS only?)",
        "ela se anunciou, mas o serviço não responde (porta bloqueada ou só HTTPS?)",
    ),
    "discover.problem.no_answer.asked": Text(
        "nothing answers there; is ONVIF switched on, and on another port? (--address HOST:PORT)",
        "nada responde nesse endereço; o ONVIF está ativado, talvez em outra porta?"
        " (--address HOST:PORTA)",
    ),
    "discover.problem.not_understood": Text(
        "its answer is no valid ONVIF", "a resposta dela não é ONVIF válido"
    ),
    "discover.problem.needs_login": Text(
        "it shows its streams to its users only: --username NAME (many cameras have a separate list"
        " of ONVIF users)",
        "ela só mostra os streams a seus usuários: --username NOME (muitas câmeras têm uma lista"
        " separada de usuários ONVIF)",
    ),
    "discover.problem.wrong_login": Text(
        "it refuses this user or password; it was tried once, so that the account is not locked"
        " (many cameras have a separate list of ONVIF users)",
        "ela recusa este usuário ou senha; só houve uma tentativa, para não bloquear a conta"
        " (muitas câmeras têm uma lista separada de usuários ONVIF)",
    ),
    "discover.problem.no_streams": Text(
        "it names no video stream", "ela não informa stream de vídeo"
    ),
    "discover.problem.refused": Text("it answered with an error", "ela respondeu com um erro"),
    "discover.clock.behind": Text(
        "its clock is {offset} behind this machine's",
        "o relógio dela está {offset} atrasado em relação ao desta máquina",
    ),
    "discover.clock.ahead": Text(
        "its clock is {offset} ahead of this machine's",
        "o relógio dela está {offset} adiantado em relação ao desta máquina",
    ),
    "discover.foreign": Text(
        "it says its address is {addresses}; it answers at {address}, and that is used here",
        "ela diz que seu endereço é {addresses}; mas responde em {address}, que é o usado aqui",
    ),
    "discover.secret_in_url": Text(
        "its address holds a password, which is masked here",
        "o endereço dela contém uma senha, que está oculta aqui",
    ),
    "discover.no_package": Text(
        "the package httpx is not installed: pip install 'edge-video[onvif]'",
        "o pacote httpx não está instalado: pip install 'edge-video[onvif]'",
    ),
    "discover.no_interface": Text(
        "there is no interface {name} with an IPv4 address here; there is {known}",
        "não há interface {name} com endereço IPv4 aqui; existe {known}",
    ),
    "discover.no_network": Text(
        "no interface of this machine has an IPv4 address; name a camera with --address",
        "nenhuma interface desta máquina tem endereço IPv4; informe uma câmera com --address",
    ),
    "discover.not_sent": Text(
        "the question cannot be sent: {reason}", "não é possível enviar a consulta: {reason}"
    ),
    "discover.no_password": Text(
        "--username needs a password: --password-file, the environment variable {variable}, or a"
        " terminal to ask on",
        "--username precisa de uma senha: --password-file, a variável de ambiente {variable} ou um"
        " terminal para perguntar",
    ),
    "discover.password_alone": Text(
        "--password-file needs --username", "--password-file precisa de --username"
    ),
    "discover.bad_password_file": Text(
        "the password file cannot be read: {reason}",
        "não é possível ler o arquivo da senha: {reason}",
    ),
    "discover.password_file_lines": Text(
        "it must hold one line of at most {most} bytes in UTF-8",
        "deve ter uma única linha de no máximo {most} bytes em UTF-8",
    ),
    "discover.ask_password": Text(
        "Password of {username} (it is not shown)", "Senha de {username} (não é exibida)"
    ),
}

DISCOVER_HELP_TEXTS: Final[dict[str, Text]] = {
    "discover.help": Text(
        "find ONVIF cameras in the network, with their streams",
        "encontra câmeras ONVIF na rede, com seus streams",
    ),
    "discover.about": Text(
        "Asks the network which ONVIF cameras are there, and each camera for its streams: codec,"
        " size, rate and address. The stream that fits best is marked. Passwords are never guessed:"
        " the one that you give is tried once for each camera. Needs the package httpx:"
        " pip install 'edge-video[onvif]'.",
        "Pergunta na rede quais câmeras ONVIF existem, e a cada câmera quais são seus streams:"
        " codec, tamanho, taxa e endereço. O stream mais adequado é marcado. Senhas nunca são"
        " adivinhadas: a que você informar é tentada uma vez em cada câmera. Precisa do pacote"
        " httpx: pip install 'edge-video[onvif]'.",
    ),
    "discover.interface": Text(
        "look here only, a name or an address; repeatable (default: all but loopback)",
        "procura só por esta, nome ou endereço; pode ser repetido (padrão: todas exceto loopback)",
    ),
    "discover.address": Text(
        "ask this camera and do not search; repeatable",
        "consulta esta câmera sem procurar; pode ser repetido",
    ),
    "discover.init": Text(
        "look for ONVIF cameras and write the stream that fits of each that is found",
        "procura câmeras ONVIF e grava o stream mais adequado de cada uma",
    ),
    "discover.username": Text("user of the cameras", "usuário das câmeras"),
    "discover.password_file": Text(
        f"its password; default: the environment variable {PASSWORD_VARIABLE}, else it is asked",
        f"a senha; padrão: a variável de ambiente {PASSWORD_VARIABLE}, senão é perguntada",
    ),
    "discover.wait": Text(
        "wait so long for cameras to answer (default 4s)",
        "espera esse tempo pelas respostas das câmeras (padrão 4s)",
    ),
    "discover.timeout": Text(
        "for all questions to one camera (default 15s)",
        "para todas as perguntas a uma câmera (padrão 15s)",
    ),
    "discover.width": Text(
        "width to publish, for the proposal (default 1280)",
        "largura a publicar, para a proposta (padrão 1280)",
    ),
    "discover.fps.help": Text(
        "rate to publish, for the proposal (default 15)",
        "taxa a publicar, para a proposta (padrão 15)",
    ),
    "discover.bad_address": Text(
        "{value} is no HOST or HOST:PORT", "{value} não é HOST nem HOST:PORTA"
    ),
    "discover.bad_number": Text(
        "{value} is not a number from 1 to {most}", "{value} não é um número de 1 a {most}"
    ),
    "discover.example.plain": Text("which cameras are there", "quais câmeras existem"),
    "discover.example.login": Text(
        "their streams too, as this user", "também seus streams, como este usuário"
    ),
    "discover.example.address": Text(
        "one camera, behind a router too", "uma câmera, mesmo atrás de um roteador"
    ),
    "variable.onvif_password": Text(
        "password for `discover --username`", "senha para `discover --username`"
    ),
}
"""What argparse prints; see `edge_video.text.help_texts`."""
