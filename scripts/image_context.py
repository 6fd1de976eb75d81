"""Copies what `.dockerignore` lets through, as a builder would send it: for `check-image.sh`.

image_context.py SOURCE TARGET
"""

from __future__ import annotations

import shutil
import sys
from fnmatch import fnmatch
from pathlib import Path


def let_through(rules: str, path: Path) -> bool:
    """Whether the last rule that matches a path, or a folder above it, is an exception."""
    places = [each.as_posix() for each in (path, *path.parents) if each != Path()]
    passes = True
    for line in rules.splitlines():
        rule = line.strip()
        if rule and not rule.startswith("#"):
            pattern = rule.removeprefix("!")
            if any(_matches(pattern, place) for place in places):
                passes = rule.startswith("!")
    return passes


def _matches(pattern: str, place: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch(place.rpartition("/")[2], pattern.removeprefix("**/"))
    return pattern.count("/") == place.count("/") and fnmatch(place, pattern)


def main() -> None:
    """Copy it."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    rules = (source / ".dockerignore").read_text(encoding="utf-8")
    named = [line[1:].strip() for line in rules.splitlines() if line.startswith("!")]
    for name in named:
        for path in [source / name, *(source / name).rglob("*")]:
            place = path.relative_to(source)
            if (path.is_symlink() or path.is_file()) and let_through(rules, place):
                (target / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target / place, follow_symlinks=False)


if __name__ == "__main__":
    main()
