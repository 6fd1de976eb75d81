"""Holds the texts of `watch` and `top` for `edge_video.text.catalog`, in both languages."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

_WATCH: Final[dict[str, Text]] = {
    "watch.header": Text(
        "Watching {exchanges} at {broker}; {check}",
        "Observando {exchanges} em {broker}; {check}",
    ),
    "watch.by_structure": Text(
        "pictures are checked by their structure", "imagens verificadas pela estrutura"
    ),
    "watch.by_pillow": Text("every picture is decoded", "toda imagem é decodificada"),
    "watch.camera": Text("camera", "câmera"),
    "watch.fps": Text("fps", "fps"),
    "watch.latency": Text("latency p50 / p99", "latência p50 / p99"),
    "watch.away": Text("not known, was away", "incertos na ausência"),
    "watch.away_at_least": Text("{count} or more", "{count} ou mais"),
    "watch.more": Text("{count} more below", "mais {count} abaixo"),
    "watch.gaps": Text("gaps", "lacunas"),
    "watch.dropped": Text("dropped at node", "descartados no nó"),
    "watch.size": Text("size", "tamanho"),
    "watch.picture": Text("picture", "imagem"),
    "watch.undecodable": Text("undecodable", "corrompidas"),
    "watch.frames": Text("frames", "frames"),
    "watch.last": Text("last", "último"),
    "watch.silent": Text("SILENT {since}", "SEM FRAMES {since}"),
    "watch.line": Text(
        "[{camera_id}] {fps} fps, latency p50 / p99 {latency},"
        " gaps {gaps} (dropped at the node: {dropped}{away}),"
        " {size}, {picture}, undecodable {undecodable}, frames {frames}",
        "[{camera_id}] {fps} fps, latência p50 / p99 {latency}, lacunas {gaps}"
        " (descartados no nó: {dropped}{away}), {size}, {picture}, corrompidas {undecodable},"
        " frames {frames}",
    ),
    "watch.line_away": Text(
        "; not known while watch was away: {count}",
        "; incertos enquanto o watch estava ausente: {count}",
    ),
    "watch.unchanged": Text("without a change {count}", "sem mudança {count}"),
    "watch.unchanged_for": Text("the same picture for {duration}", "mesma imagem há {duration}"),
    "watch.repeated": Text("twice or out of order {count}", "repetidos ou fora de ordem {count}"),
    "watch.superseded": Text("of a replaced node {count}", "de nó substituído {count}"),
    "watch.restarts": Text("program restarts {count}", "reinícios do programa {count}"),
    "watch.connected": Text("Connected, waiting for frames", "Conectado, aguardando frames"),
    "watch.lost": Text(
        "Not connected to the broker: {reason}; next try in {retry_in}",
        "Sem conexão com o broker: {reason}; nova tentativa em {retry_in}",
    ),
    "watch.unheard": Text(
        "Only the other exchanges are watched: {reason}",
        "Só os outros exchanges são observados: {reason}",
    ),
    "watch.no_exchange": Text(
        "there is no exchange {exchange} on {broker}{has}; edge-video declares its exchange when it"
        " connects for the first time",
        "não há exchange {exchange} em {broker}{has}; o edge-video declara o seu exchange ao"
        " conectar pela primeira vez",
    ),
    "watch.has_exchange": Text("; there is {exchanges}", "; existe {exchanges}"),
    "watch.page.cameras": Text("{count} cameras", "{count} câmeras"),
    "watch.page.camera": Text("1 camera", "1 câmera"),
    "watch.page.none": Text("No frame has come yet", "Nenhum frame chegou ainda"),
    "watch.page.lost": Text(
        "Connection lost: watch has ended, or does not answer",
        "Conexão perdida: o watch terminou ou não responde",
    ),
    "watch.page.caption": Text("frame {seq}, {age} s ago", "frame {seq}, há {age} s"),
    "watch.all_silent": Text(
        "No camera has sent a frame for {seconds}: has edge-video stopped, or lost the broker?",
        "Nenhuma câmera enviou frames por {seconds}: o edge-video parou ou perdeu o broker?",
    ),
    "watch.all_back": Text("Frames come again", "Os frames voltaram"),
    "watch.fell_silent": Text(
        "[{camera_id}] No frame for {seconds}", "[{camera_id}] Sem frames por {seconds}"
    ),
    "watch.is_back": Text("[{camera_id}] Frames come again", "[{camera_id}] Os frames voltaram"),
    "watch.save_failed": Text("Saving ended: {reason}", "A gravação de imagens terminou: {reason}"),
    "watch.pictures": Text("Pictures: {url}", "Imagens: {url}"),
    "watch.summary": Text("Summary:", "Resumo:"),
    "watch.nothing": Text("No frame has come yet", "Nenhum frame chegou ainda"),
    "watch.unrecognised": Text(
        "Foreign messages, no frames: {count}", "Mensagens de terceiros, não frames: {count}"
    ),
}

_TOP: Final[dict[str, Text]] = {
    "top.title": Text("edge-video {version} on {node}", "edge-video {version} em {node}"),
    "top.up": Text("up {uptime}", "no ar há {uptime}"),
    "top.camera": Text("camera", "câmera"),
    "top.state": Text("state", "estado"),
    "top.snapshot": Text("still pictures, one every {interval}", "fotos, uma a cada {interval}"),
    "top.fps": Text("fps / target", "fps / meta"),
    "top.last": Text("last frame", "último frame"),
    "top.trouble": Text("trouble", "problema"),
    "top.publisher": Text(
        "Publisher: {state} {target} | published {published}, confirmed {confirmed},"
        " errors {errors}, dropped {dropped}",
        "Publisher: {state} {target} | publicados {published}, confirmados {confirmed},"
        " erros {errors}, descartados {dropped}",
    ),
    "top.machine": Text(
        "edge-video: CPU {cpu}, {ram} MB | FFmpeg {ffmpegs}: CPU {ffmpeg_cpu}, {ffmpeg_ram} MB"
        " | machine: CPU {machine_cpu}, RAM {machine_ram}%",
        "edge-video: CPU {cpu}, {ram} MB | FFmpeg {ffmpegs}: CPU {ffmpeg_cpu}, {ffmpeg_ram} MB"
        " | máquina: CPU {machine_cpu}, RAM {machine_ram}%",
    ),
    "top.cpu_short": Text(
        "CPU SHORT: {used} of {cores} cores, most by {camera} ({percent})",
        "CPU INSUFICIENTE: {used} de {cores} núcleos, mais por {camera} ({percent})",
    ),
    "top.cpu_short.no_camera": Text(
        "CPU SHORT: {used} of {cores} cores", "CPU INSUFICIENTE: {used} de {cores} núcleos"
    ),
    "top.memory_level": Text("memory {level}", "memória {level}"),
    "top.lost": Text(
        "NO CONNECTION to {url} for {since}: {reason}. What is shown is old.",
        "SEM CONEXÃO com {url} há {since}: {reason}. O que aparece é antigo.",
    ),
    "top.never": Text("NO CONNECTION to {url}: {reason}", "SEM CONEXÃO com {url}: {reason}"),
    "top.refused": Text("it refuses the token", "o token foi recusado"),
    "top.no_token": Text(
        "it wants a token: --token, or the variable {variable}",
        "é preciso um token: --token, ou a variável {variable}",
    ),
    "top.no_status": Text(
        "it answers, but not with a status of edge-video: {detail}",
        "responde, mas não com um status do edge-video: {detail}",
    ),
    "top.accounting": Text(
        "⚠ FRAME ACCOUNTING NOT BALANCED (a bug)", "⚠ A CONTAGEM DE FRAMES NÃO CONFERE (um defeito)"
    ),
    "top.summary": Text("{good} of {cameras} cameras OK", "{good} de {cameras} câmeras OK"),
    "top.short.camera": Text("camera", "câmera"),
    "top.short.state": Text("state", "estado"),
    "top.short.fps": Text("fps", "fps"),
    "top.short.last": Text("last", "último"),
    "top.short.retry": Text("retry", "nova em"),
    "top.short.trouble": Text("trouble", "problema"),
    "top.summary_of_one": Text("{good} of {cameras} camera OK", "{good} de {cameras} câmera OK"),
    "top.health.trouble": Text("{count} in trouble", "com problema: {count}"),
    "top.health.slow": Text("{count} slow", "lentas: {count}"),
    "top.health.starting": Text("{count} starting", "iniciando: {count}"),
    "top.health.paused": Text("{count} paused", "pausadas: {count}"),
    "top.health.stopped": Text("{count} stopped", "paradas: {count}"),
    "top.health.off_expected": Text("{count} off (expected)", "desligadas (previsto): {count}"),
    "top.health.off_schedule": Text(
        "{count} closed by schedule or profile", "fora do horário ou do perfil: {count}"
    ),
    "top.health.elsewhere": Text("{count} on other nodes", "em outros nós: {count}"),
    "top.health.disabled": Text("{count} disabled", "desativadas: {count}"),
    "top.delivery": Text("Delivery: {state}", "Entrega: {state}"),
    "top.down_for": Text("for {duration}", "há {duration}"),
    "top.published": Text(
        "published {published}, errors {errors}", "publicados {published}, erros {errors}"
    ),
    "top.no_drops": Text("Dropped: none", "Descartados: nenhum"),
    "top.dropping": Text("DROPPING NOW:", "DESCARTANDO AGORA:"),
    "top.dropped_before": Text("Dropped:", "Descartados:"),
    "top.dropped": Text(
        "{lately} in 5m, {count} in all ({reasons})",
        "{lately} em 5m, {count} ao todo ({reasons})",
    ),
    "top.short_machine": Text(
        "CPU {cpu} {ram} MB | FFmpeg {ffmpegs}: CPU {ffmpeg_cpu} {ffmpeg_ram} MB"
        " | machine CPU {machine_cpu} RAM {machine_ram}%",
        "CPU {cpu} {ram} MB | FFmpeg {ffmpegs}: CPU {ffmpeg_cpu} {ffmpeg_ram} MB"
        " | máquina CPU {machine_cpu} RAM {machine_ram}%",
    ),
    "top.decoder": Text("decoded by {by}", "decodificação: {by}"),
    "top.slow": Text("sends fewer frames than usual", "envia menos frames que o normal"),
    "top.overdue": Text("no answer yet", "ainda sem resposta"),
    "top.above": Text("{count} above", "{count} acima"),
    "top.below": Text("{count} more below", "mais {count} abaixo"),
    "top.ill_hidden": Text("{count} in trouble hidden", "com problema e ocultas: {count}"),
    "top.filter": Text('"{text}": {count} of {cameras}', '"{text}": {count} de {cameras}'),
    "top.typing": Text("filter: {text}", "filtro: {text}"),
    "top.typing_keys": Text("Enter keep  Esc clear", "Enter manter  Esc limpar"),
    "top.keys": Text("q quit  ↑↓ PgUp PgDn  / filter", "q sair  ↑↓ PgUp PgDn  / filtrar"),
    "top.short_keys": Text("q ↑↓ /", "q ↑↓ /"),
    "top.filter_keys": Text("q quit  ↑↓  Esc show all", "q sair  ↑↓  Esc mostrar todas"),
    "top.asking": Text("Asking {url} …", "Consultando {url} …"),
    "top.failures": Text("failures in a row: {count}", "falhas seguidas: {count}"),
}

_HEALTH: Final[dict[str, Text]] = {
    "health.good": Text("{url}: all is well", "{url}: tudo bem"),
    "health.no_answer": Text("no answer in time", "sem resposta a tempo"),
    "health.refused": Text(
        "the token is refused or missing (HTTP {code})",
        "o token foi recusado ou está faltando (HTTP {code})",
    ),
    "health.foreign": Text(
        "whoever answers is not edge-video (HTTP {code})",
        "quem responde não é o edge-video (HTTP {code})",
    ),
}

TOOL_TEXTS: Final[dict[str, Text]] = _WATCH | _TOP | _HEALTH
