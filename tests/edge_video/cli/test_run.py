"""`run`, in this process: exit codes, signals, notes, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.actors.messages import Escalated
from edge_video.actors.system_spec import Stopped
from edge_video.capture.binary import BinaryMissing
from edge_video.cli import reports, run
from edge_video.cli.main import main
from edge_video.status.json import status_as_json
from tests.edge_video.report.examples import busy_system
from tests.support.config_files import SECRET, TWINS, write_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BEFORE = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)}


@dataclass
class PlayedSystem:
    """What the command line needs of a `System`; it stops when it is asked to."""

    stopped: Stopped = field(default_factory=lambda: Stopped(busy_system()))
    stops: int = 0
    kills: int = 0
    on_wait: Callable[[], None] = lambda: None
    on_stop: Callable[[], None] = lambda: None
    source: None = None
    is_leaving: bool = False
    _over: threading.Event = field(default_factory=threading.Event)

    def begin_stop(self) -> None:
        self.stops += 1
        self._over.set()

    def wait(self, timeout_s: float | None = None) -> Stopped | None:
        self.on_wait()
        if not self._over.wait(timeout_s):
            return None
        self.on_stop()
        return self.stopped

    def kill_processes(self) -> None:
        self.kills += 1

    def end_by_itself(self) -> None:
        self._over.set()


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> PlayedSystem:
    played = PlayedSystem()
    monkeypatch.setattr(run, "start_system", lambda *_, **__: played)
    return played


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Any:
    yield
    for signum, handler in BEFORE.items():
        assert signal.getsignal(signum) is handler
    assert "edge-video-log" not in [thread.name for thread in threading.enumerate()]


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return write_config(tmp_path)


def test_the_time_limit_ends_in_order(
    system: PlayedSystem, config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(config_file), "--seconds", "0.01"]) == 0
    assert system.stops == 1
    log = capsys.readouterr().err
    assert "time limit of 10ms" in log
    assert "Shut down after" in log


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_begins_the_stop(
    system: PlayedSystem, config_file: Path, signum: signal.Signals
) -> None:
    system.on_wait = lambda: os.kill(os.getpid(), signum)
    assert main(["run", "--config", str(config_file)]) == 0
    assert system.stops == 1


def test_a_signal_that_comes_before_the_system_stops_it_as_soon_as_it_exists(
    monkeypatch: pytest.MonkeyPatch, config_file: Path
) -> None:
    played = PlayedSystem()

    def start(*_: object, **__: object) -> PlayedSystem:
        signal.raise_signal(signal.SIGTERM)
        return played

    monkeypatch.setattr(run, "start_system", start)
    assert main(["--config", str(config_file)]) == 0
    assert played.stops == 1


def test_one_signal_does_not_cut_short_a_stop_that_began_without_it(
    system: PlayedSystem, config_file: Path
) -> None:
    system.on_stop = lambda: signal.raise_signal(signal.SIGTERM)
    assert main(["--config", str(config_file), "--seconds", "0.01"]) == 0
    assert (system.stops, system.kills) == (1, 0)


class EndedError(Exception):
    """In place of the end of the process."""


def test_the_second_signal_kills_ffmpeg_and_ends_the_process(
    system: PlayedSystem, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exits: list[int] = []

    def ended(code: int) -> None:
        exits.append(code)
        raise EndedError

    def impatient() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(os, "_exit", ended)
    system.on_stop = impatient
    main(["--config", str(config_file), "--seconds", "0.01"])
    assert exits == [128 + signal.SIGTERM]
    assert system.kills >= 1


def test_a_wrapper_that_signals_the_program_and_its_group_is_not_impatient(
    system: PlayedSystem, config_file: Path
) -> None:
    def wrapped() -> None:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)

    system.on_wait = wrapped
    assert main(["--config", str(config_file)]) == 0
    assert (system.stops, system.kills) == (1, 0)


def test_a_signal_during_the_final_report_does_not_lose_it(
    system: PlayedSystem, config_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(status: Any) -> Any:
        signal.raise_signal(signal.SIGTERM)
        return status_as_json(status)

    monkeypatch.setattr(reports, "status_as_json", interrupted)
    system.end_by_itself()
    report = tmp_path / "final.json"
    assert main(["--config", str(config_file), "--report-file", str(report)]) == 0
    assert json.loads(report.read_text(encoding="utf-8"))["cameras"]
    assert list(tmp_path.glob(".final*")) == []


@pytest.mark.parametrize(
    "stopped",
    [
        Stopped(busy_system(), Escalated("metrics", 5, 60.0)),
        Stopped(busy_system(), error="ValueError: boom"),
    ],
)
def test_a_system_that_gave_up_on_itself_is_exit_70(
    system: PlayedSystem,
    config_file: Path,
    stopped: Stopped,
    capsys: pytest.CaptureFixture[str],
) -> None:
    system.stopped = stopped
    system.end_by_itself()
    assert main(["--config", str(config_file)]) == 70
    assert "Shut down after n/a" in capsys.readouterr().err


def test_an_unexpected_exception_is_logged_without_secrets_and_leaves_no_ffmpeg(
    system: PlayedSystem, config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ValueError(f"cannot open rtsp://me:{SECRET}@10.0.0.1/s")

    system.on_stop = broken
    assert main(["--config", str(config_file), "--seconds", "0.01"]) == 70
    log = capsys.readouterr().err
    assert "Uncaught exception" in log
    assert "ValueError: cannot open rtsp://" in log
    assert SECRET not in log
    assert system.kills == 1


def test_a_missing_ffmpeg_is_bad_input_and_said_once(
    config_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def start(*_: object, **__: object) -> None:
        raise BinaryMissing("there is no FFmpeg")

    monkeypatch.setattr(run, "start_system", start)
    assert main(["--config", str(config_file)]) == 2
    assert capsys.readouterr().err.count("there is no FFmpeg") == 1


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("place", ["folder", "nowhere/final.json", "config.yaml/final.json"])
def test_a_report_that_cannot_be_written_is_refused_before_the_run(
    config_file: Path, tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(SystemExit) as exit_:
        main(["--config", str(config_file), "--report-file", str(tmp_path / place)])
    assert exit_.value.code == 2
    assert "--report-file" in capsys.readouterr().err


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--report-file", "config.yaml"],
            "config.yaml is the file of the configuration",
        ),
        (["--report-html", "link"], "--report-html: link is the file of the configuration"),
        (["--report-file", "./a", "--report-html", "a"], "a is the file of --report-file"),
    ],
)
def test_a_report_never_takes_the_place_of_another_file_of_the_run(
    config_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(config_file.parent)
    (config_file.parent / "link").symlink_to("config.yaml")
    before = config_file.read_bytes()
    with pytest.raises(SystemExit) as exit_:
        main(["--config", "config.yaml", *options])
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err
    assert config_file.read_bytes() == before


def test_a_report_that_cannot_be_written_after_the_run_is_said_and_takes_no_other_with_it(
    system: PlayedSystem, config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    system.on_wait = folder.rmdir  # somebody tidies up while it runs
    system.end_by_itself()
    gone, page = folder / "final.json", tmp_path / "final.html"
    options = ["--report-file", str(gone), "--report-html", str(page)]
    assert main(["--config", str(config_file), *options]) == 2
    printed = capsys.readouterr().err
    assert f"--report-file: {gone} was not written: No such file or directory" in printed
    assert "Traceback" not in printed
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.usefixtures("system")
def test_a_log_file_that_cannot_be_opened_is_bad_input(
    system: PlayedSystem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_config(tmp_path, log={"file": str(tmp_path / "config.yaml" / "x.log")})
    assert main(["--config", str(path), "--seconds", "0.01"]) == 2
    assert "log" in capsys.readouterr().err
    assert system.stops == 0


def test_what_is_probably_not_meant_is_said_at_the_start(
    system: PlayedSystem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    system.end_by_itself()
    assert main(["--config", str(write_config(tmp_path, **TWINS))]) == 0
    assert "Configuration: cameras a and b share the routing key" in capsys.readouterr().err
