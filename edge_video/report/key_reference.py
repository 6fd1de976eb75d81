"""Renders what `explain` prints of a key or a section of the configuration."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from edge_video.text.catalog import Language, lookup

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_video.config.reference import KeyReference

_WIDTH = 98


def render_sections(keys: Mapping[str, KeyReference], language: Language) -> str:
    """The keys at the top of a file, sections marked."""
    top = [each for path, each in keys.items() if "." not in path]
    return f"{_listed(top)}\n\n{lookup('explain.hint', language)}"


def render_key(key: KeyReference, keys: Mapping[str, KeyReference], language: Language) -> str:
    """Everything about a key; of a section, its keys."""
    lines = [
        key.path,
        *textwrap.wrap(key.meaning, _WIDTH, initial_indent="  ", subsequent_indent="  "),
    ]
    facts = [(lookup(f"explain.{name}", language), text) for name, text in _facts(key, language)]
    width = max(len(name) for name, _ in facts)
    lines += ["", *(f"  {name.ljust(width)}  {text}" for name, text in facts)]
    if key.is_section:
        within = [keys[f"{key.path}.{name}"] for name in key.keys]
        lines += ["", _listed(within)]
    if key.example:
        title = lookup("explain.example", language)
        lines += ["", f"  {title}:", textwrap.indent(key.example, "    ")]
    return "\n".join(lines)


def _listed(keys: Sequence[KeyReference]) -> str:
    names = [f"{each.path}{':' if each.is_section else ''}" for each in keys]
    width = max(map(len, names))
    lines = []
    for name, key in zip(names, keys, strict=True):
        text = textwrap.shorten(key.meaning, _WIDTH - width, placeholder=" …")
        lines.append(f"  {name.ljust(width)}  {text}".rstrip())
    return "\n".join(lines)


def _facts(key: KeyReference, language: Language) -> list[tuple[str, str]]:
    kind = lookup(f"explain.kind.{key.kind}", language).format(choices=", ".join(key.choices))
    facts = [("type", kind)]
    if key.is_required:
        facts.append(("default", lookup("explain.required", language)))
    elif not key.is_section:
        facts.append(("default", key.default or lookup("explain.none", language)))
    if key.span is not None:
        low, high = key.span
        text = lookup("explain.span", language).format(low=low, high=high)
        facts.append(("range", text))
    if key.unit is not None:
        facts.append(("unit", lookup(f"explain.unit.{key.unit}", language)))
    facts.append(("per_camera", _per_camera(key, language)))
    if key.formerly is not None:
        facts.append(("formerly", key.formerly))
    return facts


def _per_camera(key: KeyReference, language: Language) -> str:
    if key.of_camera is not None:
        return lookup("explain.of_camera", language).format(key=key.of_camera)
    return lookup("explain.yes" if key.is_per_camera else "explain.no", language)
