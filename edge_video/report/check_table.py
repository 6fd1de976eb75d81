"""Renders what `check` prints: a line a camera, what the system will do, notes, the verdict."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from edge_video.capture.hardware import wanted_hardware
from edge_video.config import DirectorySinkConfig
from edge_video.text.catalog import Language, lookup
from edge_video.text.duration import format_duration
from edge_video.text.formatting import shorten
from edge_video.text.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.config import CameraConfig, Config

_COLUMNS: Final = ("camera", "host", "picture", "route", "remarks")
_MAX_HOST: Final = 40


def render_check(
    path: str,
    config: Config,
    target: str,
    notes: Sequence[str],
    language: Language,
    *,
    limit_way: str | None = None,
) -> str:
    """The whole text; its last line is the verdict.

    Args:
        path: the file, as it was named.
        config: what it says.
        target: where frames go, secrets masked.
        notes: what an operator should know, a sentence each.
        language: the operator's.
        limit_way: how limits of FFmpegs are kept here; None: no camera has any.
    """
    redact = config.secrets()
    header = tuple(lookup(f"check.{column}", language) for column in _COLUMNS)
    cells = (_cells(camera, config, language) for camera in config.cameras)
    rows = [header, *(tuple(map(redact, row)) for row in cells)]
    widths = [max(map(len, cells)) for cells in zip_longest(*rows, fillvalue="")]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    shown = [lookup("check.note", language).format(note=note) for note in notes]
    if limit_way is not None:
        shown.insert(0, lookup(f"check.limits.{limit_way}", language))
    system = _system(config, target, language)
    verdict = render_verdict(path, config, language)
    return "\n".join([*table, "", redact(system), *shown, lookup("check.more", language), verdict])


def render_verdict(path: str, config: Config, language: Language) -> str:
    """The line that says that the file is valid, and how many cameras it starts."""
    enabled = sum(camera.enabled for camera in config.cameras)
    key = "check.valid.one" if len(config.cameras) == 1 else "check.valid"
    return lookup(key, language).format(path=path, enabled=enabled, cameras=len(config.cameras))


def _system(config: Config, target: str, language: Language) -> str:
    parts = [
        lookup("check.node", language).format(node=config.node),
        lookup("check.sink", language).format(target=target),
    ]
    if config.events is not None:
        text = lookup("check.events", language)
        parts.append(text.format(exchange=config.events.exchange))
    if config.commands is not None:
        text = lookup("check.commands", language)
        parts.append(text.format(exchange=config.commands.exchange))
    if config.cluster is not None:
        text = lookup("check.cluster", language)
        parts.append(text.format(group=config.cluster.group))
    if config.http is None:
        parts.append(lookup("check.no_http", language))
    else:
        parts.append(lookup("check.http", language).format(address=config.http.listen))
    return "; ".join(parts)


def _cells(camera: CameraConfig, config: Config, language: Language) -> tuple[str, ...]:
    return (
        camera.id,
        _host(camera, language),
        ", ".join(_picture(camera, language)),
        _route(camera, config),
        ", ".join(_remarks(camera, language)),
    )


def _host(camera: CameraConfig, language: Language) -> str:
    """Who is asked; of a file or a test source, which kind it is."""
    if camera.host is None:
        is_graph = camera.url.get_secret_value().startswith("lavfi:")
        return lookup("check.test_source" if is_graph else "check.file", language)
    port = split_url(camera.url.get_secret_value()).port
    host = f"[{camera.host}]" if ":" in camera.host else camera.host
    return shorten(host if port is None else f"{host}:{port}", _MAX_HOST)


def _picture(camera: CameraConfig, language: Language) -> list[str]:
    parts = [lookup("check.fps", language).format(fps=camera.fps)]
    if camera.snapshot_interval is not None:
        interval = format_duration(camera.snapshot_interval)
        parts = [lookup("check.interval", language).format(interval=interval)]
    if camera.mode != "transcode":
        return [*parts, lookup(f"check.{camera.mode}", language)]
    parts.append(lookup("check.quality", language).format(quality=camera.quality))
    if camera.width is not None and camera.height is not None:
        parts.append(f"{camera.width}x{camera.height}")
    elif camera.width is not None:
        parts.append(lookup("check.width", language).format(width=camera.width))
    elif camera.height is not None:
        parts.append(lookup("check.height", language).format(height=camera.height))
    return parts


def _route(camera: CameraConfig, config: Config) -> str:
    if isinstance(config.sink, DirectorySinkConfig):
        return f"{config.sink.path}/{camera.id}/"
    return f"{camera.exchange} {camera.routing_key}"


def _remarks(camera: CameraConfig, language: Language) -> list[str]:
    facts = {
        "hwaccel": camera.hwaccel,
        "at_least": format_duration(camera.publish.at_least),
        "memory": camera.ffmpeg_max_memory_mb,
        "cpu": camera.ffmpeg_max_cpu_percent,
        "masks": len(camera.masks),
        "rotate": camera.rotate,
    }
    found = {
        "check.disabled": not camera.enabled,
        "check.schedule": camera.schedule is not None,
        "check.changes": camera.publish.when == "changed",
        "check.keyframes": camera.keyframes_only,
        "check.mask": len(camera.masks) == 1,
        "check.masks": len(camera.masks) > 1,
        "check.crop": camera.crop is not None,
        "check.rotate": camera.rotate != 0,
        "check.mirror": camera.mirror is not None,
        "check.udp": camera.transport == "udp",
        "check.huffman": camera.huffman == "optimal" and camera.mode == "transcode",
        "check.hwaccel": wanted_hardware(camera) is not None,
        "check.jpeg": (wanted := wanted_hardware(camera)) is not None and wanted.encodes,
        "check.proxy": camera.http_proxy is not None,
        "check.memory": camera.ffmpeg_max_memory_mb > 0,
        "check.cpu": camera.ffmpeg_max_cpu_percent > 0,
    }
    return [lookup(key, language).format(**facts) for key, is_so in found.items() if is_so]
