"""Lets everybody who masks secrets learn those of another configuration at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_video.text.redact import Redactor


class GrowingRedactor:
    """Masks what its redactor masks, which is replaced by one that masks more. Any thread.

    Nothing is forgotten: a process that was started with an old password may still quote it.

    Args:
        first: what is masked at first.
    """

    def __init__(self, first: Redactor) -> None:
        self._current = first

    def __call__(self, text: str, *, keep_newlines: bool = False) -> str:
        """The text with secrets masked, as `Redactor` does it."""
        return self._current(text, keep_newlines=keep_newlines)

    def learn(self, other: Redactor) -> None:
        """Mask the secrets of this one, too. One thread at a time."""
        self._current = self._current.joined(other)
