"""The recipes of docs/recipes do what they say: their own commands, edge-video's sink, a broker."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.delivery.amqp.settings import Route
from edge_video.testing.matrix import chosen_broker
from tests.support.amqp import CAM1, CAM2
from tests.support.recipes import PAGES, Recipe, RecipeNode, commands_of
from tests.support.rtsp import require
from tests.support.shell_blocks import blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.delivery.ledger import FrameCounts
    from tests.support.amqp import MakeRig, Rig

pytestmark = pytest.mark.rabbitmq


@pytest.fixture(scope="module")
def node() -> Iterator[RecipeNode]:
    """One node with every plugin, for all recipes."""
    programs = chosen_broker()
    missing = programs.missing()
    require(not missing, f"{' and '.join(missing)}, so no broker")
    node = RecipeNode(Path(tempfile.mkdtemp(prefix="edge-video-rabbit-")), programs)
    try:
        node.start()
        yield node
    finally:
        node.close()


@pytest.fixture
def make_recipe(node: RecipeNode, tmp_path: Path) -> Iterator[Any]:
    """Make a page's recipe; afterwards all of its commands have been run."""
    made: list[Recipe] = []

    def make(page: str, **addresses: str) -> Recipe:
        made.append(Recipe(page, node, tmp_path, addresses))
        return made[0]

    yield make
    assert made[0].is_done()


def connect(make_rig: MakeRig, node: RecipeNode, exchange: str, prefix: str = "") -> Rig:
    """edge-video's sink with two cameras, as the configuration of the recipe routes them."""
    rig: Rig = make_rig(node, {cam: Route(exchange, f"{prefix}{cam}") for cam in (CAM1, CAM2)})
    return rig.connect()


def publish(rig: Rig, count: int) -> tuple[list[bytes], FrameCounts]:
    """So many frames, alternately of both cameras; what they show and what became of them."""
    return rig.put_all(count, CAM1, CAM2), rig.settle()


def test_every_command_of_a_recipe_is_run_or_says_why_not() -> None:
    for page in PAGES:
        for block in blocks_of(page):
            assert block.to_run or block.reason, block
    assert commands_of("stream.md")


def test_a_stream_keeps_frames_that_anybody_may_replay(
    make_rig: MakeRig, node: RecipeNode, make_recipe: Any, tmp_path: Path
) -> None:
    recipe = make_recipe("stream.md")
    rig = connect(make_rig, node, "edge-video")
    assert "keeps 1h" in recipe.run("python examples/recipes/stream.py")
    images, counts = publish(rig, 6)
    assert counts.confirmed == 6
    printed = recipe.run("python examples/recipes/stream.py")
    rows = [line.split()[:2] for line in printed.splitlines()]
    assert rows == [[str(cam), str(seq)] for seq in (1, 2, 3) for cam in (CAM1, CAM2)]
    saved = sorted((tmp_path / "pictures/cam1").iterdir())
    assert [each.read_bytes() for each in saved] == images[::2]
