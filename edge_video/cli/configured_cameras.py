"""Says which devices the cameras of a configuration are, and at which addresses, for `discover`."""

from __future__ import annotations

import ipaddress
import socket
from concurrent.futures import wait
from functools import partial
from typing import TYPE_CHECKING, Final

from edge_video.capture.onvif.matching import Identity, Wanted
from edge_video.capture.onvif.model import Answer
from edge_video.capture.onvif.reading import normal_endpoint
from edge_video.runtime.threads import on_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Future

    from edge_video.config import CameraConfig, Config

_NAMES_S: Final = 10.0
"""For all names together; a name server that is silent takes longer."""


def wanted_cameras(config: Config) -> list[Wanted]:
    """The cameras that are behind a network, disabled ones too, and their hosts' addresses."""
    hosts = {each.id: host for each in config.cameras if (host := each.host)}
    names = {host for host in hosts.values() if not _is_address(host)}
    asked = {host: on_thread("discover-name", partial(_addresses, host)) for host in names}
    wait(asked.values(), _NAMES_S)
    known = {host: _answer(each) for host, each in asked.items()}
    return [
        _wanted(each, known.get(host, (host,)))
        for each in config.cameras
        if (host := hosts.get(each.id))
    ]


def with_configured(answers: Iterable[Answer], cameras: Sequence[Wanted]) -> list[Answer]:
    """Those who answered, and the configured addresses at which nobody did: they are asked, too."""
    found = [*answers]
    told = {each.address for each in found}
    first = dict.fromkeys(each.addresses[0] for each in cameras if each.addresses)
    silent = (each for each in first if each not in told)
    return [*found, *(Answer("", each, announced=False) for each in silent)]


def _wanted(camera: CameraConfig, addresses: tuple[str, ...]) -> Wanted:
    device = camera.device
    identity = Identity()
    if device is not None:
        identity = Identity(normal_endpoint(device.endpoint or ""), device.mac or "")
    return Wanted(camera.id, camera.url.get_secret_value(), identity, addresses)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _addresses(host: str) -> tuple[str, ...]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def _answer(asked: Future[tuple[str, ...]]) -> tuple[str, ...]:
    """The addresses of a name; none when it has none, or was not answered in time."""
    try:
        return asked.result(0)
    except (OSError, TimeoutError, UnicodeError):
        return ()
