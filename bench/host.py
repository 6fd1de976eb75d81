"""The program with a stopwatch: from each frame whole in its pipe to its confirm.

`python -m bench.host CONFIG SECONDS [ROUNDS]` runs the system over scripted cameras and prints the
milliseconds as JSON, sorted, of two kinds: while nothing changes, and, with rounds, while reloads
change the first camera, whose own frames are left out of both. The stopwatch itself costs CPU, so
CPU is measured without it.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.scripted import written_ns
from edge_video import app
from edge_video.actors.reload_messages import ChangeCamera
from edge_video.config import load_config
from edge_video.delivery.ledger import Outcome
from edge_video.delivery.outbox import Outbox
from edge_video.runtime import malloc
from edge_video.status.configuration import ReloadResult
from edge_video.wiring import frame_routes

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.config import CameraConfig
    from edge_video.delivery.round_robin import Admit
    from edge_video.frames import CameraId, Frame


class TimedOutbox(Outbox):
    """An outbox that looks at the clock when a frame is confirmed."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.took_ms: list[tuple[CameraId, float]] = []
        self._written: dict[tuple[CameraId, int], int] = {}
        boxes.append(self)

    def take(self, admit: Admit | None = None) -> Frame | None:
        """And note when it was whole."""
        frame = super().take(admit)
        if frame is not None:
            self._written[frame.camera_id, frame.seq] = written_ns(frame.image)
        return frame

    def settle(self, camera_id: CameraId, seq: int, outcome: Outcome) -> bool:
        """And note how long ago that was."""
        at_ns = self._written.pop((camera_id, seq), None)
        if at_ns is not None and outcome is Outcome.CONFIRMED:
            self.took_ms.append((camera_id, (time.monotonic_ns() - at_ns) / 1e6))
        return super().settle(camera_id, seq, outcome)


boxes: list[TimedOutbox] = []


RELOAD_S: Final = 0.5
"""Between two reloads."""


def main() -> None:
    config_file, seconds = Path(sys.argv[1]), float(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    malloc.keep_freed_pages()
    vars(frame_routes)["Outbox"] = TimedOutbox
    config = load_config(config_file, os.environ)
    system = app.start_system(config)
    time.sleep(4)
    changed = config.cameras[0] if rounds else None
    still: list[float] = []
    reloaded: list[float] = []
    for _ in range(rounds or 1):  # in turn, so that a machine that grows busy is so to both
        still += _measured(seconds, changed)
        if changed is not None:
            reloaded += _measured(seconds, changed, lambda: _reload(system, changed))
    system.stop()
    print(json.dumps([sorted(still), sorted(reloaded)]))


def _measured(
    seconds: float, without: CameraConfig | None, step: Callable[[], object] = lambda: None
) -> list[float]:
    """How long frames took within so many seconds, but for those of one camera."""
    for box in boxes:
        box.took_ms.clear()
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        step()
        time.sleep(RELOAD_S)
    skipped = None if without is None else without.id
    return [took for box in boxes for camera_id, took in list(box.took_ms) if camera_id != skipped]


_qualities = itertools.cycle((4, 5))


def _reload(system: app.System, camera: CameraConfig) -> None:
    change = ChangeCamera(camera.model_copy(update={"quality": next(_qualities)}))
    answer: Any = system.supervisor.ask(change, timeout=10)
    assert answer.result is ReloadResult.DONE, answer


if __name__ == "__main__":
    main()
