"""Fixtures of the tests' RabbitMQ node, which itself is `edge_video.testing.rabbit`."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_video.testing.rabbit import RabbitNode, missing_programs
from tests.support.rtsp import require

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def rabbit() -> Iterator[RabbitNode]:
    """The session's node, started when the first test asks for it. See also `broker`."""
    missing = missing_programs()
    require(not missing, f"{' and '.join(missing)}, so no broker")
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
def exchange() -> str:
    """The name of an exchange that does not exist yet."""
    return f"open.{uuid.uuid4().hex}"
