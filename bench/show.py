"""The figures as a table, as plots, and against their targets."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Results = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A title, and rows of text under their headings."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]

    def plain(self) -> str:
        """For a terminal."""
        table = [self.headings, *self.rows]
        widths = [max(len(row[at]) for row in table) for at in range(len(self.headings))]
        lines = [
            "  ".join(
                cell.ljust(width) if at == 0 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in table
        ]
        return "\n".join([self.title, *lines])

    def markdown(self) -> str:
        """For docs/performance.md."""
        head = "| " + " | ".join(self.headings) + " |"
        rule = "|" + "---|" * len(self.headings)
        rows = ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join([f"**{self.title}**", "", head, rule, *rows])


def median_of(runs: Sequence[Any]) -> Any:
    """Several runs as one: each number is the median of those at its place, all else the first's.

    What not every run has is left out; of rows, as many as the shortest run has.
    """
    first = runs[0]
    if isinstance(first, dict):
        shared = [key for key in first if all(key in run for run in runs)]
        return {key: median_of([run[key] for run in runs]) for key in shared}
    if isinstance(first, list):
        return [median_of(places) for places in zip(*runs, strict=False)]
    if isinstance(first, int | float) and not isinstance(first, bool):
        middle = median(run for run in runs if run is not None)
        return round(middle) if isinstance(first, int) else middle
    return first


def tables(results: Results) -> Iterator[Table]:
    """What was measured; a section that was not run has none."""
    if "ours" in results:
        yield _ours(results["ours"])
    if "peers" in results:
        yield Table(
            "The same work done otherwise (50 KB; the last two with decoding)",
            ("", "CPU ms/frame", "RSS MB", "threads", "switches/frame"),
            [
                (
                    each["name"],
                    f"{each['cpu_ms']:.3f}",
                    f"{each['rss_mb']:.0f}",
                    f"{each['threads']}",
                    f"{each['switches']:.1f}",
                )
                for each in results["peers"]["rows"]
            ],
        )
    if "quality" in results:
        yield _quality(results["quality"])
    if "scale" in results:
        yield Table(
            "Scale",
            ("frame, cameras", "CPU ms/frame", "cores", "frames, %", "RSS MB", "threads"),
            [
                (
                    f"{each['bytes'] // 1000} KB, {each['cameras']}",
                    f"{each['cpu_ms']:.3f}",
                    f"{each['cores']:.2f}",
                    f"{100 * each['share']:.1f}",
                    f"{each['rss_mb']:.1f}",
                    f"{each['threads']}",
                )
                for each in results["scale"]["rows"]
            ],
        )
    if "latency" in results:
        yield Table(
            "From the frame whole in its pipe to the broker's confirm, ms",
            ("cameras", "p50", "p95", "p99", "max"),
            [
                (
                    f"{each['cameras']}",
                    *(f"{each[key]:.1f}" for key in ("p50", "p95", "p99", "max")),
                )
                for each in results["latency"]["rows"]
            ],
        )
    if "reload" in results:
        yield _reload(results["reload"])
    if "real" in results:
        yield _real(results["real"])
    if "start" in results:
        yield Table(
            "Start, seconds from the command",
            ("cameras", "first frame", "a frame from each"),
            [
                (f"{each['cameras']}", f"{each['first_s']:.2f}", f"{each['last_s']:.2f}")
                for each in results["start"]["rows"]
            ],
        )
    if "outage" in results:
        yield _outage(results["outage"])
    if "ffmpeg" in results:
        yield Table(
            "FFmpeg itself, per frame at 15 of 25 fps",
            ("codec, height, command line", "CPU ms", "KB"),
            [
                (
                    f"{each['codec']}, {each['height']}p, {each['way']}",
                    f"{each['cpu_ms']:.2f}",
                    f"{each['bytes'] / 1000:.1f}",
                )
                for each in results["ffmpeg"]["rows"]
            ],
        )
    if results.get("hardware", {}).get("rows"):
        yield Table(
            "Decoding in software and in hardware, FFmpeg alone",
            ("codec, height, decoder", "one camera, in real time"),
            [(each["name"], each["found"]) for each in results["hardware"]["rows"]],
        )


def _ours(found: Results) -> Table:
    def row(each: Results) -> Sequence[str]:
        return (
            f"{each['bytes'] // 1000} KB",
            f"{each['cpu_ms']:.3f} ({each['user_ms']:.3f} + {each['system_ms']:.3f})",
            f"{each['floor_ms']:.3f} ({each['cat_ms']:.3f} + {each['raw_ms']:.3f})",
            f"{each['ratio']:.2f}",
            f"{100 * each['share']:.1f}",
            f"{each['rss_mb']:.1f}",
            f"{each['threads']}",
            f"{each['switches']:.1f}",
        )

    return Table(
        f"{found['cameras']} scripted cameras at 15 fps, CPU in ms per frame",
        (
            "frame",
            "edge-video (user + system)",
            "floor (cat + socket)",
            "ratio",
            "frames, %",
            "RSS MB",
            "threads",
            "switches/frame",
        ),
        [row(each) for each in found["rows"]],
    )


def _real(found: Results) -> Table:
    delay = found["from_camera_ms"]
    return Table(
        "Five RTSP cameras, 720p25 at 15 fps, and one OPEN",
        ("", ""),
        [
            ("CPU ms/frame, edge-video", f"{found['cpu_ms']:.3f}"),
            ("CPU ms/frame, its FFmpegs", f"{found['ffmpeg_ms']:.2f}"),
            ("KB/frame", f"{found['bytes'] / 1000:.1f}"),
            ("frames, % of the target", f"{100 * found['share']:.2f}"),
            ("RSS MB, six cameras, peak", f"{found['rss_mb']:.1f}"),
            (
                "picture drawn to consumer, ms, p50 / p99 (360p, with encoder and decoder)",
                f"{delay['p50']:.0f} / {delay['p99']:.0f}",
            ),
        ],
    )


def _quality(found: Results) -> Table:
    return Table(
        "RTSP to the broker, at equal quality of the pictures (15 of 25 fps)",
        (
            *("clip, cameras, pipeline", "CPU ms/frame", "of OpenCV's", "JPEG quality", "PSNR, dB"),
            *("KB", "PSS MB"),
        ),
        [
            (
                f"{each['clip']}, {each['cameras']}: {each['name']}",
                f"{each['cpu_ms']:.2f}",
                f"{each['ratio']:.2f}",
                f"{each['quality']}",
                f"{each['psnr']:.2f}",
                f"{each['bytes'] / 1000:.1f}",
                f"{each['pss_mb']:.0f}",
            )
            for each in found["rows"]
        ],
    )


def _reload(found: Results) -> Table:
    ranks = ("p50", "p95", "p99", "max")
    rows = [
        (each["name"], f"{each['frames']}", *(f"{each[key]:.1f}" for key in ranks))
        for each in found["rows"]
    ]
    rows.append(("ratio", "", "", "", f"{found['p99_ratio']:.2f}", ""))
    title = f"To the confirm, ms: {found['cameras']} cameras beside one that reloads change"
    return Table(title, ("", "frames", *ranks), rows)


def _outage(found: Results) -> Table:
    rows = [
        (name, f"{each['cpu_ms_per_s']:.1f}", f"{each['rss_mb']:.1f}")
        for name, each in found["rows"].items()
    ]
    rows += [
        (f"one {name} camera", f"{found[f'{name}_ms_per_minute'] / 60:.2f}", "")
        for name in ("open", "disabled")
    ]
    return Table("Outages, five cameras", ("", "CPU ms per second", "RSS MB"), rows)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target and what became of it."""

    what: str
    found: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.found >= self.limit if self.at_least else self.found <= self.limit

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        word = "met   " if self.met else "MISSED"
        return f"{word} {self.what}: {self.found:.3g}, target {sign} {self.limit:g}"


def verdicts(results: Results) -> Iterator[Verdict]:
    """Each target that this run says something about."""
    for row in results.get("ours", {}).get("rows", ()):
        if row["bytes"] == 50_000:
            yield Verdict("CPU ms per 50 KB frame", row["cpu_ms"], 0.25)
            yield Verdict("times the floor, 50 KB", row["ratio"], 2.0)
            yield Verdict("RSS MB, 5 cameras", row["rss_mb"], 45)
        if row["bytes"] == 300_000:
            yield Verdict("CPU ms per 300 KB frame", row["cpu_ms"], 0.6)
    for row in results.get("latency", {}).get("rows", ()):
        if row["cameras"] == 20:
            yield Verdict("p99 ms to the confirm, 20 cameras", row["p99"], 20)
    if "reload" in results:
        yield Verdict("p99 during reloads / before", results["reload"]["p99_ratio"], 1.5)
    for row in results.get("quality", {}).get("rows", ()):
        if row["ours"] and row["base"] != row["name"]:
            limit = 1.0 if "1080p" in row["clip"] else 0.95
            what = f"{row['name']} / {row['base']}, {row['clip']}, {row['cameras']}"
            yield Verdict(f"CPU, {what}", row["ratio"], limit)
    by_count = {
        row["cameras"]: row
        for row in results.get("scale", {}).get("rows", ())
        if row["bytes"] == 50_000
    }
    if {5, 100} <= set(by_count):
        few, many = by_count[5], by_count[100]
        yield Verdict("CPU per frame, 100 cameras / 5", many["cpu_ms"] / few["cpu_ms"], 1.3)
        yield Verdict("RSS MB per further camera", (many["rss_mb"] - few["rss_mb"]) / 95, 1.0)
    if "real" in results:
        yield Verdict(
            "% of frames, real cameras", results["real"]["share"] * 100, 99.5, at_least=True
        )
        yield Verdict("RSS MB, 6 cameras", results["real"]["rss_mb"], 45)


def plots(results: Results, folder: Path) -> list[Path]:
    """PNG plots of what was measured; none without matplotlib."""
    if find_spec("matplotlib") is None:
        return []
    import matplotlib as mpl  # noqa: PLC0415 - an optional package

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - an optional package

    drawn = []
    for name, draw in (("scale", _draw_scale), ("ours", _draw_ours), ("peers", _draw_peers)):
        if name not in results:
            continue
        figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
        draw(axes, results[name])
        drawn.append(folder / f"{name}.png")
        figure.savefig(drawn[-1], dpi=90)
        plt.close(figure)
    return drawn


def _draw_scale(axes: Any, found: Results) -> None:
    for size in sorted({row["bytes"] for row in found["rows"]}):
        rows = [row for row in found["rows"] if row["bytes"] == size]
        axes.plot(
            [row["cameras"] for row in rows],
            [row["cpu_ms"] for row in rows],
            marker="o",
            label=f"{size // 1000} KB",
        )
    axes.set(xlabel="cameras at 15 fps", ylabel="CPU per frame, ms", xscale="log", ylim=(0, None))
    axes.set_title("What a frame costs (FFmpeg not counted)")
    axes.legend()
    axes.grid(alpha=0.3)


def _draw_ours(axes: Any, found: Results) -> None:
    names = [f"{row['bytes'] // 1000} KB" for row in found["rows"]]
    places = range(len(names))
    for shift, parts in ((-0.2, ("user_ms", "system_ms")), (0.2, ("cat_ms", "raw_ms"))):
        below = [0.0] * len(names)
        for part in parts:
            heights = [row[part] for row in found["rows"]]
            axes.bar([at + shift for at in places], heights, 0.38, bottom=below, label=part[:-3])
            below = [one + other for one, other in zip(below, heights, strict=True)]
    axes.set_xticks(list(places), names)
    axes.set(ylabel="CPU per frame, ms", title="edge-video (left) and the floor (right)")
    axes.legend()


def _draw_peers(axes: Any, found: Results) -> None:
    rows = found["rows"]
    axes.barh([row["name"] for row in rows], [row["cpu_ms"] for row in rows])
    axes.set(xlabel="CPU per frame, ms", xscale="log", title="The same work done otherwise")
    axes.invert_yaxis()
