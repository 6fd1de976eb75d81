"""`watch` at a running system of five cameras, through its restart and the broker's."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pika
import pytest

from edge_video.testing import eventually
from edge_video.testing.rabbit import free_port
from tests.support.poison import BODIES_OF_OTHERS, HEADERS_OF_OTHERS, send_all
from tests.support.program import Program
from tests.support.rabbit import EVERY_BROKER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_video.testing.rabbit import RabbitNode

pytestmark = [pytest.mark.rabbitmq, pytest.mark.ffmpeg]

CAMERAS = [f"cam{number}" for number in range(1, 6)]


class Watch(Program):
    """One `watch --json`."""

    def messages(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in map(json.loads, list(self.printed)) if each["kind"] == kind]

    def wait_until_said(self, kind: str, count: int = 1, timeout_s: float = 40.0) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        while len(found := self.messages(kind)) < count:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, f"no {kind} in {timeout_s} s: {self.printed[-3:]}"
            time.sleep(0.05)
        return found[count - 1]

    def most_frames(self) -> int:
        """Of any camera, so far."""
        return max(int(each["frames"]) for each in self.messages("interval")[-1]["cameras"])

    def wait_for_frames(self, frames: int, timeout_s: float = 40.0) -> None:
        """Of each camera, in all."""
        deadline = time.monotonic() + timeout_s
        while True:
            newest = self.messages("interval")[-1:]
            counts = [each["frames"] for each in newest[0]["cameras"]] if newest else []
            if len(counts) == len(CAMERAS) and min(counts) >= frames:
                return
            assert time.monotonic() < deadline, f"only {counts} frames in {timeout_s} s"
            time.sleep(0.05)


@EVERY_BROKER
def test_watching_sees_no_gap_says_what_stops_and_resumes(
    broker: RabbitNode, exchange: str, tmp_path: Path
) -> None:
    config = {
        "amqp": {"url": broker.url("odd", "p@ss:w/ö%rd ü&?#"), "exchange": exchange},
        "fps": 15,
        "cameras": [{"id": each, "url": "lavfi:testsrc2=size=160x120:rate=15"} for each in CAMERAS],
    }
    pictures = tmp_path / "pictures"
    options = ("--json", "--save", str(pictures), "--limit", "3", "--decode")
    declare(broker, exchange)
    with (
        Program(tmp_path, config) as first,
        Watch(tmp_path, config, *options, command="watch") as watch,
    ):
        watch.wait_for_frames(30)
        assert first.stop() == 0
        assert watch.wait_until_said("silent")["camera_id"] is None
        with Program(tmp_path, config):
            assert watch.wait_until_said("back")
            watch.wait_for_frames(watch.most_frames() + 5)
            broker.ctl("close_all_connections", "maintenance")
            assert "maintenance" in watch.wait_until_said("lost")["reason"]
            watch.wait_until_said("connected", 2)
            watch.wait_for_frames(watch.most_frames() + 5)
            assert watch.stop(signal.SIGINT) == 0
        [summary] = watch.messages("summary")
        everything = "\n".join([*watch.printed, *watch.log])
    assert [each["camera_id"] for each in summary["cameras"]] == CAMERAS
    for camera in summary["cameras"]:
        assert camera["gaps"] == 0, camera
        assert camera["undecodable"] == 0, camera
        assert camera["repeated"] == 0, camera
        assert camera["restarts"] == 1, camera
        # What was sent, or dropped, between the two connections of `watch` is not made up.
        assert camera["away"] > 0 or camera["dropped"] > 0, camera
        assert 0 < camera["latency_ms"] < 60_000, camera
        assert (camera["width"], camera["height"]) == (160, 120)
    assert {each.name for each in pictures.iterdir()} == set(CAMERAS)
    assert all(len(list(each.glob("*.jpg"))) == 3 for each in pictures.iterdir())
    assert "p@ss" not in everything
    assert "ö%rd" not in everything


def test_one_camera_in_lines_and_then_a_summary(
    broker: RabbitNode, exchange: str, tmp_path: Path
) -> None:
    config = {
        "amqp": {"url": broker.url(), "exchange": exchange},
        "cameras": [
            {"id": each, "url": "lavfi:testsrc2=size=160x120:rate=5", "fps": 5}
            for each in ("door", "yard")
        ],
    }
    with Program(tmp_path, config) as program:
        program.wait_for_log("Streaming", count=2)
        url = ("--url", broker.url(), "--exchange", exchange)
        with Watch(
            tmp_path, None, *url, "--camera", "door", "--seconds", "2", command="watch"
        ) as watch:
            assert watch.wait(30) == 0
        assert program.stop() == 0
    header, *_, last = watch.printed
    assert f"Watching {exchange} at amqp://guest@127.0.0.1" in header
    assert last.startswith("[door] ")
    assert "gaps 0" in last
    assert not any("yard" in line for line in watch.printed)


def declare(broker: RabbitNode, exchange: str) -> None:
    """As edge-video does it; `watch` itself makes no exchange."""
    with broker.channel() as channel:
        channel.exchange_declare(exchange, "topic", durable=True)


def test_an_exchange_that_is_not_there_is_said_and_not_made(
    broker: RabbitNode, exchange: str, tmp_path: Path
) -> None:
    declare(broker, "edge-video")
    url = ("--url", broker.url(), "--exchange", exchange)
    with Watch(tmp_path, None, *url, command="watch") as watch:
        assert watch.wait(30) == 2
    [complaint] = watch.log
    assert complaint.startswith(
        f"edge-video watch: there is no exchange {exchange} on amqp://guest@127.0.0.1"
    )
    assert "; there is edge-video;" in complaint
    with broker.channel() as channel, pytest.raises(pika.exceptions.ChannelClosedByBroker):
        channel.exchange_declare(exchange, passive=True)


def test_of_several_exchanges_those_that_exist_are_watched(
    broker: RabbitNode, exchange: str, tmp_path: Path
) -> None:
    declare(broker, exchange)
    source = {"url": "lavfi:testsrc2=size=160x120:rate=5"}
    config = {
        "amqp": {"url": broker.url(), "exchange": exchange},
        "cameras": [
            {"id": "door", **source},
            {"id": "yard", "exchange": f"{exchange}.yard", **source},
        ],
    }
    with Watch(tmp_path, config, "--json", command="watch") as watch:
        watch.wait_until_said("connected")
        [unheard] = watch.messages("unheard")
        assert unheard["reason"] == f"NOT_FOUND: exchange '{exchange}.yard' does not exist"
        declare(broker, f"{exchange}.yard")
        headers = {"camera_id": "yard", "session": "s", "seq": 1, "captured_at_ns": 1}
        properties = pika.BasicProperties(headers=headers)
        with broker.channel() as channel:
            eventually(lambda: heard(channel, f"{exchange}.yard", properties, watch))
            channel.exchange_delete(f"{exchange}.yard")
        watch.wait_until_said("unheard", 2)
        assert watch.stop(signal.SIGINT) == 0
    assert watch.messages("lost") == []


def test_an_exchange_that_goes_and_comes_back_without_its_bindings_is_followed(
    broker: RabbitNode, exchange: str, tmp_path: Path
) -> None:
    declare(broker, exchange)
    words = ("--url", broker.url(), "--exchange", exchange, "--json")
    with Watch(tmp_path, None, *words, command="watch") as watch:
        watch.wait_until_said("connected")
        with broker.channel() as channel:
            channel.exchange_delete(exchange)
        reason = watch.wait_until_said("lost")["reason"]
        assert reason == f"NOT_FOUND: exchange '{exchange}' has been deleted"
        declare(broker, exchange)
        watch.wait_until_said("connected", 2)
        with broker.channel() as channel:
            channel.exchange_delete(exchange)
            channel.exchange_declare(exchange, "topic", durable=True)
            headers = {"camera_id": "door", "session": "s", "seq": 1, "captured_at_ns": 1}
            properties = pika.BasicProperties(headers=headers)
            eventually(lambda: heard(channel, exchange, properties, watch))
        assert watch.stop(signal.SIGINT) == 0


def heard(channel: Any, exchange: str, properties: pika.BasicProperties, watch: Watch) -> bool:
    """Whether a frame has reached `watch`; sends another one."""
    channel.basic_publish(exchange, "k", b"\xff\xd8 torn", properties)
    return any(each["cameras"] for each in watch.messages("interval"))


def test_a_broker_that_is_not_there_is_said_and_found_when_it_comes(
    broker: RabbitNode, exchange: str, tmp_path: Path
) -> None:
    declare(broker, exchange)
    port = free_port()
    url = f"amqp://guest:guest@127.0.0.1:{port}/"
    words = ("--url", url, "--exchange", exchange, "--json")
    with Watch(tmp_path, None, *words, command="watch") as watch:
        assert "refused" in watch.wait_until_said("lost")["reason"]
        with forwarding(port, broker.port):
            watch.wait_until_said("connected")
            assert watch.stop(signal.SIGTERM) == 0


@contextlib.contextmanager
def forwarding(port: int, to_port: int) -> Iterator[None]:
    """A port that leads to the broker: the broker "comes" without the seconds it takes to boot."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", port))
    listener.settimeout(0.1)
    threads: list[threading.Thread] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        sockets: list[socket.socket] = []
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", to_port))
                sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    threads.append(threading.Thread(target=pump, args=ends))
                    threads[-1].start()
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(10)
        for each in (*sockets, listener):
            each.close()

    server_thread = threading.Thread(target=serve)
    server_thread.start()
    try:
        yield
    finally:
        over.set()
        server_thread.join(15)


def test_a_wrong_password_is_said_without_it_and_tried_again(
    broker: RabbitNode, tmp_path: Path
) -> None:
    url = broker.url("guest", "canary-7391")
    with Watch(tmp_path, None, "--url", url, "--json", "--seconds", "1", command="watch") as watch:
        assert "wrong user name or password" in watch.wait_until_said("lost")["reason"]
        assert watch.wait(30) == 1  # no frame was seen
    assert "canary-7391" not in "\n".join([*watch.printed, *watch.log])


def test_without_a_broker_to_listen_to_it_says_what_to_do(tmp_path: Path) -> None:
    with Watch(tmp_path, None, command="watch") as watch:
        assert watch.wait(30) == 2
    assert watch.log == [
        "edge-video watch: no broker: name one with --url amqp://… or with --config FILE"
    ]


def test_foreign_messages_are_counted_and_torn_pictures_are_named(
    broker: RabbitNode, exchange: str, tmp_path: Path
) -> None:
    declare(broker, exchange)
    headers = {"camera_id": "../[red]\x1b[2J", "session": "s", "seq": 1, "captured_at_ns": 1}
    words = ("--url", broker.url(), "--exchange", exchange, "--json", "--save", "pictures")
    with Watch(tmp_path, None, *words, command="watch") as watch:
        watch.wait_until_said("connected")
        with broker.channel() as channel:
            for strange in (None, {}, {"camera_id": 1}, {"seq": "x"}):
                properties = pika.BasicProperties(headers=strange)
                channel.basic_publish(exchange, "k", b"no frame", properties)
            torn = b"\xff\xd8 torn"
            channel.basic_publish(exchange, "k", torn, pika.BasicProperties(headers=headers))
        eventually(lambda: any(each["cameras"] for each in watch.messages("interval")))
        assert watch.stop(signal.SIGINT) == 0
    [summary] = watch.messages("summary")
    [camera] = summary["cameras"]
    assert summary["unrecognised"] == 4
    assert (camera["undecodable"], camera["last_defect"]) == (1, "no end marker: torn")
    [folder] = (tmp_path / "pictures").iterdir()
    assert folder.name.startswith("camera-")
    assert not any("\x1b" in line for line in watch.printed)


def test_messages_of_others_cost_no_connection_and_are_counted(
    broker: RabbitNode, exchange: str, tmp_path: Path
) -> None:
    declare(broker, exchange)
    words = ("--url", broker.url(), "--exchange", exchange, "--json")
    with Watch(tmp_path, None, *words, command="watch") as watch:
        watch.wait_until_said("connected")
        taken = send_all(broker, exchange)
        assert taken >= len(HEADERS_OF_OTHERS) + len(BODIES_OF_OTHERS) - 2  # RabbitMQ 3.10
        with broker.channel() as channel:
            headers = {"camera_id": "door", "session": "s", "seq": 1, "captured_at_ns": 1}
            properties = pika.BasicProperties(headers=headers)
            channel.basic_publish(exchange, "k", b"\xff\xd8 torn", properties)
        eventually(lambda: any(each["cameras"] for each in watch.messages("interval")))
        assert watch.stop(signal.SIGINT) == 0
    [summary] = watch.messages("summary")
    assert [each["camera_id"] for each in summary["cameras"]] == ["door"]
    assert summary["unrecognised"] == taken
    assert watch.messages("interval")[-1]["unrecognised"] == taken
    assert watch.messages("lost") == []
