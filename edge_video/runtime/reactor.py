"""Waits for every pipe and socket at once, in one thread, in rounds that take several together.

At some hundred frames a second what a frame costs is mostly *waking up*: the same code takes a
third of the time when it does not begin with cold caches. So everything that is ready is handled
in one round, and where events follow each other closely, rounds keep a distance and take several.
A single event after a pause is handled at once.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import threading
import time
from typing import TYPE_CHECKING, Final

from edge_video.runtime import poller

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)

ROUND_S: Final = 0.006
"""From the beginning of a round to that of the next under load: what an event waits at most."""
_SHARED: Final = 0.5
"""Rounds keep a distance when events come, on average, closer together than this share of it."""
_SMOOTH: Final = 0.1

_MAX_WAIT_S: Final = 60.0
_IN_OR_OUT: Final = poller.READ | poller.WRITE


class Timeout:
    """A call that is due later; see `Member.call_later`."""

    __slots__ = ("call", "due_s")

    def __init__(self, due_s: float, call: Callable[[], object]) -> None:
        self.due_s = due_s
        self.call: Callable[[], object] | None = call


class Reactor:
    """Lends its thread to members; it runs while there is one, and ends with the last.

    Args:
        name: of the thread.
        round_s: see `ROUND_S`; 0 handles every event at once.
    """

    def __init__(self, name: str = "reactor", *, round_s: float = ROUND_S) -> None:
        self._name = name
        self._round_s = round_s
        self._lock = threading.Lock()
        self._run: _Run | None = None

    def enter(self, on_error: Callable[[BaseException], object]) -> Member:
        """Make a member of whoever calls. Any thread.

        Args:
            on_error: called once, in the loop's thread, when a call of this member's raised, or
                the loop itself has died; nothing of this member is called any more then.

        Raises:
            RuntimeError: the machine has no thread left.
            OSError: it has no file descriptor left.
        """
        with self._lock:
            run = self._run
            if run is None or (member := run.admit(on_error)) is None:
                run = _Run(self._name, self._round_s)
                member = run.admit(on_error)
                assert member is not None
                run.start()
                self._run = run
            return member

    def join_if_idle(self, timeout_s: float) -> None:
        """Wait for the thread to end if nobody is left in it. Any thread but the loop's."""
        with self._lock:
            run = self._run
        if run is not None and run.thread.ident != threading.get_ident():
            run.join_if_idle(time.monotonic() + timeout_s)

    def give_up(self, member: Member) -> None:
        """Leave a loop that does not answer to itself: new members get another. Any thread."""
        with self._lock:
            if self._run is not None and self._run is member.run:
                self._run = None


class Member:
    """One member's part of a loop: what it registered, and nobody else's.

    The names and semantics are those of tornado's loop, which pika's adapters are written for.
    Everything belongs to the loop's thread, except `call_soon`, `leave` and `in_thread`.
    """

    READ: Final = poller.READ
    WRITE: Final = poller.WRITE
    ERROR: Final = poller.ERROR

    def __init__(self, run: _Run, on_error: Callable[[BaseException], object]) -> None:
        self.run: Final = run
        self.on_error = on_error
        self.gone = False
        """It has left, or failed, or its loop is dead: nothing is called any more."""
        self.fds: set[int] = set()

    @property
    def in_thread(self) -> bool:
        """Whether this is the loop's thread."""
        return threading.get_ident() == self.run.thread.ident

    @property
    def is_dead(self) -> bool:
        """Whether the loop's thread has ended: then nobody else touches what the member owns."""
        return self.run.ended

    def call_soon(self, call: Callable[[], object]) -> bool:
        """Have this called in the loop's thread; False (and it is not kept) when that is over."""
        return not self.gone and self.run.post(self, call)

    def leave(self) -> None:
        """Take everything back. In the loop's thread nothing is called any more once it returns."""
        if self.in_thread:
            self.run.dismiss(self)
        elif not self.run.post(self, lambda: self.run.dismiss(self)):
            self.gone = True

    # --- the loop's thread only -------------------------------------------------------------

    def add_handler(self, fd: int, handler: Callable[[int, int], object], events: int) -> None:
        """Have `handler(fd, events)` called whenever the descriptor is ready (level-triggered)."""
        self.run.add_handler(self, fd, handler, events)

    def update_handler(self, fd: int, events: int) -> None:
        """Wait for other events from now on; 0 for errors only."""
        self.run.update_handler(fd, events)

    def remove_handler(self, fd: int) -> None:
        """Forget a descriptor; before it is closed."""
        self.run.remove_handler(self, fd)

    def call_later(self, delay_s: float, call: Callable[[], object]) -> Timeout:
        """Call once, in at least so many seconds."""
        return self.run.call_later(self, delay_s, call)

    def remove_timeout(self, timeout: Timeout) -> None:
        """Forget a call that is due later; harmless when it has happened."""
        timeout.call = None

    def add_callback(self, call: Callable[[], object]) -> None:
        """Alias of `call_soon`, for pika."""
        self.call_soon(call)

    def at_end_of_round(self, call: Callable[[], object]) -> None:
        """Call once, when everything that is ready in this round has been handled."""
        self.run.last_calls.append((self, call))

    def skip_pacing(self) -> None:
        """Let the next round begin as soon as there is something to do."""
        self.run.pacing_skipped = True


class _Timers:
    """The calls that are due later, of all members. The loop's thread."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Member, Timeout]] = []
        self._numbers = itertools.count()

    def add(self, member: Member, delay_s: float, call: Callable[[], object]) -> Timeout:
        timeout = Timeout(time.monotonic() + delay_s, call)
        heapq.heappush(self._heap, (timeout.due_s, next(self._numbers), member, timeout))
        return timeout

    def dismiss(self, member: Member) -> None:
        self._heap = [each for each in self._heap if each[2] is not member]
        heapq.heapify(self._heap)

    def wait_s(self) -> float:
        """Return the time until the next call is due, `_MAX_WAIT_S` at most."""
        heap = self._heap
        while heap and heap[0][3].call is None:  # taken back meanwhile
            heapq.heappop(heap)
        if not heap:
            return _MAX_WAIT_S
        return min(_MAX_WAIT_S, max(0.0, heap[0][0] - time.monotonic()))

    def take_due(self, now_s: float) -> list[tuple[Member, Timeout]]:
        due: list[tuple[Member, Timeout]] = []
        heap = self._heap
        while heap and heap[0][0] <= now_s:
            _, _, member, timeout = heapq.heappop(heap)
            due.append((member, timeout))
        return due


class _Run:
    """One life of the thread."""

    def __init__(self, name: str, round_s: float) -> None:
        self._round_s = round_s
        self._lock = threading.Lock()
        self._members: set[Member] = set()
        self._posted: list[tuple[Member, Callable[[], object]]] = []
        self._timers = _Timers()
        self._handlers: dict[int, tuple[Member, Callable[[int, int], object], int]] = {}
        self.last_calls: list[tuple[Member, Callable[[], object]]] = []
        self.pacing_skipped = False
        self.ended = False
        self.thread: Final = threading.Thread(target=self._live, name=name, daemon=True)
        self.poller: Final = poller.make_poller()
        try:
            self._wakeup = poller.make_wakeup()
        except OSError:
            self.poller.close()
            raise
        self.poller.register(self._wakeup.fd, poller.READ)

    def start(self) -> None:
        try:
            self.thread.start()
        except RuntimeError:
            self._close()
            raise

    # --- any thread ---

    def admit(self, on_error: Callable[[BaseException], object]) -> Member | None:
        with self._lock:
            if self.ended:
                return None
            member = Member(self, on_error)
            self._members.add(member)
            return member

    def post(self, member: Member, call: Callable[[], object]) -> bool:
        with self._lock:
            if self.ended:
                return False
            self._posted.append((member, call))
            if len(self._posted) == 1:
                self._wakeup.set()
            return True

    def join_if_idle(self, until_s: float) -> None:
        while self.thread.is_alive() and not self._members and time.monotonic() < until_s:
            self.thread.join(0.05)

    # --- the thread ---

    def add_handler(
        self, member: Member, fd: int, handler: Callable[[int, int], object], events: int
    ) -> None:
        self.poller.register(fd, events)
        self._handlers[fd] = (member, handler, events)
        member.fds.add(fd)

    def update_handler(self, fd: int, events: int) -> None:
        self.poller.modify(fd, events)
        member, handler, _ = self._handlers[fd]
        self._handlers[fd] = (member, handler, events)

    def remove_handler(self, member: Member, fd: int) -> None:
        member.fds.discard(fd)
        if self._handlers.pop(fd, None) is not None:
            with contextlib.suppress(OSError, ValueError):  # closed behind our back, or the loop is
                self.poller.unregister(fd)

    def call_later(self, member: Member, delay_s: float, call: Callable[[], object]) -> Timeout:
        return self._timers.add(member, delay_s, call)

    def dismiss(self, member: Member) -> None:
        member.gone = True
        for fd in tuple(member.fds):
            self.remove_handler(member, fd)
        self._timers.dismiss(member)
        with self._lock:
            self._members.discard(member)

    def _live(self) -> None:
        error: BaseException = RuntimeError("the reactor ended")
        try:
            self._serve()
        except BaseException as caught:  # noqa: BLE001 - a loop must not die unnoticed
            _log.exception("the reactor failed")
            error = caught
        with self._lock:
            self.ended = True
            left, self._members = self._members, set()
            self._posted.clear()
        for member in left:
            self._fail(member, error)
        self._close()

    def _close(self) -> None:
        self.ended = True
        self.poller.close()
        self._wakeup.close()

    def _serve(self) -> None:
        began_s = time.monotonic()
        event_every_s = 1.0
        while True:
            # An event that is sure to come is not waited for twice: first for it, then for others.
            if event_every_s < self._round_s * _SHARED and not self.pacing_skipped:
                _sleep(began_s + self._round_s - time.monotonic())
            ready = self.poller.poll(self._wait_s())
            self.pacing_skipped = False
            now_s = time.monotonic()
            if ready:
                event_every_s += _SMOOTH * ((now_s - began_s) / len(ready) - event_every_s)
                began_s = now_s
                self._handle(ready)
            for member, timeout in self._timers.take_due(now_s):
                if timeout.call is not None:
                    call, timeout.call = timeout.call, None
                    self._call(member, call)
            while self.last_calls:
                calls, self.last_calls = self.last_calls, []
                for member, call in calls:
                    self._call(member, call)
            if not self._members:
                with self._lock:
                    if not self._members:  # nobody came in meanwhile
                        self.ended = True
                        return

    def _wait_s(self) -> float:
        return 0.0 if self.last_calls else self._timers.wait_s()

    def _handle(self, ready: list[tuple[int, int]]) -> None:
        """Call the handlers of what is ready."""
        wakeup_fd = self._wakeup.fd
        for fd, events in ready:
            if fd == wakeup_fd:
                self._on_wakeup()
                continue
            found = self._handlers.get(fd)
            if found is None:
                continue  # removed by a handler before it
            member, handler, wanted = found
            if events & ~_IN_OR_OUT:
                # An error or a hang-up comes unasked, and concerns both directions; whoever waits
                # for nothing must hear of it too, or it comes again at once.
                events = wanted & _IN_OR_OUT or poller.READ  # noqa: PLW2901 - what it means
            try:
                handler(fd, events)
            except BaseException as error:  # noqa: BLE001 - it is this member's end and no other's
                self._fail(member, error)

    def _on_wakeup(self) -> None:
        with self._lock:
            self._wakeup.clear()
            posted, self._posted = self._posted, []
        for member, call in posted:
            self._call(member, call)

    def _call(self, member: Member, call: Callable[[], object]) -> None:
        if member.gone:
            return
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - as in `_handle`
            self._fail(member, error)

    def _fail(self, member: Member, error: BaseException) -> None:
        if member.gone:
            return
        _log.error("a part of the reactor failed", exc_info=error)
        self.dismiss(member)
        try:
            member.on_error(error)
        except BaseException:  # noqa: BLE001 - nobody is left to tell
            _log.exception("a failure could not be told")


def _sleep(rest_s: float) -> None:
    if rest_s > 0:
        time.sleep(rest_s)
