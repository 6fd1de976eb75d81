"""Renders what became of configured cameras: a row for each, what is odd, the sum."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from edge_video.capture.onvif.matching import Remark, Whereabouts
from edge_video.text.catalog import Language, lookup
from edge_video.text.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.capture.onvif.matching import Match


def render_matches(matches: Sequence[Match], language: Language) -> str:
    """Every camera; behind them the sum, and how a new address is taken over."""
    titles = {each: lookup(f"match.{each.value}", language) for each in Whereabouts}
    id_width = max((len(each.wanted.camera_id) for each in matches), default=0)
    width = max(map(len, titles.values()))
    lines = []
    for each in matches:
        row = f"{each.wanted.camera_id:<{id_width}}  {titles[each.whereabouts]:<{width}}  "
        lines.append(f"{row}{_where(each)}".rstrip())
        lines += [f"  ! {remark}" for remark in _remarks(each, language)]
    counts = Counter(each.whereabouts for each in matches)
    facts = {each.value: counts[each] for each in Whereabouts}
    lines.append(lookup("match.summary", language).format(**facts))
    if counts[Whereabouts.MOVED]:
        lines.append(lookup("match.take_over", language))
    return "\n".join(lines)


def matches_as_json(matches: Sequence[Match], language: Language) -> dict[str, Any]:
    """The same for programs; words are in the operator's language, keys are not."""
    return {"cameras": [_as_json(each, language) for each in matches]}


def device_line(match: Match) -> str:
    """The key `device` of the device that is there, as YAML."""
    known = {"endpoint": match.identity.endpoint, "mac": match.identity.mac}
    inner = ", ".join(f"{key}: {json.dumps(each)}" for key, each in known.items() if each)
    return f"device: {{{inner}}}"


def _where(match: Match) -> str:
    if match.whereabouts is Whereabouts.MOVED:
        return f"{_host(match)} → {match.address}  {match.url}"
    return _host(match)


def _host(match: Match) -> str:
    return split_url(match.wanted.url).host


def _remarks(match: Match, language: Language) -> list[str]:
    facts = {
        "host": _host(match),
        "address": match.address or _host(match),
        "others": ", ".join(match.others),
        "endpoint": match.identity.endpoint,
    }
    found = [
        lookup(f"match.remark.{each.value}", language).format(**facts) for each in match.remarks
    ]
    if Remark.NO_IDENTITY in match.remarks and match.identity:
        found.append(lookup("match.note_it", language).format(line=device_line(match)))
    return found


def _as_json(match: Match, language: Language) -> dict[str, Any]:
    return {
        "id": match.wanted.camera_id,
        "state": match.whereabouts.value,
        "from": _host(match),
        "to": match.address,
        "url": match.url or None,
        "endpoint": match.identity.endpoint or None,
        "mac": match.identity.mac or None,
        "codes": [each.value for each in match.remarks],
        "remarks": _remarks(match, language),
    }
