"""Holds every text of the command line's help, in both languages, and chooses the language.

No configuration is read when a parser is built, so the environment alone decides. A text is what
argparse prints: a percent sign is written twice.
"""

from __future__ import annotations

import os
from typing import Final

from edge_video.text.catalog import Language, Text, language_from_locale


def help_text(key: str, language: Language | None = None) -> str:
    """The text of a key, in the environment's language unless one is given.

    Raises:
        KeyError: there is no such text.
    """
    chosen = language_from_locale(os.environ) if language is None else language
    text = HELP_TEXTS[key]
    return text.pt_br if chosen is Language.PT_BR else text.en


HELP_TEXTS: Final[dict[str, Text]] = {
    "option.no_duration": Text(
        "{value} is no length of time; write it like 30, 30s, 5m or 1m30s",
        "{value} não é uma duração; escreva como 30, 30s, 5m ou 1m30s",
    ),
    "option.not_above": Text("{value} is not more than {bound}", "{value} não é mais que {bound}"),
    "option.too_short": Text("{value} is less than {bound}", "{value} é menos que {bound}"),
    "option.too_long": Text("{value} is more than {bound}", "{value} é mais que {bound}"),
}
