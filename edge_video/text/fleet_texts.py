"""Holds the texts of `fleet`, which shows every node, in both languages."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

FLEET_HELP_TEXTS: Final[dict[str, Text]] = {
    "fleet.help": Text(
        "every node that publishes at a broker: which are well, silent or in trouble",
        "todos os nós que publicam em um broker: quais estão bem, em silêncio ou com problema",
    ),
    "fleet.about": Text(
        "Shows every node by what it publishes at the broker: the status of nodes with"
        " `events.node_status`, the events of the others, the announcements of nodes that share"
        " cameras. On a terminal arrows choose a node, Enter opens it, / filters, q ends. Without"
        " --url it takes the broker from the configuration.",
        "Mostra cada nó pelo que ele publica no broker: o status dos nós com `events.node_status`,"
        " os eventos dos outros, os anúncios dos nós que compartilham câmeras. No terminal, as"
        " setas escolhem um nó, Enter o abre, / filtra, q sai. Sem --url usa o broker da"
        " configuração.",
    ),
    "fleet.url": Text(
        "amqp://user:password@host:5672/vhost", "amqp://usuario:senha@host:5672/vhost"
    ),
    "fleet.exchange": Text(
        "where nodes publish their events; repeatable (default: that of the configuration, else"
        " `edge-video.events`)",
        "onde os nós publicam seus eventos; pode ser repetido (padrão: o da configuração, senão"
        " `edge-video.events`)",
    ),
    "fleet.once": Text(
        "listen for the time of --wait, print once and end; exit code 0: all is well, 1: a node is"
        " silent or something in it is wrong, 3: no broker, or no node was heard",
        "escuta pelo tempo de --wait, imprime uma vez e termina; código de saída 0: tudo bem, 1: um"
        " nó está em silêncio ou algo nele está errado, 3: sem broker, ou nenhum nó foi ouvido",
    ),
    "fleet.wait": Text(
        "with --once: how long to listen; at least the nodes' `events.node_status` (default 35s)",
        "com --once: por quanto tempo escutar; ao menos o `events.node_status` dos nós (padrão"
        " 35s)",
    ),
    "fleet.interval": Text(
        "between two blocks or JSON lines, where it is no terminal (default 10s)",
        "entre dois blocos ou linhas JSON, quando não é um terminal (padrão 10s)",
    ),
    "fleet.forget": Text(
        "forget a node that was silent for so long (default 24h)",
        "esquece um nó que ficou em silêncio por este tempo (padrão 24h)",
    ),
    "fleet.http": Text(
        "serve a page there (default address 127.0.0.1:8090)",
        "serve uma página ali (endereço padrão 127.0.0.1:8090)",
    ),
    "fleet.token": Text(
        "opens the page; needed where --http is no address of this machine alone; default: the"
        " environment variable EDGE_VIDEO_TOKEN, which does not show in a process list",
        "abre a página; necessário quando --http não é um endereço só desta máquina; padrão: a"
        " variável de ambiente EDGE_VIDEO_TOKEN, que não aparece na lista de processos",
    ),
    "fleet.host": Text(
        "a further name under which browsers may ask for the page; repeatable",
        "mais um nome pelo qual navegadores podem pedir a página; pode ser repetido",
    ),
    "fleet.example.plain": Text("live, in the terminal", "ao vivo, no terminal"),
    "fleet.example.page": Text("as a page for a browser", "como página para o navegador"),
    "fleet.example.once": Text("once, for a script", "uma vez, para um script"),
}

_STATES: Final[dict[str, Text]] = {
    "fleet.state.silent": Text("SILENT", "EM SILÊNCIO"),
    "fleet.state.trouble": Text("TROUBLE", "PROBLEMA"),
    "fleet.state.warn": Text("WARN", "ATENÇÃO"),
    "fleet.state.partial": Text("PARTIAL", "PARCIAL"),
    "fleet.state.left": Text("ENDED", "ENCERRADO"),
    "fleet.state.ok": Text("OK", "OK"),
    "fleet.count.silent": Text("{count} silent", "em silêncio: {count}"),
    "fleet.count.trouble": Text("{count} in trouble", "com problema: {count}"),
    "fleet.count.warn": Text("{count} to look at", "a verificar: {count}"),
    "fleet.count.partial": Text("{count} known in part", "conhecidos em parte: {count}"),
    "fleet.count.left": Text("{count} ended", "encerrados: {count}"),
    "fleet.count.ok": Text("{count} well", "bem: {count}"),
}

_HEALTHS: Final[dict[str, Text]] = {
    "fleet.health.healthy": Text("OK", "OK"),
    "fleet.health.trouble": Text("trouble", "problema"),
    "fleet.health.slow": Text("slow", "lenta"),
    "fleet.health.starting": Text("starting", "iniciando"),
    "fleet.health.paused": Text("paused", "pausada"),
    "fleet.health.stopped": Text("stopped", "parada"),
    "fleet.health.disabled": Text("disabled", "desativada"),
    "fleet.health.off_schedule": Text("closed", "fora do horário"),
    "fleet.health.off_expected": Text("off (expected)", "desligada (previsto)"),
}

_REMARKS: Final[dict[str, Text]] = {
    "fleet.remark.silent": Text("silent for {ago}", "em silêncio há {ago}"),
    "fleet.remark.left": Text("ended in order {ago} ago", "encerrado normalmente há {ago}"),
    "fleet.remark.partial": Text(
        "tells events only: set events.node_status there",
        "só envia eventos: configure events.node_status nele",
    ),
    "fleet.remark.twice": Text("TWO NODES HAVE THIS NAME", "DOIS NÓS TÊM ESTE NOME"),
    "fleet.remark.delivery": Text("cannot deliver: {reason}", "não consegue entregar: {reason}"),
    "fleet.remark.cameras": Text("cameras in trouble: {count}", "câmeras com problema: {count}"),
    "fleet.remark.slow": Text("slow cameras: {count}", "câmeras lentas: {count}"),
    "fleet.remark.pictures": Text(
        "pictures that are not right: {count}", "imagens com defeito: {count}"
    ),
    "fleet.remark.memory": Text("memory {level}", "memória {level}"),
    "fleet.remark.cpu": Text("CPU is short", "CPU insuficiente"),
    "fleet.remark.refused": Text("reload refused: {reason}", "recarga recusada: {reason}"),
    "fleet.remark.ahead": Text("clock {off} ahead", "relógio adiantado em {off}"),
    "fleet.remark.behind": Text("clock {off} behind", "relógio atrasado em {off}"),
    "fleet.remark.leaving": Text(
        "gives its cameras away, and takes none", "cede suas câmeras e não assume nenhuma"
    ),
    "fleet.remark.unreachable": Text(
        "cameras out of its reach: {count}", "câmeras fora do seu alcance: {count}"
    ),
    "fleet.remark.dropped": Text("dropped in 5m: {count}", "descartados em 5m: {count}"),
    "fleet.remark.differs": Text(
        "its files differ from what runs", "os arquivos diferem do que está em execução"
    ),
}

_SCREEN: Final[dict[str, Text]] = {
    "fleet.nodes": Text("{good} of {nodes} nodes well", "{good} de {nodes} nós bem"),
    "fleet.none": Text("No node has been heard yet", "Nenhum nó foi ouvido ainda"),
    "fleet.cameras": Text(
        "{good} of {wanted} cameras OK, {fps} fps", "{good} de {wanted} câmeras OK, {fps} fps"
    ),
    "fleet.broker": Text("Broker: {target}", "Broker: {target}"),
    "fleet.connecting": Text("Connecting to {target} …", "Conectando a {target} …"),
    "fleet.never": Text(
        "NO CONNECTION to {target}: {reason}", "SEM CONEXÃO com {target}: {reason}"
    ),
    "fleet.lost": Text(
        "NO CONNECTION to {target} for {since}: {reason}. What is shown is old.",
        "SEM CONEXÃO com {target} há {since}: {reason}. O que aparece é antigo.",
    ),
    "fleet.unheard": Text("not heard: {reason}", "sem escuta: {reason}"),
    "fleet.foreign": Text("foreign messages: {count}", "mensagens de terceiros: {count}"),
    "fleet.left_out": Text(
        "messages of nodes without a place: {count}", "mensagens de nós sem lugar: {count}"
    ),
    "fleet.needs_token": Text(
        "--http {address}: other machines reach this address, so it needs --token or the variable"
        " {variable}",
        "--http {address}: outras máquinas alcançam este endereço, por isso é preciso --token ou a"
        " variável {variable}",
    ),
    "fleet.page": Text("Page: {url}", "Página: {url}"),
    "fleet.connected": Text("Connected to {target}", "Conectado a {target}"),
    "fleet.column.node": Text("node", "nó"),
    "fleet.column.state": Text("state", "estado"),
    "fleet.column.cameras": Text("cameras", "câmeras"),
    "fleet.column.fps": Text("fps", "fps"),
    "fleet.column.cpu": Text("CPU", "CPU"),
    "fleet.column.ram": Text("RAM", "RAM"),
    "fleet.column.heard": Text("heard", "ouvido"),
    "fleet.column.version": Text("version", "versão"),
    "fleet.column.trouble": Text("trouble", "problema"),
    "fleet.keys": Text("q quit  ↑↓ Enter open  / filter", "q sair  ↑↓ Enter abrir  / filtrar"),
    "fleet.node_keys": Text("q quit  Esc back  ↑↓", "q sair  Esc voltar  ↑↓"),
    "fleet.filter": Text('"{text}": {count} of {nodes}', '"{text}": {count} de {nodes}'),
}

_NODE: Final[dict[str, Text]] = {
    "fleet.heard": Text("heard {ago} ago", "ouvido há {ago}"),
    "fleet.up": Text("up {uptime}", "no ar há {uptime}"),
    "fleet.delivery": Text("Delivery", "Entrega"),
    "fleet.delivery.ok": Text("connected", "conectada"),
    "fleet.delivery.lost": Text("no connection", "sem conexão"),
    "fleet.delivery.blocked": Text("blocked by the broker", "bloqueada pelo broker"),
    "fleet.delivery.starting": Text("connecting", "conectando"),
    "fleet.delivered": Text(
        "published {published}, dropped {dropped} ({lately} in 5m), connections lost {lost}",
        "publicados {published}, descartados {dropped} ({lately} em 5m), conexões perdidas {lost}",
    ),
    "fleet.machine": Text("Machine", "Máquina"),
    "fleet.used": Text(
        "CPU {machine_cpu}, RAM {machine_ram} | edge-video CPU {cpu}, {ram} MB"
        " | FFmpeg {ffmpegs}: CPU {ffmpeg_cpu}, {ffmpeg_ram} MB",
        "CPU {machine_cpu}, RAM {machine_ram} | edge-video CPU {cpu}, {ram} MB"
        " | FFmpeg {ffmpegs}: CPU {ffmpeg_cpu}, {ffmpeg_ram} MB",
    ),
    "fleet.config": Text("Configuration", "Configuração"),
    "fleet.hash": Text("{hash}, for {age}", "{hash}, há {age}"),
    "fleet.profile": Text("profile {profile}", "perfil {profile}"),
    "fleet.cluster": Text("Cluster", "Cluster"),
    "fleet.owns": Text(
        "group {group}: captures {owned} of {cameras} cameras",
        "grupo {group}: captura {owned} de {cameras} câmeras",
    ),
    "fleet.restarts": Text("Restarted actors", "Atores reiniciados"),
    "fleet.happened": Text("Lately", "Recentes"),
    "fleet.nothing_happened": Text(
        "Nothing since this program listens", "Nada desde que este programa escuta"
    ),
    "fleet.more_cameras": Text("and {count} more", "e mais {count}"),
    "fleet.no_cameras": Text("No camera is known", "Nenhuma câmera conhecida"),
    "fleet.for": Text("for {duration}", "há {duration}"),
    "fleet.epoch": Text("epoch {epoch}", "época {epoch}"),
}

_PAGE: Final[dict[str, Text]] = {
    "fleet.title": Text("Nodes", "Nós"),
    "fleet.filter_label": Text("Filter nodes and cameras", "Filtrar nós e câmeras"),
    "fleet.all": Text("All {count}", "Todos: {count}"),
    "fleet.nothing_matches": Text("No node matches", "Nenhum nó corresponde"),
    "fleet.skip": Text("To the nodes", "Ir para os nós"),
    "fleet.close": Text("Close", "Fechar"),
    "fleet.connecting_page": Text("Connecting …", "Conectando …"),
    "fleet.gone": Text("No connection to fleet", "Sem conexão com o fleet"),
    "fleet.gone_help": Text(
        "It has ended, or does not answer. What is shown is old.",
        "Terminou ou não responde. O que aparece é antigo.",
    ),
    "fleet.lost_page": Text("No connection to the broker", "Sem conexão com o broker"),
    "fleet.lost_help": Text(
        "for {since}: {reason}. What is shown is old.",
        "há {since}: {reason}. O que aparece é antigo.",
    ),
    "fleet.forgotten": Text("This node is not known any more", "Este nó não é mais conhecido"),
    "fleet.node_cameras": Text("Cameras", "Câmeras"),
    "fleet.node_facts": Text("Node", "Nó"),
    "fleet.version": Text("Version", "Versão"),
    "fleet.uptime": Text("Up", "No ar"),
    "fleet.heard_label": Text("Heard", "Ouvido"),
    "fleet.frames": Text("Frames", "Frames"),
    "fleet.process": Text("Program", "Programa"),
}

FLEET_TEXTS: Final[dict[str, Text]] = _STATES | _HEALTHS | _REMARKS | _SCREEN | _NODE | _PAGE
