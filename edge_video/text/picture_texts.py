"""Holds the texts about what a camera's pictures show."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

PICTURE_TEXTS: Final[dict[str, Text]] = {
    "picture_state.black": Text("black picture", "imagem preta"),
    "picture_state.white": Text("white picture", "imagem branca"),
    "picture_state.grey": Text("grey picture", "imagem cinza"),
    "picture_state.frozen": Text("frozen picture", "imagem congelada"),
    "picture_state.nearly_frozen": Text("nearly frozen picture", "imagem quase congelada"),
    "picture_state.covered": Text("covered or out of focus", "coberta ou fora de foco"),
    "picture_state.moved": Text("camera moved", "câmera movida"),
}
