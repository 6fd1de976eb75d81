"""What is made of the sections of a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge_video.config import Config
from edge_video.text.catalog import Language
from edge_video.wiring.settings import configured_language, liveness_policies, sink_target


def config_of(**values: Any) -> Config:
    return Config.model_validate(
        {
            "amqp": {"url": "amqp://me:secret@broker:5673/shop", "exchange": "ex"},
            "cameras": [{"id": "cam1", "url": "rtsp://10.0.0.1/s"}],
            **values,
        }
    )


def test_a_target_has_no_password() -> None:
    assert sink_target(config_of()) == "amqp://broker:5673/shop", "as it is once connected"
    directory = {"type": "directory", "path": "somewhere/frames"}
    assert sink_target(config_of(amqp=None, sink=directory)) == str(Path("somewhere/frames"))


@pytest.mark.parametrize(
    ("configured", "locale", "language"),
    [
        ("auto", "pt_BR.UTF-8", Language.PT_BR),
        ("auto", "C", Language.EN),
        ("en", "pt_BR.UTF-8", Language.EN),
        ("pt-BR", "C", Language.PT_BR),
    ],
)
def test_the_language_is_the_configured_one_else_the_locale_s(
    monkeypatch: pytest.MonkeyPatch, configured: str, locale: str, language: Language
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", locale)
    assert configured_language(config_of(language=configured)) is language


def test_pictures_that_a_camera_is_asked_for_seldom_may_be_further_apart() -> None:
    often = {"id": "cam1", "url": "rtsp://10.0.0.1/s"}
    seldom = {"id": "cam2", "url": "http://h/s.jpg", "mode": "snapshot", "snapshot_interval": "2m"}
    policies = liveness_policies(config_of(cameras=[often, seldom], liveness={}))
    assert [policy.gap_s for policy in policies.values()] == [60.0, 300.0]
