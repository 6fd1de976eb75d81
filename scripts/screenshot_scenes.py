"""Renders what a surveillance camera might show, so that the screenshots look like a day at work.

Boxes and ellipsoids are traced with one light and its shadows, then spoiled as a cheap lens and a
cheap encoder would. Everything follows from the camera's name: the same picture each time.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float32]

WIDTH: Final = 960
HEIGHT: Final = 540
_SCALE: Final = 2  # traced at half the size: a cheap sensor, and a quarter of the time
_FAR: Final = 1e9
_CLOSE: Final = 1e-3
_FLAT: Final = 0.9
_VARIANTS: Final = 3  # of each scene
_CLOCK: Final = "2026-11-26 12:04:{second:02}"


@dataclass(frozen=True)
class Solid:
    """A box or an ellipsoid, `size` being half of its extent."""

    centre: tuple[float, float, float]
    size: tuple[float, float, float]
    colour: tuple[float, float, float]
    is_round: bool = False
    glows: bool = False


@dataclass
class Scene:
    """What is there, where the camera hangs, and the light."""

    solids: list[Solid] = field(default_factory=list)
    eye: tuple[float, float, float] = (0, 3.0, -6)
    target: tuple[float, float, float] = (0, 0.6, 4)
    zoom: float = 1.45
    light: tuple[float, float, float] = (0.4, 1.0, -0.35)
    floor: tuple[float, float, float] = (0.46, 0.45, 0.43)
    tiles: float = 1.0
    sky: tuple[float, float, float] = (0.66, 0.72, 0.78)
    is_night: bool = False

    def box(
        self, x: float, z: float, size: tuple[float, float, float], colour: Any, y: float = 0
    ) -> None:
        """A box that stands on the floor, or at the height `y`."""
        half = (size[0] / 2, size[1] / 2, size[2] / 2)
        self.solids.append(Solid((x, y + half[1], z), half, colour))

    def person(self, x: float, z: float, coat: Any, height: float = 1.72) -> None:
        """Somebody who stands there."""
        skin = (0.62, 0.46, 0.38)
        trousers = (0.14, 0.16, 0.22)
        for side in (-0.11, 0.11):
            leg = Solid(
                (x + side, height * 0.24, z), (0.1, height * 0.26, 0.11), trousers, is_round=True
            )
            self.solids.append(leg)
        self.solids.append(
            Solid((x, height * 0.63, z), (0.26, height * 0.23, 0.17), coat, is_round=True)
        )
        for side in (-0.29, 0.29):
            self.solids.append(
                Solid((x + side, height * 0.6, z), (0.08, height * 0.19, 0.09), coat, is_round=True)
            )
        self.solids.append(Solid((x, height * 0.93, z), (0.11, 0.14, 0.12), skin, is_round=True))
        self.solids.append(
            Solid(
                (x, height * 0.97, z + 0.02), (0.115, 0.11, 0.12), (0.13, 0.1, 0.08), is_round=True
            )
        )

    def car(self, x: float, z: float, paint: Any) -> None:
        """A parked car, seen from above its front."""
        self.solids.append(Solid((x, 0.62, z), (0.9, 0.36, 2.15), paint))
        self.solids.append(
            Solid((x, 1.08, z + 0.25), (0.78, 0.42, 1.25), (0.09, 0.11, 0.14), is_round=True)
        )
        self.solids.append(Solid((x, 1.3, z + 0.3), (0.68, 0.14, 0.85), paint, is_round=True))
        for side in (-0.82, 0.82):
            for end in (-1.35, 1.35):
                self.solids.append(
                    Solid(
                        (x + side, 0.33, z + end),
                        (0.14, 0.33, 0.33),
                        (0.05, 0.05, 0.06),
                        is_round=True,
                    )
                )
        for side in (-0.6, 0.6):
            self.solids.append(
                Solid((x + side, 0.72, z - 2.15), (0.17, 0.09, 0.04), (0.9, 0.9, 0.85), glows=True)
            )


def _shop(rng: np.random.Generator) -> Scene:
    scene = Scene(eye=(rng.uniform(-0.6, 0.6), 3.1, -5.6), target=(0, 0.7, 5), sky=(0.7, 0.7, 0.68))
    scene.floor = (0.62, 0.6, 0.56)
    for side in (-1, 1):
        for level in range(4):
            scene.box(side * 2.9, 3.5, (1.3, 0.06, 15), (0.72, 0.73, 0.74), y=0.1 + level * 0.55)
            for place in range(16):
                colour = tuple(rng.uniform(0.12, 0.85, 3))
                size = (0.55, rng.uniform(0.22, 0.42), rng.uniform(0.45, 0.8))
                scene.box(side * 2.45, -3 + place * 0.86, size, colour, y=0.16 + level * 0.55)
        scene.box(side * 3.6, 3.5, (0.1, 2.5, 15), (0.6, 0.6, 0.6))
    scene.box(0, 12, (9, 4, 0.2), (0.72, 0.7, 0.66))
    for lamp in range(4):
        scene.solids.append(Solid((0, 3.9, lamp * 3.2), (0.9, 0.05, 0.3), (1, 1, 0.96), glows=True))
    scene.person(rng.uniform(-0.9, 0.9), rng.uniform(1, 5), tuple(rng.uniform(0.1, 0.6, 3)))
    return scene


def _parking(rng: np.random.Generator) -> Scene:
    scene = Scene(eye=(-1.5, 5.6, -8.5), target=(0.6, 0, 4), floor=(0.31, 0.32, 0.33), tiles=0)
    for place in range(6):
        scene.box(-7.6 + place * 3, 4.2, (0.12, 0.012, 5.2), (0.78, 0.78, 0.74))
        if rng.binomial(1, 0.66):
            paint = (
                (0.55, 0.08, 0.08),
                (0.74, 0.75, 0.77),
                (0.1, 0.16, 0.3),
                (0.1, 0.1, 0.11),
                (0.8, 0.8, 0.78),
            )
            scene.car(
                -6.1 + place * 3, 4.2 + rng.uniform(-0.3, 0.3), paint[rng.integers(len(paint))]
            )
    scene.box(0, 10, (40, 2.6, 0.3), (0.55, 0.45, 0.38))
    for post in range(5):
        scene.box(-10 + post * 5, 9.6, (0.3, 3.2, 0.3), (0.48, 0.4, 0.34))
    for bush in range(7):
        scene.solids.append(
            Solid((-12 + bush * 4, 2.9, 12), (1.9, 1.6, 1.2), (0.15, 0.27, 0.13), is_round=True)
        )
    if rng.binomial(1, 0.6):
        scene.person(rng.uniform(-2, 3), rng.uniform(-1, 0.8), (0.5, 0.2, 0.16))
    return scene


def _stock(rng: np.random.Generator) -> Scene:
    scene = Scene(
        eye=(0.4, 3.9, -6),
        target=(0, 1.0, 4),
        floor=(0.42, 0.42, 0.42),
        tiles=0,
        sky=(0.4, 0.4, 0.4),
    )
    for side in (-1, 1):
        for bay in range(4):
            for post in (0, 1):
                scene.box(
                    side * 3.1, -1.2 + bay * 3 + post * 2.8, (0.12, 3.8, 0.12), (0.12, 0.22, 0.5)
                )
            for level in range(3):
                scene.box(
                    side * 3.1,
                    0.2 + bay * 3,
                    (1.3, 0.09, 2.9),
                    (0.85, 0.42, 0.08),
                    y=0.15 + level * 1.25,
                )
                for place in range(3):
                    if rng.binomial(1, 0.8):
                        tone = rng.uniform(0.75, 1.1)
                        size = (1.0, rng.uniform(0.5, 1.0), 0.82)
                        scene.box(
                            side * 3.1,
                            -0.7 + bay * 3 + place * 0.92,
                            size,
                            (0.6 * tone, 0.45 * tone, 0.29 * tone),
                            y=0.26 + level * 1.25,
                        )
    scene.box(0, 12, (9, 5, 0.2), (0.6, 0.6, 0.58))
    scene.box(rng.uniform(-0.8, 0.8), rng.uniform(1, 5), (1.2, 0.14, 1.0), (0.5, 0.36, 0.2))
    scene.person(rng.uniform(-1, 1), rng.uniform(0, 4), (0.85, 0.45, 0.05))
    return scene


def _door(rng: np.random.Generator) -> Scene:
    scene = Scene(
        eye=(-2.2, 2.9, -4.6), target=(0.5, 0.95, 2.4), floor=(0.5, 0.49, 0.47), tiles=0.6
    )
    scene.box(0, 3, (12, 3.4, 0.2), (0.74, 0.71, 0.65))
    scene.box(0.6, 2.88, (1.7, 2.3, 0.1), (0.34, 0.22, 0.13))
    for side in (-0.38, 0.38):
        scene.box(0.6 + side, 2.82, (0.56, 1.15, 0.06), (0.56, 0.66, 0.72), y=0.95)
    scene.box(1.28, 2.78, (0.05, 0.3, 0.08), (0.8, 0.78, 0.7), y=0.95)
    scene.box(0.6, 2.2, (2.0, 0.03, 1.0), (0.23, 0.2, 0.2))
    scene.box(-1.7, 2.6, (0.55, 0.6, 0.55), (0.42, 0.25, 0.18))
    scene.solids.append(
        Solid((-1.7, 1.25, 2.6), (0.5, 0.72, 0.5), (0.14, 0.32, 0.13), is_round=True)
    )
    scene.box(3.0, 2.8, (1.1, 1.3, 0.06), (0.5, 0.62, 0.7), y=1.1)
    if rng.binomial(1, 0.7):
        scene.person(rng.uniform(0, 1.4), rng.uniform(0.2, 1.6), tuple(rng.uniform(0.12, 0.5, 3)))
    return scene


def _till(rng: np.random.Generator) -> Scene:
    scene = Scene(
        eye=(1.8, 3.2, -3.4),
        target=(-0.2, 0.8, 1.6),
        floor=(0.55, 0.52, 0.48),
        tiles=0.5,
        sky=(0.6, 0.58, 0.55),
    )
    scene.box(-0.4, 1.2, (3.6, 0.95, 0.8), (0.4, 0.27, 0.17))
    scene.box(-0.4, 1.2, (3.8, 0.06, 0.95), (0.78, 0.76, 0.72), y=0.95)
    scene.box(0.4, 1.2, (0.5, 0.22, 0.45), (0.14, 0.14, 0.15), y=1.01)
    scene.box(0.4, 1.35, (0.55, 0.4, 0.05), (0.1, 0.12, 0.14), y=1.25)
    scene.box(0.4, 1.32, (0.49, 0.32, 0.03), (0.5, 0.7, 0.8), y=1.29)
    for thing in range(6):
        scene.box(
            -1.8 + thing * 0.28,
            1.0 + rng.uniform(0, 0.3),
            (0.18, rng.uniform(0.1, 0.3), 0.16),
            tuple(rng.uniform(0.2, 0.85, 3)),
            y=1.01,
        )
    scene.box(0, 4.2, (10, 3.4, 0.2), (0.68, 0.66, 0.62))
    for level in range(3):
        scene.box(-0.6, 3.95, (5, 0.06, 0.4), (0.5, 0.36, 0.22), y=0.9 + level * 0.6)
        for thing in range(14):
            scene.box(
                -2.9 + thing * 0.36,
                3.9,
                (0.2, rng.uniform(0.2, 0.42), 0.2),
                tuple(rng.uniform(0.1, 0.8, 3)),
                y=0.96 + level * 0.6,
            )
    scene.person(0.1, 2.3, (0.12, 0.35, 0.3))
    if rng.binomial(1, 0.75):
        scene.person(
            rng.uniform(-1.8, -0.6), rng.uniform(0.0, 0.35), tuple(rng.uniform(0.15, 0.6, 3))
        )
    return scene


def _yard(rng: np.random.Generator) -> Scene:
    scene = Scene(
        eye=(0, 4.6, -9),
        target=(0, 0.7, 5),
        floor=(0.36, 0.35, 0.33),
        tiles=0,
        is_night=True,
        light=(-0.2, 0.6, -1),
    )
    colours = ((0.15, 0.32, 0.5), (0.55, 0.2, 0.12), (0.2, 0.4, 0.25))
    for place in range(3):
        x = -6.5 + place * 6.2
        scene.box(x, 7 + rng.uniform(-0.6, 1.2), (5.4, 2.6, 2.4), colours[place])
        for rib in range(12):
            scene.box(
                x - 2.5 + rib * 0.45,
                5.7,
                (0.12, 2.4, 0.1),
                tuple(0.8 * np.array(colours[place])),
                y=0.1,
            )
    for post in range(13):
        scene.box(-12 + post * 2, 11, (0.09, 2.4, 0.09), (0.6, 0.6, 0.6))
    for wire in range(5):
        scene.box(0, 11, (26, 0.03, 0.03), (0.6, 0.6, 0.6), y=0.4 + wire * 0.45)
    for pallet in range(int(rng.integers(2, 6))):
        scene.box(
            -3 + rng.uniform(0, 5),
            1.5 + pallet * 0.7,
            (1.2, rng.uniform(0.15, 0.9), 1.0),
            (0.5, 0.38, 0.24),
        )
    if rng.binomial(1, 0.5):
        scene.person(rng.uniform(-2, 2), rng.uniform(0, 3), (0.3, 0.3, 0.3))
    return scene


_SCENES: Final[dict[str, Callable[[np.random.Generator], Scene]]] = {
    **dict.fromkeys(("door", "entrance", "office"), _door),
    **dict.fromkeys(("gate", "yard", "dock"), _yard),
    **dict.fromkeys(("till", "counter"), _till),
    **dict.fromkeys(("parking", "street"), _parking),
    **dict.fromkeys(("stock", "storage"), _stock),
    **dict.fromkeys(("aisle", "shop"), _shop),
}


def picture(camera_id: str, second: int = 11) -> bytes:
    """What this camera shows, as JPEG: the scene that its name has, or one of all."""
    seed = sum(ord(letter) * 31**place for place, letter in enumerate(camera_id)) % 2**32
    kinds = list(_SCENES)
    kind = next((each for each in kinds if each in camera_id), kinds[seed % len(kinds)])
    image = _footage(_SCENES[kind], seed // 2 % _VARIANTS)
    image = ImageOps.mirror(image) if seed % 2 else image.copy()
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype("DejaVuSansMono.ttf", 20)
    for at, text in ((24, _CLOCK.format(second=second)), (HEIGHT - 42, camera_id.upper())):
        draw.text(
            (24, at),
            text,
            font=font,
            fill=(245, 245, 245),
            stroke_width=2,
            stroke_fill=(10, 10, 10),
        )
    file = io.BytesIO()
    image.save(file, "JPEG", quality=72)
    return file.getvalue()


@cache
def _footage(make: Callable[[np.random.Generator], Scene], variant: int) -> Image.Image:
    rng = np.random.default_rng(variant)
    scene = make(rng)
    return _spoiled(_traced(scene), scene, rng)


def _traced(scene: Scene) -> Array:
    """Colours from 0 to 1, height by width by 3."""
    height, width = HEIGHT // _SCALE, WIDTH // _SCALE
    eye = np.array(scene.eye, np.float32)
    forward = _unit(np.array(scene.target, np.float32) - eye)
    right = _unit(np.cross(np.array([0, 1, 0], np.float32), forward))
    up = np.cross(forward, right)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = (x - width / 2) / (width / 2), (height / 2 - y) / (width / 2)
    bent = 1 + 0.16 * (u**2 + v**2)  # a wide lens bends what is straight
    rays = forward * scene.zoom + (u * bent)[..., None] * right + (v * bent)[..., None] * up
    rays = _unit(rays).reshape(-1, 3)
    depth, normal, colour, glow = _hits(scene, eye, rays)
    points = eye + rays * np.minimum(depth, 1e4)[:, None]
    light = _unit(np.array(scene.light, np.float32))
    is_hit = depth < _FAR
    shade = np.clip(normal @ light, 0, 1)
    shade *= 1 - 0.75 * _shadows(scene, points + normal * 0.01, light)
    ambient = 0.42 + 0.18 * normal[:, 1]
    near_floor = np.clip(points[:, 1] / 0.5, 0, 1) * 0.25 + 0.75
    near_floor = np.where(normal[:, 1] > _FLAT, 1, near_floor)
    lit = colour * (ambient * near_floor + 0.75 * shade)[:, None]
    lit = np.where(glow[:, None], colour * 1.25, lit)
    fog = np.clip(depth / 60, 0, 0.6)[:, None]
    sky = np.array(scene.sky, np.float32)
    shown = np.where(is_hit[:, None], lit * (1 - fog) + sky * fog, sky)
    if scene.is_night:
        falloff = np.clip(2.4 - depth / 12, 0.25, 1.9)[:, None]
        shown = np.where(is_hit[:, None], lit * falloff, 0.03)
    result: Array = shown.reshape(height, width, 3).astype(np.float32)
    return result


def _hits(scene: Scene, eye: Array, rays: Array) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
    """How far each ray goes, and what it meets there: its normal, its colour, whether it glows."""
    count = len(rays)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(rays[:, 1] < -_CLOSE, -eye[1] / rays[:, 1], _FAR).astype(np.float32)
    normal = np.tile(np.array([0, 1, 0], np.float32), (count, 1))
    colour = np.tile(np.array(scene.floor, np.float32), (count, 1))
    points = eye + rays * np.minimum(depth, 1e4)[:, None]
    if scene.tiles:
        cell = np.floor(points[:, 0] / scene.tiles) + np.floor(points[:, 2] / scene.tiles)
        colour *= (1 - 0.07 * (cell % 2))[:, None]
    glow = np.zeros(count, bool)
    for solid in scene.solids:
        near = _near(solid, eye, rays)
        at, across = _meet(solid, eye, rays[near])
        closer = at < depth[near]
        met = near[closer]
        depth[met], normal[met] = at[closer], across[closer]
        colour[met], glow[met] = solid.colour, solid.glows
    return depth, normal, colour, glow


def _meet(solid: Solid, eye: Array, rays: Array) -> tuple[Array, Array]:
    """Where each ray meets the solid (`_FAR`: nowhere), and its normal there."""
    size = np.array(solid.size, np.float32)
    origin = (eye - np.array(solid.centre, np.float32)) / size
    direction = rays / size
    if solid.is_round:
        a = (direction**2).sum(-1)
        b = (origin * direction).sum(-1)
        c = (origin**2).sum(-1) - 1
        root = b * b - a * c
        at = np.where(root > 0, (-b - np.sqrt(np.maximum(root, 0))) / a, _FAR)
        at = np.where(at > _CLOSE, at, _FAR).astype(np.float32)
        return at, _unit((origin + direction * np.minimum(at, 1e4)[:, None]) / size)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (-1 - origin) / direction, (1 - origin) / direction
    enters, leaves = np.minimum(one, other), np.maximum(one, other)
    first, last = enters.max(-1), leaves.min(-1)
    at = np.where((first < last) & (first > _CLOSE), first, _FAR).astype(np.float32)
    normal = np.zeros_like(rays)
    axis = enters.argmax(-1)
    normal[np.arange(len(rays)), axis] = -np.sign(rays[np.arange(len(rays)), axis])
    return at, normal


def _shadows(scene: Scene, points: Array, light: Array) -> Array:
    """1 where something stands between a point and the light."""
    dark = np.zeros(len(points), np.float32)
    for solid in scene.solids:
        if not solid.glows:
            near = _near(solid, points, light)
            at, _ = _meet(solid, points[near], np.tile(light, (len(near), 1)))
            dark[near[at < _FAR]] = 1
    return dark


def _near(solid: Solid, eyes: Array, rays: Array) -> NDArray[np.intp]:
    """Which rays come near the solid: only these are worth the work."""
    away = np.array(solid.centre, np.float32) - eyes
    along = (away * rays).sum(-1)
    radius = float(np.linalg.norm(solid.size))
    return np.flatnonzero(((away**2).sum(-1) - along**2 < radius**2) & (along > -radius))


def _unit(vectors: Array) -> Array:
    result: Array = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return result


def _spoiled(shown: Array, scene: Scene, rng: np.random.Generator) -> Image.Image:
    """As a cheap lens, sensor and encoder give it."""
    height, width, _ = shown.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    far_out = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) * 2
    shown = shown * (1 - 0.55 * far_out)[..., None]
    grey = shown.mean(-1, keepdims=True)
    colourful = 0.0 if scene.is_night else 0.78
    shown = grey + (shown - grey) * colourful
    shown = np.clip(shown * 1.12, 0, None) ** 0.86
    shown += rng.normal(0, 0.035 if scene.is_night else 0.016, (height, width, 1))
    pixels = (np.clip(shown, 0, 1) * 255).astype(np.uint8)
    image = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.45))
    return image.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
