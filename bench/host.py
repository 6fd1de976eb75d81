"""The program with a stopwatch: from each frame whole in its pipe to its confirm.

`python -m bench.host CONFIG SECONDS` runs the system over scripted cameras and prints the
milliseconds, sorted, as JSON. The stopwatch itself costs CPU, so CPU is measured without it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.scripted import written_ns
from edge_video import app
from edge_video.config import load_config
from edge_video.delivery.ledger import Outcome
from edge_video.delivery.outbox import Outbox
from edge_video.runtime import malloc

if TYPE_CHECKING:
    from edge_video.delivery.round_robin import Admit
    from edge_video.frames import CameraId, Frame


class TimedOutbox(Outbox):
    """An outbox that looks at the clock when a frame is confirmed."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.took_ms: list[float] = []
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
            self.took_ms.append((time.monotonic_ns() - at_ns) / 1e6)
        return super().settle(camera_id, seq, outcome)


boxes: list[TimedOutbox] = []


def main() -> None:
    config_file, seconds = Path(sys.argv[1]), float(sys.argv[2])
    malloc.keep_freed_pages()
    vars(app)["Outbox"] = TimedOutbox
    system = app.start_system(load_config(config_file, os.environ))
    time.sleep(3 + len(boxes))
    for box in boxes:
        box.took_ms.clear()
    time.sleep(seconds)
    took_ms = sorted(each for box in boxes for each in list(box.took_ms))
    system.stop()
    print(json.dumps(took_ms))


if __name__ == "__main__":
    main()
