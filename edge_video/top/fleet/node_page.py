"""Renders all that is known of one node, in lines. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from edge_video.text.catalog import lookup
from edge_video.text.formatting import MB, format_number, format_percent
from edge_video.text.phrases import translated
from edge_video.top.fleet.judging import cameras_by_trouble
from edge_video.top.fleet.node_text import camera_text, figure, lasting, remark_text, state_text

if TYPE_CHECKING:
    from edge_video.status.node import NodeStatus
    from edge_video.text.catalog import Language
    from edge_video.top.fleet.judging import JudgedNode
    from edge_video.top.fleet.model import KnownNode

_MAX_ID_CELLS = 32


def node_lines(judged: JudgedNode, now_s: float, language: Language) -> list[Text]:
    """The node's state, what it runs on, its cameras, and what happened lately."""
    node = judged.node
    lines = [_title(judged, now_s, language)]
    lines += [
        Text(f"  {remark_text(each, judged, language)}", style="yellow") for each in judged.remarks
    ]
    status = node.status
    if status is not None:
        lines += _delivery(status, language)
        lines += _machine(status, language)
        lines += _config(status, node.status_age_s(now_s), language)
    lines += _cluster(node, language)
    return [
        *lines,
        Text(),
        *_cameras(node, now_s, language),
        Text(),
        *_happened(node, now_s, language),
    ]


def _title(judged: JudgedNode, now_s: float, language: Language) -> Text:
    node, status = judged.node, judged.node.status
    text = Text.assemble((node.name, "bold"), "  ", state_text(judged.state, language))
    parts = [lookup("fleet.heard", language).format(ago=lasting(judged.heard_ago_s))]
    if status is not None:
        up_s = status.uptime_s + judged.node.status_age_s(now_s)
        parts += [
            f"edge-video {status.version}",
            lookup("fleet.up", language).format(uptime=lasting(up_s)),
        ]
    return text.append(f"  {', '.join(parts)}")


def _named(key: str, text: str, language: Language, style: str = "") -> Text:
    return Text.assemble((f"{lookup(f'fleet.{key}', language)}: ", "bold"), (text, style))


def _delivery(status: NodeStatus, language: Language) -> list[Text]:
    delivery = status.delivery
    key = f"fleet.delivery.{delivery.state}"
    state = lookup(key, language) if delivery.state in _DELIVERIES else delivery.state
    if delivery.down_for_s is not None:
        state += f" {lookup('fleet.for', language).format(duration=lasting(delivery.down_for_s))}"
    reason = f", {translated(delivery.reason, language)}" if delivery.reason else ""
    counts = lookup("fleet.delivered", language).format(
        published=delivery.published,
        dropped=delivery.dropped,
        lately=delivery.dropped_5m,
        lost=delivery.connections_lost,
    )
    style = "" if delivery.state == "ok" else "bold red"
    text = f"{state}{reason} | {delivery.target} | {counts}"
    return [_named("delivery", text, language, style)]


_DELIVERIES = ("ok", "lost", "blocked", "starting")


def _machine(status: NodeStatus, language: Language) -> list[Text]:
    process = status.process
    if process is None:
        return []
    text = lookup("fleet.used", language).format(
        machine_cpu=figure(process.system_cpu_percent, language),
        machine_ram=figure(process.system_ram_used_percent, language),
        cpu=format_percent(process.cpu_percent, language),
        ram=format_number(process.rss_bytes / MB, language),
        ffmpegs=process.ffmpeg_processes,
        ffmpeg_cpu=format_percent(process.ffmpeg_cpu_percent, language),
        ffmpeg_ram=format_number(process.ffmpeg_rss_bytes / MB, language),
    )
    return [_named("machine", text, language)]


def _config(status: NodeStatus, since_s: float, language: Language) -> list[Text]:
    """By the node's own clock, which alone says when its configuration was loaded."""
    config, lines = status.config, []
    if config is not None:
        now_ns = status.started_at_ns + round(status.uptime_s * 1e9)
        age_s = max(0.0, (now_ns - config.loaded_at_ns) / 1e9) + since_s
        text = lookup("fleet.hash", language).format(hash=config.hash, age=lasting(age_s))
        if config.profile is not None:
            text += f", {lookup('fleet.profile', language).format(profile=config.profile)}"
        lines.append(_named("config", text, language))
    if status.restarts:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(status.restarts.items()))
        lines.append(_named("restarts", counts, language))
    return lines


def _cluster(node: KnownNode, language: Language) -> list[Text]:
    shared = node.shared
    if shared is None:
        return []
    owned = len(shared.owned) + shared.owned_left_out
    text = lookup("fleet.owns", language).format(
        group=shared.group, owned=owned, cameras=shared.cameras
    )
    return [_named("cluster", text, language)]


def _cameras(node: KnownNode, now_s: float, language: Language) -> list[Text]:
    cameras = cameras_by_trouble(node)
    if not cameras:
        owned = [] if node.shared is None else sorted(node.shared.owned)
        names = ", ".join(owned)
        return [Text(names or lookup("fleet.no_cameras", language))]
    width = min(_MAX_ID_CELLS, max(len(each.camera_id) for each in cameras))
    lines = []
    for each in cameras:
        name = Text(each.camera_id, style="bold")
        name.truncate(width, overflow="ellipsis", pad=True)
        line = Text.assemble(name, "  ", camera_text(each, now_s, language))
        epoch = None if node.shared is None else node.shared.owned.get(each.camera_id)
        if epoch is not None:
            line.append(f", {lookup('fleet.epoch', language).format(epoch=epoch)}", style="dim")
        lines.append(line)
    if node.left_out:
        lines.append(Text(lookup("fleet.more_cameras", language).format(count=node.left_out)))
    return lines


def _happened(node: KnownNode, now_s: float, language: Language) -> list[Text]:
    lines = [Text(lookup("fleet.happened", language), style="bold")]
    for each in reversed(node.happened):
        about = " ".join(filter(None, (each.event, each.camera_id)))
        line = Text(f"{lasting(now_s - each.at_s):>8}  {about}")
        lines.append(line.append(f"  {each.text}" if each.text else "", style="dim"))
    if not node.happened:
        lines.append(Text(lookup("fleet.nothing_happened", language), style="dim"))
    return lines
