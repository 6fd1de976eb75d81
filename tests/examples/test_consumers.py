"""The consumers in other languages parse, where this machine has the language."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parents[2] / "examples" / "consumers"
PARSERS: Final = {
    "consumer.py": (sys.executable, "-m", "ast"),
    "consumer.mjs": ("node", "--check"),
    "consumer.go": ("gofmt", "-e", "-l"),
    "Consumer.java": (
        "javac",  # as far as the library is not needed
        *("-XDshould-stop.ifError=PARSE", "-XDshould-stop.ifNoError=PARSE"),
    ),
    "Consumer.cs": ("csc", "-parse"),  # .NET has no parser by itself
}


@pytest.mark.parametrize("name", PARSERS)
def test_a_consumer_parses(name: str) -> None:
    program, *arguments = PARSERS[name]
    if shutil.which(program) is None:
        pytest.skip(f"NOT TESTED: this machine cannot parse {name}")
    command = [program, *arguments, str(FOLDER / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    if name == "consumer.go":
        assert done.stdout == "", "gofmt would write it otherwise"


def test_every_consumer_is_named_here_and_in_its_document() -> None:
    files = {path.name for path in FOLDER.iterdir() if path.is_file()}
    assert files == set(PARSERS)
    document = (FOLDER.parents[1] / "docs" / "consumers.md").read_text()
    assert [name for name in files if f"(../examples/consumers/{name})" not in document] == []
