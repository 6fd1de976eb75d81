"""Holds every text of the command line's help, in both languages, and chooses the language.

No configuration is read when a parser is built, so the environment alone decides. A text is what
argparse prints: a percent sign is written twice.
"""

from __future__ import annotations

import os
from typing import Final

from edge_video.text.catalog import LANGUAGE_VARIABLE, Language, Text, language_from_locale
from edge_video.text.cluster_texts import CLUSTER_HELP_TEXTS
from edge_video.text.ctl_texts import CTL_HELP_TEXTS
from edge_video.text.discover_texts import DISCOVER_HELP_TEXTS, PASSWORD_VARIABLE
from edge_video.text.fleet_texts import FLEET_HELP_TEXTS
from edge_video.text.match_texts import MATCH_HELP_TEXTS
from edge_video.text.measure_texts import MEASURE_HELP_TEXTS
from edge_video.text.service_texts import SERVICE_HELP_TEXTS


def help_text(key: str, language: Language | None = None) -> str:
    """The text of a key, in the environment's language unless one is given.

    Raises:
        KeyError: there is no such text.
    """
    chosen = language_from_locale(os.environ) if language is None else language
    text = HELP_TEXTS[key]
    return text.pt_br if chosen is Language.PT_BR else text.en


_GENERAL: Final[dict[str, Text]] = {
    "program.about": Text(
        "IP cameras to RabbitMQ: one supervised FFmpeg per camera, JPEG frames. Without a command:"
        " run. `python -m edge_video` is the same program.",
        "Câmeras IP para o RabbitMQ: um FFmpeg supervisionado por câmera, frames JPEG. Sem comando:"
        " run. `python -m edge_video` é o mesmo programa.",
    ),
    "heading.usage": Text("usage", "uso"),
    "heading.arguments": Text("arguments", "argumentos"),
    "heading.options": Text("options", "opções"),
    "heading.commands": Text("commands", "comandos"),
    "heading.examples": Text("examples", "exemplos"),
    "heading.run_options": Text("options of run", "opções de run"),
    "heading.exit_codes": Text("exit codes", "códigos de saída"),
    "heading.variables": Text("environment variables", "variáveis de ambiente"),
    "complaint": Text("{prog}: error: {message}", "{prog}: erro: {message}"),
    "complaint.unknown": Text("unknown arguments: {value}", "argumentos desconhecidos: {value}"),
    "complaint.no_value": Text("{name} needs a value", "{name} precisa de um valor"),
    "complaint.required": Text("missing: {name}", "falta: {name}"),
    "complaint.choice": Text(
        "{name}: there is no {value}; choose from {choices}",
        "{name}: {value} não existe; escolha entre {choices}",
    ),
    "complaint.print": Text("cannot print: {reason}", "não é possível imprimir: {reason}"),
    "complaint.meant": Text("; did you mean {name}?", "; você quis dizer {name}?"),
    "complaint.argument": Text("{name}: {value}", "{name}: {value}"),
    "exit.0": Text(
        "all is well, an orderly stop included", "tudo bem, incluindo uma parada normal"
    ),
    "exit.1": Text(
        "discover: no camera, or with --match one that is not found; probe: a camera or the broker"
        " failed; doctor: something has to be done; top, fleet --once: trouble; watch --seconds: no"
        " frame; health: not well, or no answer; ctl: refused, failed, or nobody answers; service:"
        " it does not run",
        "discover: nenhuma câmera, ou com --match uma não encontrada; probe: uma câmera ou o broker"
        " falhou; doctor: algo precisa ser feito; top, fleet --once: há problemas; watch --seconds:"
        " nenhum frame; health: não está bem ou não responde; ctl: recusado, falhou ou ninguém"
        " responde; service: não está rodando",
    ),
    "exit.2": Text(
        "bad input (options, configuration, a report that cannot be written) or no FFmpeg",
        "entrada inválida (opções, configuração, relatório impossível de gravar) ou sem FFmpeg",
    ),
    "exit.3": Text(
        "top --once: nobody answers; fleet --once: no broker, or no node was heard",
        "top --once: ninguém responde; fleet --once: sem broker, ou nenhum nó foi ouvido",
    ),
    "exit.4": Text(
        "`discover --match`: a camera has another address",
        "`discover --match`: uma câmera está com outro endereço",
    ),
    "exit.70": Text(
        "the system gave up on itself: an actor crashed again and again",
        "o sistema desistiu: um ator falhou repetidas vezes",
    ),
    "exit.74": Text(
        "what the command prints cannot be printed", "não é possível imprimir a saída do comando"
    ),
    "exit.128": Text(
        "+ n: ended at once by signal n (130 Ctrl+C, 141 the reader of a pipe has ended)",
        "+ n: encerrado na hora pelo sinal n (130 Ctrl+C, 141 o leitor do pipe terminou)",
    ),
    "variable.language": Text(
        "language of help, messages and reports, en or pt-BR; else the locale's",
        "idioma da ajuda, das mensagens e dos relatórios, en ou pt-BR; senão o do locale",
    ),
    "variable.token": Text(
        "in place of --token, of every command; it does not show in a process list",
        "no lugar de --token, de todo comando; não aparece na lista de processos",
    ),
    "option.help": Text("show this help and end", "mostra esta ajuda e termina"),
    "option.version": Text("show the version and end", "mostra a versão e termina"),
    "option.config": Text(
        "default: config.yaml, then config/config.yaml",
        "padrão: config.yaml, depois config/config.yaml",
    ),
    "option.config_dir": Text(
        "further cameras: a file of each camera's keys, NAME.yaml",
        "mais câmeras: um arquivo com as chaves de cada câmera, NOME.yaml",
    ),
    "option.json": Text("print JSON for programs", "imprime JSON para programas"),
    "option.no_duration": Text(
        "{value} is no length of time; write it like 30, 30s, 5m or 1m30s",
        "{value} não é uma duração; escreva como 30, 30s, 5m ou 1m30s",
    ),
    "option.not_above": Text("{value} is not more than {bound}", "{value} não é mais que {bound}"),
    "option.too_short": Text("{value} is less than {bound}", "{value} é menos que {bound}"),
    "option.too_long": Text("{value} is more than {bound}", "{value} é mais que {bound}"),
}

_RUN: Final[dict[str, Text]] = {
    "run.help": Text(
        "take the configured cameras to the broker (default)",
        "leva as câmeras configuradas ao broker (padrão)",
    ),
    "run.about": Text(
        "Runs the configured cameras until SIGINT, SIGTERM or SIGHUP; a second signal ends it"
        " at once.",
        "Executa as câmeras configuradas até SIGINT, SIGTERM ou SIGHUP; um segundo sinal encerra na"
        " hora.",
    ),
    "run.seconds": Text(
        "stop in order after so long (90, 90s, 2m)",
        "para normalmente após esse tempo (90, 90s, 2m)",
    ),
    "run.watch": Text(
        "reload when the files of the configuration change (SIGHUP does so at any time)",
        "recarrega quando os arquivos de configuração mudam (SIGHUP faz isso a qualquer momento)",
    ),
    "run.report_file": Text(
        "write the final report as JSON too", "grava o relatório final também como JSON"
    ),
    "run.report_html": Text(
        "write the final report as a page with plots too: one file, nothing from outside",
        "grava o relatório final também como página com gráficos: um só arquivo, nada de fora",
    ),
    "run.example.plain": Text(
        "the cameras of config.yaml, else config/config.yaml",
        "as câmeras de config.yaml, ou de config/config.yaml",
    ),
    "run.example.config": Text("the same for another file", "o mesmo para outro arquivo"),
    "run.example.report": Text(
        "an hour, with a report as a page", "uma hora, com relatório em página"
    ),
    "demo.help": Text(
        "three synthetic cameras and a broken one, into a directory; no broker",
        "três câmeras sintéticas e uma quebrada, em um diretório; sem broker",
    ),
    "demo.about": Text(
        "Shows the program without cameras and broker, until Ctrl+C: pictures in demo-frames/, and"
        " a page whose link is printed.",
        "Mostra o programa sem câmeras nem broker, até Ctrl+C: imagens em demo-frames/, e uma"
        " página cujo link é impresso.",
    ),
    "demo.example.seconds": Text("for half a minute", "por meio minuto"),
}

_CHECK: Final[dict[str, Text]] = {
    "check.help": Text(
        "validate a configuration and show what it amounts to, secrets masked",
        "valida uma configuração e mostra o que ela significa, sem revelar senhas",
    ),
    "check.about": Text(
        "Validates a configuration without starting anything. Prints a line a camera and the"
        " verdict, or every problem with its line; exit code 2 when the file is not valid.",
        "Valida uma configuração sem iniciar nada. Imprime uma linha por câmera e o veredito, ou"
        " cada problema com sua linha; código de saída 2 quando o arquivo não é válido.",
    ),
    "check.full": Text(
        "print every key with its value, as YAML", "imprime cada chave com seu valor, em YAML"
    ),
    "check.example.plain": Text(
        "config.yaml, a line a camera", "config.yaml, uma linha por câmera"
    ),
    "check.example.full": Text("every key of another file", "todas as chaves de outro arquivo"),
    "check.example.json": Text("the notes, for a program", "as observações, para um programa"),
    "probe.help": Text(
        "connect to the broker and every camera once and say what they answer",
        "conecta uma vez ao broker e a cada câmera e diz o que respondem",
    ),
    "probe.about": Text(
        "Connects for real: to each camera until its second key frame, and to the broker up to the"
        " permission to write to each exchange. Nothing is published or declared. Exit code 1 when"
        " a camera or the broker fails.",
        "Conecta de verdade: a cada câmera até o segundo frame-chave, e ao broker até a permissão"
        " de escrita em cada exchange. Nada é publicado nem declarado. Código de saída 1 quando uma"
        " câmera ou o broker falha.",
    ),
    "probe.camera": Text("ids; default: all enabled", "ids; padrão: todas as ativadas"),
    "probe.timeout": Text(
        "for each camera and each step of the broker (default 20s)",
        "para cada câmera e cada etapa do broker (padrão 20s)",
    ),
    "probe.no_broker": Text("ask the cameras only", "consulta só as câmeras"),
    "doctor.help": Text(
        "examine this machine, the broker and the cameras, and say what to do",
        "examina esta máquina, o broker e as câmeras, e diz o que fazer",
    ),
    "doctor.about": Text(
        "Looks at FFmpeg, hardware decoders, broker, cameras, clock, disks, limits, who may read"
        " the files, and the port. Changes nothing. Exit code 1 when something has to be done.",
        "Examina FFmpeg, decodificação por hardware, broker, câmeras, relógio, discos, limites,"
        " quem pode ler os arquivos, e a porta. Não altera nada. Código de saída 1 quando algo"
        " precisa ser feito.",
    ),
    "doctor.timeout": Text(
        "for each camera and each step of the broker (default 10s)",
        "para cada câmera e cada etapa do broker (padrão 10s)",
    ),
    "doctor.example.plain": Text(
        "everything that config.yaml needs", "tudo o que config.yaml exige"
    ),
    "doctor.example.json": Text("the problems, for a program", "os problemas, para um programa"),
    "bundle.help": Text(
        "write a file for support: configuration, status, log, findings, no secrets",
        "grava um arquivo para o suporte: configuração, status, log, diagnóstico, sem segredos",
    ),
    "bundle.about": Text(
        "Writes a .tar.gz that only this user may read: the configuration, the status of the system"
        " that runs, the end of the log, what edge-video doctor finds, versions. Passwords are"
        " masked.",
        "Grava um .tar.gz que só este usuário pode ler: a configuração, o status do sistema em"
        " execução, o fim do log, o que edge-video doctor encontra, versões. As senhas são"
        " ocultadas.",
    ),
    "bundle.output": Text(
        "default: edge-video-NODE-TIME.tar.gz here", "padrão: edge-video-NÓ-HORA.tar.gz aqui"
    ),
    "bundle.example.plain": Text("a file in this folder", "um arquivo nesta pasta"),
    "bundle.example.output": Text("another file", "outro arquivo"),
    "probe.example.plain": Text(
        "the broker and all enabled cameras", "o broker e todas as câmeras ativadas"
    ),
    "probe.example.one": Text("two cameras, and no broker", "duas câmeras, sem o broker"),
    "probe.example.json": Text("what failed, for a program", "o que falhou, para um programa"),
}

_TOOLS: Final[dict[str, Text]] = {
    "option.json_lines": Text("one JSON object a line", "um objeto JSON por linha"),
    "watch.help": Text(
        "consume the frames of a running system and say what comes: rate, latency, gaps",
        "consome os frames de um sistema em execução e diz o que chega: taxa, latência, lacunas",
    ),
    "watch.about": Text(
        "A consumer for a running system. It has a bounded queue of its own and disturbs nobody."
        " Without --url it takes the broker from the configuration.",
        "Um consumidor para um sistema em execução. Tem uma fila própria e limitada, e não"
        " atrapalha ninguém. Sem --url usa o broker da configuração.",
    ),
    "watch.url": Text(
        "amqp://user:password@host:5672/vhost", "amqp://usuario:senha@host:5672/vhost"
    ),
    "watch.exchange": Text("with --url; default: edge-video", "com --url; padrão: edge-video"),
    "watch.camera": Text("only this one; repeatable", "só esta; pode ser repetido"),
    "watch.save": Text("keep the newest pictures there", "guarda ali as imagens mais recentes"),
    "watch.limit": Text("pictures per camera (default 100)", "imagens por câmera (padrão 100)"),
    "watch.seconds": Text(
        "end after so long (90, 90s, 2m), with a summary; exit code 1 if no frame came",
        "termina após esse tempo (90, 90s, 2m), com um resumo; código de saída 1 se nenhum frame"
        " chegou",
    ),
    "watch.http": Text(
        "show the pictures in a browser of this machine (default 127.0.0.1:8090)",
        "mostra as imagens em um navegador desta máquina (padrão 127.0.0.1:8090)",
    ),
    "watch.decode": Text(
        "decode every picture with Pillow, instead of looking at its structure",
        "decodifica cada imagem com Pillow, em vez de verificar só a estrutura",
    ),
    "watch.bad_limit": Text(
        "{value} is not a number from 1 to {most}", "{value} não é um número de 1 a {most}"
    ),
    "watch.bad_http": Text(
        "{value} is not an address of this machine and a port, like 127.0.0.1:8090; pictures are"
        " shown on this machine only",
        "{value} não é um endereço desta máquina com uma porta, como 127.0.0.1:8090; as imagens só"
        " são mostradas nesta máquina",
    ),
    "check.against": Text(
        "then ask the system at this address what a reload of its files would do",
        "depois pergunta ao sistema neste endereço o que recarregar os arquivos dele faria",
    ),
    "reload.help": Text(
        "let a running system read its configuration anew",
        "faz um sistema em execução reler sua configuração",
    ),
    "reload.about": Text(
        "Asks the system at an HTTP address to read its configuration anew and to run it, whole or"
        " not at all. Cameras that have not changed are not touched. It needs http.token; without"
        " HTTP, send SIGHUP to the program. Exit code 1 when it is refused, or nobody answers.",
        "Pede ao sistema em um endereço HTTP que releia sua configuração e passe a usá-la, por"
        " inteiro ou de jeito nenhum. As câmeras que não mudaram não são tocadas. Precisa de"
        " http.token; sem HTTP, envie SIGHUP ao programa. Código de saída 1 quando é recusado ou"
        " ninguém responde.",
    ),
    "reload.url": Text("default: http://127.0.0.1:8080", "padrão: http://127.0.0.1:8080"),
    "reload.token": Text(
        "default: the environment variable EDGE_VIDEO_TOKEN, which does not show in a process list",
        "padrão: a variável de ambiente EDGE_VIDEO_TOKEN, que não aparece na lista de processos",
    ),
    "reload.dry_run": Text("only say what would happen", "apenas diz o que aconteceria"),
    "profile.help": Text(
        "let another profile of cameras apply in a running system",
        "troca o perfil de câmeras de um sistema em execução",
    ),
    "profile.about": Text(
        "Asks the system at an HTTP address to let one of its configured profiles apply: cameras"
        " that are not in it rest until another one applies. It needs http.token. Exit code 1 when"
        " nobody answers, 2 when there is no such profile.",
        "Pede ao sistema em um endereço HTTP que aplique um dos perfis configurados: as câmeras"
        " que não estão nele ficam desligadas até outro valer. Precisa de http.token. Código de"
        " saída 1 quando ninguém responde, 2 quando o perfil não existe.",
    ),
    "profile.name": Text(
        "the profile; none: no profile, all cameras are on",
        "o perfil; none: nenhum perfil, todas as câmeras ligadas",
    ),
    "profile.example.none": Text(
        "all cameras are on again", "todas as câmeras voltam a ficar ligadas"
    ),
    "top.help": Text(
        "the status of a running system, live in the terminal",
        "o status de um sistema em execução, ao vivo no terminal",
    ),
    "top.about": Text(
        "Shows what the system at an HTTP address says of itself; what is wrong comes first. On a"
        " terminal arrows, PgUp and PgDn scroll, / filters, q ends.",
        "Mostra o que o sistema em um endereço HTTP diz de si mesmo; os problemas vêm primeiro."
        " No terminal, setas, PgUp e PgDn rolam, / filtra, q sai.",
    ),
    "top.url": Text("default: http://127.0.0.1:8080", "padrão: http://127.0.0.1:8080"),
    "top.token": Text(
        "default: the environment variable EDGE_VIDEO_TOKEN, which does not show in a process list",
        "padrão: a variável de ambiente EDGE_VIDEO_TOKEN, que não aparece na lista de processos",
    ),
    "top.once": Text(
        "print once and end; exit code 0: all is well, 1: a camera is in trouble or slow, or frames"
        " cannot be delivered, 3: nobody answers",
        "imprime uma vez e termina; código de saída 0: tudo bem, 1: uma câmera com problema ou"
        " lenta, ou frames não são entregues, 3: ninguém responde",
    ),
    "top.interval": Text("between two looks (default 1s)", "entre duas consultas (padrão 1s)"),
}

_MORE: Final[dict[str, Text]] = {
    "explain.help": Text("explain a key of the configuration", "explica uma chave da configuração"),
    "explain.about": Text(
        "Says what a key means, its type, default and range, with an example; without a key it"
        " lists the sections.",
        "Diz o que uma chave significa, seu tipo, padrão e limites, com um exemplo; sem chave,"
        " lista as seções.",
    ),
    "explain.key": Text(
        "like fps, amqp.url or cameras.url; a section lists its keys",
        "como fps, amqp.url ou cameras.url; uma seção lista suas chaves",
    ),
    "explain.example.sections": Text("the sections", "as seções"),
    "explain.example.section": Text("the keys of one section", "as chaves de uma seção"),
    "explain.example.key": Text("one key", "uma chave"),
    "completion.help": Text(
        "print a script that completes commands in a shell",
        "imprime um script que completa comandos no shell",
    ),
    "completion.about": Text(
        "Prints a completion script for a shell. Needs the package shtab:"
        " pip install 'edge-video[completion]'.",
        "Imprime um script de autocompletar para um shell. Precisa do pacote shtab:"
        " pip install 'edge-video[completion]'.",
    ),
    "completion.shell": Text("bash, zsh or fish", "bash, zsh ou fish"),
    "completion.no_shtab": Text(
        "the package shtab is not installed: pip install 'edge-video[completion]'",
        "o pacote shtab não está instalado: pip install 'edge-video[completion]'",
    ),
    "completion.example.bash": Text("bash, for this user", "bash, para este usuário"),
    "completion.example.zsh": Text(
        "zsh, in a directory of $fpath", "zsh, em um diretório de $fpath"
    ),
    "completion.example.fish": Text("fish, for this user", "fish, para este usuário"),
    "init.example.ask": Text(
        "ask for cameras and broker, write config.yaml and .env",
        "pergunta pelas câmeras e pelo broker, grava config.yaml e .env",
    ),
    "init.example.yes": Text("the same without a question", "o mesmo sem perguntas"),
    "schema.example.file": Text("a file for editors", "um arquivo para editores"),
    "watch.example.plain": Text(
        "the broker and cameras of config.yaml", "o broker e as câmeras de config.yaml"
    ),
    "watch.example.save": Text(
        "one camera of a broker, with its pictures",
        "uma câmera de um broker, com suas imagens",
    ),
    "watch.example.seconds": Text(
        "exit code 1 if no frame came in ten seconds",
        "código de saída 1 se nenhum frame chegou em dez segundos",
    ),
    "top.example.plain": Text("the system of this machine", "o sistema desta máquina"),
    "top.example.url": Text("that of another machine", "o de outra máquina"),
    "top.example.once": Text("once, for a script", "uma vez, para um script"),
    "health.help": Text(
        "whether the system of this machine is alive, for a health check",
        "se o sistema desta máquina está vivo, para verificações automáticas",
    ),
    "health.about": Text(
        "Asks /health at the address of the configuration's http.listen; exit code 0: alive, 1:"
        " not, or no answer. With --url no configuration is read, which costs the least.",
        "Consulta /health no endereço de http.listen da configuração; código de saída 0: vivo,"
        " 1: não está, ou não responde. Com --url nenhuma configuração é lida: é o mais leve.",
    ),
    "health.url": Text(
        "where to ask instead, like http://127.0.0.1:8080",
        "onde consultar em vez disso, como http://127.0.0.1:8080",
    ),
    "health.ready": Text(
        "ask /ready: whether frames are delivered and cameras stream",
        "consulta /ready: se há frames sendo entregues e câmeras transmitindo",
    ),
    "health.timeout": Text("for the answer (default 3s)", "para a resposta (padrão 3s)"),
    "health.bad_url": Text(
        "--url: it must be like {example}, without a user name",
        "--url: deve ser como {example}, sem nome de usuário",
    ),
    "health.no_config": Text(
        "there is no config.yaml here; name one with --config, or an address with --url",
        "não há config.yaml aqui; indique um com --config, ou um endereço com --url",
    ),
    "health.no_http": Text(
        "{file} has no `http` section, so nobody listens; add one: docs/http.md",
        "{file} não tem a seção `http`, então ninguém escuta; adicione uma: docs/http.md",
    ),
    "health.no_port": Text(
        "{file}: http.listen has the port 0, which is any; say with --url which one it is",
        "{file}: http.listen tem a porta 0, ou seja, qualquer uma; diga com --url qual é",
    ),
    "token.unfit": Text(
        "the token is made of ASCII letters, digits and signs, without spaces or line breaks",
        "o token é feito de letras ASCII, dígitos e sinais, sem espaços nem quebras de linha",
    ),
    "health.example.plain": Text(
        "the system of the configuration here", "o sistema da configuração que está aqui"
    ),
    "health.example.url": Text("without reading a configuration", "sem ler nenhuma configuração"),
    "health.example.ready": Text(
        "exit code 1 while the broker is away or no camera streams",
        "código de saída 1 enquanto o broker está fora ou nenhuma câmera transmite",
    ),
    "help.help": Text("show the help of a command", "mostra a ajuda de um comando"),
    "help.about": Text(
        "Shows the help of a command, or of the whole program.",
        "Mostra a ajuda de um comando, ou do programa inteiro.",
    ),
    "help.command": Text("one of the commands", "um dos comandos"),
    "help.example.probe": Text("as edge-video probe --help", "como edge-video probe --help"),
}

EXIT_CODES: Final = tuple(
    (code, f"exit.{code}") for code in ("0", "1", "2", "3", "4", "70", "74", "128")
)
"""What a command ends with, and the text that says what it means."""

VARIABLES: Final = (
    (LANGUAGE_VARIABLE, "variable.language"),
    ("EDGE_VIDEO_TOKEN", "variable.token"),
    (PASSWORD_VARIABLE, "variable.onvif_password"),
    ("EDGE_VIDEO_COMMANDS_KEY", "variable.commands_key"),
    ("EDGE_VIDEO_AMQP_PASSWORD", "variable.amqp_password"),
)
"""What of the environment is looked at, and the text that says what for."""

HELP_TEXTS: Final[dict[str, Text]] = (
    DISCOVER_HELP_TEXTS
    | CLUSTER_HELP_TEXTS
    | MATCH_HELP_TEXTS
    | MEASURE_HELP_TEXTS
    | _GENERAL
    | _RUN
    | _CHECK
    | _TOOLS
    | _MORE
    | SERVICE_HELP_TEXTS
    | FLEET_HELP_TEXTS
    | CTL_HELP_TEXTS
)
