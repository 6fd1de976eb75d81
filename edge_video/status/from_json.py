"""A snapshot back from its JSON form: for programs that look at a system from outside. Pure."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Final, NewType, Union, get_args, get_origin, get_type_hints

from edge_video.capture import CaptureTotals
from edge_video.delivery.ledger import FrameCounts
from edge_video.frames import CameraId
from edge_video.metrics.memory import MemoryLevel
from edge_video.metrics.sample import FfmpegSample, ProcessSample
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause, Failure
from edge_video.status import model
from edge_video.status.model import SystemStatus

_LARGEST: Final = 2**63


class NotAStatusError(ValueError):
    """The JSON is not a status; the message says where it is not."""


def status_from_json(document: object) -> SystemStatus:
    """The snapshot that `status_as_json` made this of; keys it does not know are ignored.

    A newer system may send causes and keys that this version has no name for: the first become
    `Cause.UNKNOWN`, and what is missing takes its default.

    Raises:
        NotAStatusError: a key without a default is missing, or a value is of another kind.
    """
    status = _build(SystemStatus, document, "status")
    assert isinstance(status, SystemStatus)
    return status


@cache
def _hints(kind: type) -> dict[str, Any]:
    # Names that the modules import for the type checker only.
    known = {
        **vars(model),
        "BreakerState": BreakerState,
        "CameraId": CameraId,
        "CaptureTotals": CaptureTotals,
        "Cause": Cause,
        "Failure": Failure,
        "FrameCounts": FrameCounts,
        "MemoryLevel": MemoryLevel,
        "ProcessSample": ProcessSample,
        "FfmpegSample": FfmpegSample,
    }
    return get_type_hints(kind, globalns=known)


def _build(kind: Any, value: object, where: str) -> object:
    if isinstance(kind, NewType):
        return _build(kind.__supertype__, value, where)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _of_union(kind, value, where)
    if origin is tuple:
        return _of_tuple(kind, value, where)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise NotAStatusError(f"{where} is not an object")
        each = get_args(kind)[1]
        return {str(key): _build(each, item, f"{where}.{key}") for key, item in value.items()}
    if is_dataclass(kind) and isinstance(kind, type):
        return _of_dataclass(kind, value, where)
    return _of_plain(kind, value, where)


def _of_union(kind: Any, value: object, where: str) -> object:
    if value is None:
        return None
    (only,) = (each for each in get_args(kind) if each is not type(None))
    return _build(only, value, where)


def _of_tuple(kind: Any, value: object, where: str) -> object:
    if not isinstance(value, list):
        raise NotAStatusError(f"{where} is not a list")
    each = get_args(kind)[0]
    return tuple(_build(each, item, f"{where}[{at}]") for at, item in enumerate(value))


def _of_dataclass(kind: type, value: object, where: str) -> object:
    if not isinstance(value, Mapping):
        raise NotAStatusError(f"{where} is not an object")
    given = {}
    for field in fields(kind):
        if field.name in value:
            hint = _hints(kind)[field.name]
            given[field.name] = _build(hint, value[field.name], f"{where}.{field.name}")
        elif not _has_default(field):
            raise NotAStatusError(f"{where}.{field.name} is missing")
    return kind(**given)


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _of_plain(kind: Any, value: object, where: str) -> object:
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError:
            if kind is Cause:
                return Cause.UNKNOWN
            raise NotAStatusError(f"{where} has an unknown value") from None
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not abs(value) <= _LARGEST:  # nor is it "not a number"
            raise NotAStatusError(f"{where} is no number that can be meant")
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise NotAStatusError(f"{where} is not a {kind.__name__}")
    if kind is int and abs(int(value)) > _LARGEST:
        raise NotAStatusError(f"{where} is no number that can be meant")
    return value
