"""Understands the answers of a device: its clock, services, profiles and addresses. Pure."""

from __future__ import annotations

import ipaddress
import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from edge_video.capture.onvif.model import USUAL_SERVICE, Stream
from edge_video.capture.onvif.neighbours import normal_mac
from edge_video.capture.onvif.xml import all_named, first_named, harmless, text_of
from edge_video.text.urls import HTTP_SCHEMES, NETWORK_SCHEMES, SplitUrl, split_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from xml.etree.ElementTree import Element

MEDIA: Final = "http://www.onvif.org/ver10/media/wsdl"
MEDIA_2: Final = "http://www.onvif.org/ver20/media/wsdl"
"""Knows H.265, which the first does not; a device may have both or either."""
MAX_STREAMS: Final = 16
_MAX_PIXELS: Final = 65535
_MAX_FPS: Final = 1000.0
_MAX_INTERFACES: Final = 8
_UUID: Final = re.compile(r"(?:urn:)?(?:uuid:)?\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?")


def service_urls(services: Iterable[str], address: str) -> list[str]:
    """Where to ask a device that answered from this address, the most likely first.

    Only that address is ever asked. Devices name 0.0.0.0, 127.0.0.1, a link-local address or one of
    another network for themselves, and a login must not go to a host that a datagram names.
    """
    found = [each for each in map(_split, services) if each and each.scheme in HTTP_SCHEMES]
    found.sort(key=lambda each: (each.host != address, each.scheme != "http"))
    urls = [at_address(each, address) for each in found]
    return list(dict.fromkeys(urls)) or [f"http://{_bracketed(address)}{USUAL_SERVICE}"]


def foreign_addresses(services: Iterable[str], address: str) -> tuple[str, ...]:
    """The hosts that a device named for itself, when its own address is not among them."""
    hosts = [each.host for each in map(_split, services) if each and each.host]
    return () if address in hosts else tuple(dict.fromkeys(hosts))


def at_address(url: SplitUrl, address: str) -> str:
    """A URL with this address in place of its host, and without credentials."""
    port = "" if url.port is None else f":{url.port}"
    return f"{url.scheme}://{_bracketed(address)}{port}{url.rest}"


def read_clock(body: Element, now_s: float) -> float | None:
    """How far a device's clock is ahead of `now_s` (seconds since 1970); None when it is not said.

    A device that says no UTC time says its local one, and its zone in a form that few get right:
    that is no help.
    """
    utc = first_named(body, "UTCDateTime")
    if utc is None:
        return None
    fields = ("Year", "Month", "Day", "Hour", "Minute", "Second")
    try:
        year, month, day, hour, minute, second = (int(text_of(utc, each)) for each in fields)
        said = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return said.timestamp() - now_s


def read_maker(body: Element) -> str:
    """Maker and model, without the maker's name twice."""
    maker, model = text_of(body, "Manufacturer"), text_of(body, "Model")
    return (
        model if maker and model.lower().startswith(maker.lower()) else f"{maker} {model}".strip()
    )


def read_endpoint(body: Element) -> str:
    """The identity that a device has in WS-Discovery; empty when it says none."""
    return normal_endpoint(text_of(body, "GUID"))


def normal_endpoint(text: str) -> str:
    """An identity in one spelling: a device may say a bare UUID here and a `urn:uuid:` there."""
    written = text.strip().lower()
    known = _UUID.fullmatch(written)
    return f"urn:uuid:{known[1]}" if known else written


def read_macs(body: Element) -> tuple[str, ...]:
    """The hardware addresses of a device's interfaces, each once."""
    said = (text_of(each, "HwAddress") for each in all_named(body, "NetworkInterfaces"))
    found = dict.fromkeys(mac for each in said if (mac := normal_mac(each)))
    return tuple(found)[:_MAX_INTERFACES]


def read_media_services(body: Element, address: str) -> dict[str, str]:
    """The addresses of the media services by namespace, at the address that answered."""
    found = {}
    for service in all_named(body, "Service"):
        namespace, url = text_of(service, "Namespace"), _split(text_of(service, "XAddr"))
        if namespace in (MEDIA, MEDIA_2) and url and url.scheme in HTTP_SCHEMES:
            found[namespace] = at_address(url, address)
    media = _split(text_of(body, "Capabilities", "Media", "XAddr"))
    if media and media.scheme in HTTP_SCHEMES:
        found[MEDIA] = at_address(media, address)
    return found


def read_profiles(body: Element) -> list[Stream]:
    """The profiles that have video, each as a stream whose address is still unknown."""
    return [found for each in all_named(body, "Profiles") if (found := _profile(each))][
        :MAX_STREAMS
    ]


def read_stream_url(body: Element, address: str) -> str:
    """The address of a stream at the device's own address; empty when it is none for a camera."""
    url = _split(_stream_uri(body))
    return at_address(url, address) if url and url.scheme in NETWORK_SCHEMES else ""


def is_at(body: Element, address: str) -> bool:
    """Whether a device names its stream at this address, and not at one behind a router."""
    return not foreign_addresses((_stream_uri(body),), address)


def _stream_uri(body: Element) -> str:
    found = first_named(body, "Uri")
    return (found.text or "").strip() if found is not None else ""


def _profile(profile: Element) -> Stream | None:
    token = _attribute(profile.attrib, "token")
    encoder = first_named(profile, "VideoEncoderConfiguration")
    if encoder is None:
        encoder = first_named(profile, "VideoEncoder")
    if encoder is None or not token:
        return None
    fps = _number(text_of(encoder, "RateControl", "FrameRateLimit"), _MAX_FPS)
    return Stream(
        token=token,
        name=text_of(profile, "Name") or token,
        codec=text_of(encoder, "Encoding").upper(),
        width=_pixels(text_of(encoder, "Resolution", "Width")),
        height=_pixels(text_of(encoder, "Resolution", "Height")),
        fps=fps,
    )


def _attribute(attributes: Mapping[str, str], name: str) -> str:
    return next((harmless(each) for key, each in attributes.items() if key.endswith(name)), "")


def _pixels(text: str) -> int | None:
    value = _number(text, _MAX_PIXELS)
    return None if value is None else int(value)


def _number(text: str, most: float) -> float | None:
    """A number above 0; devices say 0 where they do not know."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 < value <= most else None


def _split(url: str) -> SplitUrl | None:
    try:
        return split_url(url)
    except ValueError:
        return None


def _bracketed(address: str) -> str:
    try:
        return f"[{address}]" if ipaddress.ip_address(address).version == 6 else address  # noqa: PLR2004 - IPv6
    except ValueError:
        return address
