"""Systems of real actors whose cameras, broker and time a test plays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.actors import ScriptedSystem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def world_of() -> Iterator[Callable[..., ScriptedSystem]]:
    """Makes scripted systems, and stops them after the test."""
    systems: list[ScriptedSystem] = []

    def make(*camera_ids: str, **options: Any) -> ScriptedSystem:
        systems.append(ScriptedSystem(*camera_ids, **options))
        return systems[-1]

    yield make
    for system in systems:
        if hasattr(system, "system"):
            system.system.stop(timeout_s=20)
