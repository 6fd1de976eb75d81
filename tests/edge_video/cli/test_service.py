"""The command `service`: the unit it writes, what it refuses, and what it asks before it writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge_video.cli import service as service_command
from edge_video.cli.main import main
from edge_video.cli.service_unit import (
    Credential,
    Unit,
    is_plain,
    out_of_reach,
    parse_credential,
    parse_unit,
)

CONFIG = Path("/etc/edge-video/config.yaml")
UNIT = Unit(["/usr/bin/true"], CONFIG, (Credential("door", "/etc/edge-video/door"),), 252)
MAX_EXPOSURE = 20
"""Tenths, as `systemd-analyze security` counts."""


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_VIDEO_LANG", "en")


@pytest.fixture
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the program did not lie where these tests run."""
    monkeypatch.setattr(service_command, "out_of_reach", lambda _: None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine's root with a configuration."""
    folder = tmp_path / "root" / "etc" / "edge-video"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("cameras: []\n")
    return tmp_path / "root"


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        if os.environ.get("CI") or os.environ.get("EDGE_VIDEO_REQUIRE_ALL") == "1":
            pytest.fail("systemd-analyze is needed: install the package systemd")
        pytest.skip("SYSTEMD-ANALYZE IS NOT HERE: the unit is not verified")
    command = ["systemd-analyze", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("version", [252, 253])
def test_systemd_takes_the_unit_and_finds_it_hardened(tmp_path: Path, version: int) -> None:
    path = tmp_path / "edge-video.service"
    text = Unit(UNIT.program, UNIT.config, UNIT.credentials, version).render()
    path.write_text(text)
    assert ("Type=notify-reload\n" in text) is (version == 253)
    assert ("ExecReload=kill -HUP $MAINPID\n" in text) is (version == 252)
    if version == 253:  # the systemd that is here may be older than that
        path.write_text(text.replace("Type=notify-reload", "Type=notify"))
    verified = analyze("verify", "--man=no", "--recursive-errors=no", str(path))
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    judged = analyze("security", "--offline=true", f"--threshold={MAX_EXPOSURE}", str(path))
    assert judged.returncode == 0, judged.stdout


def test_a_unit_that_was_written_is_read_again() -> None:
    assert parse_unit(UNIT.render(), 252) == UNIT
    assert "@" not in UNIT.render().replace("@system-service", "").replace(
        "~@privileged @resources", ""
    )
    assert parse_unit("[Service]\nExecStart=/usr/bin/else\n", 252) is None


@pytest.mark.parametrize(
    ("path", "directory"),
    [
        ("/home/me/venv/bin/edge-video", "/home"),
        ("/root/x", "/root"),
        ("/run/user/1000/x", "/run/user"),
        ("/tmp/x", "/tmp"),
        ("/opt/edge-video/bin/edge-video", None),
        ("/homework/x", None),
        ("/run/secrets/x", None),
    ],
)
def test_what_a_service_cannot_reach_is_known(path: str, directory: str | None) -> None:
    assert out_of_reach(path) == directory


@pytest.mark.parametrize("path", ["relative", "/with space", "/100%", "/a$b", '/"', "/a\\b", "/é"])
def test_a_path_that_systemd_would_read_otherwise_is_refused(path: str) -> None:
    assert not is_plain(path)
    assert parse_credential(f"name={path}") is None


@pytest.mark.parametrize("text", ["", "door", "=/x", "../x=/x", "a:b=/x", "door="])
def test_what_is_no_credential_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["service", "install", f"--credential={text}"])
    assert exit_.value.code == 2
    assert "write NAME=FILE" in capsys.readouterr().err


def test_print_shows_the_unit_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    words = ["service", "install", "--print", "--root", str(root), "--credential", "door=/etc/door"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert f" run --config {CONFIG}\n" in shown
    assert "LoadCredential=door:/etc/door\n" in shown
    assert sorted(each.name for each in root.rglob("*.*")) == ["config.yaml"]


@pytest.mark.usefixtures("reachable")
def test_a_service_is_installed_updated_and_removed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["--root", str(root), "--yes"]
    assert main(["service", "install", *base, "--credential", "door=/etc/door"]) == 0
    shown = capsys.readouterr().out
    unit, user = root / "etc/systemd/system/edge-video.service", root / "etc/sysusers.d"
    assert f"write {unit}" in shown
    assert "systemctl enable --now edge-video" in shown
    assert "LoadCredential=door:/etc/door\n" in unit.read_text()
    assert (user / "edge-video.conf").read_text().startswith("u edge-video - ")
    assert unit.stat().st_mode & 0o777 == 0o644

    before = unit.read_text()
    unit.write_text(before.replace("WatchdogSec=30s", "WatchdogSec=1s"))
    assert main(["service", "install", *base]) == 0
    shown = capsys.readouterr().out
    assert f"replace {unit}" in shown
    assert f"keep {user / 'edge-video.conf'}" in shown
    assert "systemctl restart edge-video" in shown
    assert unit.read_text() == before  # with the credential that was not named again

    assert main(["service", "uninstall", *base]) == 0
    assert not unit.exists()
    assert (root / "etc/edge-video/config.yaml").exists()
    assert main(["service", "uninstall", *base]) == 1
    assert "not installed" in capsys.readouterr().err


@pytest.mark.usefixtures("reachable")
def test_nothing_is_written_before_somebody_has_agreed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["service", "install", "--root", str(root)])
    assert exit_.value.code == 2
    assert "--yes" in capsys.readouterr().err
    assert not (root / "etc/systemd").exists()


@pytest.mark.usefixtures("reachable")
def test_without_root_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "argv", ["edge-video", "service", "install"])
    config = tmp_path / "config.yaml"
    config.write_text("cameras: []\n")
    with pytest.raises(SystemExit) as exit_:
        main(["service", "install", "--config", str(config)])
    assert exit_.value.code == 2
    complaint = capsys.readouterr().err
    assert "sudo " in complaint
    assert "service install" in complaint


@pytest.mark.usefixtures("reachable")
def test_without_a_configuration_it_says_how_to_write_one(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "etc/edge-video/config.yaml").unlink()
    with pytest.raises(SystemExit) as exit_:
        main(["service", "install", "--root", str(root), "--yes"])
    assert exit_.value.code == 2
    assert f"edge-video init --config {CONFIG}" in capsys.readouterr().err


def test_a_configuration_in_a_home_is_refused(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["service", "install", "--root", str(root), "--config", "/home/me/config.yaml"])
    assert exit_.value.code == 2
    assert "a user of its own cannot read" in capsys.readouterr().err


def systemctl(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a `systemctl` in front of every other."""
    program = folder / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


def test_the_status_is_told_in_lines_and_by_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = (
        "LoadState=loaded ActiveState=active SubState=running UnitFileState=enabled MainPID=42"
        " NRestarts=3 Result=success StatusText=38\\ of\\ 40\\ streaming"
    )
    systemctl(tmp_path, monkeypatch, f"printf '%s\\n' {facts}")
    assert main(["service", "status", "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "edge-video: active (running)",
        "status: 38 of 40 streaming",
        "process 42, restarts 3",
        "at boot: enabled",
    ]


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("echo LoadState=not-found", "not installed"),
        ("echo Access denied >&2; exit 4", "failed: Access denied"),
    ],
)
def test_a_service_that_is_not_there_or_not_shown_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    script: str,
    complaint: str,
) -> None:
    systemctl(tmp_path, monkeypatch, script)
    try:
        code = main(["service", "status"])
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    assert code in (1, 2)
    assert complaint in capsys.readouterr().err
