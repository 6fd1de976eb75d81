"""Fills in variables, `${NAME}` and `${NAME:-default}`; `$${` stands for a literal `${`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from edge_video.config import yaml_traps

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE: Final = re.compile(
    r"(?P<literal>\$\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}"
    r"|(?P<malformed>\$\{)"
)


class InterpolationError(ValueError):
    """Raised for a variable that cannot be filled in; the text says why, and quotes no value."""


def interpolate(text: str, environ: Mapping[str, str]) -> str:
    """Return the text with its variables filled in.

    Raises:
        InterpolationError: one is malformed, not set, or has a value that is not meant.
    """
    return _VARIABLE.sub(lambda match: _value_of(match, environ), text)


def _value_of(match: re.Match[str], environ: Mapping[str, str]) -> str:
    if match["literal"]:
        return "${"
    if match["malformed"]:
        raise InterpolationError(
            "after ${ comes NAME} or NAME:-default}; for a literal ${ write $${"
        )
    name, default = match["name"], match["default"]
    value = environ.get(name)
    if default is not None and not value:
        return str(default)
    if value is None:
        raise InterpolationError(
            f"the environment variable {name} is not set; set it, or give a default: ${{{name}:-…}}"
        )
    doubt = yaml_traps.variable(name, value)
    if doubt is not None:
        raise InterpolationError(doubt)
    return value
