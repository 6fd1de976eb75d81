"""What lies between two configurations, and what each key does to a system that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edge_video.config import Config
from edge_video.config.annotations import is_section, item_type, leaves
from edge_video.config.diff import compare
from edge_video.config.effects import EFFECTS, Effect, Part, row_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

DOOR = {"id": "door", "url": "rtsp://10.0.0.1/s"}
YARD = {"id": "yard", "url": "rtsp://10.0.0.2/s"}


def config(**values: Any) -> Config:
    given = {"amqp": {"url": "amqp://broker"}, "node": "n", "cameras": [DOOR, YARD], **values}
    return Config.model_validate(given)


def keys_of(section: type[BaseModel], place: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        key = f"{place}{name}"
        yield key
        inner = [*leaves(field.annotation), item_type(field.annotation)]
        for each in inner:
            if is_section(each):
                yield from keys_of(each, f"{key}.")


def test_every_key_has_its_effect_and_every_effect_its_key() -> None:
    keys = set(keys_of(Config))
    for key in keys:
        row_of(key)  # or KeyError
    assert set(EFFECTS) <= keys


def test_only_what_nobody_can_take_over_needs_a_restart() -> None:
    for row in EFFECTS.values():
        assert (row.effect is Effect.RESTART) is (row.part is Part.PROGRAM)


def test_the_same_configuration_needs_nothing() -> None:
    assert not compare(config(), config())


@pytest.mark.parametrize(
    ("values", "effect", "name"),
    [
        ({"amqp": {"url": "amqp://other"}}, Effect.RECONNECT, "amqp.url"),
        ({"sink": {"type": "directory", "path": "x"}}, Effect.RECONNECT, "sink"),
        ({"circuit_breaker": {"max_failures": 9}}, Effect.LIVE, "circuit_breaker.max_failures"),
        ({"log": {"level": "DEBUG"}}, Effect.LIVE, "log.level"),
        ({"log": {"format": "json"}}, Effect.RESTART, "log.format"),
        ({"http": {"listen": "127.0.0.1:1"}}, Effect.RESTART, "http"),
        ({"cameras": [DOOR, {**YARD, "fps": 3}]}, Effect.CAMERA, "cameras[yard].fps"),
        ({"cameras": [DOOR, {**YARD, "routing_key": "k"}]}, Effect.LIVE, None),
    ],
)
def test_a_changed_key_does_what_the_table_says(
    values: dict[str, Any], effect: Effect, name: str | None
) -> None:
    plan = compare(config(), config(**values))
    assert plan.names(effect) == (name or "cameras[yard].routing_key",)
    assert not {"door"} & set(plan.restarted)


def test_a_secret_that_changed_is_named_and_never_shown() -> None:
    before = config(cameras=[{**DOOR, "username": "u", "password": "old-secret"}])
    after = config(cameras=[{**DOOR, "username": "u", "password": "new-secret"}])
    plan = compare(before, after)
    assert plan.restarted == ("door",)
    assert "secret" not in repr(plan)


def test_what_is_inherited_changes_each_camera_that_inherits_it() -> None:
    before = config(cameras=[DOOR, {**YARD, "fps": 5}])
    plan = compare(before, config(fps=7, cameras=[DOOR, {**YARD, "fps": 5}]))
    assert plan.restarted == ("door",)


def test_certificates_with_other_contents_reconnect() -> None:
    plan = compare(config(), config(), certificates_changed=True)
    assert plan.names(Effect.RECONNECT) == ("amqp.tls",)


def test_cameras_in_another_order_are_no_other_cameras() -> None:
    plan = compare(config(), config(cameras=[YARD, DOOR]))
    assert plan.is_reordered
    assert (plan.added, plan.removed, plan.changes) == ((), (), ())


def test_cameras_come_and_go() -> None:
    plan = compare(config(), config(cameras=[YARD, {**DOOR, "id": "gate"}]))
    assert (plan.added, plan.removed, plan.is_reordered) == (("gate",), ("door",), False)
