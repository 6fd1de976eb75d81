"""Locks a directory for one program at a time; the lock ends with the process that has it."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import Final

with contextlib.suppress(ImportError):  # not on Windows
    import fcntl

_LOCKS: Final = Path("/proc/locks")


class DirectoryInUseError(OSError):
    """Another program, or another sink of this one, writes below the directory."""

    def __init__(self, holder: int | None) -> None:
        who = "another program" if holder is None else f"process {holder}"
        self.reason = f"{who} writes here already; each program needs a directory of its own"
        super().__init__(errno.EBUSY, self.reason)


class DirectoryLock:
    """Holds the lock of whatever directory stands under a path now. One thread.

    The lock is on the directory itself (flock), so nothing is left behind, and a process that was
    killed holds nothing. File systems that know no such lock are written to without one.
    """

    def __init__(self) -> None:
        self._held: int | None = None

    def hold(self, directory: int | None) -> None:
        """Take the lock of an open directory, unless it is held; give the one before back.

        Args:
            directory: its descriptor, which stays the caller's; None where it has none, and then
                there is no lock.

        Raises:
            DirectoryInUseError: somebody else has it.
        """
        if sys.platform == "win32" or directory is None:
            return
        if self._held is not None and os.path.sameopenfile(self._held, directory):
            return
        self.release()
        # The lock belongs to what was opened, and lasts as long as any copy of its descriptor.
        held = os.dup(directory)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            inode = os.fstat(held).st_ino
            os.close(held)
            raise DirectoryInUseError(_holder(inode)) from None
        except OSError:  # NFS, some FUSE file systems
            pass
        self._held = held

    def release(self) -> None:
        """Give the lock back. Idempotent."""
        held, self._held = self._held, None
        if held is not None:
            os.close(held)


def _holder(inode: int) -> int | None:
    """The process that has a lock on a file of this number, if the kernel says so."""
    try:
        lines = _LOCKS.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeError):
        return None
    for fields in map(str.split, lines):
        if "FLOCK" in fields and fields[-3].endswith(f":{inode}") and fields[-4].isdigit():
            return int(fields[-4])
    return None
