"""The program's own log: one renderer, and a bounded queue and a thread for each place it goes to.

Only the command line calls this; a program that embeds edge-video configures its own logging.

Records of the standard `logging` are rendered, redacted and freed of control characters on the
thread that logs (`renderer.py`), into plain strings. One thread hands these on (`writer.py`) to the
terminal, to standard output and to the file, each of which has a queue and a thread of its own
(`sinks.py`): neither a slow disk nor a terminal that nobody reads ever stops the capture, the
program's end, or each other. loguru colours the lines, and writes and rotates the file (`file.py`).
"""

from edge_video.log.setup import (
    FORWARDED,
    LogSettings,
    log_is_stuck,
    print_block,
    reopen_log_file,
    settle_log,
    setup_log,
    teardown_log,
)
from edge_video.log.sinks import QUEUE_LIMIT

__all__ = [
    "FORWARDED",
    "QUEUE_LIMIT",
    "LogSettings",
    "log_is_stuck",
    "print_block",
    "reopen_log_file",
    "settle_log",
    "setup_log",
    "teardown_log",
]
