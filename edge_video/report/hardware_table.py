"""Renders what `probe` prints of the hardware that is to decode: a line each, and one per card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_video.capture.hardware.cards import CAMERA_MB
from edge_video.text.catalog import Language, lookup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.capture.hardware.cards import Card
    from edge_video.capture.hardware.survey import HardwareSurvey, Tried


def render_hardware(survey: HardwareSurvey, language: Language) -> str:
    """The lines, under a title; empty where no hardware is configured."""
    if not survey.tried:
        return ""
    return "\n".join([lookup("probe.hardware", language), *_lines(survey, language)])


def _lines(survey: HardwareSurvey, language: Language) -> Iterator[str]:
    for each in survey.tried:
        way = each.result.acceleration
        if way is None:
            text = lookup("doctor.hardware.fails", language).format(reason=each.result.reason)
            yield f"  ! {each.subject}: {text}"
        else:
            code = "encodes" if way.encodes else "ok"
            yield f"  ✓ {each.subject}: {lookup(f'doctor.hardware.{code}', language)}".format(
                name=way.name
            )
    for card in survey.cards:
        full = survey.on_cards > card.most_cameras
        code = "card_full" if full else "card"
        text = lookup(f"doctor.hardware.{code}", language)
        facts = card_facts(card, survey.on_cards)
        yield f"  {'!' if full else '✓'} cuda ({card.index}): {text.format(**facts)}"


def card_facts(card: Card, cameras: int) -> dict[str, object]:
    """What the texts about a card name: its memory, and for how many cameras that is."""
    return {
        "name": card.name,
        "total": card.total_mb,
        "free": card.free_mb,
        "each": CAMERA_MB,
        "cameras": cameras,
        "most": card.most_cameras,
        "more": card.more_cameras,
    }


def hardware_as_json(survey: HardwareSurvey) -> dict[str, Any]:
    """The same, ready for `json.dumps`."""
    return {
        "tried": [_tried(each) for each in survey.tried],
        "cards": [
            {
                "index": card.index,
                "name": card.name,
                "total_mb": card.total_mb,
                "free_mb": card.free_mb,
                "most_cameras": card.most_cameras,
                "more_cameras": card.more_cameras,
            }
            for card in survey.cards
        ],
    }


def _tried(each: Tried) -> dict[str, Any]:
    way = each.result.acceleration
    return {
        "hwaccel": each.key.name,
        "device": each.key.device,
        "cameras": each.cameras,
        "ok": way is not None,
        "used": None if way is None else way.name,
        "encodes": way is not None and way.encodes,
        "reason": each.result.reason,
    }
