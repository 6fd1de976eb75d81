"""What a signal asks for, and who is called for it."""

from __future__ import annotations

import signal
from signal import SIGHUP, SIGINT, SIGTERM
from typing import TYPE_CHECKING

import pytest

from edge_video.runtime.signals import ShutdownSignals, StopRequest, Terminal

if TYPE_CHECKING:
    from pathlib import Path


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


def test_with_something_to_reload_a_hang_up_asks_for_that_while_the_terminal_is_there(
    tmp_path: Path,
) -> None:
    tty = tmp_path / "tty"
    tty.touch()
    signals = ShutdownSignals(unused, on_reload=lambda: None, terminal=Terminal(str(tty)))
    assert signals.classify(SIGHUP, 100.0) is StopRequest.RELOAD
    tty.unlink()
    assert signals.classify(SIGHUP, 101.0) is StopRequest.GRACEFUL, "the terminal is gone"


def test_a_program_that_never_had_a_terminal_is_reloaded(tmp_path: Path) -> None:
    terminal = Terminal(str(tmp_path / "none"))
    signals = ShutdownSignals(unused, on_reload=lambda: None, terminal=terminal)
    assert signals.classify(SIGHUP, 100.0) is StopRequest.RELOAD


def test_nothing_is_reloaded_once_the_stop_has_begun(tmp_path: Path) -> None:
    heard: list[str] = []
    terminal = Terminal(str(tmp_path / "none"))
    with ShutdownSignals(
        lambda signum: heard.append(signum.name),
        on_reload=lambda: heard.append("reload"),
        terminal=terminal,
    ):
        signal.raise_signal(SIGHUP)
        signal.raise_signal(SIGTERM)
        signal.raise_signal(SIGHUP)
    assert heard == ["reload", "SIGTERM"]


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
