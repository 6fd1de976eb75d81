"""Holds what all actors share and what a reload changes while they run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edge_video.actors.fallback_spacing import FallbackSpacing
from edge_video.frames import CameraId
from edge_video.text.growing_redactor import GrowingRedactor
from edge_video.wiring.settings import goes_to_broker, liveness_policies

if TYPE_CHECKING:
    from edge_video.config import Config
    from edge_video.config.source import ConfigSource
    from edge_video.delivery.amqp.control import ControlConnection
    from edge_video.delivery.amqp.settings import Route
    from edge_video.resilience.liveness import LivenessPolicy
    from edge_video.wiring.frame_routes import FramePlaces


@dataclass(slots=True)
class Shared:
    """What outlives every actor. Changed in the supervisor's thread, read in any.

    Attributes:
        redact: masks the secrets of every configuration there was.
        places: where each camera's frames go; cameras that are gone stay in it.
        routes: exchange and routing key of each camera, as the broker's sink reads them.
        present: the cameras that there are now.
        exchanges: the exchange of each camera, as HTTP shows it.
        fallbacks: keeps the starts of FFmpegs apart that go on where hardware has failed.
        liveness: when the pictures of a camera are what; replaced whole, never changed. A camera
            whose pictures nobody looks at is not in it.
        is_broker: whether frames go to a broker, and not into a directory.
        source: reads the configuration's files; None: there are none.
        config: what runs, whole.
        control: the control connection; None where nothing is configured that needs one.
        store: what HTTP shows; None until its actor is started for the first time.
    """

    redact: GrowingRedactor
    places: FramePlaces
    config: Config
    control: ControlConnection | None = None
    routes: dict[CameraId, Route] = field(default_factory=dict)
    present: set[CameraId] = field(default_factory=set)
    exchanges: dict[CameraId, str] = field(default_factory=dict)
    fallbacks: FallbackSpacing = field(default_factory=FallbackSpacing)
    liveness: dict[CameraId, LivenessPolicy] = field(default_factory=dict)
    is_broker: bool = True
    store: Any = None
    source: ConfigSource | None = None

    @classmethod
    def first(cls, config: Config, places: FramePlaces, redact: GrowingRedactor | None) -> Shared:
        """What the actors of a system share that begins with this configuration."""
        shared = cls(redact or GrowingRedactor(config.secrets()), places, config)
        shared.use(config)
        return shared

    def use(self, config: Config) -> None:
        """Send frames where this configuration says; it has all cameras that there are now.

        Frames that still wait of others go where they went.
        """
        self.config = config
        self.is_broker = goes_to_broker(config)
        for camera in config.cameras:
            camera_id = CameraId(camera.id)
            self.routes[camera_id] = camera.route
            self.exchanges[camera_id] = camera.exchange or ""
            self.present.add(camera_id)
        self.liveness = liveness_policies(config)
        self.present.intersection_update(CameraId(camera.id) for camera in config.cameras)
