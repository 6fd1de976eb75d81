"""Holds the texts of `demo` and `init`, the comments of the files that it writes included."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

FIRST_STEPS_TEXTS: Final[dict[str, Text]] = {
    "demo.cameras": Text(
        "Three synthetic cameras and a broken one; their pictures become files in demo-frames/.",
        "Três câmeras sintéticas e uma com defeito; as imagens viram arquivos em demo-frames/.",
    ),
    "demo.until": Text("Ctrl+C ends the demo.", "Ctrl+C encerra a demonstração."),
    "demo.for": Text(
        "The demo ends after {duration}; Ctrl+C ends it before.",
        "A demonstração termina após {duration}; Ctrl+C encerra antes.",
    ),
    "demo.busy": Text(
        "Port {port} is taken by another program; the page is on port {other}.",
        "A porta {port} está em uso por outro programa; a página fica na porta {other}.",
    ),
    "demo.page": Text("Open the page: {url}", "Abra a página: {url}"),
    "demo.source": Text("the demo's own", "a da demonstração"),
    "demo.pictures": Text("The newest pictures: {files}", "As imagens mais recentes: {files}"),
    # Questions; what stands in brackets is taken when the answer is empty.
    "init.ask.language": Text("Language, en or pt-BR", "Idioma, en ou pt-BR"),
    "init.ask.broker": Text(
        "Where is RabbitMQ? (none: frames become files)",
        "Onde está o RabbitMQ? (none: os frames viram arquivos)",
    ),
    "init.ask.username": Text("User name (empty: none)", "Usuário (vazio: nenhum)"),
    "init.ask.password": Text("Password (it is not shown)", "Senha (não é exibida)"),
    "init.ask.first_camera": Text(
        "Address of a camera, like rtsp://10.0.0.5:554/stream (empty: a test picture)",
        "Endereço de uma câmera, como rtsp://10.0.0.5:554/stream (vazio: uma imagem de teste)",
    ),
    "init.ask.next_camera": Text(
        "Address of the next camera (empty: that was the last)",
        "Endereço da próxima câmera (vazio: não há mais)",
    ),
    "init.ask.id": Text("Its name: letters, digits, . _ -", "O nome dela: letras, dígitos, . _ -"),
    "init.ask.http": Text(
        "Address of the page that shows the cameras (none: no page)",
        "Endereço da página que mostra as câmeras (none: sem página)",
    ),
    "init.not_so": Text("That cannot be: {problem}", "Assim não dá: {problem}"),
    # Options.
    "init.help.init": Text(
        "write a first config.yaml and its .env; asks on a terminal",
        "grava um primeiro config.yaml e seu .env; pergunta em um terminal",
    ),
    "init.help.about": Text(
        "Writes a commented configuration, and .env beside it for the passwords. On a terminal it"
        " asks for what no option says; elsewhere that has its default.",
        "Grava uma configuração comentada e, ao lado, .env para as senhas. Em um terminal pergunta"
        " o que nenhuma opção diz; fora dele vale o padrão.",
    ),
    "init.help.config": Text("what to write (default: config.yaml)", "o arquivo (config.yaml)"),
    "init.help.broker": Text(
        "of RabbitMQ; none: frames become files", "do RabbitMQ; none: os frames viram arquivos"
    ),
    "init.help.camera": Text(
        "a camera, repeatable. A password in the URL is seen by other users of this machine: on a"
        " terminal leave it out, and it is asked for",
        "uma câmera, pode repetir. Uma senha na URL fica visível a outros usuários desta máquina:"
        " em um terminal omita a senha, e ela é pedida",
    ),
    "init.help.http": Text(
        "serve the page; without ADDRESS at {listen}", "serve a página; sem ADDRESS, em {listen}"
    ),
    "init.help.language": Text("of all texts", "de todos os textos"),
    "init.help.force": Text(
        "write anew what exists; the old is kept as .bak, then .bak.2 …",
        "grava de novo o que existe; o antigo fica como .bak, depois .bak.2 …",
    ),
    "init.help.yes": Text("ask nothing", "não pergunta nada"),
    "init.help.example": Text(
        "only print an example that has every key",
        "só mostra um exemplo com todas as chaves",
    ),
    "init.help.schema": Text(
        "print the JSON schema of a configuration, for editors",
        "mostra o esquema JSON de uma configuração, para editores",
    ),
    "init.no_camera": Text(
        "it must be ID=URL, like door=rtsp://10.0.0.5:554/stream",
        "deve ser ID=URL, como door=rtsp://10.0.0.5:554/stream",
    ),
    # What is said at the end.
    "init.exists": Text(
        "{files} exist already; --force writes anew and keeps the old as {backup}",
        "{files} já existem; --force grava de novo e guarda os antigos como {backup}",
    ),
    "init.exists_one": Text(
        "{files} exists already; --force writes anew and keeps the old as {backup}",
        "{files} já existe; --force grava de novo e guarda o antigo como {backup}",
    ),
    "init.no_folder": Text("there is no folder {folder}", "a pasta {folder} não existe"),
    "init.not_written": Text(
        "{file} cannot be written: {reason}", "não foi possível gravar {file}: {reason}"
    ),
    "init.abandoned": Text("nothing was written", "nada foi gravado"),
    "init.written": Text(
        "Written: {config} and {env} (the passwords, which only this user may read).",
        "Gravados: {config} e {env} (as senhas, que só este usuário pode ler).",
    ),
    "init.next": Text("What comes next:", "Os próximos passos:"),
    "init.page": Text(
        "The page is at {url}; its token is HTTP_TOKEN in {env}.",
        "A página fica em {url}; o token dela é HTTP_TOKEN em {env}.",
    ),
    # Comments of config.yaml.
    "init.title": Text(
        "The configuration of edge-video on this machine, begun by `edge-video init`.",
        "A configuração do edge-video nesta máquina, iniciada por `edge-video init`.",
    ),
    "init.check": Text(
        "is this file valid, and what does it amount to?", "este arquivo é válido, e o que resulta?"
    ),
    "init.probe": Text(
        "what does each camera send, or why does it not?",
        "o que cada câmera envia, ou por que não?",
    ),
    "init.run": Text("runs it; Ctrl+C ends it in order", "executa; Ctrl+C encerra em ordem"),
    "init.variables": Text(
        "${{NAME}} is taken from the environment, else from the file {env} beside this one.",
        "${{NOME}} vem do ambiente, ou então do arquivo {env} ao lado deste.",
    ),
    "init.durations": Text(
        "Durations have a unit: 500ms, 30s, 5m. What is left out has its default.",
        "Durações têm unidade: 500ms, 30s, 5m. O que falta tem o valor padrão.",
    ),
    "init.every_key": Text(
        "Every key, with its comment: edge-video init --example",
        "Todas as chaves, com comentários (em inglês): edge-video init --example",
    ),
    "init.editor": Text(
        "For an editor that completes and checks: edge-video schema > schema.json",
        "Para um editor que completa e confere: edge-video schema > schema.json",
    ),
    "init.language": Text(
        "of the log and reports: en, pt-BR", "do log e dos relatórios: en, pt-BR"
    ),
    "init.fps": Text(
        "frames per second of each camera, 1 to 60", "frames por segundo de cada câmera, de 1 a 60"
    ),
    "init.quality": Text(
        "of the JPEG pictures: 2 is best, 31 smallest",
        "das imagens JPEG: 2 é a melhor, 31 a menor",
    ),
    "init.to_broker": Text("where frames go: RabbitMQ", "para onde vão os frames: RabbitMQ"),
    "init.tls": Text(
        "amqps:// for TLS; after the port: the vhost", "amqps:// para TLS; vhost no fim"
    ),
    "init.exchange": Text(
        "topic exchange; made if it does not exist", "exchange topic; criada se não existir"
    ),
    "init.prefix": Text(
        "a camera's routing key is this and its id", "a routing key é isto mais o id da câmera"
    ),
    "init.to_files": Text(
        "where frames go: files, until there is a broker",
        "para onde vão os frames: arquivos, até haver um broker",
    ),
    "init.path": Text("a folder for each camera", "uma pasta para cada câmera"),
    "init.keep": Text("files kept per camera", "arquivos mantidos por câmera"),
    "init.http": Text(
        "the page, probes for monitoring, metrics, API",
        "a página, as sondas de monitoramento, as métricas e a API",
    ),
    "init.listen": Text(
        "0.0.0.0:8080: other machines reach it, too", "0.0.0.0:8080: outras máquinas também acessam"
    ),
    "init.cameras": Text("cameras", "câmeras"),
    "init.id": Text(
        "letters, digits, . _ -; names its frames", "letras, dígitos, . _ -; nomeia os frames"
    ),
    "init.test_picture": Text(
        "a test picture; replace it by a camera", "uma imagem de teste; troque por uma câmera"
    ),
    "init.another": Text("another one:", "mais uma:"),
    # Comments of .env.
    "init.env_title": Text(
        "The passwords of {config}: NAME=value. Only the user of edge-video should read this file.",
        "As senhas de {config}: NOME=valor. Só o usuário do edge-video deve ler este arquivo.",
    ),
    "init.env_quotes": Text(
        "In '…' a value may have any character but '. What the environment already has wins.",
        "Entre '…' o valor pode ter qualquer caractere, menos '. O que está no ambiente prevalece.",
    ),
    "init.env_http": Text(
        "opens the page's buttons, or the page; 8 characters or more",
        "libera os botões da página, ou a página; 8 caracteres ou mais",
    ),
}
