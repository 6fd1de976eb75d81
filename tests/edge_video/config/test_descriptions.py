"""What keys mean is read from the source, by those who explain keys only."""

from __future__ import annotations

import json
import subprocess
import sys

from edge_video.config.descriptions import describe_keys
from edge_video.config.model import Config
from edge_video.config.section import Section


def test_the_configuration_is_imported_without_its_source() -> None:
    code = "import json, linecache, edge_video.config; print(json.dumps(list(linecache.cache)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert [each for each in json.loads(done.stdout) if "edge_video" in each] == []


def test_a_section_without_source_has_keys_without_a_meaning() -> None:
    names = {"__annotations__": {"key": int}, "__module__": "nowhere"}
    section: type[Section] = type("Odd", (Section,), names)
    describe_keys.cache_clear()
    describe_keys()
    assert section.model_fields["key"].description is None
    assert Config.model_fields["fps"].description
