"""Holds the page's texts in both languages; those of reports are taken from their catalog."""

from __future__ import annotations

from typing import Final

from edge_video.resilience.failures import Cause
from edge_video.text.catalog import TEXTS, Language, Text, lookup

_FROM_REPORTS: Final = (
    *(f"cause.{cause.value}" for cause in Cause),
    *(f"advice.{cause.value}" for cause in Cause),  # what the operator can do, beyond the buttons
    *(key for key in TEXTS if key.startswith("publisher.")),
    *(
        "key_wait",
        "key_wait.known",
        "exit_status",
        "signal",
        "never",
        "ago",
        "retry_in",
        "retry_now",
        "held_open",
    ),
    "not_available",
)


def page_texts(language: Language) -> dict[str, str]:
    """Key → text; in a text, `{name}` stands for a fact."""
    own = {key: text.pt_br if language is Language.PT_BR else text.en for key, text in PAGE.items()}
    return {key: lookup(key, language) for key in _FROM_REPORTS} | own


def accepted_language(header: str | None, default: Language) -> Language:
    """The first language of an Accept-Language header that we speak, by its weights."""
    best, best_weight = default, 0.0
    for part in (header or "").split(",")[:20]:
        name, _, parameters = part.strip().partition(";")
        try:
            weight = float(parameters.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        prefix = name.strip().lower().split("-")[0]
        spoken = {"pt": Language.PT_BR, "en": Language.EN}.get(prefix)
        if spoken is not None and best_weight < weight <= 1:
            best, best_weight = spoken, weight
    return best


PAGE: Final[dict[str, Text]] = {
    "page.title": Text("edge-video", "edge-video"),
    "page.skip": Text("Skip to the cameras", "Ir para as câmeras"),
    "page.all_well": Text("All {count} cameras stream", "Todas as {count} câmeras transmitem"),
    "page.trouble": Text(
        "{count} of {all} cameras need attention", "{count} de {all} câmeras precisam de atenção"
    ),
    "page.none_wanted": Text("No camera is meant to run", "Nenhuma câmera deve estar em execução"),
    "page.publisher_trouble": Text("Frames are not delivered", "Frames não são entregues"),
    "page.connecting": Text("Connecting to edge-video …", "Conectando ao edge-video …"),
    "page.lost": Text(
        "Connection to edge-video lost {ago}: what you see is old. Trying again …",
        "Conexão com o edge-video perdida {ago}: o que você vê é antigo. Tentando de novo …",
    ),
    "page.stale": Text(
        "edge-video's supervisor has not spoken for {duration}: what you see is old.",
        "O supervisor do edge-video não responde há {duration}: o que você vê é antigo.",
    ),
    "page.stopping": Text("edge-video is shutting down.", "O edge-video está encerrando."),
    "page.noscript": Text("This page needs JavaScript.", "Esta página precisa de JavaScript."),
    "page.cameras": Text("Cameras", "Câmeras"),
    "page.filter": Text("Filter by name", "Filtrar por nome"),
    "page.only_trouble": Text("Only trouble", "Só problemas"),
    "page.sort": Text("Sort", "Ordenar"),
    "page.sort.trouble": Text("trouble first", "problemas primeiro"),
    "page.sort.name": Text("by name", "por nome"),
    "page.sort.config": Text("as configured", "como configurado"),
    "page.nothing_matches": Text("No camera matches the filter.", "Nenhuma câmera no filtro."),
    "page.language": Text("Language", "Idioma"),
    "page.pictures": Text("Pictures", "Imagens"),
    "page.login": Text("Log in", "Entrar"),
    "page.logout": Text("Log out", "Sair"),
    "page.token": Text("Token", "Token"),
    "page.token_help": Text(
        "The token of http.token in the configuration.",
        "O token de http.token na configuração.",
    ),
    "page.token_wrong": Text("This is not the token.", "Este não é o token."),
    "page.token_later": Text(
        "Too many wrong tokens: try again in {duration}.",
        "Tokens errados demais: tente de novo em {duration}.",
    ),
    "page.cancel": Text("Cancel", "Cancelar"),
    "page.confirm": Text("Yes, {action}", "Sim, {action}"),
    "page.actions_off": Text(
        "Actions are off: no http.token is configured.",
        "Ações desativadas: nenhum http.token configurado.",
    ),
    # The state of a camera: a word beside a colour and a shape.
    "word.OK": Text("streaming", "transmitindo"),
    "word.WARN": Text("no frames", "sem frames"),
    "word.CB_OPEN": Text("failed, waiting", "falhou, aguardando"),
    "word.HALF_OPEN": Text("being tried", "em teste"),
    "word.KEY_WAIT": Text("waiting for a key frame", "aguardando frame-chave"),
    "word.STARTING": Text("starting", "iniciando"),
    "word.STOPPED": Text("stopped", "parada"),
    "word.DISABLED": Text("disabled", "desativada"),
    "since": Text("for {duration}", "há {duration}"),
    "since_at": Text("since {time}", "desde {time}"),
    "fps": Text("{fps} of {target} fps", "{fps} de {target} fps"),
    "fps_history": Text(
        "Frames per second over the last ten minutes, target {target}; now {fps}",
        "Frames por segundo nos últimos dez minutos, meta {target}; agora {fps}",
    ),
    "last_frame": Text("Last frame", "Último frame"),
    "why": Text("Why", "Por quê"),
    "why.WARN": Text("no frame for {duration}", "nenhum frame há {duration}"),
    "no_failure": Text("no failure so far", "nenhuma falha até agora"),
    "last_failure": Text("Last failure", "Última falha"),
    "failures_in_a_row": Text("{count} failures in a row", "{count} falhas seguidas"),
    "doing": Text("Now", "Agora"),
    "can": Text("You can", "Você pode"),
    "size": Text("Size", "Tamanho"),
    "latency": Text("Latency (95 %)", "Latência (95 %)"),
    "received": Text("Received", "Recebidos"),
    "dropped": Text("Dropped", "Descartados"),
    "attempts": Text("Attempts", "Tentativas"),
    "source": Text("Source", "Origem"),
    "details": Text("Details", "Detalhes"),
    "picture_of": Text("Newest picture of {camera}", "Imagem mais recente de {camera}"),
    "picture_old": Text("picture from {ago}", "imagem de {ago}"),
    "no_picture": Text("no picture", "sem imagem"),
    # What the system is doing about it.
    "doing.OK": Text("Everything is in order.", "Tudo em ordem."),
    "doing.WARN": Text(
        "Waits for frames; restarts the stream when none come.",
        "Aguarda frames; reinicia o stream se não vierem.",
    ),
    "doing.CB_OPEN": Text(
        "Leaves the camera alone, tries it again in {countdown}.",
        "Deixa a câmera em paz, tenta de novo em {countdown}.",
    ),
    "doing.CB_OPEN.due": Text("Tries the camera now.", "Tenta a câmera agora."),
    "doing.FORCED": Text(
        "Leaves the camera alone until you reset it.",
        "Deixa a câmera em paz até você fazer o reset.",
    ),
    "doing.HALF_OPEN": Text(
        "Tries the camera once, and waits longer if it fails.",
        "Testa a câmera uma vez, e espera mais se falhar.",
    ),
    "doing.KEY_WAIT": Text(
        "Data arrive; waits for the camera's next key frame.",
        "Dados chegam; aguarda o próximo frame-chave da câmera.",
    ),
    "doing.STARTING": Text("Starts the stream.", "Inicia o stream."),
    "doing.STARTING.again": Text("Tries again at once.", "Tenta de novo imediatamente."),
    "doing.STOPPED": Text("Nothing: stopped on request.", "Nada: parada a pedido."),
    "doing.DISABLED": Text(
        "Nothing: disabled in the configuration.", "Nada: desativada na configuração."
    ),
    "action.retry": Text("Retry now", "Tentar agora"),
    "action.reset": Text("Reset", "Reset"),
    "action.stop": Text("Stop", "Parar"),
    "action.start": Text("Start", "Iniciar"),
    "action.pause": Text("Pause", "Pausar"),
    "action.resume": Text("Resume", "Retomar"),
    "action.force-open": Text("Pause", "Pausar"),
    "action_hint.retry": Text(
        "Cut the wait short: try the camera now", "Encurtar a espera: tentar a câmera agora"
    ),
    "action_hint.reset": Text(
        "Forget the failures, close the breaker, try now",
        "Esquecer as falhas, fechar o breaker, tentar agora",
    ),
    "action_hint.stop": Text("Stop the camera until it is started", "Parar a câmera até iniciar"),
    "action_hint.start": Text("Start the camera", "Iniciar a câmera"),
    "action_hint.pause": Text(
        "Leave the camera alone until it is resumed", "Deixar a câmera em paz até retomar"
    ),
    "action_hint.resume": Text("Try the camera again", "Tentar a câmera de novo"),
    "action_hint.force-open": Text(
        "Leave the camera alone until it is reset", "Deixar a câmera em paz até o reset"
    ),
    "result.done": Text("{camera}: {action}: done", "{camera}: {action}: feito"),
    "result.already": Text(
        "{camera}: {action}: it is so already", "{camera}: {action}: já é assim"
    ),
    "result.rejected": Text(
        "{camera}: refused, the breaker is OPEN", "{camera}: recusado, o breaker está OPEN"
    ),
    "result.not_running": Text("{camera}: it is stopped", "{camera}: está parada"),
    "result.failed": Text(
        "{camera}: {action} failed: {error}", "{camera}: {action} falhou: {error}"
    ),
    "result.logged_in": Text("Logged in", "Sessão iniciada"),
    "publisher": Text("Publisher", "Publisher"),
    "publisher.target": Text("to {target}", "para {target}"),
    "publisher.numbers": Text(
        "{confirmed} confirmed, {errors} errors, {dropped} dropped, {in_flight} in flight",
        "{confirmed} confirmados, {errors} erros, {dropped} descartados, {in_flight} em trânsito",
    ),
    "publisher.losses": Text("losses: {count}", "quedas: {count}"),
    "machine": Text("Machine", "Máquina"),
    "machine.process": Text("edge-video: {cpu} CPU, {ram} MB", "edge-video: {cpu} CPU, {ram} MB"),
    "machine.ffmpeg": Text(
        "FFmpeg ({count}): {cpu} CPU, {ram} MB", "FFmpeg ({count}): {cpu} CPU, {ram} MB"
    ),
    "machine.total": Text(
        "all: {cpu} CPU, {ram} % of {total} GB", "total: {cpu} CPU, {ram} % de {total} GB"
    ),
    "machine.level": Text("Memory level {level}", "Nível de memória {level}"),
    "uptime": Text("up {duration}", "no ar há {duration}"),
    "timeline": Text("Timeline", "Linha do tempo"),
    "timeline.empty": Text("Nothing has happened so far.", "Nada aconteceu até agora."),
    "timeline.times": Text("{count} times since {time}", "{count} vezes desde {time}"),
    "timeline.more": Text("Show more", "Mostrar mais"),
    "entry.camera_failed": Text("Failed: {cause}", "Falhou: {cause}"),
    "entry.breaker_opened": Text("Breaker opened: {cause}", "Breaker abriu: {cause}"),
    "entry.probe_failed": Text("Still failing: {cause}", "Continua falhando: {cause}"),
    "entry.breaker_closed": Text("Recovered, breaker closed", "Recuperada, breaker fechado"),
    "entry.breaker_forced": Text("Paused by the operator", "Pausada pelo operador"),
    "entry.breaker_reset": Text("Reset by the operator", "Reset pelo operador"),
    "entry.camera_streaming": Text("Streaming", "Transmitindo"),
    "entry.camera_stopped": Text("Stopped", "Parada"),
    "entry.camera_started": Text("Started", "Iniciada"),
    "entry.publisher_connected": Text("Publisher connected", "Publisher conectado"),
    "entry.publisher_lost": Text("Publisher lost the broker", "Publisher perdeu o broker"),
    "entry.publisher_blocked": Text("Broker blocks the publisher", "Broker bloqueia o publisher"),
    "entry.command_start": Text("Start was asked for", "Pedido: iniciar"),
    "entry.command_stop": Text("Stop was asked for", "Pedido: parar"),
    "entry.command_retry": Text("A try was asked for", "Pedido: tentar agora"),
    "entry.command_reset": Text("A fresh start was asked for", "Pedido: recomeçar"),
    "entry.command_pause": Text("A pause was asked for", "Pedido: pausar"),
    "entry.command_retry_publisher": Text(
        "Delivery: a try was asked for", "Entrega: pedido de nova tentativa"
    ),
    "entry.memory_level": Text("Memory level {cause}", "Nível de memória {cause}"),
    "entry.actor_restarted": Text("Restarted after a crash", "Reiniciado após uma falha"),
}
