"""Holds the texts of `run`, `check` and `probe`, advice about the broker included."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

CHECK_TEXTS: Final[dict[str, Text]] = {
    "check.camera": Text("CAMERA", "CÂMERA"),
    "check.host": Text("HOST", "HOST"),
    "check.picture": Text("PICTURE", "IMAGEM"),
    "check.route": Text("ROUTE", "ROTA"),
    "check.remarks": Text("NOTES", "OBSERVAÇÕES"),
    "check.fps": Text("{fps} fps", "{fps} fps"),
    "check.quality": Text("quality {quality}", "qualidade {quality}"),
    "check.huffman": Text("optimal Huffman tables", "tabelas de Huffman ótimas"),
    "check.interval": Text("every {interval}", "a cada {interval}"),
    "check.snapshot": Text("still pictures", "fotos"),
    "check.passthrough": Text("passed through", "sem recodificar"),
    "check.width": Text("{width} wide", "{width} de largura"),
    "check.height": Text("{height} high", "{height} de altura"),
    "check.disabled": Text("disabled", "desativada"),
    "check.schedule": Text("by schedule", "com horário"),
    "check.keyframes": Text("key frames only", "só frames-chave"),
    "check.mask": Text("1 mask", "1 máscara"),
    "check.masks": Text("{masks} masks", "{masks} máscaras"),
    "check.crop": Text("cropped", "recortada"),
    "check.rotate": Text("turned {rotate}°", "girada {rotate}°"),
    "check.mirror": Text("mirrored", "espelhada"),
    "check.udp": Text("over UDP", "por UDP"),
    "check.hwaccel": Text("decoded by {hwaccel}", "decodificada por {hwaccel}"),
    "check.jpeg": Text("encoded there", "codificada ali"),
    "check.proxy": Text("through a proxy", "via proxy"),
    "check.memory": Text("at most {memory} MB", "no máximo {memory} MB"),
    "check.changes": Text(
        "published on change, or every {at_least}",
        "publica quando a imagem muda, ou a cada {at_least}",
    ),
    "check.cpu": Text("at most {cpu}% of a core", "no máximo {cpu}% de um núcleo"),
    "check.limits.cgroup": Text(
        "limits of FFmpegs: a control group for each",
        "limites do FFmpeg: um cgroup para cada câmera",
    ),
    "check.limits.rlimit": Text(
        "limits of FFmpegs, started from here: measured each second, memory refused some way above"
        " (the installed service has a control group for each)",
        "limites do FFmpeg, iniciado daqui: medido a cada segundo, memória negada bem acima (o"
        " serviço instalado tem um cgroup para cada câmera)",
    ),
    "check.limits.watch": Text(
        "limits of FFmpegs: measured each second", "limites do FFmpeg: medido a cada segundo"
    ),
    "check.file": Text("file", "arquivo"),
    "check.test_source": Text("test source", "fonte de teste"),
    "check.node": Text("node {node}", "nó {node}"),
    "check.sink": Text("frames to {target}", "frames para {target}"),
    "check.events": Text("events to {exchange}", "eventos para {exchange}"),
    "check.commands": Text("commands from {exchange}", "comandos de {exchange}"),
    "check.cluster": Text(
        "cameras shared with the nodes of group {group}",
        "câmeras compartilhadas com os nós do grupo {group}",
    ),
    "check.http": Text("page at {address}", "página em {address}"),
    "check.no_http": Text("no page (http is absent)", "sem página (http ausente)"),
    "check.note": Text("note: {note}", "observação: {note}"),
    "check.more": Text(
        "every key: edge-video check --full", "todas as chaves: edge-video check --full"
    ),
    "check.valid": Text(
        "{path}: valid; {enabled} of {cameras} cameras enabled",
        "{path}: válido; {enabled} de {cameras} câmeras ativadas",
    ),
    "check.valid.one": Text(
        "{path}: valid; {enabled} of 1 camera enabled",
        "{path}: válido; {enabled} de 1 câmera ativada",
    ),
}

COMMAND_TEXTS: Final[dict[str, Text]] = {
    "no_config.what": Text(
        "no configuration: neither config.yaml nor config/config.yaml is here.",
        "sem configuração: não há config.yaml nem config/config.yaml aqui.",
    ),
    "no_config.write": Text(
        "Write a first one with edge-video init, name one with --config FILE,",
        "Crie a primeira com edge-video init, indique uma com --config ARQUIVO,",
    ),
    "no_config.demo": Text(
        "or see it work without cameras and broker: edge-video demo",
        "ou veja funcionar sem câmeras nem broker: edge-video demo",
    ),
    "run.time_limit": Text("time limit of {limit}", "limite de tempo de {limit}"),
}

PROBE_TEXTS: Final[dict[str, Text]] = {
    "probe.hardware": Text("hardware that decodes", "hardware que decodifica"),
    "probe.unknown": Text(
        "no camera {unknown} in {path}; it has {known}",
        "nenhuma câmera {unknown} em {path}; há {known}",
    ),
    "probe.begin": Text(
        "Asking {what}, at most {timeout} each …", "Consultando {what}, no máximo {timeout} cada …"
    ),
    "probe.begin.cameras": Text("{count} cameras", "{count} câmeras"),
    "probe.begin.camera": Text("1 camera", "1 câmera"),
    "probe.begin.broker": Text("the broker and {cameras}", "o broker e {cameras}"),
    "probe.waiting": Text("waiting for {names} ({since})", "aguardando {names} ({since})"),
    "probe.camera": Text("CAMERA", "CÂMERA"),
    "probe.result": Text("RESULT", "RESULTADO"),
    "probe.codec": Text("CODEC", "CODEC"),
    "probe.size": Text("SIZE", "TAMANHO"),
    "probe.fps": Text("FPS", "FPS"),
    "probe.first": Text("FIRST FRAME", "PRIMEIRO FRAME"),
    "probe.key": Text("KEY FRAMES", "FRAMES-CHAVE"),
    "probe.key.every": Text("every {interval}", "a cada {interval}"),
    "probe.key.at_least": Text("more than {interval} apart", "a mais de {interval} um do outro"),
    "probe.key.long": Text(
        "Key frames are far apart: each reconnection waits so long for its first picture, and"
        " keyframes_only gives no more. Set the camera's key frame (I-frame) interval to 1 to 4 s.",
        "Frames-chave distantes: cada reconexão espera isso pela primeira imagem, e keyframes_only"
        " não dá mais. Configure o intervalo entre frames-chave (I-frame) da câmera para 1 a 4 s.",
    ),
    "probe.slow": Text(
        "It sends {sent} frames per second, and fps is {wanted}: {sent} are taken.",
        "Ela envia {sent} frames por segundo, e fps é {wanted}: serão usados {sent}.",
    ),
    "probe.ok": Text("✓ ok", "✓ ok"),
    "probe.failed": Text("✗ failed", "✗ falhou"),
    "probe.summary": Text(
        "{reached} of {cameras} cameras reached", "{reached} de {cameras} câmeras alcançadas"
    ),
    "probe.summary.one": Text("{reached} of 1 camera reached", "{reached} de 1 câmera alcançada"),
    "probe.summary.broker": Text("the broker is ready", "o broker está pronto"),
    "probe.summary.no_broker": Text("THE BROKER IS NOT READY", "O BROKER NÃO ESTÁ PRONTO"),
    "probe.summary.some_brokers": Text(
        "ONLY {ready} OF {count} BROKERS READY",
        "SÓ {ready} DE {count} NÓS DO BROKER ESTÃO PRONTOS",
    ),
    "probe.broker": Text("BROKER {target}", "BROKER {target}"),
    "probe.broker.name": Text("name", "nome"),
    "probe.broker.tcp": Text("TCP", "TCP"),
    "probe.broker.tls": Text("TLS", "TLS"),
    "probe.broker.login": Text("login", "login"),
    "probe.broker.vhost": Text("vhost", "vhost"),
    "probe.broker.exchange": Text("exchange", "exchange"),
    "probe.broker.write": Text("write", "escrita"),
    "probe.broker.missing": Text(
        "does not exist; it is declared at the start, if this user may do so",
        "não existe; será declarado no início, se este usuário puder",
    ),
    "advice.broker.name": Text(
        "Check the host in amqp.url (or amqp.urls) and this machine's DNS (getent hosts NAME).",
        "Verifique o host em amqp.url (ou amqp.urls) e o DNS desta máquina (getent hosts NOME).",
    ),
    "advice.broker.tcp": Text(
        "Is RabbitMQ running there, and is the port right (5672, with TLS 5671)? A firewall may"
        " stand between.",
        "O RabbitMQ está rodando lá, e a porta está certa (5672, com TLS 5671)? Pode haver um"
        " firewall no caminho.",
    ),
    "advice.broker.tls": Text(
        "amqps:// needs the broker's TLS port (usually 5671); amqp.tls.ca must be the authority"
        " that signed its certificate, and the host in amqp.url a name in it.",
        "amqps:// exige a porta TLS do broker (em geral 5671); amqp.tls.ca deve ser a autoridade"
        " que assinou o certificado dele, e o host em amqp.url um nome contido nele.",
    ),
    "advice.broker.login": Text(
        "Check amqp.username and amqp.password; the account guest works from the broker's own"
        " machine only.",
        "Verifique amqp.username e amqp.password; a conta guest só funciona na própria máquina do"
        " broker.",
    ),
    "advice.broker.vhost": Text(
        "Check the name behind the host in amqp.url (a / in it is %2F), and what this user may:"
        " rabbitmqctl list_user_permissions USER.",
        "Verifique o nome depois do host em amqp.url (uma / nele é %2F), e o que este usuário pode:"
        " rabbitmqctl list_user_permissions USUARIO.",
    ),
    "advice.broker.exchange": Text(
        "Have the exchange looked at on the broker: rabbitmqctl list_exchanges name type durable.",
        "Verifique o exchange no broker: rabbitmqctl list_exchanges name type durable.",
    ),
    "advice.broker.write": Text(
        "Let this user write: rabbitmqctl set_permissions -p VHOST USER CONFIGURE WRITE READ, each"
        " a pattern; the second must match the exchange.",
        "Permita a escrita a este usuário: rabbitmqctl set_permissions -p VHOST USUARIO CONFIGURAR"
        " ESCREVER LER, cada um um padrão; o segundo deve combinar com o exchange.",
    ),
    "advice.broker.client_certificate": Text(
        "Give this program the certificate that the broker asks for (amqp.tls.cert and"
        " amqp.tls.key), signed by an authority that the broker trusts.",
        "Dê a este programa o certificado que o broker exige (amqp.tls.cert e amqp.tls.key),"
        " assinado por uma autoridade em que o broker confia.",
    ),
    "advice.broker.handshake": Text(
        "Look at the broker's log: it may be starting or stopping, be at a limit, or a proxy in"
        " front of it may have no broker; some brokers end it so for a wrong password, too.",
        "Veja o log do broker: ele pode estar iniciando ou parando, estar em um limite, ou um proxy"
        " na frente dele pode estar sem broker; uma senha incorreta também pode terminar assim.",
    ),
    "advice.broker.limit": Text(
        "Close connections that nobody needs (rabbitmqctl list_connections user peer_host), or have"
        " the limit raised.",
        "Feche conexões de que ninguém precisa (rabbitmqctl list_connections user peer_host), ou"
        " peça que o limite seja aumentado.",
    ),
    "advice.broker.internal": Text(
        "Name another exchange: this one takes messages from other exchanges only.",
        "Indique outro exchange: este só recebe mensagens de outros exchanges.",
    ),
    "advice.broker.topic": Text(
        "Let this user write this routing key: rabbitmqctl set_topic_permissions -p VHOST USER"
        " EXCHANGE WRITE READ, both patterns of routing keys.",
        "Permita a este usuário escrever nesta routing key: rabbitmqctl set_topic_permissions -p"
        " VHOST USUARIO EXCHANGE ESCREVER LER, ambos padrões de routing keys.",
    ),
    "advice.broker.alarm": Text(
        "Free memory or disk on the broker's machine: rabbitmqctl status says which.",
        "Libere memória ou disco na máquina do broker: rabbitmqctl status diz qual.",
    ),
    "advice.broker.broker_log": Text(
        "Look at the broker's log, which says more at this time.",
        "Veja o log do broker, que diz mais sobre este momento.",
    ),
}
