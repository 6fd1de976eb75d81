"""Keeps the faults on purpose that outlast a connection; part of the publisher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_video.faults import LastingSinkFault, is_same_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_video.delivery.sink import Sink
    from edge_video.runtime.timer import Timer, TimerHandle


@dataclass(frozen=True, slots=True)
class _Acting:
    """A fault that lasts, beyond the connection that it began on."""

    fault: LastingSinkFault
    number: int
    end: TimerHandle | None
    """None: until `ClearFaults`."""


class SinkFaults:
    """Hands the lasting faults to every connection until they end. One thread.

    Args:
        timer: ends those with a time.
        end_due: is called from the timer's thread with the number of the fault that is over.
    """

    def __init__(self, timer: Timer, end_due: Callable[[int], None]) -> None:
        self._timer = timer
        self._end_due = end_due
        self._acting: list[_Acting] = []
        self._number = 0

    def begin(self, fault: LastingSinkFault, sink: Sink | None) -> bool:
        """Let a fault act from now on; False when the sink cannot show it."""
        if sink is not None and not sink.inject(fault):
            return False
        self._forget([each for each in self._acting if is_same_fault(each.fault, fault)])
        self._number += 1
        number, end = self._number, None
        if fault.for_s is not None:
            end = self._timer.after(fault.for_s, lambda: self._end_due(number))
        self._acting.append(_Acting(fault, number, end))
        return True

    def hand_to(self, sink: Sink) -> None:
        """Let every fault act on a new connection, too."""
        for each in self._acting:
            sink.inject(each.fault)

    def end(self, number: int, sink: Sink | None) -> None:
        """End the fault of this number, if it still acts."""
        over = [each for each in self._acting if each.number == number]
        self._forget(over)
        for each in over:
            if sink is not None:
                sink.end_fault(each.fault)

    def forget_all(self) -> None:
        """Hand none of them to further connections."""
        self._forget(list(self._acting))

    def _forget(self, faults: Iterable[_Acting]) -> None:
        for each in faults:
            self._acting.remove(each)
            if each.end is not None:
                each.end.cancel()
