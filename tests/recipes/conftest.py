"""The broker of the recipes, with every plugin that they enable."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_video.testing.matrix import InstalledBroker, Trixie, chosen_broker
from tests.support.recipes import At, RecipeNode
from tests.support.rtsp import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.testing.matrix import BrokerPrograms


@pytest.fixture(scope="session")
def node() -> Iterator[RecipeNode]:
    """One node for all recipes."""
    programs = chosen_broker()
    missing = programs.missing()
    require(not missing, f"{' and '.join(missing)}, so no broker")
    with started(programs) as node:
        yield node


@pytest.fixture(scope="session")
def other_node() -> Iterator[RecipeNode]:
    """A node of the other version, where this machine has it."""
    is_old = isinstance(chosen_broker(), InstalledBroker)
    other = Trixie.at_its_place() if is_old else InstalledBroker()
    with started(chosen_broker() if other.missing() else other) as node:
        yield node


@pytest.fixture
def brokers(request: pytest.FixtureRequest, node: RecipeNode) -> tuple[At, At]:
    """The site's broker and the centre's: two nodes, or two virtual hosts of one."""
    if request.param == "virtual hosts":
        return At(node, "a/b"), At(node)
    return At(node), At(request.getfixturevalue("other_node"))


@contextlib.contextmanager
def started(programs: BrokerPrograms) -> Iterator[RecipeNode]:
    node = RecipeNode(Path(tempfile.mkdtemp(prefix="edge-video-rabbit-")), programs)
    try:
        node.start()
        yield node
    finally:
        node.close()
