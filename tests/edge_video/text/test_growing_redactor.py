"""Secrets of a new configuration are masked at once, and those of the old one for ever."""

from __future__ import annotations

from edge_video.text.growing_redactor import GrowingRedactor
from edge_video.text.redact import MASK, Redactor


def test_it_masks_what_it_has_learned_and_forgets_nothing() -> None:
    redact = GrowingRedactor(Redactor(["first-secret"]))
    assert redact("first-secret second-secret") == f"{MASK} second-secret"
    redact.learn(Redactor(["second-secret"], [("me", "pw1")]))
    assert redact("first-secret second-secret me:pw1@host") == f"{MASK} {MASK} me:{MASK}@host"


def test_lines_stay_lines_where_that_is_asked_for() -> None:
    assert GrowingRedactor(Redactor())("a\nb", keep_newlines=True) == "a\nb"
