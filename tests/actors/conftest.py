"""Systems of real actors whose cameras, broker and time a test plays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.actors import ScriptedSystem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def world_of() -> Iterator[Callable[..., ScriptedSystem]]:
    """Makes worlds, and stops their systems after the test."""
    worlds: list[ScriptedSystem] = []

    def make(*camera_ids: str, **options: Any) -> ScriptedSystem:
        worlds.append(ScriptedSystem(*camera_ids, **options))
        return worlds[-1]

    yield make
    for world in worlds:
        if hasattr(world, "system"):
            world.system.stop(timeout_s=20)
