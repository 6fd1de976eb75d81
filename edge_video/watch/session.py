"""Handles each message of one run of `watch`, and its connection."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from edge_video.text.catalog import Language, lookup
from edge_video.text.formatting import format_rounded_duration
from edge_video.text.phrases import translated
from edge_video.watch import view
from edge_video.watch.consumer import Listener
from edge_video.watch.silence import Silences
from edge_video.watch.tally import Tally, read_arrival

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.watch.pages import Pictures
    from edge_video.watch.save import Saver
    from edge_video.watch.screens import Screen


@dataclass(slots=True)
class WatchSession:
    """Counts, shows and saves what the consumer gets; runs in its thread, the main one."""

    camera_ids: frozenset[str]
    defect: Callable[[bytes], str | None]
    saver: Saver | None
    language: Language
    screen: Screen
    ends_at_s: float | None
    tally: Tally = field(default_factory=Tally)
    silences: Silences = field(default_factory=Silences)
    is_connected: bool = False
    pictures: Pictures | None = None
    stop: Callable[[], None] = lambda: None

    def listener(self) -> Listener:
        """What the consumer calls."""
        return Listener(self.frame, self.connected, self.lost, self.unheard, self.tick)

    def frame(self, headers: Mapping[str, Any], image: bytes) -> None:
        """Count, show and save one message."""
        arrival = read_arrival(headers, len(image), time.monotonic(), time.time_ns())
        if arrival is None:
            self.tally.unrecognised += 1
            return
        if self.camera_ids and arrival.camera_id not in self.camera_ids:
            return
        arrival = replace(arrival, defect=self.defect(image))
        self.tally.take(arrival)
        if self.pictures is not None:
            self.pictures.take(arrival.camera_id, arrival.seq, arrival.at_s, image)
        if self.saver is not None:
            try:
                self.saver.save(arrival, image)
            except OSError as error:
                self.saver = None
                text = lookup("watch.save_failed", self.language)
                self.screen.show(
                    "save",
                    text.format(reason=translated(error.strerror or str(error), self.language)),
                )

    def connected(self) -> None:
        """Show that the broker is connected."""
        self.is_connected = True
        self.silences.connected(time.monotonic())
        self.screen.show("connected", lookup("watch.connected", self.language))

    def lost(self, reason: str, retry_in_s: float) -> None:
        """Show that the connection is lost; what is missed from now on counts as no gap."""
        self.is_connected = False
        self.tally.interrupted()
        text = lookup("watch.lost", self.language)
        self.screen.show(
            "lost",
            text.format(
                reason=translated(reason, self.language),
                retry_in=format_rounded_duration(retry_in_s, self.language),
            ),
            reason=reason,
        )

    def unheard(self, reason: str) -> None:
        """Show that one of several exchanges is not heard."""
        text = lookup("watch.unheard", self.language)
        self.screen.show(
            "unheard", text.format(reason=translated(reason, self.language)), reason=reason
        )

    def tick(self) -> None:
        """Show who fell silent and the figures; end after `--seconds`."""
        now_s = time.monotonic()
        if self.is_connected:  # without it nobody is heard, and the cameras are not to blame
            self._show_silences(now_s)
        self.screen.refresh(self.tally, now_s)
        if self.ends_at_s is not None and now_s >= self.ends_at_s:
            self.stop()

    def _show_silences(self, now_s: float) -> None:
        for silence in self.silences.changes(self.tally.silent_s(now_s), now_s):
            self.screen.show(
                "silent" if silence.silent else "back",
                view.format_silence(silence, self.language),
                camera_id=silence.camera_id,
            )
