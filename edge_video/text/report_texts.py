"""Holds what reports say about the course of a run: outages, events, the legend, the short line.

`edge_video.text.catalog` has them all; see there for the keys and the glossary.
"""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

LINE_TEXTS: Final[dict[str, Text]] = {
    "line.cameras": Text(
        "{healthy} of {count} cameras stream", "{healthy} de {count} câmeras transmitindo"
    ),
    "line.cameras.one": Text(
        "{healthy} of {count} camera streams", "{healthy} de {count} câmera transmitindo"
    ),
    "line.publisher": Text(
        "Publisher: {state}, {published} published", "Publisher: {state}, {published} publicados"
    ),
    "line.dropped": Text("{count} frames dropped in 5m", "{count} frames descartados em 5m"),
    "line.dropped.one": Text("{count} frame dropped in 5m", "{count} frame descartado em 5m"),
    "line.memory": Text("memory {level}", "memória {level}"),
    "line.off_schedule": Text(
        "{count} closed by schedule or profile", "{count} fora do horário ou do perfil"
    ),
    "line.off_schedule.one": Text(
        "{count} closed by schedule or profile", "{count} fora do horário ou do perfil"
    ),
    "line.more": Text("and {count} more", "e mais {count}"),
    "line.more.one": Text("and {count} more", "e mais {count}"),
    "cpu_shortage.short": Text("CPU is short", "CPU insuficiente"),
    "cpu_shortage.enough": Text("CPU is enough again", "CPU suficiente de novo"),
    "memory_level.normal": Text("NORMAL", "NORMAL"),
    "memory_level.warning": Text("WARNING", "ALERTA"),
    "memory_level.critical": Text("CRITICAL", "CRÍTICO"),
    "memory_level.emergency": Text("EMERGENCY", "EMERGÊNCIA"),
}

OUTAGE_TEXTS: Final[dict[str, Text]] = {
    "outages.none": Text("none", "nenhuma"),
    "outages.sum": Text("{count}, {duration} in all", "{count}, {duration} no total"),
    "outages.sum.one": Text("{count}, {duration}", "{count}, {duration}"),
    "outages.line": Text(
        "{start} – {end} ({duration}): {reason}; {dropped}",
        "{start} – {end} ({duration}): {reason}; {dropped}",
    ),
    "outages.lasting": Text("the end", "o fim"),
    "frames_dropped": Text("{count} frames dropped", "{count} frames descartados"),
    "frames_dropped.one": Text("{count} frame dropped", "{count} frame descartado"),
    "final.outages": Text("Without Connection", "Sem Conexão"),
    "final.phase": Text("At the End", "No Fim"),
    "phase.disabled": Text("disabled", "desativada"),
    "phase.starting": Text("starting", "iniciando"),
    "phase.streaming": Text("streaming", "transmitindo"),
    "phase.waiting": Text("waiting for the next attempt", "aguardando a próxima tentativa"),
    "phase.paused": Text("paused by the operator", "pausada pelo operador"),
    "phase.stopped": Text("stopped by the operator", "parada pelo operador"),
    "line.elsewhere": Text("{count} on other nodes", "{count} em outros nós"),
    "line.elsewhere.one": Text("{count} on another node", "{count} em outro nó"),
    "phase.elsewhere": Text("on another node", "em outro nó"),
    "on_node": Text("on node {node}", "no nó {node}"),
    "on_no_node_yet": Text("waits for a node", "aguarda um nó"),
    "on_no_node": Text("on no node for {duration}", "em nenhum nó há {duration}"),
    "line.off_expected": Text("{count} off (expected)", "{count} desligadas (previsto)"),
    "line.off_expected.one": Text("{count} off (expected)", "{count} desligada (previsto)"),
    "phase.off_expected": Text("off (expected)", "desligada (previsto)"),
    "off_since": Text("off (expected) since {time}", "desligada (previsto) desde {time}"),
    "phase.off_schedule": Text("closed by schedule or profile", "fora do horário ou do perfil"),
    "decoded_in_software": Text(
        "the CPU, for {hwaccel} fails: {reason}", "CPU, pois {hwaccel} falha: {reason}"
    ),
    "off_by_profile": Text("off by profile {profile}", "desligada pelo perfil {profile}"),
    "closed_until": Text("closed until {time}", "fora do horário até {time}"),
    "weekday.mon": Text("Mon", "seg"),
    "weekday.tue": Text("Tue", "ter"),
    "weekday.wed": Text("Wed", "qua"),
    "weekday.thu": Text("Thu", "qui"),
    "weekday.fri": Text("Fri", "sex"),
    "weekday.sat": Text("Sat", "sáb"),
    "weekday.sun": Text("Sun", "dom"),
}

PAGE_TEXTS: Final[dict[str, Text]] = {
    "page.healthy.one": Text(
        "{healthy} of {count} camera healthy", "{healthy} de {count} câmera saudável"
    ),
    "page.course": Text(
        "Delivery and circuit breakers over the run",
        "Entrega e circuit breakers durante a execução",
    ),
    "page.delivery": Text("Delivery", "Entrega"),
    "delivery.ok": Text("delivered", "entregando"),
    "delivery.lost": Text("no connection", "sem conexão"),
    "delivery.blocked": Text("blocked", "bloqueada"),
    "delivery.starting": Text("connecting", "conectando"),
    "page.events": Text("Events", "Eventos"),
    "page.events_none": Text("nothing happened", "nada aconteceu"),
    "page.events_note": Text(
        "The newest {count}; what repeats itself is one.",
        "Os últimos {count}; o que se repete é um só.",
    ),
    "page.events_by": Text("by {who}", "por {who}"),
    "page.events_times": Text("{count} times until {time}", "{count} vezes até {time}"),
    "page.legend": Text("How to read this", "Como ler este relatório"),
}

ENTRY_TEXTS: Final[dict[str, Text]] = {
    "entry.camera_failed": Text("Failed: {cause}", "Falhou: {cause}"),
    "entry.breaker_opened": Text("Stopped trying: {cause}", "Tentativas suspensas: {cause}"),
    "entry.probe_failed": Text("Still failing: {cause}", "Continua falhando: {cause}"),
    "entry.breaker_closed": Text("Back again", "De volta"),
    "entry.breaker_forced": Text("Paused", "Pausada"),
    "entry.breaker_reset": Text("Resumed, failures forgotten", "Retomada, falhas esquecidas"),
    "entry.camera_streaming": Text("Streaming", "Transmitindo"),
    "entry.camera_stopped": Text("Stopped", "Parada"),
    "entry.camera_started": Text("Started", "Iniciada"),
    "entry.camera_closed": Text("Closed by its schedule", "Fora do horário"),
    "entry.camera_elsewhere": Text("Another node has it", "Com outro nó"),
    "entry.camera_unowned": Text("No node captures it", "Nenhum nó a captura"),
    "entry.camera_off": Text("Off (expected)", "Desligada (previsto)"),
    "entry.camera_opened": Text("Opened by its schedule", "No horário"),
    "entry.command_start": Text("Start was asked for", "Pedido: iniciar"),
    "entry.command_stop": Text("Stop was asked for", "Pedido: parar"),
    "entry.command_retry": Text("A try was asked for", "Pedido: tentar agora"),
    "entry.command_reset": Text("A fresh start was asked for", "Pedido: recomeçar"),
    "entry.command_pause": Text("A pause was asked for", "Pedido: pausar"),
    "entry.command_resume": Text("An end of the pause was asked for", "Pedido: retomar"),
    "entry.camera_off_by_profile": Text("Off by profile", "Desligada por perfil"),
    "entry.camera_on_by_profile": Text("On again by profile", "Ligada de novo por perfil"),
    "entry.command_accept_picture": Text(
        "The view was accepted as it is", "Pedido: aceitar a vista como está"
    ),
    "entry.command_drain": Text(
        "Node: giving all its cameras away was asked for", "Nó: pedido de entregar as câmeras"
    ),
    "entry.command_rejoin": Text(
        "Node: taking part again was asked for", "Nó: pedido de voltar a participar"
    ),
    "entry.command_profile": Text("Profile was asked for", "Pedido: trocar de perfil"),
    "entry.command_retry_publisher": Text(
        "Delivery: a try was asked for", "Entrega: pedido de nova tentativa"
    ),
    "entry.publisher_connected": Text("Delivery: connected", "Entrega: conectada"),
    "entry.publisher_lost": Text("Delivery: connection lost", "Entrega: conexão perdida"),
    "entry.publisher_blocked": Text("Delivery: blocked", "Entrega: bloqueada"),
    "entry.memory_level": Text("Memory level {cause}", "Nível de memória {cause}"),
    "entry.cpu_shortage": Text("{cause}", "{cause}"),
    "entry.actor_restarted": Text("Restarted after a crash", "Reiniciado após uma falha"),
}

_LEGEND: Final[dict[str, tuple[Text, Text]]] = {
    "mark": (
        Text("✓ and ⚠", "✓ e ⚠"),
        Text(
            "⚠ marks a camera that sent nothing, sent less than {healthy} % of its target over the"
            " run, or whose circuit breaker was not CLOSED at the end. What became of its frames"
            " afterwards does not count: an outage of the broker marks no camera.",
            "⚠ marca uma câmera que não enviou nada, que enviou menos de {healthy} % da meta"
            " durante a execução, ou cujo circuit breaker não estava CLOSED no fim. O que houve"
            " depois com os frames não conta: uma queda do broker não marca câmera alguma.",
        ),
    ),
    "efficiency": (
        Text("Efficiency", "Eficiência"),
        Text(
            "the frames that the camera sent, in percent of those that its target asks for in the"
            " whole run; its waits and failures are in it",
            "os frames que a câmera enviou, em porcentagem dos que a meta pede para toda a"
            " execução; esperas e falhas estão incluídas",
        ),
    ),
    "calls": (
        Text("Calls (✓ ✗ 🚫)", "Calls (✓ ✗ 🚫)"),
        Text(
            "what the circuit breaker counted: ✓ good seconds of streaming, ✗ attempts and streams"
            " that ended, 🚫 starts refused while it was OPEN; Changes are changes of its state",
            "o que o circuit breaker contou: ✓ segundos bons de stream, ✗ tentativas e streams que"
            " terminaram, 🚫 inícios recusados enquanto estava OPEN; Changes são mudanças de"
            " estado",
        ),
    ),
    "read": (
        Text("FFmpeg Read", "FFmpeg Read"),
        Text(
            "one read of the pipe that FFmpeg writes to",
            "uma leitura do pipe em que o FFmpeg escreve",
        ),
    ),
    "decode": (
        Text("Frame Decode", "Frame Decode"),
        Text(
            "cutting FFmpeg's stream of bytes into JPEG images; decoding the camera's video is in"
            " FFmpeg's own CPU time",
            "separar o fluxo de bytes do FFmpeg em imagens JPEG; a decodificação do vídeo da câmera"
            " está no tempo de CPU do próprio FFmpeg",
        ),
    ),
    "publishing": (
        Text("Publishing", "Publishing"),
        Text(
            "from handing a frame to the connection until the broker has confirmed it",
            "da entrega de um frame à conexão até a confirmação do broker",
        ),
    ),
    "latency": (
        Text("95 % (p95)", "95 % (p95)"),
        Text(
            "95 of 100 frames were confirmed within this time after they were whole",
            "95 de cada 100 frames foram confirmados nesse tempo depois de completos",
        ),
    ),
}

LEGEND: Final[tuple[str, ...]] = tuple(_LEGEND)
"""What the legend explains: `legend.<name>` is the term, `legend.<name>.is` what it means."""

REPORT_TEXTS: Final[dict[str, Text]] = (
    LINE_TEXTS
    | OUTAGE_TEXTS
    | PAGE_TEXTS
    | ENTRY_TEXTS
    | {f"legend.{name}": term for name, (term, _) in _LEGEND.items()}
    | {f"legend.{name}.is": meaning for name, (_, meaning) in _LEGEND.items()}
)
