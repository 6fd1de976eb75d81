"""Holds the texts of `ctl`, which commands nodes from the command line, in both languages."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

CTL_HELP_TEXTS: Final[dict[str, Text]] = {
    "ctl.help": Text(
        "command a node over the broker or HTTP, or see which nodes answer",
        "comanda um nó pelo broker ou por HTTP, ou mostra quais nós respondem",
    ),
    "ctl.about": Text(
        "Asks a node that takes commands over the broker (`commands` in its configuration), or one"
        " by its HTTP address, and prints its answer. Without --url it takes the broker from the"
        " configuration. Exit code 0: done, or already so; 1: refused, failed, or nobody answers;"
        " 2: bad input.",
        "Pede algo a um nó que aceita comandos pelo broker (`commands` na configuração dele), ou a"
        " um pelo endereço HTTP dele, e mostra a resposta. Sem --url usa o broker da configuração."
        " Código de saída 0: feito, ou já estava assim; 1: recusado, falhou ou ninguém responde;"
        " 2: entrada inválida.",
    ),
    "ctl.node": Text(
        "the node's name; nodes: list all that answer",
        "o nome do nó; nodes: lista todos os que respondem",
    ),
    "ctl.command": Text(
        "what it is to do, docs/commands.md", "o que ele deve fazer, docs/commands.md"
    ),
    "ctl.target": Text(
        "the camera; of `profile` its name, or `none`",
        "a câmera; de `profile` o nome dele, ou `none`",
    ),
    "ctl.url": Text(
        "amqp://user@host:5672/vhost, the password in EDGE_VIDEO_AMQP_PASSWORD; or the node's"
        " http://host:8080",
        "amqp://usuario@host:5672/vhost, a senha em EDGE_VIDEO_AMQP_PASSWORD; ou o"
        " http://host:8080 do nó",
    ),
    "ctl.exchange": Text(
        "where commands are taken (default: that of the configuration, else edge-video.commands)",
        "onde os comandos são aceitos (padrão: o da configuração, senão edge-video.commands)",
    ),
    "ctl.key_name": Text(
        "sign with the key of this name, which is in --key-file, or in EDGE_VIDEO_COMMANDS_KEY",
        "assina com a chave deste nome, que está em --key-file, ou em EDGE_VIDEO_COMMANDS_KEY",
    ),
    "ctl.key_file": Text("the key's file, for --key-name", "o arquivo da chave, para --key-name"),
    "ctl.values": Text(
        "with `add` and `change`: the camera's keys as a JSON object, in this file; -: standard"
        " input",
        "com `add` e `change`: as chaves da câmera como objeto JSON, neste arquivo; -: entrada"
        " padrão",
    ),
    "ctl.output": Text(
        "with snapshot: where the picture is written (default: CAMERA.jpg); -: standard output",
        "com snapshot: onde a imagem é gravada (padrão: CÂMERA.jpg); -: saída padrão",
    ),
    "ctl.dry_run": Text(
        "with reload: only say what would happen", "com reload: apenas diz o que aconteceria"
    ),
    "ctl.timeout": Text(
        "how long to wait for the answer (default 10s; of `nodes` 2s); half of it the node waits"
        " for what comes of a command",
        "por quanto tempo esperar a resposta (padrão 10s; de `nodes` 2s); metade disso o nó espera"
        " pelo efeito do comando",
    ),
    "ctl.example.nodes": Text("which nodes answer", "quais nós respondem"),
    "ctl.example.retry": Text("try a camera now", "tenta uma câmera agora"),
    "ctl.example.snapshot": Text(
        "what a camera shows now, into a file", "o que uma câmera mostra agora, em um arquivo"
    ),
    "ctl.example.http": Text("over HTTP, for a program", "por HTTP, para um programa"),
    "variable.commands_key": Text(
        "what `ctl --key-name` signs with", "com o que `ctl --key-name` assina"
    ),
    "variable.amqp_password": Text(
        "password of the user in `ctl --url amqp://user@…`",
        "senha do usuário em `ctl --url amqp://usuario@…`",
    ),
}

CTL_TEXTS: Final[dict[str, Text]] = {
    # --- what is wrong with the options ---------------------------------------------------------
    "ctl.bad_command": Text(
        "there is no command {name}; known: {known}",
        "não existe o comando {name}; conhecidos: {known}",
    ),
    "ctl.needs_command": Text(
        "say what {node} is to do: {known}", "diga o que {node} deve fazer: {known}"
    ),
    "ctl.needs_camera": Text("{name} needs a camera", "{name} precisa de uma câmera"),
    "ctl.needs_name": Text(
        "{name} needs a profile's name, or none",
        "{name} precisa do nome de um perfil, ou de none",
    ),
    "ctl.no_target": Text("{name} takes no camera", "{name} não leva câmera"),
    "ctl.needs_values": Text("{name} needs --values FILE", "{name} precisa de --values ARQUIVO"),
    "ctl.no_option": Text("{name} takes no {option}", "{name} não leva {option}"),
    "ctl.bad_values": Text(
        "--values: {file} cannot be read as a JSON object",
        "--values: {file} não pode ser lido como objeto JSON",
    ),
    "ctl.no_broker": Text(
        "nobody to ask: --url amqp://…, --url http://… or --config FILE says whom",
        "ninguém a quem pedir: --url amqp://…, --url http://… ou --config ARQUIVO diz a quem",
    ),
    "ctl.only_broker": Text(
        "--exchange, --key-name and --key-file are for the broker, not for HTTP",
        "--exchange, --key-name e --key-file são para o broker, não para HTTP",
    ),
    "ctl.no_key": Text(
        "--key-name needs the key, 32 characters or more, in --key-file or in"
        " EDGE_VIDEO_COMMANDS_KEY",
        "--key-name precisa da chave, com 32 caracteres ou mais, em --key-file ou em"
        " EDGE_VIDEO_COMMANDS_KEY",
    ),
    "ctl.no_key_name": Text(
        "--key-file needs --key-name, by which nodes know the key",
        "--key-file precisa de --key-name, pelo qual os nós conhecem a chave",
    ),
    "ctl.terminal": Text(
        "a picture is not for a terminal: --output FILE, or a pipe",
        "uma imagem não serve para um terminal: --output ARQUIVO, ou um pipe",
    ),
    # --- who answers ----------------------------------------------------------------------------
    "ctl.nobody": Text(
        "nobody answers to {node}; there are: {nodes}", "ninguém responde por {node}; há: {nodes}"
    ),
    "ctl.nobody_known": Text(
        "nobody answers to {node}, and no other node was heard",
        "ninguém responde por {node}, e nenhum outro nó foi ouvido",
    ),
    "ctl.nobody_at_all": Text("no node answers", "nenhum nó responde"),
    "ctl.busy": Text(
        "too many requests wait for {node}; try again in a moment",
        "há requisições demais esperando por {node}; tente de novo daqui a pouco",
    ),
    "ctl.late": Text(
        "no answer of {node} within {timeout}; it may still carry the command out",
        "nenhuma resposta de {node} em {timeout}; ele ainda pode executar o comando",
    ),
    "ctl.node_line": Text(
        "{node}  {version}  cameras streaming: {streaming} of {cameras}",
        "{node}  {version}  câmeras transmitindo: {streaming} de {cameras}",
    ),
    # --- what was done --------------------------------------------------------------------------
    "ctl.picture": Text("{file}: picture of {time}", "{file}: imagem de {time}"),
    "ctl.stale": Text(
        "{file}: picture of {time}; none has come since",
        "{file}: imagem de {time}; nenhuma chegou desde então",
    ),
    "ctl.changed": Text("{camera}: done", "{camera}: feito"),
    "ctl.unchanged": Text("{camera}: nothing has changed", "{camera}: nada mudou"),
    "ctl.drain.done": Text(
        "{node} gives its cameras away, and takes none until `rejoin`",
        "{node} entrega as câmeras, e não assume nenhuma até `rejoin`",
    ),
    "ctl.drain.already": Text("{node} is drained already", "{node} já entregou as câmeras"),
    "ctl.rejoin.done": Text("{node} takes part again", "{node} volta a participar"),
    "ctl.rejoin.already": Text("{node} takes part already", "{node} já participa"),
    "ctl.drain.not_running": Text(
        "{node} shares its cameras with nobody: it has no cluster section",
        "{node} não compartilha as câmeras com ninguém: ele não tem a seção cluster",
    ),
    "ctl.rejoin.not_running": Text(
        "{node} shares its cameras with nobody: it has no cluster section",
        "{node} não compartilha as câmeras com ninguém: ele não tem a seção cluster",
    ),
    # --- why not: the node's own words follow ---------------------------------------------------
    "ctl.reason.unknown_sender": Text(
        "not known there: {error}", "remetente desconhecido: {error}"
    ),
    "ctl.reason.forbidden": Text("not allowed: {error}", "não permitido: {error}"),
    "ctl.reason.expired": Text("too late: {error}", "tarde demais: {error}"),
    "ctl.reason.clock_skew": Text("clocks disagree: {error}", "relógios divergem: {error}"),
    "ctl.reason.before_start": Text(
        "sent before it started: {error}", "enviado antes do início: {error}"
    ),
    "ctl.reason.no_picture": Text("no picture: {error}", "sem imagem: {error}"),
    "ctl.reason.too_large": Text("too large: {error}", "grande demais: {error}"),
    "ctl.reason.busy": Text("busy: {error}", "ocupado: {error}"),
    # --- what became of a command, in the log: in English as in JSON ------------------------------
    "command_result.done": Text("done", "feito"),
    "command_result.already": Text("already", "já estava assim"),
    "command_result.rejected": Text("rejected", "recusado"),
    "command_result.unknown_target": Text("unknown_target", "destino desconhecido"),
    "command_result.not_allowed": Text("not_allowed", "não permitido"),
    "command_result.not_running": Text("not_running", "não se aplica"),
    "command_result.no_picture": Text("no_picture", "sem imagem"),
    "command_result.unknown_camera": Text("unknown_camera", "câmera desconhecida"),
    "command_result.bad_request": Text("bad_request", "requisição inválida"),
    "command_result.too_large": Text("too_large", "grande demais"),
    "command_result.late": Text("late", "sem resposta a tempo"),
    "command_result.stopping": Text("stopping", "sistema encerrando"),
    "command_result.failed": Text("failed", "falhou"),
    "command_result.unchanged": Text("unchanged", "nada mudou"),
    "command_result.refused": Text("refused", "recusado"),
}
