"""The full screen on a real terminal: its keys, its size, and the terminal as it was before."""

from __future__ import annotations

import argparse
import io
import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from edge_video.testing.waiting import eventually
from edge_video.text.catalog import Language
from edge_video.top import command
from edge_video.top.client import Client, NoStatusError
from edge_video.top.full_screen import FullScreen
from edge_video.top.poller import Poller
from edge_video.top.session import TopSession
from edge_video.top.terminal import Terminal
from tests.edge_video.top.test_page import FORTY
from tests.support.person import LEFT, Person
from tests.support.program import ROOT
from tests.support.status_site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_video.status.model import SystemStatus

ENTERED = "\x1b[?1049h"


class ScriptedClient(Client):
    """Answers what the test says, without a network."""

    def __init__(self, answer: SystemStatus | Exception = FORTY) -> None:
        super().__init__("http://h")
        self.answer = answer

    def status(self) -> SystemStatus:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@contextmanager
def acting(deeds: Callable[[], None]) -> Iterator[None]:
    """What a person does while the program has the main thread; a failed deed ends both."""
    failures: list[BaseException] = []

    def act() -> None:
        try:
            deeds()
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=act)
    thread.start()
    yield
    thread.join(30)
    if failures:
        raise failures[0]


def run(person: Person, client: Client, deeds: Callable[[], None]) -> None:
    """One run of the full screen; the terminal must be as it was before, however it ends."""
    before = person.attributes()
    console = Console(file=io.StringIO(), force_terminal=True, highlight=False)
    terminal = Terminal(person.terminal, person.terminal)
    screen = FullScreen(TopSession(client, Language.EN), console, terminal, 0.2)
    try:
        with acting(deeds):
            screen.run()
    finally:
        assert person.attributes() == before
        person_sees = wait_for_text(person, LEFT)
        assert person_sees.count(ENTERED) == person_sees.count(LEFT) == 1


def wait_for_text(person: Person, text: str) -> str:
    person.wait_until(lambda _: text in person.written)
    return person.written


def begins(person: Person, line: int, text: str) -> None:
    person.wait_until(lambda lines: len(lines) > line and lines[line].startswith(text))


def test_it_scrolls_filters_resizes_and_ends_with_q() -> None:
    with Person() as person:

        def deeds() -> None:
            begins(person, 5, "yard")
            assert len(person.screen()) == 24
            begins(person, -1, "22 more below")
            person.press(b"\x1b[B\x1b[B")
            begins(person, -1, "20 more below, 2 above; 2 in trouble hidden")
            person.press(b"/cam3")
            begins(person, -1, "filter: cam3▏")
            begins(person, 5, "cam30")
            person.press(b"\r")
            begins(person, -1, '"cam3": 8 of 40')
            person.press(b"\x1b")
            begins(person, -1, "22 more below")
            person.resize(60, 10)
            os.kill(os.getpid(), signal.SIGWINCH)
            person.wait_until(lambda lines: len(lines) == 10 and max(map(len, lines)) <= 60)
            person.press(b"q")

        run(person, ScriptedClient(), deeds)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_gives_the_terminal_back(signum: signal.Signals) -> None:
    with Person() as person:

        def deeds() -> None:
            begins(person, 5, "yard")
            os.kill(os.getpid(), signum)

        run(person, ScriptedClient(), deeds)


def test_a_bug_gives_the_terminal_back_and_is_told() -> None:
    with Person() as person, pytest.raises(ZeroDivisionError):
        run(person, ScriptedClient(ZeroDivisionError()), lambda: None)


def test_nobody_there_is_told_and_asked_again() -> None:
    client = ScriptedClient(NoStatusError("connection refused"))
    with Person() as person:

        def deeds() -> None:
            begins(person, 0, "NO CONNECTION to http://h: connection refused")
            client.answer = FORTY
            begins(person, 0, "38 of 40 cameras OK")
            client.answer = NoStatusError("connection refused")
            begins(person, 0, "NO CONNECTION to http://h for ")
            begins(person, 1, "38 of 40 cameras OK")
            person.press(b"q")

        run(person, client, deeds)


SHELL = """
import os, signal, subprocess, sys, termios
path, *command = sys.argv[1:]
terminal = os.open(path, os.O_RDWR)  # of this session, from now on
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
before = termios.tcgetattr(terminal)
child = subprocess.Popen(
    command, stdin=terminal, stdout=terminal, process_group=0,
    preexec_fn=lambda: os.tcsetpgrp(terminal, os.getpgrp()),
)
def report(what):
    os.tcsetpgrp(terminal, os.getpgrp())
    print(what, termios.tcgetattr(terminal) == before, flush=True)
_, status = os.waitpid(child.pid, os.WUNTRACED)
report("stopped" if os.WIFSTOPPED(status) else "ended")
if sys.stdin.readline().strip() == "bg":
    os.kill(child.pid, signal.SIGCONT)
    sys.stdin.readline()
    os.tcsetpgrp(terminal, child.pid)  # and no signal: the job runs
else:
    os.tcsetpgrp(terminal, child.pid)
    os.kill(child.pid, signal.SIGCONT)
_, status = os.waitpid(child.pid, os.WUNTRACED)
report(f"ended with {os.waitstatus_to_exitcode(status)}")
"""
"""A shell with one job: it hands the terminal to it, and takes it back when it stops or ends."""


@pytest.mark.parametrize("in_background", [False, True])
def test_suspended_it_gives_the_terminal_back_and_takes_it_again(in_background: bool) -> None:
    site = Site(status=FORTY)
    command = (sys.executable, "-m", "edge_video", "top", "--url", site.url, "--interval", "0.2")
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    with Person() as person:
        shell = subprocess.Popen(
            [sys.executable, "-c", SHELL, os.ttyname(person.terminal), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
            text=True,
        )
        assert shell.stdin is not None
        assert shell.stdout is not None
        try:
            begins(person, 5, "yard")
            person.press(b"\x1a")  # Ctrl+Z
            assert shell.stdout.readline() == "stopped True\n"
            person.wait_until(lambda _: person.written.count(LEFT) == 1)
            if in_background:
                shell.stdin.write("bg\n")
                shell.stdin.flush()
                before = len(site.asked)
                eventually(lambda: len(site.asked) > before + 1)
                assert person.written.count(ENTERED) == 1
            shell.stdin.write("fg\n")
            shell.stdin.flush()
            person.wait_until(lambda _: person.written.count(ENTERED) == 2)
            begins(person, 5, "yard")
            person.press(b"\x03")  # Ctrl+C
            assert shell.stdout.readline() == "ended with 0 True\n"
            person.wait_until(lambda _: person.written.count(LEFT) == 2)
        finally:
            shell.kill()
            shell.communicate()
            site.end()


def test_a_wish_that_comes_after_the_end_is_written_into_nobodys_file() -> None:
    with Person() as person:
        with Terminal(person.terminal, person.terminal) as terminal:
            terminal.wake()
            assert terminal.wait(20.0) == b""
        later = [os.pipe() for _ in range(3)]  # of the same numbers as the terminal's
        terminal.wake()
        assert select.select([each[0] for each in later], [], [], 0)[0] == []
        for each in (end for pipe in later for end in pipe):
            os.close(each)


def test_a_question_that_is_answered_after_the_end_wakes_nobody() -> None:
    asked = threading.Event()
    may_answer = threading.Event()

    class Slow(ScriptedClient):
        def status(self) -> SystemStatus:
            asked.set()
            assert may_answer.wait(20)
            return super().status()

    woken: list[str] = []
    poller = Poller(Slow(), 0.0, lambda: woken.append("!"))
    poller.start()
    assert asked.wait(20)
    poller.stop()
    may_answer.set()
    [thread] = (each for each in threading.enumerate() if each.name == "top-poll")
    thread.join(20)
    assert woken == []


def test_without_standard_input_it_is_shown_and_a_signal_ends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Person() as person, os.fdopen(os.dup(person.terminal), "w") as screen:
        monkeypatch.setattr(sys, "stdout", screen)
        monkeypatch.setattr(sys, "stdin", None)
        monkeypatch.setenv("TERM", "xterm")

        def deeds() -> None:
            begins(person, 5, "yard")
            os.kill(os.getpid(), signal.SIGTERM)

        with acting(deeds):
            args = argparse.Namespace(once=False, json=False, interval=0.2)
            assert command.run(args, ScriptedClient(), Language.EN) == command.EXIT_GOOD


def test_colours_that_are_forced_on_a_pipe_make_no_terminal_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    followed: list[str] = []
    monkeypatch.setattr(command, "_follow", lambda *_, **__: followed.append("lines"))
    monkeypatch.setattr(command, "open_terminal", lambda *_: followed.append("full screen"))
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    args = argparse.Namespace(once=False, json=False, interval=0.2)
    assert command.run(args, ScriptedClient(), Language.EN) == command.EXIT_GOOD
    assert followed == ["lines"]
