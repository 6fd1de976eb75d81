"""Makes foreign text harmless to a terminal, a log and a report: one table, two forms. Pure."""

from __future__ import annotations

from typing import Final

UNSAFE_RANGES: Final = (
    (0x00, 0x1F),  # control characters: line ends, terminal escapes
    (0x7F, 0x9F),
    # Unicode's format characters (a test compares): they reorder or hide what stands around them,
    # or are not seen at all; and two line ends of some viewers.
    (0xAD, 0xAD),
    (0x0600, 0x0605),
    (0x061C, 0x061C),
    (0x06DD, 0x06DD),
    (0x070F, 0x070F),
    (0x0890, 0x0891),
    (0x08E2, 0x08E2),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x2028, 0x202E),
    (0x2060, 0x206F),
    (0xD800, 0xDFFF),  # halves of characters cannot be written to a file
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB),
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1343F),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE007F),
)
"""First and last code point of what foreign text must not bring to a terminal or a log."""

_ESCAPES: Final = {
    code: chr(code).encode("unicode_escape").decode("ascii")
    for first, last in UNSAFE_RANGES
    for code in range(first, last + 1)
}
_SPACES: Final = _ESCAPES | {ord(each): " " for each in "\t\n\r"}
_SPACES_BUT_NEWLINE: Final = {code: shown for code, shown in _SPACES.items() if code != ord("\n")}


def one_line(text: str) -> str:
    r"""The text with every control character spelled out, as `\n` or `\x1b`.

    What cameras and brokers say is foreign text: it must neither start a line of its own nor
    steer the terminal.
    """
    return text if _is_harmless(text) else text.translate(_ESCAPES)


def escape_to_one_line(text: str, *, keep_newlines: bool = False) -> str:
    r"""The same, but with tabs and line ends as spaces; `keep_newlines` leaves `\n` as it is."""
    if _is_harmless(text):
        return text
    return text.translate(_SPACES_BUT_NEWLINE if keep_newlines else _SPACES)


def _is_harmless(text: str) -> bool:
    return text.isascii() and text.isprintable()
