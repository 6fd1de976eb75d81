"""Shows a configuration without its secrets, and gathers the secrets to be masked elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretStr

from edge_video.config.section import marks_of
from edge_video.config.types import Duration
from edge_video.text.argument_secrets import mask_arguments, secrets_in_arguments
from edge_video.text.duration import format_duration
from edge_video.text.redact import MASK, Redactor, mask_url, secrets_in_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo

    from edge_video.config.camera import CameraConfig


def redactor_of(cameras: Iterable[CameraConfig]) -> Redactor:
    """Masks every password of some cameras, those in URLs included."""
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
    """A section as plain values: durations in Go's form, secrets masked."""
    plain: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if value is not None and _is_duration(field):
            plain[name] = format_duration(value)
        elif isinstance(value, SecretStr):
            secret = value.get_secret_value()
            plain[name] = redact(mask_url(secret)) if name == "url" else MASK
        elif name == "input_args":
            plain[name] = [redact(each) for each in mask_arguments(value)]
        else:
            plain[name] = _plain_value(value, redact)
    return plain


def _plain_value(value: object, redact: Redactor) -> object:
    if isinstance(value, BaseModel):
        return masked(value, redact)
    if isinstance(value, tuple):
        return [_plain_value(each, redact) for each in value]
    return redact(str(value)) if isinstance(value, str | Path) else value


def _is_duration(field: FieldInfo) -> bool:
    return any(isinstance(mark, Duration) for mark in marks_of(field))
