"""The command line's arguments: which command runs, and what is refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edge_video.cli import common
from edge_video.cli.main import main
from tests.support.config_files import write_config

if TYPE_CHECKING:
    from pathlib import Path


def test_an_interrupted_command_is_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(common, "load_with_env_file", interrupted)
    assert main(["check", "--config", str(write_config(tmp_path))]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_ctrl_c_before_all_modules_are_loaded_is_quiet_too() -> None:
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a script's `&` ignores it
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'edge_video.cli.main': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from edge_video.__main__ import program\n"
        "program()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_time_limit_that_is_none_is_refused_in_words(
    seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["run", f"--seconds={seconds}"])
    assert exit_.value.code == 2
    assert f"--seconds: {seconds} is no" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_ends_top_like_any_program() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "edge_video", "top", "--once", "--url", "http://127.0.0.1:9"]
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_a_command_that_does_not_exist_is_refused_with_those_that_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["wach"])
    assert exit_.value.code == 2
    printed = capsys.readouterr().err
    assert "'wach'" in printed
    assert "watch" in printed


def test_without_a_configuration_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exit_:
        main([])
    assert exit_.value.code == 2
    assert "demo" in capsys.readouterr().err
    monkeypatch.setenv("EDGE_VIDEO_LANG", "pt-BR")
    with pytest.raises(SystemExit):
        main([])
    assert "sem configuração" in capsys.readouterr().err
