"""Reads a YAML configuration file and reports everything that is wrong with it at once.

The file is composed into YAML's node tree, so that every key keeps its line, and the tree is read
along the sections of `edge_video.config`: a key whose type is text takes the text as written
(`id: 007` is "007", `password: 123` needs no quotes). Scalars follow YAML 1.2, where `yes`, `on`
and `12:30:00` are text.

In any value, `${NAME}` and `${NAME:-default}` stand for an environment variable, `$${` for a
literal `${`. The keys `password`, `token` and `username` may name a file that holds the value:
`file:/run/secrets/cam1`. (A `url` may not: there `file:` names a video file.) Top-level keys that
begin with `x-` are ignored, as a place for anchors.

Cameras may also stand in a directory, one file a camera, with the keys of the camera at the top.
Over both lies what was changed while the program ran: see `edge_video.config.kept`.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge_video.config.files import read_text
from edge_video.config.kept import kept_directory, lay_over, read_kept
from edge_video.config.problems import ConfigError, Findings, Problem
from edge_video.config.reader import MAX_VALUES, Reader, TooManyValuesError, placeholder_camera
from edge_video.config.validation import validate
from edge_video.config.yaml_nodes import BadYamlError, compose
from edge_video.runtime.files import others_may_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from edge_video.config.http import HttpConfig
    from edge_video.config.kept import KeptCameras
    from edge_video.config.model import Config
    from edge_video.config.problems import KeyPath

_TOO_MANY: Final = f"it expands to more than {MAX_VALUES} values"
_MAX_CAMERA_FILES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration, and what it was made of.

    Attributes:
        config: what is to run.
        files: those that were read, the operator's and those that hold secrets.
        values: of the operator's files, before what is kept was laid over them.
        exposed: files of these that hold secrets, and that every user may read.
    """

    config: Config
    files: tuple[Path, ...]
    values: Mapping[str, Any] = field(repr=False)
    exposed: tuple[Path, ...] = ()


def load_config(path: Path, environ: Mapping[str, str], *, directory: Path | None = None) -> Config:
    """Read the configuration in a file; `${…}` is taken from `environ`.

    With a `directory`, further cameras are read from the files in it that end in `.yaml` or `.yml`.

    Raises:
        ConfigError: with every problem that was found (200 at most), file by file in the order of
            the lines.
    """
    return load(path, environ, directory=directory).config


def load(path: Path, environ: Mapping[str, str], *, directory: Path | None = None) -> Loaded:
    """Read the configuration as `load_config` does, and say what it was made of.

    Raises:
        ConfigError: as `load_config`.
    """
    reading = _Reading(str(path), environ)
    reading.main(read_text(path), is_open=others_may_read(path))
    files = [path]
    for each in camera_files(directory):
        files.append(each)
        reading.camera(each)
    kept = kept_directory(reading.values)
    cameras = {} if kept is None else read_kept(kept)
    config = reading.finish(cameras)
    whole = (*files, *reading.secret_files)
    return Loaded(config, whole, reading.values, tuple(reading.exposed()))


def combine(values: Mapping[str, Any], kept: KeptCameras, file: str) -> Config:
    """Lay what is kept over the values of files that were read before.

    Raises:
        ConfigError: with every problem that was found; `file` is the main file's name in them.
    """
    findings = Findings()
    config = validate(lay_over(deepcopy(dict(values)), kept, findings), findings)
    if findings or config is None:
        raise ConfigError(findings.problems(file))
    return config


def load_routes(path: Path, environ: Mapping[str, str]) -> Config:
    """Read of a file what a consumer needs: the broker, each camera's route, where events go.

    Nothing else is looked at, so neither the cameras' secrets nor their variables are needed; all
    other values are the defaults, and the cameras' URLs placeholders.

    Raises:
        ConfigError: with every problem of these keys, as in `load_config`.
    """
    reading = _Reading(str(path), environ, _is_of_route)
    reading.main(read_text(path), is_open=False)
    for index, camera in enumerate(reading.values.get("cameras") or ()):
        camera.setdefault("url", placeholder_camera(index)["url"])
    return reading.finish({})


def load_http(path: Path, environ: Mapping[str, str]) -> HttpConfig | None:
    """Read the section `http` of a file and nothing else; None when there is none.

    Raises:
        ConfigError: with every problem of this section, as in `load_config`.
    """
    reading = _Reading(str(path), environ, lambda place: place[0] == "http")
    reading.main(read_text(path), is_open=False)
    # What has to be there, whatever it is.
    reading.values["cameras"] = [placeholder_camera(0)]
    reading.values["sink"] = {"type": "directory", "path": "."}
    return reading.finish({}).http


def load_commands_exchange(path: Path, environ: Mapping[str, str]) -> str | None:
    """Read on which exchange the node of a file takes commands; None where it takes none.

    Who may command it needs neither the cameras' secrets nor the keys of others.

    Raises:
        ConfigError: with every problem of this key, as in `load_config`.
    """
    wanted = ("commands",), ("commands", "exchange")
    reading = _Reading(str(path), environ, lambda place: place in wanted)
    reading.main(read_text(path), is_open=False)
    commands = reading.values.get("commands")
    if commands is None:
        return None
    if isinstance(commands, dict):
        commands["allow"] = [{"user": "anyone", "commands": ["ping"]}]
    # What has to be there, whatever it is.
    reading.values["cameras"] = [placeholder_camera(0)]
    reading.values["node"] = "any"
    reading.values["amqp"] = {"url": "amqp://localhost", "exchange": "any.frames"}
    section = reading.finish({}).commands
    return None if section is None else section.exchange


def _is_of_route(path: KeyPath) -> bool:
    if path[0] == "cameras":
        return path[-1] in ("cameras", "id", "exchange", "routing_key")
    if path[0] == "events":
        return path[-1] in ("events", "exchange")
    return path[0] in ("sink", "amqp", "language", "umask")


def parse_config(
    text: str, file: str, environ: Mapping[str, str], *, is_open: bool = False
) -> Config:
    """Read the configuration in a text; `file` is its name in problems.

    With `is_open`, every user may read the file: it is noted when passwords stand in it.

    Raises:
        ConfigError: with every problem that was found, as in `load_config`.
    """
    reading = _Reading(file, environ)
    reading.main(text, is_open=is_open)
    return reading.finish({})


class _Reading:
    """Gathers the values of all files, and what is wrong with them.

    Attributes:
        values: of the operator's files.
        secret_files: those that hold single secrets.
    """

    def __init__(
        self,
        file: str,
        environ: Mapping[str, str],
        is_wanted: Callable[[KeyPath], bool] = lambda _: True,
    ) -> None:
        self.values: dict[str, Any] = {}
        self.secret_files: list[Path] = []
        self._file = file
        self._environ = environ
        self._is_wanted = is_wanted
        self._findings = Findings()
        self._open_secrets: list[tuple[KeyPath, str]] = []

    def main(self, text: str, *, is_open: bool) -> None:
        """Read the text of the main file.

        Raises:
            ConfigError: it is no YAML, or is too large.
        """
        try:
            document = compose(text)
            reader = Reader(self._environ, document, self._findings, is_wanted=self._is_wanted)
            self.values = reader.read()
        except BadYamlError as error:
            raise ConfigError((Problem(self._file, error.line, "", error.message),)) from None
        except TooManyValuesError:
            raise ConfigError((Problem(self._file, None, "", _TOO_MANY),)) from None
        self._note(reader, self._file, is_open=is_open)

    def camera(self, path: Path) -> None:
        """Read a file that is one camera; what is wrong with it is reported at the end.

        Raises:
            ConfigError: it cannot be read.
        """
        cameras = self.values.setdefault("cameras", [])
        place = ("cameras", len(cameras))
        file = str(path)
        try:
            document = compose(read_text(path))
            reader = Reader(self._environ, document, self._findings, file=file)
            cameras.append(reader.read_camera(place))
        except BadYamlError as error:
            self._findings.report_line(error.line, (), error.message, file)
        except TooManyValuesError:
            self._findings.report_line(None, (), _TOO_MANY, file)
        else:
            self._note(reader, file, is_open=others_may_read(path))

    def finish(self, kept: KeptCameras) -> Config:
        """Make the configuration of what was read, with what is kept laid over it.

        Raises:
            ConfigError: with every problem that was found.
        """
        findings = self._findings
        config = validate(lay_over(self.values, kept, findings), findings)
        if findings or config is None:
            raise ConfigError(findings.problems(self._file))
        for place, file in self._open_secrets:
            message = f"every user of this machine may read the password here: chmod o-r {file}"
            findings.note(place, message)
        return config.with_notes(tuple(map(str, findings.notes(self._file))))

    def exposed(self) -> Iterator[Path]:
        """The files that hold secrets and that every user may read."""
        yield from (Path(file) for _, file in self._open_secrets)
        yield from (file for file in self.secret_files if others_may_read(file))

    def _note(self, reader: Reader, file: str, *, is_open: bool) -> None:
        self.secret_files += reader.secret_files
        if is_open and reader.secret_at is not None:
            self._open_secrets.append((reader.secret_at, file))


def camera_files(directory: Path | None) -> list[Path]:
    """The files of a directory, in the order of their names.

    Raises:
        ConfigError: the directory cannot be read, or has far too many.
    """
    if directory is None:
        return []
    try:
        found = sorted(
            each
            for each in directory.iterdir()
            if each.suffix in (".yaml", ".yml") and not each.name.startswith(".")
        )
    except OSError as error:
        message = f"this directory cannot be read ({error.strerror or 'unknown error'})"
        raise ConfigError((Problem(str(directory), None, "", message),)) from None
    if len(found) > _MAX_CAMERA_FILES:
        message = f"it has more than {_MAX_CAMERA_FILES} files; is it the right directory?"
        raise ConfigError((Problem(str(directory), None, "", message),))
    return found
