"""What a test asks the Erlang machine of its broker, by either client."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.rabbit import EVERY_BROKER

if TYPE_CHECKING:
    from edge_video.testing.rabbit import RabbitNode

pytestmark = [pytest.mark.rabbitmq, EVERY_BROKER]


@pytest.fixture(params=["erl_call", "rabbitmqctl"])
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "rabbitmqctl":
        monkeypatch.setattr(shutil, "which", lambda _name: None)
    return str(request.param)


def test_a_value_is_printed_as_erlang_writes_it(broker: RabbitNode, client: str) -> None:
    del client
    assert broker.evaluate('N = 1, [ok, {N + 1, <<"x">>}]') == '[ok,{2,<<"x">>}]'


def test_what_fails_says_why(broker: RabbitNode, client: str) -> None:
    del client
    with pytest.raises(AssertionError, match="here_is_why"):
        broker.evaluate("erlang:error(here_is_why)")
    with pytest.raises(AssertionError, match="syntax error"):
        broker.evaluate("foo bar")
