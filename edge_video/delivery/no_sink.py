"""Implements the sink of a system whose cameras all go to actors of an embedding program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.delivery.sink import SinkConnected, SinkDrained

if TYPE_CHECKING:
    from edge_video.delivery.sink import SinkListener
    from edge_video.faults import SinkFault

NO_TARGET: Final = "none"
"""What status and reports name as the place where frames go."""


class NoSink:
    """A sink that is always connected and takes no frame, as none is for it; a `Sink`."""

    def __init__(self, listener: SinkListener) -> None:
        self._listener = listener

    def open(self) -> None:
        """Connected at once."""
        self._listener(SinkConnected(NO_TARGET))

    def frames_ready(self) -> None:
        """Nothing: the frames of this outbox are those of no camera."""

    def drain(self) -> None:
        """Drained at once."""
        self._listener(SinkDrained())

    def inject(self, fault: SinkFault) -> bool:
        """There is nothing to break."""
        del fault
        return False

    def end_fault(self, fault: SinkFault) -> None:
        """None acts."""

    def clear_faults(self) -> None:
        """None acts."""

    def close(self, timeout_s: float) -> bool:
        """Nothing is left to end."""
        del timeout_s
        return True
