"""Commands over a real broker, to a system whose cameras the test plays."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import pika
import pytest

from edge_video.actors.messages import InjectFault
from edge_video.cli.main import main
from edge_video.config.source import ConfigSource
from edge_video.delivery.commands.client import (
    BusyError,
    CannotAskError,
    Key,
    NobodyThereError,
    Question,
)
from edge_video.delivery.commands.queue import PREFETCH
from edge_video.faults import CrashActor
from edge_video.status.model import CameraPhase
from edge_video.testing import eventually
from tests.support.actors import PICTURE
from tests.support.broker_in_the_middle import BrokerInTheMiddle
from tests.support.commands import KEY, asking, commands_section, wait_until_taken
from tests.support.poison import HEADERS_OF_OTHERS, able_to_send_anything
from tests.support.rabbit import broker_user

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_video.testing.rabbit import RabbitNode
    from tests.support.actors import ScriptedSystem
    from tests.support.commands import Asked

    WorldOf = Callable[..., ScriptedSystem]

UNREADABLE = [
    HEADERS_OF_OTHERS[each] for each in ("the largest time stamp", "tables within tables")
]


class Site:
    """A node that takes commands, and who asks it."""

    def __init__(
        self,
        broker: RabbitNode,
        world_of: WorldOf,
        *allow: dict[str, Any],
        exchange: str = "",
        port: int | None = None,
        user: str = "",
        **options: Any,
    ) -> None:
        self.broker = broker
        self.exchange = exchange or f"commands.{uuid.uuid4().hex[:8]}"
        self.node = f"site-{uuid.uuid4().hex[:8]}"
        section = commands_section(broker, self.exchange, *allow)
        if port is not None:
            section["amqp"] = {"url": f"amqp://guest:guest@127.0.0.1:{port}/"}
        if user:
            section["amqp"] = {"url": broker.url(user, user)}
        self.system = world_of("door", "yard.a", node=self.node, **section, **options)
        self.ask = self.asking()

    def start(self, *, exchange_is_there: bool = True) -> None:
        """Start it; where it makes the exchange itself it takes commands a second later."""
        if exchange_is_there:
            with self.broker.channel() as channel:
                channel.exchange_declare(self.exchange, "topic", durable=True)
        self.system.real_time = True
        self.system.start()
        wait_until_taken(self.ask)

    def asking(self, **who: Any) -> Asked:
        return asking(self.broker, self.exchange, self.node, **who)


@pytest.fixture
def site(broker: RabbitNode, world_of: WorldOf) -> Site:
    site = Site(broker, world_of)
    site.start()
    return site


def test_a_node_is_looked_at_and_commanded(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    ask = site.ask
    status, body = ask("ping")
    assert (status, body["node"], body["cameras"]) == (200, site.node, 2)
    body = ask("status")[1]
    assert [each["camera_id"] for each in body["cameras"]] == ["door", "yard.a"]
    assert ask("status", camera="yard.a")[1]["camera_id"] == "yard.a"
    with caplog.at_level(logging.INFO):
        status, body = ask("stop", camera="door")
    assert (status, body["result"], body["outcome"]) == (200, "done", "stopped")
    assert "[door] Command stop: done (by amqp, user guest)" in caplog.text
    assert ask("start", camera="door", wait_s=0)[1]["result"] == "done"
    assert ask("retry", camera="nobody")[0] == 404
    assert ask("profile", name="closed")[1]["error"] == "there is no profile closed; known: none"
    assert ask("retry-publisher")[1]["result"] == "already"
    assert ask("reload")[1]["reason"] == "no_file"
    status, body = ask("drain")
    assert (status, body["result"]) == (409, "not_running")
    with pytest.raises(NobodyThereError):
        ask.client.ask(Question("elsewhere", "ping"), 10.0)
    assert [each.node for each in ask.client.ask_all(1.0)] == [site.node]


def test_an_attempt_is_waited_for_and_a_picture_is_sent(site: Site) -> None:
    assert site.ask("snapshot", camera="door", wait_s=0.2)[1]["reason"] == "no_picture"
    with pytest.raises(TimeoutError):
        site.asking().client.ask(Question(site.node, "snapshot", b'{"camera": "door"}'), 0.1)
    ended = threading.Event()

    def stream() -> None:
        while not ended.wait(0.05):
            site.system.capture_of("door").frame()

    streaming = threading.Thread(target=stream)
    streaming.start()
    try:
        assert site.ask("snapshot", camera="door") == (200, PICTURE)
        assert site.ask.last is not None
        assert site.ask.last.content_type == "image/jpeg"
        assert site.ask.last.headers["stale"] == 0
        answer = site.ask("retry", camera="door")[1]
        assert (answer["result"], answer["outcome"]) == ("already", "streaming")
    finally:
        ended.set()
        streaming.join()
    pictures = site.system.outbox.pictures
    eventually(lambda: pictures.forget_unwatched() == 0, timeout_s=15)


def test_cameras_are_changed_and_files_read_anew(
    broker: RabbitNode, world_of: WorldOf, tmp_path: Path
) -> None:
    site = Site(broker, world_of)
    section = commands_section(broker, site.exchange)
    state = {"node": site.node, "state": {"dir": str(tmp_path / "state")}}
    cameras = [{"id": "door", "url": "rtsp://10.0.0.1/s", "password": "x", "username": "u"}]
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(section | state | {"cameras": cameras}))
    source = ConfigSource(path)
    reading = source.read()
    source.accept(reading)
    site.system = world_of(source=source)
    site.system.config = reading.config
    site.start()
    status, body = site.ask("add", camera="gate", values={"url": "rtsp://10.0.0.3/s"})
    assert (status, body["plan"]["add"]) == (201, ["gate"])
    assert site.ask("change", camera="door", values={"fps": 3})[0] == 200
    moved = site.ask("change", camera="door", values={"url": "rtsp://10.0.0.66/s"})
    assert (moved[0], "goes to nobody" in str(moved[1])) == (422, True)
    assert site.ask("disable", camera="door")[1]["plan"]["restart"] == ["door"]
    assert site.ask("remove", camera="gate")[1]["plan"]["remove"] == ["gate"]
    assert site.ask("reload", dry_run=True)[1]["result"] == "unchanged"


def test_each_sender_does_and_sees_what_node_and_broker_allow(
    broker: RabbitNode, world_of: WorldOf
) -> None:
    user, exchange = f"ops-{uuid.uuid4().hex[:8]}", f"commands.{uuid.uuid4().hex[:8]}"
    site = Site(
        broker,
        world_of,
        {"user": user, "commands": ["status", "retry"], "cameras": ["yard.*"]},
        {"key": KEY, "name": "head-office", "commands": ["all"]},
        exchange=exchange,
    )
    site.start()
    own = site.node.replace("-", "[-]")  # the words pass through Erlang's strings
    keys = f"^{own}[.](ping|status|retry|stop)$|^all[.]ping$"
    broker_user(broker, user, configure="^$", write=exchange, read="^$", topics=(exchange, keys))
    ops, boss = site.asking(user=user), site.asking(user=user, key=Key("head-office", KEY.encode()))
    assert [each["camera_id"] for each in ops("status")[1]["cameras"]] == ["yard.a"]
    assert ops("ping")[1]["cameras"] == 1
    assert ops("retry", camera="door")[0] == 403
    assert ops("retry", camera="yard.a", wait_s=0)[0] == 200
    assert ops("stop", camera="yard.a")[0] == 403
    assert boss("stop", camera="door")[0] == 200
    with pytest.raises(CannotAskError, match="does not let this user write this"):
        ops("reload")
    wrong = site.asking(key=Key("head-office", b"x" * 40))
    assert wrong("ping")[1]["reason"] == "unknown_sender"
    assert site.ask("ping")[0] == 403, "guest is allowed nothing here"


def test_a_node_needs_no_more_rights_than_the_docs_say_and_begins_without_an_error(
    broker: RabbitNode,
    world_of: WorldOf,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    user, exchange = f"node-{uuid.uuid4().hex[:8]}", f"commands-{uuid.uuid4().hex[:8]}"
    allow = {"key": KEY, "name": "head-office", "commands": ["all"]}
    site = Site(broker, world_of, allow, exchange=exchange, user=user)
    own = f"{exchange}|edge-video[.]commands[.]{site.node}"
    broker_user(
        broker,
        user,
        configure=f"^({own})$",
        write=f"^({own}|amq[.]default)$",
        read=f"^({own})$",
    )
    with caplog.at_level(logging.INFO):
        site.start()
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == []
    (tmp_path / "key").write_text(f"{KEY}\n")
    path = tmp_path / "config.yaml"
    section = commands_section(broker, exchange, {"key": "${MISSING}", "commands": ["ping"]})
    path.write_text(json.dumps(section | {"cameras": [{"id": "x", "url": "${MISSING}"}]}))
    signed = ("--key-name", "head-office", "--key-file", str(tmp_path / "key"))
    where = ("--config", str(path), "--timeout", "20s", *signed)
    assert main(["ctl", site.node, "stop", "door", *where]) == 0
    assert main(["ctl", "elsewhere", "ping", *where]) == 1
    assert main(["ctl", site.node, "ping", *where[:4]]) == 1
    printed = capsys.readouterr()
    assert printed.out == "door: stopped\n"
    assert f"nobody answers to elsewhere; there are: {site.node}" in printed.err
    assert "not allowed" in printed.err


def test_an_action_is_done_once_also_over_a_crash_of_the_actor(
    broker: RabbitNode, world_of: WorldOf, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(broker, world_of, allow_faults=True)
    site.start(exchange_is_there=False)
    with caplog.at_level(logging.INFO):
        first = site.ask("stop", camera="door", message_id="m1")
        site.system.system.supervisor.tell(InjectFault("commands", CrashActor()))
        eventually(lambda: site.system.status().restarts["commands"] == 1)
        assert site.ask("stop", camera="door", message_id="m1") == first
        assert site.ask("start", camera="door", message_id="m1")[1]["reason"] == "id_used"
    assert caplog.text.count("Command stop") == 1


def test_a_second_node_of_a_name_takes_no_commands(
    site: Site, broker: RabbitNode, world_of: WorldOf, caplog: pytest.LogCaptureFixture
) -> None:
    twin = Site(broker, world_of)
    twin.system.config, twin.ask = site.system.config, site.ask
    with caplog.at_level(logging.INFO):
        twin.start()
        eventually(lambda: "takes commands on this broker" in caplog.text)
    assert site.ask("stop", camera="door")[0] == 200
    assert site.system.camera("door").phase is CameraPhase.STOPPED
    assert twin.system.camera("door").phase is not CameraPhase.STOPPED


def test_a_flood_harms_no_camera_and_an_answer_that_finds_nobody_is_told(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def flood() -> None:
        with site.broker.channel() as channel:
            now_ms = int(time.time() * 1000)
            for number in range(1000):
                properties = pika.BasicProperties(
                    message_id=f"m{number}",
                    user_id="guest",
                    expiration="9000",
                    reply_to="edge-video.replies.gone",
                    headers={"sent_at_ms": now_ms, "expires_at_ms": now_ms + 9000},
                )
                channel.basic_publish(site.exchange, f"{site.node}.status", b"", properties)

    flooding = threading.Thread(target=flood)
    with caplog.at_level(logging.WARNING):
        flooding.start()
        frames = 0
        while flooding.is_alive() or frames < 20:
            site.system.capture_of("door").frame()
            frames += 1
            time.sleep(0.01)
        flooding.join()
        eventually(lambda: "found nobody" in caplog.text)
    assert caplog.text.count("found nobody") <= 5
    eventually(lambda: len(site.system.published) == frames)

    def answers() -> bool:
        try:
            return site.ask("ping")[0] == 200
        except BusyError:
            return False

    eventually(answers, timeout_s=20)


def test_messages_that_are_not_text_stop_no_command(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with site.broker.channel() as channel:
        for _ in range(2 * PREFETCH):
            odd = pika.BasicProperties(reply_to=b"\xff", correlation_id=b"\xff" * 200)
            channel.basic_publish(site.exchange, f"{site.node}.ping", b"", odd)
    assert site.ask("ping")[0] == 200
    assert "could not be answered" not in caplog.text


def test_headers_that_cannot_be_read_end_no_connection(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), able_to_send_anything(), site.broker.channel() as channel:
        for headers in UNREADABLE * PREFETCH:
            odd = pika.BasicProperties(headers=headers, user_id="guest")
            channel.basic_publish(site.exchange, f"{site.node}.ping", b"", odd)
        assert site.ask("ping")[0] == 200
    assert "Control connection not open" not in caplog.text


def test_a_node_takes_commands_again_after_its_connection_was_lost(
    broker: RabbitNode, world_of: WorldOf
) -> None:
    with BrokerInTheMiddle(broker.port) as middle:
        site = Site(broker, world_of, port=middle.port)
        site.start()
        middle.cut()
        site.ask.timeout_s = 2.0

        def answers() -> bool:
            try:
                return site.ask("ping")[0] == 200
            except (NobodyThereError, TimeoutError):  # it went into the queue that was dying
                return False

        eventually(answers, timeout_s=20)
        site.system.system.stop(timeout_s=20)
