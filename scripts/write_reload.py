"""Writes the table of docs/reload.md, which a reload goes by; a test fails when it is out of date.

Run it as `python scripts/write_reload.py` after a change of `edge_video/config/effects.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the checkout, wherever it is run from

from edge_video.config.effects import EFFECTS, Effect, Part  # noqa: E402 - as above

PAGE: Final = ROOT / "docs" / "reload.md"
TABLE: Final = "| key | effect | |\n|---|---|---|\n"
"""What stands before the generated rows, which end with an empty line."""

NOTES: Final = {
    "fps": "of the cameras that do not say it themselves",
    "quality": "likewise",
    "huffman": "likewise",
    "publish": "from the next frame on, which is published",
    "sink": "",
    "amqp": "with the contents of the certificates",
    "cameras": "`enabled` starts or stops; a camera that is new starts, one that is gone stops",
    "cameras.schedule": "cameras open and close at once; one that is open goes on",
    "cameras.expected": "a camera that is off and has to be there again is tried at once",
    "liveness": "of the cameras that do not say it themselves; what is usual of each is kept",
    "cameras.liveness": "likewise",
    "cluster": "nobody can join or leave while cameras run; nor change its `group`",
    "cluster.capacity": "cameras move slowly, a few a minute",
    "cluster.handover": "of the cameras that do not say it themselves",
    "cluster.uncertain": "likewise",
    "cameras.exchange": "from the next frame on",
    "cameras.publish": "from the next frame on, which is published",
    "cameras.device": "nothing: `discover --match` reads it",
    "cameras.routing_key": "from the next frame on",
    "profiles": "cameras go on and off at once; where the one that applies is gone, none does",
    "profile": "at the next start; while the program runs, operators choose",
    "commands": "",
    "commands.allow": "from the next request on",
    "circuit_breaker": "where each breaker stands does not change",
    "log.level": "of the command line; a program that embeds the system has its own log",
    "http.listen": "HTTP's connections are closed, and the page comes back by itself",
    "http.token": "likewise; whoever is logged in logs in again",
    "http.hosts": "likewise",
    "http.ready": "likewise",
    "max_age": "what is held and older is dropped when its turn comes",
    "buffer": "what is held beyond it is dropped, oldest first",
    "max_buffered_bytes": "likewise",
}

_CHILDREN: Final = {
    Part.NOTIFIER: "events may be told once more",
    Part.METRICS: "the memory level is kept",
    Part.REPORTER: "the next report comes one interval later",
}


def render() -> str:
    """Return the whole page."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(TABLE)
    tail = rest.partition("\n\n")[2]
    rows = []
    order = list(Effect)
    for key, row in sorted(EFFECTS.items(), key=lambda item: order.index(item[1].effect)):
        note = NOTES.get(key) or _CHILDREN.get(row.part, "")
        rows.append(f"| `{key}` | {row.effect.value} | {note} |\n")
    return f"{head}{TABLE}{''.join(rows)}\n{tail}"


def main() -> None:
    """Write the page."""
    PAGE.write_text(render(), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
