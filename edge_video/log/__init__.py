"""Defines the program's log events, and brings its lines to terminal and file.

Other folders know `LogEvent` and `log_event` only. `setup` and what stands behind it (loguru)
belong to the command line; a program that embeds edge-video configures its own logging.
"""

from edge_video.log.events import LogEvent, log_event

__all__ = ["LogEvent", "log_event"]
