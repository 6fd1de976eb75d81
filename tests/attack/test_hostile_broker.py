"""A broker, or somebody between it and us, says what no broker should."""

from __future__ import annotations

import json
import re
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from pika import frame, spec

from edge_video.testing import eventually
from edge_video.testing.rabbit import free_port
from edge_video.testing.scripted_camera import install_scripted_ffmpeg
from tests.support.broker_in_the_middle import BrokerInTheMiddle
from tests.support.program import Program

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_video.testing.rabbit import RabbitNode

pytestmark = pytest.mark.rabbitmq

CAMERAS = 3
LASTS_S = 1.5
HEALS_S = 45.0
"""The longest wait between two tries is 30 s, and a handshake may be tried just then."""
MAX_LINES = 60
"""What one attack may write to the log, recovery included."""
MAX_GROWTH = 30 * 2**20


@dataclass
class Site:
    """The program, its broker, and who stands between them."""

    program: Program
    middle: BrokerInTheMiddle
    port: int

    def status(self) -> dict[str, Any]:
        with urlopen(f"http://127.0.0.1:{self.port}/api/status", timeout=5) as answer:
            status: dict[str, Any] = json.load(answer)
        return status

    def total(self, counter: str) -> int:
        return sum(camera["frames"][counter] for camera in self.status()["cameras"])

    def confirms_again(self, timeout_s: float = HEALS_S) -> float:
        """Seconds until frames are confirmed, from now on."""
        before, began_s = self.total("confirmed"), time.monotonic()
        eventually(lambda: self.total("confirmed") > before + 30, timeout_s, "confirms")
        return time.monotonic() - began_s


@pytest.fixture
def site(broker: RabbitNode, tmp_path: Path) -> Iterator[Site]:
    folder, port = tmp_path, free_port()
    with BrokerInTheMiddle(broker.port) as middle:
        config = {
            "fps": 10,
            "amqp": {
                "url": f"amqp://guest:guest@127.0.0.1:{middle.port}/",
                "exchange": "attacked",
                "heartbeat": "5s",
            },
            "cameras": [
                {"id": f"cam{n}", "url": f"rtsp://127.0.0.1/c{n}?fps=10&bytes=20000&seed={n}"}
                for n in range(CAMERAS)
            ],
            "ffmpeg": str(install_scripted_ffmpeg(folder)),
            "events": {"exchange": "attacked.events"},
            "start_spacing": "0s",
            "report_interval": "1h",
            "http": {"listen": f"127.0.0.1:{port}"},
        }
        with Program(folder, config, "--report-file", str(folder / "final.json")) as program:
            running = Site(program, middle, port)
            program.wait_for_log("Publisher connected")
            eventually(lambda: running.total("confirmed") > 30, 30)
            yield running
            assert program.stop() == 0
            assert program.report()["accounting"]["balanced"]


def method(channel: int, what: Any) -> bytes:
    words: bytes = frame.Method(channel, what).marshal()
    return words


def raw(
    kind: int, channel: int, payload: bytes, *, size: int | None = None, end: int = 0xCE
) -> bytes:
    length = len(payload) if size is None else size
    return struct.pack(">BHI", kind, channel, length) + payload + bytes([end])


INJECTED: dict[str, bytes] = {
    "noise": bytes(range(256)) * 40,
    "a frame of four gigabytes": raw(3, 1, b"x" * 100, size=0xFFFFFFFF),
    "a frame without its end": raw(1, 0, b"\0" * 4, end=0),
    "a frame of an unknown kind": raw(77, 1, b"abc"),
    "a method nobody knows": raw(1, 1, struct.pack(">HH", 999, 999)),
    "a method for a channel that does not exist": method(4000, spec.Basic.Ack(delivery_tag=1)),
    "a confirm for a frame that was never sent": method(1, spec.Basic.Ack(delivery_tag=2**40)),
    "a confirm for everything that ever will be": method(
        1, spec.Basic.Ack(delivery_tag=2**63 - 1, multiple=True)
    ),
    "the same confirm a thousand times": method(1, spec.Basic.Ack(delivery_tag=1)) * 1000,
    "nacks for everything in flight": method(1, spec.Basic.Nack(delivery_tag=0, multiple=True)),
    "a return without its content": method(
        1, spec.Basic.Return(reply_code=312, reply_text="x", exchange="e", routing_key="k")
    ),
    "a return whose content never ends": method(
        1, spec.Basic.Return(reply_code=312, reply_text="x", exchange="e", routing_key="k")
    )
    + frame.Header(1, 2**40, spec.BasicProperties()).marshal(),
    "a return with a body of another length": method(
        1, spec.Basic.Return(reply_code=312, reply_text="x", exchange="e", routing_key="k")
    )
    + frame.Header(1, 3, spec.BasicProperties()).marshal()
    + raw(3, 1, b"much more than three"),
    "a message that nobody asked for": method(
        1,
        spec.Basic.Deliver(
            consumer_tag="x", delivery_tag=1, redelivered=False, exchange="e", routing_key="k"
        ),
    )
    + frame.Header(1, 2, spec.BasicProperties()).marshal()
    + raw(3, 1, b"hi"),
    "a content header with a malformed table": method(
        1, spec.Basic.Return(reply_code=312, reply_text="x", exchange="e", routing_key="k")
    )
    + raw(2, 1, struct.pack(">HHQH", 60, 0, 3, 0x2000) + b"\xff\xff\xff\xff\x05key"),
    "the channel closed with control characters": method(
        1,
        spec.Channel.Close(
            reply_code=541, reply_text="\x1b[2J\r\nFAKE LINE", class_id=0, method_id=0
        ),
    ),
    "the connection closed by force": method(
        0, spec.Connection.Close(reply_code=320, reply_text="maintenance", class_id=0, method_id=0)
    ),
    "a hundred thousand heartbeats": raw(8, 0, b"") * 100_000,
    "a heartbeat on a channel of frames": raw(8, 1, b""),
    "blocked and unblocked a thousand times": (
        method(0, spec.Connection.Blocked(reason="low on \x1b[2J memory"))
        + method(0, spec.Connection.Unblocked())
    )
    * 1000,
    "a cancel for a consumer that we have not": method(1, spec.Basic.Cancel(consumer_tag="x")),
    "half a frame": raw(1, 1, b"\0" * 100)[:20],
}


def test_what_a_broker_should_never_say(site: Site) -> None:
    for name, words in INJECTED.items():
        watch(site, lambda words=words: site.middle.inject(words), name, lasts_s=0.5)  # type: ignore[misc]


def never_speaks(client: socket.socket) -> None:
    time.sleep(0.1)
    while client.recv(4096):
        pass


def speaks_http(client: socket.socket) -> None:
    client.recv(4096)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def says(words: bytes) -> Callable[[socket.socket], None]:
    def greet(client: socket.socket) -> None:
        client.recv(4096)
        client.sendall(words)
        client.settimeout(3)
        while client.recv(4096):
            pass

    return greet


def drips(client: socket.socket) -> None:
    for byte in START:
        client.sendall(bytes([byte]))
        time.sleep(0.3)


START: bytes = method(
    0,
    spec.Connection.Start(
        version_major=0,
        version_minor=9,
        server_properties={"product": "somebody"},
        mechanisms="PLAIN",
        locales="en_US",
    ),
)
MALFORMED_START = raw(
    1, 0, struct.pack(">HHBB", 10, 10, 0, 9) + b"\xff\xff\xff\xff" + b"\x05prodT" * 50
)
TUNE_TO_NOTHING = START + method(
    0, spec.Connection.Tune(channel_max=0, frame_max=1, heartbeat=65535)
)
DEEP_TABLE = raw(
    1,
    0,
    struct.pack(">HHBB", 10, 10, 0, 9) + b"\x00\x00\x20\x00" + b"\x01aF\x00\x00\x1f\x00" * 1000,
)

GREETINGS: dict[str, Callable[[socket.socket], None]] = {
    "hangs up at once": lambda client: client.close(),
    "never speaks": never_speaks,
    "is a web server": speaks_http,
    "speaks another version": says(b"AMQP\0\1\0\0"),
    "sends a malformed table": says(MALFORMED_START),
    "sends tables within tables": says(DEEP_TABLE),
    "tunes to frames of one byte": says(TUNE_TO_NOTHING),
    "drips its greeting byte by byte": drips,
    "sends a megabyte of noise": says(b"\x01" * 1_000_000),
}


@pytest.mark.parametrize("part", range(3))
def test_a_broker_that_greets_oddly_is_asked_again_at_a_pace(site: Site, part: int) -> None:
    for name, greeting in list(GREETINGS.items())[part::3]:
        before = site.middle.connections
        site.middle.greet = greeting
        watch(site, site.middle.cut, name)
        assert site.middle.connections - before <= 12, "tried again too often"


def test_a_link_that_carries_nothing_for_ten_seconds(site: Site) -> None:
    def attack() -> None:
        site.middle.stalled = True

    watch(site, attack, "stalled", lasts_s=10.0)


def test_a_connection_cut_twenty_times_in_the_middle_of_frames(site: Site) -> None:
    def attack() -> None:
        for _ in range(20):
            site.middle.cut()
            time.sleep(0.2)  # as long as it takes for a frame to be on its way again

    watch(site, attack, "cut", lasts_s=0.0)


def watch(site: Site, attack: Callable[[], None], name: str, *, lasts_s: float = LASTS_S) -> None:
    """What must hold under each attack, and how long the recovery takes."""
    program, lines = site.program, len(site.program.log)
    before = {camera["camera_id"]: camera for camera in site.status()["cameras"]}
    memory = program.psutil.memory_info().rss
    attack()
    time.sleep(lasts_s)  # as long as the attack lasts
    site.middle.behave()
    healed_s = site.confirms_again()
    for camera in site.status()["cameras"]:
        earlier = before[camera["camera_id"]]
        assert camera["attempts"] == earlier["attempts"], "a camera paid for the broker"
        assert camera["frames"]["received"] > earlier["frames"]["received"]
    assert site.status()["accounting"]["balanced"]
    grown = program.psutil.memory_info().rss - memory
    logged = program.log[lines:]
    print(f"| {name} | {healed_s:.1f} s | {len(logged)} lines | {grown / 2**20:+.1f} MB |")
    assert len(logged) <= MAX_LINES, (name, logged)
    assert grown < MAX_GROWTH
    assert not [line for line in logged if "Traceback" in line], (name, logged)
    assert not [line for line in logged if re.search(r"[\x00-\x08\x0b-\x1f]", line)], name
