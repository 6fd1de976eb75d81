"""One update for all viewers; nobody waits for a slow one."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest

from edge_video.http import hub as hub_module
from edge_video.http.hub import Hub

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "UPDATE_S", 0.001)


def counting() -> Hub:
    numbers = itertools.count(1)
    return Hub(lambda: str(next(numbers)).encode())


async def first(updates: AsyncIterator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(updates), 10)


def test_the_first_update_comes_at_once_and_the_next_by_themselves() -> None:
    async def scenario() -> list[bytes]:
        hub = counting()
        updates = hub.updates()
        seen = [await first(updates) for _ in range(3)]
        assert hub.viewers == 1
        hub.close()
        assert [each async for each in updates][-1:] in ([], [b"4"])
        assert hub.viewers == 0
        return seen

    assert asyncio.run(scenario()) == [b"retry: 2000\n\n1", b"2", b"3"]


def test_a_slow_viewer_gets_the_newest_update_instead_of_all_that_it_missed() -> None:
    async def scenario() -> None:
        hub = counting()
        slow, quick = hub.updates(), hub.updates()
        await first(slow)
        await first(quick)
        newest = [await first(quick) for _ in range(50)][-1]
        # One may have been under way when it last looked; the one after it is the newest.
        caught_up = [int(await first(slow)) for _ in range(2)]
        assert caught_up[1] >= int(newest)
        hub.close()

    asyncio.run(scenario())


def test_nothing_is_rendered_when_nobody_looks() -> None:
    async def scenario() -> None:
        hub = counting()
        updates = hub.updates()
        await first(updates)
        await first(updates)
        await updates.aclose()  # type: ignore[attr-defined]
        assert hub.viewers == 0
        broadcasting = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait_for(asyncio.gather(*broadcasting), 10)
        assert asyncio.all_tasks() == {asyncio.current_task()}  # nothing that could render

    asyncio.run(scenario())


def test_an_update_that_cannot_be_made_ends_the_streams_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        answers = [b"1"]
        hub = Hub(answers.pop)
        updates = hub.updates()
        await first(updates)
        with pytest.raises(StopAsyncIteration):
            await first(updates)
        assert hub.viewers == 0

    asyncio.run(scenario())
    assert "an update of the page could not be made" in caplog.text


def test_there_is_room_for_so_many_and_no_more() -> None:
    async def scenario() -> None:
        hub = counting()
        viewers = [hub.updates() for _ in range(128)]
        for viewer in viewers:
            assert not hub.is_full
            await first(viewer)
        assert hub.is_full
        hub.close()
        for viewer in viewers:
            async for _ in viewer:
                pass
        assert hub.viewers == 0

    asyncio.run(scenario())
