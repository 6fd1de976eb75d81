"""Runs the command line: `python -m edge_video`."""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from edge_video.cli.pid1 import fork_below_init
from edge_video.runtime.system import signals_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def program() -> NoReturn:
    """The whole process, from its first step to its exit code."""
    # A log rotation that comes before the log is set up must not kill.
    for each in signals_named("SIGUSR1"):
        signal.signal(each, signal.SIG_IGN)
    fork_below_init()  # before all else is loaded: the parent needs none of it
    with _interrupts_end_it(), _nothing_is_garbage():
        command = _command()
        from edge_video.cli.standard_streams import (  # noqa: PLC0415 - as above
            leave,
            prepare_standard_streams,
        )

        prepare_standard_streams()
    try:
        code = command()
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    leave(code)


@contextlib.contextmanager
def _interrupts_end_it() -> Iterator[None]:
    """Ctrl+C while modules are loaded ends the process as a shell expects, without a traceback."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # ignored, by `nohup` or a script's `&`
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _nothing_is_garbage() -> Iterator[None]:
    """While modules are loaded the garbage collector finds next to nothing, and walks it all.

    Without it the start takes a tenth to a fifth less of CPU time. What little it would have found
    goes with the first collection of a program that stays (`keep_freed_pages`; it stays where the C
    library is not glibc).
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _command() -> Callable[[], int]:
    """Load what is to run: all of the command line, or the one command that is asked for often."""
    if sys.argv[1:2] == ["health"]:
        from edge_video.cli import health  # noqa: PLC0415 - only this command needs it

        return lambda: health.main(sys.argv[2:])
    from edge_video.cli.main import main  # noqa: PLC0415 - as said

    return main


if __name__ == "__main__":
    program()
