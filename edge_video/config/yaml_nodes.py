"""Composes YAML into its node tree, as YAML 1.2 has it; no object is ever constructed.

Problems have messages of our own: PyYAML's quote the text at times, and it may be a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import yaml

from edge_video.config.yaml_traps import Written


class BadYamlError(Exception):
    """Raised for a text that is no mapping in YAML; `line` counts from 1, None for the whole."""

    def __init__(self, line: int | None, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class Document:
    """Holds the root of a text, and which of its nodes have an anchor that nothing refers to."""

    root: yaml.MappingNode
    stray_anchors: frozenset[int]
    """Identities of nodes; they live as long as the root."""

    def written(self, node: yaml.ScalarNode) -> Written:
        """Return a scalar as it stands in the text."""
        begin, end = node.start_mark, node.end_mark
        return Written(
            value=node.value,
            style=node.style,
            is_null=node.style is None and node.tag == TAG + "null",
            after=(end.buffer or "")[end.pointer :].partition("\n")[0],
            lines=end.line - begin.line + 1,
            stray_anchor=id(node) in self.stray_anchors,
        )


class _Loader(yaml.SafeLoader):
    """Composes nodes; never constructs objects. Scalars resolve as in YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own way to hand resolvers over

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._anchored: dict[str, yaml.Node] = {}
        self._used: set[str] = set()

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose as PyYAML does, and remember the names of anchors and who refers to them."""
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
        anchor = str(getattr(event, "anchor", None) or "")
        node = super().compose_node(parent, index)
        if isinstance(event, yaml.AliasEvent):
            self._used.add(anchor)
        elif anchor and node is not None:
            self._anchored[anchor] = node
        return node

    def stray_anchors(self) -> frozenset[int]:
        """The identities of nodes with an anchor that nothing refers to."""
        return frozenset(
            id(node) for name, node in self._anchored.items() if name not in self._used
        )


TAG: Final = "tag:yaml.org,2002:"
for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    (
        "float",
        r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
        list("-+0123456789."),
    ),
    ("merge", r"^<<$", ["<"]),
):
    _Loader.add_implicit_resolver(TAG + _tag, re.compile(_pattern), _first)

KNOWN_TAGS: Final = {
    TAG + name for name in ("null", "bool", "int", "float", "merge", "str", "seq", "map")
}


def compose(text: str) -> Document:
    """Return the tree of a text that is one mapping; no value is looked at yet.

    Raises:
        BadYamlError: it is none.
    """
    line: int | None = None
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = "there is a control character; was a binary file named?"
    except yaml.MarkedYAMLError as error:
        line, message = _syntax_problem(error)
    except RecursionError:
        message = "it is nested too deeply"
    except (yaml.YAMLError, ValueError, OverflowError):
        # PyYAML turns an escape like \UFFFFFFFF into a character without a check.
        message = "this is not valid YAML"
    else:
        if isinstance(root, yaml.MappingNode):
            return Document(root, loader.stray_anchors())
        if root is None or root.tag == TAG + "null":
            message = "the file is empty; it needs at least cameras:"
        else:
            line = root.start_mark.line + 1
            message = 'this must be a mapping of keys, like "cameras:" and its list'
    raise BadYamlError(line, message)


_SYNTAX: Final = (
    (
        r"(sequence entries|mapping keys) are not allowed",
        'a value that begins with "- " or "? " must be in quotes',
    ),
    (r"quoted scalar", "a quote is opened here and not closed, or a \\ in double quotes is wrong"),
    (r"'\\t'", "a tab; YAML is indented with spaces"),
    (r"cannot start any token", "a value that begins with @ ` % or | must be in quotes"),
    (r"duplicate anchor", "an anchor of this name (&name) is defined twice"),
    (r"undefined alias", "a value that begins with * must be in quotes"),
    (r"anchor|alias", "a value that begins with & or * must be in quotes"),
    (r"scanning a tag|tag handle", "a value that begins with ! must be in quotes"),
    (r"directive", "a value that begins with % must be in quotes"),
    (r"block scalar", "a value that begins with | or > must be in quotes"),
    (
        r"mapping values are not allowed",
        'a ":" is in the wrong place: is the indentation right? A value with ": " needs quotes',
    ),
    (r"flow (sequence|mapping)|flow node", "a [ or { is not closed, or a value needs quotes"),
    (r"could not find expected ':'", 'a ":" is missing after a key, or the indentation is wrong'),
    (r"single document", "there is a second document (---); only one is allowed"),
    (r"block (end|mapping|collection)", "the indentation does not fit the lines above"),
)


def _syntax_problem(error: yaml.MarkedYAMLError) -> tuple[int | None, str]:
    theirs = f"{error.context or ''} {error.problem or ''}"
    message = next((ours for pattern, ours in _SYNTAX if re.search(pattern, theirs)), None)
    mark = error.problem_mark or error.context_mark
    if "quoted scalar" in theirs and error.context_mark is not None:
        mark = error.context_mark
    line = None if mark is None else mark.line + 1
    return line, f"YAML: {message}" if message else "this is not valid YAML"


def tag_of_plain(text: str) -> str:
    """Return the tag that YAML gives to a scalar without quotes."""
    return str(_Loader("").resolve(yaml.ScalarNode, text, (True, False)))  # type: ignore[no-untyped-call]  # the stubs leave it out


def native(tag: str, text: str) -> object:
    """Return a scalar as YAML means it; what cannot be converted stays text."""
    kind = tag.removeprefix(TAG)
    try:
        if kind == "int":
            return int(text, 0 if text[:2] in ("0x", "0o") else 10)
        if kind == "float":
            return float(text)
    except ValueError:
        return text
    if kind == "bool":
        return text.lower() == "true"
    return None if kind == "null" else text
