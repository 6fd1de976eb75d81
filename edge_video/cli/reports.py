"""Writes the final report to the files that `run` and `demo` were asked for."""

from __future__ import annotations

import contextlib
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from edge_video.cli.common import refuse
from edge_video.cli.output_paths import clash
from edge_video.log.events import LogEvent, log_event
from edge_video.log.setup import settle_log
from edge_video.runtime.files import is_standard_stream, why_not_writable, write_whole
from edge_video.status.json import status_as_json
from edge_video.text.command_help import takes_file
from edge_video.text.help_texts import help_text
from edge_video.wiring.settings import configured_language

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from edge_video.actors.system_spec import Stopped
    from edge_video.config import Config
    from edge_video.report.history import HistoryRecorder

_log = logging.getLogger(__name__)


def add_options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Add `--report-file` and `--report-html`; returns them."""
    options: list[argparse.Action] = [
        parser.add_argument(name, type=Path, metavar="FILE", help=help_text(key))
        for name, key in (
            ("--report-file", "run.report_file"),
            ("--report-html", "run.report_html"),
        )
    ]
    for option in options:
        takes_file(option)
    return options


def refuse_unusable_files(args: argparse.Namespace, config: Config, source: str) -> None:
    """Find out before the run, not after it, which report could not be written.

    A report must not take the place of the configuration, of the log or of the other report either.

    Raises:
        SystemExit: with what is wrong, on standard error.
    """
    _refuse_unwritable(args.report_file, "--report-file")
    _refuse_unwritable(args.report_html, "--report-html")
    problem = clash(
        [
            ("the configuration", Path(source)),
            ("log.file", None if config.log.file is None else Path(config.log.file)),
            ("--report-file", args.report_file),
            ("--report-html", args.report_html),
        ]
    )
    if problem is not None:
        refuse(f"edge-video: {problem}")


def new_history(args: argparse.Namespace) -> HistoryRecorder | None:
    """What takes down the course of the run for the page; None when no page is asked for."""
    if args.report_html is None:
        return None
    # The page's own module, too: a run may outlast an upgrade of the files it would come from.
    import edge_video.report.html  # noqa: F401, PLC0415 - only who asks for it needs it
    from edge_video.report.history import HistoryRecorder  # noqa: PLC0415 - as above

    return HistoryRecorder()


def write_reports(
    args: argparse.Namespace, stopped: Stopped, history: HistoryRecorder | None, config: Config
) -> bool:
    """Write the reports; False when one could not be (a full disk), which costs no other."""
    if any(each and is_standard_stream(each) for each in (args.report_file, args.report_html)):
        settle_log()  # it comes after what was printed there
    written = True
    if args.report_file is not None:
        with _reporting_errors("--report-file", args.report_file) as failed:
            _write_json(args.report_file, stopped)
        written = not failed
    if args.report_html is not None and history is not None:
        with _reporting_errors("--report-html", args.report_html) as failed:
            _write_page(args.report_html, stopped, history, config)
        written = written and not failed
    return written


def _refuse_unwritable(path: Path | None, option: str) -> None:
    problem = None if path is None else why_not_writable(path)
    if problem is not None:
        refuse(f"edge-video: {option}: {problem}")


@contextlib.contextmanager
def _reporting_errors(option: str, path: Path) -> Iterator[list[OSError]]:
    """Log what the system refuses, and keep it in the list."""
    failed: list[OSError] = []
    try:
        yield failed
    except OSError as error:
        failed.append(error)
        reason = error.strerror or type(error).__name__
        log_event(_log, LogEvent.REPORT_NOT_WRITTEN, option=option, path=str(path), reason=reason)


def _write_json(path: Path, stopped: Stopped) -> None:
    report = json.dumps(status_as_json(stopped.status), indent=2, ensure_ascii=False)
    write_whole(path, report + "\n")


def _write_page(path: Path, stopped: Stopped, history: HistoryRecorder, config: Config) -> None:
    from edge_video.report.html import render_page  # noqa: PLC0415 - only the page needs it

    status = stopped.status
    page = render_page(
        status,
        history.history(status.uptime_s),
        configured_language(config),
        clean=config.secrets(),
    )
    write_whole(path, page)
