from __future__ import annotations

import io
import json
import logging
import os
import re
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import loguru
import pytest

from edge_video.log import file as log_file
from edge_video.log.budget import BURST_LINES
from edge_video.log.events import LogEvent, log_event
from edge_video.log.settings import LogSettings
from edge_video.log.setup import (
    FORWARDED,
    log_is_stuck,
    print_block,
    setup_log,
    teardown_log,
)
from edge_video.log.sinks import QUEUE_LIMIT
from edge_video.resilience.failures import Cause, Failure
from edge_video.testing import eventually
from edge_video.text.catalog import Language
from edge_video.text.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "c4n4ry-s3cr3t"
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \| [A-Z]+ \| .+")
OWN = logging.getLogger("edge_video.test_log")
PIKA = logging.getLogger("pika.adapters.test_log")


def hide(text: str) -> str:
    return text.replace(CANARY, "***")


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    before = [(name, vars(logging.getLogger(name)).copy()) for name in FORWARDED]
    handlers = {name: list(logging.getLogger(name).handlers) for name in FORWARDED}
    hooks = sys.excepthook, threading.excepthook
    yield
    teardown_log()
    for name, state in before:
        logger = logging.getLogger(name)
        assert (logger.level, logger.propagate) == (state["level"], state["propagate"])
        assert logger.handlers == handlers[name]
    assert (sys.excepthook, threading.excepthook) == hooks
    assert not any(each.name.startswith("edge-video-log") for each in threading.enumerate())


def fail(error: Exception) -> NoReturn:
    raise error


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def logged(
    speak: Callable[[], None],
    settings: LogSettings | None = None,
    *,
    language: Language = Language.EN,
    stream: io.StringIO | None = None,
    redact: Callable[[str], str] = hide,
) -> str:
    """What stands in the stream after `speak`."""
    stream = stream or io.StringIO()
    setup_log(settings or LogSettings(), language, redact, stream)
    speak()
    teardown_log()
    return stream.getvalue()


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def failed() -> None:
    failure = Failure(Cause.WRONG_PASSWORD, "401 Unauthorized", 1)
    log_event(OWN, LogEvent.CAMERA_FAILED, camera_id="cam6", failure=failure)


def test_a_line_has_time_level_and_the_words_of_the_language() -> None:
    english, portuguese = logged(failed), logged(failed, language=Language.PT_BR)
    assert LINE.fullmatch(english.rstrip("\n"))
    assert english.endswith(" | ERROR | [cam6] ERROR reading: wrong password (401 Unauthorized)\n")
    assert portuguese.endswith(
        " | ERROR | [cam6] ERRO ao ler: senha incorreta (401 Unauthorized)\n"
    )


def test_a_json_line_has_everything_under_stable_names() -> None:
    (entry,) = objects(logged(failed, LogSettings(format="json"), language=Language.PT_BR))
    moment = datetime.fromisoformat(entry.pop("ts"))
    assert moment.tzinfo is not None
    assert abs((datetime.now(moment.tzinfo) - moment).total_seconds()) < 60
    assert entry == {
        "level": "ERROR",
        "event": "camera_failed",
        "text": "[cam6] ERRO ao ler: senha incorreta (401 Unauthorized)",
        "fields": {
            "camera_id": "cam6",
            "failure": {
                "cause": "wrong_password",
                "detail": "401 Unauthorized",
                "exit_status": 1,
            },
        },
        "logger": "edge_video.test_log",
        "exception": None,
    }


def test_a_record_that_is_no_event_names_its_logger() -> None:
    text = logged(lambda: PIKA.warning("lost %s of %d", "{braces}", 3))
    assert text.endswith(" | WARNING | pika.adapters.test_log: lost {braces} of 3\n")
    (entry,) = objects(logged(lambda: PIKA.warning("lost"), LogSettings(format="json")))
    assert (entry["event"], entry["fields"]) == (None, {})


def test_the_level_is_obeyed_and_pika_speaks_below_warning_only_for_debug() -> None:
    def speak() -> None:
        for logger in (OWN, PIKA):
            for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
                logger.log(level, "said")

    def levels(level: str) -> list[tuple[str, str]]:
        text = logged(speak, LogSettings(level=level))
        return re.findall(r"\| ([A-Z]+) \| (\w+)", text)

    assert levels("info") == [
        ("INFO", "edge_video"),
        ("WARNING", "edge_video"),
        ("ERROR", "edge_video"),
        ("WARNING", "pika"),
        ("ERROR", "pika"),
    ]
    assert levels("ERROR") == [("ERROR", "edge_video"), ("ERROR", "pika")]
    assert len(levels("DEBUG")) == 8
    assert len(levels("TRACE")) == 8
    assert [level for level, _ in levels("SUCCESS")] == ["WARNING", "ERROR"] * 2


def test_pika_does_not_repeat_what_the_publisher_says_unless_for_debug() -> None:
    echo = logging.getLogger("pika.adapters.utils.connection_workflow")
    before = echo.level
    assert "jargon" not in logged(lambda: echo.error("jargon"))
    assert "jargon" in logged(lambda: echo.error("jargon"), LogSettings(level="DEBUG"))
    assert echo.level == before


def test_an_unknown_level_or_rotation_changes_nothing() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        setup_log(LogSettings(level="LOUD"), Language.EN, hide, io.StringIO())


def test_a_rotation_that_is_not_understood_is_refused(tmp_path: Path) -> None:
    settings = LogSettings(file=tmp_path / "log", rotation="whenever")
    with pytest.raises(ValueError, match="whenever"):
        setup_log(settings, Language.EN, hide, io.StringIO())


def test_only_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in logged(failed, stream=Terminal())
    assert "\x1b[" not in logged(failed)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in logged(failed, stream=Terminal())


def test_colour_markup_in_a_message_is_only_text() -> None:
    text = logged(lambda: OWN.error("<red>%s</red> {extra} \\<", "x"), stream=Terminal())
    assert "<red>x</red> {extra} \\<" in text


def leak_everywhere() -> None:
    """The canary in every part of a record that could reach a line."""
    log_event(OWN, LogEvent.ACTOR_CRASHED, actor="a", error=f"amqp://u:{CANARY}@h")
    failure = Failure(Cause.UNKNOWN, f"x {CANARY}")
    log_event(OWN, LogEvent.CAMERA_FAILED, camera_id=CANARY, failure=failure)
    log_event(
        OWN, LogEvent.FAULT_INJECTED, target=[CANARY, {CANARY: CANARY}], fault={"f": (CANARY,)}
    )
    PIKA.error("closed %s", CANARY, stack_info=True)
    logging.getLogger("pykka").warning("%(x)s", {"x": CANARY})
    logging.getLogger(f"actors.{CANARY}").warning("x")
    try:
        try:
            fail(ValueError(f"first {CANARY}"))
        except ValueError as error:
            error.add_note(f"note {CANARY}")
            raise RuntimeError(f"second\n{CANARY}") from error
    except RuntimeError:
        PIKA.exception("failed %s", CANARY)
        loguru.logger.exception(CANARY)
    OWN.error("%d", CANARY)  # cannot be rendered
    print_block(f"report\n{CANARY}")
    thread = threading.Thread(target=lambda: int(CANARY), name=CANARY)
    thread.start()
    thread.join()


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("redact", [hide, Redactor([CANARY])])
def test_a_secret_reaches_no_output(
    form: Any,
    redact: Callable[[str], str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "edge.log"
    settings = LogSettings("DEBUG", form, file)
    terminal = logged(leak_everywhere, settings, stream=Terminal(), redact=redact)
    written = file.read_text(encoding="utf-8")
    out, err = capfd.readouterr()
    for text in (terminal, written, out, err):
        assert CANARY not in text
    assert err == ""
    assert out == "report\n***\n"
    for text in (terminal, written):
        assert text.count("***") >= 14
        assert "ValueError: first ***" in text
        assert "note ***" in text
        assert "RuntimeError: second" in text
        assert "cannot be rendered (TypeError)" in text
        assert "invalid literal for int()" in text


def test_the_values_of_variables_are_not_shown(tmp_path: Path) -> None:
    def speak() -> None:
        secret = "".join(reversed(CANARY))
        try:
            fail(ValueError(len(secret)))
        except ValueError:
            OWN.exception("failed")
            loguru.logger.exception("failed")

    text = logged(speak, LogSettings(file=tmp_path / "edge.log"))
    assert "ValueError: 13" in text
    assert "".join(reversed(CANARY)) not in text + (tmp_path / "edge.log").read_text()


def test_no_message_can_forge_a_line() -> None:
    forged = "x\n2026-01-31 12:00:00.123 | INFO | all is well\r\x1b[2J\u2028y"

    def speak() -> None:
        OWN.error(forged)
        log_event(OWN, LogEvent.ACTOR_CRASHED, actor=forged, error=forged)
        loguru.logger.error(forged)
        try:
            fail(ValueError(forged))
        except ValueError:
            OWN.exception(forged)

    lines = logged(speak).split("\n")
    entries = [line for line in lines if LINE.fullmatch(line)]
    assert len(entries) == 4
    assert all(" | ERROR | " in line for line in entries)
    assert all(line.startswith("    | ") for line in lines if line and line not in entries)
    assert all(line.isprintable() for line in lines)
    for entry in objects(logged(speak, LogSettings(format="json"))):
        assert "\n" not in entry["text"]


@pytest.mark.parametrize("before", range(4050, 4100, 4))
def test_a_very_long_line_is_cut_after_it_was_redacted(before: int) -> None:
    text = logged(lambda: OWN.error("%s%s%s", "x" * before, CANARY, "y" * 10_000))
    assert 4000 < len(text) < 4200
    assert CANARY[:2] not in text


def test_of_a_very_long_traceback_the_beginning_and_the_end_remain() -> None:
    def deep(levels: int) -> None:
        if levels:
            shallow(levels - 1)
        raise ValueError("the reason")

    def shallow(levels: int) -> None:
        deep(levels)

    def speak() -> None:
        try:
            deep(200)
        except ValueError:
            OWN.exception("failed")

    text = logged(speak)
    assert "Traceback" in text
    assert text.endswith("ValueError: the reason\n")
    assert 100 < text.count("\n") < 150


def test_a_file_is_rotated_and_only_so_many_are_kept(tmp_path: Path) -> None:
    def speak() -> None:
        for number in range(60):
            OWN.info("line %04d %s", number, "x" * 100)

    logged(speak, LogSettings(file=tmp_path / "edge.log", rotation="1 KB", retention=3))
    files = list(tmp_path.iterdir())
    assert (tmp_path / "edge.log") in files
    assert len(files) in {3, 4}  # loguru counts the current one or not, by version
    assert "line 0059" in (tmp_path / "edge.log").read_text(encoding="utf-8")


def test_a_full_disk_is_told_once_and_the_terminal_goes_on() -> None:
    def speak() -> None:
        for number in range(5):
            OWN.warning("line %d", number)

    text = logged(speak, LogSettings(file=Path("/dev/full")))
    assert [f"line {n}" in text for n in range(5)] == [True] * 5
    assert text.count("Cannot write the log file: [Errno 28] No space left on device") == 1


class Blocked(io.StringIO):
    """A terminal that takes nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.released = threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        assert self.released.wait(30)
        return super().write(text)


def test_a_blocked_terminal_never_blocks_who_logs_and_losses_are_told(tmp_path: Path) -> None:
    stream, file = Blocked(), tmp_path / "edge.log"
    setup_log(LogSettings(file=file), Language.EN, hide, stream)
    OWN.info("first")
    assert stream.reached.wait(30)
    extra = 7
    total = QUEUE_LIMIT + extra
    for number in range(total):
        OWN.info("line %d", number)  # would hang here
        if number % 100 == 0 or number == total - 1:
            # What the file has, the terminal's queue was offered; and no other queue overflows.
            eventually(lambda n=number: f"line {n}\n" in file.read_text())  # type: ignore[misc]
    stream.released.set()
    teardown_log(30)
    lines = stream.getvalue().splitlines()
    assert (
        f"stderr took nothing for a while (blocked, or its disk full), lines lost: {extra}"
        in (lines[1])
    )
    assert lines[-1].endswith(f"line {QUEUE_LIMIT - 1}")
    assert len(lines) == QUEUE_LIMIT + 2


def test_a_terminal_that_stays_blocked_does_not_hold_up_the_end() -> None:
    stream = Blocked()
    setup_log(LogSettings(), Language.EN, hide, stream)
    OWN.info("first")
    assert stream.reached.wait(30)
    writer = next(each for each in threading.enumerate() if each.name == "edge-video-log-stderr")
    assert writer.daemon
    teardown_log(0.05)
    assert writer.is_alive()  # so the end did not wait for it
    stream.released.set()
    writer.join(30)
    loguru.logger.remove()


def test_a_closed_terminal_does_not_stop_the_file(tmp_path: Path) -> None:
    stream = io.StringIO()
    setup_log(LogSettings(file=tmp_path / "edge.log"), Language.EN, hide, stream)
    stream.close()
    OWN.info("still here")
    print_block("nor a report")
    teardown_log()
    assert "still here" in (tmp_path / "edge.log").read_text(encoding="utf-8")


def test_a_terminal_without_emoji_still_shows_the_line() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="latin-1", errors="strict")
    setup_log(LogSettings(), Language.EN, hide, stream)
    OWN.warning("🔴 câmera")
    teardown_log()
    assert raw.getvalue().decode("latin-1").endswith("\\U0001f534 câmera\n")


def test_reports_go_to_stdout_and_keep_their_line_ends(capsys: pytest.CaptureFixture[str]) -> None:
    text = logged(lambda: print_block("one\n  two 🖥️\x1b[2J"))
    assert capsys.readouterr().out == "one\n  two 🖥️\\x1b[2J\n"
    assert text == ""


def test_without_a_setup_a_report_is_printed_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    print_block("one\ntwo")
    assert capsys.readouterr().out == "one\ntwo\n"


def test_an_uncaught_exception_is_logged_with_its_traceback() -> None:
    def speak() -> None:
        thread = threading.Thread(target=lambda: int("x"), name="reader")
        thread.start()
        thread.join()
        try:
            int("y")
        except ValueError as error:
            sys.excepthook(ValueError, error, error.__traceback__)

    first, second = objects(logged(speak, LogSettings(format="json")))
    assert (first["event"], first["level"]) == ("uncaught_exception", "CRITICAL")
    assert first["fields"] == {"thread": "reader"}
    assert "literal for int() with base 10: 'x'" in first["exception"]
    assert second["fields"] == {"thread": "MainThread"}


def test_an_orderly_exit_of_a_thread_is_not_logged() -> None:
    def speak() -> None:
        thread = threading.Thread(target=sys.exit)
        thread.start()
        thread.join()

    assert logged(speak) == ""


class Bad:
    def __str__(self) -> str:
        raise KeyError(CANARY)


def test_a_record_that_cannot_be_rendered_leaves_a_remark() -> None:
    def speak() -> None:
        log_event(OWN, LogEvent.SHUTDOWN_STARTED, reason="first")
        OWN.warning("%s", Bad())

    assert (
        logged(speak)
        .splitlines()[1]
        .endswith(" | WARNING | edge_video.test_log: a log record cannot be rendered (KeyError)")
    )


def test_a_second_setup_replaces_the_first() -> None:
    first, second = io.StringIO(), io.StringIO()
    setup_log(LogSettings(), Language.EN, hide, first)
    setup_log(LogSettings(), Language.EN, hide, second)
    OWN.info("once")
    teardown_log()
    teardown_log()
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


def test_many_cameras_at_once_are_summed_up_in_one_line() -> None:
    stream = io.StringIO()
    setup_log(LogSettings(), Language.EN, str, stream)
    for n in range(300):
        log_event(
            logging.getLogger("edge_video.actors.camera"),
            LogEvent.CAMERA_FAILED,
            camera_id=f"cam{n}",
            failure=Failure(Cause.UNREACHABLE),
        )
    teardown_log()
    lines = stream.getvalue().splitlines()
    assert len(lines) <= BURST_LINES + 3  # a slow machine earns a line meanwhile
    assert re.search(r"Many cameras at once \(2..\): 2.. failures, 0 breakers opened", lines[-1])
    assert lines[-1].endswith("lines not shown")


def test_at_debug_level_nothing_is_held_back() -> None:
    stream = io.StringIO()
    setup_log(LogSettings(level="DEBUG"), Language.EN, str, stream)
    for n in range(300):
        log_event(
            logging.getLogger("edge_video.actors.camera"),
            LogEvent.BREAKER_WAITING,
            camera_id=f"c{n}",
            wait_s=1.0,
        )
    teardown_log()
    assert len(stream.getvalue().splitlines()) == 300


# --- sinks that do not hold each other up -----------------------------------------------------


def test_a_blocked_terminal_holds_up_neither_the_file_nor_who_uses_loguru_itself(
    tmp_path: Path,
) -> None:
    stream, file = Blocked(), tmp_path / "edge.log"
    setup_log(LogSettings(file=file), Language.EN, hide, stream)
    OWN.info("first")
    assert stream.reached.wait(30)
    # In parts: the queue that feeds both sinks is as long as theirs, and may lose lines, too.
    for part in range(5):
        for number in range(QUEUE_LIMIT // 4):
            OWN.info("line %d", number)
        OWN.info("part %d ends", part)
        end = f"part {part} ends"
        eventually(lambda end=end: end in file.read_text(encoding="utf-8"), 20, end)  # type: ignore[misc]
    eventually(lambda: "stderr takes nothing" in file.read_text(encoding="utf-8"), 20, "told")
    loguru.logger.info("a foreign line")  # would hang here
    eventually(lambda: "a foreign line" in file.read_text(encoding="utf-8"), 20, "the file goes on")
    stream.released.set()
    teardown_log(30)
    assert not log_is_stuck()


def test_a_clock_that_was_years_ahead_does_not_let_a_timed_file_grow_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next rotation of a file that was begun in the year 2050 is due in 2050."""
    monkeypatch.setattr(log_file, "TIMED_LIMIT", 20_000)
    file = tmp_path / "edge.log"
    file.touch()
    try:
        os.setxattr(file, "user.loguru_crtime", b"2524608000.0")
    except OSError:
        os.utime(file, (2524608000, 2524608000))

    def speak() -> None:
        for number in range(1000):
            OWN.info("line %04d %s", number, "x" * 50)

    logged(speak, LogSettings(file=file, rotation="1 day", retention=50))
    files = list(tmp_path.iterdir())
    assert len(files) in {3, 4, 5, 6}
    assert max(each.stat().st_size for each in files) < 25_000
    text = "".join(each.read_text(encoding="utf-8") for each in files)
    assert [text.count(f"line {number:04d} ") for number in range(1000)] == [1] * 1000


@pytest.mark.parametrize("kind", ["link", "device", "pipe"])
def test_what_stands_under_the_path_of_the_file_is_written_to_and_stays(
    tmp_path: Path, kind: str
) -> None:
    path, target = tmp_path / "edge.log", tmp_path / "target.log"
    reader = None
    match kind:
        case "link":
            path.symlink_to(target)
        case "device":
            path.symlink_to("/dev/null")
        case _:
            os.mkfifo(path)
            reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    before = path.lstat()

    def speak() -> None:
        for _ in range(5):
            OWN.info("x" * 500)

    logged(speak, LogSettings(file=path, rotation="1 KB"))
    after = path.lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    if reader is not None:
        assert os.read(reader, 10_000).count(b"\n") == 5
        os.close(reader)
    if kind == "link":
        assert len(list(tmp_path.glob("target*.log"))) > 1  # the target is rotated


def test_a_pipe_that_nobody_reads_is_told_and_waited_for(tmp_path: Path) -> None:
    pipe, stream = tmp_path / "edge.log", io.StringIO()
    os.mkfifo(pipe)
    setup_log(LogSettings(file=pipe), Language.EN, hide, stream)
    OWN.info("nobody reads this")
    eventually(lambda: "Cannot write the log file" in stream.getvalue(), 10, "told")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    eventually(lambda: b"lines lost: 1" in os.read(reader, 10_000), 10, "the loss is told")
    os.close(reader)
    teardown_log()
