"""Reads the XML of devices: bounded, without entities, tolerant of what real devices do wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import (
    Element,
    ParseError,
    TreeBuilder,
    XMLParser,
)

from edge_video.text.escaping import escape_to_one_line
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 256 * 1024
"""Of one answer; a camera with sixteen profiles sends about 60 kB."""
_MAX_TEXT: Final = 500
_PREFIX: Final = re.compile(rb"(</?|\s)[A-Za-z_][\w.\-]*:(?=[A-Za-z_][\w.\-]*[\s/>=])")


class NotUnderstood(Exception):  # noqa: N818 - what an answer is, no error of this program
    """An answer that is no XML, or more of it than is read."""


class _WithoutDocumentType(TreeBuilder):
    """Refuses a document type before anything in it is read: entities are declared nowhere else."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """End the reading; SOAP forbids a document type."""
        del name, public, system
        raise NotUnderstood("a document type")


def read_xml(raw: bytes) -> Element:
    """The root of a document.

    Bytes around the document are ignored: devices add line ends before it and zeros behind. Where a
    prefix is declared nowhere, all prefixes are taken off, for names are compared without them.

    Raises:
        NotUnderstood: it is too long, broken, or has a document type.
    """
    if len(raw) > MAX_BYTES:
        raise NotUnderstood("too long")
    document = raw[raw.find(b"<") : raw.rfind(b">") + 1]
    try:
        return _parsed(document)
    except ParseError as error:
        if "unbound prefix" not in str(error):
            raise NotUnderstood(str(error)) from None
    try:
        return _parsed(_PREFIX.sub(rb"\1", document))
    except ParseError as error:
        raise NotUnderstood(str(error)) from None


def _parsed(document: bytes) -> Element:
    parser = XMLParser(target=_WithoutDocumentType())  # noqa: S314 - as above
    try:
        parser.feed(document)
        root: Element = parser.close()
    except (ValueError, LookupError) as error:  # an encoding that expat does not have
        raise NotUnderstood(str(error)) from None
    return root


def all_named(root: Element, name: str) -> Iterator[Element]:
    """Every element of this name below, whatever its namespace: devices use old and wrong ones."""
    return (each for each in root.iter() if _local(each.tag) == name)


def first_named(root: Element, *path: str) -> Element | None:
    """The first element of a path of names, each somewhere below the one before."""
    found: Element | None = root
    for name in path:
        if found is None:
            return None
        found = next(all_named(found, name), None)
    return found


def text_of(root: Element, *path: str) -> str:
    """The text of the first element of a path, harmless to print; empty when there is none."""
    found = first_named(root, *path)
    return "" if found is None else harmless(found.text or "")


def harmless(text: str) -> str:
    """Foreign text on one line, without anything that steers a terminal, and not too long."""
    return shorten(escape_to_one_line(text).strip(), _MAX_TEXT)


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]
