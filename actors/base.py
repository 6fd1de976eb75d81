"""Makes all supervised actors end alike: each releases what it has and sends an exit message.

pykka tells nobody when an actor dies, and skips its hooks in some deaths: an exception in
`on_start` calls none, one in a handler calls `on_failure` instead of `on_stop`. `SupervisedActor`
turns every death into the same two steps, `release` and an exit message to the supervisor.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict
from weakref import WeakValueDictionary

import pykka

from edge_video.actors.faultable import Faultable
from edge_video.actors.messages import (
    ActorEnded,
    ApplyFault,
    Begin,
    ClearFaults,
    Finish,
    InjectFault,
)
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.breaker import BreakerState
from edge_video.runtime.shortage import is_shortage
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from edge_video.frames import CameraId
    from edge_video.resilience.breaker import CircuitBreaker
    from edge_video.runtime.timer import Timer, TimerHandle

_log = logging.getLogger(__name__)

_ERROR_LENGTH = 200

_threads: WeakValueDictionary[str, threading.Thread] = WeakValueDictionary()
"""Actor's URN → its thread, for as long as that exists. pykka does not tell."""


class InterruptedInHandlerError(RuntimeError):
    """A handler raised SystemExit or KeyboardInterrupt.

    pykka answers those by stopping every actor of the process, an embedding program's own
    included; as an ordinary exception they end only the actor that raised them.
    """


def tell(ref: pykka.ActorRef[Any] | None, message: object) -> bool:
    """Tell without caring whether the receiver is still there. Any thread.

    Returns:
        False when there is no receiver, or it is dead.
    """
    if ref is None:
        return False
    try:
        ref.tell(message)
    except pykka.ActorDeadError:
        return False
    return True


def is_running(ref: pykka.ActorRef[Any]) -> bool:
    """Whether a `SupervisedActor` still has its thread; `ActorRef.is_alive` is false too early.

    pykka calls an actor dead before its cleanup has even begun. Any thread.
    """
    thread = _threads.get(ref.actor_urn)
    return thread is not None and thread.is_alive()


def join(refs: Iterable[pykka.ActorRef[Any]], deadline_s: float) -> None:
    """Wait until the threads of actors are gone, at most until `deadline_s` of `time.monotonic`."""
    for ref in refs:
        thread = _threads.get(ref.actor_urn)
        if thread is not None:
            thread.join(max(0.0, deadline_s - time.monotonic()))


def answers_to(asked: Iterable[pykka.Future[Any]]) -> list[Any]:
    """The answers that are there; nobody is waited for."""
    answers = []
    for future in asked:
        try:
            answers.append(future.get(timeout=0))
        except (pykka.Timeout, pykka.ActorDeadError):
            continue
        except Exception:  # noqa: BLE001 - what an actor raised while it ended
            _log.exception("an actor ended without last words")
    return answers


def void(_: object) -> None:
    """Drop a value: timers call functions that return nothing."""


def describe(error: BaseException) -> str:
    """An exception in one line of bounded length, without control characters."""
    return shorten(
        one_line(f"{type(error).__name__}: {' '.join(str(error).split())}"), _ERROR_LENGTH
    )


def log_breaker_change(
    camera_id: CameraId,
    before: CircuitBreaker,
    after: CircuitBreaker,
    *,
    is_at_rest: bool = False,
) -> None:
    """The operator's line about a change of state; silent when the state is the same.

    With `is_at_rest` nothing is asked of the camera here now: that its failures are forgotten
    then is no recovery, and does not read as one.
    """
    if before.state is after.state:
        return
    if is_at_rest and after.state is BreakerState.CLOSED:
        log_event(_log, LogEvent.BREAKER_FORGIVEN, camera_id=camera_id, before=before.state)
        return
    log_event(
        _log,
        LogEvent.BREAKER_CHANGED,
        camera_id=camera_id,
        before=before.state,
        after=after.state,
        failures=after.consecutive_failures,
        backoff_s=after.backoff_s,
    )


class SupervisedActor(Faultable, pykka.ThreadingActor):
    """An actor that ends in one way only, whatever happened.

    Subclasses implement `handle` (messages), `release` (give everything back; called exactly
    once, in the actor's thread, and last of all) and `exit_message` (the message for the supervisor
    that the actor is gone).
    """

    UNDERSTOOD: ClassVar[tuple[type, ...]] = (object,)
    """The messages that `handle` knows. Others are logged and dropped: a stray message, which
    anybody who holds a ref can send, must not cost a camera or, in the supervisor, all of them."""

    ANSWERED: ClassVar[tuple[type, ...]] = ()
    """The messages that somebody asks and waits for; whatever goes wrong is raised there."""

    # Everything an actor owns is released by its supervisor's orderly stop; a program that dies
    # without one must not hang on actor threads.
    use_daemon_thread = True

    def __init__(
        self,
        *,
        supervisor: pykka.ActorRef[Any] | None,
        thread_name: str,
        allow_faults: bool = False,
        start_faults: Sequence[ApplyFault] = (),
    ) -> None:
        super().__init__(
            thread_name=thread_name, allow_faults=allow_faults, start_faults=start_faults
        )
        self._supervisor = supervisor
        self._ticks: list[TimerHandle] = []
        self._released = False
        self._error: BaseException | None = None

    def tick_every(self, timer: Timer, interval_s: float, message: object) -> None:
        """Have the timer tell this actor a message at that interval, until it ends."""
        actor_ref = self.actor_ref
        self._ticks.append(timer.every(interval_s, lambda: void(tell(actor_ref, message))))

    def handle(self, message: Any) -> object:
        """Handle one message; the return value answers an `ask`. Actor's thread."""
        raise NotImplementedError

    def release(self, error: BaseException | None) -> None:
        """Give everything back. `error` is what ended the actor, None after an orderly stop."""

    def exit_message(self, error: str | None) -> object:
        """The message that tells the supervisor that nothing is left of this actor."""
        raise NotImplementedError

    def final_answer(self) -> object:
        """The answer to `Finish`, after `release`."""
        return self.exit_message(None)

    def too_late(self, message: object) -> object:  # noqa: ARG002 - for subclasses
        """The answer to a message that comes after `release`; nothing may be done for it."""
        return None

    def on_start(self) -> None:
        """Only send `Begin`: an exception here would reach no hook."""
        self._crash_in_start()
        self.actor_ref.tell(Begin())

    def on_receive(self, message: Any) -> object:
        """Hand over to `handle`; see `InterruptedInHandlerError`."""
        try:
            return self._received(message)
        except Exception as error:
            if isinstance(message, self.ANSWERED) or not is_shortage(error):
                raise
            # The same end as after a crash, without pykka's traceback: what the machine is short
            # of is told by the supervisor, once.
            self._error = error
            self.stop()
            return None
        except BaseException as interrupt:
            raise InterruptedInHandlerError(repr(interrupt)) from interrupt

    def _received(self, message: Any) -> object:
        if isinstance(message, Finish):
            return self._release_and_answer()
        if self._released:
            # What was still in the mailbox behind `Finish`, `Begin` itself perhaps, must not
            # bring anything to life that nobody would release.
            return self.too_late(message)
        if type(message) in (InjectFault, ApplyFault, ClearFaults) and (
            type(message) not in self.UNDERSTOOD
        ):
            return self._fault_received(message)
        if isinstance(message, Begin):
            answer = self.handle(message)
            self._inject_start_faults()
            return answer
        if not isinstance(message, self.UNDERSTOOD):
            _log.warning(
                "%s does not understand a message: %s", self._thread_name, type(message).__name__
            )
            return None
        return self.handle(message)

    def on_stop(self) -> None:
        """An orderly stop."""
        self._release_once()

    def on_failure(
        self,
        exception_type: type[BaseException] | None,  # noqa: ARG002 - pykka's signature
        exception_value: BaseException | None,
        traceback: TracebackType | None,  # noqa: ARG002 - pykka's signature
    ) -> None:
        """An exception while a told message was handled."""
        self._error = self._error or exception_value
        self._release_once()

    def _handle_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # pykka's only notice of an exception in on_start; pinned by a test.
        self._error = self._error or exception_value
        super()._handle_failure(exception_type, exception_value, traceback)

    def _start_actor_loop(self) -> None:
        # pykka's private name for making the thread; pinned by a test. pykka keeps no hold of the
        # thread, and where the machine has none left it leaves an actor registered that answers
        # nobody.
        thread = threading.Thread(
            target=self._actor_loop, name=self._thread_name, daemon=self.use_daemon_thread
        )
        _threads[self.actor_urn] = thread
        try:
            thread.start()
        except BaseException:
            pykka.ActorRegistry.unregister(self.actor_ref)
            self.actor_stopped.set()
            raise

    def _actor_loop(self) -> None:
        # pykka's private name for the whole life of the thread; pinned by a test.
        try:
            super()._actor_loop()
        except BaseException as error:  # noqa: BLE001 - see below
            # Only a BaseException in on_start gets here. pykka leaves such an actor registered,
            # and every ask and stop would wait for it for ever.
            _log.exception("%s died outside its message loop", self._thread_name)
            self._error = self._error or error
            pykka.ActorRegistry.unregister(self.actor_ref)
            self.actor_stopped.set()
            self._actor_loop_teardown()
        finally:
            self._release_once()
            error_text = None if self._error is None else describe(self._error)
            tell(self._supervisor, self.exit_message(error_text))

    def _release_and_answer(self) -> object:
        self._release_once()
        self.stop()
        return self.final_answer()

    def _release_once(self) -> None:
        if self._released:
            return
        self._released = True
        try:
            with contextlib.ExitStack() as steps:  # last one first
                steps.callback(self.release, self._error)
                while self._ticks:
                    steps.callback(self._ticks.pop().cancel)
        except BaseException:  # noqa: BLE001 - see below
            # Whatever it is must not escape: pykka would answer a BaseException by stopping
            # every actor of the process.
            _log.exception("%s could not release everything", self._thread_name)


class ChildOptions(TypedDict, total=False):
    """What an actor that is no camera is born with, whatever it does."""

    supervisor: pykka.ActorRef[Any] | None
    """Gets its events and its exit message; None, the default, for nobody."""
    incarnation: int
    """How many of this name there were before this one; 0 by default."""
    start_faults: Sequence[ApplyFault]
    """Those that act while it starts, or as soon as it has; none by default."""


class ChildActor(SupervisedActor):
    """A supervised actor that is no camera: known by its name, restarted as the next incarnation.

    Args:
        allow_faults: obey `InjectFault`.
        supervisor: and the others: see `ChildOptions`, which is how subclasses hand them on.
    """

    NAME: ClassVar[str]

    def __init__(
        self,
        *,
        allow_faults: bool,
        supervisor: pykka.ActorRef[Any] | None = None,
        incarnation: int = 0,
        start_faults: Sequence[ApplyFault] = (),
    ) -> None:
        super().__init__(
            supervisor=supervisor,
            thread_name=f"{self.NAME}-{incarnation}",
            allow_faults=allow_faults,
            start_faults=start_faults,
        )
        self._incarnation = incarnation

    def exit_message(self, error: str | None) -> ActorEnded:
        """See `ActorEnded`."""
        return ActorEnded(self.NAME, self._incarnation, error, is_shortage(self._error))
