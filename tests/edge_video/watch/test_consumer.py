"""The watching consumer's connection, where no broker is needed to see what it does."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pika
import pika.exceptions
import pytest

from edge_video.delivery.amqp.settings import AmqpSettings, TlsSettings
from edge_video.text.catalog import Language
from edge_video.text.phrases import translated
from edge_video.watch import consumer as consumer_module
from edge_video.watch.consumer import (
    Binding,
    Consumer,
    Listener,
    NoExchangeError,
    Subscription,
    describe_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "p@ss:w/rd 7391"


def reason_of(error: BaseException) -> str:
    broker = AmqpSettings("127.0.0.1", 1, "/", "viewer", PASSWORD)
    return describe_error(error, Subscription(broker, [Binding("shop")]))


def test_a_subscription_shows_its_broker_and_user_without_the_password() -> None:
    broker = AmqpSettings("::1", 5671, "shop", "viewer", PASSWORD, tls=TlsSettings())
    assert Subscription(broker, []).target == "amqps://viewer@[::1]:5671/shop"


@pytest.mark.parametrize(
    "error",
    [
        pika.exceptions.ConnectionClosedByBroker(320, f"bye {PASSWORD}\r\n{quote(PASSWORD)}"),
        pika.exceptions.ChannelClosedByBroker(403, f"no {PASSWORD}\r\n{quote(PASSWORD, safe='')}"),
    ],
)
def test_a_broker_that_quotes_the_password_is_not_quoted(error: BaseException) -> None:
    reason = reason_of(error)
    assert PASSWORD not in reason
    assert "7391" not in reason
    assert "\n" not in reason


def test_a_broker_that_accepts_and_says_nothing_is_named_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer_module, "_CONNECT_S", 0.2)
    lost: list[str] = []

    def on_lost(reason: str, _retry_in_s: float) -> None:
        lost.append(reason)
        if len(lost) == 2:
            watching.stop()

    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        broker = AmqpSettings("127.0.0.1", port, "/", "guest", "guest")
        watching = Consumer(
            Subscription(broker, [Binding("edge-video")]),
            Listener(on_frame=lambda *_: None, on_connected=lambda: None, on_lost=on_lost),
        )
        watching.run()
    assert lost == [f"127.0.0.1:{port} did not answer in time"] * 2


NO_QUEUE = "ACCESS_REFUSED: the user may not make a queue of its own"
SEM_FILA = "ACCESS_REFUSED: o usuário não pode criar uma fila própria"


def reasons_of(code: int, text: str) -> tuple[str, str]:
    """Of two exchanges, in English and in Portuguese."""
    broker = AmqpSettings("127.0.0.1", 1, "/", "viewer", PASSWORD)
    error = pika.exceptions.ChannelClosedByBroker(code, text)
    reason = describe_error(error, Subscription(broker, [Binding("shop"), Binding("ya'rd")]))
    return reason, translated(reason, Language.PT_BR)


@pytest.mark.parametrize(
    ("code", "text", "reason", "motivo"),
    [
        (
            403,
            "ACCESS_REFUSED - read access to exchange 'ya'rd' in vhost '/' refused for user 'u'",
            "ACCESS_REFUSED: the user may not read from exchange 'ya'rd'",
            "ACCESS_REFUSED: o usuário não pode ler do exchange 'ya'rd'",
        ),
        (
            403,
            "ACCESS_REFUSED - access to queue 'amq.gen-x' in vhost '/' refused for user 'u'",
            f"{NO_QUEUE} (configure, write and read on amq.gen*)",
            f"{SEM_FILA} (configuração, escrita e leitura em amq.gen*)",
        ),
        (
            404,
            "NOT_FOUND - no exchange 'shop' in vhost '/'",
            "NOT_FOUND: exchange 'shop' has been deleted",
            "NOT_FOUND: o exchange 'shop' foi excluído",
        ),
        (
            403,
            "no more is said",
            "ACCESS_REFUSED: the user may not read from exchange 'shop, ya'rd'",
            "ACCESS_REFUSED: o usuário não pode ler do exchange 'shop, ya'rd'",
        ),
    ],
)
def test_of_several_exchanges_the_one_that_is_refused_is_named(
    code: int, text: str, reason: str, motivo: str
) -> None:
    assert reasons_of(code, text) == (reason, motivo)


class ScriptedBroker:
    """A connection and its channels; each call of `process_data_events` takes one step."""

    def __init__(self, refused: dict[str, int], *steps: Callable[[], object]) -> None:
        self.refused = refused
        """The exchanges that cannot be bound, and with which code."""
        self.bound: list[str] = []
        self.is_open = True
        self._steps = iter(steps)

    def __call__(self, *_: object) -> ScriptedBroker:
        return self

    def channel(self) -> ScriptedChannel:
        return ScriptedChannel(self)

    def process_data_events(self, time_limit: float) -> None:
        assert time_limit <= 0.2
        next(self._steps)()

    def close(self) -> None:
        self.is_open = False


class ScriptedChannel:
    """Is closed by whatever the broker refuses, as in AMQP."""

    def __init__(self, broker: ScriptedBroker) -> None:
        self._broker = broker
        self.is_open = True

    def queue_declare(self, *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(method=SimpleNamespace(queue="amq.gen-x"))

    def queue_bind(self, queue: str, exchange: str, routing_key: str) -> None:
        assert (queue, routing_key) == ("amq.gen-x", "#")
        self.exchange_declare(exchange)
        self._broker.bound.append(exchange)

    def exchange_declare(self, exchange: str, **_: object) -> None:
        assert self.is_open
        if (code := self._broker.refused.get(exchange)) is not None:
            self.is_open = False
            text = f"no exchange '{exchange}' in vhost '/'"
            raise pika.exceptions.ChannelClosedByBroker(code, text)

    def close(self) -> None:
        self.is_open = False

    def basic_qos(self, **_: object) -> None: ...

    def basic_consume(self, *_: object) -> None: ...

    def add_on_cancel_callback(self, _: object) -> None: ...


def hears(
    broker: ScriptedBroker, monkeypatch: pytest.MonkeyPatch, *exchanges: str
) -> tuple[Consumer, list[str]]:
    """A consumer of these exchanges, and what happens to it; a loss is the end."""
    monkeypatch.setattr(pika, "BlockingConnection", broker)
    monkeypatch.setattr(consumer_module, "_BIND_AGAIN_S", 0.0)
    happened: list[str] = []

    def on_lost(reason: str, _retry_in_s: float) -> None:
        happened.append(f"lost: {reason}")
        consumer.stop()

    consumer = Consumer(
        Subscription(
            AmqpSettings("127.0.0.1", 1, "/", "viewer", PASSWORD),
            [Binding(each) for each in exchanges],
            likely=("shop", "edge-video"),
        ),
        Listener(
            on_frame=lambda *_: None,
            on_connected=lambda: happened.append("connected"),
            on_lost=on_lost,
            on_unheard=happened.append,
        ),
    )
    return consumer, happened


GONE = "NOT_FOUND: exchange '{}' has been deleted"


def test_an_exchange_that_is_missing_or_refused_is_told_once_and_the_others_are_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = ScriptedBroker(
        {"yard": 404, "shed": 403},
        *[lambda: None] * 6,
        lambda: broker.refused.pop("yard"),
        *[lambda: None] * 3,
        lambda: broker.refused.update(yard=404),
        *[lambda: None] * 6,
        lambda: consumer.stop(),  # noqa: PLW0108 - there is none yet
    )
    consumer, happened = hears(broker, monkeypatch, "door", "yard", "shed")
    consumer.run()
    assert happened == [
        "NOT_FOUND: exchange 'yard' does not exist",
        "ACCESS_REFUSED: the user may not read from exchange 'shed'",
        "connected",
        GONE.format("yard"),
    ]
    assert broker.bound.count("door") > 3
    assert broker.bound.count("yard") == 1


def test_when_the_last_exchange_goes_the_connection_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = ScriptedBroker(
        {},
        lambda: broker.refused.update(door=404),
        *[lambda: None] * 3,
        lambda: broker.refused.update(yard=404),
        *[lambda: None] * 3,
    )
    consumer, happened = hears(broker, monkeypatch, "door", "yard")
    consumer.run()
    assert happened == ["connected", GONE.format("door"), f"lost: {GONE.format('yard')}"]


def test_without_any_of_its_exchanges_it_does_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = ScriptedBroker({"door": 404, "yard": 404, "edge-video": 404})
    consumer, happened = hears(broker, monkeypatch, "door", "yard")
    with pytest.raises(NoExchangeError, match=r"^door, yard$") as caught:
        consumer.run()
    assert (caught.value.likely, happened) == (["shop"], [])


def test_where_nothing_that_exists_may_be_read_it_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = ScriptedBroker({"door": 404, "yard": 403})
    consumer, happened = hears(broker, monkeypatch, "door", "yard")
    consumer.run()
    assert happened == ["lost: ACCESS_REFUSED: the user may not read from exchange 'yard'"]
