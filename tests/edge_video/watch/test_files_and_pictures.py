"""Pictures that a consumer looks at, keeps and shows."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edge_video.text.catalog import Language
from edge_video.watch.command import decoder
from edge_video.watch.options import _loopback
from edge_video.watch.pages import Pictures, PictureServer
from edge_video.watch.picture import structural_defect
from edge_video.watch.save import Saver, folder_name
from edge_video.watch.tally import Arrival

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAME = Arrival("cam1", "s1", 1, 0, 1_700_000_000_000_000_000, 64, 48, 1000, 0.0, 0)


def jpeg(*, progressive: bool = False) -> bytes:
    target = io.BytesIO()
    noise = Image.effect_noise((64, 48), 50)
    noise.save(target, "JPEG", progressive=progressive)
    return target.getvalue()


JPEG = jpeg()


@pytest.mark.parametrize("image", [JPEG, jpeg(progressive=True)], ids=["baseline", "progressive"])
def test_a_whole_picture_has_no_defect(image: bytes) -> None:
    assert structural_defect(image) is None
    assert decoder()(image) is None


def test_a_defect_is_named() -> None:
    assert structural_defect(b"") == "no start marker"
    assert structural_defect(JPEG[1:]) == "no start marker"
    assert structural_defect(JPEG[:-2]) == "no end marker: torn"
    assert structural_defect(b"\xff\xd8\xff\xd9") == "no readable frame header"
    header = JPEG[: JPEG.index(b"\xff\xda")]
    assert structural_defect(header + b"\xff\xd9") == "no scan"
    assert decoder()(JPEG[:200]) is not None


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, len(JPEG)))
def test_any_bytes_get_an_answer(noise: bytes, at: int) -> None:
    structural_defect(noise)
    structural_defect(JPEG[:at] + noise)
    structural_defect(b"\xff\xd8" + noise + b"\xff\xd9")


def test_the_newest_pictures_are_kept_and_those_of_earlier_runs_count(tmp_path: Path) -> None:
    for run in range(2):
        saver = Saver(tmp_path, keep=3)
        for seq in range(1, 6):
            captured = FRAME.captured_at_ns + run * 100 + seq
            saver.save(replace(FRAME, seq=seq, captured_at_ns=captured), JPEG)
    (tmp_path / "cam1" / "mine.txt").write_text("not ours")
    kept = sorted(each.name for each in (tmp_path / "cam1").glob("*.jpg"))
    assert [name.split("-")[1] for name in kept] == ["3.jpg", "4.jpg", "5.jpg"]
    assert (tmp_path / "cam1" / kept[0]).read_bytes() == JPEG


@settings(deadline=None)
@given(st.text(max_size=80))
def test_a_header_leads_to_no_other_folder(camera_id: str) -> None:
    name = folder_name(camera_id)
    assert "/" not in name
    assert name not in ("", ".", "..")
    assert len(name) <= 64


@pytest.mark.parametrize(
    "text", ["0.0.0.0:80", "example.org:80", "127.0.0.1", "127.0.0.1:x", ":80"]
)
def test_pictures_are_for_this_machine_only(text: str) -> None:
    with pytest.raises(Exception, match="this machine only"):
        _loopback(text)


@pytest.fixture
def server() -> Iterator[PictureServer]:
    pictures = Pictures()
    pictures.take("<b>", 7, 0.0, JPEG)
    served = PictureServer(("127.0.0.1", 0), pictures)
    served.start()
    yield served
    served.stop()


def get(url: str, **headers: str) -> tuple[bytes, dict[str, str]]:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.read(), dict(answer.headers)


def test_a_browser_gets_a_page_and_the_newest_pictures(server: PictureServer) -> None:
    page, headers = get(server.url)
    assert b"<script src=" in page
    assert "default-src 'none'" in headers["content-security-policy"]
    [camera] = json.loads(get(server.url + "cameras.json")[0])
    assert (camera["id"], camera["seq"]) == ("<b>", 7)
    assert get(server.url + "pictures/0.jpg")[0] == JPEG
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(server.url + "pictures/1.jpg")


def test_the_page_has_an_icon_and_the_words_of_its_language(server: PictureServer) -> None:
    page, _ = get(server.url)
    assert b'data-caption="frame {seq}, {age} s ago"' in page
    icon, headers = get(server.url + "favicon.ico")
    assert headers["content-type"] == "image/svg+xml"
    assert icon.startswith(b"<svg")
    spoken = PictureServer(("127.0.0.1", 0), Pictures(), Language.PT_BR)
    spoken.start()
    try:
        page, _ = get(spoken.url)
    finally:
        spoken.stop()
    assert '<html lang="pt-BR">' in page.decode()
    assert "{count} câmeras" in page.decode()


def test_a_foreign_host_name_is_refused(server: PictureServer) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        get(server.url, Host="evil.example")
