"""Which tests are attacks: those that docs/attacks.md names."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "attacks.md"


def named_tests() -> set[str]:
    """The names in the last column of the page's tables."""
    return set(re.findall(r"\| `(test_\w+)` \|$", PAGE.read_text(), re.MULTILINE))
