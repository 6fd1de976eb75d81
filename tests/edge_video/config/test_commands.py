"""The section of commands: what is wrong is said with its key, and no key of anybody is shown."""

from __future__ import annotations

import pytest
import yaml

from edge_video.config import ConfigError, parse_config

KEY = "k3y-" * 10


def problems(commands: object, **more: object) -> list[str]:
    document = {
        "cameras": [{"id": "a", "url": "x.mp4"}],
        "amqp": {"url": "amqp://h/"},
        "node": "n",
        "commands": commands,
        **more,
    }
    try:
        config = parse_config(yaml.safe_dump(document), "c.yaml", {})
    except ConfigError as error:
        return [f"{each.key}: {each.message}" for each in error.problems]
    assert KEY not in str(config.masked())
    assert KEY not in config.secrets()(f"it is {KEY}")
    return []


def test_a_section_with_a_user_and_one_with_a_key_are_right() -> None:
    allow = [
        {"user": "ops", "commands": ["status"], "cameras": ["centro.*", "door"]},
        {"key": KEY, "name": "boss", "commands": ["all"]},
        {"key": KEY, "name": "boss", "commands": ["ping"]},
    ]
    assert problems({"allow": allow}) == []


@pytest.mark.parametrize(
    ("commands", "more", "message"),
    [
        ({"allow": []}, {}, "commands.allow: it is empty"),
        ({"allow": [{"commands": ["all"]}]}, {}, "allow[0].user: set user or key"),
        ({"allow": [{"key": KEY, "commands": ["all"]}]}, {}, "allow[0].name: a key needs a name"),
        ({"allow": [{"key": "k" * 31, "name": "n", "commands": []}]}, {}, "a key has 32 to 200"),
        ({"allow": [{"user": "u", "commands": ["explode"]}]}, {}, "allow[0].commands[0]: "),
        (
            {"allow": [{"user": "u", "commands": ["all"], "cameras": ["a*b"]}]},
            {},
            "allow[0].cameras[0]: it is the id of a camera",
        ),
        (
            {
                "allow": [
                    {"key": KEY, "name": "n", "commands": ["all"]},
                    {"key": KEY[::-1], "name": "n", "commands": ["all"]},
                ]
            },
            {},
            "allow[1].name: n is already the name of another key",
        ),
        ({"allow": [{"user": "u", "commands": ["all"]}]}, {"node": "all"}, "node: with commands"),
        ({"allow": [{"user": "u", "commands": ["all"]}]}, {"node": "a b"}, "node: with commands"),
        (
            {"exchange": "edge-video", "allow": [{"user": "u", "commands": ["all"]}]},
            {},
            "commands.exchange: edge-video carries frames or events",
        ),
        (
            {"allow": [{"user": "u", "commands": ["all"]}]},
            {"sink": "directory"},
            "commands: commands come from the broker",
        ),
    ],
)
def test_what_is_wrong_is_said(commands: object, more: dict[str, object], message: str) -> None:
    found = "\n".join(problems(commands, **more))
    assert message in found
    assert KEY not in found
