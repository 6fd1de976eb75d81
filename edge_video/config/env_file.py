r"""Reads the file `.env` beside a configuration: the variables that its `${NAME}` stand for.

It holds `NAME=value` lines, as a shell, systemd's `EnvironmentFile=` and Docker Compose read them:
blank lines and lines that begin with `#` are comments, `export` may stand in front, and a value
may stand in single quotes (as it is) or in double quotes (with a backslash before `"`, `\`, `$`
and a backtick). What the environment of the process has wins over the file.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_video.config.loader import load, load_commands_exchange, load_http, load_routes
from edge_video.config.problems import Problem
from edge_video.runtime.files import others_may_read, read_regular

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge_video.config.http import HttpConfig
    from edge_video.config.loader import Loaded
    from edge_video.config.model import Config

ENV_FILE: Final = ".env"
"""Its name; it lies in the folder of the configuration."""
_MAX_FILE: Final = 512 * 1024
_LINE: Final = re.compile(
    r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)="
    r"(?:'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<plain>[^'\"\s](?:.*\S)?)?)"
    r"(?:\s+#.*)?"
)
_ESCAPED: Final = re.compile(r"\\([\"\\$`])")
_NEEDS_NO_QUOTES: Final = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")


def load_with_env_file(
    path: Path, environ: Mapping[str, str], *, directory: Path | None = None
) -> Config:
    """Read the configuration in a file as `load_config` does, and `.env` beside it, if it is there.

    A `.env` that this user may not read is none: a service manager may have read it before. A line
    of it that is no variable is left out and noted.

    Raises:
        ConfigError: with every problem of the configuration.
    """
    return load_whole(path, environ, directory=directory).config


def load_whole(
    path: Path,
    environ: Mapping[str, str],
    *,
    directory: Path | None = None,
    earlier: Mapping[str, str] | None = None,
) -> Loaded:
    """Read a configuration as `load_with_env_file` does, and say what it was made of.

    Args:
        path: of the main file.
        environ: of the process.
        directory: of further cameras.
        earlier: the variables of `.env` when the process started. What the environment has of
            them with the same values came from there, by way of a service manager, and gives way
            to what the file says now.

    Raises:
        ConfigError: with every problem of the configuration.
    """
    env_file = path.parent / ENV_FILE
    variables, notes = read_env_file(env_file)
    earlier = earlier or {}
    own = {
        name: value
        for name, value in environ.items()
        if name not in variables or earlier.get(name) != value
    }
    loaded = load(path, {**variables, **own}, directory=directory)
    exposed = loaded.exposed
    if variables and others_may_read(env_file):
        exposed = (*exposed, env_file)
        message = f"it may hold passwords, and every user may read it: chmod o-r {env_file}"
        notes = [*notes, Problem(str(env_file), None, "", message)]
    config = loaded.config.with_notes(tuple(map(str, notes)))
    return replace(loaded, config=config, files=(*loaded.files, env_file), exposed=exposed)


def load_routes_with_env_file(path: Path, environ: Mapping[str, str]) -> Config:
    """Read what `load_routes` reads of a configuration, with the variables of `.env` beside it.

    Raises:
        ConfigError: with every problem of these keys.
    """
    variables, _ = read_env_file(path.parent / ENV_FILE)
    return load_routes(path, {**variables, **environ})


def load_http_with_env_file(path: Path, environ: Mapping[str, str]) -> HttpConfig | None:
    """Read the section `http` of a configuration, with the variables of `.env` beside it.

    Raises:
        ConfigError: with every problem of this section.
    """
    variables, _ = read_env_file(path.parent / ENV_FILE)
    return load_http(path, {**variables, **environ})


def load_commands_exchange_with_env_file(path: Path, environ: Mapping[str, str]) -> str | None:
    """Read `commands.exchange` of a configuration, with the variables of `.env` beside it.

    Raises:
        ConfigError: with every problem of this key.
    """
    variables, _ = read_env_file(path.parent / ENV_FILE)
    return load_commands_exchange(path, {**variables, **environ})


def read_env_file(path: Path) -> tuple[dict[str, str], list[Problem]]:
    """Return the variables of a file, and which of its lines are none; no file has none."""
    try:
        text = read_regular(path, _MAX_FILE).decode("utf-8-sig")
    except (OSError, ValueError):
        return {}, []
    return parse_env(text, str(path))


def parse_env(text: str, file: str) -> tuple[dict[str, str], list[Problem]]:
    """Return the variables in a text, and which of its lines are none; quotes nothing of them."""
    variables: dict[str, str] = {}
    strange = []
    for number, line in enumerate(text.split("\n"), start=1):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        match = _LINE.fullmatch(written)
        if match is None:
            strange.append(Problem(file, number, "", "this is not NAME=value and was left out"))
        else:
            variables[match["name"]] = _value(match)
    return variables, strange


def _value(match: re.Match[str]) -> str:
    if match["single"] is not None:
        return match["single"]
    if match["double"] is not None:
        return _ESCAPED.sub(r"\1", match["double"])
    return re.sub(r"\s+#.*", "", match["plain"] or "")


def env_line(name: str, value: str) -> str:
    """Return the line of a variable, in quotes only where it needs them."""
    if _NEEDS_NO_QUOTES.fullmatch(value):
        return f"{name}={value}"
    if "'" not in value:
        return f"{name}='{value}'"
    escaped = re.sub(r'(["\\$`])', r"\\\1", value)
    return f'{name}="{escaped}"'
