"""Holds what the page says where cameras are added, changed and removed."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

EDIT_TEXTS: Final[dict[str, Text]] = {
    "edit.add": Text("Add camera", "Adicionar câmera"),
    "edit.save": Text("Save", "Salvar"),
    "edit.test": Text("Test camera", "Testar câmera"),
    "edit.now": Text("Now: {url}", "Agora: {url}"),
    "edit.kept": Text(
        "edge-video keeps what is changed here, also after a new start. It wins over the"
        " configuration file, key by key; the file itself is not written.",
        "O edge-video guarda o que se muda aqui, mesmo após reiniciar. Isso vale mais que o arquivo"
        " de configuração, chave por chave; o arquivo em si não é alterado.",
    ),
    "edit.not_kept": Text(
        "A camera can be tested, but not added: edge-video has nowhere to keep it. Set state.dir in"
        " the configuration and start edge-video anew.",
        "Dá para testar uma câmera, mas não adicionar: o edge-video não tem onde guardá-la. Defina"
        " state.dir na configuração e reinicie o edge-video.",
    ),
    "edit.url": Text(
        "Address of the stream, or of the camera", "Endereço da transmissão ou da câmera"
    ),
    "edit.url_example": Text("rtsp://10.0.0.5:554/stream", "rtsp://10.0.0.5:554/stream"),
    "edit.username": Text("User name", "Usuário"),
    "edit.password": Text("Password", "Senha"),
    "edit.id": Text(
        "Id: its name in logs and routing keys", "Id: o nome no log e nas routing keys"
    ),
    "edit.fps": Text("Frames per second", "Frames por segundo"),
    "edit.fps_default": Text("as configured", "como na configuração"),
    "edit.stays": Text("empty: stays as it is", "vazio: fica como está"),
    "edit.asking": Text(
        "Asking the camera; this takes up to 20 seconds …",
        "Consultando a câmera; leva até 20 segundos …",
    ),
    "edit.saving": Text("Saving …", "Salvando …"),
    "edit.answers": Text("The camera answers:", "A câmera responde:"),
    "edit.snapshot": Text(
        "still pictures, fetched one after the other", "fotos, buscadas uma após a outra"
    ),
    "edit.key_frames": Text("a key frame every {seconds} s", "um frame-chave a cada {seconds} s"),
    "edit.key_frames.at_least": Text(
        "key frames more than {seconds} s apart", "frames-chave a mais de {seconds} s"
    ),
    "edit.large": Text(
        "This picture is large. If the camera has a smaller stream, often called substream, its"
        " address costs much less CPU.",
        "Esta imagem é grande. Se a câmera tiver uma transmissão menor (substream), o endereço dela"
        " exige muito menos CPU.",
    ),
    "edit.picture": Text("What the camera shows", "O que a câmera mostra"),
    "edit.needed": Text("This is needed.", "Campo obrigatório."),
    "edit.test_needs": Text(
        "To test, enter the address and the password again: they are never shown.",
        "Para testar, informe de novo o endereço e a senha: eles nunca são mostrados.",
    ),
    "edit.id_wrong": Text(
        "Up to 64 letters without accents, digits, dots, hyphens and underscores; the first is"
        " neither a dot nor a hyphen.",
        "Até 64 letras sem acento, dígitos, pontos, hífens e sublinhados; o primeiro não é ponto"
        " nem hífen.",
    ),
    "edit.id_taken": Text("There is a camera {camera} already.", "Já existe a câmera {camera}."),
    "edit.nothing": Text("Nothing was entered.", "Nada foi informado."),
    "edit.added": Text("{camera}: added", "{camera}: adicionada"),
    "edit.changed": Text("{camera}: changed", "{camera}: alterada"),
    "streams.ask": Text("Find the streams", "Buscar as transmissões"),
    "streams.help": Text(
        "The address of the camera, such as 10.0.0.5, is enough for it (ONVIF).",
        "Para isso basta o endereço da câmera, como 10.0.0.5 (ONVIF).",
    ),
    "streams.asking": Text(
        "Asking the camera for its streams; this takes up to 20 seconds …",
        "Consultando as transmissões da câmera; leva até 20 segundos …",
    ),
    "streams.host_wrong": Text(
        "Enter the address of the camera, such as 10.0.0.5 or 10.0.0.5:8000.",
        "Informe o endereço da câmera, como 10.0.0.5 ou 10.0.0.5:8000.",
    ),
    "streams.found.one": Text("{camera} has one stream:", "{camera} tem uma transmissão:"),
    "streams.found": Text("{camera} has {count} streams:", "{camera} tem {count} transmissões:"),
    "streams.proposed": Text("recommended: costs the least CPU", "recomendada: exige menos CPU"),
    "streams.secret": Text(
        "This address holds a password, shown as ***. Write it there, then test the camera.",
        "Este endereço contém uma senha, mostrada como ***. Escreva-a ali e teste a câmera.",
    ),
    "streams.no_package": Text(
        "edge-video cannot ask cameras for their streams yet. Whoever installed it adds that with"
        " pip install 'edge-video[onvif]'. The address of the stream can be entered without it.",
        "O edge-video ainda não sabe consultar as transmissões. Quem o instalou acrescenta isso com"
        " pip install 'edge-video[onvif]'. O endereço da transmissão pode ser informado sem isso.",
    ),
    "streams.problem.no_answer": Text(
        "Nothing answers there. Is ONVIF switched on in the camera, perhaps on another port"
        " (10.0.0.5:8000)?",
        "Nada responde nesse endereço. O ONVIF está ativado na câmera, talvez em outra porta"
        " (10.0.0.5:8000)?",
    ),
    "streams.problem.not_understood": Text(
        "Its answer is no valid ONVIF.", "A resposta dela não é ONVIF válido."
    ),
    "streams.problem.needs_login": Text(
        "It shows its streams to its users only: enter user name and password. Many cameras have"
        " a separate list of ONVIF users.",
        "Ela só mostra as transmissões a seus usuários: informe usuário e senha. Muitas câmeras têm"
        " uma lista separada de usuários ONVIF.",
    ),
    "streams.problem.wrong_login": Text(
        "It refuses this user or password. It was tried once, so that the account is not locked."
        " Many cameras have a separate list of ONVIF users.",
        "Ela recusa este usuário ou senha. Só houve uma tentativa, para não bloquear a conta."
        " Muitas câmeras têm uma lista separada de usuários ONVIF.",
    ),
    "streams.problem.no_streams": Text(
        "It names no video stream.", "Ela não informa nenhuma transmissão de vídeo."
    ),
    "streams.problem.refused": Text("It answered with an error.", "Ela respondeu com um erro."),
    "manage": Text("Configuration", "Configuração"),
    "manage.change": Text("Change", "Alterar"),
    "manage.remove": Text("Remove", "Remover"),
    "manage.disable": Text("Disable", "Desativar"),
    "manage.enable": Text("Enable", "Ativar"),
    "manage.remove_sure": Text(
        "It ends now and does not come back after a new start. The configuration file is not"
        " written: there it stays, without effect.",
        "Ela termina agora e não volta após reiniciar. O arquivo de configuração não é alterado:"
        " ali ela fica, sem efeito.",
    ),
    "manage.disable_sure": Text(
        "It sends no pictures, also after a new start, until somebody enables it.",
        "Ela não envia imagens, mesmo após reiniciar, até alguém ativar.",
    ),
    "manage.removed": Text("{camera}: removed", "{camera}: removida"),
    "manage.disabled": Text("{camera}: disabled", "{camera}: desativada"),
    "manage.enabled": Text("{camera}: enabled", "{camera}: ativada"),
}
