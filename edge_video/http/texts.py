"""Holds the page's texts in both languages; those of reports are taken from their catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.http.camera_texts import CAMERA_TEXTS
from edge_video.http.edit_texts import EDIT_TEXTS
from edge_video.http.reload_texts import RELOAD_TEXTS
from edge_video.resilience.failures import Cause
from edge_video.runtime.opening_hours import DAYS
from edge_video.text.catalog import TEXTS, Language, Text, lookup

if TYPE_CHECKING:
    from starlette.requests import Request

_FROM_REPORTS: Final = (
    *(f"cause.{cause.value}" for cause in Cause),
    *(f"advice.{cause.value}" for cause in Cause),  # what the operator can do, beyond the buttons
    *(key for key in TEXTS if key.startswith("entry.")),
    *(
        "unchanged",
        "key_wait",
        "key_wait.known",
        "decoded_in_software",
        "exit_status",
        "signal",
        "never",
        "ago",
    ),
    "not_available",
    "closed_until",
    "off_since",
    "off_by_profile",
    "on_node",
    "on_no_node",
    "on_no_node_yet",
    *(f"weekday.{day}" for day in DAYS),
)


def page_texts(language: Language) -> dict[str, str]:
    """Key → text; in a text, `{name}` stands for a fact."""
    own = {key: text.pt_br if language is Language.PT_BR else text.en for key, text in PAGE.items()}
    return {key: lookup(key, language) for key in _FROM_REPORTS} | own


def language_of(request: Request) -> Language:
    """The language in which a request wants to be answered; English where it says nothing."""
    return accepted_language(request.headers.get("accept-language"), Language.EN)


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
    **CAMERA_TEXTS,
    **RELOAD_TEXTS,
    **EDIT_TEXTS,
    "page.skip": Text("Skip to the cameras", "Ir para as câmeras"),
    "page.cameras": Text("Cameras", "Câmeras"),
    "page.filter": Text("Find a camera", "Buscar câmera"),
    "page.states": Text("Show only", "Mostrar só"),
    "page.aside": Text("Timeline and machine", "Linha do tempo e máquina"),
    "page.nothing_matches": Text("No camera matches.", "Nenhuma câmera corresponde."),
    "page.language": Text("Language", "Idioma"),
    "page.pictures": Text("Pictures", "Imagens"),
    "cancel": Text("Cancel", "Cancelar"),
    "uptime": Text("running for {duration}", "em execução há {duration}"),
    # --- logging in -----------------------------------------------------------------------------
    "login": Text("Log in", "Entrar"),
    "logout": Text("Log out", "Sair"),
    "login.needed": Text("Log in to see the cameras", "Entre para ver as câmeras"),
    "login.token": Text("Token", "Token"),
    "login.token_help": Text(
        "It is http.token of the configuration. Ask who installed edge-video for it.",
        "É o http.token da configuração. Peça a quem instalou o edge-video.",
    ),
    "login.wrong": Text("Wrong token.", "Token incorreto."),
    "login.later": Text(
        "Too many wrong tokens. Try again in {duration}.",
        "Muitas tentativas com token incorreto. Tente de novo em {duration}.",
    ),
    "login.done": Text("Logged in", "Sessão iniciada"),
    "actions_off": Text(
        "There are no buttons here: the configuration has no http.token.",
        "Não há botões aqui: a configuração não tem http.token.",
    ),
    # --- the verdict ----------------------------------------------------------------------------
    "verdict.connecting": Text("Connecting to edge-video …", "Conectando ao edge-video …"),
    "verdict.lost": Text("No connection to edge-video", "Sem conexão com o edge-video"),
    "verdict.lost_help": Text(
        "What you see is from {time}. Trying to connect again …",
        "O que você vê é de {time}. Tentando conectar de novo …",
    ),
    "verdict.lost_first": Text(
        "It does not answer. Trying again …", "Ele não responde. Tentando de novo …"
    ),
    "verdict.stale": Text("edge-video does not report any more", "O edge-video parou de informar"),
    "verdict.stale_help": Text(
        "Its page answers, its supervisor does not: what you see is old.",
        "A página responde, o supervisor não: o que você vê é antigo.",
    ),
    "verdict.stopping": Text("edge-video is shutting down", "O edge-video está encerrando"),
    "verdict.all": Text("All {count} cameras stream", "Todas as {count} câmeras transmitem"),
    "verdict.single.healthy": Text("The camera streams", "A câmera transmite"),
    "verdict.single.starting": Text("The camera is starting", "A câmera está iniciando"),
    "verdict.single.slow": Text("The camera is slow", "A câmera está lenta"),
    "verdict.single.trouble": Text("The camera does not stream", "A câmera não transmite"),
    "verdict.single.paused": Text("The camera is paused", "A câmera está pausada"),
    "verdict.single.stopped": Text("The camera is stopped", "A câmera está parada"),
    "verdict.single.disabled": Text("The camera is disabled", "A câmera está desativada"),
    "verdict.single.off_schedule": Text(
        "The camera is closed by schedule or profile",
        "A câmera está fora do horário ou do perfil",
    ),
    "verdict.single.off_expected": Text(
        "The camera is off (expected)", "A câmera está desligada (previsto)"
    ),
    "verdict.single.elsewhere": Text("Another node has the camera", "A câmera está com outro nó"),
    "verdict.elsewhere": Text("{count} on other nodes", "{count} em outros nós"),
    "verdict.elsewhere.one": Text("1 on another node", "1 em outro nó"),
    "verdict.some": Text("{count} of {all} stream", "{count} de {all} transmitem"),
    "verdict.some.one": Text("1 of {all} streams", "1 de {all} transmite"),
    "verdict.none_wanted": Text("No camera is meant to run", "Nenhuma câmera deve transmitir"),
    "verdict.trouble": Text("{count} in trouble", "{count} com problema"),
    "verdict.slow": Text("{count} slow", "{count} lentas"),
    "verdict.slow.one": Text("1 slow", "1 lenta"),
    "verdict.starting": Text("{count} starting", "{count} iniciando"),
    "verdict.paused": Text("{count} paused", "{count} pausadas"),
    "verdict.paused.one": Text("1 paused", "1 pausada"),
    "verdict.stopped": Text("{count} stopped", "{count} paradas"),
    "verdict.stopped.one": Text("1 stopped", "1 parada"),
    "verdict.off_expected": Text("{count} off (expected)", "{count} desligadas (previsto)"),
    "verdict.off_expected.one": Text("1 off (expected)", "1 desligada (previsto)"),
    "verdict.off_schedule": Text(
        "{count} closed by schedule or profile", "{count} fora do horário ou do perfil"
    ),
    "verdict.disabled": Text("{count} disabled", "{count} desativadas"),
    "verdict.disabled.one": Text("1 disabled", "1 desativada"),
    "verdict.delivery.lost.broker": Text("Nothing reaches RabbitMQ", "Nada chega ao RabbitMQ"),
    "verdict.delivery.lost.files": Text("No frame is stored", "Nenhum frame é gravado"),
    "verdict.delivery.blocked.broker": Text(
        "RabbitMQ takes no frames", "O RabbitMQ não aceita frames"
    ),
    "verdict.delivery.blocked.files": Text("No frame is stored", "Nenhum frame é gravado"),
    "verdict.delivery.starting.broker": Text("Connecting to RabbitMQ", "Conectando ao RabbitMQ"),
    "verdict.delivery.starting.files": Text("Opening the folder", "Abrindo a pasta"),
    # --- delivery -------------------------------------------------------------------------------
    "delivery.broker": Text("Delivery to RabbitMQ", "Entrega ao RabbitMQ"),
    "delivery.files": Text("Storing in a folder", "Gravação em pasta"),
    "delivery.retry": Text("Try RabbitMQ now", "Tentar o RabbitMQ agora"),
    "delivery.ok.broker": Text("connected to {target}", "conectada a {target}"),
    "delivery.ok.files": Text("{target}", "{target}"),
    "delivery.lost.broker": Text("not connected: {target}", "sem conexão: {target}"),
    "delivery.lost.files": Text("cannot write: {target}", "não grava: {target}"),
    "delivery.blocked.broker": Text("blocked by {target}", "bloqueada por {target}"),
    "delivery.blocked.files": Text("cannot write: {target}", "não grava: {target}"),
    "delivery.starting.broker": Text("connecting to {target}", "conectando a {target}"),
    "delivery.starting.files": Text("{target}", "{target}"),
    "delivery.down_for": Text("For {duration}", "Há {duration}"),
    "delivery.trying": Text("trying now …", "tentando agora …"),
    "delivery.delivered.broker": Text("{count} frames delivered", "{count} frames entregues"),
    "delivery.delivered.broker.one": Text("1 frame delivered", "1 frame entregue"),
    "delivery.delivered.files": Text("{count} frames stored", "{count} frames gravados"),
    "delivery.delivered.files.one": Text("1 frame stored", "1 frame gravado"),
    "delivery.errors": Text("{count} not confirmed", "{count} sem confirmação"),
    "delivery.dropped": Text(
        "{count} dropped since the start", "{count} descartados desde o início"
    ),
    "delivery.dropped.one": Text("1 dropped since the start", "1 descartado desde o início"),
    "delivery.dropped_5m": Text(
        "{count} dropped in the last 5 minutes", "{count} descartados nos últimos 5 minutos"
    ),
    "delivery.dropped_5m.one": Text(
        "1 dropped in the last 5 minutes", "1 descartado nos últimos 5 minutos"
    ),
    "delivery.unchanged": Text("{count} showed no change", "{count} sem mudança"),
    "delivery.unchanged.one": Text("1 showed no change", "1 sem mudança"),
    "delivery.cost": Text("{count} frames lost", "{count} frames perdidos"),
    "delivery.cost.one": Text("1 frame lost", "1 frame perdido"),
    "delivery.attempts": Text("{count} failed attempts", "{count} tentativas falharam"),
    "delivery.connections_lost": Text(
        "connection lost {count} times", "conexão perdida {count} vezes"
    ),
    "delivery.connections_lost.one": Text("connection lost once", "conexão perdida uma vez"),
    "delivery.last_outage": Text(
        "last outage at {time}: {duration}, {count} frames lost",
        "última queda às {time}: {duration}, {count} frames perdidos",
    ),
    "delivery.last_outage.one": Text(
        "last outage at {time}: {duration}, 1 frame lost",
        "última queda às {time}: {duration}, 1 frame perdido",
    ),
    "machine": Text("This machine", "Esta máquina"),
    "machine.use": Text("{cpu} CPU, {ram}", "{cpu} CPU, {ram}"),
    "machine.ffmpeg": Text("{count}× FFmpeg", "{count}× FFmpeg"),
    "machine.all": Text("All of it", "Total"),
    "machine.total": Text("{cpu} CPU, {ram} of {total} GB", "{cpu} CPU, {ram} de {total} GB"),
    "cpu.short.cores": Text(
        "CPU is short: {used} of {cores} cores. {camera} costs most ({percent} of a core): lower"
        " its fps, or use its substream or hwaccel",
        "CPU insuficiente: {used} de {cores} núcleos. {camera} custa mais ({percent} de um núcleo):"
        " reduza o fps dela, ou use o substream ou hwaccel",
    ),
    "cpu.short.quota": Text(
        "CPU is short: {used} of the {cores} cores of its quota. Raise the quota (CPUQuota=,"
        " --cpus), or make {camera} cheaper, which costs most ({percent} of a core)",
        "CPU insuficiente: {used} dos {cores} núcleos da cota. Aumente a cota (CPUQuota=, --cpus),"
        " ou alivie {camera}, que custa mais ({percent} de um núcleo)",
    ),
    "cpu.short.stolen": Text(
        "CPU is short: {used} of {cores} cores; the hypervisor gives {stolen} to other machines."
        " {camera} costs most ({percent} of a core)",
        "CPU insuficiente: {used} de {cores} núcleos; o hipervisor dá {stolen} a outras máquinas."
        " {camera} custa mais ({percent} de um núcleo)",
    ),
    "cpu.short.others": Text(
        "CPU is short: {used} of {cores} cores; other programs use {others} of them. {camera} costs"
        " most ({percent} of a core)",
        "CPU insuficiente: {used} de {cores} núcleos; outros programas usam {others}. {camera}"
        " custa mais ({percent} de um núcleo)",
    ),
    "cpu.short": Text("CPU is short", "CPU insuficiente"),
    "cpu.enough": Text("CPU is enough again", "CPU suficiente de novo"),
    "memory.normal": Text("Memory is normal again", "Memória normal de novo"),
    "memory.warning": Text("Memory is getting short", "Memória ficando escassa"),
    "memory.critical": Text("Memory is short", "Memória escassa"),
    "memory.emergency": Text(
        "Memory is used up: frames are being dropped", "Memória esgotada: frames sendo descartados"
    ),
    # --- trouble --------------------------------------------------------------------------------
    "trouble": Text("{count} cameras need attention", "{count} câmeras precisam de atenção"),
    "trouble.one": Text("1 camera needs attention", "1 câmera precisa de atenção"),
    "trouble.retry": Text("Retry all {count} now", "Tentar todas as {count} agora"),
    "trouble.more": Text("Show {count} more", "Mostrar mais {count}"),
    "trouble.fewer": Text("Show fewer", "Mostrar menos"),
    "next_try.in": Text("tries in {countdown}", "tenta em {countdown}"),
    "next_try.in_words": Text("next try in {countdown}", "próxima tentativa em {countdown}"),
    "next_try.now": Text("trying now …", "tentando agora …"),
    "next_try.restart": Text("restarts soon", "reinicia em breve"),
    # --- the wall -------------------------------------------------------------------------------
    "state.all": Text("All {count}", "Todas {count}"),
    "state.healthy": Text("Streaming {count}", "Transmitindo {count}"),
    "state.trouble": Text("Trouble {count}", "Problema {count}"),
    "state.slow": Text("Slow {count}", "Lentas {count}"),
    "state.starting": Text("Starting {count}", "Iniciando {count}"),
    "state.paused": Text("Paused {count}", "Pausadas {count}"),
    "state.stopped": Text("Stopped {count}", "Paradas {count}"),
    "state.off_schedule": Text("Closed {count}", "Fora do horário {count}"),
    "state.off_expected": Text("Off (expected) {count}", "Desligadas (previsto) {count}"),
    "state.elsewhere": Text("On other nodes {count}", "Em outros nós {count}"),
    "state.disabled": Text("Disabled {count}", "Desativadas {count}"),
    "group.cameras": Text("{count} cameras", "{count} câmeras"),
    "group.cameras.one": Text("1 camera", "1 câmera"),
    "group.other": Text("Others", "Outras"),
    "office": Text("Wall of pictures", "Mural de imagens"),
    "office.open": Text("Wall", "Mural"),
    "office.close": Text("Close the wall", "Fechar o mural"),
    "office.page": Text("{page} of {pages}", "{page} de {pages}"),
    "picture.of": Text("Newest picture of {camera}", "Imagem mais recente de {camera}"),
    "picture.from": Text("Picture from {time}, {ago}", "Imagem de {time}, {ago}"),
    "picture.none": Text("no picture", "sem imagem"),
    "picture.coming": Text("picture is coming …", "imagem chegando …"),
    # --- actions, and what came of them ---------------------------------------------------------
    "action.retry": Text("Retry now", "Tentar agora"),
    "action.reset": Text("Start over", "Recomeçar"),
    "action.stop": Text("Stop", "Parar"),
    "action.start": Text("Start", "Iniciar"),
    "action.pause": Text("Pause", "Pausar"),
    "action.accept-picture": Text("Accept this view", "Aceitar esta vista"),
    "action.resume": Text("Resume", "Retomar"),
    "action_hint.retry": Text(
        "Do not wait: try the camera now", "Não esperar: tentar a câmera agora"
    ),
    "action_hint.reset": Text(
        "Forget the failures and their waits, and try now",
        "Esquecer as falhas e as esperas, e tentar agora",
    ),
    "action_hint.stop": Text("Stop it until it is started", "Parar até ser iniciada"),
    "action_hint.start": Text("Start the camera", "Iniciar a câmera"),
    "action_hint.pause": Text("No try until it is resumed", "Nada é tentado até retomar"),
    "action_hint.accept-picture": Text(
        "What it shows now is right: learn it anew",
        "O que ela mostra agora está certo: aprender de novo",
    ),
    "action_hint.resume": Text("Try the camera again, now", "Voltar a tentar a câmera, já"),
    "action_sure.pause": Text(
        "It sends no pictures until somebody resumes it.",
        "Ela não envia imagens até alguém retomar.",
    ),
    "outcome.busy": Text("Trying …", "Tentando …"),
    "outcome.trying": Text("{camera}: trying …", "{camera}: tentando …"),
    "outcome.trying_all": Text("Trying {count} cameras …", "Tentando {count} câmeras …"),
    "outcome.not_tried.one": Text(
        "1 of {all} cameras was not tried", "1 de {all} câmeras não foi tentada"
    ),
    "outcome.not_tried": Text(
        "{count} of {all} cameras were not tried", "{count} de {all} câmeras não foram tentadas"
    ),
    "outcome.asking": Text("{camera}: {action} …", "{camera}: {action} …"),
    "outcome.streaming": Text("{camera}: it streams again", "{camera}: transmite de novo"),
    "outcome.still_trying": Text(
        "{camera}: no answer yet, still trying", "{camera}: sem resposta ainda, tentando"
    ),
    "outcome.failed": Text("{camera}: still {cause}", "{camera}: continua: {cause}"),
    "outcome.retry.done": Text("{camera}: tried", "{camera}: tentativa feita"),
    "outcome.retry.already": Text(
        "{camera}: it is being tried already", "{camera}: já está em teste"
    ),
    "outcome.reset.done": Text("{camera}: starts over", "{camera}: recomeça"),
    "outcome.reset.already": Text(
        "{camera}: there is nothing to forget", "{camera}: não há o que esquecer"
    ),
    "outcome.stop.done": Text("{camera}: stopped", "{camera}: parada"),
    "outcome.stop.already": Text("{camera}: is stopped already", "{camera}: já está parada"),
    "outcome.start.done": Text("{camera}: starts", "{camera}: inicia"),
    "outcome.start.already": Text("{camera}: runs already", "{camera}: já está em execução"),
    "outcome.pause.done": Text("{camera}: paused", "{camera}: pausada"),
    "outcome.pause.already": Text("{camera}: is paused already", "{camera}: já está pausada"),
    "outcome.accept-picture.done": Text("{camera}: view accepted", "{camera}: vista aceita"),
    "outcome.accept-picture.already": Text(
        "{camera}: view accepted already", "{camera}: vista já aceita"
    ),
    "outcome.resume.done": Text("{camera}: resumed", "{camera}: retomada"),
    "outcome.resume.already": Text("{camera}: is not paused", "{camera}: não está pausada"),
    "outcome.rejected": Text("{camera}: not now", "{camera}: agora não"),
    "outcome.not_running": Text("{camera}: it is stopped", "{camera}: está parada"),
    "outcome.off_schedule": Text(
        "{camera}: it starts when its schedule opens", "{camera}: inicia quando chegar o horário"
    ),
    "outcome.off_expected": Text(
        "{camera}: still off (expected)", "{camera}: continua desligada (previsto)"
    ),
    "outcome.elsewhere": Text("{camera}: another node has it", "{camera}: está com outro nó"),
    "outcome.off_by_profile": Text(
        "{camera}: off by profile {profile}", "{camera}: desligada pelo perfil {profile}"
    ),
    "profile.label": Text("Profile", "Perfil"),
    "profile.none": Text("no profile", "nenhum perfil"),
    "outcome.profile.trying": Text("Changing the profile …", "Trocando de perfil …"),
    "outcome.profile.done": Text("The profile applies now", "O perfil está valendo"),
    "outcome.profile.already": Text("The profile applies already", "O perfil já está valendo"),
    "outcome.profile.unknown_target": Text(
        "There is no such profile any more", "Esse perfil não existe mais"
    ),
    "outcome.unknown_target": Text(
        "{camera}: there is no such camera", "{camera}: essa câmera não existe"
    ),
    "outcome.not_allowed": Text("{camera}: not allowed", "{camera}: não permitido"),
    "outcome.publisher.trying": Text("RabbitMQ: trying …", "RabbitMQ: tentando …"),
    "outcome.publisher.connected": Text("RabbitMQ: connected", "RabbitMQ: conectado"),
    "outcome.publisher.failed": Text("RabbitMQ: still {cause}", "RabbitMQ: continua: {cause}"),
    "outcome.publisher.still_trying": Text(
        "RabbitMQ: no answer yet, still trying", "RabbitMQ: sem resposta ainda, tentando"
    ),
    "problem.no_answer": Text(
        "edge-video did not answer. Nothing is known to have changed.",
        "O edge-video não respondeu. Não se sabe se algo mudou.",
    ),
    "problem.failed": Text("That did not work.", "Não funcionou."),
    "problem.403": Text(
        "This is not allowed: the configuration has no http.token.",
        "Não permitido: a configuração não tem http.token.",
    ),
    "problem.429": Text(
        "Too many requests. Wait a moment.", "Requisições demais. Aguarde um momento."
    ),
    "problem.503": Text(
        "edge-video is busy or shutting down. Try again in a moment.",
        "O edge-video está ocupado ou encerrando. Tente de novo em instantes.",
    ),
    "problem.504": Text(
        "edge-video has not answered yet; it may still do it.",
        "O edge-video ainda não respondeu; talvez ainda o faça.",
    ),
    # --- the timeline ---------------------------------------------------------------------------
    "timeline": Text("Timeline", "Linha do tempo"),
    "timeline.empty": Text("Nothing has happened so far.", "Nada aconteceu até agora."),
    "timeline.times": Text("{count} times since {time}", "{count} vezes desde {time}"),
    "timeline.more": Text("Show more", "Mostrar mais"),
    "timeline.by": Text("by {who}", "por {who}"),
    "timeline.lasted": Text("after {duration}", "após {duration}"),
    # What is drawn with a sentence of its own; the other kinds are those of the report.
    "entry.memory_level": Text("{cause}", "{cause}"),
    "entry.cpu_shortage": Text("{cause}", "{cause}"),
}
