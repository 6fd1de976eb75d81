"""Writes config/man/edge-video.1, the manual page, from the command line's parser.

Run it as `python scripts/write_manpage.py`; a test fails when the page is out of date. The package
argparse-manpage, which it needs, is in the extra `dev`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT: Final = Path(__file__).resolve().parent.parent


def render() -> str:
    """Return the page, in English, the same on every machine and every day."""
    os.environ.update({"EDGE_VIDEO_LANG": "en", "COLUMNS": "80"})
    # Here, for both are slow to load.
    from argparse_manpage.manpage import Manpage  # noqa: PLC0415

    from edge_video.cli.main import make_parser  # noqa: PLC0415
    from edge_video.runtime.version import version  # noqa: PLC0415
    from edge_video.text.help_examples import EXAMPLES  # noqa: PLC0415
    from edge_video.text.help_texts import EXIT_CODES, VARIABLES  # noqa: PLC0415

    parser = make_parser()
    parser.epilog = None  # what stands there has sections of its own in a manual
    page = str(Manpage(parser, _data={**DATA, "version": version()}))
    page = re.sub(r'^(\.TH \S+ "1") "[^"]*"', r'\1 ""', page)
    every = [example for name in EXAMPLES if name != "program" for example in EXAMPLES[name]]
    sections = [
        section("EXAMPLES", every),
        section("EXIT STATUS", EXIT_CODES),
        section("ENVIRONMENT", VARIABLES),
    ]
    return "\n".join([page.rstrip("\n"), *sections, ""])


DATA: Final = {
    "project_name": "edge-video",
    "prog": "edge-video",
    "description": "IP cameras to RabbitMQ at the edge",
    "manual_title": "edge-video",
    "format": "pretty",
}


def section(title: str, entries: Iterable[tuple[str, str]]) -> str:
    """Return a section of names with their texts, which are given by their keys."""
    from edge_video.text.help_texts import help_text  # noqa: PLC0415 - as above

    lines = [f".SH {title}"]
    for name, key in entries:
        lines += [".TP", f"\\fB{escaped(name)}\\fR", escaped(help_text(key))]
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Return a text in which roff finds no commands."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


def main() -> None:
    """Write the file and say where."""
    path = ROOT / "config/man/edge-video.1"
    path.write_text(render(), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
