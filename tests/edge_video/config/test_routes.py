"""What a consumer of frames reads of a configuration: the broker and the routes, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.config import Config, ConfigError, load_config, load_routes

if TYPE_CHECKING:
    from pathlib import Path

SHOP = """\
amqp: {url: "amqp://shop:${BROKER_PASSWORD}@broker:5672/video", exchange: shop}
node: "${NODE}"
fps: "${FPS}"
http: {listen: "127.0.0.1:8080", token: "${HTTP_TOKEN}"}
x-common: &common {username: viewer, password: "file:/nobody/may/read", exchange: yards}
cameras:
  - {id: door, url: "rtsp://10.0.0.5/s", username: viewer, password: "${DOOR_PASSWORD}"}
  - {<<: *common, id: yard, url: "rtsp://${YARD}/s", routing_key: back.yard}
"""
ENVIRON = {"BROKER_PASSWORD": "s3cret-broker"}


def routes_of(folder: Path, text: str, environ: dict[str, str]) -> Config:
    path = folder / "config.yaml"
    path.write_text(text)
    return load_routes(path, environ)


def test_a_consumer_needs_the_brokers_secrets_alone(tmp_path: Path) -> None:
    config = routes_of(tmp_path, SHOP, ENVIRON)
    assert config.amqp is not None
    broker = config.amqp.settings()
    assert (broker.host, broker.vhost, broker.password) == ("broker", "video", "s3cret-broker")
    assert [(each.id, each.exchange, each.routing_key) for each in config.cameras] == [
        ("door", "shop", "door"),
        ("yard", "yards", "back.yard"),
    ]
    with pytest.raises(ConfigError, match="HTTP_TOKEN"):
        load_config(tmp_path / "config.yaml", ENVIRON)


def test_the_brokers_own_variable_is_still_asked_for_at_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        routes_of(tmp_path, SHOP, {})
    [problem] = error.value.problems
    assert (problem.line, problem.key) == (1, "amqp.url")
    assert "BROKER_PASSWORD is not set" in problem.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cameras: []", "at least one camera"),
        ("amqp: {url: 'amqp://b/'}\ncameras: 5", "must be a list"),
        ("amqp: {url: 'amqp://b/'}\ncameras: [5]", "must be a mapping"),
        ("amqp: {url: 'amqp://b/'}\ncameras: [{url: x}]", "the camera's name"),
        ("cameras: [{id: a}]", "frames go to the broker"),
        ("amqp: [", "line 1|expected|quote|bracket|ends"),
    ],
)
def test_what_is_wrong_with_the_routes_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        routes_of(tmp_path, text, {})


def test_a_consumer_of_events_finds_their_exchange_and_needs_nothing_else_of_them(
    tmp_path: Path,
) -> None:
    text = SHOP + 'events: {exchange: shop.events, queue: "${EVENTS_QUEUE}"}\n'
    events = routes_of(tmp_path, text, ENVIRON).events
    assert events is not None
    assert events.exchange == "shop.events"
    assert routes_of(tmp_path, SHOP, ENVIRON).events is None


def test_a_system_without_a_broker_has_no_routes_to_it(tmp_path: Path) -> None:
    text = "sink: directory\ncameras: [{id: a, url: 'rtsp://h/s'}]"
    assert routes_of(tmp_path, text, {}).amqp is None
