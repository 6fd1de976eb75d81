"""Reads only regular files, and writes files whole or not at all; nodes are never replaced.

A path that an operator names may be a device, a named pipe, a symbolic link, or standard output:
what is read must be a regular file, and what is written goes *into* whatever is there.
"""

from __future__ import annotations

import errno
import os
import secrets
import select
import stat
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_video.runtime.folder import open_directory
from edge_video.runtime.system import NO_LINK, PRIVATE, WITHOUT_WAITING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_video.runtime.folder import Folder

PATIENCE_S: Final = 5.0
"""How long whoever reads a pipe may take to read all of it."""
_PIPE_BUF: Final = 4096
"""So many bytes never block where poll says that something can be written (pipe(7))."""

_NOT_REPLACEABLE: Final = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV}
"""The directory does not want a new file, or the file is a mount point: the file itself may do."""

_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK | PRIVATE

_KINDS: Final = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a block device",
    stat.S_IFSOCK: "a socket",
}


class NotRegularError(OSError):
    """What stands under a path is no regular file; says in words what it is."""


@contextmanager
def umask_added(mask: int) -> Iterator[None]:
    """Within it, the process's files have none of these permissions, nor what it denied before.

    The whole process has one umask: main thread, while no other one makes files.
    """
    before = os.umask(0o777)
    os.umask(before | mask)
    try:
        yield
    finally:
        os.umask(before)


def read_regular(path: Path, limit: int) -> bytes:
    """At most `limit` bytes of a regular file; a pipe or a device is not even opened.

    Raises:
        OSError: it cannot be read; `NotRegularError` when it is something else.
        ValueError: the path holds a NUL.
    """
    _require_regular(path.stat().st_mode)
    # Another one may stand there by now: neither waits for a writer nor takes a terminal over.
    descriptor = os.open(path, os.O_RDONLY | WITHOUT_WAITING)
    with os.fdopen(descriptor, "rb") as stream:
        _require_regular(os.fstat(descriptor).st_mode)
        return stream.read(limit)


def _require_regular(mode: int) -> None:
    kind = _KINDS.get(stat.S_IFMT(mode))
    if kind is not None:
        raise NotRegularError(f"it is {kind}, and must be a regular file")


def others_may_read(path: Path) -> bool:
    """Whether any user of this machine may read a file; False when that cannot be seen."""
    if sys.platform == "win32":  # the mode says nothing of access lists
        return False
    try:
        real = path.resolve(strict=True)
        if not real.stat().st_mode & stat.S_IROTH:
            return False
        return all(each.stat().st_mode & stat.S_IXOTH for each in real.parents)
    except (OSError, RuntimeError):
        return False


def why_not_writable(path: Path) -> str | None:
    """Why `write_whole` would not succeed, as far as can be seen before; None when it may."""
    try:
        found: os.stat_result | None = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        found = None
    except (OSError, ValueError) as error:
        return f"{path}: {getattr(error, 'strerror', None) or error}"
    if found is not None and not stat.S_ISREG(found.st_mode):
        return _why_not_writable_node(path, found.st_mode)
    target = Path(os.path.realpath(path))
    may_be_replaced = os.access(target.parent, os.W_OK | os.X_OK)
    if may_be_replaced or (found is not None and os.access(target, os.W_OK)):
        return None
    return f"{target.parent} is not a writable directory"


def _why_not_writable_node(path: Path, mode: int) -> str | None:
    if stat.S_ISDIR(mode):
        return f"{path} is a directory"
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        return f"{path} is {_KINDS[stat.S_IFMT(mode)]}"
    return None if os.access(path, os.W_OK) else f"{path} may not be written"


def write_whole(path: Path, text: str) -> None:
    """Write a text: a regular file is replaced in one step, anything else is written into.

    A reader never sees half of a regular file. A symbolic link stays and what it points to is
    replaced. A file that exists becomes readable by nobody who could not read it before.

    Raises:
        OSError: it could not be written; the file is as it was.
    """
    encoded = text.encode("utf-8", "backslashreplace")
    try:
        found: os.stat_result | None = path.stat()
    except FileNotFoundError:
        found = None
    standard = None if found is None else _standard_stream(found)
    if standard is not None:
        _write_within(standard, encoded, PATIENCE_S)
    elif found is None or stat.S_ISREG(found.st_mode):
        _replace(Path(os.path.realpath(path)), encoded, found)
    else:
        _write_into(path, encoded)


def is_standard_stream(path: Path) -> bool:
    """Whether it is what standard output or error goes to."""
    try:
        return _standard_stream(path.stat()) is not None
    except OSError:
        return False


def _standard_stream(found: os.stat_result) -> int | None:
    """The descriptor of standard output or error if that is the file: it must not be replaced."""
    for descriptor in (1, 2):
        with suppress(OSError):
            if os.path.samestat(found, os.fstat(descriptor)):
                return descriptor
    return None


def _write_into(path: Path, encoded: bytes) -> None:
    """Into a device or a named pipe; a pipe without a reader is an error, and no reason to wait."""
    flags = os.O_WRONLY | WITHOUT_WAITING
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "nobody reads this pipe or device") from error
        raise
    try:
        _write_within(descriptor, encoded, PATIENCE_S)
    finally:
        os.close(descriptor)


def _write_within(descriptor: int, encoded: bytes, timeout_s: float) -> None:
    """Write all of it without ever waiting longer than the time-out for room."""
    if sys.platform == "win32":
        _write_all(descriptor, encoded)
        return
    deadline_s = time.monotonic() + timeout_s
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    rest = memoryview(encoded)
    while rest:
        if not poll.poll(max(deadline_s - time.monotonic(), 0.0) * 1000):
            raise TimeoutError(errno.ETIMEDOUT, f"not read within {timeout_s:g} s")
        with suppress(BlockingIOError):
            rest = rest[os.write(descriptor, rest[:_PIPE_BUF]) :]


def _replace(target: Path, encoded: bytes, found: os.stat_result | None) -> None:
    try:
        with open_directory(target.parent) as directory:
            replace_at(directory, target.name, encoded, mask=found)
    except OSError as error:
        if found is None or error.errno not in _NOT_REPLACEABLE:
            raise
        # The only file of a container that may be written, or one in a directory of another user.
        flags = os.O_WRONLY | os.O_TRUNC | NO_LINK | WITHOUT_WAITING
        descriptor = os.open(target, flags)
        try:
            _write_all(descriptor, encoded)
        finally:
            os.close(descriptor)


def replace_at(
    directory: Folder,
    name: str,
    encoded: bytes,
    *,
    temporary: str | None = None,
    mode: int = 0o666,
    mask: os.stat_result | None = None,
    sync: bool = True,
    on_open: Callable[[int], None] | None = None,
) -> None:
    """Put a file into an open directory in one step, over whatever has the name.

    It is written under a temporary name and then renamed; nothing is left behind when that fails.

    Args:
        directory: where it is put.
        name: of the file.
        encoded: all of its contents.
        temporary: the temporary name, where only one program writes; what has it, of a run that
            was killed, is removed. None: one that cannot be guessed, so that nobody can put a
            symbolic link there before.
        mode: its permissions, less the umask.
        mask: the file that has the name now: its permissions bound those of the new one.
        sync: have it on the disk before it gets its name.
        on_open: is given the descriptor of the new file before anything is written.

    Raises:
        OSError: it could not be written; what had the name still has it.
    """
    if temporary is None:
        temporary = f".edge-video-{secrets.token_hex(8)}.tmp"
    else:
        with suppress(FileNotFoundError):
            directory.unlink(temporary)
    descriptor = directory.open(temporary, _NEW_FILE, mode)
    try:
        try:
            if on_open is not None:
                on_open(descriptor)
            if mask is not None:
                _bound_permissions(descriptor, mask)
            _write_all(descriptor, encoded)
            if sync:
                with suppress(OSError):  # file systems that have no such thing
                    os.fsync(descriptor)
        finally:
            os.close(descriptor)
        directory.replace(temporary, name)
    except OSError:
        with suppress(OSError):
            directory.unlink(temporary)
        raise


def _bound_permissions(descriptor: int, mask: os.stat_result) -> None:
    if sys.platform == "win32":  # access lists are inherited from the directory
        return
    mode = os.fstat(descriptor).st_mode & mask.st_mode
    os.fchmod(descriptor, stat.S_IMODE(mode) & 0o666)


def _write_all(descriptor: int, encoded: bytes) -> None:
    rest = memoryview(encoded)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
