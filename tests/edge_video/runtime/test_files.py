"""Reading and writing by path, whatever stands there."""

from __future__ import annotations

import os
import secrets
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from edge_video.runtime import files
from edge_video.runtime.files import (
    NotRegularError,
    others_may_read,
    read_regular,
    umask_added,
    why_not_writable,
    write_whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(tmp_path: Path) -> Iterator[None]:
    yield
    assert list(tmp_path.rglob(".edge-video-*")) == []


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_regular_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"0123456789")
    assert read_regular(tmp_path / "f", 4) == b"0123"
    (tmp_path / "link").symlink_to("f")
    assert read_regular(tmp_path / "link", 100) == b"0123456789"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p")
    with pytest.raises(NotRegularError, match="a named pipe"):
        read_regular(tmp_path / "p", 4)


def test_a_directory_and_nothing_at_all_say_so(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path, 4)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "nothing", 4)


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    target.write_text("old")
    with target.open() as reader:
        write_whole(target, "new çã")
        assert reader.read() == "old"  # who had it open has all of the old one
    assert target.read_text(encoding="utf-8") == "new çã"


def test_a_link_stays_and_its_target_is_replaced_also_when_it_was_not_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "r.json").symlink_to("folder/target.json")
    for text in ("first", "second"):
        write_whole(tmp_path / "r.json", text)
        assert (tmp_path / "r.json").is_symlink()
        assert (tmp_path / "folder" / "target.json").read_text() == text


def test_nobody_may_read_the_new_file_who_could_not_read_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    with umask_added(0o027):
        write_whole(target, "x")
        assert mode(target) == 0o640
        for before, after in ((0o600, 0o600), (0o666, 0o640), (0o755, 0o640)):
            target.chmod(before)
            write_whole(target, "x")
            assert mode(target) == after


def test_the_umask_is_put_back(tmp_path: Path) -> None:
    with umask_added(0o077):
        pass
    (tmp_path / "f").touch()
    assert mode(tmp_path / "f") & 0o044


def test_a_temporary_name_that_is_taken_costs_the_report_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if somebody had guessed it, and put a link there."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    monkeypatch.setattr(secrets, "token_hex", lambda _: "guessed")
    guessed = tmp_path / ".edge-video-guessed.tmp"
    guessed.symlink_to(victim)
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "r.json", "x")
    assert victim.read_text() == "precious"
    guessed.unlink(missing_ok=True)


def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    pipe, text = tmp_path / "p", "x" * 300_000
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    with pipe.open("wb", buffering=0):  # opened when the reader is there
        write_whole(pipe, text)
    reader.join(10)
    assert read == [text]
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


def test_a_pipe_whose_reader_does_not_read_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PATIENCE_S", 0.1)
    os.mkfifo(tmp_path / "p")
    reader = os.open(tmp_path / "p", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(TimeoutError, match="not read within"):
        write_whole(tmp_path / "p", "x" * 300_000)
    os.close(reader)


def test_what_cannot_be_written_is_known_before(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    os.mkfifo(tmp_path / "p")
    (tmp_path / "loop").symlink_to("loop")
    for path in ("f", "new", "p"):
        assert why_not_writable(tmp_path / path) is None
    assert "is a directory" in str(why_not_writable(tmp_path))
    assert "is not a writable directory" in str(why_not_writable(tmp_path / "no" / "f"))
    assert "is not a writable directory" in str(why_not_writable(tmp_path / "f" / "g"))
    assert "symbolic links" in str(why_not_writable(tmp_path / "loop"))


def test_a_file_is_open_to_others_only_if_all_directories_above_are(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    secret = folder / "pw"
    secret.write_text("x")
    open_above = all(each.stat().st_mode & stat.S_IXOTH for each in folder.parents)
    secret.chmod(0o644)
    assert others_may_read(secret) is open_above
    folder.chmod(0o700)
    assert not others_may_read(secret)
    folder.chmod(0o755)
    secret.chmod(0o640)
    assert not others_may_read(secret)
    assert not others_may_read(tmp_path / "nothing")
