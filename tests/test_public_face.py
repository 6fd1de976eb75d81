"""What programs that embed edge-video may rely on: the names of `edge_video` itself."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pydantic
import pytest

import edge_video
from edge_video import System, load_config, parse_config, start_system, status_from_json

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE: Final = Path(edge_video.__file__)

SURFACE: Final = """
    AddCamera AfterFrames AmqpConfig AmqpSinkConfig AtNextStart BinaryMissing BlockConnection
    BreakerChanged BreakerPolicy BreakerState BreakerView BreakerWasReset CameraActor
    CameraAway CameraConfig CameraEnded CameraFailed CameraId CameraPhase CameraStats
    CameraStatus CameraStreaming Cause ChangeCamera CircuitBreaker CircuitBreakerConfig
    ClearFaults CommandAnswer CommandResult Config ConfigError ConfigSource ConfigStatus
    CrashActor CrashInStart DelayActor DirectorySinkConfig DiskFull Drain DropConnection
    DropReason Escalated EventsConfig Failure ForceOpen Frame FrameCounts FramesReady
    FreezeFfmpeg GarbageBytes GetFrameCounts GetStatus HttpConfig IgnoreSigterm InjectFault
    KillFfmpeg Language LogConfig MemoryControllerConfig NackFrames NoPermission
    NotAStatusError Now Outbox Outcome OversizedFrame Problem PublishAnswer PublishConfig
    PublishFrame PublishResult PublisherActor PublisherRuntime PublisherState PublisherStatus
    ReadyConfig
    RefuseConnections RefuseSpawn Reload ReloadAnswer ReloadReason ReloadResult RemoveCamera
    ResetBreaker ResumeCamera RetryNow RetryPublisher ReturnFrames ScheduleConfig SetProfile
    SilentEnd
    SinkPlace SlowConfirms SlowFrames StartCamera StateConfig StopCamera StopConfirming Stopped
    SupervisionConfig System SystemStatus TlsConfig TruncatedFrame __version__ load_config
    parse_config sink_for start_system status_as_json status_from_json
"""
"""A name that is taken away or renamed breaks programs: that is a new major version."""

PLAIN_NUMBERS: Final = {"backoff_multiplier", "jitter", "probability", "share", "draw"}
"""Factors and shares, and functions that draw one: they have no unit."""


def objects() -> dict[str, Any]:
    return {name: getattr(edge_video, name) for name in edge_video.__all__}


def test_the_public_names_are_those_that_were_promised() -> None:
    assert sorted(edge_video.__all__) == sorted(SURFACE.split())
    assert set(edge_video.__all__) <= set(dir(edge_video))


def test_importing_the_package_imports_nothing() -> None:
    script = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "import edge_video\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "assert new <= {'edge_video', '__future__', 'typing', 'collections', 're', 'copyreg',"
        " 'functools', 'contextlib', 'enum', 'operator', 'keyword', 'reprlib', 'itertools',"
        " 'types', 'warnings', 'sre_compile', 'sre_parse', 'sre_constants', '_typing', '_sre',"
        " '_collections', '_functools', '_operator'}, new\n"
        "assert not [name for name in sys.modules if name.startswith('edge_video.')]\n"
    )
    subprocess.run([sys.executable, "-I", "-c", script], check=True, timeout=60)


def test_an_unknown_name_is_an_ordinary_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = edge_video.nothing  # type: ignore[attr-defined]  # that is the point
    with pytest.raises(ImportError):
        exec("from edge_video import nothing")


@pytest.mark.parametrize("name", sorted(set(edge_video.__all__) - {"__version__"}))
def test_every_public_name_says_what_it_is(name: str) -> None:
    it = getattr(edge_video, name)
    text = vars(it).get("__doc__") if isinstance(it, type) else it.__doc__
    assert text
    assert not text.startswith(f"{name}("), "that one is the dataclass's own"
    for member, function in public_functions(it):
        assert function.__doc__, f"{name}.{member}"


def public_functions(it: object) -> Iterator[tuple[str, Any]]:
    if not isinstance(it, type) or issubclass(it, Enum):
        return
    for name, member in vars(it).items():
        function = member.fget if isinstance(member, property) else member
        function = getattr(function, "__func__", function)
        if not name.startswith("_") and inspect.isfunction(function):
            yield name, function


def test_every_quantity_carries_its_unit_in_its_name() -> None:
    unnamed = {
        f"{name}.{field.name}"
        for name, it in objects().items()
        if dataclasses.is_dataclass(it)
        for field in dataclasses.fields(it)
        if "float" in str(field.type)
        and not field.name.endswith(("_s", "_fps"))
        and field.name.strip("_") == field.name
        and field.name not in PLAIN_NUMBERS
    }
    assert unnamed == set()


def test_every_key_of_a_configuration_says_what_it_is() -> None:
    undescribed = {
        f"{name}.{key}"
        for name, it in objects().items()
        if isinstance(it, type) and issubclass(it, pydantic.BaseModel)
        for key, field in it.model_fields.items()
        if field.description is None
    }
    assert undescribed == set()


@pytest.mark.parametrize(
    "function",
    [start_system, load_config, parse_config, status_from_json, System.status, System.stop],
    ids=lambda function: str(function.__qualname__),
)
def test_a_function_that_raises_says_what(function: Any) -> None:
    assert "Raises" in (function.__doc__ or "")


def test_the_version_is_the_installed_one() -> None:
    assert edge_video.__version__.count(".") == 2
