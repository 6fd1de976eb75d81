"""Holds what the page says of the configuration: whether it differs, and what a reload does."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

RELOAD_TEXTS: Final[dict[str, Text]] = {
    "reload": Text("Configuration", "Configuração"),
    "reload.differs": Text(
        "The configuration on disk differs from what runs.",
        "A configuração em disco é diferente da que está em execução.",
    ),
    "reload.refused": Text(
        "The last reload was refused; what ran before goes on.",
        "A última recarga foi recusada; tudo continua como antes.",
    ),
    "reload.refused_at": Text("At {time}, by {who}", "Às {time}, por {who}"),
    "reload.refused_at.alone": Text("At {time}", "Às {time}"),
    "reload.plan": Text("Show plan", "Ver o que muda"),
    "reload.do": Text("Reload", "Recarregar"),
    "reload.hide": Text("Hide", "Ocultar"),
    "reload.asking": Text("Reading the configuration …", "Lendo a configuração …"),
    "reload.off": Text(
        "The page cannot reload it: the configuration that runs has no http.token."
        " Use edge-video reload or SIGHUP.",
        "A página não pode recarregar: a configuração em execução não tem http.token."
        " Use edge-video reload ou SIGHUP.",
    ),
    "reload.result.done": Text(
        "The configuration on disk runs now", "A configuração em disco está em execução"
    ),
    "reload.result.unchanged": Text("Nothing to change", "Nada a mudar"),
    "reload.result.planned": Text("A reload would do this:", "Uma recarga faria isto:"),
    "reload.result.refused": Text(
        "A reload would be refused, and change nothing:",
        "Uma recarga seria recusada e não mudaria nada:",
    ),
    "reload.failed": Text("The reload was refused", "A recarga foi recusada"),
    "reload.plan.none": Text(
        "nothing: the files differ, their meaning does not",
        "nada: os arquivos são diferentes, o significado não",
    ),
    "reload.plan.add": Text("Cameras added", "Câmeras adicionadas"),
    "reload.plan.remove": Text("Cameras removed", "Câmeras removidas"),
    "reload.plan.restart": Text("Cameras that start anew", "Câmeras que reiniciam"),
    "reload.plan.reconnect": Text("Connects anew", "Reconecta"),
    "reload.plan.live": Text("Holds at once, without a gap", "Vale na hora, sem interrupção"),
    "reload.plan.needs_restart": Text(
        "Needs a new start of edge-video", "Exige reiniciar o edge-video"
    ),
    "reload.reason.invalid": Text("it has errors", "há erros nela"),
    "reload.reason.needs_restart": Text(
        "a new start of edge-video is needed", "é preciso reiniciar o edge-video"
    ),
    "reload.reason.not_ready": Text(
        "something that it needs is not there", "falta algo de que ela precisa"
    ),
    "reload.reason.failed": Text("something broke, and was put back", "algo falhou e foi desfeito"),
    "reload.reason.no_file": Text(
        "edge-video was not started from a file", "o edge-video não foi iniciado de um arquivo"
    ),
    "reload.reason.not_kept": Text(
        "edge-video has nowhere to keep it: set state.dir in the configuration and start it anew",
        "o edge-video não tem onde guardar: defina state.dir na configuração e reinicie",
    ),
    "reload.reason.unknown_camera": Text("there is no such camera", "essa câmera não existe"),
    "reload.reason.stopping": Text("edge-video is stopping", "o edge-video está encerrando"),
}
