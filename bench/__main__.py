"""What edge-video costs, next to the cheapest program there could be and to other ways.

`python -m bench` measures everything (about 50 minutes), `--quick` the essence (15), `--only a,b`
some sections. It prints tables, ratios and verdicts, draws plots and writes JSON to
bench/results/. Needs rabbitmq-server, ffmpeg and GStreamer's RTSP server (`make system-packages`)
and `pip install -e '.[dev]'`; peers and plots need '.[bench]' too, and are named when they are
absent. Compare only figures of one run: a busy machine makes everything dearer, the floor too, and
the run says how busy it was.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

try:
    from bench.picture_sections import picture_tables
    from bench.rig import Bench, Progress
    from bench.sections import SECTIONS
    from bench.show import median_of, plots, tables, verdicts
    from edge_video.capture.binary import find_binary
    from edge_video.testing.rabbit import RabbitNode
    from tests.support.program import ROOT
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] in ("bench", "edge_video", "tests"):
        raise
    print(
        f"The benchmark needs the package {error.name}: pip install -e '.[dev,bench]'",
        file=sys.stderr,
    )
    sys.exit(2)

RESULTS: Final = Path(__file__).parent / "results"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter measurements")
    parser.add_argument("--only", default="", help=f"some of: {','.join(SECTIONS)}")
    parser.add_argument("--seconds", type=float, help="per measurement (default 12, quick 5)")
    parser.add_argument("--markdown", action="store_true", help="print tables for the docs")
    parser.add_argument("--plots", type=Path, default=RESULTS, help="where PNG files go")
    parser.add_argument(
        "--show",
        type=Path,
        nargs="+",
        help="an earlier run instead, or the medians of several",
    )
    args = parser.parse_args()
    if args.show:
        return _print(median_of([json.loads(each.read_text()) for each in args.show]), args)
    chosen = [each for each in args.only.split(",") if each] or list(SECTIONS)
    if unknown := set(chosen) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    results = _measure(chosen, args.seconds or (5 if args.quick else 12), quick=args.quick)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"bench-{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(results, indent=2) + "\n")
    code = _print(results, args)
    print(f"\nwritten to {path}")
    return code


def _measure(chosen: list[str], seconds: float, *, quick: bool) -> dict[str, Any]:
    expected_s = (
        sum(SECTIONS[name].quick_s if quick else SECTIONS[name].whole_s for name in chosen) + 10
    )
    load_before = os.getloadavg()[0]
    for package in ("edge_video", "actors"):  # as when installed; compiling costs memory, too
        compileall.compile_dir(ROOT / package, quiet=1)
    node = RabbitNode(Path(tempfile.mkdtemp(prefix="edge-video-bench-rabbit-")), tls=False)
    progress = Progress(expected_s)
    results: dict[str, Any] = {}
    try:
        progress.show("the broker starts")
        node.start()
        bench = Bench(node, progress, seconds, quick)
        for name in chosen:
            results[name] = SECTIONS[name].measure(bench)
    finally:
        progress.end()
        node.close()
    results["skipped"] = bench.skipped
    results["machine"] = {
        "python": platform.python_version(),
        "kernel": platform.release(),
        "cores": os.cpu_count(),
        "load_before": load_before,
        "load_after": os.getloadavg()[0],
        "ffmpeg": ".".join(map(str, find_binary(None).version)),
        "seconds": seconds,
    }
    return results


def _print(results: dict[str, Any], args: argparse.Namespace) -> int:
    machine = results["machine"]
    print(
        f"{machine['cores']} cores, load {machine['load_before']:.2f} before and"
        f" {machine['load_after']:.2f} after; Python {machine['python']},"
        f" FFmpeg {machine['ffmpeg']}\n"
    )
    for table in (*tables(results), *picture_tables(results)):
        print(table.markdown() if args.markdown else table.plain(), end="\n\n")
    for verdict in verdicts(results):
        print(f"- {verdict}" if args.markdown else verdict)
    for line in results["skipped"]:
        print(f"skipped: {line}")
    args.plots.mkdir(parents=True, exist_ok=True)
    drawn = plots(results, args.plots)
    missing = "" if find_spec("matplotlib") else ", matplotlib is not installed"
    print(f"plots: {', '.join(map(str, drawn)) or f'none{missing}'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
