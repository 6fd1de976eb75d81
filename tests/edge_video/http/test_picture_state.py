"""What the page and `top` are told of a camera whose picture is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from edge_video.http.texts import page_texts
from edge_video.resilience.liveness import WRONG, PictureState
from edge_video.status.model import CameraPhase
from edge_video.text.catalog import Language, lookup
from edge_video.top.camera_text import remarks_on, short_remarks_on
from tests.edge_video.report.examples import camera

GOOD: Final = camera("door", CameraPhase.STREAMING)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("state", WRONG)
def test_every_state_has_words_and_advice(state: PictureState, language: Language) -> None:
    texts = page_texts(language)
    assert texts[f"picture_state.{state}"]
    assert texts[f"picture_advice.{state}"]


@pytest.mark.parametrize("language", Language)
def test_top_says_it_of_a_camera_that_is_healthy_otherwise(language: Language) -> None:
    wrong = replace(GOOD, picture=PictureState.COVERED)
    expected = [lookup("picture_state.covered", language)]
    assert remarks_on(wrong, language) == short_remarks_on(wrong, language) == expected
    for picture in (None, PictureState.LIVE):
        assert remarks_on(replace(GOOD, picture=picture), language) == []
