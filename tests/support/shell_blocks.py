"""The shell commands that README and docs show, and which of them the tests cannot run.

A block whose commands need what a test has not says so to its reader, right below it:

    *Not run by the tests: this needs root and systemd.*
    *Not run by the tests (`pip install`): the package index.*       these commands of it only

The README, which begins with two such blocks, says it in a comment: `<!-- Not run … -->`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent.parent
DOCUMENTS: Final = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_BLOCK: Final = re.compile(
    r"^ *```(?:sh|bash|shell)\n(?P<text>.*?)^ *```\n"
    r"(?:\n? *(?:\*|<!-- )Not run by the tests(?: \((?P<which>[^)]+)\))?: "
    r"(?P<reason>[^*]+?)(?:\*| -->)\n)?",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """One block of a document."""

    document: str
    text: str
    which: tuple[str, ...]
    """How the commands begin that are not run; empty with a reason: all of them."""
    reason: str

    @property
    def commands(self) -> list[str]:
        """Each command, without its comment."""
        joined = self.text.replace("\\\n", " ")
        lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
        return [re.sub(r"\s+", " ", line) for line in lines if line]

    @property
    def left_out(self) -> list[str]:
        """The commands that carry a reason why they are not run."""
        if not self.reason:
            return []
        return [each for each in self.commands if not self.which or each.startswith(self.which)]

    @property
    def to_run(self) -> list[str]:
        """The commands that have to do what they promise."""
        left_out = self.left_out
        return [each for each in self.commands if each not in left_out]


def blocks_of(document: Path) -> list[Block]:
    """The shell blocks of a document, in its order."""
    return blocks_in(document.name, document.read_text(encoding="utf-8"))


def blocks_in(name: str, text: str) -> list[Block]:
    """The shell blocks of a document's text."""
    return [
        Block(
            name,
            found["text"],
            tuple(re.findall(r"`([^`]+)`", found["which"] or "")),
            (found["reason"] or "").strip(),
        )
        for found in _BLOCK.finditer(text)
    ]


def commands_to_run(documents: tuple[Path, ...] = DOCUMENTS) -> list[str]:
    """Each command once."""
    blocks = [block for document in documents for block in blocks_of(document)]
    return list(dict.fromkeys(command for block in blocks for command in block.to_run))
