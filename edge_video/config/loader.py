"""Reads a YAML configuration file and reports everything that is wrong with it at once.

The file is composed into YAML's node tree, so that every key keeps its line, and the tree is read
along the sections of `edge_video.config`: a key whose type is text takes the text as written
(`id: 007` is "007", `password: 123` needs no quotes). Scalars follow YAML 1.2, where `yes`, `on`
and `12:30:00` are text.

In any value, `${NAME}` and `${NAME:-default}` stand for an environment variable, `$${` for a
literal `${`. The keys `password`, `token` and `username` may name a file that holds the value:
`file:/run/secrets/cam1`. (A `url` may not: there `file:` names a video file.) Top-level keys that
begin with `x-` are ignored, as a place for anchors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_video.config.files import read_text
from edge_video.config.problems import ConfigError, Findings, Problem
from edge_video.config.reader import MAX_VALUES, Reader, TooManyValuesError, placeholder_camera
from edge_video.config.validation import validate
from edge_video.config.yaml_nodes import BadYamlError, compose
from edge_video.runtime.files import others_may_read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge_video.config.model import Config
    from edge_video.config.problems import KeyPath
    from edge_video.config.yaml_nodes import Document


def load_config(path: Path, environ: Mapping[str, str]) -> Config:
    """Read the configuration in a file; `${…}` is taken from `environ`.

    Raises:
        ConfigError: with every problem that was found (200 at most), in the order of the lines.
    """
    text = read_text(path)
    return parse_config(text, str(path), environ, is_open=others_may_read(path))


def load_routes(path: Path, environ: Mapping[str, str]) -> Config:
    """Read of a file what a consumer of frames needs: the broker, and each camera's route.

    Nothing else is looked at, so neither the cameras' secrets nor their variables are needed; all
    other values are the defaults, and the cameras' URLs placeholders.

    Raises:
        ConfigError: with every problem of these keys, as in `load_config`.
    """
    file, findings = str(path), Findings()
    reader = Reader(environ, _composed(read_text(path), file), findings, _is_of_route)
    values = _read(reader, file)
    for index, camera in enumerate(values.get("cameras") or ()):
        camera.setdefault("url", placeholder_camera(index)["url"])
    return _validated(values, findings, file)


def _is_of_route(path: KeyPath) -> bool:
    if path[0] == "cameras":
        return path[-1] in ("cameras", "id", "exchange", "routing_key")
    return path[0] in ("sink", "amqp", "language", "umask")


def parse_config(
    text: str, file: str, environ: Mapping[str, str], *, is_open: bool = False
) -> Config:
    """Read the configuration in a text; `file` is its name in problems.

    With `is_open`, every user may read the file: it is noted when passwords stand in it.

    Raises:
        ConfigError: with every problem that was found, as in `load_config`.
    """
    findings = Findings()
    reader = Reader(environ, _composed(text, file), findings)
    config = _validated(_read(reader, file), findings, file)
    if is_open and reader.holds_secrets:
        findings.note((), f"it holds passwords, and every user may read it: chmod o-r {file}")
    return config.with_notes(tuple(map(str, findings.notes(file))))


def _composed(text: str, file: str) -> Document:
    try:
        return compose(text)
    except BadYamlError as error:
        raise ConfigError((Problem(file, error.line, "", error.message),)) from None


def _read(reader: Reader, file: str) -> dict[str, Any]:
    try:
        return reader.read()
    except TooManyValuesError:
        message = f"it expands to more than {MAX_VALUES} values"
        raise ConfigError((Problem(file, None, "", message),)) from None


def _validated(values: dict[str, Any], findings: Findings, file: str) -> Config:
    config = validate(values, findings)
    if findings or config is None:
        raise ConfigError(findings.problems(file))
    return config
