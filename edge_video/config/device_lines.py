"""Adds the key `device` to cameras in the text of a configuration, and nothing else. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from edge_video.config.yaml_nodes import BadYamlError, compose

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


def add_devices(text: str, devices: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Put a line below the first key of each camera that is written key by key.

    Comments and all other lines stay as they are. A camera that is written in another way (in
    braces, by an anchor, in another file) is left alone.

    Args:
        text: of the file.
        devices: camera id to the line, without its indentation.

    Returns:
        The new text, and the ids of the cameras that have the line now.
    """
    root = compose(text).root
    places = {each: place for each, place in _places(root, text) if each in devices}
    new = text
    for camera_id, (at, column) in sorted(places.items(), key=lambda each: -each[1][0]):
        end = "\r\n" if text.endswith("\r\n", 0, at) else "\n"
        new = f"{new[:at]}{' ' * column}{devices[camera_id]}{end}{new[at:]}"
    if not _is_the_same(root, new, places):
        return text, ()
    return new, tuple(each for each in devices if each in places)


def _places(root: yaml.MappingNode, text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each camera's id, with where the line below its first key begins, and the keys' column.

    YAML ends lines with more than a line feed: what ends the first key's otherwise is left alone.
    """
    shared = _shared(root)
    for camera in _cameras(root):
        keys = {key.value: value for key, value in camera.value}
        if id(camera) in shared or camera.flow_style or len(camera.value) < 2 or "device" in keys:  # noqa: PLR2004 - id and url
            continue
        (first, value), (second, _) = camera.value[:2]
        is_one_line = value.start_mark.line == value.end_mark.line == first.start_mark.line
        below = text.find("\n", value.end_mark.index, second.start_mark.index) + 1
        if is_one_line and below and isinstance(keys.get("id"), yaml.ScalarNode):
            yield keys["id"].value, (below, first.start_mark.column)


def _shared(root: yaml.Node) -> set[int]:
    """The identities of nodes to which an alias leads: what is added there is added elsewhere."""
    seen: set[int] = set()
    shared: set[int] = set()
    left = [root]
    while left:
        node = left.pop()
        if id(node) in seen:
            shared.add(id(node))
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            left += [each for pair in node.value for each in pair]
        elif isinstance(node, yaml.SequenceNode):
            left += node.value
    return shared


def _cameras(root: yaml.MappingNode) -> list[yaml.MappingNode]:
    found = next((value for key, value in root.value if key.value == "cameras"), None)
    items = found.value if isinstance(found, yaml.SequenceNode) else []
    return [each for each in items if isinstance(each, yaml.MappingNode)]


def _is_the_same(root: yaml.MappingNode, text: str, changed: Collection[str]) -> bool:
    """Whether a text means what it meant before, but for the devices of these cameras."""
    try:
        new = compose(text).root
    except BadYamlError:
        return False
    for camera in _cameras(new):
        if any(key.value == "id" and value.value in changed for key, value in camera.value):
            camera.value = [pair for pair in camera.value if pair[0].value != "device"]
    return _plain(new) == _plain(root)


def _plain(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return [(_plain(key), _plain(value)) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each) for each in node.value]
    return node.tag, node.value
