"""Hands on answers as they come, and says on a terminal who has not answered yet."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, wait
from typing import TYPE_CHECKING, Any, Final

from edge_video.cli.standard_streams import TransientLine
from edge_video.text.catalog import Language, lookup
from edge_video.text.duration import format_duration
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future

_LOOK_S: Final = 1.0
"""Between two looks at who has not answered yet."""
_NAMES_CHARACTERS: Final = 50


def as_they_come(
    asked: Mapping[Future[Any], str], language: Language, *, quiet: bool
) -> Iterator[Any]:
    """Yield each answer when it is there.

    Args:
        asked: by whom each is awaited, in words.
        language: the operator's.
        quiet: say nothing meanwhile.
    """
    pending = set(asked)
    began_s = time.monotonic()
    line = TransientLine(enabled=not quiet)
    while pending:
        done, pending = wait(pending, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
        line.clear()
        yield from (each.result() for each in done)
        if pending:
            awaited = ", ".join(name for each, name in asked.items() if each in pending)
            names = shorten(awaited, _NAMES_CHARACTERS)
            since = format_duration(float(round(time.monotonic() - began_s)))
            line.show(lookup("probe.waiting", language).format(names=names, since=since))
