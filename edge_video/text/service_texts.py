"""Holds the texts about the service for `edge_video.text.catalog`, in both languages."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

_STATUS: Final[dict[str, Text]] = {
    "service.cameras": Text(
        "{streaming} of {wanted} streaming", "{streaming} de {wanted} transmitindo"
    ),
    "service.broker.ok": Text("broker connected", "broker conectado"),
    "service.broker.lost": Text("broker disconnected", "broker desconectado"),
    "service.broker.blocked": Text(
        "the broker takes no frames", "o broker não está aceitando frames"
    ),
    "service.broker.starting": Text("connecting to the broker", "conectando ao broker"),
    "service.files.ok": Text("pictures are written", "imagens sendo gravadas"),
    "service.files.lost": Text("pictures cannot be written", "não é possível gravar as imagens"),
    "service.files.blocked": Text("pictures cannot be written", "não é possível gravar as imagens"),
    "service.files.starting": Text("opening the directory", "abrindo o diretório"),
    "service.reload_refused": Text(
        "the last reload was refused: {reason}", "a última recarga foi recusada: {reason}"
    ),
}

_COMMAND: Final[dict[str, Text]] = {
    "service.not_root": Text(
        "this changes {directory}: run it as root, for example: sudo {command}",
        "isto altera {directory}: execute como root, por exemplo: sudo {command}",
    ),
    "service.no_systemd": Text(
        "there is no systemd here ({program} was not found); print the unit with"
        " `edge-video service install --print` and put it where it is needed",
        "não há systemd aqui ({program} não foi encontrado); imprima a unit com"
        " `edge-video service install --print` e coloque-a onde for preciso",
    ),
    "service.no_config": Text(
        "there is no configuration {path}; write one first: edge-video init --config {path}",
        "a configuração {path} não existe; crie uma antes: edge-video init --config {path}",
    ),
    "service.out_of_reach": Text(
        "{path} lies under {directory}, which a service with a user of its own cannot read; move"
        " it, for example to {instead}",
        "{path} está em {directory}, que um serviço com usuário próprio não consegue ler; mova-o,"
        " por exemplo para {instead}",
    ),
    "service.odd_path": Text(
        "{path} cannot stand in a unit: its name has a space or a character that systemd reads as"
        " its own",
        "{path} não pode constar em uma unit: o nome tem um espaço ou um caractere que o systemd"
        " interpreta",
    ),
    "service.credential": Text(
        "write NAME=FILE, with a name of letters, digits, - and _, and an absolute path",
        "escreva NOME=ARQUIVO, com um nome de letras, dígitos, - e _, e um caminho absoluto",
    ),
    "service.will": Text("This is what will be done:", "Isto será feito:"),
    "service.will.write": Text("write {path}", "gravar {path}"),
    "service.will.replace": Text("replace {path}", "substituir {path}"),
    "service.will.same": Text("keep {path}, which is up to date", "manter {path}, já atualizado"),
    "service.will.remove": Text("remove {path}", "remover {path}"),
    "service.will.share": Text(
        "let the group {group} read {path}", "permitir que o grupo {group} leia {path}"
    ),
    "service.will.run": Text("run {command}", "executar {command}"),
    "service.ask": Text("Go on?", "Continuar?"),
    "service.ask.yes": Text("y", "s"),
    "service.abandoned": Text("nothing was changed", "nada foi alterado"),
    "service.unasked": Text(
        "nobody is there to be asked; to do it without a question: --yes",
        "não há ninguém para responder; para fazer sem perguntar: --yes",
    ),
    "service.failed": Text("{command} failed: {reason}", "{command} falhou: {reason}"),
    "service.not_written": Text("{path}: {reason}", "{path}: {reason}"),
    "service.installed": Text(
        "Installed. Start it now and at every boot:", "Instalado. Para iniciar agora e a cada boot:"
    ),
    "service.updated": Text(
        "Updated. What runs takes it over with:", "Atualizado. Para aplicar ao que está rodando:"
    ),
    "service.removed": Text(
        "Removed. The configuration, {state} and the user {user} are still there.",
        "Removido. A configuração, {state} e o usuário {user} continuam lá.",
    ),
    "service.not_installed": Text(
        "not installed; install it with: edge-video service install",
        "não instalado; instale com: edge-video service install",
    ),
    "service.state": Text("{unit}: {active} ({sub})", "{unit}: {active} ({sub})"),
    "service.state.text": Text("status: {text}", "status: {text}"),
    "service.state.process": Text(
        "process {pid}, restarts {restarts}", "processo {pid}, reinícios {restarts}"
    ),
    "service.state.result": Text("last result: {result}", "último resultado: {result}"),
    "service.state.boot": Text("at boot: {state}", "no boot: {state}"),
    "service.state.differs": Text(
        "the unit is not what this version installs; see what differs, or install it anew:"
        " edge-video service install",
        "a unit difere da que esta versão instala; compare, ou instale de novo:"
        " edge-video service install",
    ),
}

SERVICE_TEXTS: Final[dict[str, Text]] = {**_STATUS, **_COMMAND}
"""By key."""

SERVICE_HELP_TEXTS: Final[dict[str, Text]] = {
    "service.help": Text(
        "install, show or remove the service of systemd",
        "instala, mostra ou remove o serviço do systemd",
    ),
    "service.about": Text(
        "Installs a hardened service that starts at boot, as a user of its own; says how it is; or"
        " removes it. It says what it will change, and asks first.",
        "Instala um serviço protegido que inicia no boot, com usuário próprio; mostra seu estado;"
        " ou o remove. Diz o que vai alterar e pergunta antes.",
    ),
    "service.action": Text("install, status or uninstall", "install, status ou uninstall"),
    "service.config": Text(
        "the configuration it runs (default /etc/edge-video/config.yaml)",
        "a configuração que ele usa (padrão /etc/edge-video/config.yaml)",
    ),
    "service.credential": Text(
        "a secret for ${CREDENTIALS_DIRECTORY}/NAME, from a file that only root may read;"
        " repeatable",
        "um segredo para ${CREDENTIALS_DIRECTORY}/NOME, de um arquivo que só o root lê; pode ser"
        " repetido",
    ),
    "service.print": Text(
        "print the unit instead, and change nothing", "só imprime a unit, sem alterar nada"
    ),
    "service.yes": Text("do not ask", "não pergunta"),
    "service.root": Text(
        "install into the system image mounted there", "instala na imagem de sistema montada ali"
    ),
    "service.example.install": Text(
        "install it for /etc/edge-video/config.yaml", "instala para /etc/edge-video/config.yaml"
    ),
    "service.example.status": Text(
        "does it run? exit code 1 if not", "está rodando? código de saída 1 se não"
    ),
    "service.example.print": Text("the unit, to look at", "a unit, para conferir"),
}
"""The help of the command, for `edge_video.text.help_texts`."""
