"""The log's level is changed while lines are written."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest

from edge_video.log.settings import LogSettings
from edge_video.log.setup import change_log_level, setup_log, teardown_log
from edge_video.text.catalog import Language

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWN = logging.getLogger("edge_video.test_level")
PIKA = logging.getLogger("pika.adapters.base_connection")


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    yield
    teardown_log()


def test_lines_come_and_go_with_the_level_on_every_destination(tmp_path: Path) -> None:
    stream, file = io.StringIO(), tmp_path / "ev.log"
    setup_log(LogSettings(level="INFO", file=file), Language.EN, str, stream)
    OWN.debug("never seen")
    change_log_level("debug")
    OWN.debug("seen")
    PIKA.warning("what pika repeats")
    change_log_level("ERROR")
    OWN.warning("never seen")
    OWN.error("seen as well")
    change_log_level("INFO")
    OWN.info("seen again")
    teardown_log()
    for text in (stream.getvalue(), file.read_text(encoding="utf-8")):
        lines = [line.rpartition(": ")[2] for line in text.splitlines()]
        assert lines == ["seen", "what pika repeats", "seen as well", "seen again"]


def test_a_level_that_is_none_is_an_error_and_without_a_log_nothing_happens() -> None:
    change_log_level("DEBUG")
    setup_log(LogSettings(), Language.EN, str, io.StringIO())
    with pytest.raises(ValueError, match="LOUD"):
        change_log_level("LOUD")
