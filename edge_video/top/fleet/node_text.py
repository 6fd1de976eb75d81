"""Renders what is said of a node and its cameras, in words and colours. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from edge_video.resilience.failures import Cause
from edge_video.text.catalog import TEXTS, lookup
from edge_video.text.formatting import format_number, format_percent, format_rounded_duration
from edge_video.text.phrases import translated
from edge_video.top.fleet.judging import NodeState, ill_cameras

if TYPE_CHECKING:
    from edge_video.text.catalog import Language
    from edge_video.top.fleet.judging import JudgedNode, Remark
    from edge_video.top.fleet.model import KnownCamera

STYLES: Final = {
    NodeState.SILENT: "bold white on red",
    NodeState.TROUBLE: "bold red",
    NodeState.WARN: "bold yellow",
    NodeState.PARTIAL: "dim",
    NodeState.LEFT: "dim",
    NodeState.OK: "green",
}
_MARKS: Final = {
    NodeState.SILENT: "✗",
    NodeState.TROUBLE: "!",
    NodeState.WARN: "▼",
    NodeState.PARTIAL: "?",
    NodeState.LEFT: "■",
    NodeState.OK: "✓",
}
_CAMERA_STYLES: Final = {
    "trouble": ("!", "bold red"),
    "slow": ("▼", "bold yellow"),
    "starting": ("…", "yellow"),
    "healthy": ("✓", "green"),
}
_ABOUT_CAMERAS: Final = ("cameras", "slow", "pictures")
_NAMED: Final = 3
_RESTS: Final = ("■", "dim")


def state_text(state: NodeState, language: Language) -> Text:
    """The word of a state with its mark and colour."""
    return Text(f"{_MARKS[state]} {lookup(f'fleet.state.{state.value}', language)}", STYLES[state])


def remark_text(remark: Remark, judged: JudgedNode, language: Language) -> str:
    """One remark in words."""
    facts = dict(remark.facts)
    if isinstance(reason := facts.get("reason"), str):
        facts["reason"] = translated(reason, language)
    if isinstance(off_s := facts.get("seconds"), float):
        facts["off"] = lasting(off_s)
    return lookup(f"fleet.remark.{remark.key}", language).format(
        ago=lasting(judged.heard_ago_s), **facts
    )


def remarks_text(judged: JudgedNode, language: Language) -> str:
    """All remarks, the gravest first; the first about cameras has the names of the worst three."""
    names = ", ".join(each.camera_id for each in ill_cameras(judged.node)[:_NAMED])
    parts = []
    for each in judged.remarks:
        text = remark_text(each, judged, language)
        if names and each.key in _ABOUT_CAMERAS:
            text, names = f"{text} ({names})", ""
        parts.append(text)
    return ", ".join(parts)


def camera_text(camera: KnownCamera, now_s: float, language: Language) -> Text:
    """One camera in one line, but for its name."""
    mark, style = _CAMERA_STYLES.get(camera.health, _RESTS)
    text = Text(f"{mark} {health_word(camera.health, language)}", style)
    parts = []
    if camera.since_s is not None:
        parts.append(lookup("fleet.for", language).format(duration=lasting(now_s - camera.since_s)))
    if camera.fps is not None and camera.health in ("healthy", "slow"):
        expected = "" if camera.expected_fps is None else f" / {camera.expected_fps:g}"
        parts.append(f"{format_number(camera.fps, language)}{expected} fps")
    if camera.picture:
        parts.append(picture_word(camera.picture, language))
    if camera.cause:
        parts.append(cause_text(camera, language))
    return text.append("  " + ", ".join(parts), style="not bold default")


def cause_text(camera: KnownCamera, language: Language) -> str:
    """Why a camera failed, with the evidence, which stays in English."""
    if camera.cause not in {each.value for each in Cause}:
        return camera.text or camera.cause
    _, bracket, evidence = camera.text.partition(" (")
    return lookup(f"cause.{camera.cause}", language) + bracket + evidence


def health_word(health: str, language: Language) -> str:
    """The word for how a camera is; a newer node may have others, which stay as they are."""
    key = f"fleet.health.{health}"
    return lookup(key, language) if key in TEXTS else health


def picture_word(picture: str, language: Language) -> str:
    """The words for what pictures show."""
    key = f"picture_state.{picture}"
    return lookup(key, language) if key in TEXTS else picture


def cameras_count(judged: JudgedNode) -> str:
    """How many of its cameras are well, of those that are meant to send."""
    return f"{judged.good}/{judged.wanted}" if judged.health else "–"


def figure(value: float | None, language: Language) -> str:
    """A percentage, or a dash where it is not known."""
    return "–" if value is None else format_percent(value, language, digits=0)


def lasting(seconds: float) -> str:
    """A duration in whole seconds."""
    return format_rounded_duration(float(round(max(0.0, seconds))))
