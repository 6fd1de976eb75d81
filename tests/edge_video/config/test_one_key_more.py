"""A new key of the configuration is written down once, in its section.

From there it reaches the file's reader, the messages, the schema with its description and default
(what an editor shows), the reference in `docs/configuration.md`, and what `check` prints. Only the
example is written by hand, and `test_model.py` says which key it lacks.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from edge_video.config import Config, json_schema
from edge_video.config.annotations import is_section, item_type, leaves
from edge_video.config.profiles import ProfileConfig, ProfilesConfig

ROOT = Path(__file__).parents[3]
NEW_KEY = '    one_key_more: "int" = 7\n    """Says what it is for."""\n'
SCRIPT = """
import json
import runpy
from pathlib import Path
from edge_video.config import ConfigError, json_schema, parse_config

CAMERA = "cameras: [{id: a, url: x.mp4}]\\n"
FILES = {
    "Config": CAMERA + "sink: directory\\none_key_more: %s",
    "DirectorySinkConfig": CAMERA + "sink: {type: directory, one_key_more: %s}",
    "AmqpSinkConfig": CAMERA + "amqp: {url: 'amqp://h'}\\nsink: {type: amqp, one_key_more: %s}",
    "AmqpConfig": CAMERA + "amqp: {url: 'amqp://h', one_key_more: %s}",
    "TlsConfig": CAMERA + "amqp: {url: 'amqps://h', tls: {one_key_more: %s}}",
    "EventsConfig": CAMERA + "amqp: {url: 'amqp://h'}\\nevents: {exchange: e, one_key_more: %s}",
    "CommandsConfig": CAMERA + "amqp: {url: 'amqp://h'}\\ncommands: {allow: [{user: u,"
        " commands: [all]}], one_key_more: %s}",
    "AllowConfig": CAMERA + "amqp: {url: 'amqp://h'}\\ncommands: {allow: [{user: u,"
        " commands: [all], one_key_more: %s}]}",
    "CircuitBreakerConfig": CAMERA + "sink: directory\\ncircuit_breaker: {one_key_more: %s}",
    "MemoryControllerConfig": CAMERA + "sink: directory\\nmemory_controller: {one_key_more: %s}",
    "LivenessConfig": "sink: directory\\ncameras: [{id: a, url: x.mp4,"
        " liveness: {one_key_more: %s}}]",
    "ClusterConfig": CAMERA + "amqp: {url: 'amqp://h'}\\ncluster: {one_key_more: %s}",
    "CameraClusterConfig": "sink: directory\\ncameras: [{id: a, url: x.mp4,"
        " cluster: {one_key_more: %s}}]",
    "LogConfig": CAMERA + "sink: directory\\nlog: {one_key_more: %s}",
    "SupervisionConfig": CAMERA + "sink: directory\\nsupervision: {one_key_more: %s}",
    "StateConfig": CAMERA + "sink: directory\\nstate: {dir: /tmp, one_key_more: %s}",
    "HttpConfig": CAMERA + "sink: directory\\nhttp: {one_key_more: %s}",
    "ReadyConfig": CAMERA + "sink: directory\\nhttp: {ready: {one_key_more: %s}}",
    "ScheduleConfig": "sink: directory\\ncameras: [{id: a, url: x.mp4, schedule: {timezone: UTC,"
        " mon: 07:00-19:00, one_key_more: %s}}]",
    "DeviceConfig": "sink: directory\\ncameras: [{id: a, url: x.mp4, device: {one_key_more: %s}}]",
    "PublishConfig": "sink: directory\\ncameras: [{id: a, url: x.mp4,"
        " publish: {one_key_more: %s}}]",
    "MaskConfig": "sink: directory\\ncameras: [{id: a, url: x.mp4, masks: [{points: [[0, 0],"
        " [1, 0], [1, 1]], one_key_more: %s}]}]",
    "CropConfig": "sink: directory\\ncameras: [{id: a, url: x.mp4,"
        " crop: {x: 0, y: 0, width: 0.5, height: 0.5, one_key_more: %s}}]",
    "ProfilesConfig": CAMERA + "sink: directory\\nprofiles: {one_key_more: %s}",
    "ProfileConfig": CAMERA + "sink: directory\\nprofiles: {p: {one_key_more: %s}}",
    "CameraConfig": "sink: directory\\ncameras: [{id: a, url: x.mp4, one_key_more: %s}]",
}

def message(text):
    try:
        parse_config(text, "c.yaml", {})
    except ConfigError as error:
        return str(error)

schema = json_schema()
Path("config").mkdir()
Path("config/schema.json").write_text(json.dumps(schema))
page = runpy.run_path("scripts/write_configuration.py")["render"]()
row = "| `one_key_more` | integer | `7` | Says what it is for. |"
assert page.count(row) == len(FILES), page
print(json.dumps({
    name: {
        "masked": str(parse_config(text % 8, "c.yaml", {}).masked()).count("'one_key_more': 8"),
        "bad value": message(text % "x"),
        "unknown key": message((text % 8).replace("one_key_more", "one_kex_more")),
        "schema": (schema if name == "Config" else schema["$defs"][name])["properties"]
            ["one_key_more"],
    }
    for name, text in FILES.items()
}))
"""


def sections() -> dict[str, type[BaseModel]]:
    """Every section by its name, `Config` included."""
    found: dict[str, type[BaseModel]] = {}

    def collect(section: type[BaseModel]) -> None:
        found[section.__name__] = section
        for field in section.model_fields.values():
            annotation = field.annotation
            for each in (*leaves(annotation), item_type(annotation)):
                if is_section(each):
                    collect(each)
        if section is ProfilesConfig:  # its keys are names
            collect(ProfileConfig)

    collect(Config)
    return found


SECTIONS = sections()
KEYS = [(name, key) for name, section in SECTIONS.items() for key in section.model_fields]


def add_a_key_to_every_section(module: Path) -> list[str]:
    """Write a key below the docstring of each section of a module; the names of the sections."""
    lines = module.read_text().splitlines(keepends=True)
    classes = [node for node in ast.parse("".join(lines)).body if isinstance(node, ast.ClassDef)]
    found = [each for each in classes if any(ast.unparse(base) == "Section" for base in each.bases)]
    for each in reversed(found):
        end = each.body[0].end_lineno
        assert end is not None
        lines.insert(end, "\n" + NEW_KEY)
    module.write_text("".join(lines))
    return [each.name for each in found]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What a copy of the program makes of a key that only its sections know."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(
        ROOT / "edge_video",
        root / "edge_video",
        ignore=shutil.ignore_patterns("actors", "__pycache__", "static"),
    )
    shutil.copytree(ROOT / "scripts", root / "scripts")
    modules = sorted((root / "edge_video" / "config").glob("*.py"))
    changed = [name for module in modules for name in add_a_key_to_every_section(module)]
    assert sorted(changed) == sorted(SECTIONS)
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, dict[str, Any]] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("section", SECTIONS)
def test_a_key_that_only_its_section_knows_is_read_checked_shown_and_described(
    section: str, outcome: dict[str, dict[str, Any]]
) -> None:
    found = outcome[section]
    assert found["masked"] == 1
    assert "one_key_more: x is not a whole number" in found["bad value"]
    unknown = 'one_kex_more: there is no such key; did you mean "one_key_more"?'
    if section == "ProfilesConfig":  # any name may be that of a profile
        unknown = "one_kex_more: this must be a mapping"
    assert unknown in found["unknown key"]
    assert found["schema"]["description"] == "Says what it is for."
    assert found["schema"]["default"] == 7


@functools.cache
def whole_schema() -> dict[str, Any]:
    """The schema, made once: the tests of each key only look at it."""
    return json_schema()


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_every_key_is_described_to_editors(section: str, key: str) -> None:
    schema = whole_schema()
    found = (schema if section == "Config" else schema["$defs"][section])["properties"][key]
    if key == "type":  # what tells the sinks apart; their own descriptions say what they are
        return
    refs = [each["$ref"] for each in (found, *found.get("anyOf", ())) if "$ref" in each]
    of_sections = [schema["$defs"][ref.rsplit("/", 1)[1]].get("description") for ref in refs]
    assert found.get("description") or all([*of_sections, refs]), f"{section}.{key}"


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_every_default_is_a_value_that_the_key_accepts(section: str, key: str) -> None:
    """`default` hides the type of a default from the type checker."""
    field = SECTIONS[section].model_fields[key]
    if field.is_required():
        return
    value = field.get_default(call_default_factory=True)
    assert problems_with(SECTIONS[section], key, value) == []


def problems_with(section: type[BaseModel], key: str, value: object) -> list[str]:
    """What pydantic says of one key; whatever else is missing is ignored."""
    try:
        section.model_validate({key: value})
    except ValidationError as error:
        return [each["msg"] for each in error.errors() if each["loc"][:1] == (key,)]
    return []
