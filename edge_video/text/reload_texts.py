"""Holds the texts of the answers to a reload and to a change of profile, in both languages."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

_OLD: Final = ("; the old one goes on", "; a antiga continua valendo")

RELOAD_TEXTS: Final[dict[str, Text]] = {
    "profile.done.one": Text("Profile {name} applies.", "O perfil {name} está valendo."),
    "profile.done.none": Text(
        "No profile applies: all cameras are on.", "Nenhum perfil vale: todas as câmeras ligadas."
    ),
    "profile.already.one": Text(
        "Profile {name} applies already.", "O perfil {name} já está valendo."
    ),
    "profile.already.none": Text(
        "No profile applied before either.", "Nenhum perfil valia antes também."
    ),
    "profile.unknown": Text(
        "there is no profile {name}; known: {known}", "não existe o perfil {name}; existem: {known}"
    ),
    "reload.done": Text("Reloaded.", "Configuração recarregada."),
    "reload.unchanged": Text(
        "Nothing has changed: what runs is what the files say.",
        "Nada mudou: o que está em execução é o que os arquivos dizem.",
    ),
    "reload.planned": Text(
        "Nothing was changed. A reload would do this:",
        "Nada foi alterado. Recarregar faria isto:",
    ),
    "reload.refused.invalid": Text(
        f"Refused: the configuration has errors{_OLD[0]}.",
        f"Recusado: a configuração tem erros{_OLD[1]}.",
    ),
    "reload.refused.needs_restart": Text(
        f"Refused: keys have changed that only a new start takes over{_OLD[0]}.",
        f"Recusado: mudaram chaves que só valem reiniciando o programa{_OLD[1]}.",
    ),
    "reload.refused.not_ready": Text(
        f"Refused: something that the new configuration needs is not there{_OLD[0]}.",
        f"Recusado: falta algo de que a nova configuração precisa{_OLD[1]}.",
    ),
    "reload.refused.failed": Text(
        "Refused: it failed half-way, and the old configuration was put back.",
        "Recusado: falhou no meio do caminho, e a configuração antiga foi restabelecida.",
    ),
    "reload.refused.no_file": Text(
        "Refused: this system was not started from a file.",
        "Recusado: este sistema não foi iniciado a partir de um arquivo.",
    ),
    "reload.refused.stopping": Text(
        "Refused: the system is stopping.", "Recusado: o sistema está parando."
    ),
    "reload.refused.unknown_camera": Text(
        "Refused: there is no such camera.", "Recusado: essa câmera não existe."
    ),
    "reload.plan.add": Text("new cameras: {names}", "câmeras novas: {names}"),
    "reload.plan.remove": Text("cameras that go: {names}", "câmeras removidas: {names}"),
    "reload.plan.restart": Text("cameras that start anew: {names}", "câmeras reiniciadas: {names}"),
    "reload.plan.reconnect": Text(
        "connects to the broker anew: {names}", "reconecta ao broker: {names}"
    ),
    "reload.plan.live": Text("holds at once: {names}", "vale na hora: {names}"),
    "reload.plan.needs_restart": Text(
        "needs a new start: {names}", "exige reiniciar o programa: {names}"
    ),
}
