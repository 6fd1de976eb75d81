"""What a test asks the Erlang machine of its broker, by either client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.testing import rabbit
from tests.support.rabbit import EVERY_BROKER

if TYPE_CHECKING:
    from edge_video.testing.rabbit import RabbitNode

pytestmark = [pytest.mark.rabbitmq, pytest.mark.usefixtures("client"), EVERY_BROKER]


@pytest.fixture(params=["erl_call", "rabbitmqctl"])
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "rabbitmqctl":
        monkeypatch.setattr(rabbit, "_ERL_CALL", "edge-video-has-no-such-program")


def test_a_value_is_printed_as_erlang_writes_it(broker: RabbitNode) -> None:
    assert broker.evaluate('N = 1, [ok, {N + 1, <<"x">>}]') == '[ok,{2,<<"x">>}]'


def test_what_fails_says_why(broker: RabbitNode) -> None:
    with pytest.raises(AssertionError, match="here_is_why"):
        broker.evaluate("erlang:error(here_is_why)")
    with pytest.raises(AssertionError, match="syntax error"):
        broker.evaluate("foo bar")
