from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from edge_video.capture.binary import Binary, BinaryMissing, find_binary, parse_version

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026", (5, 1, 9)),
        ("ffmpeg version n9.0.2-17-g2a571b6068-20260930 Copyright", (9, 0, 2)),
        ("ffmpeg version 4.4.1 Copyright", (4, 4, 1)),
        ("ffmpeg version 7.0-static https://johnvansickle.com", (7, 0)),
        ("ffmpeg version N-109542-g1bf1222\nlibavformat    60. 16.100 / 60.", (6,)),
        ("GNU bash, version 5.2.15", None),
        ("", None),
    ],
)
def test_the_version_is_read_from_any_builds_answer(
    answer: str, version: tuple[int, ...] | None
) -> None:
    assert parse_version(answer) == version


def test_both_binaries_are_found_and_know_their_versions(
    ffmpeg: Binary, bundled_ffmpeg: Binary
) -> None:
    assert ffmpeg.version >= (4,)
    assert bundled_ffmpeg.version >= (4,)
    assert ffmpeg.zscale
    assert bundled_ffmpeg.zscale
    assert find_binary(None) == ffmpeg


def test_without_ffmpeg_on_path_the_bundled_one_is_used(
    bundled_ffmpeg: Binary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_binary(None) == bundled_ffmpeg


def test_a_configured_binary_that_is_missing_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(BinaryMissing, match="configured"):
        find_binary(str(tmp_path / "ffmpeg"))


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho hello\n"])
def test_a_binary_that_is_no_ffmpeg_is_refused(tmp_path: Path, script: str) -> None:
    impostor = tmp_path / "ffmpeg"
    impostor.write_text(script)
    impostor.chmod(0o755)
    with pytest.raises(BinaryMissing, match=str(impostor)):
        find_binary(str(impostor))


def test_without_any_binary_the_message_says_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(BinaryMissing, match=r"PATH.*imageio-ffmpeg.*ffmpeg:"):
        find_binary(None)
