"""The command line: `run`, `demo`, `check`, `probe`, `watch` and `top`.

Exit codes: 0 all is well (an orderly stop included), 1 `probe` could not reach a camera,
`top --once` a system, or `watch --seconds` saw no frame, 2 bad input or no FFmpeg (a report that
cannot be written is bad input), 70 the system gave up on itself, 74 what a command prints could not
be printed, 128 + n stopped at once by signal n: by the second one while the system runs, by the
first SIGINT in `check` and `probe`, by whoever closed the pipe that a command prints to.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import secrets
import signal
import sys
import time
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml
from pydantic import SecretStr

from edge_video.app import System, configured_language, sink_target, start_system, version
from edge_video.capture.command import BinaryMissing, find_binary
from edge_video.cli.output_paths import clash
from edge_video.cli.standard_streams import exit_code_of, print_error, print_out
from edge_video.config import Config, ConfigError, DirectorySinkConfig, load_config
from edge_video.log.events import LogEvent, log_event
from edge_video.log.setup import (
    LogSettings,
    log_is_stuck,
    print_block,
    reopen_log_file,
    settle_log,
    setup_log,
    teardown_log,
)
from edge_video.runtime.descriptors import descriptor_note, hard_limit, raise_limit
from edge_video.runtime.files import is_standard_stream, umask_added, why_not_writable, write_whole
from edge_video.runtime.malloc import keep_freed_pages
from edge_video.runtime.shutdown_signals import Meaning, ShutdownSignals
from edge_video.runtime.signals import signals_handled, signals_ignored
from edge_video.status.json import status_as_json
from edge_video.text.catalog import language_from_locale
from edge_video.top.options import TOKEN_VARIABLE
from edge_video.top.options import add_parser as add_top_parser
from edge_video.watch.options import add_parser as add_watch_parser
from edge_video.watch.options import positive_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from edge_video.actors.system_spec import Stopped
    from edge_video.report.history import HistoryRecorder
    from edge_video.text.catalog import Language

EXIT_OK: Final = 0
EXIT_FAILURE: Final = 1
EXIT_BAD_INPUT: Final = 2
EXIT_GAVE_UP: Final = 70
"""`EX_SOFTWARE` of sysexits.h."""
EXIT_SIGNAL: Final = 128
"""Plus the number of the signal, as a shell reports it."""

_log = logging.getLogger(__name__)

_SIGNAL_LATE_S: Final = 0.25
"""A signal that another thread was given is acted on so much later at most."""

_DEFAULT_CONFIGS: Final = (Path("config.yaml"), Path("config/config.yaml"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    # A word that is no command is left for argparse, which names those there are.
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")):
        words.insert(0, "run")
    args = _parser().parse_args(words)
    command = {
        "run": _run,
        "demo": _demo,
        "check": _check,
        "probe": _probe,
        "watch": _watch,
        "top": _top,
    }[args.command]
    try:
        return command(args)
    except ConfigError as wrong:
        print_error(str(wrong))
        return EXIT_BAD_INPUT
    except BinaryMissing as missing:
        print_error(f"edge-video: {missing}")
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        return EXIT_SIGNAL + signal.SIGINT
    except OSError as error:  # whoever read the output has seen enough, or its disk is full
        if not isinstance(error, BrokenPipeError):
            print_error(f"edge-video: cannot print: {error.strerror or error}")
        return exit_code_of(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="edge-video",
        description="IP cameras to RabbitMQ: one supervised FFmpeg per camera, JPEG frames.",
        epilog="Without a command: run.",
    )
    parser.add_argument("--version", action="version", version=f"edge-video {version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    run = commands.add_parser("run", help="take the configured cameras to the broker (default)")
    _add_config(run)
    _add_run_options(run)

    demo = commands.add_parser(
        "demo", help="three synthetic cameras and a broken one, into a directory; no broker"
    )
    _add_run_options(demo)

    check = commands.add_parser(
        "check", help="validate a configuration and print what it amounts to, secrets masked"
    )
    _add_config(check)

    probe = commands.add_parser("probe", help="connect to every camera once and say what it sends")
    _add_config(probe)
    probe.add_argument("camera", nargs="*", metavar="CAMERA", help="ids; default: all enabled")
    probe.add_argument(
        "--timeout",
        type=positive_seconds,
        default=20.0,
        metavar="S",
        help="per camera (default 20)",
    )
    _add_config(add_watch_parser(commands))
    add_top_parser(commands)
    return parser


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="default: config.yaml, then config/config.yaml",
    )


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seconds", type=positive_seconds, metavar="N", help="stop in order after N seconds"
    )
    parser.add_argument(
        "--report-file", type=Path, metavar="FILE", help="write the final report as JSON too"
    )
    parser.add_argument(
        "--report-html",
        type=Path,
        metavar="FILE",
        help="write the final report as a page with plots too: one file, nothing from outside",
    )


# --- run and demo ---------------------------------------------------------------------------


def _run(args: argparse.Namespace) -> int:
    path = _config_path(args.config)
    return _run_system(load_config(path, os.environ), args, source=str(path))


def _demo(args: argparse.Namespace) -> int:
    with resources.as_file(resources.files("edge_video.cli") / "demo.yaml") as path:
        config = _with_fresh_token(load_config(path, os.environ))
    code = _run_system(config, args, source="the demo's own")
    if code == EXIT_OK and isinstance(config.sink, DirectorySinkConfig):
        pictures = sorted(Path(config.sink.path).glob("*/latest.jpg"))
        _say_beside(f"\nThe newest pictures: {', '.join(map(str, pictures)) or 'none'}")
    return code


def _say_beside(text: str) -> None:
    """On standard output, if that takes anything; the demo runs without as well."""
    if not log_is_stuck():
        with contextlib.suppress(OSError):
            print_out(text)


def _with_fresh_token(config: Config) -> Config:
    """For the buttons of the demo's page; shown here and nowhere else."""
    if config.http is None or config.http.token is not None:
        return config
    token = secrets.token_urlsafe(9)
    _say_beside(f"Token for the buttons of the page, in this run: {token}")
    http = config.http.model_copy(update={"token": SecretStr(token)})
    return config.model_copy(update={"http": http})


def _run_system(config: Config, args: argparse.Namespace, *, source: str) -> int:
    """Run until a signal, the time limit or the system's own end; files get the umask."""
    with umask_added(int(config.umask, 8)):
        return _run_with_log(config, args, source)


def _run_with_log(config: Config, args: argparse.Namespace, source: str) -> int:
    _refuse_unwritable(args.report_file, "--report-file")
    _refuse_unwritable(args.report_html, "--report-html")
    _refuse_clash(args, config, source)
    language = configured_language(config)
    try:
        setup_log(_log_settings(config), language, config.secrets())
    except (OSError, ValueError) as wrong:
        print_error(f"edge-video: log: {wrong}")
        return EXIT_BAD_INPUT
    # From before the first camera until after the last report: no signal finds anybody unprepared.
    with (
        # A job in the background is not stopped for what it prints (`stty tostop`).
        signals_ignored(signal.SIGTTOU),
        signals_handled(lambda *_: reopen_log_file(), (signal.SIGUSR1,)),
        _stop_on_signal() as stop,
    ):
        try:
            raise_limit()
            if config.malloc_tuning:
                keep_freed_pages()
            return _run_until_stopped(config, args, language, source, stop)
        except BinaryMissing:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, its words may quote a secret
            sys.excepthook(type(error), error, error.__traceback__)  # the log's: redacted
            return EXIT_GAVE_UP
        finally:
            teardown_log()


def _log_settings(config: Config) -> LogSettings:
    return LogSettings(
        level=config.log.level,
        format=config.log.format,
        file=None if config.log.file is None else Path(config.log.file),
        rotation=config.log.rotation,
        retention=config.log.retention,
    )


def _run_until_stopped(
    config: Config, args: argparse.Namespace, language: Language, source: str, stop: _Stop
) -> int:
    history = None if args.report_html is None else _new_history()
    system = start_system(config, print_block=print_block, language=language, history=history)
    try:
        stop.watch(system)
        _say_started(config, source)
        stopped = _wait(system, args.seconds, stop)
    except BaseException:
        system.kill_processes()  # the actors' threads are daemons, FFmpeg is not
        raise
    log_event(_log, LogEvent.SHUTDOWN_FINISHED, after_s=stop.since_s())
    written = _write_reports(args, stopped, history, config)
    if stopped.escalated or stopped.error:
        return EXIT_GAVE_UP
    return EXIT_OK if written else EXIT_BAD_INPUT


def _new_history() -> HistoryRecorder:
    # The page's own module, too: a run may outlast an upgrade of the files it would come from.
    import edge_video.report.html  # noqa: F401, PLC0415 - only who asks for it needs it
    from edge_video.report.history import HistoryRecorder  # noqa: PLC0415 - as above

    return HistoryRecorder()


def _say_started(config: Config, source: str) -> None:
    log_event(
        _log,
        LogEvent.PROGRAM_STARTED,
        version=version(),
        cameras=sum(camera.enabled for camera in config.cameras),
        sink=sink_target(config),
        config=source,
    )
    for text in _notes(config):
        log_event(_log, LogEvent.CONFIG_NOTE, text=text)


def _notes(config: Config) -> list[str]:
    """What an operator should know of the configuration, and of the machine that is to run it."""
    descriptors = descriptor_note(len(config.cameras), hard_limit())
    return [*config.warnings, *([] if descriptors is None else [descriptors])]


def _wait(system: System, seconds: float | None, stop: _Stop) -> Stopped:
    """Wait for the end, whoever brings it about.

    Not in one go: the kernel may hand a signal to any thread of the process. Python then remembers
    it until the main thread runs, and a main thread that sleeps for good would never hear of it.
    """
    ends_at_s = None if seconds is None else time.monotonic() + seconds
    while (stopped := system.wait(_SIGNAL_LATE_S)) is None:
        if ends_at_s is not None and time.monotonic() + _SIGNAL_LATE_S / 2 >= ends_at_s:
            ends_at_s = None
            stop.begin(f"{seconds:g} s are over")
    return stopped


@dataclass(slots=True)
class _Stop:
    """The orderly stop: begun by the first signal or the time limit, cut short by a second signal.

    Its methods run in the main thread, `handle` in between any two steps of the others: the
    supervisor's mailbox has a lock that the same thread must not take twice, so nothing that is
    being done is begun again.
    """

    _system: System | None = None
    _began_s: float | None = None
    _patience: ShutdownSignals = field(default_factory=ShutdownSignals)

    def handle(self, signum: int, _frame: FrameType | None) -> None:
        """Signal handler."""
        meaning = self._patience.hear(signum, time.monotonic())
        if meaning is Meaning.AT_ONCE:
            log_event(_log, LogEvent.SECOND_SIGNAL)
            if self._system is not None:
                self._system.kill_processes()
            teardown_log()
            os._exit(EXIT_SIGNAL + signum)
        if meaning is Meaning.END:
            self.begin(signal.Signals(signum).name)

    def watch(self, system: System) -> None:
        """This is the system to stop; at once, if the signal came before it."""
        self._system = system
        if self._began_s is not None:
            system.begin_stop()

    def begin(self, reason: str) -> None:
        """Begin the orderly stop, unless it has begun."""
        if self._began_s is not None:
            return
        self._began_s = time.monotonic()
        log_event(_log, LogEvent.SHUTDOWN_STARTED, reason=reason)
        if self._system is not None:
            self._system.begin_stop()

    def since_s(self) -> float | None:
        """Seconds since it began; None when the system ended by itself."""
        return None if self._began_s is None else time.monotonic() - self._began_s


@contextlib.contextmanager
def _stop_on_signal() -> Iterator[_Stop]:
    stop = _Stop()
    with signals_handled(stop.handle):
        yield stop


def _refuse_unwritable(path: Path | None, option: str) -> None:
    """A report that cannot be written is found out before the run, not after it."""
    problem = None if path is None else why_not_writable(path)
    if problem is not None:
        print_error(f"edge-video: {option}: {problem}")
        raise SystemExit(EXIT_BAD_INPUT)


def _refuse_clash(args: argparse.Namespace, config: Config, source: str) -> None:
    """A report must not take the place of the configuration, of the log, of the other report."""
    problem = clash(
        [
            ("the configuration", Path(source)),
            ("log.file", _log_settings(config).file),
            ("--report-file", args.report_file),
            ("--report-html", args.report_html),
        ]
    )
    if problem is not None:
        print_error(f"edge-video: {problem}")
        raise SystemExit(EXIT_BAD_INPUT)


def _write_reports(
    args: argparse.Namespace, stopped: Stopped, history: HistoryRecorder | None, config: Config
) -> bool:
    """Whether all could be written. One that cannot (a full disk) takes no other with it."""
    if any(each and is_standard_stream(each) for each in (args.report_file, args.report_html)):
        settle_log()  # it comes after what was printed there
    written = True
    if args.report_file is not None:
        with _said("--report-file", args.report_file) as failed:
            _write_report(args.report_file, stopped)
        written = not failed
    if args.report_html is not None and history is not None:
        with _said("--report-html", args.report_html) as failed:
            _write_page(args.report_html, stopped, history, config)
        written = written and not failed
    return written


@contextlib.contextmanager
def _said(option: str, path: Path) -> Iterator[list[OSError]]:
    """Says what the system refuses, and keeps it in the list."""
    failed: list[OSError] = []
    try:
        yield failed
    except OSError as error:
        failed.append(error)
        reason = error.strerror or type(error).__name__
        log_event(_log, LogEvent.REPORT_NOT_WRITTEN, option=option, path=str(path), reason=reason)


def _write_report(path: Path, stopped: Stopped) -> None:
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


# --- check and probe ------------------------------------------------------------------------


def _check(args: argparse.Namespace) -> int:
    path = _config_path(args.config)
    config = load_config(path, os.environ)
    shown = yaml.safe_dump(config.masked(), sort_keys=False, allow_unicode=True, width=100)
    enabled = sum(camera.enabled for camera in config.cameras)
    notes = [f"# note: {note}" for note in _notes(config)]
    valid = f"# {path}: valid; {enabled} of {len(config.cameras)} cameras enabled"
    print_out("\n".join([shown.rstrip("\n"), *notes, valid]))
    return EXIT_OK


def _probe(args: argparse.Namespace) -> int:
    from edge_video.capture.probe import probe_all  # noqa: PLC0415 - only this command needs it
    from edge_video.report.probe_table import render_probes  # noqa: PLC0415 - as above

    path = _config_path(args.config)
    config = load_config(path, os.environ)
    known = [camera.id for camera in config.cameras]
    unknown = [each for each in args.camera if each not in known]
    if unknown:
        print_error(
            f"edge-video: no camera {', '.join(unknown)} in {path}; it has {', '.join(known)}"
        )
        return EXIT_BAD_INPUT
    cameras = [
        camera
        for camera in config.cameras
        if (camera.id in args.camera if args.camera else camera.enabled)
    ]
    results = probe_all(find_binary(config.ffmpeg), cameras, config.secrets(), args.timeout)
    print_out(render_probes(results, configured_language(config)))
    return EXIT_OK if all(result.ok for result in results) else EXIT_FAILURE


# --- looking at a running system ------------------------------------------------------------


def _watch(args: argparse.Namespace) -> int:
    from edge_video.watch.command import BadInput, run  # noqa: PLC0415 - only this command needs it

    try:
        config = _config_for_a_tool(args)
        umask = Config.model_fields["umask"].default if config is None else config.umask
        with umask_added(int(umask, 8)):
            came = run(args, config, _tool_language(config))
    except BadInput as wrong:
        print_error(f"edge-video watch: {wrong}")
        return EXIT_BAD_INPUT
    return EXIT_OK if came else EXIT_FAILURE


def _top(args: argparse.Namespace) -> int:
    from edge_video.top.client import Client  # noqa: PLC0415 - only this command needs it
    from edge_video.top.command import run  # noqa: PLC0415 - as above

    token = args.token or os.environ.get(TOKEN_VARIABLE) or None
    try:
        client = Client(args.url, token)
    except ValueError as wrong:
        print_error(f"edge-video top: --url: {wrong}")
        return EXIT_BAD_INPUT
    return run(args, client, language_from_locale(os.environ))


def _config_for_a_tool(args: argparse.Namespace) -> Config | None:
    """The configuration, if one is named or here; a tool that was given a URL needs none."""
    path = args.config
    if path is None and args.url is None:
        path = next((each for each in _DEFAULT_CONFIGS if each.is_file()), None)
    return None if path is None else load_config(path, os.environ)


def _tool_language(config: Config | None) -> Language:
    return language_from_locale(os.environ) if config is None else configured_language(config)


def _config_path(given: Path | None) -> Path:
    """The file to read; without one, exit with what to do instead."""
    if given is not None:
        return given
    for path in _DEFAULT_CONFIGS:
        if path.is_file():
            return path
    print_error(
        "edge-video: no configuration: neither config.yaml nor config/config.yaml is here.\n"
        "Name one with --config FILE, begin with a copy of config/config.example.yaml,\n"
        "or see it work without cameras and broker: python -m edge_video demo"
    )
    raise SystemExit(EXIT_BAD_INPUT)
