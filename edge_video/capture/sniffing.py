"""Splits what an HTTP camera sends into frames, and notices when it is no Motion JPEG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.capture.content import BEGINNING_BYTES, HEAD_BYTES, is_motion_jpeg
from edge_video.frames.splitter import FrameSplitter

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_PREAMBLE_BYTES: Final = 256 * 1024
"""So much without an image is another format, whatever its first bytes are."""


class SniffingSplitter(FrameSplitter):
    """A splitter that tells by the first bytes whether a stream is another format.

    Then it gives no frames.

    Args:
        on_other: called once, by `buffer_updated`, when the stream turns out to be another format.

    Attributes:
        is_other: whether it has turned out to be one.
        beginning: the first bytes that came, at most `BEGINNING_BYTES`.
    """

    __slots__ = ("_head", "_on_other", "beginning", "is_other")

    def __init__(self, on_other: Callable[[], object]) -> None:
        super().__init__(believes_lengths=False)
        self.beginning = b""
        self._head: bytes | None = b""
        self.is_other = False
        self._on_other = on_other

    def buffer_updated(self, n: int) -> list[bytes]:
        """As `FrameSplitter.buffer_updated`; no frames once the stream is another format."""
        if not self.frames and len(self.beginning) < BEGINNING_BYTES:
            missing = min(n, BEGINNING_BYTES - len(self.beginning))
            self.beginning += self.peek(missing)
        if self._head is not None:
            self._judge_head(self.peek(min(n, HEAD_BYTES)))
        whole = super().buffer_updated(n)
        if not self.is_other and not self.frames and self.discarded_bytes > _MAX_PREAMBLE_BYTES:
            self._found_other()
        return [] if self.is_other else whole

    def forget(self) -> None:
        """Call nobody any more: the owner holds this splitter, which would hold its owner."""
        self._on_other = _to_nobody

    def _judge_head(self, came: bytes) -> None:
        assert self._head is not None
        head = self._head + came
        verdict = is_motion_jpeg(head, complete=len(head) >= HEAD_BYTES)
        self._head = head if verdict is None else None
        if verdict is False:
            self._found_other()

    def _found_other(self) -> None:
        self.is_other = True
        self._on_other()


def _to_nobody() -> None:
    """Take the place of `on_other` after the end."""
