"""Control groups for children: only below one that was delegated, and none is left behind."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from edge_video.runtime.cgroup import (
    DELEGATED,
    DelegatedCgroup,
    NoCgroupError,
    Places,
    delegated_cgroup,
)
from edge_video.testing.waiting import wait_until
from tests.support.cgroups import ScriptedCgroup

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS: Final = {DELEGATED: "delegated"}
LIMITS: Final = {"memory.max": "1024", "cpu.max": "50000 100000"}


@pytest.fixture
def scripted(tmp_path: Path) -> ScriptedCgroup:
    return ScriptedCgroup(tmp_path)


def why_not(scripted: ScriptedCgroup, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(NoCgroupError) as caught:
        delegated_cgroup(OURS if environ is None else environ, scripted.places)
    return str(caught.value).removeprefix(str(scripted.path))


def test_one_that_the_unit_calls_delegated_is_found_and_not_changed(
    scripted: ScriptedCgroup,
) -> None:
    before = scripted.files()
    assert delegated_cgroup(OURS, scripted.places).path == scripted.path
    assert scripted.files() == before


def test_one_that_nobody_has_delegated_is_left_alone(scripted: ScriptedCgroup) -> None:
    assert why_not(scripted, {}) == ": it is not delegated to this program"
    assert why_not(scripted, {DELEGATED: ""}) == ": it is not delegated to this program"


def test_the_mark_of_systemd_says_that_it_is_delegated(
    scripted: ScriptedCgroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = {(scripted.path, "user.delegate"): b"1"}

    def getxattr(path: Path, name: str) -> bytes:
        if (path, name) not in marks:
            raise OSError(61, "No data available")
        return marks[path, name]

    monkeypatch.setattr(os, "getxattr", getxattr)
    assert delegated_cgroup({}, scripted.places).path == scripted.path
    marks[scripted.path, "user.delegate"] = b"0"
    assert why_not(scripted, {}) == ": it is not delegated to this program"


def test_without_its_controllers_it_is_of_no_use(scripted: ScriptedCgroup) -> None:
    scripted.write("cgroup.controllers", "pids cpu\n")
    assert why_not(scripted) == ": it has no controller memory"


def test_a_machine_without_cgroup_v2_says_so(scripted: ScriptedCgroup) -> None:
    scripted.places.mounts.write_text("30 20 0:26 / /sys/fs/cgroup rw - cgroup cgroup rw,memory\n")
    assert why_not(scripted) == "this machine has no cgroup v2"


def test_a_machine_without_proc_is_not_asked_further(tmp_path: Path) -> None:
    nothing = Places(tmp_path / "cgroup", tmp_path / "mountinfo", tmp_path)
    with pytest.raises(NoCgroupError, match="No such file"):
        delegated_cgroup(OURS, nothing)


def test_a_part_of_the_hierarchy_that_is_mounted_is_understood(scripted: ScriptedCgroup) -> None:
    scripted.mount(root="/machine.slice/box", membership="/machine.slice/box/unit.service")
    assert delegated_cgroup(OURS, scripted.places).path == scripted.path


def test_names_that_are_no_utf8_are_in_nobodys_way(
    scripted: ScriptedCgroup, tmp_path: Path
) -> None:
    with scripted.places.mounts.open("ab") as mounts:
        mounts.write(b"31 22 8:2 / /mnt/c\xe2mera rw - vfat /dev/sdb1 rw\n")
    (tmp_path / "4711").mkdir()
    # The kernel cuts a name after 15 bytes, in the middle of a letter if need be.
    (tmp_path / "4711/stat").write_bytes(b"4711 (camera-seguran\xc3) S %d 1 1\n" % os.getpid())
    scripted.write("cgroup.procs", "4711\n")
    places = dataclasses.replace(scripted.places, processes=tmp_path)
    delegated_cgroup(OURS, places).prepare()
    assert (scripted.path / "main/cgroup.procs").read_text() == "4711"


def test_this_program_moves_below_it_before_limits_are_allowed(scripted: ScriptedCgroup) -> None:
    delegated_cgroup(OURS, scripted.places).prepare()
    assert (scripted.path / "main/cgroup.procs").read_text() == str(os.getpid())
    assert (scripted.path / "cgroup.subtree_control").read_text() == "+cpu +memory"
    scripted.mount(membership="/unit.service/main")
    assert delegated_cgroup(OURS, scripted.places).path == scripted.path


def test_where_another_program_runs_nothing_is_moved(scripted: ScriptedCgroup) -> None:
    scripted.write("cgroup.procs", f"{os.getppid()}\n{os.getpid()}\n")
    with pytest.raises(NoCgroupError, match=f"another program is in it .pid {os.getppid()}"):
        delegated_cgroup(OURS, scripted.places).prepare()
    assert not (scripted.path / "main/cgroup.procs").exists()
    assert (scripted.path / "cgroup.subtree_control").read_text() == ""


def test_a_child_gets_its_limits_before_it_is_put_in(scripted: ScriptedCgroup) -> None:
    cgroup = delegated_cgroup(OURS, scripted.places)
    child = cgroup.add("door", 4711, LIMITS, {"memory.oom.group": "1"})
    assert child.path == scripted.path / "ffmpeg-door-4711"
    written = {file.name: file.read_text() for file in child.path.iterdir()}
    assert written == {**LIMITS, "memory.oom.group": "1", "cgroup.procs": "4711"}
    assert child.count("memory.events", "oom_kill") == 0
    (child.path / "memory.events").write_text("oom 1\noom_kill 2\n")
    assert child.count("memory.events", "oom_kill") == 2
    cgroup.remove(child)
    assert not child.path.exists()


def test_what_cannot_be_removed_yet_is_removed_with_the_next(scripted: ScriptedCgroup) -> None:
    cgroup = delegated_cgroup(OURS, scripted.places)
    first = cgroup.add("door", 1, LIMITS, {})
    scripted.is_busy = True
    cgroup.remove(first)
    assert first.path.exists()
    scripted.is_busy = False
    cgroup.add("door", 2, LIMITS, {})
    assert not first.path.exists()


def test_a_child_that_the_kernel_refuses_leaves_nothing(scripted: ScriptedCgroup) -> None:
    cgroup = delegated_cgroup(OURS, scripted.places)
    with pytest.raises(OSError, match="directory"):
        cgroup.add("door", 1, {"no/such/file": "1"}, {})
    assert list(scripted.path.glob("ffmpeg-*")) == []


# --- the kernel's own -------------------------------------------------------------------------


@pytest.fixture
def real() -> Iterator[DelegatedCgroup]:
    """A control group that this test made itself, where the machine lets it."""
    for mount in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        path = Path(mount) / f"edge-video-test-{os.getpid()}"
        if (Path(mount) / "cgroup.controllers").exists():
            try:
                path.mkdir()
            except OSError:
                continue
            yield DelegatedCgroup(path, Places())
            for each in (*path.glob("*/"), path):
                each.rmdir()
            return
    pytest.skip("NOT TESTED: this machine lets nobody make a control group")


def test_the_kernel_moves_a_child_and_removes_its_group(real: DelegatedCgroup) -> None:
    # Without limits: those need controllers that this machine may have given to others.
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        child = real.add("door", process.pid, {}, {"memory.oom.group": "1"})
        membership = Path(f"/proc/{process.pid}/cgroup").read_text()
        assert f"{real.path.name}/{child.path.name}\n" in membership
        assert not child.remove(), "a process was still in it"
        assert process.wait(5) == -9
    wait_until(child.remove)
    assert not child.path.exists()
