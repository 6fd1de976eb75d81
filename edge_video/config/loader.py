"""Reads a YAML configuration file and tells everything that is wrong with it at once.

The file is composed into YAML's node tree, so that every key keeps its line, and the tree is read
along the models of `edge_video.config`: a key whose type is text takes the text as written
(`id: 007` is "007", `password: 123` needs no quotes). Scalars follow YAML 1.2, where `yes`, `on`
and `12:30:00` are text.

In any value, `${NAME}` and `${NAME:-default}` stand for an environment variable, `$${` for a
literal `${`. The keys `password`, `token` and `username` may name a file that holds the value:
`file:/run/secrets/cam1`. (A `url` may not: there `file:` names a video file.) Top-level keys that
begin with `x-` are ignored, as a place for anchors.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, get_args, get_origin

import yaml
from pydantic import BaseModel, SecretStr, ValidationError

from edge_video.config import yaml_traps
from edge_video.config.model import Config
from edge_video.config.section import marks_of
from edge_video.config.types import FROM_FILE
from edge_video.config.yaml_nodes import (
    KNOWN_TAGS,
    TAG,
    BadYamlError,
    Document,
    compose,
    native,
    tag_of_plain,
)
from edge_video.runtime.files import NotRegularError, others_may_read, read_regular
from edge_video.text.duration import format_duration
from edge_video.text.redact import SHORTEST_FREE_SECRET, Redactor, secrets_in_url
from edge_video.text.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

KeyPath: TypeAlias = tuple[str | int, ...]

_MAX_FILE: Final = 512 * 1024
_MAX_SECRET: Final = 64 * 1024
_MAX_VALUES: Final = 100_000
_DEEPEST_MERGE: Final = 20
_MAX_QUOTE: Final = 60
_MAX_PROBLEMS: Final = 200
"""More are counted, not told: it is the wrong file."""
_ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, fit to be printed: secrets masked, one line.

    Attributes:
        file: the file as it was named.
        line: counted from 1; None when it concerns the whole file.
        key: like `cameras[2].fps`; empty when it concerns no key.
        message: what is wrong, and what would be right.
    """

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(Exception):
    """A configuration that cannot be used; its text has one line per problem."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def load_config(path: Path, environ: Mapping[str, str]) -> Config:
    """The configuration in a file, `${…}` taken from `environ`.

    Raises:
        ConfigError: with every problem that was found (200 at most), in the order of the lines.
    """
    text = _read_text(path)
    return parse_config(text, str(path), environ, is_open=others_may_read(path))


def parse_config(
    text: str, file: str, environ: Mapping[str, str], *, is_open: bool = False
) -> Config:
    """The configuration in a text; `file` is its name in problems. Raises `ConfigError`.

    With `is_open`, every user may read the file, it is noted when passwords stand in it.
    """
    try:
        document = compose(text)
    except BadYamlError as wrong:
        raise ConfigError((Problem(file, wrong.line, "", wrong.message),)) from None
    reader = _Reader(environ, document)
    try:
        values = reader.read_root()
    except _TooManyValuesError:
        message = f"it expands to more than {_MAX_VALUES} values"
        raise ConfigError((Problem(file, None, "", message),)) from None
    config = _validate(values, reader)
    if reader.found or config is None:
        raise ConfigError(reader.problems(file))
    if is_open and reader.holds_secrets:
        reader.note((), f"it holds passwords, and every user may read it: chmod o-r {file}")
    return config.with_notes(tuple(str(each) for each in reader.notes(file)))


# --- text → nodes ---------------------------------------------------------------------------


def _read_text(path: Path) -> str:
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
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError((Problem(file, line, "", "this is not UTF-8 text"),)) from None


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


# --- nodes → plain values -------------------------------------------------------------------


class _TooManyValuesError(Exception):
    """Aliases within aliases: a few lines that stand for millions of values."""


class _INVALID:
    """Stands for a value that was already reported."""


_BAD: Final = _INVALID()
_VARIABLE: Final = re.compile(
    r"(?P<literal>\$\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}"
    r"|(?P<malformed>\$\{)"
)
_YES: Final = {"yes", "on", "y"}
_NO: Final = {"no", "off", "n"}


@dataclass(frozen=True, slots=True)
class _Found:
    line: int | None
    path: KeyPath
    message: str


class _Reader:
    """Turns nodes into plain values along the models, and remembers where each came from."""

    def __init__(self, environ: Mapping[str, str], document: Document) -> None:
        self._environ = environ
        self._document = document
        self._left = _MAX_VALUES
        self._lines: dict[KeyPath, int] = {}
        self._secrets: list[str] = []
        self.holds_secrets = False
        """Whether the file itself, and no variable or other file, has a secret."""
        self.found: dict[_Found, None] = {}
        self._noted: dict[_Found, None] = {}
        self.fields: dict[KeyPath, FieldInfo] = {}
        self._expanded: dict[KeyPath, str] = {}
        self.shown: dict[KeyPath, str] = {}
        self.quoted: set[KeyPath] = set()
        self.bad: set[KeyPath] = set()
        """Keys that were reported; what follows from them is not worth a line."""

    def read_root(self) -> dict[str, Any]:
        """All values; the bad ones are reported and left out."""
        root = self._document.root
        self._lines[()] = root.start_mark.line + 1
        return self._mapping(root, (Config,), ())

    def report(self, path: KeyPath, message: str) -> None:
        """One more problem, at the line of the key or of the nearest key around it."""
        self._report_line(self._line_of(path), path, message)
        self.bad.add(path)

    def note(self, path: KeyPath, message: str | None) -> None:
        """Something that is allowed and probably not meant; None is ignored."""
        if message is not None:
            self._noted.setdefault(_Found(self._line_of(path), path, message))

    def _line_of(self, path: KeyPath) -> int | None:
        known = (path[:end] for end in range(len(path), -1, -1) if path[:end] in self._lines)
        return next((self._lines[each] for each in known), None)

    def with_variables(self, path: KeyPath, words: str) -> str:
        """Words about a value, as the file has it: a variable may be a secret in a wrong place."""
        expanded = self._expanded.get(path, "")
        if len(expanded) < SHORTEST_FREE_SECRET:
            return words
        return words.replace(expanded, self.shown[path])

    def follows_from_bad(self, path: KeyPath) -> bool:
        """Whether the key, or one around it, was already reported."""
        return any(path[:end] in self.bad for end in range(len(path) + 1))

    def problems(self, file: str) -> tuple[Problem, ...]:
        """What was found, in the order of the lines, secrets masked."""
        told = self._told(self.found, file)
        more = len(self.found) - len(told)
        return (*told, Problem(file, None, "", f"and {more} more problems")) if more else told

    def notes(self, file: str) -> tuple[Problem, ...]:
        """What is allowed and probably not meant, in the order of the lines, secrets masked."""
        return self._told(self._noted, file)

    def _told(self, found: Iterable[_Found], file: str) -> tuple[Problem, ...]:
        redact = Redactor(self._secrets)
        plain = Redactor()
        return tuple(
            Problem(file, each.line, plain(_dotted(each.path)), redact(each.message))
            for each in sorted(found, key=lambda each: each.line or 0)[:_MAX_PROBLEMS]
        )

    # -- structure --

    def _value(self, node: yaml.Node, annotation: object, path: KeyPath) -> object:
        """A node as its annotation wants it; `_BAD` when it was reported."""
        if node.tag not in KNOWN_TAGS:
            message = "a value that begins with ! must be in quotes; YAML tags are not supported"
            return self._refuse(path, message)
        leaves = tuple(_leaves(annotation))
        models = tuple(leaf for leaf in leaves if _is_model(leaf))
        items = next((leaf for leaf in leaves if get_origin(leaf) is tuple), None)
        if isinstance(node, yaml.SequenceNode) and items is not None:
            return self._sequence(node, get_args(items)[0], path)
        if isinstance(node, yaml.MappingNode) and models:
            return self._mapping(node, _chosen(models, node), path)
        # A model that may be written as one word is a choice among several: the sink.
        if isinstance(node, yaml.ScalarNode) and items is None and len(models) != 1:
            return self._scalar(node, leaves, path)
        if node.tag == TAG + "null":
            return None
        expected = _EXPECTED_LIST if items else _EXPECTED_MAPPING if models else _EXPECTED_VALUE
        return self._refuse(path, expected)

    def _refuse(self, path: KeyPath, message: str) -> object:
        self.report(path, message)
        return _BAD

    def _sequence(self, node: yaml.SequenceNode, annotation: object, path: KeyPath) -> list[object]:
        values = []
        for index, item in enumerate(node.value):
            self._count()
            here = (*path, index)
            self._lines[here] = item.start_mark.line + 1
            if item.tag == TAG + "null":
                self.report(here, "this item of the list is empty")
                value: object = _BAD
            else:
                value = self._value(item, annotation, here)
            if value is not _BAD:
                values.append(value)
            elif path == ("cameras",):
                values.append(_placeholder_camera(index))
        return values

    def _mapping(
        self, node: yaml.MappingNode, models: tuple[type[BaseModel], ...], path: KeyPath
    ) -> dict[str, Any]:
        fields = {name: field for model in models for name, field in model.model_fields.items()}
        values: dict[str, Any] = {}
        entries = self._entries(node, path, 0)
        for name, (line, value_node) in entries.items():
            here = (*path, name)
            if not path and name.startswith("x-"):
                continue
            self._lines[here] = line
            if name not in fields:
                if node.flow_style and _is_nothing(value_node):
                    self._report_line(line, path, _COMMA)
                else:
                    self._unknown_key(here, fields, entries)
                continue
            self.fields[here] = fields[name]
            value = self._value(value_node, fields[name].rebuild_annotation(), here)
            if value is not _BAD:
                values[name] = value
        return values

    def _entries(
        self, node: yaml.MappingNode, path: KeyPath, depth: int
    ) -> dict[str, tuple[int, yaml.Node]]:
        """Key → line and value; what `<<` brings in gives way to the mapping's own keys."""
        own: dict[str, tuple[int, yaml.Node]] = {}
        merged: dict[str, tuple[int, yaml.Node]] = {}
        for key_node, value_node in node.value:
            self._count()
            line = key_node.start_mark.line + 1
            if key_node.tag == TAG + "merge":
                for source in self._merge_sources(value_node, path, line, depth):
                    merged = self._entries(source, path, depth + 1) | merged
            elif not isinstance(key_node, yaml.ScalarNode):
                self._report_line(line, path, "a key must be one word; is a quote missing?")
            elif key_node.value in own:
                first = own[key_node.value][0]
                here = (*path, key_node.value)
                self._report_line(line, here, f"this key is given twice, first in line {first}")
            else:
                own[key_node.value] = (line, value_node)
        return merged | own

    def _merge_sources(
        self, node: yaml.Node, path: KeyPath, line: int, depth: int
    ) -> list[yaml.MappingNode]:
        candidates = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if depth < _DEEPEST_MERGE and all(
            isinstance(each, yaml.MappingNode) for each in candidates
        ):
            return list(candidates)
        self._report_line(line, path, "<< must name a mapping, or a list of them: <<: *anchor")
        return []

    def _report_line(self, line: int | None, path: KeyPath, message: str) -> None:
        # A set that keeps its order: a wrong file may have a problem in each of 80 000 lines.
        self.found.setdefault(_Found(line, path, message))

    def _unknown_key(
        self, path: KeyPath, fields: dict[str, FieldInfo], present: Container[str]
    ) -> None:
        name = str(path[-1])
        message = "there is no such key"
        close: str | None = None
        if len(self.found) < _MAX_PROBLEMS:
            close = _close_match(name.lower().replace("-", "_"), fields)
        if name in _KEY_PARENTS:
            message += f" here; it belongs under {_KEY_PARENTS[name]}"
        elif close:
            message += f'; did you mean "{close}"?'
            if close not in present:
                self.bad.add((*path[:-1], close))
        else:
            message += f"; known are {', '.join(fields)}"
        self.report(path, message)

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _TooManyValuesError

    # -- scalars --

    def _scalar(self, node: yaml.ScalarNode, leaves: tuple[object, ...], path: KeyPath) -> object:
        is_secret = SecretStr in leaves or path[-1] == "username"
        self.shown[path] = node.value
        if node.style is not None:
            self.quoted.add(path)
        if not self._is_whole(node, path, is_secret=is_secret):
            return _BAD
        if node.tag == TAG + "null" and node.style is None:
            return None
        text = self._interpolate(node.value, path)
        if text is not None and text != node.value:
            self._expanded[path] = text
        if text is not None and is_secret:
            text = self._secret(node.value, text, path)
        if text is None:
            return _BAD
        if is_secret or str in leaves or Path in leaves or any(map(_is_model, leaves)):
            return text
        return _plain_value(node, text, leaves)

    def _is_whole(self, node: yaml.ScalarNode, path: KeyPath, *, is_secret: bool) -> bool:
        """Whether YAML took all that was written for the value; else it is told."""
        written = self._document.written(node)
        lost = yaml_traps.lost(written)
        if is_secret:
            self.note(path, yaml_traps.cut_off(written))
            if lost is not None:
                self.report(path, lost)
                return False
        elif written.is_null and written.value == "":
            self.note(path, lost)
        return True

    def _interpolate(self, text: str, path: KeyPath) -> str | None:
        """The text with variables filled in; None when one was reported."""
        parts: list[str] = []
        end = 0
        for match in _VARIABLE.finditer(text):
            parts.append(text[end : match.start()])
            end = match.end()
            if match["literal"]:
                parts.append("${")
                continue
            if match["malformed"]:
                self.report(
                    path, "after ${ comes NAME} or NAME:-default}; for a literal ${ write $${"
                )
                return None
            name, default = match["name"], match["default"]
            value = self._environ.get(name)
            if default is not None and not value:
                parts.append(default)
                continue
            if value is None:
                self.report(
                    path,
                    f"the environment variable {name} is not set;"
                    f" set it, or give a default: ${{{name}:-…}}",
                )
                return None
            wrong = yaml_traps.variable(name, value)
            if wrong is not None:
                self.report(path, wrong)
                return None
            parts.append(value)
        return "".join(parts) + text[end:]

    def _secret(self, written: str, text: str, path: KeyPath) -> str | None:
        """The value of a key that may be secret; None when it was reported."""
        if path[-1] in ("password", "token", "username") and written.startswith("file:"):
            file = Path(text.removeprefix("file:"))
            try:
                raw = read_regular(file, _MAX_SECRET)
                text = re.sub(r"\r?\n\Z", "", raw.decode("utf-8-sig"))
            except (OSError, ValueError) as error:
                why = "it is not UTF-8 text" if isinstance(error, UnicodeError) else _reason(error)
                self.report(path, f"the secret file {file}: {why}")
                return None
            if not text:
                self.report(path, f"the secret file {file}: it is empty")
                return None
            if path[-1] != "username" and others_may_read(file):
                self.note(
                    path,
                    f"every user of this machine may read the secret file {file}: chmod o-r {file}",
                )
        self._note_doubts(path, text)
        if path[-1] != "username":
            secrets = secrets_in_url(text)
            self._secrets += [text, *secrets]
            if written == text:  # else a variable or a file of its own holds it
                known = secrets if path[-1] == "url" else [text]
                self.holds_secrets |= bool({*known} - {"", "guest"})
        return text

    def _note_doubts(self, path: KeyPath, text: str) -> None:
        """Note what is probably not meant: of a secret, or of user name and password in a URL."""
        if path[-1] != "url":
            self.note(path, yaml_traps.doubtful(text))
            return
        with suppress(ValueError):  # what is wrong with a URL is told elsewhere
            split = split_url(text)
            for name, value in (("user name", split.username), ("password", split.password)):
                words = yaml_traps.doubtful(value or "")
                self.note(path, words and f"of the {name} in it: {words}")


def _plain_value(node: yaml.ScalarNode, text: str, leaves: tuple[object, ...]) -> object:
    """A number, a flag or a duration; quotes around a variable say nothing of its value."""
    is_filled_in = text != node.value
    if bool in leaves and (node.style is None or is_filled_in) and text.lower() in _YES | _NO:
        return text.lower() in _YES
    return native(tag_of_plain(text) if is_filled_in else node.tag, text)


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value == ""


_EXPECTED_MAPPING: Final = 'this must be a mapping: keys with values, like "key: value", indented'
_COMMA: Final = "within { } a comma ends a value, and a word alone is none: is a quote missing?"
_EXPECTED_LIST: Final = 'this must be a list: each item on a line of its own, after "- "'
_EXPECTED_VALUE: Final = "this must be one value; text that begins with { or [ must be in quotes"


def _leaves(annotation: object) -> Iterator[object]:
    """The types in an annotation, without `Annotated`, unions and literals around them."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _leaves(get_args(annotation)[0])
    elif origin is Literal:
        yield from {type(choice) for choice in get_args(annotation)}
    elif origin is not None and origin is not tuple:
        for member in get_args(annotation):
            yield from _leaves(member)
    elif annotation is not type(None):
        yield annotation


def _is_model(leaf: object) -> bool:
    return isinstance(leaf, type) and issubclass(leaf, BaseModel)


def _chosen(models: tuple[Any, ...], node: yaml.MappingNode) -> tuple[type[BaseModel], ...]:
    """Of several models, the one that the key `type` names; all of them when it names none."""
    for key_node, value_node in node.value:
        if key_node.value == "type":
            for model in models:
                if "type" in model.model_fields and model().type == value_node.value:
                    return (model,)
    return models


def _parents(model: type[BaseModel], place: str) -> Iterator[tuple[str, str]]:
    """Every key below the top, with the key it stands under."""
    for name, field in model.model_fields.items():
        if place:
            yield name, place
        for leaf in _leaves(field.annotation):
            inner = get_args(leaf)[0] if get_origin(leaf) is tuple else leaf
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _parents(inner, f"{place}.{name}" if place else name)


# Without the names that the top has as well: `cameras` is above all a matter of indentation.
_KEY_PARENTS: Final = {
    name: place
    for name, place in reversed([*_parents(Config, "")])
    if name not in Config.model_fields
}


def _dotted(path: Iterable[str | int]) -> str:
    """`cameras[2].fps`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            short = part if len(part) <= _MAX_QUOTE else f"{part[:_MAX_QUOTE]}…"
            text += f".{short}" if text else short
    return text


# --- plain values → configuration -----------------------------------------------------------


def _placeholder_camera(index: int) -> dict[str, Any]:
    return {"id": f"placeholder-{index}", "url": "lavfi:placeholder"}


def _validate(values: dict[str, Any], reader: _Reader) -> Config | None:
    """Validate, report, take out what is wrong and validate the rest, for errors behind errors.

    pydantic compares keys with each other only when each of them is right; an operator wants to
    hear of everything at once.
    """
    for _ in range(_ROUNDS):
        try:
            return Config.model_validate(values, context=FROM_FILE)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
        wrong = [path for detail in details for path in _report(detail, reader)]
        if not wrong:
            return None
        for path in wrong:
            _take_out(values, path)
    return None


def _report(detail: ErrorDetails, reader: _Reader) -> list[KeyPath]:
    """Report one of pydantic's errors; the keys to take out for the next round."""
    path = _without_tag(detail["loc"])
    if detail["type"] != "conflict":
        if not reader.follows_from_bad(path):
            reader.report(path, _words(detail, path, reader))
        return [path]
    blamed = []
    for key, involved, words in detail.get("ctx", {})["conflicts"]:
        paths = [path + _path(each) for each in involved]
        blamed.append(path + _path(key))
        if not any(reader.follows_from_bad(each) for each in paths):
            reader.report(blamed[-1], reader.with_variables(blamed[-1], words))
    return blamed if path else []


def _path(dotted: str) -> KeyPath:
    return tuple(int(part) if part.isdigit() else part for part in dotted.split("."))


def _without_tag(loc: tuple[str | int, ...]) -> KeyPath:
    """The models name the chosen kind of sink in the path; the file has no such level."""
    return loc[:1] + loc[2:] if loc[:1] == ("sink",) else loc


def _take_out(values: dict[str, Any], path: KeyPath) -> None:
    """Remove a wrong value, or put a right one in its place where one is required."""
    if path[:1] == ("cameras",):
        if len(path) < 3:  # noqa: PLR2004 - the list or a whole camera, no key of a camera
            values["cameras"] = [_placeholder_camera(0)]
            return
        index, key = path[1:3]
        placeholder = _placeholder_camera(int(index))
        if key in placeholder:
            values["cameras"][index][key] = placeholder[str(key)]
        else:
            values["cameras"][index].pop(key, None)
        return
    parent: Any = values
    for key in path[:-1]:
        parent = parent.get(key) if isinstance(parent, dict) else None
    if isinstance(parent, dict):
        parent.pop(path[-1], None)


def _words(detail: ErrorDetails, path: KeyPath, reader: _Reader) -> str:
    """One of pydantic's errors in an operator's words."""
    kind = detail["type"]
    if kind == "edge_video":
        return reader.with_variables(path, str(detail.get("ctx", {})["message"]))
    if kind == "missing":
        return f"it is required: {_REQUIRED.get(path[-1], 'set it')}"
    if kind == "union_tag_not_found":
        return "it needs the key type: amqp or directory"
    return _about_value(detail["type"], path, reader)


_REQUIRED: Final[dict[str | int, str]] = {
    "cameras": "a list of at least one camera",
    "id": "the camera's name",
    "url": "where the camera's stream is, like rtsp://10.0.0.5:554/stream",
}


def _about_value(kind: str, path: KeyPath, reader: _Reader) -> str:
    value = _shown(path, reader)
    if kind in ("literal_error", "union_tag_invalid"):
        if path not in reader.shown:  # the long form of the sink
            value = _shown((*path, "type"), reader)
        return _not_one_of(value, path, reader)
    if kind.startswith(("greater_than", "less_than")):
        return f"{value} is not between {_limits(reader.fields.get(path))}"
    if path in reader.quoted and tag_of_plain(value) != TAG + "str":
        return f"{value} is text because of its quotes; write it without them"
    words = next((words for prefix, words in _KINDS if kind.startswith(prefix)), None)
    return f"{value} is {words}" if words else "this value cannot be used here"


_KINDS: Final = (
    ("int", "not a whole number"),
    ("float", "not a number"),
    ("finite", "not a number"),
    ("bool", "neither true nor false"),
)


def _shown(path: KeyPath, reader: _Reader) -> str:
    """The value as the file has it (`${FPS}`, not what it stands for)."""
    # Masked before it is cut: half a URL no longer looks like one.
    text = Redactor()(reader.shown.get(path, "this"))
    return text if len(text) <= _MAX_QUOTE else f"{text[:_MAX_QUOTE]}…"


def _close_match(word: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415 - only a wrong file needs it

    return next(iter(get_close_matches(word, known, n=1)), None)


def _limits(field: FieldInfo | None) -> str:
    marks = marks_of(field) if field else []
    low = next((each.ge for each in marks if hasattr(each, "ge")), None)
    high = next((each.le for each in marks if hasattr(each, "le")), None)
    return " and ".join(
        f"{limit:g}" if isinstance(limit, float) else str(limit) for limit in (low, high)
    )


def _not_one_of(value: str, path: KeyPath, reader: _Reader) -> str:
    choices = _choices(reader.fields[path]) if path in reader.fields else []
    close = _close_match(value, choices)
    hint = f'; did you mean "{close}"?' if close else ""
    return f"{value} is not one of {', '.join(choices)}{hint}"


def _choices(field: FieldInfo) -> list[str]:
    found: list[str] = []

    def collect(annotation: object) -> None:
        if get_origin(annotation) is Literal:
            found.extend(map(str, get_args(annotation)))
        elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found.append(str(annotation.model_fields["type"].default))
        else:
            for member in get_args(annotation):
                collect(member)

    collect(field.annotation)
    return found


# --- JSON schema ----------------------------------------------------------------------------

_VARIABLE_SCHEMA: Final = {"type": "string", "pattern": r"\$\{"}


def json_schema() -> dict[str, Any]:
    """The JSON schema of a configuration file, for editors that complete and check YAML."""
    schema = Config.model_json_schema()
    schema = _with_variables(schema)
    sink = schema["properties"]["sink"]
    words = {"enum": ["amqp", "directory"]}
    schema["properties"]["sink"] = {
        "description": sink.pop("description", ""),
        "anyOf": [words, sink],
    }
    schema["patternProperties"] = {"^x-": {"description": "Ignored; a place for anchors."}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "edge-video configuration",
    }


def _spell_default(schema: dict[str, Any]) -> None:
    """An editor writes the default of a duration as the schema has it: `2s`, for 2.0 is refused."""
    kinds = schema.get("anyOf", ())
    if isinstance(schema.get("default"), float) and {"const": 0} in kinds:
        schema["default"] = format_duration(schema["default"])


def _with_variables(schema: Any) -> Any:
    """Let `${NAME}` stand wherever a number, a choice or a pattern is asked for."""
    if isinstance(schema, list):
        return [_with_variables(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: _with_variables(value) for key, value in schema.items()}
    _spell_default(schema)
    is_strict = schema.get("type") in ("integer", "number", "boolean") or (
        schema.get("type") == "string" and ("enum" in schema or "pattern" in schema)
    )
    if not is_strict:
        return schema
    outer = {key: schema.pop(key) for key in ("title", "description", "default") if key in schema}
    return {**outer, "anyOf": [schema, _VARIABLE_SCHEMA]}
