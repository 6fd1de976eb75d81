"""Fixtures of the tests' RabbitMQ node, which itself is `edge_video.testing.rabbit`."""

from __future__ import annotations

import os
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_video.testing.rabbit import (
    ODD_PASSWORD,
    Certificates,
    Consumer,
    Message,
    RabbitNode,
    consume,
    free_port,
    make_certificates,
    missing_programs,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "ODD_PASSWORD",
    "Certificates",
    "Consumer",
    "Message",
    "RabbitNode",
    "consume",
    "free_port",
    "make_certificates",
]


def _need_rabbitmq() -> None:
    missing = missing_programs()
    if missing:
        words = f"NOT TESTED AGAINST A BROKER: {' and '.join(missing)} not installed"
        if os.environ.get("CI") or os.environ.get("EDGE_VIDEO_REQUIRE_ALL") == "1":
            pytest.fail(words)
        pytest.skip(words)


@pytest.fixture(scope="session")
def rabbit() -> Iterator[RabbitNode]:
    """The session's node, started when the first test asks for it. See also `broker`."""
    _need_rabbitmq()
    node = RabbitNode(Path(tempfile.mkdtemp(prefix="edge-video-rabbit-")))
    try:
        node.start()
        yield node
    finally:
        node.close()


@pytest.fixture
def broker(rabbit: RabbitNode) -> Iterator[RabbitNode]:
    """The session's node, running and thawed whatever the previous test did to it."""
    rabbit.ensure_running()
    yield rabbit
    rabbit.ensure_running()


@pytest.fixture
def broker_url(broker: RabbitNode) -> str:
    """The URL of a running broker."""
    return broker.url()


@pytest.fixture
def exchange() -> str:
    """The name of an exchange that does not exist yet."""
    return f"open.{uuid.uuid4().hex}"
