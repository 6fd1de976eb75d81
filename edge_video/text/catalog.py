"""Holds every text of reports and screens, in English and Brazilian Portuguese, side by side.

A text that needs facts names them in braces, as `str.format` does; both languages of a text use
the same ones. Keys: `cause.<name>` for failures, the rest for reports; the texts of log lines
stand in `edge_video.log.event_table`. Words that operators search for in either language (OK,
WARN, CB_OPEN, the states of a breaker) are not translated and therefore not in here.

One thing has one word, here and in every other table of texts:

| English | Portuguese |
|---|---|
| camera, picture, still picture | câmera, imagem, foto |
| frame, key frame, stream | frame, frame-chave, stream |
| broker, exchange, queue, route, node, fleet | broker, exchange, fila, rota, nó, frota |
| delivery, connection, outage | entrega, conexão, queda |
| received, published, confirmed | recebidos, publicados, confirmados |
| nacked (refused), returned, unknown | recusados, devolvidos, incertos |
| dropped, held, in flight, too old | descartados, retidos, em trânsito, antigos demais |
| attempt, failure, wait, next try | tentativa, falha, espera, nova tentativa |
| circuit breaker, backoff | circuit breaker, backoff |
| paused, stopped, disabled | pausada, parada, desativada |
| closed (by its schedule) | fora do horário |
| off (expected) | desligada (previsto) |
| off by profile | desligada pelo perfil |
| target (of fps), target (of frames) | meta, destino |
| request, wrong token | requisição, token incorreto |
| undecodable | corrompida |
| bug | defeito |
| killed | encerrado à força |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.text.cause_texts import CAUSE_TEXTS
from edge_video.text.cluster_texts import CLUSTER_TEXTS
from edge_video.text.ctl_texts import CTL_TEXTS
from edge_video.text.discover_texts import DISCOVER_TEXTS
from edge_video.text.doctor_texts import DOCTOR_TEXTS
from edge_video.text.explain_texts import EXPLAIN_TEXTS
from edge_video.text.first_steps import FIRST_STEPS_TEXTS
from edge_video.text.fleet_texts import FLEET_TEXTS
from edge_video.text.language import Language, Text
from edge_video.text.match_texts import MATCH_TEXTS
from edge_video.text.measure_texts import MEASURE_TEXTS
from edge_video.text.picture_texts import PICTURE_TEXTS
from edge_video.text.probe_texts import CHECK_TEXTS, COMMAND_TEXTS, PROBE_TEXTS
from edge_video.text.reload_texts import RELOAD_TEXTS
from edge_video.text.report_texts import REPORT_TEXTS
from edge_video.text.service_texts import SERVICE_TEXTS
from edge_video.text.tool_texts import TOOL_TEXTS

__all__ = ["TEXTS", "Language", "Text", "count_text", "language_from_locale", "lookup"]

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGE_VARIABLE: Final = "EDGE_VIDEO_LANG"
"""Chooses this program's language where the locale is another one: `en` or `pt-BR`."""


def lookup(key: str, language: Language) -> str:
    """The text of a key. Raises KeyError for a key that does not exist."""
    text = TEXTS[key]
    return text.pt_br if language is Language.PT_BR else text.en


def count_text(key: str, count: int, language: Language, **facts: object) -> str:
    """The text of a key for so many: `key.one` for one, else `key`; `{count}` is the number.

    Raises KeyError for a key that does not exist.
    """
    suits = f"{key}.one" if count == 1 else key
    return lookup(suits, language).format(count=count, **facts)


def language_from_locale(environ: Mapping[str, str]) -> Language:
    """The language of `EDGE_VIDEO_LANG`, else of the POSIX locale.

    That is `LC_ALL`, else `LC_MESSAGES`, else `LANG`. The first of them that is set and not empty
    decides, as in POSIX. Any Portuguese means Brazilian Portuguese, everything else English.
    """
    for name in (LANGUAGE_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name)
        if value:
            spoken = value.replace("-", "_").split("_")[0].split(".")[0].lower()
            return Language.PT_BR if spoken == "pt" else Language.EN
    return Language.EN


_CAUSES: Final[dict[str, Text]] = {
    **CAUSE_TEXTS,
    "exit_status": Text("exit status {status}", "código de saída {status}"),
    "signal": Text("signal {number}", "sinal {number}"),
}

_COMMON: Final[dict[str, Text]] = {
    "not_available": Text("n/a", "n/a"),
    "never": Text("never", "nunca"),
    "ago": Text("{duration} ago", "{duration} atrás"),
    "retry_in": Text("retry in {duration}", "nova tentativa em {duration}"),
    "retry_now": Text("retrying", "tentando de novo"),
    "held_open": Text("paused by the operator", "pausada pelo operador"),
    "drop.overflow": Text("buffer full {count}", "buffer cheio {count}"),
    "drop.not_connected": Text("not connected {count}", "sem conexão {count}"),
    "drop.stale": Text("too old {count}", "antigos demais {count}"),
    "drop.shutdown": Text("shutdown {count}", "encerramento {count}"),
    "key_wait": Text(
        "waiting for a key frame, {waited} so far", "aguardando um frame-chave, {waited} até agora"
    ),
    "key_wait.known": Text(
        "waiting for a key frame, {waited} so far; the camera sends one every {interval}",
        "aguardando um frame-chave, {waited} até agora; a câmera envia um a cada {interval}",
    ),
    "unchanged": Text("the same picture for {lasted}", "a mesma foto há {lasted}"),
    "drop.memory": Text("memory {count}", "memória {count}"),
    "drop.refused": Text("refused by the broker {count}", "recusados pelo broker {count}"),
    "drop.too_large": Text(
        "too large for the broker {count}", "grandes demais para o broker {count}"
    ),
    "drop.unchanged": Text("unchanged {count}", "sem mudança {count}"),
    "drop.superseded": Text("superseded {count}", "de outro nó {count}"),
    "publisher.connecting": Text("… CONNECTING", "… CONECTANDO"),
    "publisher.connected": Text("✓ CONNECTED", "✓ CONECTADO"),
    "publisher.blocked": Text("⚠ BLOCKED", "⚠ BLOQUEADO"),
    "publisher.waiting": Text("✗ DISCONNECTED", "✗ DESCONECTADO"),
    "publisher.stopped": Text("■ STOPPED", "■ PARADO"),
}

_MONITOR: Final[dict[str, Text]] = {
    "monitor.title": Text("STATISTICS", "ESTATÍSTICAS"),
    "monitor.publisher": Text(
        "Publisher: {state} - {published} published, {errors} errors ({percent}%)",
        "Publisher: {state} - {published} publicados, {errors} erros ({percent}%)",
    ),
    "monitor.camera": Text(
        "[{camera_id}] {status} - Frames: {frames}, last: {last} | CB: {breaker}",
        "[{camera_id}] {status} - Frames: {frames}, último: {last} | CB: {breaker}",
    ),
    "monitor.errors": Text(
        "Errors: nacked {nacked}, returned {returned}, unknown {unknown}",
        "Erros: recusados {nacked}, devolvidos {returned}, incertos {unknown}",
    ),
    "monitor.dropped": Text(
        "Dropped: {count} since start, {recent} in the last 5 min - {reasons}",
        "Descartados: {count} desde o início, {recent} nos últimos 5 min - {reasons}",
    ),
    "monitor.dropping": Text(
        "Dropping now: {count} since start, {recent} in the last 5 min - {reasons}",
        "Descartando agora: {count} desde o início, {recent} nos últimos 5 min - {reasons}",
    ),
    "monitor.memory": Text(
        "Memory: {level} - {used} of {limit} MB ({percent}%)",
        "Memória: {level} - {used} de {limit} MB ({percent}%)",
    ),
    "monitor.ffmpeg": Text(
        "FFmpeg: {count} - CPU {cpu}, RAM {ram} MB", "FFmpeg: {count} - CPU {cpu}, RAM {ram} MB"
    ),
    "monitor.process": Text(
        "Process: CPU {cpu}, RAM {ram} MB", "Processo: CPU {cpu}, RAM {ram} MB"
    ),
}

_FINAL: Final[dict[str, Text]] = {
    "final.title": Text("FINAL REPORT", "RELATÓRIO FINAL"),
    "final.program": Text("edge-video {version}, node {node}", "edge-video {version}, nó {node}"),
    "final.start": Text("Start", "Início"),
    "final.end": Text("End", "Fim"),
    "final.uptime": Text("Uptime", "No ar há"),
    "final.publisher": Text("📤 PUBLISHER", "📤 PUBLISHER"),
    "final.state": Text("State", "Estado"),
    "final.reason": Text("Reason", "Motivo"),
    "final.target": Text("Target", "Destino"),
    "final.published": Text("Published", "Publicados"),
    "final.confirmed": Text("Confirmed", "Confirmados"),
    "final.nacked": Text("Nacked", "Recusados (nack)"),
    "final.returned": Text("Returned", "Devolvidos"),
    "final.unknown": Text("Unknown", "Incertos"),
    "final.in_flight": Text("In flight", "Em trânsito"),
    "final.connections": Text("Connections", "Conexões"),
    "final.connections_lost": Text("Connections Lost", "Conexões Perdidas"),
    "final.failed_attempts": Text("Failed Attempts", "Falhas ao Conectar"),
    "final.returned_note": Text("no queue is bound to the route", "nenhuma fila ligada à rota"),
    "final.unknown_note": Text(
        "connection lost before the answer", "conexão perdida antes da resposta"
    ),
    "final.failed_attempts_note": Text(
        "attempts to connect that failed", "tentativas de conexão que falharam"
    ),
    "final.cameras": Text("📹 CAMERAS", "📹 CÂMERAS"),
    "final.disabled": Text("disabled in the configuration", "desativada na configuração"),
    "final.camera_frames": Text("Camera Frames", "Frames da Câmera"),
    "final.camera_frames_value": Text("{frames} ({fps} FPS real)", "{frames} ({fps} FPS real)"),
    "final.frames_published": Text("Frames Published", "Frames Publicados"),
    "final.frames_published_value": Text("{frames} ({fps} FPS)", "{frames} ({fps} FPS)"),
    "final.frames_dropped": Text("Frames Dropped", "Frames Descartados"),
    "final.fps_target": Text("FPS Target", "FPS Target"),
    "final.fps_target_value": Text(
        "{fps} (what the camera sends; fps is {limit})",
        "{fps} (o que a câmera envia; fps é {limit})",
    ),
    "final.efficiency": Text("Efficiency", "Eficiência"),
    "final.volume": Text("Volume", "Volume"),
    "final.last_frame": Text("Last from Camera", "Último da Câmera"),
    "final.breaker": Text("Circuit Breaker", "Circuit Breaker"),
    "final.breaker_value": Text(
        "{state} | Calls: {calls} (✓{successes} ✗{failures} 🚫{rejected}) | Changes: {changes}",
        "{state} | Calls: {calls} (✓{successes} ✗{failures} 🚫{rejected}) | Changes: {changes}",
    ),
    "final.last_failure": Text("Last Failure", "Última Falha"),
    "final.failure_count": Text("failures: {count}", "falhas: {count}"),
    "final.session_ends": Text("Sessions Ended", "Sessões Encerradas"),
    "final.session_ends_value": Text(
        "{count} after a long stream (no failures of the camera)",
        "{count} após um longo stream (não são falhas da câmera)",
    ),
    "final.resolution": Text("Resolution", "Resolução"),
    "final.attempts": Text("Attempts", "Tentativas"),
    "final.discarded": Text("Stream Garbage", "Lixo no Stream"),
    "final.unchanged": Text("Same Picture Again", "Mesma Foto de Novo"),
    "final.discarded_value": Text(
        "{bytes} bytes in no frame, {count} frames too large",
        "{bytes} bytes fora de frames, {count} frames grandes demais",
    ),
    "final.discarded_value.one": Text(
        "{bytes} bytes in no frame, {count} frame too large",
        "{bytes} bytes fora de frames, {count} frame grande demais",
    ),
    "final.refused_late": Text("Late Frames", "Frames Tardios"),
    "final.refused_late_note": Text(
        "of attempts already ended, in no sum", "de tentativas já encerradas, em nenhuma soma"
    ),
    "final.totals": Text("📊 TOTALS", "📊 TOTAIS"),
    "final.frames_received": Text("Frames Received", "Frames Recebidos"),
    "final.restarts": Text("Actor Restarts", "Reinícios"),
    "final.faults": Text("Injected Faults", "Falhas Injetadas"),
    "final.faults_value": Text(
        "{injected} ({refused} refused)", "{injected} ({refused} recusadas)"
    ),
    "final.accounting": Text("Frame accounting", "Contagem de frames"),
    "final.accounting_balanced": Text("✓ balanced", "✓ confere"),
    "final.accounting_imbalance": Text(
        "⚠ THEY DO NOT BALANCE (a bug): {where}", "⚠ NÃO CONFEREM (um defeito): {where}"
    ),
    "final.accounting_totals": Text("totals", "totais"),
    "final.accounting_received": Text(
        "received {received} = published {published} + dropped {dropped} + held {held}",
        "recebidos {received} = publicados {published} + descartados {dropped} + retidos {held}",
    ),
    "final.accounting_published": Text(
        "published {published} = confirmed {confirmed} + nacked {nacked} + returned {returned}",
        "publicados {published} = confirmados {confirmed} + recusados {nacked}"
        " + devolvidos {returned}",
    ),
    "final.accounting_published_more": Text(
        "+ unknown {unknown} + in flight {in_flight}",
        "+ incertos {unknown} + em trânsito {in_flight}",
    ),
    "final.profile": Text("⏱️  PERFORMANCE PROFILE", "⏱️  PERFIL DE DESEMPENHO"),
    "final.average": Text("avg {time}, count {count}", "média {time}, total {count}"),
    "profile.read": Text("🎥 FFmpeg Read:     {value}", "🎥 FFmpeg Read:     {value}"),
    "profile.split": Text("🔧 Frame Decode:    {value}", "🔧 Frame Decode:    {value}"),
    "profile.publish": Text("📤 Publishing:      {value}", "📤 Publishing:      {value}"),
    "profile.memory": Text(
        "💾 Memory (Python runtime): {blocks} blocks allocated, {collections} GCs, last GC {last}",
        "💾 Memory (Python runtime): {blocks} blocos alocados, {collections} GCs, último GC {last}",
    ),
    "profile.process": Text(
        "🖥️  System (Process): CPU Usage {cpu}, RAM Usage {ram} MB",
        "🖥️  Sistema (Processo): CPU Usage {cpu}, RAM Usage {ram} MB",
    ),
    "profile.ffmpeg": Text(
        "🎞️  FFmpeg ({count}): CPU Usage {cpu}, RAM Usage {ram} MB",
        "🎞️  FFmpeg ({count}): CPU Usage {cpu}, RAM Usage {ram} MB",
    ),
    "profile.system": Text(
        "🌐 System (Total): RAM Total {ram} MB, RAM Used {ram_percent}%, CPU {cpu}",
        "🌐 Sistema (Total): RAM Total {ram} MB, RAM Used {ram_percent}%, CPU {cpu}",
    ),
    "profile.unmeasured": Text("🖥️  System (Process): n/a", "🖥️  Sistema (Processo): n/a"),
    "profile.threads": Text(
        "🔀 Threads: {threads} (live actors: {actors})",
        "🔀 Threads: {threads} (atores vivos: {actors})",
    ),
    "profile.open": Text("🔴 Circuit Breakers OPEN: {count}", "🔴 Circuit Breakers OPEN: {count}"),
}

_PAGE: Final[dict[str, Text]] = {
    "page.title": Text("edge-video: report of {node}", "edge-video: relatório de {node}"),
    "page.healthy": Text(
        "{healthy} of {count} cameras healthy", "{healthy} de {count} câmeras saudáveis"
    ),
    "page.fps": Text("Frames per second", "Frames por segundo"),
    "page.fps_note": Text("the dashed line is the target", "a linha tracejada é a meta"),
    "page.latency": Text(
        "Latency, whole frame to confirm", "Latência, do frame completo à confirmação"
    ),
    "page.latency_frames": Text("{count} frames", "{count} frames"),
    "page.latency_frames.one": Text("{count} frame", "{count} frame"),
    "page.latency_percentiles": Text(
        "half of the frames: {half}, 95 %: {most}, 99 %: {nearly}; mean: {mean}",
        "metade dos frames: {half}, 95 %: {most}, 99 %: {nearly}; média: {mean}",
    ),
    "page.latency_none": Text("nothing was confirmed", "nada foi confirmado"),
    "page.drops": Text("Dropped frames, by reason", "Frames descartados, por motivo"),
    "page.drops_none": Text("none was dropped", "nenhum foi descartado"),
    "page.cpu": Text("CPU, percent of one core", "CPU, por cento de um núcleo"),
    "page.memory": Text("Memory, MB", "Memória, MB"),
    "page.process": Text("edge-video", "edge-video"),
    "page.ffmpeg": Text("FFmpeg, all", "FFmpeg, todos"),
    "page.unmeasured": Text("the run was too short to measure", "execução curta demais para medir"),
    "page.interval": Text(
        "One point is {interval} of the run.", "Um ponto equivale a {interval} da execução."
    ),
    "page.drop.overflow": Text("buffer full", "buffer cheio"),
    "page.drop.not_connected": Text("not connected", "sem conexão"),
    "page.drop.stale": Text("too old", "antigos demais"),
    "page.drop.shutdown": Text("shutdown", "encerramento"),
    "page.drop.memory": Text("memory", "memória"),
    "page.drop.refused": Text("refused by the broker", "recusados pelo broker"),
    "page.drop.too_large": Text("too large for the broker", "grandes demais para o broker"),
    "page.unchanged": Text(
        "{count} frames that showed no change were left out: that is no loss.",
        "{count} frames sem mudança não foram publicados: não é perda.",
    ),
    "page.unchanged.one": Text(
        "One frame that showed no change was left out: that is no loss.",
        "Um frame sem mudança não foi publicado: não é perda.",
    ),
    "page.superseded": Text(
        "{count} frames of cameras that another node has were left out: that is no loss.",
        "{count} frames de câmeras assumidas por outro nó não foram publicados: não é perda.",
    ),
    "page.superseded.one": Text(
        "One frame of a camera that another node has was left out: that is no loss.",
        "Um frame de uma câmera assumida por outro nó não foi publicado: não é perda.",
    ),
}

TEXTS: Final[dict[str, Text]] = {
    **_CAUSES,
    **_COMMON,
    **_MONITOR,
    **_FINAL,
    **_PAGE,
    **TOOL_TEXTS,
    **PICTURE_TEXTS,
    **FIRST_STEPS_TEXTS,
    **DISCOVER_TEXTS,
    **MATCH_TEXTS,
    **CHECK_TEXTS,
    **COMMAND_TEXTS,
    **PROBE_TEXTS,
    **MEASURE_TEXTS,
    **DOCTOR_TEXTS,
    **EXPLAIN_TEXTS,
    **RELOAD_TEXTS,
    **CLUSTER_TEXTS,
    **REPORT_TEXTS,
    **SERVICE_TEXTS,
    **FLEET_TEXTS,
    **CTL_TEXTS,
}
