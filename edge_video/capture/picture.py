"""Writes the filters that decide what a camera's frames show: masks, crop, rotation, mirror, scale.

They stand in this order, and before the encoder: what a mask covers never leaves FFmpeg. All of it
is written in shares of the picture, which FFmpeg turns into pixels when it sets its filters up. It
does so anew before the first picture of another size, so a mask is never missing nor in a wrong
place.

Black is a chain of `drawbox`, which has no second input that could be late. For a blurred area the
picture is split: one branch blurs a window around it, the other covers it in black, and the
first is laid over the second. Whatever becomes of the first branch, there is black beneath it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from edge_video.capture.covering import Box, around, covering, gaps
from edge_video.capture.resizing import Size, scale_filter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge_video.capture.binary import Binary
    from edge_video.config import CameraConfig

_MAX_BOXES: Final = 192
"""Of one camera; a hundred of them cost little more than one of their area."""
_MAX_BOXES_OF_MASK: Final = 64
_MIN_WINDOW: Final = 0.25
"""What is blurred has at least this share of both sides, as it gives the radius."""
_RADIUS: Final = 6
"""The radius of the blur is the shorter side of the window by this."""
_DIGITS: Final = 5
_RANGES_SINCE: Final = (7,)
"""From here on FFmpeg keeps the range of brightness where only transparency is added."""
_SAME_VALUES: Final = ("scale=in_range=full:out_range=full",)
"""Before, it took pictures of the full range to the limited one: now no value is touched."""
_NEARLY: Final = 0.001
"""Pixels: what is so near to a whole number is one, as 0.07 of 100 is a little more than 7."""

_TURNS: Final[dict[tuple[int, str | None], tuple[str, ...]]] = {
    (0, None): (),
    (0, "horizontal"): ("hflip",),
    (0, "vertical"): ("vflip",),
    (90, None): ("transpose=clock",),
    (90, "horizontal"): ("transpose=cclock_flip",),
    (90, "vertical"): ("transpose=clock_flip",),
    (180, None): ("hflip", "vflip"),
    (180, "horizontal"): ("vflip",),
    (180, "vertical"): ("hflip",),
    (270, None): ("transpose=cclock",),
    (270, "horizontal"): ("transpose=clock_flip",),
    (270, "vertical"): ("transpose=cclock_flip",),
}
"""`rotate` and `mirror` → what does both at once; FFmpeg's flips are vertical and come last."""


def picture_filters(binary: Binary, camera: CameraConfig) -> list[str]:
    """Return the filters from what a camera sends to what its frames show, but for colours.

    The first of them announces the size of the camera's own pictures.
    """
    changed = changed_picture(binary, camera)
    if not changed:
        return [scale_filter(camera.width, camera.height)]
    filters = [scale_filter(None, None), *changed]
    if camera.width is not None or camera.height is not None:
        filters.append(scale_filter(camera.width, camera.height, announces=False))
    return filters


def changed_picture(binary: Binary, camera: CameraConfig) -> list[str]:
    """Return the filters of masks, crop, rotation and mirror; none where nothing is changed."""
    return [*_masks(binary, camera), *_crop(camera), *_TURNS[camera.rotate, camera.mirror]]


def keeps_size(camera: CameraConfig) -> bool:
    """Whether its frames have the size that it sends."""
    is_scaled = camera.width is not None or camera.height is not None
    return not is_scaled and camera.crop is None and camera.rotate % 180 == 0


def frame_size(camera: CameraConfig, sent: Size) -> Size:
    """Return the size of its frames when it sends pictures of this one."""
    width, height = sent
    crop = camera.crop
    if crop is not None:
        width = _cut(width, crop.x, crop.width)
        height = _cut(height, crop.y, crop.height)
    if camera.rotate % 180:
        width, height = height, width
    follows_width = 2 * round(height * (camera.width or 0) / width / 2)
    follows_height = 2 * round(width * (camera.height or 0) / height / 2)
    return camera.width or follows_height or width, camera.height or follows_width or height


def _cut(pixels: int, start: float, length: float) -> int:
    """What `crop` leaves of one side."""
    begin = math.ceil(pixels * start / 2 - _NEARLY)
    end = math.floor(pixels * (start + length) / 2 + _NEARLY)
    return max(2, 2 * (end - begin))


def _masks(binary: Binary, camera: CameraConfig) -> list[str]:
    """Black first: a window to be blurred then has nothing in it that another mask covers."""
    if not camera.masks:
        return []
    most = min(_MAX_BOXES_OF_MASK, _MAX_BOXES // len(camera.masks))
    black, blurred = (
        [covering(mask.points, most) for mask in camera.masks if mask.fill == fill]
        for fill in ("black", "blur")
    )
    filled = [_filled(box) for boxes in black for box in boxes]
    same_values = _SAME_VALUES if binary.version < _RANGES_SINCE else ()
    return [
        *filled,
        *(_blurred(number, boxes, same_values) for number, boxes in enumerate(blurred)),
    ]


def _filled(box: Box) -> str:
    """Cover a box in black, outward to an even pixel: colours have half the resolution.

    A box without a width, where an outline goes there and back, has two pixels: for `drawbox` 0 is
    the whole picture's width.
    """
    x, y = _outward(box)
    width, height = f"max(2,{x[1]}-x)", f"max(2,{y[1]}-y)"
    return f"drawbox=x={x[0]}:y={y[0]}:w='{width}':h='{height}':c=black:t=fill"


def _outward(box: Box, width: str = "iw", height: str = "ih") -> tuple[tuple[str, str], ...]:
    """The least even numbers of pixels that hold a box, from and to, of x and of y."""
    return tuple(
        (f"2*floor({side}*{_down(start / 2)})", f"2*ceil({side}*{_up(end / 2)})")
        for side, start, end in ((width, box.left, box.right), (height, box.top, box.bottom))
    )


def _blurred(number: int, boxes: Sequence[Box], same_values: Sequence[str]) -> str:
    """Blur a window around the boxes, leave of it what is in them, and lay it over black."""
    window = _window(around(boxes))
    x, y = _outward(window)
    at_x, at_y = _outward(window, "W", "H")
    cut = f"crop=w='min({x[1]},iw)-{x[0]}':h='min({y[1]},ih)-{y[0]}':x={x[0]}:y={y[0]}"
    radii = ":".join(
        f"{name}='min(max(1,min({sides})/{_RADIUS}),min({sides})/2)'"
        for name, sides in (("lr", "w,h"), ("cr", "cw,ch"))
    )
    transparent = [*same_values, "format=yuva420p", *_cleared(boxes, window)]
    blur = [cut, f"boxblur={radii}:lp=2:cp=2", *transparent]
    main, side, black = (f"[{name}{number}]" for name in ("main", "side", "black"))
    return (
        f"split{main}{side};"
        f"{side}{','.join(blur)}[blur{number}];"
        f"{main}{','.join(map(_filled, boxes))}{black};"
        f"{black}[blur{number}]overlay=x={at_x[0]}:y={at_y[0]}:eval=init:eof_action=endall"
    )


def _cleared(boxes: Sequence[Box], window: Box) -> Iterable[str]:
    """Make transparent what of a window is in no box."""
    across, down = window.right - window.left, window.bottom - window.top
    for gap in gaps(boxes, window):
        left, right = ((each - window.left) / across for each in (gap.left, gap.right))
        top, bottom = ((each - window.top) / down for each in (gap.top, gap.bottom))
        x, y = (f"2*round(iw*{left / 2:.6f})", f"2*round(ih*{top / 2:.6f})")
        # No width at all would mean the whole width.
        w = f"'max(2,2*round(iw*{right / 2:.6f})-x)'"
        h = f"'max(2,2*round(ih*{bottom / 2:.6f})-y)'"
        yield f"drawbox=x={x}:y={y}:w={w}:h={h}:c=black@0:t=fill:replace=1"


def _window(box: Box) -> Box:
    left, right = _widened(box.left, box.right)
    top, bottom = _widened(box.top, box.bottom)
    return Box(left, top, right, bottom)


def _widened(start: float, end: float) -> tuple[float, float]:
    """The same middle and at least the least length, within 0 and 1."""
    length = max(end - start, _MIN_WINDOW)
    start = min(max(0.0, (start + end - length) / 2), 1 - length)
    return start, start + length


def _crop(camera: CameraConfig) -> list[str]:
    """Cut a part out, inward to an even pixel: nothing beside it is seen."""
    crop = camera.crop
    if crop is None:
        return []
    parts = []
    for side, start, length in (("iw", crop.x, crop.width), ("ih", crop.y, crop.height)):
        begin = f"2*ceil({side}*{_down(start / 2)}-{_NEARLY})"
        end = f"2*floor({side}*{_up((start + length) / 2)}+{_NEARLY})"
        parts.append((begin, f"max(2,{end}-{begin})"))
    (x, width), (y, height) = parts
    return [f"crop=w='{width}':h='{height}':x={x}:y={y}"]


def _down(share: float) -> str:
    return f"{math.floor(_scaled(share)) / 10**_DIGITS:.{_DIGITS}f}"


def _up(share: float) -> str:
    return f"{math.ceil(_scaled(share)) / 10**_DIGITS:.{_DIGITS}f}"


def _scaled(share: float) -> float:
    return round(share * 10**_DIGITS, _DIGITS)
