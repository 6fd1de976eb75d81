"""Shows a configuration without its secrets, and gathers the secrets to be masked elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretStr

from edge_video.config.annotations import marks_of
from edge_video.config.types import Duration, Mark
from edge_video.text.argument_secrets import mask_arguments, secrets_in_arguments
from edge_video.text.duration import format_duration
from edge_video.text.redact import MASK, Redactor, mask_url, secrets_in_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_video.config.camera import CameraConfig


def redactor_of(cameras: Iterable[CameraConfig]) -> Redactor:
    """Make a redactor that masks every password of some cameras, those in URLs included."""
    secrets: set[str] = set()
    credentials = []
    for camera in cameras:
        found = {
            *secrets_in_url(camera.url.get_secret_value()),
            *secrets_in_arguments(camera.input_args),
        }
        if camera.http_proxy is not None:
            found.update(secrets_in_url(camera.http_proxy.get_secret_value()))
        # A camera is often called like its stream: its name must stay readable.
        secrets |= found - {camera.id}
        username, password = camera.credentials
        if password is not None:
            credentials.append((username or "", password.get_secret_value()))
    return Redactor(secrets, credentials)


def masked(section: BaseModel, redact: Redactor) -> dict[str, Any]:
    """Return a section as plain values: durations in Go's form, secrets masked."""
    named = {
        name: _plain(each, (), redact) for name, each in (section.__pydantic_extra__ or {}).items()
    }
    return named | {
        name: _plain(getattr(section, name), marks_of(field), redact)
        for name, field in type(section).model_fields.items()
    }


def _plain(value: Any, marks: tuple[object, ...], redact: Redactor) -> object:
    match value:
        case SecretStr():
            return redact(mask_url(value.get_secret_value())) if Mark.URL in marks else MASK
        case BaseModel():
            return masked(value, redact)
        case tuple():
            shown = mask_arguments(value) if Mark.ARGUMENTS in marks else value
            return [_plain(each, marks, redact) for each in shown]
        case str() | Path():
            return redact(str(value))
        case float() if any(isinstance(mark, Duration) for mark in marks):
            return format_duration(value)
        case _:
            return value
