"""Makes standard input, output and error usable however the program was started."""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn, TextIO

from edge_video.log.journal import is_journal, with_priority
from edge_video.log.setup import log_is_stuck
from edge_video.log.sinks import write_stream
from edge_video.text.catalog import language_from_locale
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from edge_video.text.language import Language

EXIT_CANNOT_PRINT: Final = 74
"""`EX_IOERR` of sysexits.h."""
_EXIT_BROKEN_PIPE: Final = 128 + 13
_ERASE_REST: Final = "\x1b[K"


def prepare_standard_streams() -> None:
    """Open what is closed and make every character printable; call it first, in the main thread.

    A closed descriptor would be given to the next file that is opened: the log of FFmpeg or of a
    library would then go into a picture. What fills it can be written as little as a closed one.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # the lowest that is free: this one
    sys.stdout = _usable(sys.stdout, 1)
    sys.stderr = _usable(sys.stderr, 2)


def _usable(stream: TextIO | None, descriptor: int) -> TextIO:
    if stream is None:
        stream = open(  # noqa: SIM115 - for as long as the program runs
            descriptor, "w", encoding="utf-8", errors="backslashreplace", closefd=False
        )
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def print_out(text: str) -> None:
    """Print the output that a command is for.

    Raises:
        OSError: it cannot be printed: a full disk, a closed descriptor, a broken pipe.
    """
    write_stream(sys.stdout, text + "\n")


def print_error(text: str, language: Language | None = None) -> None:
    """Print a complaint to standard error; where that is not possible nothing happens.

    Each line that is a known sentence is translated into `language`; None is the locale's.
    """
    spoken = language or language_from_locale(os.environ)
    shown = "\n".join(translated(line, spoken) for line in text.split("\n"))
    if is_journal(sys.stderr, os.environ):
        shown = with_priority(shown, logging.ERROR)
    with contextlib.suppress(OSError):
        write_stream(sys.stderr, shown + "\n")


class TransientLine:
    """One line on a terminal that makes room for what is printed; elsewhere nothing is shown.

    Args:
        enabled: whether it may be shown at all.
    """

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled and sys.stdout.isatty() and sys.stderr.isatty()
        self._is_shown = False

    def show(self, text: str) -> None:
        """Show this text in place of what is shown."""
        if self._enabled:
            with contextlib.suppress(OSError):
                write_stream(sys.stderr, f"\r{text}{_ERASE_REST}")
            self._is_shown = True

    def clear(self) -> None:
        """Make room."""
        if self._is_shown:
            with contextlib.suppress(OSError):
                write_stream(sys.stderr, f"\r{_ERASE_REST}")
            self._is_shown = False


def exit_code_of(error: OSError) -> int:
    """The exit code when output could not be printed."""
    return _EXIT_BROKEN_PIPE if error.errno == errno.EPIPE else EXIT_CANNOT_PRINT


def leave(code: int) -> NoReturn:
    """End the process; no stream that takes no more output can hold it up or add a complaint.

    Python flushes standard output once more at its end, and complains; loguru's and Python's own
    ways out wait for the lock of a thread that hangs in a write.
    """
    if log_is_stuck():
        os._exit(code)
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        code = code or (exit_code_of(error) if isinstance(error, OSError) else EXIT_CANNOT_PRINT)
        _discard(1)
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        _discard(2)
    sys.exit(code)


def _discard(descriptor: int) -> None:
    """What is still in the stream's buffer goes nowhere."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
