"""Translates sentences that are made deep in the program, where nobody knows the language.

Reasons, evidence and problems are made in English, as the status and the API say them. Where they
are shown, they are looked up here, as in gettext: the English text is the key. A phrase names its
facts in braces; whatever stands there is translated likewise, if it is a phrase. What no phrase
fits is shown as it came: the words of FFmpeg, of the broker and of cameras.

Pure. The cost of a look-up is linear in the length of the text.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from edge_video.text.camera_phrases import CAMERA_PHRASES
from edge_video.text.command_phrases import COMMAND_PHRASES
from edge_video.text.config_phrases import CONFIG_PHRASES
from edge_video.text.health_phrases import HEALTH_PHRASES
from edge_video.text.language import Language
from edge_video.text.log_phrases import LOG_PHRASES
from edge_video.text.reason_phrases import REASON_PHRASES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_video.text.language import Text

PHRASES: Final[tuple[Text, ...]] = (
    *REASON_PHRASES,
    *CAMERA_PHRASES,
    *CONFIG_PHRASES,
    *LOG_PHRASES,
    *HEALTH_PHRASES,
    *COMMAND_PHRASES,
)
"""All of them; a test holds every text that the program makes against them."""

_LONGEST: Final = 4096
_DEEPEST: Final = 6


def translated(text: str, language: Language) -> str:
    """The sentence in this language; as it is where no phrase fits it."""
    if language is Language.EN or len(text) > _LONGEST:
        return text
    return _remembered(text)


@lru_cache(maxsize=256)  # what a page shows each second, it says for long
def _remembered(text: str) -> str:
    return _translated(text, _DEEPEST)


def _translated(text: str, depth: int) -> str:
    book = _book()
    exact = book.exact.get(text)
    if exact is not None:
        return exact
    if not depth:
        return text
    for pattern in book.patterns:
        facts = pattern.match(text)
        if facts is not None:
            known = {name: _translated(fact, depth - 1) for name, fact in facts.items()}
            return pattern.translation.format(**known)
    # `frames/door: the disk is full`: a place of any kind, and then what is known.
    place, colon, rest = text.partition(": ")
    return f"{place}{colon}{_translated(rest, depth - 1)}" if colon else text


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A phrase with facts: `literals[0] {names[0]} literals[1] …`."""

    literals: tuple[str, ...]
    names: tuple[str, ...]
    translation: str

    @property
    def weight(self) -> int:
        """How much it says by itself: the phrase that says most is tried first."""
        return sum(map(len, self.literals))

    def match(self, text: str) -> dict[str, str] | None:
        """The facts; None when the text is another. A fact ends where the next word is found."""
        first, last = self.literals[0], self.literals[-1]
        if not (text.startswith(first) and text.endswith(last)):
            return None
        facts: dict[str, str] = {}
        position = len(first)
        for name, literal in zip(self.names[:-1], self.literals[1:-1], strict=True):
            end = text.find(literal, position + 1)
            if end < 0:
                return None
            if facts.setdefault(name, text[position:end]) != text[position:end]:
                return None
            position = end + len(literal)
        rest = text[position : len(text) - len(last)]
        if not rest or position > len(text) - len(last):
            return None
        return facts if facts.setdefault(self.names[-1], rest) == rest else None


@dataclass(frozen=True, slots=True)
class _Book:
    exact: dict[str, str]
    patterns: tuple[_Pattern, ...]


@cache
def _book() -> _Book:
    return _bound(PHRASES)


def _bound(phrases: Iterable[Text]) -> _Book:
    exact, patterns = {}, []
    for phrase in phrases:
        literals, names = _parts(phrase.en)
        if names:
            patterns.append(_Pattern(literals, names, phrase.pt_br))
        else:
            exact[phrase.en.format()] = phrase.pt_br.format()
    patterns.sort(key=lambda each: each.weight, reverse=True)
    return _Book(exact, tuple(patterns))


def _parts(template: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words between the facts, one more than there are facts, and the facts' names."""
    literals, names = [""], []
    for literal, name, _, _ in string.Formatter().parse(template):  # a brace may end a literal
        literals[-1] += literal
        if name is not None:
            names.append(name)
            literals.append("")
    return tuple(literals), tuple(names)
