"""A camera's name that stands for several addresses, of which some are none."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpcore
import pytest

from edge_video.capture.snapshot.network import SnapshotNetwork
from edge_video.capture.snapshot.trouble import failure_of
from edge_video.resilience.failures import Cause
from edge_video.testing.rabbit import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    Address = tuple[int, int, int, str, Any]

NO_FAMILY = 4000


@pytest.fixture
def stay() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def address(port: int, family: int = socket.AF_INET) -> Address:
    return (family, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))


def listening(stay: ExitStack) -> int:
    port: int = stay.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
    return port


def silent(stay: ExitStack) -> int:
    """A port that answers nothing: its queue of connections is full."""
    listener = stay.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    port: int = listener.getsockname()[1]
    stay.enter_context(socket.create_connection(("127.0.0.1", port)))
    return port


def connect(
    monkeypatch: pytest.MonkeyPatch,
    *addresses: Address,
    limit_s: float = 5.0,
    make: type[SnapshotNetwork] = SnapshotNetwork,
) -> httpcore.NetworkStream:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_keys: list(addresses))
    network = make(connect_s=5.0)
    network.begin(limit_s)
    return network.connect_tcp("camera", 80)


def test_an_address_of_a_family_that_the_machine_lacks_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, stay: ExitStack
) -> None:
    port = listening(stay)
    connect(monkeypatch, address(80, NO_FAMILY), address(port)).close()


def test_a_machine_without_the_only_family_cannot_reach_the_camera(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(httpcore.ConnectError) as raised:
        connect(monkeypatch, address(80, NO_FAMILY))
    assert failure_of(raised.value).cause is Cause.UNREACHABLE


@pytest.mark.parametrize("families", [(socket.AF_INET, NO_FAMILY), (NO_FAMILY, socket.AF_INET)])
def test_an_address_that_refuses_says_more_than_a_family_that_the_machine_lacks(
    monkeypatch: pytest.MonkeyPatch, families: tuple[int, int]
) -> None:
    with pytest.raises(httpcore.ConnectError) as raised:
        connect(monkeypatch, *(address(free_port(), each) for each in families))
    assert failure_of(raised.value).cause is Cause.REFUSED


def test_an_address_that_there_was_no_time_to_try_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Late(SnapshotNetwork):
        """Its time is over as soon as one address was tried."""

        tried = 0

        def left_s(self) -> float:
            self.tried += 1
            if self.tried > 1:
                raise TimeoutError
            return 5.0

    with pytest.raises(httpcore.ConnectError) as raised:
        connect(monkeypatch, address(free_port()), address(free_port()), make=Late)
    assert failure_of(raised.value).cause is Cause.REFUSED


def test_an_address_where_nobody_answers_leaves_the_others_their_time(
    monkeypatch: pytest.MonkeyPatch, stay: ExitStack
) -> None:
    port = listening(stay)
    connect(monkeypatch, address(silent(stay)), address(port), limit_s=4.0).close()
