"""The benchmark's section on decoding in hardware; `bench.hardware` measures it alone, too."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.hardware import CODECS, SIZES, START_S, make_clip, measured, working
from edge_video.capture.binary import find_binary

if TYPE_CHECKING:
    from bench.rig import Bench


def hardware(bench: Bench) -> dict[str, Any]:
    """Software against each hardware that decodes here; no rows where none does."""
    binary = find_binary(None)
    found = list(working(binary))
    if not found:
        bench.skipped.append("hardware: no device that decodes")
        return {"rows": []}
    args = argparse.Namespace(seconds=round(bench.seconds), cameras=1)
    rows = []
    with tempfile.TemporaryDirectory(prefix="edge-video-bench-") as folder:
        for codec, encoder in CODECS.items():
            for size, pixels in SIZES.items():
                clip = make_clip(binary, Path(folder), encoder, pixels, args.seconds + START_S)
                for way in (None, *found):
                    name = f"{codec}, {size}, {'software' if way is None else way.name}"
                    bench.progress.show(f"hardware: {name}")
                    rows.append({"name": name, "found": measured(binary, clip, way, args)})
    return {"rows": rows}
