"""The protocol of `sd_notify(3)`, against a real datagram socket."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

import pytest

from edge_video.runtime.service_manager import ServiceManager
from tests.support.notify_socket import NotifySocket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["path", "abstract"])
def heard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NotifySocket]:
    is_abstract = request.param == "abstract"
    with NotifySocket(f"@edge-{os.getpid()}" if is_abstract else str(tmp_path / "notify")) as made:
        yield made


def test_every_notification_is_one_datagram(heard: NotifySocket) -> None:
    manager = ServiceManager.of_environment({"NOTIFY_SOCKET": heard.address})
    assert manager is not None
    manager.ready()
    assert manager.status("2 of 3\nstreaming é")
    assert manager.watchdog()
    manager.stop_limit_s = 35.0
    manager.stopping()
    assert heard.read() == [
        "READY=1",
        "STATUS=2 of 3 streaming é",
        "WATCHDOG=1",
        "STOPPING=1\nEXTEND_TIMEOUT_USEC=35000000",
    ]


def test_ready_and_stopping_are_said_once_and_in_this_order(heard: NotifySocket) -> None:
    manager = ServiceManager(heard.address)
    manager.ready()
    manager.ready()
    manager.stopping()
    manager.stopping()
    manager.ready()
    with manager.reloading():
        pass
    assert heard.read() == ["READY=1", "STOPPING=1"]


def test_a_reload_names_its_instant_and_ends_with_ready_whatever_becomes_of_it(
    heard: NotifySocket,
) -> None:
    manager = ServiceManager(heard.address)
    with manager.reloading():  # before the program is ready there is nothing to say
        pass
    manager.ready()
    before_us = time.monotonic_ns() // 1000
    with pytest.raises(RuntimeError), manager.reloading():
        raise RuntimeError
    ready, reloading, ready_again = heard.read()
    assert ready == ready_again == "READY=1"
    first, _, instant = reloading.partition("\nMONOTONIC_USEC=")
    assert first == "RELOADING=1"
    assert before_us <= int(instant) <= time.monotonic_ns() // 1000


def test_a_status_is_cut_between_characters(heard: NotifySocket) -> None:
    assert ServiceManager(heard.address).status("é" * 400)
    assert heard.read() == ["STATUS=" + "é" * 256]


def test_a_service_manager_that_does_not_listen_or_read_holds_nobody_up(tmp_path: Path) -> None:
    assert not ServiceManager(str(tmp_path / "nobody")).watchdog()
    with NotifySocket(str(tmp_path / "deaf")) as deaf:
        manager = ServiceManager(deaf.address)
        assert not all(manager.watchdog() for _ in range(100_000))
        manager.ready()  # was not taken, so it is said again
        assert deaf.read()
        manager.ready()
        assert deaf.read() == ["READY=1"]


@pytest.mark.parametrize(
    ("environ", "watchdog_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_fed_where_it_is_this_process_that_is_watched(
    environ: dict[str, str], watchdog_s: float | None
) -> None:
    manager = ServiceManager.of_environment({"NOTIFY_SOCKET": "/run/x", **environ})
    assert manager is not None
    assert manager.watchdog_s == watchdog_s


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "relative"])
def test_without_a_socket_that_can_be_reached_nobody_is_notified(address: str) -> None:
    assert ServiceManager.of_environment({"NOTIFY_SOCKET": address}) is None


def test_no_descriptor_stays_open(heard: NotifySocket) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the descriptor of a Path is one more
    for _ in range(10):
        assert ServiceManager(heard.address).watchdog()
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - as above
    assert isinstance(heard.socket, socket.socket)
