"""Exports what programs that embed edge-video need: the system, its configuration, its version.

Begin with `load_config` or `Config`, then `start_system`, which gives a `System`. What a program
sends to `System.supervisor` and what its own actors receive are the messages below; what
it can break on purpose are the faults. Names that are not in `__all__` may change in any version.

Importing this package imports nothing else: each name is loaded when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_video.actors.camera import CameraActor
    from edge_video.actors.frame_messages import (
        GetFrameCounts,
        PublishAnswer,
        PublishFrame,
        PublishResult,
    )
    from edge_video.actors.messages import (
        BreakerChanged,
        BreakerWasReset,
        CameraAway,
        CameraEnded,
        CameraFailed,
        CameraStats,
        CameraStreaming,
        ClearFaults,
        CommandAnswer,
        CommandResult,
        Drain,
        Escalated,
        ForceOpen,
        FramesReady,
        GetStatus,
        InjectFault,
        ResetBreaker,
        ResumeCamera,
        RetryNow,
        RetryPublisher,
        StartCamera,
        StopCamera,
    )
    from edge_video.actors.publisher import PublisherActor, PublisherRuntime, SinkPlace
    from edge_video.actors.reload_messages import (
        AddCamera,
        ChangeCamera,
        Reload,
        ReloadAnswer,
        RemoveCamera,
        SetProfile,
    )
    from edge_video.actors.system_spec import Stopped
    from edge_video.app import System, start_system
    from edge_video.capture.binary import BinaryMissing
    from edge_video.config import (
        AmqpConfig,
        AmqpSinkConfig,
        CameraConfig,
        CircuitBreakerConfig,
        Config,
        ConfigError,
        DirectorySinkConfig,
        EventsConfig,
        HttpConfig,
        LogConfig,
        MemoryControllerConfig,
        Problem,
        PublishConfig,
        ReadyConfig,
        ScheduleConfig,
        StateConfig,
        SupervisionConfig,
        TlsConfig,
        load_config,
        parse_config,
    )
    from edge_video.config.source import ConfigSource
    from edge_video.delivery import DropReason, FrameCounts, Outbox, Outcome
    from edge_video.faults import (
        AfterFrames,
        AtNextStart,
        BlockConnection,
        CrashActor,
        CrashInStart,
        DelayActor,
        DiskFull,
        DropConnection,
        FreezeFfmpeg,
        GarbageBytes,
        IgnoreSigterm,
        KillFfmpeg,
        NackFrames,
        NoPermission,
        Now,
        OversizedFrame,
        RefuseConnections,
        RefuseSpawn,
        ReturnFrames,
        SilentEnd,
        SlowConfirms,
        SlowFrames,
        StopConfirming,
        TruncatedFrame,
    )
    from edge_video.frames import CameraId, Frame
    from edge_video.resilience import BreakerPolicy, BreakerState, Cause, CircuitBreaker, Failure
    from edge_video.status import (
        CameraPhase,
        CameraStatus,
        PublisherState,
        PublisherStatus,
        SystemStatus,
        status_as_json,
        status_from_json,
    )
    from edge_video.status.configuration import ConfigStatus, ReloadReason, ReloadResult
    from edge_video.status.json import NotAStatusError
    from edge_video.status.model import BreakerView
    from edge_video.text import Language
    from edge_video.wiring.sinks import sink_for

    __version__: str

__all__ = [
    "AddCamera",
    "AfterFrames",
    "AmqpConfig",
    "AmqpSinkConfig",
    "AtNextStart",
    "BinaryMissing",
    "BlockConnection",
    "BreakerChanged",
    "BreakerPolicy",
    "BreakerState",
    "BreakerView",
    "BreakerWasReset",
    "CameraActor",
    "CameraAway",
    "CameraConfig",
    "CameraEnded",
    "CameraFailed",
    "CameraId",
    "CameraPhase",
    "CameraStats",
    "CameraStatus",
    "CameraStreaming",
    "Cause",
    "ChangeCamera",
    "CircuitBreaker",
    "CircuitBreakerConfig",
    "ClearFaults",
    "CommandAnswer",
    "CommandResult",
    "Config",
    "ConfigError",
    "ConfigSource",
    "ConfigStatus",
    "CrashActor",
    "CrashInStart",
    "DelayActor",
    "DirectorySinkConfig",
    "DiskFull",
    "Drain",
    "DropConnection",
    "DropReason",
    "Escalated",
    "EventsConfig",
    "Failure",
    "ForceOpen",
    "Frame",
    "FrameCounts",
    "FramesReady",
    "FreezeFfmpeg",
    "GarbageBytes",
    "GetFrameCounts",
    "GetStatus",
    "HttpConfig",
    "IgnoreSigterm",
    "InjectFault",
    "KillFfmpeg",
    "Language",
    "LogConfig",
    "MemoryControllerConfig",
    "NackFrames",
    "NoPermission",
    "NotAStatusError",
    "Now",
    "Outbox",
    "Outcome",
    "OversizedFrame",
    "Problem",
    "PublishAnswer",
    "PublishConfig",
    "PublishFrame",
    "PublishResult",
    "PublisherActor",
    "PublisherRuntime",
    "PublisherState",
    "PublisherStatus",
    "ReadyConfig",
    "RefuseConnections",
    "RefuseSpawn",
    "Reload",
    "ReloadAnswer",
    "ReloadReason",
    "ReloadResult",
    "RemoveCamera",
    "ResetBreaker",
    "ResumeCamera",
    "RetryNow",
    "RetryPublisher",
    "ReturnFrames",
    "ScheduleConfig",
    "SetProfile",
    "SilentEnd",
    "SinkPlace",
    "SlowConfirms",
    "SlowFrames",
    "StartCamera",
    "StateConfig",
    "StopCamera",
    "StopConfirming",
    "Stopped",
    "SupervisionConfig",
    "System",
    "SystemStatus",
    "TlsConfig",
    "TruncatedFrame",
    "__version__",
    "load_config",
    "parse_config",
    "sink_for",
    "start_system",
    "status_as_json",
    "status_from_json",
]

_PUBLIC: Final = {
    "edge_video.actors.camera": "CameraActor",
    "edge_video.actors.frame_messages": "GetFrameCounts PublishAnswer PublishFrame PublishResult",
    "edge_video.actors.messages": (
        "BreakerChanged BreakerWasReset CameraAway CameraEnded CameraFailed CameraStats"
        " CameraStreaming ClearFaults CommandAnswer CommandResult Drain Escalated ForceOpen"
        " FramesReady GetStatus InjectFault ResetBreaker ResumeCamera RetryNow RetryPublisher"
        " StartCamera StopCamera"
    ),
    "edge_video.actors.publisher": "PublisherActor PublisherRuntime SinkPlace",
    "edge_video.actors.reload_messages": (
        "AddCamera ChangeCamera Reload ReloadAnswer RemoveCamera SetProfile"
    ),
    "edge_video.actors.system_spec": "Stopped",
    "edge_video.app": "System start_system",
    "edge_video.capture.binary": "BinaryMissing",
    "edge_video.config": (
        "AmqpConfig AmqpSinkConfig CameraConfig CircuitBreakerConfig Config ConfigError"
        " DirectorySinkConfig EventsConfig HttpConfig LogConfig MemoryControllerConfig Problem"
        " PublishConfig ReadyConfig ScheduleConfig StateConfig SupervisionConfig TlsConfig"
        " load_config parse_config"
    ),
    "edge_video.config.source": "ConfigSource",
    "edge_video.delivery": "DropReason FrameCounts Outbox Outcome",
    "edge_video.faults": (
        "AfterFrames AtNextStart BlockConnection CrashActor CrashInStart DelayActor DiskFull"
        " DropConnection FreezeFfmpeg GarbageBytes IgnoreSigterm KillFfmpeg NackFrames"
        " NoPermission Now OversizedFrame RefuseConnections RefuseSpawn ReturnFrames SilentEnd"
        " SlowConfirms SlowFrames StopConfirming TruncatedFrame"
    ),
    "edge_video.frames": "CameraId Frame",
    "edge_video.resilience": "BreakerPolicy BreakerState Cause CircuitBreaker Failure",
    "edge_video.status": (
        "CameraPhase CameraStatus PublisherState PublisherStatus SystemStatus status_as_json"
        " status_from_json"
    ),
    "edge_video.status.configuration": "ConfigStatus ReloadReason ReloadResult",
    "edge_video.status.json": "NotAStatusError",
    "edge_video.status.model": "BreakerView",
    "edge_video.text": "Language",
    "edge_video.wiring.sinks": "sink_for",
}
"""Module → its names, separated by spaces; the same as above, for the running program."""


if not TYPE_CHECKING:  # a type checker is to find misspelled names

    def __getattr__(name: str) -> object:
        """Load a public name when it is first asked for (PEP 562)."""
        import importlib  # noqa: PLC0415 - not needed to import the package

        if name == "__version__":
            value: object = importlib.import_module("edge_video.runtime.version").version()
        else:
            homes = [module for module, names in _PUBLIC.items() if name in names.split()]
            if not homes:
                raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
            value = getattr(importlib.import_module(homes[0]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
