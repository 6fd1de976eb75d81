"""Finds configured cameras again among the devices that answer, by what does not change. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_video.capture.onvif.reading import at_address
from edge_video.text.redact import mask_url
from edge_video.text.urls import SplitUrl, split_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_video.capture.onvif.model import Device

_PORTS: Final = {
    "rtsp": 554,
    "rtsps": 322,
    "rtmp": 1935,
    "rtmps": 443,
    "http": 80,
    "https": 443,
}


_ENDPOINT: Final = re.compile(r"[A-Za-z0-9:/?#@!&'()*+,;=._~%\[\]-]{1,255}")


class Whereabouts(StrEnum):
    """What became of a configured camera."""

    STILL_THERE = "still_there"
    MOVED = "moved"
    NOT_FOUND = "not_found"
    NOT_IDENTIFIED = "not_identified"
    """Nothing says which device it is, or several fit."""


class Remark(StrEnum):
    """What else an operator should know of it."""

    NO_IDENTITY = "no_identity"
    """The configuration does not say which device it is."""
    SEVERAL = "several"
    """Several devices fit, none of them at the camera's address."""
    OTHER_THERE = "other_there"
    """At its address another device answers."""
    ENDPOINT_CHANGED = "endpoint_changed"
    """It was known by its hardware address, and calls itself something else now."""
    SEEN_ONLY = "seen_only"
    """Its hardware address was seen there; it does not answer by ONVIF."""
    HOST_UNKNOWN = "host_unknown"
    """The name in its URL stands for no address."""


@dataclass(frozen=True, slots=True)
class Identity:
    """By what a device is known wherever it is; empty where that is unknown."""

    endpoint: str = ""
    mac: str = ""

    def __bool__(self) -> bool:
        return bool(self.endpoint or self.mac)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A configured camera.

    Attributes:
        camera_id: its name.
        url: as configured.
        identity: as configured.
        addresses: those that the host in its URL stands for.
    """

    camera_id: str
    url: str = field(repr=False)
    identity: Identity
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What became of a camera.

    Attributes:
        wanted: the camera.
        whereabouts: the answer.
        address: where it is; None when that is unknown.
        identity: of the device that is there.
        url: where its stream is now, masked, without user and password; empty unless it has moved.
        remarks: what is odd.
        others: the addresses of the devices that a remark is about.
    """

    wanted: Wanted
    whereabouts: Whereabouts
    address: str | None = None
    identity: Identity = Identity()
    url: str = ""
    remarks: tuple[Remark, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sighting:
    """Something at an address; without a device it is only in the table of neighbours."""

    address: str
    endpoint: str
    macs: tuple[str, ...]
    device: Device | None = None


def identity_of(device: Device, neighbours: Mapping[str, str]) -> Identity:
    """What to remember of a device: of several hardware addresses the one that is seen here.

    An endpoint that is no URI is not remembered: a configuration could not hold it as it is.
    """
    seen = neighbours.get(device.answer.address, "")
    macs = device.macs
    mac = seen if seen in macs or not macs else macs[0]
    endpoint = device.answer.endpoint
    return Identity(endpoint if _ENDPOINT.fullmatch(endpoint) else "", mac)


def find_again(
    cameras: Sequence[Wanted], devices: Sequence[Device], neighbours: Mapping[str, str]
) -> list[Match]:
    """Say of each camera where it is.

    Args:
        cameras: in the order of the answers.
        devices: that answered, or were asked and did not.
        neighbours: address to hardware address, as this machine has seen them.
    """
    answered = [each for each in devices if each.service or each.answer.announced]
    told = {each.answer.address for each in answered}
    sightings = [
        _Sighting(
            each.answer.address,
            each.answer.endpoint,
            each.macs or tuple(filter(None, [neighbours.get(each.answer.address)])),
            each,
        )
        for each in answered
    ]
    sightings += [
        _Sighting(address, "", (mac,)) for address, mac in neighbours.items() if address not in told
    ]
    return [_match(each, sightings, neighbours) for each in cameras]


def _match(wanted: Wanted, sightings: Sequence[_Sighting], neighbours: Mapping[str, str]) -> Match:
    there = [each for each in sightings if each.address in wanted.addresses and each.device]
    unknown = () if wanted.addresses else (Remark.HOST_UNKNOWN,)
    if not wanted.identity:
        found = there[0] if len(there) == 1 else None
        return Match(
            wanted,
            Whereabouts.NOT_IDENTIFIED,
            found.address if found else None,
            _identity(found, neighbours),
            remarks=(Remark.NO_IDENTITY, *unknown),
        )
    fitting = _fitting(wanted.identity, sightings)
    here = [each for each in fitting if each.address in wanted.addresses]
    chosen = here or fitting
    others = tuple(dict.fromkeys(each.address for each in chosen))
    if not chosen:
        remarks = (Remark.OTHER_THERE,) if there else ()
        others = tuple(each.address for each in there)
        return Match(wanted, Whereabouts.NOT_FOUND, remarks=(*remarks, *unknown), others=others)
    if not here and len(others) > 1:
        remarks = (Remark.SEVERAL, *unknown)
        return Match(wanted, Whereabouts.NOT_IDENTIFIED, remarks=remarks, others=others)
    # Behind one router several have its hardware address.
    same = [each for each in chosen if each.endpoint == wanted.identity.endpoint]
    return _found(wanted, (same or chosen)[0], neighbours, unknown)


def _fitting(identity: Identity, sightings: Sequence[_Sighting]) -> list[_Sighting]:
    """Who may be this device: by hardware address, which updates keep, else by endpoint.

    A table of neighbours may be minutes old: what answers now comes first.
    """
    by_mac = [each for each in sightings if identity.mac and identity.mac in each.macs]
    by_endpoint = [
        each
        for each in sightings
        # Cameras of one series come from the factory with one endpoint.
        if each.endpoint and each.endpoint == identity.endpoint and not (identity.mac and each.macs)
    ]
    return [each for each in by_mac if each.device] or by_endpoint or by_mac


def _found(
    wanted: Wanted,
    sighting: _Sighting,
    neighbours: Mapping[str, str],
    remarks: tuple[Remark, ...],
) -> Match:
    before = split_url(wanted.url)
    after = replace(before, port=_port(before, sighting.device))
    is_here = sighting.address in wanted.addresses and after.port == before.port
    if sighting.device is None:
        remarks = (*remarks, Remark.SEEN_ONLY)
    if wanted.identity.endpoint and sighting.endpoint not in ("", wanted.identity.endpoint):
        remarks = (*remarks, Remark.ENDPOINT_CHANGED)
    return Match(
        wanted,
        Whereabouts.STILL_THERE if is_here else Whereabouts.MOVED,
        sighting.address,
        _identity(sighting, neighbours),
        "" if is_here else mask_url(at_address(after, sighting.address)),
        remarks,
    )


def _port(before: SplitUrl, device: Device | None) -> int | None:
    """The port of the stream: another one only where the device tells the same stream there.

    A device that names itself or its stream by foreign addresses stands behind a router, which has
    ports of its own.
    """
    if device is None or device.foreign_addresses:
        return before.port
    usual = _PORTS.get(before.scheme)
    told = [split_url(each.url) for each in device.streams if each.is_told_there]
    ports = {
        each.port or usual
        for each in told
        if (each.scheme, each.rest) == (before.scheme, before.rest)
    }
    return before.port if not ports or (before.port or usual) in ports else min(filter(None, ports))


def _identity(sighting: _Sighting | None, neighbours: Mapping[str, str]) -> Identity:
    if sighting is None:
        return Identity()
    if sighting.device is None:
        return Identity("", sighting.macs[0])
    return identity_of(sighting.device, neighbours)
