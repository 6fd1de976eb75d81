"""Serves this program's ends of a process's pipes, as a reactor waits for them.

Where pipes cannot be waited for, a thread stands between each pipe and a pair of sockets. It holds
no more than one piece and what a socket buffers, so that a process which is not read still waits.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
import threading
from typing import IO, TYPE_CHECKING, Final, Protocol

from edge_video.runtime.system import is_portable, lacks_posix

if sys.platform != "win32":
    import fcntl
    import termios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import ReadableBuffer, WriteableBuffer

_PIPE_BYTES: Final = 512 * 1024
"""Room for a whole frame of any usual size, so that one read can take it."""
_PIECE_BYTES: Final = 65536
_LAST_PIECE_S: Final = 1.0
"""How long `settle` waits for the thread of a process that is gone."""


class ChildPipe(Protocol):
    """An end of a pipe, which never blocks.

    Attributes:
        fd: what a reactor waits for. The methods take it so that on Linux they are those of `os`,
            with nothing in between.
    """

    @property
    def fd(self) -> int:
        """What a reactor waits for."""
        ...

    def enlarge(self) -> None:
        """Have it hold a whole frame, where it can."""
        ...

    def readv(self, fd: int, buffers: Sequence[WriteableBuffer], /) -> int:
        """Read into a buffer, as `os.readv` does; only the first is filled."""
        ...

    def read(self, fd: int, length: int, /) -> bytes:
        """Read as `os.read` does."""
        ...

    def writev(self, fd: int, buffers: Sequence[ReadableBuffer], /) -> int:
        """Write as `os.writev` does."""
        ...

    def holds_bytes(self) -> bool:
        """Whether something waits to be read."""
        ...

    def settle(self) -> None:
        """Wait, once the process is gone, until what it wrote can be read; not its reader."""
        ...

    def close(self) -> None:
        """Give the descriptors back. Idempotent."""
        ...


if sys.platform != "win32":

    class SelectablePipe:
        """A pipe that can be waited for; see `ChildPipe`."""

        readv = staticmethod(os.readv)
        read = staticmethod(os.read)
        writev = staticmethod(os.writev)

        def __init__(self, pipe: IO[bytes]) -> None:
            self._pipe = pipe
            self.fd: Final = pipe.fileno()
            os.set_blocking(self.fd, False)

        def enlarge(self) -> None:
            """See `ChildPipe`; only Linux has a way to."""
            if sys.platform == "linux" and not is_portable():
                with contextlib.suppress(OSError):  # this user's share of pipe memory is used up
                    fcntl.fcntl(self.fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

        def holds_bytes(self) -> bool:
            """See `ChildPipe`."""
            with contextlib.suppress(OSError, ValueError):
                return any(fcntl.ioctl(self._pipe.fileno(), termios.FIONREAD, bytes(4)))
            return False

        def settle(self) -> None:
            """See `ChildPipe`; nothing is on its way."""

        def close(self) -> None:
            """See `ChildPipe`."""
            self._pipe.close()


class _Relay:
    """The side of a pair of sockets that a reactor waits for, and the thread of the other one."""

    def __init__(self, pipe: IO[bytes], name: str) -> None:
        self._pipe = pipe
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self.fd: Final = self._near.fileno()
        self._thread = threading.Thread(target=self._carry_on, name=name, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._near.close()
            self._far.close()
            raise

    def enlarge(self) -> None:
        """See `ChildPipe`; what sockets hold is enough."""

    def readv(self, _fd: int, buffers: Sequence[WriteableBuffer], /) -> int:
        """See `ChildPipe`."""
        return self._near.recv_into(buffers[0])

    def read(self, _fd: int, length: int, /) -> bytes:
        """See `ChildPipe`."""
        return self._near.recv(length)

    def writev(self, _fd: int, buffers: Sequence[ReadableBuffer], /) -> int:
        """See `ChildPipe`."""
        return self._near.send(b"".join(map(bytes, buffers)))

    def holds_bytes(self) -> bool:
        """See `ChildPipe`."""
        with contextlib.suppress(OSError, ValueError):
            return bool(select.select([self._near], [], [], 0)[0])
        return False

    def settle(self) -> None:
        """See `ChildPipe`; not for long where somebody else has the other end of the pipe."""
        self._thread.join(_LAST_PIECE_S)

    def close(self) -> None:
        """See `ChildPipe`."""
        self._near.close()

    def _carry_on(self) -> None:
        # Whichever side ends, the other one learns of it: both are closed here, by their thread.
        with contextlib.suppress(OSError, ValueError), self._far, self._pipe:
            self._carry()

    def _carry(self) -> None:
        raise NotImplementedError


class ReadRelay(_Relay):
    """Brings what a process writes."""

    def _carry(self) -> None:
        while piece := self._pipe.read(_PIECE_BYTES):
            self._far.sendall(piece)


class WriteRelay(_Relay):
    """Takes what a process reads; what it has when it is closed still goes there."""

    def _carry(self) -> None:
        while piece := self._far.recv(_PIECE_BYTES):
            rest = memoryview(piece)
            while rest:
                rest = rest[self._pipe.write(rest) :]


def output_of(pipe: IO[bytes], name: str) -> ChildPipe:
    """Return this program's end of a pipe that a process writes to; it does not buffer.

    Raises:
        RuntimeError: the machine has no thread left.
        OSError: it has no file descriptor left.
    """
    if sys.platform != "win32" and not lacks_posix():
        return SelectablePipe(pipe)
    return ReadRelay(pipe, name)


def input_of(pipe: IO[bytes], name: str) -> ChildPipe:
    """Return this program's end of a pipe that a process reads; see `output_of`."""
    if sys.platform != "win32" and not lacks_posix():
        return SelectablePipe(pipe)
    return WriteRelay(pipe, name)
