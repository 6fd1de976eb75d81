"""Carries out the Containerfile in folders, without a container engine: for `check-image.sh`.

It needs root, a folder that stands for the base image, and overlay mounts; run it in a mount
namespace of its own, as the script does. FROM, COPY, RUN, ENV, WORKDIR and the like are done as a
builder does them; whatever else could change the outcome is refused. What is measured of the image
is written beside the roots, as `image.json`.

    build_image_root.py CONTAINERFILE CONTEXT BASE WORK
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dockerfile_parse import DockerfileParser

_KEPT: Final = (
    *("LABEL", "USER", "VOLUME", "EXPOSE"),
    *("STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"),
)
"""What says how it is run, and changes no file."""
_OF_THE_BUILD: Final = ("http_proxy", "https_proxy", "no_proxy", "PIP_FIND_LINKS", "PIP_NO_INDEX")
"""Taken from the environment of who builds, like a builder's arguments."""


@dataclass
class Stage:
    """One stage: its root, and what it says of how it is run."""

    root: Path
    changes: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    run: dict[str, str] = field(default_factory=dict)


@dataclass
class Builder:
    """Carries out one instruction after the other."""

    context: Path
    base: Path
    work: Path
    arguments: dict[str, str] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)

    def step(self, name: str, value: str) -> None:
        """Carry out one instruction.

        Raises:
            SystemExit: it is one that this does not know.
        """
        stage = next(reversed(self.stages.values()), None)
        match name, stage:
            case "COMMENT", _:
                return
            case "ARG", _:
                key, _, default = value.partition("=")
                self.arguments[key] = default
            case "FROM", _:
                self._begin(value)
            case "RUN", Stage():
                _in_root(stage, ["/bin/sh", "-c", value])
            case "COPY", Stage():
                self._copy(stage, value.split())
            case "ENV", Stage():
                stage.environment |= dict(re.findall(r'(\w+)=("[^"]*"|\S+)', value))
            case "WORKDIR", Stage():
                stage.folder = value
                (stage.root / value.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case _, Stage() if name in _KEPT:
                stage.run[name] = value
            case _:
                sys.exit(f"image: this does not know {name} {value}")

    def _begin(self, value: str) -> None:
        image, _, name = value.partition(" AS ")
        known = {f"${{{key}}}" for key in self.arguments}
        if image not in known:
            sys.exit(f"image: {image} is no base that this knows")
        place = self.work / (name or "final")
        changes, scratch, root = (place / part for part in ("changes", "scratch", "root"))
        for folder in (changes, scratch, root):
            folder.mkdir(parents=True)
        layers = f"lowerdir={self.base},upperdir={changes},workdir={scratch}"
        _run("mount", "-t", "overlay", "overlay", "-o", layers, str(root))
        _run("mount", "-t", "proc", "proc", str(root / "proc"))
        for device in ("null", "zero", "random", "urandom"):
            (root / "dev" / device).touch()
            _run("mount", "--bind", f"/dev/{device}", str(root / "dev" / device))
        self.stages[name or "final"] = Stage(root, changes)

    def _copy(self, stage: Stage, parts: list[str]) -> None:
        origin = self.context
        if parts[0].startswith("--from="):
            origin = self.stages[parts.pop(0).removeprefix("--from=")].root
        source, target = parts
        into = stage.root / (Path(stage.folder) / target).as_posix().lstrip("/")
        shutil.copytree(origin / source.lstrip("/"), into, symlinks=True, dirs_exist_ok=True)


def _in_root(stage: Stage, command: list[str]) -> None:
    """Run a command in a stage's root; names are resolved as outside, during it only."""
    wheels = os.environ.get("PIP_FIND_LINKS")
    mounts = ["/etc/resolv.conf", "/etc/hosts", *([wheels] if wheels else [])]
    for each in mounts:
        target = stage.root / each.lstrip("/")
        if Path(each).is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.touch()
        _run("mount", "--bind", each, str(target))
    environment = {key: os.environ[key] for key in _OF_THE_BUILD if key in os.environ}
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    environment |= {"PATH": path, "DEBIAN_FRONTEND": "noninteractive", **stage.environment}
    variables = [f"{key}={value}" for key, value in environment.items()]
    inside = ["sh", "-c", 'cd "$0" && exec "$@"', stage.folder, *command]
    try:
        _run("chroot", str(stage.root), "env", "-i", *variables, *inside)
    finally:
        for each in reversed(mounts):
            _run("umount", str(stage.root / each.lstrip("/")))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)


def main() -> None:
    """Build every stage, and say how the last one is run."""
    file, context, base, work = (Path(each).resolve() for each in sys.argv[1:5])
    builder = Builder(context, base, work)
    parser = DockerfileParser(fileobj=file.open("rb"))
    for each in parser.structure:
        print(f"image: {each['instruction']} {each['value'][:90]}", file=sys.stderr)
        builder.step(each["instruction"], each["value"])
    final = list(builder.stages.values())[-1]
    described = {"root": str(final.root), "folder": final.folder, "env": final.environment}
    (work / "image.json").write_text(json.dumps(described | final.run, indent=2))


if __name__ == "__main__":
    main()
