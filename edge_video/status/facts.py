"""Collects what the actors tell, for whoever makes a status of it again and again. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_video.faults.scheduling import FaultCounts
from edge_video.status.snapshot import in_order, take_status

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from edge_video.frames import CameraId
    from edge_video.metrics.sample import ProcessSample
    from edge_video.runtime.timer import Clock
    from edge_video.status.configuration import ConfigStatus
    from edge_video.status.ledger import FrameLedger
    from edge_video.status.model import PublisherStatus, SystemStatus
    from edge_video.status.snapshot import CameraRecord, Identity, PublisherMarks


@dataclass(slots=True)
class SystemFacts:
    """The newest of each fact. One thread at a time.

    Attributes:
        clock: for ages and countdowns.
        identity: of the system.
        ledger: where frames are counted.
        publisher: what is known of it before it has reported anything.
    """

    clock: Clock
    identity: Identity
    ledger: FrameLedger
    publisher: PublisherStatus
    marks: PublisherMarks | None = None
    process: ProcessSample | None = None
    config: ConfigStatus | None = None
    restarts: Mapping[str, int] = field(default_factory=dict)
    _cameras: dict[CameraId, CameraRecord] = field(default_factory=dict)

    def camera(self, record: CameraRecord) -> None:
        """What is known of a camera is now this."""
        self._cameras[record.camera_id] = record

    def configuration(self, config: ConfigStatus, cameras: Collection[CameraId]) -> None:
        """The configuration is now this one, and there are no other cameras any more."""
        self.config = config
        self._cameras = in_order(self._cameras, cameras)

    def status(self) -> SystemStatus:
        """Everything as of now."""
        return take_status(
            self.clock,
            self.identity,
            tuple(self._cameras.values()),
            self.ledger,
            publisher=self.publisher,
            publisher_marks=self.marks,
            process=self.process,
            restarts=self.restarts,
            faults=FaultCounts(),
            config=self.config,
        )
