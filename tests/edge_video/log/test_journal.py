"""Priorities of lines in systemd's journal: only there, and on each line."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from edge_video.log.journal import is_journal, with_priority
from tests.support.program import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("level", "number"),
    [
        (logging.CRITICAL, 2),
        (logging.ERROR, 3),
        (logging.WARNING, 4),
        (logging.INFO, 6),
        (logging.DEBUG, 7),
    ],
)
def test_each_line_of_an_entry_has_the_priority_of_its_level(level: int, number: int) -> None:
    assert with_priority("one\n    | two\n", level) == f"<{number}>one\n<{number}>    | two\n"


def test_only_the_stream_that_the_journal_reads_is_the_journal(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w") as stream, (tmp_path / "file").open("w") as other:
        found = os.fstat(stream.fileno())
        environ = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert is_journal(stream, environ)
        assert not is_journal(other, environ)
        assert not is_journal(stream, {})
        assert not is_journal(None, environ)
    assert not is_journal(stream, environ)  # it is closed


def test_what_the_program_says_in_the_journal_has_its_priority(tmp_path: Path) -> None:
    """Standard error is a file here whose numbers stand in the environment, as the journal's do."""
    script = (
        "import os, sys\n"
        "found = os.fstat(2)\n"
        "os.environ['JOURNAL_STREAM'] = f'{found.st_dev}:{found.st_ino}'\n"
        "import logging\n"
        "from edge_video.cli.standard_streams import print_error\n"
        "from edge_video.log.settings import LogSettings\n"
        "from edge_video.log.setup import setup_log, teardown_log\n"
        "from edge_video.text.catalog import Language\n"
        "print_error('bad file\\n  line 3')\n"
        "setup_log(LogSettings(), Language.EN, lambda text: text)\n"
        "logging.getLogger('edge_video').error('broken')\n"
        "logging.getLogger('edge_video').info('mended')\n"
        "teardown_log()\n"
    )
    with (tmp_path / "stderr").open("w") as stderr:
        subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, stderr=stderr, check=True, timeout=60
        )
    lines = (tmp_path / "stderr").read_text().splitlines()
    assert lines[:2] == ["<3>bad file", "<3>  line 3"]
    assert [(line[:3], line.rpartition("| ")[2]) for line in lines[2:]] == [
        ("<3>", "edge_video: broken"),
        ("<6>", "edge_video: mended"),
    ]
