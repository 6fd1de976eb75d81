"""Finds what YAML, the environment and copying silently change of a value. Pure.

The messages quote nothing of a value: it may be a password.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_COMMENT: Final = re.compile(r"[ \t]*#(?=[^\s#])")
_COMMENT_AFTER: Final = re.compile(r"[ \t]+#(?=[^\s#])")
_NULLS: Final = ("~", "Null", "NULL")
"""Without `null`, which `check` prints itself for what is absent."""
_SHELL_VARIABLE: Final = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*|%[A-Z_][A-Z0-9_]*%|\$\([^)]*\)")
_TEMPLATE: Final = re.compile(r"\{\{.*\}\}|<%.*%>", re.DOTALL)
_QUOTE_PAIRS: Final = (
    "''",
    '""',
    "``",
    "\u2018\u2019",
    "\u201c\u201d",
    "\u201e\u201c",
    "\u00ab\u00bb",
)
_SECRET_FOLDERS: Final = ("/run/secrets/", "/var/run/secrets/", "/run/credentials/")


@dataclass(frozen=True, slots=True)
class Written:
    """Holds a scalar as it stands in the file.

    Attributes:
        value: what YAML makes of it.
        style: None without quotes, else one of `'`, `"`, `|` and `>`.
        is_null: whether YAML takes it for no value.
        after: what follows it in its line.
        lines: how many lines it spans.
        stray_anchor: whether an anchor stands before it that nothing refers to.
    """

    value: str
    style: str | None
    is_null: bool
    after: str
    lines: int
    stray_anchor: bool


def lost(written: Written) -> str | None:
    """Say why YAML takes a part of what was written, or all of it, for something else."""
    is_block, is_plain = written.style in ("|", ">"), written.style is None
    found = (
        (
            "a value that begins with & must be in quotes: YAML reads the word as an anchor",
            written.stray_anchor,
        ),
        (
            f"{written.value} is YAML's word for no value; put it in quotes or leave the key out",
            written.is_null and written.value in _NULLS,
        ),
        (
            "a value that begins with # must be in quotes: YAML reads it as a comment",
            written.is_null and _COMMENT.match(written.after),
        ),
        (
            "it goes over several lines, which YAML joins with spaces; put it in quotes",
            is_plain and written.lines > 1,
        ),
        (
            "a value that begins with | or > must be in quotes",
            is_block and not written.value.strip(),
        ),
        (
            f"it ends in a line break; write {written.style}- instead of {written.style}",
            is_block and written.value.endswith("\n"),
        ),
    )
    return next((message for message, is_so in found if is_so), None)


def cut_off(written: Written) -> str | None:
    """Say that a comment behind a value may be meant as a part of it; None without a comment."""
    if written.is_null or not _COMMENT_AFTER.match(written.after):
        return None
    return 'what follows " #" is a comment to YAML; if it belongs to the value, put all in quotes'


def doubtful(text: str) -> str | None:
    """Say why a secret or a user name, its variables filled in, is probably not what is meant."""
    unseen = next((each for each in text if not each.isprintable()), " ")
    name = unicodedata.name(unseen, "a control character").lower()
    found = (
        ("it begins or ends with a space or a line break", text != text.strip()),
        (
            f"it contains a character that cannot be seen (U+{ord(unseen):04X}, {name})",
            unseen != " ",
        ),
        (
            "its first and last characters are quotes, and belong to the value",
            len(text) > 2 and text[0] + text[-1] in _QUOTE_PAIRS,  # noqa: PLR2004 - more than the two
        ),
        (
            "it is taken as it is; a variable of the environment is written ${NAME}",
            _SHELL_VARIABLE.fullmatch(text),
        ),
        ("it is taken as it is; was a template not filled in?", _TEMPLATE.fullmatch(text)),
        (
            "it is taken as it is; a file that holds the value is named as file:/…",
            text.startswith(_SECRET_FOLDERS),
        ),
    )
    return next((message for message, is_so in found if is_so), None)


def variable(name: str, value: str) -> str | None:
    """Say why the value of an environment variable cannot be used."""
    if not value:
        return (
            f"the environment variable {name} is empty; set it,"
            f" or write ${{{name}:-}} if it may be empty"
        )
    if value[-1] in "\r\n":
        kind = "carriage return: a file from Windows?" if value[-1] == "\r" else "line feed"
        return (
            f"the environment variable {name} ends in a line break ({kind});"
            " remove it where the variable is set"
        )
    return None
