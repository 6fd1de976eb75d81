"""What `doctor` tries with FFmpeg: with a real one, and with one that lacks something."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_video.capture.binary import Binary
from edge_video.capture.examination import (
    TrialFailedError,
    decoders,
    missing_options,
    try_transcoding,
)
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.ffmpeg
@EVERY_FFMPEG
def test_a_real_ffmpeg_has_every_option_and_makes_pictures(any_ffmpeg: Binary) -> None:
    assert missing_options(any_ffmpeg) == []
    try_transcoding(any_ffmpeg)


def test_what_an_ffmpeg_lacks_is_named(tmp_path: Path) -> None:
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\necho ' -rtsp_transport x -timeout y tcp http'\n")
    script.chmod(0o755)
    binary = Binary(str(script), (6,))
    assert missing_options(binary) == ["-allowed_media_types", "tls://"]
    assert missing_options(replace(binary, version=(4, 4)))[-2:] == ["-stimeout", "tls://"]
    with pytest.raises(TrialFailedError, match="no picture came"):
        try_transcoding(binary)


def test_an_ffmpeg_that_fails_or_is_gone_says_why(tmp_path: Path) -> None:
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\necho '[x @ 0x1] broken' >&2; exit 3\n")
    script.chmod(0o755)
    with pytest.raises(TrialFailedError, match=r"^broken$"):
        decoders(Binary(str(script), (6,)))
    with pytest.raises(TrialFailedError, match="No such file"):
        decoders(Binary(str(tmp_path / "nowhere"), (6,)))
