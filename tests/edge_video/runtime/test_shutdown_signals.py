from __future__ import annotations

from signal import SIGHUP, SIGINT, SIGTERM

from edge_video.runtime.shutdown_signals import Meaning, ShutdownSignals


def test_the_first_signal_asks_for_the_end_and_another_one_for_it_at_once() -> None:
    patience = ShutdownSignals()
    assert patience.hear(SIGTERM, 100.0) is Meaning.END
    assert patience.hear(SIGTERM, 101.0) is Meaning.AT_ONCE


def test_the_same_signal_within_a_moment_is_an_echo_of_the_first() -> None:
    patience = ShutdownSignals()
    patience.hear(SIGINT, 100.0)
    assert patience.hear(SIGINT, 100.05) is Meaning.ECHO
    assert patience.hear(SIGTERM, 100.06) is Meaning.AT_ONCE
    assert patience.hear(SIGINT, 100.2) is Meaning.AT_ONCE


def test_a_hang_up_asks_for_the_end_and_is_never_impatient() -> None:
    patience = ShutdownSignals()
    assert patience.hear(SIGHUP, 100.0) is Meaning.END
    assert patience.hear(SIGHUP, 105.0) is Meaning.END, "which has begun already"
    assert patience.hear(SIGTERM, 106.0) is Meaning.END
    assert patience.hear(SIGHUP, 107.0) is Meaning.ECHO
    assert patience.hear(SIGTERM, 108.0) is Meaning.AT_ONCE
