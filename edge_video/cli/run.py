"""Runs the command `run`: a system from its configuration to its final report."""

from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.actors.reload_loop import ReloadLoop
from edge_video.app import System, start_system
from edge_video.capture.binary import BinaryMissing
from edge_video.cli import reports
from edge_video.cli.common import (
    EXIT_BAD_INPUT,
    EXIT_GAVE_UP,
    EXIT_OK,
    add_config_options,
    configured_path,
    notes_on,
)
from edge_video.cli.ending import Ending
from edge_video.cli.standard_streams import print_error
from edge_video.config.source import ConfigSource
from edge_video.log.events import LogEvent, log_event
from edge_video.log.setup import (
    print_block,
    reopen_log_file,
    setup_log,
    teardown_log,
)
from edge_video.runtime.descriptors import raise_limit
from edge_video.runtime.files import umask_added
from edge_video.runtime.malloc import keep_freed_pages
from edge_video.runtime.service_manager import ServiceManager
from edge_video.runtime.signals import ShutdownSignals, signals_handled, signals_ignored
from edge_video.runtime.system import signals_named
from edge_video.runtime.version import version
from edge_video.text.catalog import Language, lookup
from edge_video.text.command_help import add_command
from edge_video.text.duration import format_duration
from edge_video.text.growing_redactor import GrowingRedactor
from edge_video.text.help_texts import help_text
from edge_video.text.option_types import positive_seconds
from edge_video.wiring.settings import configured_language, sink_target

if TYPE_CHECKING:
    import argparse

    from edge_video.actors.system_spec import Stopped
    from edge_video.cli.common import Commands
    from edge_video.config import Config

_log = logging.getLogger(__name__)

_SIGNAL_LATE_S: Final = 0.25
"""A signal that another thread was given is acted on so much later at most."""


def add_parsers(commands: Commands) -> list[argparse.Action]:
    """Add `run` and `demo` to the command line; returns the options of `run`."""
    run = add_command(commands, "run")
    watch = run.add_argument("--watch", action="store_true", help=help_text("run.watch"))
    options = [*add_config_options(run), watch, *_add_options(run)]
    _add_options(add_command(commands, "demo"))
    return options


def _add_options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    seconds = parser.add_argument(
        "--seconds", type=positive_seconds, metavar="TIME", help=help_text("run.seconds")
    )
    return [seconds, *reports.add_options(parser)]


def run(args: argparse.Namespace) -> int:
    """Run the configured system until a signal or the time limit; returns the exit code."""
    files = ConfigSource(configured_path(args), directory=args.config_dir)
    reading = files.read()
    files.accept(reading)
    return run_system(reading.config, args, source=str(files.path), files=files)


def run_system(
    config: Config, args: argparse.Namespace, *, source: str, files: ConfigSource | None = None
) -> int:
    """Run until a signal, the time limit or the system's own end; files get the umask.

    Args:
        config: what to run.
        args: options for reports and the time limit.
        source: where the configuration comes from, for the log.
        files: those of the configuration, to be read anew by a reload; None: there are none.
    """
    with umask_added(int(config.umask, 8)):
        reports.refuse_unusable_files(args, config, source)
        language = configured_language(config)
        redact = GrowingRedactor(config.secrets())
        try:
            setup_log(config.log.settings(), language, redact)
        except (OSError, ValueError) as error:
            print_error(f"edge-video: log: {error}")
            return EXIT_BAD_INPUT
        service = ServiceManager.of_environment(os.environ)
        return _run_with_log(_Program(config, args, language, source, files, redact, service))


@dataclass(frozen=True, slots=True)
class _Program:
    """What is run, and how."""

    config: Config
    args: argparse.Namespace
    language: Language
    source: str
    files: ConfigSource | None
    redact: GrowingRedactor
    service: ServiceManager | None


def _run_with_log(program: _Program) -> int:
    ending, reloads = Ending(program.service), _Reloads(program.service)
    ending.limited_by(program.config)
    # Signals are handled from before the first camera starts until after the last report.
    with (
        # A job in the background is not stopped for what it prints (`stty tostop`).
        signals_ignored(*signals_named("SIGTTOU")),
        signals_handled(lambda *_: reopen_log_file(), signals_named("SIGUSR1")),
        ShutdownSignals(
            lambda signum: ending.begin(signum.name),
            ending.signalled_again,
            None if program.files is None else reloads.request,
        ),
    ):
        try:
            raise_limit()
            if program.config.malloc_tuning:
                keep_freed_pages()
            return _run_until_stopped(program, ending, reloads)
        except BinaryMissing:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may quote a secret
            sys.excepthook(type(error), error, error.__traceback__)  # the log's: redacted
            return EXIT_GAVE_UP
        finally:
            teardown_log()


def _run_until_stopped(program: _Program, ending: Ending, reloads: _Reloads) -> int:
    config, args = program.config, program.args
    history = reports.new_history(args)
    system = start_system(
        config,
        print_block=print_block,
        language=program.language,
        history=history,
        source=program.files,
        redact=program.redact,
        on_reload=ending.goes_by,
        service=program.service,
    )
    try:
        ending.of(system)
        reloads.of(system, watches=getattr(args, "watch", False))
        _log_started(config, program.source)
        stopped = _wait(system, args.seconds, ending, program.language)
    except BaseException:
        system.kill_processes()  # the actors' threads are daemons, FFmpeg is not
        raise
    finally:
        reloads.stop()
    log_event(_log, LogEvent.SHUTDOWN_FINISHED, after_s=ending.since_s())
    written = reports.write_reports(args, stopped, history, config)
    if stopped.escalated or stopped.error:
        return EXIT_GAVE_UP
    return EXIT_OK if written else EXIT_BAD_INPUT


def _log_started(config: Config, source: str) -> None:
    log_event(
        _log,
        LogEvent.PROGRAM_STARTED,
        version=version(),
        cameras=sum(camera.enabled for camera in config.cameras),
        sink=sink_target(config),
        config=source,
    )
    for text in notes_on(config):
        log_event(_log, LogEvent.CONFIG_NOTE, text=text)


def _wait(system: System, seconds: float | None, ending: Ending, language: Language) -> Stopped:
    """Wait for the end, whoever brings it about.

    Not in one go: the kernel may hand a signal to any thread of the process. Python then remembers
    it until the main thread runs, and a main thread that sleeps for good would never hear of it.
    """
    ends_at_s = None if seconds is None else time.monotonic() + seconds
    while (stopped := system.wait(_SIGNAL_LATE_S)) is None:
        if ends_at_s is not None and time.monotonic() + _SIGNAL_LATE_S / 2 >= ends_at_s:
            ends_at_s = None
            limit = format_duration(seconds or 0.0)
            ending.begin(lookup("run.time_limit", language).format(limit=limit))
    return stopped


@dataclass(slots=True)
class _Reloads:
    """Reloads on request while the system runs; a signal before that asks for nothing."""

    service: ServiceManager | None
    _loop: ReloadLoop | None = None

    def of(self, system: System, *, watches: bool) -> None:
        """Reload for this system from now on."""
        if system.source is not None:
            self._loop = ReloadLoop(
                system.source,
                system.supervisor,
                watches=watches,
                around=nullcontext if self.service is None else self.service.reloading,
            )
            self._loop.start()

    def request(self) -> None:
        """Ask for a reload; a signal's handler."""
        if self._loop is not None:
            self._loop.request("SIGHUP")

    def stop(self) -> None:
        """Reload no more."""
        if self._loop is not None:
            self._loop.stop()
