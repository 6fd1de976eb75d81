"""Writes config/schema.json from the configuration's models; a test fails when it is out of date.

Run it as `python scripts/write_schema.py` after every change of a section in `edge_video/config/`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the checkout, wherever it is run from

from edge_video.config import json_schema  # noqa: E402 - the path comes first


def main() -> None:
    """Write the file and say where."""
    path = ROOT / "config" / "schema.json"
    path.write_text(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
    print(path)


if __name__ == "__main__":
    main()
