"""Asks by multicast which ONVIF devices are there (WS-Discovery of April 2005)."""

from __future__ import annotations

import select
import socket
import time
import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from edge_video.capture.onvif.model import Answer
from edge_video.capture.onvif.reading import normal_endpoint
from edge_video.capture.onvif.xml import NotUnderstood, all_named, harmless, read_xml, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from xml.etree.ElementTree import Element

GROUP: Final = "239.255.255.250"
PORT: Final = 3702
MAX_DEVICES: Final = 256
"""So many are remembered; a network with more has somebody who plays tricks."""
_MAX_DATAGRAMS: Final = 4096
_MAX_SERVICES: Final = 8
_DATAGRAM: Final = 65535
_REPEAT_S: Final = 0.5
"""Datagrams are lost, so the question is asked twice (the standard asks for the same)."""
_SCOPE: Final = "onvif://www.onvif.org/"
_TYPES: Final = (
    ("dn", "http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter"),
    ("tds", "http://www.onvif.org/ver10/device/wsdl", "Device"),
)
"""Older devices know the first, newer ones the second; one question for both asks for devices that
are both."""
_PROBE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
    "<s:Header>"
    '<a:Action s:mustUnderstand="1">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>'
    "<a:MessageID>uuid:{message}</a:MessageID>"
    '<a:To s:mustUnderstand="1">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>'
    "</s:Header><s:Body><d:Probe>"
    '<d:Types xmlns:{prefix}="{namespace}">{prefix}:{name}</d:Types>'
    "</d:Probe></s:Body></s:Envelope>"
)


def find_devices(
    addresses: Sequence[str], wait_s: float, *, group: tuple[str, int] = (GROUP, PORT)
) -> list[Answer]:
    """Ask on the interfaces that have these IPv4 addresses, and wait so long for answers.

    Each device is in the result once, in the order of addresses, however often it answered. An
    interface through which nothing can be sent does not keep the others from being asked.

    Raises:
        OSError: no interface can be used for the question.
    """
    # Cameras of one series come from the factory with one identity: the address is part of it.
    found: dict[tuple[str, str], Answer] = {}
    with ExitStack() as stack:
        for answer in _answers(_opened(addresses, stack), group, wait_s):
            key = (answer.endpoint, answer.address)
            if key in found:
                found[key] = _joined(found[key], answer)
            elif len(found) < MAX_DEVICES:
                found[key] = answer
    return sorted(found.values(), key=lambda each: _in_order(each.address))


def read_answer(datagram: bytes, address: str) -> list[Answer]:
    """The ONVIF devices of one datagram; printers and computers answer as well, and are left out.

    Which question it answers is not compared: devices write the identifier in many ways, and the
    socket that it came to belongs to this question alone.

    Raises:
        NotUnderstood: it is no XML.
    """
    root = read_xml(datagram)
    return [_answer(each, address) for each in all_named(root, "ProbeMatch") if _is_onvif(each)]


def _opened(addresses: Sequence[str], stack: ExitStack) -> list[socket.socket]:
    """The sockets of the interfaces that have one. Raises the last error where none has."""
    opened, last = [], None
    for address in addresses:
        try:
            opened.append(stack.enter_context(_open(address)))
        except OSError as error:
            last = error
    if last is not None and not opened:
        raise last
    return opened


def _open(address: str) -> socket.socket:
    """A socket that asks through one interface, and no further than the next router."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        opened.bind((address, 0))
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def _answers(
    sockets: Sequence[socket.socket], group: tuple[str, int], wait_s: float
) -> Iterable[Answer]:
    began = time.monotonic()
    asks_at = [began, began + min(_REPEAT_S, wait_s / 2)]
    left, was_asked = _MAX_DATAGRAMS, False
    while left and (now := time.monotonic()) < began + wait_s:
        if asks_at and now >= asks_at[0]:
            asks_at.pop(0)
            failure = _ask(sockets, group)
            if failure is not None and not was_asked:
                raise failure
            was_asked = True
        until = min([began + wait_s, *asks_at])
        readable, _, _ = select.select(sockets, [], [], max(0.0, until - now))
        for each in readable:
            left -= 1
            yield from _received(each)
            if not left:
                break


def _ask(sockets: Sequence[socket.socket], group: tuple[str, int]) -> OSError | None:
    """Ask through each; one may be down, or refuse. The last error where each does."""
    sent, last = False, None
    for each in sockets:
        try:
            for prefix, namespace, name in _TYPES:
                facts = {"prefix": prefix, "namespace": namespace, "name": name}
                each.sendto(_PROBE.format(message=uuid.uuid4(), **facts).encode(), group)
            sent = True
        except OSError as error:
            last = error
    return None if sent else last


def _received(readable: socket.socket) -> list[Answer]:
    try:
        datagram, (address, _) = readable.recvfrom(_DATAGRAM)
        return read_answer(datagram, address)
    except (OSError, NotUnderstood):
        return []  # a datagram with a wrong checksum, or nothing of ours


def _is_onvif(match: Element) -> bool:
    types = text_of(match, "Types")
    is_device = any(each.rpartition(":")[2] == _TYPES[0][2] for each in types.split())
    return is_device or _SCOPE in _raw(match, "Scopes")


def _answer(match: Element, address: str) -> Answer:
    scopes = _raw(match, "Scopes").split()
    return Answer(
        endpoint=normal_endpoint(text_of(match, "EndpointReference", "Address")),
        address=address,
        services=tuple(harmless(each) for each in _raw(match, "XAddrs").split()[:_MAX_SERVICES]),
        name=_scope(scopes, "name"),
        hardware=_scope(scopes, "hardware"),
    )


def _raw(match: Element, name: str) -> str:
    return next((each.text or "" for each in all_named(match, name)), "")


def _scope(scopes: Sequence[str], kind: str) -> str:
    start = f"{_SCOPE}{kind}/"
    found = next((each[len(start) :] for each in scopes if each.startswith(start)), "")
    return harmless(unquote(found).replace("_", " "))


def _joined(one: Answer, other: Answer) -> Answer:
    """A device that answered again: with the services of both answers, and the first address."""
    services = tuple(dict.fromkeys([*one.services, *other.services]))[:_MAX_SERVICES]
    return Answer(
        one.endpoint, one.address, services, one.name or other.name, one.hardware or other.hardware
    )


def _in_order(address: str) -> bytes:
    return socket.inet_aton(address)
