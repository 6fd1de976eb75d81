"""The recipes of docs/recipes do what they say: their own commands, edge-video's sink, a broker."""

from __future__ import annotations

import itertools
import json
import runpy
import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest
import yaml
from pika.spec import Basic, BasicProperties

from edge_video.delivery.amqp.notifications import NotificationRoute
from edge_video.delivery.amqp.settings import Route
from edge_video.delivery.notification_queue import Notification, NotificationQueue
from edge_video.testing import eventually
from tests.support.amqp import CAM1, CAM2
from tests.support.broker_in_the_middle import BrokerInTheMiddle
from tests.support.mqtt import MqttClient
from tests.support.recipes import IN_THE_MATRIX, PAGES, At, Recipe, RecipeNode, ToolError, text_of
from tests.support.shell_blocks import ROOT, blocks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_video.frames import CameraId
    from tests.support.amqp import MakeRig, Rig

pytestmark = pytest.mark.rabbitmq


@pytest.fixture
def make_recipe(node: RecipeNode, tmp_path: Path) -> Iterator[Any]:
    """Make the recipe of a page or a part of it; afterwards all of its commands have been run."""
    made: list[Recipe] = []

    def make(page: str, part: str = "", **addresses: str) -> Recipe:
        made.append(Recipe(page, part, node, tmp_path, addresses))
        return made[0]

    yield make
    assert made[0].is_done()


def connect(make_rig: MakeRig, node: RecipeNode, *keys: str, **more: Any) -> Rig:
    """edge-video's sink with cameras whose frames have these routing keys."""
    exchange = more.pop("exchange", "edge-video")
    routes = {cam: Route(exchange, key) for cam, key in zip((CAM1, CAM2), keys, strict=False)}
    rig: Rig = make_rig(node, routes, **more)
    return rig.connect()


def publish(rig: Rig, count: int, *cameras: CameraId) -> list[bytes]:
    """So many frames, of each camera in turn, all of them confirmed; what they show."""
    before = rig.counts().confirmed
    images = rig.put_all(count, *cameras)
    assert rig.settle().confirmed - before == count
    return images


def take(channel: Any, queue: str) -> tuple[Any, Any, bytes]:
    """The next message of a queue, as soon as there is one."""
    taken: list[Any] = []

    def is_there() -> bool:
        taken[:] = channel.basic_get(queue)
        return taken[0] is not None

    eventually(is_there)
    return taken[0], taken[1], taken[2]


def seqs_in(channel: Any, queue: str) -> Iterator[tuple[int, Any]]:
    """Number and properties of what is in a queue now."""
    while (got := channel.basic_get(queue, auto_ack=True))[0] is not None:
        yield got[1].headers["seq"], got[1]


def bound_queue(channel: Any) -> str:
    """A queue at the centre that gets every frame."""
    channel.exchange_declare("edge-video", "topic", durable=True)
    queue: str = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "edge-video", "#")
    return queue


def test_every_command_of_a_recipe_is_run_or_says_why_not() -> None:
    for page in PAGES:
        for block in blocks_of(page):
            assert block.to_run or block.reason, block


def test_a_stream_keeps_frames_that_anybody_may_replay(
    make_rig: MakeRig, node: RecipeNode, make_recipe: Any, tmp_path: Path
) -> None:
    recipe = make_recipe("stream.md")
    rig = connect(make_rig, node, "door", "yard")
    assert "keeps 1h" in recipe.run("python examples/recipes/stream.py")
    images = publish(rig, 6, CAM1, CAM2)
    printed = recipe.run("python examples/recipes/stream.py")
    rows = [line.split()[:2] for line in printed.splitlines()]
    assert rows == [[str(cam), str(seq)] for seq in (1, 2, 3) for cam in (CAM1, CAM2)]
    saved = sorted((tmp_path / "pictures/cam1").iterdir())
    assert [each.read_bytes() for each in saved] == images[::2]


class SlowStream:
    """A channel on which nothing comes twice, and then what there is."""

    def __init__(self, *frames: dict[str, Any]) -> None:
        self.frames = frames

    def basic_qos(self, **_: Any) -> None: ...

    def basic_ack(self, *_: Any) -> None: ...

    def consume(self, *_: Any, **__: Any) -> Iterator[Any]:
        yield from 2 * [(None, None, None)]
        for headers in self.frames:
            yield Basic.Deliver("", 1), BasicProperties("image/jpeg", headers=headers), b""
        yield from itertools.repeat((None, None, None))


def test_a_replay_waits_for_the_first_frame_and_says_when_none_came(
    capsys: pytest.CaptureFixture[str],
) -> None:
    example = runpy.run_path(str(ROOT / "examples/recipes/stream.py"))
    replay = example["replay"]
    of = Namespace(minutes=10.0, stream="recent", patience=0.0, camera=None, save=None)
    frame = {"camera_id": "cam1", "seq": 7, "captured_at_ns": time.time_ns() - 10**9}
    replay(SlowStream(frame), of)
    assert capsys.readouterr().out.startswith("cam1 7 ")
    replay.__globals__["FIRST_S"] = 0.01
    with pytest.raises(SystemExit, match="no frame"):
        replay(SlowStream(), of)


@IN_THE_MATRIX
def test_a_super_stream_keeps_each_camera_by_itself(
    make_rig: MakeRig, node: RecipeNode, make_recipe: Any
) -> None:
    recipe = make_recipe("super-stream.md")
    rig = connect(make_rig, node, "door", "yard")
    recipe.run("rabbitmq-plugins enable")
    undone_by = "rabbitmq-streams delete_super_stream"
    added = recipe.run_unless_busy("rabbitmq-streams add_super_stream", undone_by)
    assert "has been created" in added
    recipe.run("python examples/recipes/bind.py")
    publish(rig, 6, CAM1, CAM2)
    printed = recipe.run("python examples/recipes/stream.py")
    rows = [line.split()[:2] for line in printed.splitlines()]
    assert rows == [["cam1", "1"], ["cam1", "2"], ["cam1", "3"]]
    recipe.run(undone_by)


class BusyNode(RecipeNode):
    """Runs nothing, and fails the first time that it is asked for something."""

    address = "amqp://guest:guest@127.0.0.1:5672"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def tool(self, name: str, *arguments: str) -> str:
        self.asked.append(f"{name} {arguments[0]}")
        if len(self.asked) == 1:
            raise ToolError("function_clause")
        return "has been created"


def test_a_super_stream_that_a_busy_broker_has_half_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.recipes.PLUGINS", ("rabbitmq_stream",))
    busy = BusyNode()
    recipe = Recipe("super-stream.md", "", busy, tmp_path, {})
    recipe.run("rabbitmq-plugins enable")
    add, delete = (f"rabbitmq-streams {each}_super_stream" for each in ("add", "delete"))
    assert "has been created" in recipe.run_unless_busy(add, delete)
    assert busy.asked == [add, delete, add]


def test_a_work_queue_sets_aside_what_nobody_can_work_on_and_nothing_else(
    make_rig: MakeRig, node: RecipeNode, make_recipe: Any
) -> None:
    recipe = make_recipe("work-queue.md")
    rig = connect(make_rig, node, "door")
    worker = runpy.run_path(str(ROOT / "examples/recipes/work_queue.py"))
    with node.channel() as channel:
        worker["declare"](channel, "edge-video")
        channel.basic_publish("edge-video", "odd", b"no picture")
        images = publish(rig, 3)
        printed = recipe.run("python examples/recipes/work_queue.py").splitlines()
        assert printed == [
            "rejected: no JPEG image",
            *(f"cam1: {len(each)} bytes" for each in images),
        ]

        channel.queue_delete(worker["WORK"])
        worker["QUEUE"]["x-max-length"] = 2
        worker["declare"](channel, "edge-video")
        _, _, poisoned, good = publish(rig, 4)  # the first two make room
        for _ in range(4):
            method, _, image = take(channel, worker["WORK"])
            assert image == poisoned, "it comes again before the next one"
            channel.basic_reject(method.delivery_tag, requeue=True)
        assert take(channel, worker["WORK"])[2] == good
        rejected = [take(channel, worker["REJECTED"])[1:] for _ in range(2)]
        assert [(image, of.headers["x-first-death-reason"]) for of, image in rejected] == [
            (b"no picture", "rejected"),
            (poisoned, "delivery_limit"),
        ]
        assert channel.basic_get(worker["REJECTED"])[0] is None


SITES: Final = ("virtual hosts", "two nodes")


@IN_THE_MATRIX
@pytest.mark.parametrize("brokers", SITES, indirect=True)
def test_a_shovel_carries_the_present_and_nothing_of_an_outage(
    make_rig: MakeRig, brokers: tuple[At, At], make_recipe: Any
) -> None:
    site, centre = brokers
    rig = connect(make_rig, site.node, "shop-17.door", vhost=site.vhost)
    with BrokerInTheMiddle(centre.node.port) as wan, centre.node.channel() as channel:
        recipe = make_recipe(
            "site-to-centre.md",
            "A shovel",
            **{
                "amqp:///%2F": f"amqp:///{quote(site.vhost, safe='')}",
                "centre.example.com:5672": f"127.0.0.1:{wan.port}",
                '"reconnect-delay":5': '"reconnect-delay":1',
            },
        )
        queue = bound_queue(channel)
        recipe.run("rabbitmqctl add_user shop-17", centre)
        recipe.run("rabbitmqctl set_permissions shop-17", centre)
        recipe.run("rabbitmq-plugins enable", site)
        recipe.run("rabbitmqctl set_policy", site)
        recipe.run("rabbitmqctl set_parameter shovel", site)

        def arrived() -> list[tuple[int, Any]]:
            publish(rig, 1)
            return list(seqs_in(channel, queue))

        number, properties = wait_for_some(arrived)[0]
        assert properties.message_id == f"session-of-cam1-{number}"
        assert properties.delivery_mode == 1
        assert not [each for each in properties.headers if each.startswith("x-")]

        wan.greet = lambda _: None  # every connection ends at once
        wan.cut()
        before = rig.counts().received
        publish(rig, 5)
        lost = range(before + 1, rig.counts().received + 1)
        wan.behave()
        # A frame of before the outage may have been on its way, and come first.
        assert not numbers_until(arrived, lambda seen: max(seen) > lost[-1]) & set(lost)
    recipe.undo("clear_parameter shovel to-centre", site)


@IN_THE_MATRIX
@pytest.mark.parametrize("brokers", SITES, indirect=True)
def test_federation_keeps_the_newest_frames_of_an_outage(
    make_rig: MakeRig, brokers: tuple[At, At], make_recipe: Any
) -> None:
    site, centre = brokers
    rig = connect(make_rig, site.node, "shop-17.door", vhost=site.vhost)
    with BrokerInTheMiddle(site.node.port) as wan, centre.node.channel() as channel:
        there = f"127.0.0.1:{wan.port}/{quote(site.vhost, safe='')}"
        recipe = make_recipe(
            "site-to-centre.md",
            "Federation",
            **{
                "shop-17.example.com:5672/%2F": there,
                '"reconnect-delay":5': '"reconnect-delay":1',
                '"message-ttl":10000': '"message-ttl":600000',  # however busy the machine is
            },
        )
        queue = bound_queue(channel)
        recipe.run("rabbitmq-plugins enable", site)
        recipe.run("rabbitmqctl add_user centre", At(site.node))
        recipe.run("rabbitmqctl set_permissions centre", site)
        recipe.run("rabbitmqctl set_policy", site)
        recipe.run("rabbitmq-plugins enable", centre)
        recipe.run("rabbitmqctl set_parameter federation-upstream", centre)
        recipe.run("rabbitmqctl set_policy", centre)

        def arrived() -> list[tuple[int, Any]]:
            publish(rig, 1)
            return list(seqs_in(channel, queue))

        _, properties = wait_for_some(arrived)[0]
        assert properties.headers["x-received-from"][0]["exchange"] == "edge-video"

        wan.greet = lambda _: None
        wan.cut()
        publish(rig, 80)
        last = rig.counts().received
        wan.behave()
        newest = set(range(last - 49, last + 1))  # in any order: what was on its way comes again
        seen = numbers_until(lambda: list(seqs_in(channel, queue)), lambda seen: newest <= seen)
        assert len(seen & set(range(last - 79, last + 1))) < 80, "the oldest made room"
    recipe.undo("delete_user centre", At(site.node))
    recipe.undo("clear_policy shops", centre)
    recipe.undo("clear_parameter federation-upstream shop-17", centre)


def numbers_until(
    arrived: Callable[[], list[tuple[int, Any]]], is_over: Callable[[set[int]], bool]
) -> set[int]:
    """The numbers of all that has arrived by the time that they say it is over."""
    seen: set[int] = set()

    def have_come() -> bool:
        seen.update(number for number, _ in arrived())
        return bool(seen) and is_over(seen)

    eventually(have_come)
    return seen


def wait_for_some(arrived: Callable[[], list[tuple[int, Any]]]) -> list[tuple[int, Any]]:
    """What has arrived, as soon as anything has."""
    found: list[tuple[int, Any]] = []

    def has_some() -> bool:
        found.extend(arrived())
        return bool(found)

    eventually(has_some)
    return found


def home_assistant(kind: str) -> dict[str, str]:
    """The only entity of a kind in the configuration that the page gives."""
    text = text_of("home-assistant.md").rpartition("```yaml\n")[2].partition("```")[0]
    (entity,) = yaml.safe_load(text)["mqtt"][kind]
    return dict(entity)


def test_home_assistant_knows_what_every_state_of_a_camera_means() -> None:
    jinja2 = pytest.importorskip("jinja2")  # which comes with the tools of the documents
    sensor = home_assistant("binary_sensor")
    shown = jinja2.Template(sensor["value_template"])
    payloads = [sensor["payload_on"], *3 * [sensor["payload_off"]]]
    states = ("online", "offline", "off_schedule", "off_expected")
    assert [shown.render(value_json={"state": each}) for each in states] == payloads


def test_mqtt_brings_frames_and_events_on_the_topics_of_home_assistant(
    make_rig: MakeRig, node: RecipeNode, make_recipe: Any
) -> None:
    recipe = make_recipe("home-assistant.md")
    events = NotificationQueue(10)
    rig = connect(
        make_rig,
        node,
        "edge-video.door",
        exchange="amq.topic",
        notifications=NotificationRoute("edge-video.events", events),
    )
    recipe.run("rabbitmq-plugins enable")
    recipe.run("rabbitmqctl add_user homeassistant")
    recipe.run("rabbitmqctl set_permissions")
    recipe.run("rabbitmqctl set_topic_permissions")
    recipe.run("rabbitmqctl set_policy")
    recipe.run("python examples/recipes/bind.py")

    camera, sensor = home_assistant("camera"), home_assistant("binary_sensor")
    with MqttClient(node.mqtt_port, "homeassistant", "its-password") as client:
        client.subscribe(camera["topic"], sensor["state_topic"])
        images = publish(rig, 3)
        body = json.dumps({"state": "online", "camera_id": "door"}).encode()
        key = "edge-video.events.camera.online.door"
        events.put(Notification("id-1", "camera_online", key, 1_700_000_000_000_000_000, body))
        eventually(lambda: len(client.received) == 4)
    by_topic = {topic: payload for topic, payload, _ in client.received}
    assert [
        payload for topic, payload, _ in client.received if topic == "edge-video/door"
    ] == images
    state = json.loads(by_topic["edge-video/events/camera/online/door"])["state"]
    assert state == sensor["payload_on"]
    assert not any(is_retained for _, _, is_retained in client.received)
