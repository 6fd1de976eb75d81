"""Reads the file of the configuration, and the files that hold single secrets."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from edge_video.config.problems import ConfigError, Problem
from edge_video.runtime.files import NotRegularError, read_regular

if TYPE_CHECKING:
    from pathlib import Path

_MAX_FILE: Final = 512 * 1024
_MAX_SECRET: Final = 64 * 1024


class SecretFileError(Exception):
    """Raised for a file that holds no usable secret; the text says why."""


def read_text(path: Path) -> str:
    """Return the text of a configuration file.

    Raises:
        ConfigError: it cannot be read, is too large, or is not UTF-8.
    """
    file = str(path)
    try:
        raw = read_regular(path, _MAX_FILE + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ConfigError((Problem(file, None, "", _reason(error)),)) from None
    if len(raw) > _MAX_FILE:
        message = f"it is larger than {_MAX_FILE // 1024} KiB; is it the right file?"
        raise ConfigError((Problem(file, None, "", message),))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            message = "this is UTF-16 text (Unicode, as Windows calls it); save it as UTF-8"
            raise ConfigError((Problem(file, None, "", message),)) from None
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError((Problem(file, line, "", "this is not UTF-8 text"),)) from None


def read_secret(path: Path) -> str:
    """Return the secret in a file, without the line end behind it.

    Raises:
        SecretFileError: it cannot be read, is not UTF-8, or is empty.
    """
    try:
        raw = read_regular(path, _MAX_SECRET)
        text = re.sub(r"\r?\n\Z", "", raw.decode("utf-8-sig"))
    except UnicodeError:
        raise SecretFileError("it is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise SecretFileError(_reason(error)) from None
    if not text:
        raise SecretFileError("it is empty")
    return text


def _reason(error: Exception) -> str:
    match error:
        case NotRegularError():
            return str(error)
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "this is a directory, not a file"
        case PermissionError():
            return "this user may not read it"
        case OSError():
            return f"it cannot be read ({error.strerror or 'unknown error'})"
        case _:
            return "it cannot be read"
