"""Reads YAML nodes along the sections of the configuration, into plain values."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml

from edge_video.config.annotations import is_section, item_type, leaves, marks_of
from edge_video.config.camera import CameraConfig
from edge_video.config.model import Config
from edge_video.config.problems import Origin
from edge_video.config.scalars import INVALID, ScalarReader
from edge_video.config.section import Section
from edge_video.config.types import Formerly
from edge_video.config.yaml_nodes import KNOWN_TAGS, TAG, Document

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping
    from pathlib import Path

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from edge_video.config.problems import Findings, KeyPath

MAX_VALUES: Final = 100_000
"""Values that a file may expand to."""
_DEEPEST_MERGE: Final = 20

_EXPECTED_MAPPING: Final = 'this must be a mapping: keys with values, like "key: value", indented'
_EXPECTED_LIST: Final = 'this must be a list: each item on a line of its own, after "- "'
_EXPECTED_VALUE: Final = "this must be one value; text that begins with { or [ must be in quotes"
_COMMA: Final = "within { } a comma ends a value, and a word alone is none: is a quote missing?"

_Entries: TypeAlias = "dict[str, tuple[int, yaml.Node]]"
"""Key → its line and its value."""


class TooManyValuesError(Exception):
    """Raised for aliases within aliases: a few lines that stand for millions of values."""


class Reader:
    """Turns the nodes of a document into plain values, and remembers where each came from.

    Args:
        environ: what `${NAME}` stands for.
        document: what is read.
        findings: where problems are reported.
        file: the name of a file that is not the main one; None for that.
        is_wanted: tells of a key whether it is looked at; of the others neither their names are,
            nor their values and variables.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        document: Document,
        findings: Findings,
        *,
        file: str | None = None,
        is_wanted: Callable[[KeyPath], bool] = lambda _: True,
    ) -> None:
        self._root = document.root
        self._file = file
        self._findings = findings
        self._is_wanted = is_wanted
        self._scalars = ScalarReader(environ, document, findings)
        self._left = MAX_VALUES

    @property
    def secret_at(self) -> KeyPath | None:
        """Where the file itself, and no variable or other file, has its first secret."""
        return self._scalars.secret_at

    def read(self) -> dict[str, Any]:
        """Return all values; the invalid ones are reported and left out.

        Raises:
            TooManyValuesError: the document expands to too many values.
        """
        self._findings.origins[()] = Origin(_line(self._root))
        return self._mapping(self._root, (Config,), ())

    def read_camera(self, place: KeyPath) -> dict[str, Any]:
        """Return the values of a document that is one camera, to stand at this place.

        Raises:
            TooManyValuesError: the document expands to too many values.
        """
        self._findings.origins[place] = Origin(_line(self._root), file=self._file)
        return self._mapping(self._root, (CameraConfig,), place)

    @property
    def secret_files(self) -> list[Path]:
        """The files that held the values of keys."""
        return self._scalars.files

    def _value(self, node: yaml.Node, annotation: object, path: KeyPath) -> object:
        """A node as its annotation wants it; `INVALID` when it was reported."""
        if node.tag not in KNOWN_TAGS:
            message = "a value that begins with ! must be in quotes; YAML tags are not supported"
            return self._refuse(path, message)
        types = tuple(leaves(annotation))
        sections = tuple(each for each in types if is_section(each))
        items = item_type(annotation)
        if isinstance(node, yaml.SequenceNode) and items is not None:
            return self._sequence(node, items, path)
        if isinstance(node, yaml.MappingNode) and sections:
            return self._mapping(node, _chosen(sections, node), path)
        # A section that may be written as one word is a choice among several: the sink.
        if isinstance(node, yaml.ScalarNode) and items is None and len(sections) != 1:
            return self._scalars.read(node, types, path)
        if node.tag == TAG + "null":
            return None
        expected = _EXPECTED_LIST if items else _EXPECTED_MAPPING if sections else _EXPECTED_VALUE
        return self._refuse(path, expected)

    def _refuse(self, path: KeyPath, message: str) -> object:
        self._findings.report(path, message)
        return INVALID

    def _sequence(self, node: yaml.SequenceNode, annotation: object, path: KeyPath) -> list[object]:
        values = []
        origin = self._findings.origins[path]
        for index, item in enumerate(node.value):
            self._count()
            here = (*path, index)
            field = origin.field if isinstance(item, yaml.ScalarNode) else None
            self._findings.origins[here] = Origin(_line(item), field, file=self._file)
            if item.tag == TAG + "null":
                value = self._refuse(here, "this item of the list is empty")
            else:
                value = self._value(item, annotation, here)
            if value is not INVALID:
                values.append(value)
            elif path == ("cameras",):
                values.append(placeholder_camera(index))
        return values

    def _mapping(
        self, node: yaml.MappingNode, sections: tuple[type[BaseModel], ...], path: KeyPath
    ) -> dict[str, Any]:
        fields = {name: each for model in sections for name, each in model.model_fields.items()}
        values: dict[str, Any] = {}
        entries = self._entries(node, path, 0)
        for name, (line, value_node) in entries.items():
            here = (*path, name)
            if (not path and name.startswith("x-")) or not self._is_wanted(here):
                continue
            field = fields.get(name) or _field_for(name, sections)
            self._findings.origins[here] = Origin(line, field, file=self._file)
            if field is None:
                if node.flow_style and _is_nothing(value_node):
                    self._findings.report_line(line, path, _COMMA)
                else:
                    self._unknown_key(here, fields, entries)
                continue
            value = self._value(value_node, field.rebuild_annotation(), here)
            if value is not INVALID:
                values[name] = value
        return values

    def _entries(self, node: yaml.MappingNode, path: KeyPath, depth: int) -> _Entries:
        """The keys of a mapping; what `<<` brings in gives way to the mapping's own keys."""
        own: _Entries = {}
        merged: _Entries = {}
        for key_node, value_node in node.value:
            self._count()
            line = _line(key_node)
            if key_node.tag == TAG + "merge":
                for source in self._merge_sources(value_node, path, line, depth):
                    merged = self._entries(source, path, depth + 1) | merged
            elif not isinstance(key_node, yaml.ScalarNode):
                message = "a key must be one word; is a quote missing?"
                self._findings.report_line(line, path, message)
            elif key_node.value in own:
                first = own[key_node.value][0]
                message = f"this key is given twice, first in line {first}"
                self._findings.report_line(line, (*path, key_node.value), message)
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
        message = "<< must name a mapping, or a list of them: <<: *anchor"
        self._findings.report_line(line, path, message)
        return []

    def _unknown_key(
        self, path: KeyPath, fields: dict[str, FieldInfo], present: Container[str]
    ) -> None:
        name = str(path[-1])
        message = "there is no such key"
        close = [key for key, field in fields.items() if Formerly(name) in marks_of(field)]
        if not close and not self._findings.is_full:
            close = get_close_matches(name.lower().replace("-", "_"), fields, n=1)
        if name in _KEY_PARENTS:
            message += f" here; it belongs under {_KEY_PARENTS[name]}"
        elif close:
            message += f'; did you mean "{close[0]}"?'
            if close[0] not in present:
                self._findings.settle((*path[:-1], close[0]))
        else:
            message += f"; known are {', '.join(fields)}"
        self._findings.report(path, message)

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooManyValuesError


def placeholder_camera(index: int) -> dict[str, Any]:
    """Make what stands for a camera that was reported: the others keep their places."""
    return {"id": f"placeholder-{index}", "url": "lavfi:placeholder"}


def _field_for(name: str, sections: tuple[type[BaseModel], ...]) -> FieldInfo | None:
    """What a section says of a key that stands for several, as `mon-fri` does."""
    found = (each.field_for(name) for each in sections if issubclass(each, Section))
    return next(filter(None, found), None)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _is_nothing(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value == ""


def _chosen(sections: tuple[Any, ...], node: yaml.MappingNode) -> tuple[type[BaseModel], ...]:
    """Of several sections, the one that the key `type` names; all of them when it names none."""
    for key_node, value_node in node.value:
        if key_node.value == "type":
            for section in sections:
                if "type" in section.model_fields and section().type == value_node.value:
                    return (section,)
    return sections


def _parents(section: type[BaseModel], place: str) -> Iterator[tuple[str, str]]:
    """Every key below the top, with the key it stands under."""
    for name, field in section.model_fields.items():
        if place:
            yield name, place
        items = item_type(field.annotation)
        for inner in (*leaves(field.annotation), items):
            if is_section(inner):
                yield from _parents(inner, f"{place}.{name}" if place else name)


# Without the names that the top has as well: `cameras` is above all a matter of indentation.
_KEY_PARENTS: Final = {
    name: place
    for name, place in reversed([*_parents(Config, "")])
    if name not in Config.model_fields
}
