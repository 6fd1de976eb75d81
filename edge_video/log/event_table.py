"""Holds the one table of the log's events: name, level, and the text in both languages.

A new event is one row here; its fields are what its text names in braces. docs/log-events.md is
made from this table. The names are public.
"""

from __future__ import annotations

import logging
import string
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_video.text.language import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

_DEBUG: Final = logging.DEBUG
_INFO: Final = logging.INFO
_WARNING: Final = logging.WARNING
_ERROR: Final = logging.ERROR
_CRITICAL: Final = logging.CRITICAL


@dataclass(frozen=True, slots=True)
class EventSpec:
    """What belongs to an event.

    Attributes:
        level: that of `logging`; see `level_of` for the events whose level depends on a field.
        text: what is shown; `{name}` stands for a field.
        variants: texts for some values of the fields, by the name that `events` chooses.
        optional: fields that may come besides those of the texts.
    """

    level: int
    text: Text
    variants: Mapping[str, Text] = field(default_factory=dict)
    optional: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[Text, ...]:
        """The text and its variants."""
        return (self.text, *self.variants.values())

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, in the order of the text."""
        named = (
            name
            for text in self.texts
            for _, name, _, _ in string.Formatter().parse(text.en)
            if name
        )
        return tuple(dict.fromkeys(named))


class LogEvent(StrEnum):
    """The events that are logged; the value is the name in JSON lines, `spec` all else."""

    spec: EventSpec

    def __new__(  # noqa: PLR0917 - the columns of a row
        cls,
        name: str,
        level: int,
        en: str,
        pt_br: str,
        variants: dict[str, Text] | None = None,
        optional: tuple[str, ...] = (),
    ) -> Self:
        """Make a member of a row: name, level, text in English and in Portuguese."""
        event = str.__new__(cls, name)
        event._value_ = name
        event.spec = EventSpec(level, Text(en, pt_br), variants or {}, optional)
        return event

    PROGRAM_STARTED = (
        "program_started",
        _INFO,
        "edge-video {version} started: cameras: {cameras}, to {sink}, configuration: {config}",
        "edge-video {version} iniciado: câmeras: {cameras}, para {sink}, configuração: {config}",
    )
    CONFIG_NOTE = ("config_note", _INFO, "Configuration: {text}", "Configuração: {text}")
    CONFIG_RELOADED = (
        "config_reloaded",
        _INFO,
        (
            "Configuration reloaded ({origin}): cameras added: {added}, removed: {removed},"
            " restarted: {restarted}; changed: {keys}"
        ),
        (
            "Configuração recarregada ({origin}): câmeras adicionadas: {added}, removidas:"
            " {removed}, reiniciadas: {restarted}; alterado: {keys}"
        ),
    )
    CONFIG_UNCHANGED = (
        "config_unchanged",
        _INFO,
        "Configuration reloaded ({origin}): nothing has changed",
        "Configuração recarregada ({origin}): nada mudou",
    )
    CONFIG_INVALID = (
        "config_invalid",
        _ERROR,
        "Configuration not reloaded ({origin}), the old one goes on: {details}",
        "Configuração não recarregada ({origin}), a antiga continua valendo: {details}",
    )
    CONFIG_NEEDS_RESTART = (
        "config_needs_restart",
        _ERROR,
        (
            "Configuration not reloaded ({origin}), the old one goes on: only a new start of"
            " the program takes over {details}"
        ),
        (
            "Configuração não recarregada ({origin}), a antiga continua valendo: só reiniciando"
            " o programa passa a valer {details}"
        ),
    )
    CONFIG_RELOAD_FAILED = (
        "config_reload_failed",
        _ERROR,
        "Configuration not reloaded ({origin}), the old one was put back: {details}",
        "Configuração não recarregada ({origin}), a antiga foi restabelecida: {details}",
    )
    STATE_NOT_KEPT = (
        "state_not_kept",
        _ERROR,
        "Which cameras are stopped or paused cannot be kept in {path}: {reason}",
        "Não é possível guardar em {path} quais câmeras estão paradas ou pausadas: {reason}",
    )
    CAMERA_REMOVED = (
        "camera_removed",
        _INFO,
        "[{camera_id}] Camera removed from the configuration",
        "[{camera_id}] Câmera removida da configuração",
    )
    CAMERA_UNOWNED = (
        "camera_unowned",
        _WARNING,
        "[{camera_id}] No node of the cluster has captured it for {lasted_s}",
        "[{camera_id}] Nenhum nó do cluster a captura há {lasted_s}",
    )
    CAMERA_OWNED = (
        "camera_owned",
        _INFO,
        "[{camera_id}] A node captures it again, after {lasted_s} without one",
        "[{camera_id}] Um nó voltou a capturá-la, após {lasted_s} sem nenhum",
    )
    CAMERA_CONNECTING = (
        "camera_connecting",
        _DEBUG,
        "[{camera_id}] Connecting to {url} (attempt {attempt})",
        "[{camera_id}] Conectando a {url} (tentativa {attempt})",
    )
    CAMERA_STREAMING = (
        "camera_streaming",
        _INFO,
        "[{camera_id}] Streaming {width}x{height}, first frame after {after_s}",
        "[{camera_id}] Transmitindo {width}x{height}, primeiro frame após {after_s}",
    )
    CAMERA_BACK = (
        "camera_back",
        _INFO,
        "[{camera_id}] Back after {away_s}; failed attempts: {failures}",
        "[{camera_id}] De volta após {away_s}; tentativas sem êxito: {failures}",
        {
            "first": Text(
                "[{camera_id}] Sends pictures, {away_s} after its first failure;"
                " failed attempts: {failures}",
                "[{camera_id}] Envia imagens, {away_s} após a primeira falha;"
                " tentativas sem êxito: {failures}",
            )
        },
        ("is_return",),
    )
    CAMERA_RESIZED = (
        "camera_resized",
        _INFO,
        (
            "[{camera_id}] The camera's pictures changed from {before} to {after}; frames"
            " are {width}x{height}"
        ),
        (
            "[{camera_id}] As imagens da câmera mudaram de {before} para {after}; os"
            " frames têm {width}x{height}"
        ),
    )
    CAMERA_HARDWARE_FAILED = (
        "camera_hardware_failed",
        _WARNING,
        (
            "[{camera_id}] The CPU decodes its pictures: {hwaccel} failed ({reason}); it is tried"
            " again in {retry_s}, later each time"
        ),
        (
            "[{camera_id}] A CPU decodifica as imagens: {hwaccel} falhou ({reason}); nova tentativa"
            " em {retry_s}, depois cada vez mais tarde"
        ),
    )
    CAMERA_HARDWARE_AGAIN = (
        "camera_hardware_again",
        _INFO,
        "[{camera_id}] {hwaccel} decodes its pictures again",
        "[{camera_id}] {hwaccel} voltou a decodificar as imagens",
    )
    HARDWARE_WORKS = (
        "hardware_works",
        _INFO,
        "hwaccel: {hwaccel} decodes on this machine",
        "hwaccel: {hwaccel} decodifica nesta máquina",
    )
    HARDWARE_ABSENT = (
        "hardware_absent",
        _INFO,
        "hwaccel: {hwaccel} finds no hardware that decodes here, so the CPU does it: {reason}",
        (
            "hwaccel: {hwaccel} não encontra hardware que decodifique aqui, então a CPU faz isso:"
            " {reason}"
        ),
    )
    HARDWARE_FAILS = (
        "hardware_fails",
        _WARNING,
        (
            "hwaccel: {hwaccel} does not work on this machine, so the CPU decodes: {reason}; it is"
            " tried again in {retry_s}, later each time"
        ),
        (
            "hwaccel: {hwaccel} não funciona nesta máquina, então a CPU decodifica: {reason}; nova"
            " tentativa em {retry_s}, depois cada vez mais tarde"
        ),
    )
    CAMERA_WAITS_FOR_KEY_FRAME = (
        "camera_waits_for_key_frame",
        _WARNING,
        (
            "[{camera_id}] Data arrive, waiting for a key frame: {waited_s} so far,"
            " {limit_s} at most (key_frame_timeout)"
        ),
        (
            "[{camera_id}] Dados chegam, aguardando um frame-chave: {waited_s} até agora,"
            " no máximo {limit_s} (key_frame_timeout)"
        ),
        {
            "known": Text(
                "[{camera_id}] Data arrive, waiting for a key frame: {waited_s} so far, the"
                " camera sends one every {interval_s} or so",
                "[{camera_id}] Dados chegam, aguardando um frame-chave: {waited_s} até agora,"
                " a câmera envia um a cada {interval_s} mais ou menos",
            )
        },
    )
    CAMERA_FAILED = (
        "camera_failed",
        _ERROR,
        "[{camera_id}] ERROR reading: {failure}",
        "[{camera_id}] ERRO ao ler: {failure}",
    )
    CAMERA_SESSION_ENDED = (
        "camera_session_ended",
        _INFO,
        "[{camera_id}] Session ended again, after {after_s} ({failure}); connecting anew at once",
        "[{camera_id}] Sessão encerrada de novo, após {after_s} ({failure}); reconectando já",
    )
    CAMERA_RETRYING = (
        "camera_retrying",
        _INFO,
        "[{camera_id}] Trying to reconnect FFmpeg (state: {state})...",
        "[{camera_id}] Tentando reconectar FFmpeg (estado: {state})...",
    )
    CAMERA_PROTECTED = (
        "camera_protected",
        _WARNING,
        (
            "[{camera_id}] The camera refuses the password: next try only in {wait_s}, so"
            " that the account is not locked out. Check the user and the password in the"
            " configuration."
        ),
        (
            "[{camera_id}] A câmera recusa a senha: nova tentativa só em {wait_s}, para"
            " que a conta não seja bloqueada. Verifique usuário e senha na configuração."
        ),
    )
    CAMERA_STARTED = (
        "camera_started",
        _INFO,
        "[{camera_id}] Camera started",
        "[{camera_id}] Câmera iniciada",
    )
    CAMERA_STOPPED = (
        "camera_stopped",
        _INFO,
        "[{camera_id}] Camera stopped",
        "[{camera_id}] Câmera parada",
    )
    PICTURE_WRONG = (
        "picture_wrong",
        _WARNING,
        "[{camera_id}] Picture is {state}",
        "[{camera_id}] Imagem: {state}",
        {
            "frozen": Text(
                "[{camera_id}] Picture is frozen: each is equal to the one before",
                "[{camera_id}] Imagem congelada: cada uma é igual à anterior",
            ),
            "nearly_frozen": Text(
                "[{camera_id}] Picture is nearly frozen: only a small part of it changes",
                "[{camera_id}] Imagem quase congelada: só uma pequena parte muda",
            ),
            "black": Text("[{camera_id}] Picture is black", "[{camera_id}] Imagem preta"),
            "white": Text("[{camera_id}] Picture is white", "[{camera_id}] Imagem branca"),
            "grey": Text(
                "[{camera_id}] Picture is grey: its stream cannot be decoded whole",
                "[{camera_id}] Imagem cinza: a transmissão não pode ser decodificada por inteiro",
            ),
            "covered": Text(
                "[{camera_id}] Picture has lost its detail: lens covered or out of focus",
                "[{camera_id}] Imagem sem detalhes: lente coberta ou fora de foco",
            ),
            "moved": Text(
                "[{camera_id}] Picture shows another scene: camera moved, or its view blocked",
                "[{camera_id}] Imagem mostra outra cena: câmera movida ou visão obstruída",
            ),
        },
    )
    PICTURE_LIVE = (
        "picture_live",
        _INFO,
        "[{camera_id}] Picture is right again, after {lasted_s}",
        "[{camera_id}] Imagem normal de novo, após {lasted_s}",
    )
    CAMERA_CLOSED = (
        "camera_closed",
        _INFO,
        "[{camera_id}] Camera closed by its schedule until {opens_at}",
        "[{camera_id}] Câmera fora do horário até {opens_at}",
    )
    CAMERA_OPENED = (
        "camera_opened",
        _INFO,
        "[{camera_id}] Camera opened by its schedule",
        "[{camera_id}] Câmera no horário: iniciada",
    )
    CAMERA_OFF = (
        "camera_off",
        _INFO,
        "[{camera_id}] Camera is off (expected)",
        "[{camera_id}] Câmera desligada (previsto)",
    )
    CAMERA_ON = (
        "camera_on",
        _INFO,
        "[{camera_id}] Camera is on again, after {away_s} off",
        "[{camera_id}] Câmera ligada de novo, após {away_s} desligada",
    )
    CAMERA_OFF_BY_PROFILE = (
        "camera_off_by_profile",
        _INFO,
        "[{camera_id}] Camera off by profile {profile}",
        "[{camera_id}] Câmera desligada pelo perfil {profile}",
    )
    CAMERA_ON_BY_PROFILE = (
        "camera_on_by_profile",
        _INFO,
        "[{camera_id}] Camera on again: no profile keeps it off",
        "[{camera_id}] Câmera ligada: nenhum perfil a desliga",
    )
    PROFILE_GONE = (
        "profile_gone",
        _WARNING,
        "Profile {profile} is configured no more: none applies, all cameras are on",
        "O perfil {profile} não existe mais na configuração: nenhum vale, todas as câmeras ligadas",
    )
    CAMERA_START_REJECTED = (
        "camera_start_rejected",
        _WARNING,
        "[{camera_id}] Start refused, circuit breaker OPEN: next try in {retry_in_s}",
        "[{camera_id}] Início recusado, circuit breaker OPEN: nova tentativa em {retry_in_s}",
        {
            "forced": Text(
                "[{camera_id}] Start refused, circuit breaker held OPEN by the operator until"
                " it is reset",
                "[{camera_id}] Início recusado, circuit breaker mantido OPEN pelo operador"
                " até ser liberado",
            )
        },
    )
    BREAKER_CHANGED = (
        "breaker_changed",
        _INFO,
        (
            "🔴 Circuit Breaker [{camera_id}]: {before} → {after} (failures: {failures},"
            " backoff: {backoff_s})"
        ),
        (
            "🔴 Circuit Breaker [{camera_id}]: {before} → {after} (falhas: {failures},"
            " backoff: {backoff_s})"
        ),
        {
            "HALF_OPEN": Text(
                "🟡 Circuit Breaker [{camera_id}]: {before} → {after}",
                "🟡 Circuit Breaker [{camera_id}]: {before} → {after}",
            ),
            "CLOSED": Text(
                "🟢 Circuit Breaker [{camera_id}]: {before} → {after}",
                "🟢 Circuit Breaker [{camera_id}]: {before} → {after}",
            ),
        },
    )
    BREAKER_FORGIVEN = (
        "breaker_forgiven",
        _INFO,
        (
            "[{camera_id}] Circuit breaker was {before}: its failures are forgotten, as nothing is"
            " asked of the camera here now"
        ),
        (
            "[{camera_id}] O circuit breaker estava {before}: as falhas foram esquecidas, pois nada"
            " se pede à câmera aqui agora"
        ),
    )
    BREAKER_WAITING = (
        "breaker_waiting",
        _WARNING,
        "[{camera_id}] Circuit breaker OPEN - waiting {wait_s} before retry...",
        "[{camera_id}] Circuit breaker OPEN - aguardando {wait_s} antes de retry...",
    )
    BREAKER_FORCED = (
        "breaker_forced",
        _WARNING,
        "[{camera_id}] Circuit breaker held OPEN by the operator until it is reset",
        "[{camera_id}] Circuit breaker mantido OPEN pelo operador até ser liberado",
    )
    COMMAND_EXECUTED = (
        "command_executed",
        _INFO,
        "[{target}] Command {command}: {result} (by {origin})",
        "[{target}] Comando {command}: {result} (por {origin})",
        {
            "unnamed": Text(
                "[{target}] Command {command}: {result}",
                "[{target}] Comando {command}: {result}",
            ),
            "more": Text(
                (
                    "[{target}] Command {command}: {result} (by {origin}); {held_back} more lines"
                    " about commands were held back"
                ),
                (
                    "[{target}] Comando {command}: {result} (por {origin}); outras {held_back}"
                    " linhas sobre comandos foram omitidas"
                ),
            ),
        },
    )
    COMMANDS_TAKEN = (
        "commands_taken",
        _INFO,
        "Commands for {node} are taken on exchange {exchange}",
        "Comandos para {node} são aceitos no exchange {exchange}",
    )
    COMMANDS_NAME_TAKEN = (
        "commands_name_taken",
        _ERROR,
        (
            "Another program that is called {node} takes commands on this broker: this one takes"
            " none until it ends; give each node a name of its own"
        ),
        (
            "Outro programa chamado {node} aceita comandos neste broker: este não aceita nenhum"
            " até que o outro termine; dê um nome próprio a cada nó"
        ),
    )
    COMMAND_REFUSED = (
        "command_refused",
        _WARNING,
        "Command {command} refused ({reason}): {detail} (by {origin})",
        "Comando {command} recusado ({reason}): {detail} (por {origin})",
        {
            "more": Text(
                (
                    "Command {command} refused ({reason}): {detail} (by {origin}); {held_back} more"
                    " lines about commands were held back"
                ),
                (
                    "Comando {command} recusado ({reason}): {detail} (por {origin}); outras"
                    " {held_back} linhas sobre comandos foram omitidas"
                ),
            )
        },
    )
    COMMAND_UNANSWERED = (
        "command_unanswered",
        _WARNING,
        "The answer to command {request} found nobody: there is no queue {queue} any more",
        "A resposta ao comando {request} não encontrou ninguém: a fila {queue} não existe mais",
    )
    BREAKER_RESET = (
        "breaker_reset",
        _INFO,
        "[{camera_id}] Circuit breaker reset by the operator",
        "[{camera_id}] Circuit breaker zerado pelo operador",
    )
    BINARY_MISSING = (
        "binary_missing",
        _ERROR,
        "FFmpeg not found, no camera can start: {detail}",
        "FFmpeg não encontrado, nenhuma câmera pode iniciar: {detail}",
    )
    PUBLISHER_CONNECTED = (
        "publisher_connected",
        _INFO,
        "Publisher connected to {target}",
        "Publisher conectado a {target}",
        {
            "again": Text(
                "Publisher connected to {target} again after {away_s};"
                " frames dropped meanwhile: {dropped}",
                "Publisher conectado a {target} novamente após {away_s};"
                " frames descartados nesse período: {dropped}",
            ),
            "late": Text(
                "Publisher connected to {target} after {away_s};"
                " frames dropped meanwhile: {dropped}",
                "Publisher conectado a {target} após {away_s};"
                " frames descartados nesse período: {dropped}",
            ),
        },
        ("again",),
    )
    PUBLISHER_LOST = (
        "publisher_lost",
        _ERROR,
        "Publisher not connected: {reason}; next try in {retry_in_s}",
        "Publisher sem conexão: {reason}; nova tentativa em {retry_in_s}",
        {
            "still": Text(
                "Publisher not connected for {away_s}, failed attempts: {tries}: {reason};"
                " next try in {retry_in_s}",
                "Publisher sem conexão há {away_s}, tentativas sem êxito: {tries}: {reason};"
                " nova tentativa em {retry_in_s}",
            )
        },
    )
    PUBLISHER_TRY_FAILED = (
        "publisher_try_failed",
        _DEBUG,
        "Publisher still not connected: {reason}; next try in {retry_in_s}",
        "Publisher ainda sem conexão: {reason}; nova tentativa em {retry_in_s}",
    )
    PUBLISHER_BLOCKED = (
        "publisher_blocked",
        _WARNING,
        "Publisher blocked, frames wait: {reason}",
        "Publisher bloqueado, frames aguardam: {reason}",
    )
    PUBLISHER_UNBLOCKED = (
        "publisher_unblocked",
        _INFO,
        "Publisher no longer blocked after {blocked_s}; frames dropped meanwhile: {dropped}",
        (
            "Publisher não está mais bloqueado após {blocked_s};"
            " frames descartados nesse período: {dropped}"
        ),
    )
    ROUTE_REFUSED = (
        "route_refused",
        _ERROR,
        "Route {route} refused: {reason}; its frames are lost, next try in {retry_in_s}",
        "Rota {route} recusada: {reason}; seus frames se perdem, nova tentativa em {retry_in_s}",
    )
    EVENTS_REFUSED = (
        "events_refused",
        _ERROR,
        "Events for exchange {route} refused: {reason}; they wait, next try in {retry_in_s}",
        (
            "Eventos para o exchange {route} recusados: {reason}; eles aguardam, nova"
            " tentativa em {retry_in_s}"
        ),
    )
    FRAMES_REFUSED = (
        "frames_refused",
        _ERROR,
        "[{camera_id}] The broker refuses its frames: {reason}; next try in {retry_in_s}",
        "[{camera_id}] O broker recusa seus frames: {reason}; nova tentativa em {retry_in_s}",
    )
    FRAMES_TOO_LARGE = (
        "frames_too_large",
        _ERROR,
        "[{camera_id}] Frames are too large for the broker and are dropped: {reason}",
        "[{camera_id}] Frames grandes demais para o broker são descartados: {reason}",
    )
    FRAMES_UNROUTABLE = (
        "frames_unroutable",
        _WARNING,
        (
            "Frames not accepted: returned (no queue is bound): {returned}, nacked:"
            " {nacked}; for example route {route}"
        ),
        (
            "Frames não aceitos: devolvidos (nenhuma fila ligada): {returned}, recusados:"
            " {nacked}; por exemplo rota {route}"
        ),
    )
    FOREIGN_CAMERA = (
        "foreign_camera",
        _INFO,
        "[{camera_id}] Its frames come as messages",
        "[{camera_id}] Seus frames chegam como mensagens",
    )
    FRAME_MESSAGE_REFUSED = (
        "frame_message_refused",
        _WARNING,
        "A frame of {sender} that came as a message is refused: {reason}",
        "Um frame de {sender} que chegou como mensagem é recusado: {reason}",
    )
    EVENTS_LOST = (
        "events_lost",
        _WARNING,
        "Events for the broker: dropped {dropped}, refused {refused}, still waiting {waiting}",
        (
            "Eventos para o broker: descartados {dropped}, recusados {refused}, ainda"
            " aguardando {waiting}"
        ),
    )
    MEMORY_LEVEL_CHANGED = (
        "memory_level_changed",
        _WARNING,
        "Memory {level}: {used_mb} of {limit_mb} MB ({percent}%)",
        "Memória em nível {level}: {used_mb} de {limit_mb} MB ({percent}%)",
        {
            "normal": Text(
                "Memory {level}: {used_mb} of {limit_mb} MB ({percent}%) after {short_s};"
                " frames dropped for it meanwhile: {dropped}",
                "Memória em nível {level}: {used_mb} de {limit_mb} MB ({percent}%) após {short_s};"
                " frames descartados por isso nesse período: {dropped}",
            ),
            "critical": Text(
                "Memory {level}: {used_mb} of {limit_mb} MB ({percent}%);"
                " of each camera only the newest frame waits",
                "Memória em nível {level}: {used_mb} de {limit_mb} MB ({percent}%);"
                " de cada câmera só o frame mais novo espera",
            ),
            "emergency": Text(
                "Memory {level}: {used_mb} of {limit_mb} MB ({percent}%);"
                " of each camera one frame a second is taken, all others are dropped",
                "Memória em nível {level}: {used_mb} de {limit_mb} MB ({percent}%);"
                " de cada câmera se aceita um frame por segundo, os outros são descartados",
            ),
        },
        ("before",),
    )
    MEMORY_DROPS = (
        "memory_drops",
        _WARNING,
        "Frames dropped to save memory: {dropped} in the last {period_s}",
        "Frames descartados para poupar memória: {dropped} nos últimos {period_s}",
    )
    CPU_SHORT = (
        "cpu_short",
        _WARNING,
        (
            "CPU is short: {percent}% of {cores} cores used for a minute, slow cameras: {slow};"
            " {dearest} costs most ({dearest_percent}% of a core): lower its fps, or use its"
            " substream or hwaccel"
        ),
        (
            "CPU insuficiente: {percent}% de {cores} núcleos em uso por um minuto, câmeras lentas:"
            " {slow}; {dearest} custa mais ({dearest_percent}% de um núcleo): reduza o fps dela, ou"
            " use o substream ou hwaccel"
        ),
        {
            "quota": Text(
                "CPU is short: {percent}% of the {cores} cores that the control group allows used"
                " for a minute, slow cameras: {slow}; raise the quota (CPUQuota=, --cpus), or make"
                " {dearest} cheaper, which costs most ({dearest_percent}% of a core)",
                "CPU insuficiente: {percent}% dos {cores} núcleos que o cgroup permite em uso por"
                " um minuto, câmeras lentas: {slow}; aumente a cota (CPUQuota=, --cpus), ou alivie"
                " {dearest}, que custa mais ({dearest_percent}% de um núcleo)",
            ),
            "stolen": Text(
                "CPU is short: {percent}% of {cores} cores used for a minute, slow cameras: {slow};"
                " the hypervisor gives {stolen_percent}% of the CPU to other machines. {dearest}"
                " costs most ({dearest_percent}% of a core)",
                "CPU insuficiente: {percent}% de {cores} núcleos em uso por um minuto, câmeras"
                " lentas: {slow}; o hipervisor dá {stolen_percent}% da CPU a outras máquinas."
                " {dearest} custa mais ({dearest_percent}% de um núcleo)",
            ),
            "others": Text(
                "CPU is short: {percent}% of {cores} cores used for a minute, slow cameras: {slow};"
                " other programs use {others_cores} cores of it. {dearest} costs most"
                " ({dearest_percent}% of a core)",
                "CPU insuficiente: {percent}% de {cores} núcleos em uso por um minuto, câmeras"
                " lentas: {slow}; outros programas usam {others_cores} núcleos. {dearest} custa"
                " mais ({dearest_percent}% de um núcleo)",
            ),
        },
        ("bound", "ffmpegs_waiting_percent"),
    )
    CPU_ENOUGH = (
        "cpu_enough",
        _INFO,
        "CPU is enough again after {lasted_s}; slow cameras: {slow}",
        "CPU suficiente de novo após {lasted_s}; câmeras lentas: {slow}",
    )
    FFMPEG_LIMITS = (
        "ffmpeg_limits",
        _INFO,
        (
            "The use of each FFmpeg is measured each second, and it is ended beyond its limits;"
            " no control group for each: {reason}"
        ),
        (
            "O uso de cada FFmpeg é medido a cada segundo, e ele é encerrado além dos seus limites;"
            " sem um cgroup para cada: {reason}"
        ),
        {
            "cgroup": Text(
                "A control group for each FFmpeg keeps it within its limits",
                "Um cgroup para cada FFmpeg o mantém dentro dos seus limites",
            ),
            "rlimit": Text(
                "The use of each FFmpeg is measured each second, and it is ended beyond its limits;"
                " the kernel refuses it memory some way above; no control group for each: {reason}",
                "O uso de cada FFmpeg é medido a cada segundo, e ele é encerrado além dos seus"
                " limites; bem acima deles o kernel lhe nega memória; sem um cgroup para cada:"
                " {reason}",
            ),
        },
        ("way",),
    )
    FFMPEG_LIMITS_WEAKER = (
        "ffmpeg_limits_weaker",
        _WARNING,
        "[{camera_id}] No control group for its FFmpeg ({reason}); its use is measured instead",
        "[{camera_id}] Sem cgroup para o FFmpeg dela ({reason}); o uso é medido em vez disso",
    )
    ACTOR_CRASHED = (
        "actor_crashed",
        _ERROR,
        "Actor {actor} crashed: {error}",
        "Ator {actor} falhou: {error}",
    )
    ACTOR_RESTARTED = (
        "actor_restarted",
        _WARNING,
        "Actor {actor} restarted (restarts: {restarts})",
        "Ator {actor} reiniciado (reinícios: {restarts})",
    )
    MACHINE_SHORT = (
        "machine_short",
        _WARNING,
        "The machine is short of something that {actor} needs; it waits and tries again: {error}",
        "Falta à máquina algo de que {actor} precisa; ele espera e tenta de novo: {error}",
    )
    MEASURING_FAILED = (
        "measuring_failed",
        _WARNING,
        "CPU and memory cannot be measured, and are not shown: {reason}",
        "CPU e memória não podem ser medidas, e não são mostradas: {reason}",
    )
    MEASURING_RESUMED = (
        "measuring_resumed",
        _INFO,
        "CPU and memory can be measured again",
        "CPU e memória podem ser medidas de novo",
    )
    ESCALATED = (
        "escalated",
        _CRITICAL,
        "Actor {actor} keeps crashing (restarts: {restarts} within {period_s}): giving up",
        "Ator {actor} não para de falhar (reinícios: {restarts} em {period_s}): desistindo",
    )
    SUPERVISOR_CRASHED = (
        "supervisor_crashed",
        _CRITICAL,
        "The supervisor crashed: {error}. Everything is stopped in order",
        "O supervisor falhou: {error}. Tudo será encerrado em ordem",
    )
    SHUTDOWN_STARTED = (
        "shutdown_started",
        _INFO,
        "Shutting down: {reason}",
        "Encerrando: {reason}",
    )
    DRAIN_FINISHED = (
        "drain_finished",
        _INFO,
        "Last frames: confirmed: {confirmed}, abandoned: {abandoned}",
        "Últimos frames: confirmados: {confirmed}, abandonados: {abandoned}",
    )
    SHUTDOWN_FINISHED = (
        "shutdown_finished",
        _INFO,
        "Shut down after {after_s}",
        "Encerrado após {after_s}",
    )
    SURVIVOR = (
        "survivor",
        _ERROR,
        "{actor} did not stop in time: this is a bug, please report it",
        "{actor} não parou a tempo: isto é um defeito, por favor relate",
    )
    LEAVE_CUT_SHORT = (
        "leave_cut_short",
        _WARNING,
        "Second signal: not waiting until other nodes have the cameras",
        "Segundo sinal: sem esperar que outros nós assumam as câmeras",
    )
    SECOND_SIGNAL = (
        "second_signal",
        _WARNING,
        "Second signal: leaving at once",
        "Segundo sinal: saindo imediatamente",
    )
    FAULT_INJECTED = (
        "fault_injected",
        _WARNING,
        "Fault injected into {target}: {fault}",
        "Falha injetada em {target}: {fault}",
    )
    FAULT_REFUSED = (
        "fault_refused",
        _WARNING,
        "Fault for {target} refused, faults are not allowed: {fault}",
        "Falha para {target} recusada, falhas não são permitidas: {fault}",
    )
    FAULT_ARMED = (
        "fault_armed",
        _WARNING,
        "Fault armed for {target}: {fault}",
        "Falha armada para {target}: {fault}",
    )
    FAULT_MISSED = (
        "fault_missed",
        _WARNING,
        "Fault for {target} has nothing to act on: {fault}",
        "Falha para {target} não tem onde agir: {fault}",
    )
    FAULTS_CLEARED = (
        "faults_cleared",
        _INFO,
        "Faults cleared: {target}",
        "Falhas desfeitas: {target}",
    )
    LEDGER_IMBALANCE = (
        "ledger_imbalance",
        _ERROR,
        "The frame accounting is not balanced, this is a bug: {detail}",
        "A contagem de frames não confere, isto é um defeito: {detail}",
    )
    CAMERA_LINES_HELD_BACK = (
        "camera_lines_held_back",
        _WARNING,
        (
            "Many cameras at once ({cameras}): {failures} failures, {opened} breakers"
            " opened, {streaming} streams began; {lines} lines not shown"
        ),
        (
            "Muitas câmeras ao mesmo tempo ({cameras}): {failures} falhas, {opened}"
            " breakers abertos, {streaming} streams iniciados; {lines} linhas não"
            " mostradas"
        ),
    )
    HTTP_LISTENING = (
        "http_listening",
        _INFO,
        "Page, probes, metrics and API at {url}",
        "Página, verificações de saúde, métricas e API em {url}",
    )
    HTTP_UNAVAILABLE = (
        "http_unavailable",
        _ERROR,
        "No page on {address}: {reason}; tried again every 5s, the cameras go on without",
        "Sem página em {address}: {reason}; nova tentativa a cada 5s, as câmeras seguem sem ela",
    )
    HTTP_TOKEN_REFUSED = (
        "http_token_refused",
        _WARNING,
        "HTTP: requests with a wrong token: {count}, the last one from {client}",
        "HTTP: requisições com token incorreto: {count}, o último de {client}",
    )
    LOG_LINES_LOST = (
        "log_lines_lost",
        _WARNING,
        "Log: {sink} took nothing for a while (blocked, or its disk full), lines lost: {lines}",
        (
            "Log: {sink} não aceitou nada por um tempo (bloqueado ou disco cheio), linhas"
            " perdidas: {lines}"
        ),
    )
    LOG_FILE_FAILED = (
        "log_file_failed",
        _ERROR,
        "Cannot write the log file: {reason}",
        "Não é possível gravar o arquivo de log: {reason}",
    )
    LOG_FILE_REOPENED = (
        "log_file_reopened",
        _INFO,
        "Log file opened anew: {path}",
        "Arquivo de log reaberto: {path}",
    )
    LOG_ROTATION_FAILED = (
        "log_rotation_failed",
        _WARNING,
        "Cannot rotate the log file, it grows meanwhile: {reason}",
        "Não é possível rotacionar o arquivo de log, que cresce enquanto isso: {reason}",
    )
    LOG_SINK_BLOCKED = (
        "log_sink_blocked",
        _WARNING,
        (
            "Log: {sink} takes nothing (nobody reads it, or its terminal is stopped); its"
            " lines are lost, all else goes on"
        ),
        (
            "Log: {sink} não aceita nada (ninguém lê, ou o terminal está parado); as"
            " linhas dele se perdem, o resto continua"
        ),
    )
    LOG_STREAM_FAILED = (
        "log_stream_failed",
        _WARNING,
        "Log: cannot write to {sink}: {reason}; all else goes on",
        "Log: não é possível escrever em {sink}: {reason}; o resto continua",
    )
    NODE_NAME_TAKEN = (
        "node_name_taken",
        _WARNING,
        (
            "Another program publishes to this broker as node {node}: consumers cannot"
            " tell the two apart. Give each a name of its own (node: in the"
            " configuration)"
        ),
        (
            "Outro programa publica neste broker como nó {node}: os consumidores não"
            " distinguem os dois. Dê um nome próprio a cada um (node: na configuração)"
        ),
    )
    CONTROL_CONNECTED = (
        "control_connected",
        _INFO,
        "Control connection to {target} is open",
        "Conexão de controle com {target} aberta",
        {
            "again": Text(
                "Control connection to {target} is open again after {away_s}",
                "Conexão de controle com {target} aberta novamente após {away_s}",
            )
        },
    )
    CONTROL_LOST = (
        "control_lost",
        _WARNING,
        "Control connection not open: {reason}; next try in {retry_in_s}",
        "Conexão de controle fechada: {reason}; nova tentativa em {retry_in_s}",
    )
    CONTROL_BLOCKED = (
        "control_blocked",
        _WARNING,
        "Control connection: {reason}",
        "Conexão de controle: {reason}",
    )
    CONTROL_UNBLOCKED = (
        "control_unblocked",
        _INFO,
        "Control connection: the broker takes messages again",
        "Conexão de controle: o broker voltou a aceitar mensagens",
    )
    CONTROL_CHANNEL_CLOSED = (
        "control_channel_closed",
        _ERROR,
        "Control connection, channel of {user}: {reason}; next try in {retry_in_s}",
        "Conexão de controle, canal de {user}: {reason}; nova tentativa em {retry_in_s}",
    )
    LEASE_TAKEN = (
        "lease_taken",
        _INFO,
        "[{camera_id}] Captured by this node from now on (epoch {epoch})",
        "[{camera_id}] Capturada por este nó a partir de agora (época {epoch})",
    )
    LEASE_GIVEN = (
        "lease_given",
        _INFO,
        "[{camera_id}] Captured by this node no more",
        "[{camera_id}] Não é mais capturada por este nó",
        {
            "known": Text(
                "[{camera_id}] Captured by this node no more: node {owner} captures it",
                "[{camera_id}] Não é mais capturada por este nó: o nó {owner} a captura",
            )
        },
        ("owner",),
    )
    LEASE_UNCERTAIN = (
        "lease_uncertain",
        _WARNING,
        (
            "[{camera_id}] Capture ended: this node cannot prove that the camera is its own"
            " (uncertain: stop)"
        ),
        (
            "[{camera_id}] Captura encerrada, como configurado: este nó não consegue provar que a"
            " câmera é dele"
        ),
    )
    LEASES_SUSPECT = (
        "leases_suspect",
        _WARNING,
        (
            "This node cannot prove at present that its cameras are its own: {cameras} of them;"
            " they are captured on"
        ),
        (
            "Este nó não consegue provar no momento que suas câmeras são dele: {cameras} delas; a"
            " captura continua"
        ),
    )
    LEASES_PROVEN = (
        "leases_proven",
        _INFO,
        "It is proven again which cameras are this node's, after {after_s}",
        "Está provado novamente quais câmeras são deste nó, após {after_s}",
    )
    LEASE_QUEUE_REFUSED = (
        "lease_queue_refused",
        _ERROR,
        (
            "[{camera_id}] This node cannot take the camera, as the broker refuses the queue"
            " {queue}: {reason}"
        ),
        (
            "[{camera_id}] Este nó não pode assumir a câmera, pois o broker recusa a fila {queue}:"
            " {reason}"
        ),
    )
    NODE_SEEN = (
        "node_seen",
        _INFO,
        "Node {other} shares the cameras with this one (capacity {capacity})",
        "O nó {other} compartilha as câmeras com este (capacidade {capacity})",
    )
    NODE_GONE = (
        "node_gone",
        _WARNING,
        "Node {other} is not heard any more: the others take its cameras",
        "O nó {other} não dá mais sinal: os outros assumem as câmeras dele",
        {
            "left": Text(
                "Node {other} has left in order: the others have its cameras",
                "O nó {other} saiu em ordem: os outros têm as câmeras dele",
            )
        },
        ("has_left",),
    )
    NODE_NAMESAKE = (
        "node_namesake",
        _ERROR,
        (
            "Another program of the cluster bears this node's name, {node}: cameras may be captured"
            " twice or not at all. Give each a name of its own (node: in the configuration)"
        ),
        (
            "Outro programa que compartilha as câmeras tem o nome deste nó, {node}: câmeras"
            " podem ser capturadas duas vezes ou nenhuma. Dê um nome próprio a cada um (node: na"
            " configuração)"
        ),
    )
    CAMERAS_DIFFER = (
        "cameras_differ",
        _WARNING,
        "Other nodes define cameras otherwise than this one: {cameras}",
        "Outros nós definem câmeras de modo diferente deste: {cameras}",
    )
    NODE_DRAINED = (
        "node_drained",
        _INFO,
        "This node has given all its cameras away and takes none until it rejoins",
        "Este nó entregou todas as suas câmeras e não assume nenhuma até voltar a participar",
    )
    NODE_REJOINED = (
        "node_rejoined",
        _INFO,
        "This node takes part in the cluster again",
        "Este nó voltou a participar do compartilhamento",
    )
    REPORT_NOT_WRITTEN = (
        "report_not_written",
        _ERROR,
        "{option}: {path} was not written: {reason}",
        "{option}: {path} não foi gravado: {reason}",
    )
    UNCAUGHT_EXCEPTION = (
        "uncaught_exception",
        _CRITICAL,
        "Uncaught exception in thread {thread}",
        "Exceção não tratada na thread {thread}",
    )
