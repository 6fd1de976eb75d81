"""The configuration is reloaded on request, and by itself when its files have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pykka
import pytest

from edge_video.actors.reload_files import reload_files
from edge_video.actors.reload_loop import FileWatch, ReloadLoop
from edge_video.actors.reload_messages import (
    ConfigFilesSeen,
    Reload,
    ReloadAnswer,
    ReloadFailed,
)
from edge_video.config.source import ConfigSource
from edge_video.status.configuration import ReloadReason, ReloadResult
from edge_video.testing import eventually
from tests.support.actors import quiesce

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAIN = "sink: directory\ncameras: [{id: door, url: 'rtsp://10.0.0.1/s'}]\n"


class Supervisor(pykka.ThreadingActor):
    """Keeps what it is told, and answers as if all were well."""

    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def on_receive(self, message: object) -> ReloadAnswer:
        self.heard.append(message)
        return ReloadAnswer(ReloadResult.DONE)


@pytest.fixture
def supervisor() -> Iterator[pykka.ActorRef[Supervisor]]:
    ref = Supervisor.start()
    yield ref
    ref.stop(timeout=5)


def heard(supervisor: pykka.ActorRef[Supervisor], *kinds: type) -> list[object]:
    quiesce()
    actor = supervisor._actor_weakref()
    assert actor is not None
    return [each for each in actor.heard if not kinds or isinstance(each, kinds)]


def asked_by(supervisor: pykka.ActorRef[Supervisor]) -> list[str]:
    return [each.origin for each in heard(supervisor, Reload) if isinstance(each, Reload)]


@pytest.fixture
def source(tmp_path: Path) -> ConfigSource:
    path = tmp_path / "config.yaml"
    path.write_text(MAIN)
    source = ConfigSource(path)
    source.accept(source.read())
    return source


def test_the_files_are_read_and_the_supervisor_is_asked(
    source: ConfigSource, supervisor: pykka.ActorRef[Supervisor]
) -> None:
    source.path.write_text(MAIN.replace("door", "gate"))
    assert reload_files(source, supervisor, origin="me").result is ReloadResult.DONE
    (message,) = heard(supervisor, Reload)
    assert isinstance(message, Reload)
    assert (message.config.cameras[0].id, message.origin) == ("gate", "me")
    assert source.digest() == source.accepted


def test_files_with_errors_are_told_whole_and_change_nothing(
    source: ConfigSource, supervisor: pykka.ActorRef[Supervisor]
) -> None:
    accepted = source.accepted
    source.path.write_text(MAIN + "bufer: 1\nfps: 0\nquality: none\n")
    answer = reload_files(source, supervisor, origin="me")
    assert (answer.result, answer.reason) == (ReloadResult.REFUSED, ReloadReason.INVALID)
    assert [detail.split(": ")[1] for detail in answer.details] == ["bufer", "fps", "quality"]
    assert heard(supervisor) == [ReloadFailed(answer.details, "me")]
    assert source.accepted == accepted


def test_a_dry_run_of_files_with_errors_is_no_news(
    source: ConfigSource, supervisor: pykka.ActorRef[Supervisor]
) -> None:
    source.path.write_text("")
    assert reload_files(source, supervisor, dry_run=True).reason is ReloadReason.INVALID
    assert heard(supervisor) == []


def test_a_system_without_files_refuses(supervisor: pykka.ActorRef[Supervisor]) -> None:
    assert reload_files(None, supervisor).reason is ReloadReason.NO_FILE


def test_a_system_that_has_stopped_refuses(
    source: ConfigSource, supervisor: pykka.ActorRef[Supervisor]
) -> None:
    supervisor.stop(timeout=5)
    assert reload_files(source, supervisor).reason is ReloadReason.STOPPING


def test_that_the_files_differ_is_told_once_and_that_they_are_the_same_again(
    source: ConfigSource, supervisor: pykka.ActorRef[Supervisor]
) -> None:
    watch = FileWatch(source, supervisor)
    assert not watch.look()
    source.path.write_text(MAIN.replace("door", "gate"))
    assert not watch.look(), "somebody may be writing still"
    assert watch.look()
    source.path.write_text(MAIN)
    assert not watch.look()
    assert heard(supervisor) == [ConfigFilesSeen(differ=True), ConfigFilesSeen(differ=False)]


def test_a_loop_reloads_on_request(
    source: ConfigSource, supervisor: pykka.ActorRef[Supervisor]
) -> None:
    loop = ReloadLoop(source, supervisor)
    loop.start()
    loop.request("SIGHUP")
    eventually(lambda: asked_by(supervisor) == ["SIGHUP"])
    loop.stop()


def put(path: Path, text: str) -> None:
    """Write it as a whole: a hundred looks a second would see the file empty, and tell it."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)


def test_a_loop_that_watches_reloads_what_differs_once(
    source: ConfigSource, supervisor: pykka.ActorRef[Supervisor]
) -> None:
    loop = ReloadLoop(source, supervisor, watches=True, look_s=0.01)
    loop.start()
    put(source.path, "nonsense: 1\n")
    eventually(lambda: len(heard(supervisor, ReloadFailed)) == 1)
    put(source.path, MAIN.replace("door", "gate"))
    eventually(lambda: asked_by(supervisor) == ["watch"])
    loop.stop()
    assert len(heard(supervisor, ReloadFailed)) == 1


def test_a_loop_that_does_not_watch_only_says_that_they_differ(
    source: ConfigSource, supervisor: pykka.ActorRef[Supervisor]
) -> None:
    loop = ReloadLoop(source, supervisor, look_s=0.01)
    loop.start()
    source.path.write_text(MAIN.replace("door", "gate"))
    eventually(lambda: heard(supervisor) == [ConfigFilesSeen(differ=True)])
    loop.stop()
    assert heard(supervisor, Reload) == []
