"""Who answers the multicast question, and what odd answers come to."""

from __future__ import annotations

import errno
import socket
import time
from typing import Final

import pytest

from edge_video.capture.onvif import discovery
from edge_video.capture.onvif.discovery import GROUP, find_devices, read_answer
from edge_video.capture.onvif.model import Answer
from edge_video.capture.onvif.xml import NotUnderstood
from edge_video.testing.devices import OnvifDevice, probe_match

FIRST: Final = "urn:uuid:00000000-0000-4000-8000-00000000000a"
OTHER: Final = "urn:uuid:00000000-0000-4000-8000-00000000000b"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


def test_devices_are_found_once_however_often_and_oddly_they_answer() -> None:
    port = free_port()
    garbage = [b"", b"\x00\xff", b"<e:Env", b"<a>" * 20_000, b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"]
    twice = [probe_match(FIRST, "http://169.254.1.1/o"), probe_match(FIRST.upper(), "http://h/p")]
    printer = probe_match(OTHER, "http://h/", types="wprt:PrintDeviceType").replace(b"onvif", b"x")
    with (
        OnvifDevice(discovery_port=port, probe_answers=[*garbage, *twice, printer]),
        OnvifDevice(discovery_port=port, endpoint=OTHER, name="A%20B") as other,
    ):
        found = {
            each.endpoint: each for each in find_devices(["127.0.0.1"], 0.8, group=(GROUP, port))
        }
    assert set(found) == {FIRST, OTHER}
    assert found[FIRST].services == ("http://169.254.1.1/o", "http://h/p")
    assert found[OTHER].services == (other.url,)
    assert (found[OTHER].name, found[OTHER].hardware) == ("A B", "H1")
    assert found[OTHER].address == "127.0.0.1"


def test_nobody_answers_within_the_wait() -> None:
    began = time.monotonic()
    assert find_devices(["127.0.0.1"], 0.1, group=(GROUP, free_port())) == []
    assert time.monotonic() - began < 5.0


def test_an_address_of_no_interface_is_an_error() -> None:
    with pytest.raises(OSError, match=r"."):
        find_devices(["192.0.2.1"], 0.1, group=(GROUP, free_port()))


class Refusing(socket.socket):
    """The socket of an interface that sends nothing, as one of a tunnel without its key."""

    def sendto(self, *_: object) -> int:
        raise OSError(errno.ENOKEY, "Required key not available")


def test_an_interface_that_cannot_ask_does_not_end_the_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port, whole = free_port(), discovery._open

    def opened(address: str) -> socket.socket:
        return Refusing(socket.AF_INET, socket.SOCK_DGRAM) if address == "" else whole(address)

    monkeypatch.setattr(discovery, "_open", opened)
    with OnvifDevice(discovery_port=port) as device:
        found = find_devices(["", "192.0.2.1", "127.0.0.1"], 0.8, group=(GROUP, port))
    assert [each.services for each in found] == [(device.url,)]
    with pytest.raises(OSError, match="Required key"):
        find_devices([""], 0.1, group=(GROUP, port))


def test_two_cameras_with_one_identity_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [
        Answer(FIRST, address, (f"http://{address}/o",))
        for address in ("10.0.0.6", "10.0.0.5", "10.0.0.6")
    ]
    monkeypatch.setattr(discovery, "_answers", lambda *_: answers)
    found = find_devices(["127.0.0.1"], 0.1)
    assert [each.address for each in found] == ["10.0.0.5", "10.0.0.6"]


def test_an_answer_with_undeclared_prefixes_and_zeros_behind_it_is_read() -> None:
    whole = probe_match(FIRST, "http://10.0.0.9/s http://169.254.3.4/s")
    body = whole[whole.index(b"<e:Body>") :]
    odd = b'\r\n<?xml version="1.0"?><e:Envelope >' + body + b"\x00\x00"
    (found,) = read_answer(odd, "10.0.0.9")
    assert found.endpoint == FIRST
    assert found.services == ("http://10.0.0.9/s", "http://169.254.3.4/s")


def test_what_a_device_says_cannot_steer_a_terminal() -> None:
    (found,) = read_answer(probe_match(FIRST, "http://h/", "a%1B%5B2Jb%0Ac"), "10.0.0.9")
    assert found.name == r"a\x1b[2Jb c"


def test_entities_are_refused_before_they_grow() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY x "xxxx"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>'
    with pytest.raises(NotUnderstood, match="document type"):
        read_answer(bomb, "10.0.0.9")
    with pytest.raises(NotUnderstood):
        read_answer(b'<?xml version="1.0" encoding="gb2312"?><a/>', "10.0.0.9")
