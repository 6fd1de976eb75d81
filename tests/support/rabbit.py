"""Fixtures of the tests' RabbitMQ node, which itself is `edge_video.testing.rabbit`."""

from __future__ import annotations

import contextlib
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from edge_video.testing.matrix import Trixie, chosen_broker
from edge_video.testing.rabbit import RabbitNode
from tests.support.rtsp import in_turn, require, require_of_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.testing.matrix import BrokerPrograms


@pytest.fixture(scope="session")
def rabbit() -> Iterator[RabbitNode]:
    """The session's node, started when the first test asks for it. See also `broker`."""
    programs = chosen_broker()
    missing = programs.missing()
    require(not missing, f"{' and '.join(missing)}, so no broker")
    with started(programs) as node:
        yield node


@pytest.fixture(scope="session")
def newer_rabbit() -> Iterator[RabbitNode]:
    """A node of RabbitMQ 4.0, whatever `rabbit` is."""
    programs = Trixie.at_its_place()
    missing = programs.missing()
    require_of_matrix(not missing, " and ".join(missing))
    with started(programs) as node:
        yield node


@contextlib.contextmanager
def started(programs: BrokerPrograms) -> Iterator[RabbitNode]:
    node = RabbitNode(Path(tempfile.mkdtemp(prefix="edge-video-rabbit-")), programs=programs)
    try:
        node.start()
        yield node
    finally:
        node.close()


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Iterator[RabbitNode]:
    """The session's node, running and thawed whatever the previous test did to it.

    Each node in turn where the test is parametrized with `EVERY_BROKER`.
    """
    node: RabbitNode = request.getfixturevalue(getattr(request, "param", "rabbit"))
    node.ensure_running()
    yield node
    node.ensure_running()


def broker_user(
    node: RabbitNode,
    name: str | None = None,
    password: str | None = None,
    *,
    configure: str = ".*",
    write: str = ".*",
    read: str = ".*",
    topics: tuple[str, str] | None = None,
) -> str:
    """Make a user of the test's own in the vhost `/`; return its name.

    It stays until the node is thrown away.

    Args:
        node: the broker.
        name: None for one that nobody has.
        password: None for the name.
        configure: which names it may configure.
        write: which names it may write to.
        read: which names it may read from.
        topics: an exchange, and the routing keys with which it may write to that; None: all.
    """
    name = name or f"user-{uuid.uuid4().hex[:8]}"
    added = _call("add_user", name, password or name, "tests")
    calls = [added, _call("set_permissions", name, "/", configure, write, read, "tests")]
    if topics is not None:
        calls.append(_call("set_topic_permissions", name, "/", *topics, "^$", "tests"))
    wanted = ",".join(["ok"] * len(calls))
    assert node.evaluate(f"[{', '.join(calls)}]") == f"[{wanted}]"
    return name


def _call(function: str, *arguments: str) -> str:
    """A call of the broker's own register of users, in Erlang."""
    words = ", ".join(f'<<"{each}">>' for each in arguments)
    return f"rabbit_auth_backend_internal:{function}({words})"


EVERY_BROKER: Final = in_turn("broker", "rabbit", "newer_rabbit")
"""RabbitMQ 3.10 (or what the machine has) and 4.0: for what the broker itself decides."""


@pytest.fixture
def exchange() -> str:
    """The name of an exchange that does not exist yet."""
    return f"open.{uuid.uuid4().hex}"
