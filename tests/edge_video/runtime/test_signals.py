"""What a signal asks for, and who is called for it."""

from __future__ import annotations

import signal
from signal import SIGHUP, SIGINT, SIGTERM

import pytest

from edge_video.runtime.signals import ShutdownSignals, StopRequest


def unused(_: object) -> None:
    """No signal is sent here."""


def test_the_first_signal_asks_for_the_end_and_another_one_for_it_at_once() -> None:
    signals = ShutdownSignals(unused)
    assert signals.classify(SIGTERM, 100.0) is StopRequest.GRACEFUL
    assert signals.classify(SIGTERM, 101.0) is StopRequest.IMMEDIATE


def test_the_same_signal_within_a_moment_is_a_duplicate_of_the_first() -> None:
    signals = ShutdownSignals(unused)
    signals.classify(SIGINT, 100.0)
    assert signals.classify(SIGINT, 100.05) is StopRequest.DUPLICATE
    assert signals.classify(SIGTERM, 100.06) is StopRequest.IMMEDIATE
    assert signals.classify(SIGINT, 100.2) is StopRequest.IMMEDIATE


def test_a_hang_up_asks_for_the_end_and_never_for_it_at_once() -> None:
    signals = ShutdownSignals(unused)
    assert signals.classify(SIGHUP, 100.0) is StopRequest.GRACEFUL
    assert signals.classify(SIGHUP, 105.0) is StopRequest.GRACEFUL, "which has begun already"
    assert signals.classify(SIGTERM, 106.0) is StopRequest.GRACEFUL
    assert signals.classify(SIGHUP, 107.0) is StopRequest.DUPLICATE
    assert signals.classify(SIGTERM, 108.0) is StopRequest.IMMEDIATE


def test_the_callbacks_run_only_while_the_scope_is_entered() -> None:
    before = signal.getsignal(SIGTERM)
    heard: list[tuple[str, signal.Signals]] = []
    with ShutdownSignals(
        lambda signum: heard.append(("graceful", signum)),
        lambda signum: heard.append(("immediate", signum)),
    ):
        signal.raise_signal(SIGTERM)
        signal.raise_signal(SIGTERM)
        signal.raise_signal(SIGINT)
    assert heard == [("graceful", SIGTERM), ("immediate", SIGINT)]
    assert signal.getsignal(SIGTERM) is before


def test_without_a_callback_for_it_the_end_at_once_is_a_keyboard_interrupt() -> None:
    with ShutdownSignals(unused):
        signal.raise_signal(SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(SIGINT)
