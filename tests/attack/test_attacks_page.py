"""docs/attacks.md: each row has its test, and each attack has its row."""

from __future__ import annotations

import re

from tests.support.attacks import PAGE, named_tests
from tests.support.program import ROOT


def test_each_row_has_its_test() -> None:
    named = named_tests()
    assert len(named) > 40
    existing = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert named - existing == set()


def test_each_attack_has_its_row() -> None:
    attacks = {
        name
        for path in (ROOT / "tests/attack").glob("test_*.py")
        if path.stem != "test_attacks_page"
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert attacks - named_tests() == set()
    assert PAGE.exists()
