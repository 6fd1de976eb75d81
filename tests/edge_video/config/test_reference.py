"""What `explain` knows: every key, with an example that is valid."""

from __future__ import annotations

import pytest
import yaml

from edge_video.config import parse_config
from edge_video.config.reference import Kind, all_keys, find_keys, normalized, similar_keys
from edge_video.config.schema import json_schema

KEYS = all_keys()


def test_every_key_of_the_schema_is_there_and_means_something() -> None:
    schema = json_schema()
    in_schema = {
        key for model in (schema, *schema["$defs"].values()) for key in model["properties"]
    }
    assert {path.rsplit(".", 1)[-1] for path in KEYS} == in_schema
    assert [path for path, key in KEYS.items() if not key.meaning] == []


@pytest.mark.parametrize("path", [path for path, key in KEYS.items() if not key.is_section])
def test_the_example_of_a_key_is_valid(path: str) -> None:
    example = KEYS[path].example
    if path.startswith("amqp.tls.") and "verify" not in path:
        return  # these name files, which must be there
    needed = yaml.safe_load(example)
    if path.startswith("amqp.") and path != "amqp.urls":
        needed["amqp"].setdefault("url", "amqps://broker/")
    elif "amqp" not in needed and needed.get("sink", {}).get("type") != "directory":
        needed["amqp"] = {"url": "amqp://broker/"}
    needed.setdefault("cameras", [{"id": "door", "url": "rtsp://h/s"}])
    for section in (needed["cameras"][0], needed.get("amqp", {})):
        if "username" in section:
            section["password"] = "x"
    if path.startswith("events.") and path != "events.exchange":
        needed["events"]["exchange"] = "shop.events"
    environ = {"BROKER_PASSWORD": "x", "DOOR_PASSWORD": "x", "HTTP_TOKEN": "x" * 12}
    environ["COMMANDS_KEY"] = "x" * 32
    parse_config(yaml.safe_dump(needed), "c.yaml", environ)


def test_types_limits_units_and_defaults_are_those_of_the_models() -> None:
    count, age, tls = KEYS["amqp.prefetch_count"], KEYS["max_age"], KEYS["amqp.tls"]
    assert (count.kind, count.default, count.span) == (Kind.INTEGER, "50", ("0", "65535"))
    assert (age.kind, age.default, age.span) == (Kind.DURATION, "2s", ("50ms", "24h"))
    assert (tls.kind, tls.keys) == (Kind.SECTION, ("ca", "cert", "key", "verify"))
    assert KEYS["cameras.width"].unit == "pixels"
    assert KEYS["cameras.url"].is_required
    assert KEYS["cameras.exchange"].default is None, "amqp.exchange decides it"
    assert KEYS["fps"].of_camera == "cameras[].fps"
    assert KEYS["sink.type"].choices == ("amqp", "directory")


def test_a_key_is_found_by_its_path_its_last_name_and_its_former_name() -> None:
    assert [key.path for key in find_keys(normalized("cameras[2].fps"), KEYS)] == ["cameras.fps"]
    assert [key.path for key in find_keys("prefetch_count", KEYS)] == ["amqp.prefetch_count"]
    assert [key.path for key in find_keys("settle", KEYS)] == ["events.stable_for"]
    assert len(find_keys("exchange", KEYS)) == 4
    assert find_keys("nothing", KEYS) == find_keys("", KEYS) == []


def test_a_key_below_any_name_is_found_by_each_name() -> None:
    found = [find_keys(path, KEYS) for path in ("profiles.open.cameras", "profiles.NAME.cameras")]
    assert [[key.path for key in each] for each in found] == [["profiles.NAME.cameras"]] * 2
    assert "how ids begin" in found[0][0].meaning
    assert find_keys("amqp.open.cameras", KEYS) == []


def test_what_is_no_key_has_suggestions() -> None:
    assert similar_keys("amqp.prefetch", KEYS)[0] == "amqp.prefetch_count"
    assert "quality" in similar_keys("qualty", KEYS)
    assert similar_keys("xyzzy", KEYS) == []
