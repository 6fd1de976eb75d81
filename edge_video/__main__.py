"""Runs the command line: `python -m edge_video`."""

from __future__ import annotations

import signal
from typing import NoReturn

from edge_video.cli.pid1 import fork_below_init


def program() -> NoReturn:
    """The whole process, from its first step to its exit code."""
    # A log rotation that comes before the log is set up must not kill.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    fork_below_init()  # before all else is loaded: the parent needs none of it
    from edge_video.cli.main import main  # noqa: PLC0415 - as said
    from edge_video.cli.standard_streams import leave, prepare_standard_streams  # noqa: PLC0415

    prepare_standard_streams()
    try:
        code = main()
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    leave(code)


if __name__ == "__main__":
    program()
