"""When a channel of the control connection is opened again, and what is told of its end."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pika.exceptions
import pytest

from edge_video.delivery.amqp.control_channel import ControlSeat
from edge_video.delivery.amqp.exchange import ChannelHost
from tests.support.control import RememberingUser

if TYPE_CHECKING:
    from collections.abc import Callable


class Channel:
    """Has what a seat and its user do with pika's channel."""

    is_open = True

    def add_on_close_callback(self, call: Callable[[Any, BaseException], None]) -> None:
        self.ended = call

    def close(self) -> None:
        self.is_open = False

    def refuse(self, code: str) -> None:
        self.is_open = False
        self.ended(self, pika.exceptions.ChannelClosedByBroker(404, code))

    def answer_close(self) -> None:
        self.is_open = False
        self.ended(self, pika.exceptions.ChannelClosedByClient(0, ""))


@dataclass
class Connection:
    """Opens a channel when the seat's rest is over, which is as soon as a test says so."""

    is_open: bool = True
    now_s: float = 0.0
    channels: list[Channel] = field(default_factory=list)
    rests: list[float] = field(default_factory=list)
    due: list[Callable[[], None]] = field(default_factory=list)

    def channel(self, on_open_callback: Callable[[Any], None]) -> None:
        self.channels.append(Channel())
        on_open_callback(self.channels[-1])

    def call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        self.rests.append(delay_s)
        self.due.append(call)

    def rest(self) -> Channel:
        self.due.pop()()
        return self.channels[-1]


@pytest.fixture
def connection() -> Connection:
    return Connection()


def seated(connection: Connection, user: RememberingUser) -> Channel:
    host = ChannelHost(
        guarded=lambda call: call,
        call_later=connection.call_later,
        clean=lambda text: text,
        now=lambda: connection.now_s,
        retry_s=1.0,
        knowledge=cast("Any", None),
    )
    ControlSeat(user, connection, host).open()
    return connection.channels[-1]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


def test_a_refusal_that_is_an_answer_is_followed_at_once_and_a_series_of_them_rests(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    channel = seated(
        connection, RememberingUser(on_opened=lambda each: each.expect_refusal("NOT_FOUND"))
    )
    for _ in range(7):
        channel.refuse("NOT_FOUND")
        channel = connection.rest()
    assert connection.rests == [0.0, 2.0, 5.0, 10.0, 30.0, 30.0, 30.0]
    assert lines(caplog) == []

    connection.now_s += 60
    channel.refuse("NOT_FOUND")
    assert connection.rests[7:] == [0.0], "the channel has lasted"


def test_the_first_refusal_after_an_answer_is_told(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    channel = seated(
        connection, RememberingUser(on_opened=lambda each: each.expect_refusal("NOT_FOUND"))
    )
    channel.refuse("NOT_FOUND")
    connection.rest().refuse("ACCESS_REFUSED")
    assert ["ACCESS_REFUSED" in each for each in lines(caplog)] == [True]
    connection.rest().refuse("ACCESS_REFUSED")
    assert len(lines(caplog)) == 1


def test_a_channel_that_its_user_closes_again_and_again_rests_longer(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    channel = seated(connection, RememberingUser())
    for _ in range(5):
        channel.answer_close()
        channel = connection.rest()
    assert connection.rests == [1.0, 2.0, 5.0, 10.0, 30.0]
    assert lines(caplog) == []


def test_an_abandoned_channel_is_another_ones_loss_no_more_and_few_of_them_are_left(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    user = RememberingUser()
    seated(connection, user)
    for times in range(1, 4):
        user.channels[-1].abandon("held up")
        assert user.reasons == ["held up"] * times
        assert not connection.channels[-1].is_open
        connection.rest()
        connection.now_s += 90
    user.channels[-1].abandon("held up")
    assert (connection.due, len(connection.channels)) == ([], 4)
    assert ["held up" in each for each in lines(caplog)] == [True] * 3

    connection.channels[0].answer_close()
    assert len(connection.channels) == 5
    connection.channels[1].answer_close()
    assert (user.reasons, len(user.channels)) == (["held up"] * 4, 5)
    assert user.channels[-1].is_open


def test_the_user_hears_nothing_of_a_channel_that_it_has_left(connection: Connection) -> None:
    user = RememberingUser()
    heard: list[str] = []
    calls: list[Callable[[Any], None]] = []
    channel = seated(connection, user)
    channel.add_on_cancel_callback = calls.append  # type: ignore[attr-defined]  # pika's
    user.channels[-1].on_cancelled(heard.append)
    cancelled: Any = type("Frame", (), {"method": type("Cancel", (), {"consumer_tag": "7"})})
    calls[0](cancelled)
    user.channels[-1].abandon("held up")
    calls[0](cancelled)
    assert heard == ["7"]
