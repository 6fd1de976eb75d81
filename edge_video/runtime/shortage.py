"""Tells what a machine is short of apart from what is wrong with this program. Pure."""

from __future__ import annotations

import errno
from typing import Final

_ERRNOS: Final = frozenset(
    {
        errno.EMFILE,  # descriptors, of this process
        errno.ENFILE,  # descriptors, of the machine
        errno.ENOMEM,
        errno.EAGAIN,  # processes or threads: fork(2), clone(2)
        errno.ENOBUFS,
    }
)
_NO_THREAD: Final = "can't start new thread"
"""CPython has no class of its own for it (`threading.Thread.start`)."""


def is_shortage(error: BaseException | None) -> bool:
    """Whether descriptors, memory, processes or threads had run out.

    An error that was raised because of another one is what the other one was.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MemoryError):
            return True
        if isinstance(error, OSError) and error.errno in _ERRNOS:
            return True
        if isinstance(error, RuntimeError) and _NO_THREAD in str(error):
            return True
        error = error.__cause__
    return False
