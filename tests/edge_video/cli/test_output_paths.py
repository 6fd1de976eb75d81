"""Two files of one run that are one."""

from __future__ import annotations

import os
from pathlib import Path

from edge_video.cli.output_paths import clash


def test_a_file_under_two_names_is_told(tmp_path: Path) -> None:
    file, link = tmp_path / "a", tmp_path / "b"
    link.symlink_to(file)
    message = clash([("log.file", file), ("--report-file", None), ("--report-html", link)])
    assert message == f"--report-html: {link} is the file of log.file"
    assert clash([("log.file", file), ("--report-html", tmp_path / "c")]) is None


def test_what_is_written_into_may_be_named_twice(tmp_path: Path) -> None:
    fifo, stdout = tmp_path / "fifo", Path("/dev/stdout")
    os.mkfifo(fifo)
    for each in (fifo, stdout, Path("/dev/null")):
        assert clash([("--report-file", each), ("--report-html", each)]) is None
