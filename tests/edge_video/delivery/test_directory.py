from __future__ import annotations

import errno
import logging
import os
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.delivery.camera_directories import LATEST, file_name
from edge_video.delivery.directory import RETRY_S, DirectorySink
from edge_video.delivery.ledger import FrameCounts, add_counts
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import (
    RouteRefused,
    SinkBlocked,
    SinkConnected,
    SinkDrained,
    SinkLost,
    SinkUnblocked,
)
from edge_video.faults import (
    DiskFull,
    DropConnection,
    NackFrames,
    NoPermission,
    SinkFault,
    StopConfirming,
)
from edge_video.frames import CameraId, Frame
from edge_video.runtime.timer import SystemClock
from edge_video.testing import eventually
from tests.support.sinks import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


CAM1, CAM2 = CameraId("cam1"), CameraId("cam2")


class Rig:
    """An outbox, two cameras and one directory sink."""

    def __init__(self, root: Path, keep: int, retry_s: float) -> None:
        self.root = root
        clock = SystemClock()
        self.outbox = Outbox(clock, max_age_s=60.0)
        for camera_id in (CAM1, CAM2):
            self.outbox.add_camera(camera_id)
            self.outbox.open(camera_id, 1, f"session-of-{camera_id}")
        self.heard = Listener()
        self.sink = DirectorySink(
            root, [CAM1, CAM2], keep, self.outbox, self.heard, clock, retry_s=retry_s
        )
        self.outbox.attach(self.sink.frames_ready)

    def connect(self) -> Rig:
        self.sink.open()
        self.heard.wait_for(SinkConnected)
        return self

    def put(self, image: bytes = b"image", camera_id: CameraId = CAM1) -> None:
        self.outbox.put(camera_id, 1, image)

    def write(self, *images: bytes, camera_id: CameraId = CAM1) -> None:
        """Put images one after the other, each settled before the next."""
        for image in images:
            self.put(image, camera_id)
            self.settle()

    def counts(self, camera_id: CameraId | None = None) -> FrameCounts:
        counts = self.outbox.counts()
        return counts[camera_id] if camera_id else add_counts(counts.values())

    def settle(self) -> FrameCounts:
        eventually(lambda: not (self.counts().held or self.counts().in_flight))
        return self.counts()

    def numbered(self, camera_id: CameraId = CAM1) -> list[Path]:
        return sorted(each for each in (self.root / camera_id).iterdir() if each.name != LATEST)

    def latest(self, camera_id: CameraId = CAM1) -> bytes:
        return (self.root / camera_id / LATEST).read_bytes()


MakeRig = Any


@pytest.fixture
def make_rig(tmp_path: Path) -> Iterator[MakeRig]:
    rigs: list[Rig] = []

    def make(root: Path | None = None, keep: int = 100, retry_s: float = RETRY_S) -> Rig:
        rigs.append(Rig(root or tmp_path / "frames", keep, retry_s))
        return rigs[-1]

    yield make
    for rig in rigs:
        assert rig.sink.close(5.0)
        assert rig.counts().in_flight == 0
        for counts in rig.outbox.counts().values():
            assert counts.imbalance() is None
        assert len(rig.heard.of(SinkLost)) <= 1
    assert not [each for each in threading.enumerate() if each.name.startswith("directory-")]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of one megabyte; where mounting is not allowed, the test is skipped."""
    root = tmp_path / "tiny"
    root.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(root)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("NO REAL FULL DISK: mounting a tmpfs needs root")
    yield root
    subprocess.run(["umount", "-l", str(root)], check=True)


def fail_writes(monkeypatch: pytest.MonkeyPatch, number: int) -> Callable[[], None]:
    """Let every write below a sink fail with this error until the answer is called."""
    real = os.write
    failing = {True}

    def write(file: int, image: Any) -> int:
        if failing and threading.current_thread().name.startswith("directory-"):
            raise OSError(number, os.strerror(number))
        return real(file, image)

    monkeypatch.setattr(os, "write", write)
    return failing.clear


def frame(seq: int, captured_at_ns: int) -> Frame:
    return Frame(CAM1, seq, "s", b"", captured_at_ns, 0.0, 0, 0, 0)


def test_file_names_are_utc_with_milliseconds_and_sort_as_the_frames_came() -> None:
    second = 1_700_000_000 * 10**9
    names = [
        file_name(frame(9, second)),
        file_name(frame(10, second)),
        file_name(frame(11, second + 999_999_999)),
        file_name(frame(12, second + 10**9)),
    ]
    assert names[0] == "20231114T221320.000Z-00000009.jpg"
    assert names[2] == "20231114T221320.999Z-00000011.jpg"
    assert names == sorted(names)


def test_every_frame_becomes_a_file_and_is_confirmed(make_rig: MakeRig) -> None:
    rig = make_rig().connect()
    rig.write(b"one", b"two", b"three")
    rig.write(b"other", camera_id=CAM2)
    assert [each.read_bytes() for each in rig.numbered()] == [b"one", b"two", b"three"]
    assert [each.read_bytes() for each in rig.numbered(CAM2)] == [b"other"]
    assert rig.latest() == b"three"
    assert rig.latest(CAM2) == b"other"
    assert rig.counts().confirmed == 4
    assert rig.heard.events == [SinkConnected(str(rig.root))]


def test_a_large_frame_is_written_whole(make_rig: MakeRig) -> None:
    image = os.urandom(3_000_000)
    rig = make_rig().connect()
    rig.write(image)
    assert rig.latest() == rig.numbered()[0].read_bytes() == image


def test_camera_directories_exist_before_the_first_frame(make_rig: MakeRig) -> None:
    rig = make_rig().connect()
    assert sorted(each.name for each in rig.root.iterdir()) == ["cam1", "cam2"]


def test_only_the_newest_files_are_kept_with_those_of_earlier_runs(make_rig: MakeRig) -> None:
    first = make_rig(keep=3).connect()
    first.write(b"1", b"2", b"3")
    assert first.sink.close(5.0)
    stranger = first.root / CAM1 / "holiday.jpg"
    stranger.write_bytes(b"not ours")
    second = make_rig(keep=3).connect()
    second.write(b"4", b"5")
    stranger_is_kept = stranger.read_bytes() == b"not ours"
    stranger.unlink()
    assert [each.read_bytes() for each in second.numbered()] == [b"3", b"4", b"5"]
    assert stranger_is_kept


def test_with_nothing_kept_only_the_latest_remains(make_rig: MakeRig) -> None:
    rig = make_rig(keep=0).connect()
    rig.write(b"1", b"2")
    assert rig.numbered() == []
    assert rig.latest() == b"2"


def test_the_directory_is_listed_once_and_not_per_frame(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig(keep=2).connect()

    def forbidden(*_arguments: Any) -> list[str]:
        raise AssertionError("a directory was listed")

    monkeypatch.setattr(os, "listdir", forbidden)
    monkeypatch.setattr(os, "scandir", forbidden)
    rig.write(b"1", b"2", b"3")
    assert rig.counts().confirmed == 3


def test_latest_works_without_hard_links(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_arguments: Any, **_more: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    rig = make_rig().connect()
    rig.write(b"one", b"two")
    assert rig.latest() == b"two"
    assert len(rig.numbered()) == 2


def test_a_run_that_was_killed_leaves_nothing_in_the_way(make_rig: MakeRig) -> None:
    rig = make_rig().connect()
    for name in (".new", ".new-latest"):
        (rig.root / CAM1 / name).write_bytes(b"torn")
    rig.write(b"whole")
    assert [each.name for each in rig.numbered()] == [rig.numbered()[0].name]
    assert rig.latest() == b"whole"


def test_directories_removed_at_run_time_are_made_again(make_rig: MakeRig) -> None:
    rig = make_rig().connect()
    rig.write(b"1")
    rig.root.rename(rig.root.with_name("elsewhere"))
    rig.write(b"2")
    assert rig.latest() == b"2"


def test_a_camera_directory_that_is_a_symlink_is_not_followed(
    make_rig: MakeRig, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    rig = make_rig()
    rig.root.mkdir()
    (rig.root / CAM1).symlink_to(outside)
    rig.connect()
    rig.write(b"secret")
    rig.write(b"fine", camera_id=CAM2)
    assert list(outside.iterdir()) == []
    refused = rig.heard.wait_for(RouteRefused)
    assert refused.route == str(rig.root / CAM1)
    assert refused.retry_in_s == 1.0
    assert (rig.counts(CAM1).nacked, rig.counts(CAM2).confirmed) == (1, 1)
    assert not rig.heard.of(SinkBlocked), "the other camera goes on"


def test_a_latest_that_is_a_symlink_is_replaced_and_not_followed(
    make_rig: MakeRig, tmp_path: Path
) -> None:
    outside = tmp_path / "precious"
    outside.write_bytes(b"precious")
    rig = make_rig().connect()
    (rig.root / CAM1 / LATEST).symlink_to(outside)
    (rig.root / CAM1 / ".new").symlink_to(outside)
    rig.write(b"image")
    assert outside.read_bytes() == b"precious"
    assert rig.latest() == b"image"
    assert not (rig.root / CAM1 / LATEST).is_symlink()


def test_a_refused_camera_is_tried_again(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.root.mkdir()
    (rig.root / CAM1).write_bytes(b"a file")
    rig.connect()
    rig.write(b"1", b"2")
    assert rig.counts().nacked == 2
    (rig.root / CAM1).unlink()
    eventually(lambda: rig.write(b"3") or rig.counts().confirmed)
    assert rig.latest() == b"3"
    assert len(rig.heard.of(RouteRefused)) == 1


def test_a_really_full_disk_blocks_until_there_is_room(make_rig: MakeRig, tiny_disk: Path) -> None:
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(bytes(900_000))
    rig = make_rig(tiny_disk).connect()
    rig.put(bytes(400_000))
    blocked = rig.heard.wait_for(SinkBlocked)
    assert blocked.reason == f"{tiny_disk}: the disk is full"
    assert rig.counts().nacked == 1
    assert rig.numbered() == [], "the torn file is gone"
    rig.put(b"a frame of this moment")
    ballast.unlink()
    rig.heard.wait_for(SinkUnblocked)
    assert rig.latest() == b"a frame of this moment"
    assert rig.settle().confirmed == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_trouble_with_the_disk_blocks_and_is_tried_again(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    heal = fail_writes(monkeypatch, number)
    rig = make_rig(retry_s=0.02).connect()
    rig.write(b"1", b"2", b"3")
    assert rig.heard.of(SinkBlocked) == [SinkBlocked(f"{rig.root}: {words}")], "told once"
    assert rig.counts().nacked == 3
    assert rig.numbered() == []
    heal()
    rig.write(b"4")
    rig.heard.wait_for(SinkUnblocked)
    assert rig.latest() == b"4"


def test_no_permission_for_any_camera_blocks(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_access(_path: Any, _mode: int) -> bool:
        return False

    monkeypatch.setattr(os, "access", no_access)
    fail_writes(monkeypatch, errno.EACCES)
    rig = make_rig().connect()
    rig.put()
    assert rig.heard.wait_for(SinkBlocked).reason == f"{rig.root}: no permission to write"


def test_no_permission_for_one_camera_is_its_own_trouble(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    heal = fail_writes(monkeypatch, errno.EACCES)
    rig = make_rig().connect()
    rig.put()
    assert "no permission to write" in rig.heard.wait_for(RouteRefused).reason
    heal()
    rig.write(b"fine", camera_id=CAM2)
    assert rig.latest(CAM2) == b"fine"
    assert not rig.heard.of(SinkBlocked)


def test_a_root_that_cannot_be_made_loses_the_sink_and_will_not_heal(
    make_rig: MakeRig, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    root = tmp_path / "file" / "frames"
    rig = make_rig(root)
    rig.put()
    rig.sink.open()
    lost = rig.heard.wait_for(SinkLost)
    assert lost == SinkLost(f"{root}: is not a directory", permanent=True)
    assert rig.heard.events == [lost]
    assert rig.counts().held == 1, "nothing was taken"


def test_a_file_where_the_directory_belongs_is_told(make_rig: MakeRig, tmp_path: Path) -> None:
    (tmp_path / "frames").touch()
    rig = make_rig()
    rig.sink.open()
    assert "is a file" in rig.heard.wait_for(SinkLost).reason


# --- faults on purpose -----------------------------------------------------------------------


def test_a_full_disk_on_purpose_blocks_with_the_kernels_error_and_tears_no_file(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(retry_s=0.02).connect()
    rig.write(b"before")
    assert rig.sink.inject(DiskFull())
    rig.write(b"1", b"2")
    assert rig.heard.of(SinkBlocked) == [SinkBlocked(f"{rig.root}: the disk is full")]
    assert rig.counts().nacked == 2
    assert [each.read_bytes() for each in rig.numbered()] == [b"before"]
    rig.sink.end_fault(DiskFull())
    rig.write(b"after")
    rig.heard.wait_for(SinkUnblocked)
    assert rig.latest() == b"after"


def test_no_permission_on_purpose_for_one_camera_is_its_own_trouble(
    make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    rig = make_rig(retry_s=0.02).connect()
    assert rig.sink.inject(NoPermission(CAM1))
    rig.write(b"1", b"2")
    rig.write(b"fine", camera_id=CAM2)
    assert [each.reason for each in rig.heard.of(RouteRefused)] == [
        f"{rig.root / CAM1}: no permission to write"
    ], "told once"
    assert not rig.heard.of(SinkBlocked)
    assert (rig.counts(CAM1).nacked, rig.counts(CAM2).confirmed) == (2, 1)
    rig.sink.end_fault(NoPermission(CAM1))
    eventually(lambda: rig.write(b"3") or rig.counts(CAM1).confirmed)
    eventually(lambda: "cam1 is accepted again" in caplog.text)  # said after it is booked


def test_no_permission_on_purpose_for_all_cameras_blocks(
    make_rig: MakeRig,
) -> None:
    rig = make_rig(retry_s=0.02)
    assert rig.sink.inject(NoPermission())
    rig.connect()
    rig.put()
    assert rig.heard.wait_for(SinkBlocked).reason == f"{rig.root}: no permission to write"
    rig.sink.clear_faults()
    rig.settle()
    rig.write(b"again")
    rig.heard.wait_for(SinkUnblocked)
    assert rig.latest() == b"again"


def test_faults_of_the_directory_change_no_mode_and_leave_nothing_behind(make_rig: MakeRig) -> None:
    rig = make_rig().connect()
    rig.write(b"before")
    folders = [rig.root, rig.root / CAM1]
    modes = [each.stat().st_mode for each in folders]
    rig.sink.inject(NoPermission())
    rig.write(b"1")
    assert [each.stat().st_mode for each in folders] == modes
    assert sorted(each.name for each in (rig.root / CAM1).iterdir()) == sorted(
        [LATEST, *(each.name for each in rig.numbered())]
    )


def test_a_directory_dropped_on_purpose_is_lost(make_rig: MakeRig) -> None:
    rig = make_rig().connect()
    assert rig.sink.inject(DropConnection())
    assert rig.heard.wait_for(SinkLost) == SinkLost("cut on request")


@pytest.mark.parametrize("fault", [StopConfirming(), NackFrames(), NoPermission("nobody")])
def test_a_fault_of_a_broker_or_of_no_camera_is_none_of_a_directory(
    make_rig: MakeRig, fault: SinkFault
) -> None:
    assert not make_rig().sink.inject(fault)


def test_drain_writes_what_is_held(make_rig: MakeRig) -> None:
    rig = make_rig().connect()
    for number in range(5):
        rig.put(b"%d" % number)
    rig.sink.drain()
    rig.heard.wait_for(SinkDrained)
    counts = rig.counts()
    assert (counts.confirmed, counts.held, counts.in_flight) == (5, 0, 0)


def test_close_during_trouble_is_prompt(make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_writes(monkeypatch, errno.ENOSPC)
    rig = make_rig(retry_s=3600.0).connect()
    rig.put()
    rig.heard.wait_for(SinkBlocked)
    assert rig.sink.close(5.0)


def test_a_disk_that_hangs_is_cut_off_and_its_frame_is_unknown(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, release = threading.Event(), threading.Event()
    real = os.write

    def hang(file: int, image: Any) -> int:
        if threading.current_thread().name.startswith("directory-"):
            hangs.set()
            assert release.wait(30)
        return real(file, image)

    monkeypatch.setattr(os, "write", hang)
    rig = make_rig().connect()
    rig.put()
    rig.put()
    assert hangs.wait(20)
    assert not rig.sink.close(0.05)
    assert rig.counts().unknown == 1
    heard = list(rig.heard.events)
    release.set()
    assert rig.sink.close(5.0)
    assert rig.heard.events == heard
    assert rig.counts().published == 1, "the outbox is not touched any more"


def test_a_listener_that_raises_ends_the_sink_and_not_in_silence(make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.heard.raise_on = SinkConnected
    rig.sink.open()
    assert rig.heard.wait_for(SinkLost).reason == (
        "internal error: RuntimeError: the listener is broken"
    )


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../up", "nul\0"])
def test_a_camera_id_that_is_no_directory_name_is_refused(tmp_path: Path, name: str) -> None:
    clock = SystemClock()
    with pytest.raises(ValueError, match="directory name"):
        DirectorySink(tmp_path, [CameraId(name)], 1, Outbox(clock), Listener(), clock)


def test_closing_a_sink_that_was_never_opened_is_fine(tmp_path: Path) -> None:
    clock = SystemClock()
    assert DirectorySink(tmp_path, [], 1, Outbox(clock), Listener(), clock).close(0.0)


def test_a_second_sink_on_one_directory_is_lost_at_once_and_the_first_goes_on(
    make_rig: MakeRig,
) -> None:
    first, second = make_rig().connect(), make_rig()
    second.sink.open()
    lost = second.heard.wait_for(SinkLost)
    assert f"process {os.getpid()} writes here already" in lost.reason
    assert not lost.permanent
    first.write(b"one")
    assert first.counts(CAM1).confirmed == 1


def test_a_directory_is_free_again_when_its_sink_has_ended(make_rig: MakeRig) -> None:
    first = make_rig().connect()
    assert first.sink.close(5.0)
    make_rig().connect().write(b"one")


def test_a_directory_that_was_made_anew_is_locked_anew(make_rig: MakeRig, tmp_path: Path) -> None:
    first = make_rig().connect()
    (tmp_path / "frames").rename(tmp_path / "moved")
    first.write(b"one")
    second = make_rig()
    second.sink.open()
    assert "writes here already" in second.heard.wait_for(SinkLost).reason
