"""`amqp.urls`: the nodes of a cluster in place of one broker."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from edge_video.config import AmqpConfig
from tests.support.config_texts import load, problems

CAMERA = "cameras:\n  - id: cam1\n    url: rtsp://h/1\n"
URLS = ["amqp://a:one@b1/v", "amqps://a:two@b2:5999", "amqp://b3"]


def test_each_broker_has_its_own_login_its_own_tls_and_the_same_figures() -> None:
    amqp = AmqpConfig(urls=URLS, prefetch_count=7, tls={"verify": False})
    first, second, third = amqp.settings_of_each("shop")
    assert [each.target for each in (first, second, third)] == [
        "amqp://b1:5672/v",
        "amqps://b2:5999",
        "amqp://b3:5672",
    ]
    assert [each.password for each in (first, second, third)] == ["one", "two", "guest"]
    assert [each.tls is not None for each in (first, second, third)] == [False, True, False]
    assert {(each.prefetch_count, each.node) for each in (first, second, third)} == {(7, "shop")}
    assert first == amqp.settings("shop")


def test_a_password_in_one_url_is_not_that_of_another() -> None:
    assert AmqpConfig(urls=URLS).notes() == []
    assert AmqpConfig(urls=["amqp://:one@b1", "amqp://a:two@b2"]).notes() != []
    assert AmqpConfig(urls=["amqp://b1", "amqp://a:two@b2"], password="x").notes() != []


def test_a_login_beside_the_list_is_for_all_of_them() -> None:
    amqp = AmqpConfig(urls=["amqp://b1", "amqp://x:y@b2"], username="me", password="p%")
    assert {(each.username, each.password) for each in amqp.settings_of_each()} == {("me", "p%")}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"url": "amqp://b1", "urls": ["amqp://b2"]}, "keep one of the two"),
        ({"urls": [f"amqp://b{number}" for number in range(17)]}, "at most 16"),
        ({"urls": ["amqp://b1", "amqp://B1:5672/"]}, r"the broker of amqp.urls\[0\] again"),
        ({"urls": ["amqp://b1", "amqp://u@b2"]}, "without a password"),
        ({"urls": ["amqp://b1", "http://b2"]}, "amqp://"),
        ({"urls": ["amqp://b1", "amqp://b2"], "tls": {}}, "amqps://"),
    ],
)
def test_what_is_no_list_of_brokers_is_refused_in_words(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        AmqpConfig.model_validate(keys)


def test_variables_masks_and_lines_are_those_of_every_item() -> None:
    text = (
        "amqp:\n  urls:\n    - amqp://a:${PW}@b1\n    - amqp://a:plain-secret@b2\n"
        "    - ${THIRD}\n" + CAMERA
    )
    environ = {"PW": "canary-1", "THIRD": "amqp://a:canary-3@b3"}
    config = load(text, environ)
    assert config.amqp is not None
    assert [each.host for each in config.amqp.settings_of_each()] == ["b1", "b2", "b3"]
    shown = f"{config.masked()} {config.amqp!r}"
    hidden = config.secrets()("canary-1 plain-secret canary-3")
    for secret in ("canary", "plain-secret"):
        assert secret not in shown
        assert secret not in hidden
    assert "b2" in shown


def test_a_mistake_in_an_item_is_told_with_its_line_and_without_its_password() -> None:
    text = "amqp:\n  urls:\n    - amqp://b1\n    - amqp://a:canary@b2/x/y\n" + CAMERA
    (problem,) = problems(text)
    assert problem.startswith("c.yaml:4: amqp.urls[1]: ")
    assert "%2F" in problem
    assert "canary" not in problem
