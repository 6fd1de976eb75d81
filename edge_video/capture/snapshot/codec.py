"""Turns the bytes of headers into text and back, none lost. Pure.

Cameras write what they are called in any encoding, and what they wrote goes into a login's hash and
back to them, byte by byte.
"""

from __future__ import annotations

from typing import Final

CODEC: Final = ("utf-8", "surrogateescape")
"""Encoding and errors, for whoever takes them: UTF-8, and what is none is kept as it is."""


def text_of(raw: bytes) -> str:
    """Return the text of a header."""
    return raw.decode(*CODEC)


def bytes_of(text: str) -> bytes:
    """Return the bytes that a text was made of."""
    return text.encode(*CODEC)


def shown(text: str, most: int) -> str:
    """Return at most so many characters of a text, for a person: what is no UTF-8 is replaced."""
    return bytes_of(text).decode(errors="replace")[:most]
