"""What is there on other operating systems, and that every module can be imported there."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from edge_video.runtime import folder, poller, system
from edge_video.runtime.files import replace_at

ROOT = Path(__file__).parents[3]

_IMPORT_ELSEWHERE: Final = """
import importlib, importlib.abc, os, select, selectors, signal, socket, sys, types

for name in sys.argv[1:]:  # and with them what belongs to other people, which is not the matter
    importlib.import_module(name)
for name in [each for each in sys.modules if each.split(".")[0] == "edge_video"]:
    del sys.modules[name]

GONE = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in GONE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

for name in GONE:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Missing())
sys.modules["msvcrt"] = types.ModuleType("msvcrt")  # Windows has it
HIDDEN = {
    os: "O_CLOEXEC O_DIRECTORY O_NOCTTY O_NOFOLLOW O_NONBLOCK WNOHANG WNOWAIT chown eventfd fork"
        " EFD_CLOEXEC EFD_NONBLOCK getegid geteuid getgid getpgid getpgrp getuid killpg mkfifo"
        " pipe2 prlimit readv sched_getaffinity set_blocking setsid statvfs tcgetpgrp uname waitid"
        " writev",
    select: "epoll poll EPOLLIN EPOLLOUT EPOLLERR EPOLLHUP POLLIN POLLOUT",
    selectors: "EpollSelector PollSelector",
    signal: "SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGUSR1 SIGUSR2"
        " SIGWINCH pthread_sigmask sigwaitinfo",
    socket: "AF_NETLINK AF_UNIX SOCK_CLOEXEC SOCK_NONBLOCK TCP_INFO",
}
for module, names in HIDDEN.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
os.supports_dir_fd = set()
sys.platform = "win32"

for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def test_every_module_is_imported_where_what_only_some_systems_have_is_missing() -> None:
    names = sorted(_modules())
    run = subprocess.run(
        [sys.executable, "-c", _IMPORT_ELSEWHERE, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def _modules() -> set[str]:
    found = set()
    for top, prefix in (("edge_video", ""), ("actors", "edge_video.")):
        for path in (ROOT / top).rglob("*.py"):
            name = prefix + ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found.add(name.removesuffix(".__init__"))
    return found - {"edge_video.testing.rtsp_server"}  # the system's Python runs it


def test_the_events_have_the_numbers_of_epoll() -> None:
    expected = (select.EPOLLIN, select.EPOLLOUT, select.EPOLLERR)
    assert expected == (poller.READ, poller.WRITE, poller.ERROR)


def test_linux_has_its_own_ways_with_nothing_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(system.FORCED, raising=False)
    assert not system.is_portable()
    waiting = poller.make_poller()
    assert type(waiting) is select.epoll
    waiting.close()


@pytest.mark.parametrize(("forced", "lacks"), [("posix", False), ("1", True)])
def test_portable_ways_can_be_forced(
    forced: str, lacks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(system.FORCED, forced)
    assert system.is_portable()
    assert system.lacks_posix() is lacks


def test_a_signal_that_is_not_there_is_left_out() -> None:
    assert system.signals_named("SIGTERM", "SIGNOWHERE") == (signal.SIGTERM,)
    assert system.signal_named("SIGNOWHERE") is None


def test_the_portable_poller_tells_what_is_ready_until_it_is_closed() -> None:
    waiting, woken = poller.SelectorPoller(), poller.SocketWakeup()
    reading, writing = os.pipe()
    waiting.register(woken.fd, poller.READ)
    waiting.register(writing, poller.WRITE)
    assert waiting.poll(0.0) == [(writing, poller.WRITE)]
    waiting.modify(writing, 0)  # it waits for nothing
    assert waiting.poll(0.0) == []
    woken.set()
    woken.set()
    assert waiting.poll(5.0) == [(woken.fd, poller.READ)]
    woken.clear()
    assert waiting.poll(0.0) == []
    waiting.modify(writing, poller.WRITE)
    assert waiting.poll(0.0) == [(writing, poller.WRITE)]
    waiting.unregister(writing)
    waiting.unregister(writing)
    assert waiting.poll(0.0) == []
    waiting.close()
    with pytest.raises(ValueError, match="closed"):
        waiting.poll(0.0)
    woken.close()
    os.close(reading)
    os.close(writing)


def test_a_wake_up_never_waits_for_the_one_who_is_woken() -> None:
    woken = poller.SocketWakeup()
    for _ in range(5_000):
        woken.set()
    woken.clear()
    woken.close()


def test_a_directory_without_a_descriptor_is_written_to_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "CAN_OPEN_DIRECTORIES", False)
    with folder.open_directory(tmp_path) as here:
        assert here.descriptor is None
        here.make("cam")
        with here.below("cam") as below:
            replace_at(below, "a.jpg", b"1")
            replace_at(below, "a.jpg", b"2", temporary=".new")
            below.link("a.jpg", "b.jpg")
            below.unlink("a.jpg")
            assert below.names() == ["b.jpg"]
    assert (tmp_path / "cam" / "b.jpg").read_bytes() == b"2"
    (tmp_path / "link").symlink_to("cam")
    with folder.open_directory(tmp_path) as here, pytest.raises(OSError, match="symbolic"):  # noqa: SIM117
        with here.below("link"):
            pass
    with pytest.raises(FileNotFoundError), folder.open_directory(tmp_path / "none"):
        pass
    with pytest.raises(NotADirectoryError), folder.open_directory(tmp_path / "cam" / "b.jpg"):
        pass
