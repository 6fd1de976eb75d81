"""Sinks on a real broker, with an outbox, two cameras and a check of the accounting afterwards."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.delivery.amqp.exchange import ChannelHost
from edge_video.delivery.amqp.knowledge import BrokerKnowledge
from edge_video.delivery.amqp.settings import AmqpSettings, Route, TlsSettings
from edge_video.delivery.amqp.sink import AmqpSink
from edge_video.delivery.ledger import FrameCounts, add_counts
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.sink import SinkConnected, SinkLost
from edge_video.frames import CameraId
from edge_video.runtime.timer import SystemClock
from edge_video.testing import eventually
from tests.support.sinks import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_video.delivery.amqp.frame_channel import FrameChannel
    from edge_video.delivery.amqp.notifications import NotificationRoute
    from edge_video.delivery.amqp.refusals import Refusal
    from edge_video.testing.rabbit import RabbitNode


CAM1, CAM2 = CameraId("cam1"), CameraId("cam2")
GENERATION = 1

CUT = (
    SinkLost("connection closed by the broker's side"),
    SinkLost("connection reset by the broker"),
)
"""Which of the two depends on what was on its way when the socket was shut."""


def jpeg(size: int = 1000, *, mark: int = 0, width: int = 640, height: int = 360) -> bytes:
    """Enough of a JPEG to have a readable size, and a content of its own."""
    header = b"\xff\xd8\xff\xc0\x00\x11\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big")
    components = b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    body = mark.to_bytes(8, "big") * (size // 8)
    return header + components + body + b"\xff\xd9"


class Rig:
    """An outbox, cameras and one sink on the real broker."""

    def __init__(
        self,
        settings: AmqpSettings,
        routes: dict[CameraId, Route],
        max_age_s: float,
        *,
        notifications: NotificationRoute | None = None,
        knowledge: BrokerKnowledge | None = None,
        foreign: Route | None = None,
    ) -> None:
        self.clock = SystemClock()
        self.outbox = Outbox(self.clock, buffer_frames=5, max_age_s=max_age_s)
        for camera_id in routes:
            self.outbox.add_camera(camera_id)
            self.outbox.open(camera_id, GENERATION, f"session-of-{camera_id}")
        self.heard = Listener()
        self.sink = AmqpSink(
            settings,
            routes,
            self.outbox,
            self.heard,
            self.clock,
            notifications=notifications,
            knowledge=knowledge,
            foreign=foreign,
        )
        self.outbox.attach(self.sink.frames_ready)

    def connect(self) -> Rig:
        self.sink.open()
        self.heard.wait_for(SinkConnected)
        return self

    def put(self, camera_id: CameraId = CAM1, image: bytes = b"") -> None:
        self.outbox.put(camera_id, GENERATION, image or jpeg())

    def put_all(self, count: int, *cameras: CameraId, size: int = 1000) -> list[bytes]:
        """Put so many frames, no faster than the sink takes them."""
        images = []
        for mark in range(count):
            image = jpeg(size, mark=mark)
            eventually(lambda: self.outbox.held < 5)
            self.put((cameras or (CAM1,))[mark % max(1, len(cameras))], image)
            images.append(image)
        return images

    def counts(self, camera_id: CameraId | None = None) -> FrameCounts:
        counts = self.outbox.counts()
        return counts[camera_id] if camera_id else add_counts(counts.values())

    def settle(self) -> FrameCounts:
        """The accounting once nothing is held or in flight any more."""
        eventually(lambda: not (self.counts().held or self.counts().in_flight))
        return self.counts()


MakeRig = Any


@pytest.fixture
def make_rig(exchange: str) -> Iterator[MakeRig]:
    """Make rigs for a broker; afterwards their threads are gone and their accounting balances."""
    rigs: list[Rig] = []

    def make(
        broker: RabbitNode,
        routes: dict[CameraId, Route] | None = None,
        max_age_s: float = 60.0,
        *,
        notifications: NotificationRoute | None = None,
        knowledge: BrokerKnowledge | None = None,
        foreign: Route | None = None,
        **changes: Any,
    ) -> Rig:
        settings = AmqpSettings(broker.host, broker.port, "/", "guest", "guest", node="shop-4")
        if routes is None:
            routes = {cam: Route(exchange, f"shop.{cam}") for cam in (CAM1, CAM2)}
        rig = Rig(
            replace(settings, **changes),
            routes,
            max_age_s,
            notifications=notifications,
            knowledge=knowledge,
            foreign=foreign,
        )
        rigs.append(rig)
        return rig

    yield make
    for rig in rigs:
        assert rig.sink.close(5.0)
        heard = list(rig.heard.events)
        assert rig.sink.in_flight == 0
        assert rig.sink.in_flight_bytes == 0
        assert rig.counts().in_flight == 0
        for counts in rig.outbox.counts().values():
            assert counts.imbalance() is None
        assert len(rig.heard.of(SinkLost)) <= 1
        assert rig.heard.events == heard
    assert not [each.name for each in threading.enumerate() if each.name.startswith("amqp-")]


def tls(broker: RabbitNode, **changes: Any) -> dict[str, Any]:
    assert broker.certificates is not None
    files = broker.certificates
    settings = TlsSettings(ca=files.ca, cert=files.client, key=files.client_key)
    return {"host": "localhost", "port": broker.tls_port, "tls": replace(settings, **changes)}


def lost_while_connecting(rig: Rig) -> SinkLost:
    rig.sink.open()
    lost = rig.heard.wait_for(SinkLost)
    assert rig.heard.events == [lost]
    return lost


def know_name(monkeypatch: pytest.MonkeyPatch, name: str, *addresses: str) -> None:
    """Let a name have these IPv4 addresses; everything else resolves as ever."""
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *arguments: Any, **more: Any) -> Any:
        if host != name:
            return real(host, port, *arguments, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


class IdleOwner:
    """A `FrameOwner` that does nothing."""

    def channel_opened(self, channel: FrameChannel) -> None: ...
    def channel_changed(self) -> None: ...
    def channel_ready(self, channel: FrameChannel) -> None: ...
    def channel_closed(
        self, channel: FrameChannel, number: int, refusal: Refusal | None
    ) -> None: ...
    def channel_refused(self, channel: FrameChannel, reason: str, retry_in_s: float) -> None: ...
    def confirmed(self, channel: FrameChannel, tag: int, *, multiple: bool, nack: bool) -> None: ...


def host_without_connection(
    now: Callable[[], float], knowledge: BrokerKnowledge | None = None
) -> ChannelHost:
    """A host whose callbacks are called as they are, and whose timers never fire."""
    return ChannelHost(
        guarded=lambda call: call,
        call_later=lambda _delay_s, _call: None,
        clean=str,
        now=now,
        retry_s=60.0,
        knowledge=knowledge or BrokerKnowledge(),
    )
