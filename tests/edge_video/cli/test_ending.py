"""The first signal begins the orderly stop; the next ones cut short what it waits for."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.cli import ending as module
from edge_video.cli.ending import Ending

if TYPE_CHECKING:
    from collections.abc import Callable


class ScriptedSystem:
    """Notes what is asked of it; as a node of a cluster it leaves until it is told not to."""

    def __init__(self, *, is_clustered: bool) -> None:
        self.is_leaving = False
        self.asked: list[str] = []
        self._is_clustered = is_clustered

    def begin_stop(self) -> None:
        self.asked.append("stop")
        self.is_leaving = self._is_clustered

    def leave_at_once(self) -> None:
        self.asked.append("leave at once")

    def kill_processes(self) -> None:
        self.asked.append("kill")


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Ending, ScriptedSystem]]:
    """Makes the ending of a system whose stop has begun."""

    def leave(status: int) -> None:
        raise SystemExit(status)

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(module, "teardown_log", lambda: None)

    def begin(*, is_clustered: bool) -> tuple[Ending, ScriptedSystem]:
        system: Any = ScriptedSystem(is_clustered=is_clustered)
        ending = Ending(None)
        ending.of(system)
        ending.begin("SIGTERM")
        return ending, system

    return begin


def test_without_a_cluster_a_second_signal_ends_the_process(
    begun: Callable[..., tuple[Ending, ScriptedSystem]],
) -> None:
    ending, system = begun(is_clustered=False)
    with pytest.raises(SystemExit):
        ending.signalled_again(signal.SIGTERM)
    assert system.asked == ["stop", "kill"]


def test_in_a_cluster_it_ends_the_wait_for_other_nodes_and_a_third_the_process(
    begun: Callable[..., tuple[Ending, ScriptedSystem]],
) -> None:
    ending, system = begun(is_clustered=True)
    ending.signalled_again(signal.SIGTERM)
    assert system.asked == ["stop", "leave at once"]
    with pytest.raises(SystemExit):
        ending.signalled_again(signal.SIGTERM)
    assert system.asked == ["stop", "leave at once", "kill"]


def test_it_ends_the_process_where_the_cameras_are_given_away_already(
    begun: Callable[..., tuple[Ending, ScriptedSystem]],
) -> None:
    ending, system = begun(is_clustered=True)
    system.is_leaving = False
    with pytest.raises(SystemExit):
        ending.signalled_again(signal.SIGTERM)
    assert system.asked == ["stop", "kill"]
