"""Builds pieces of HTML out of texts of the catalog, each of them made harmless. Pure."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from edge_video.text.catalog import Language, count_text, lookup
from edge_video.text.escaping import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_video.report.final import Row


class Markup:
    """Makes HTML of texts in one language, with secrets masked.

    Args:
        language: of the catalog's texts.
        clean: masks secrets.
    """

    def __init__(self, language: Language, clean: Callable[[str], str]) -> None:
        self.language = language
        self._clean = clean

    def plain(self, text: object) -> str:
        """The text masked and on one line; not yet escaped, as `svg` wants it."""
        return one_line(self._clean(str(text)))

    def safe(self, text: object) -> str:
        """The text masked, on one line, and without any meaning to a browser."""
        return escape(self.plain(text))

    def text(self, key: str, **facts: object) -> str:
        """A text of the catalog, safe."""
        return self.safe(lookup(key, self.language).format(**facts))

    def rows(self, rows: Iterable[Row]) -> str:
        """A list of labels and values."""
        items = "".join(
            f"<dt>{self.text(key)}</dt><dd>{self.safe(value)}</dd>" for key, value in rows
        )
        return f"<dl>{items}</dl>"

    def counted(self, key: str, count: int, **facts: object) -> str:
        """A text of the catalog for so many, safe."""
        return self.safe(count_text(key, count, self.language, **facts))

    def section(self, key: str, body: str) -> str:
        """A section whose heading is a text of the catalog."""
        heading = re.sub(r"^\W+", "", self.text(key))  # without the text report's pictograms
        return f"<section><h2>{heading}</h2>{body}</section>"
