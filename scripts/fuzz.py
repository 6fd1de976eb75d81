"""Fuzzes, for as long as one likes, the parts that read what others wrote; needs `atheris`.

`pip install atheris`, then `python scripts/fuzz.py splitter -max_total_time=60`. The targets, and
what they assert, are in `tests/support/fuzz.py`; what follows a target goes to libFuzzer.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the checkout, wherever it is run from

with atheris.instrument_imports(include=["edge_video", "yaml"]):
    from tests.support import fuzz


def main() -> None:
    """Run one target until libFuzzer's own options end it; a finding ends it with a traceback."""
    if len(sys.argv) < 2 or sys.argv[1] not in fuzz.TARGETS:  # noqa: PLR2004 - the target's name
        sys.exit(f"usage: fuzz.py {'|'.join(fuzz.TARGETS)} [-max_total_time=SECONDS ...]")
    name = sys.argv[1]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(fuzz.seeds(name)):
            (Path(corpus) / f"seed{number}").write_bytes(seed)
        atheris.Setup([sys.argv[0], *sys.argv[2:], corpus], fuzz.TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
