"""Defines the operator's languages, and a text in both of them."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Language(StrEnum):
    """A language of the operator's texts; the value is what a configuration file says."""

    EN = "en"
    PT_BR = "pt-BR"


class Text(NamedTuple):
    """One text in both languages."""

    en: str
    pt_br: str
