"""Where a configured camera is, told from who answers and what this machine has seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from edge_video.capture.onvif.inquiry import ask_device
from edge_video.capture.onvif.matching import (
    Identity,
    Match,
    Remark,
    Wanted,
    Whereabouts,
    find_again,
    identity_of,
)
from edge_video.capture.onvif.model import Answer, Device, Login, Problem, Stream
from edge_video.capture.onvif.neighbours import neighbours, normal_mac
from edge_video.capture.onvif.reading import normal_endpoint
from edge_video.testing.devices import OnvifDevice, OnvifStream

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ENDPOINT: Final = "urn:uuid:5d1b50b0-95f3-4d0a-8f5e-6a4c1f9d2e77"
MAC: Final = "00:11:22:aa:bb:cc"
URL: Final = "rtsp://me:hunter2@10.0.0.5:554/main?password=hunter2"
MOVED: Final = "rtsp://10.0.0.9:554/main?password=***"


def wanted(endpoint: str = ENDPOINT, mac: str = MAC, url: str = URL) -> Wanted:
    return Wanted("door", url, Identity(endpoint, mac), ("10.0.0.5",))


def device(address: str, endpoint: str = "", *macs: str, url: str = "") -> Device:
    streams = (Stream("main", "main", url=url),) if url else ()
    service = f"http://{address}/onvif/device_service"
    return Device(Answer(endpoint, address), service=service, macs=macs, streams=streams)


def found(camera: Wanted, *devices: Device, seen: Mapping[str, str] | None = None) -> Match:
    (match,) = find_again([camera], devices, seen or {})
    return match


def test_a_camera_is_still_there_or_has_moved() -> None:
    here = found(wanted(), device("10.0.0.5", ENDPOINT, MAC))
    assert (here.whereabouts, here.url) == (Whereabouts.STILL_THERE, "")
    there = found(wanted(), device("10.0.0.7", "urn:x"), device("10.0.0.9", ENDPOINT, MAC))
    assert (there.whereabouts, there.address, there.url) == (Whereabouts.MOVED, "10.0.0.9", MOVED)
    assert "hunter2" not in repr(there)


@pytest.mark.parametrize(
    ("identity", "answering"),
    [
        (Identity(ENDPOINT), device("10.0.0.9", ENDPOINT)),
        (Identity(ENDPOINT, MAC), device("10.0.0.9", ENDPOINT)),
        (Identity("", MAC), device("10.0.0.9", "urn:whatever", MAC)),
    ],
)
def test_either_is_enough_where_the_other_is_unknown(identity: Identity, answering: Device) -> None:
    match = found(Wanted("door", URL, identity, ("10.0.0.5",)), answering)
    assert (match.whereabouts, match.remarks) == (Whereabouts.MOVED, ())


def test_an_update_may_change_the_endpoint_but_not_the_hardware() -> None:
    match = found(wanted(), device("10.0.0.9", "urn:new", MAC))
    assert (match.whereabouts, match.remarks) == (Whereabouts.MOVED, (Remark.ENDPOINT_CHANGED,))
    assert match.identity == Identity("urn:new", MAC)


def test_what_a_device_does_not_tell_the_neighbours_know() -> None:
    match = found(wanted(), device("10.0.0.9", "urn:new"), seen={"10.0.0.9": MAC})
    assert match.whereabouts is Whereabouts.MOVED


def test_another_camera_with_the_endpoint_of_this_one_is_not_this_one() -> None:
    other = device("10.0.0.5", ENDPOINT, "00:11:22:00:00:01")
    match = found(wanted(), other)
    assert (match.whereabouts, match.remarks) == (Whereabouts.NOT_FOUND, (Remark.OTHER_THERE,))
    assert found(wanted(), other, device("10.0.0.9", ENDPOINT, MAC)).address == "10.0.0.9"


def test_of_several_that_fit_the_one_at_the_address_is_it_else_none_is() -> None:
    several = [device(f"10.0.0.{n}", ENDPOINT) for n in (5, 8, 9)]
    assert found(wanted(mac=""), *several).whereabouts is Whereabouts.STILL_THERE
    match = found(wanted(mac=""), *several[1:])
    assert (match.whereabouts, match.others) == (
        Whereabouts.NOT_IDENTIFIED,
        ("10.0.0.8", "10.0.0.9"),
    )


def test_an_answer_counts_more_than_an_old_entry_of_the_neighbours() -> None:
    seen = {"10.0.0.5": MAC, "10.0.0.9": MAC}
    assert found(wanted(), device("10.0.0.9", ENDPOINT), seen=seen).address == "10.0.0.9"
    silent = found(wanted(), seen={"10.0.0.9": MAC})
    assert (silent.whereabouts, silent.remarks) == (Whereabouts.MOVED, (Remark.SEEN_ONLY,))


def test_a_camera_without_an_identity_is_not_identified_and_learns_one() -> None:
    match = found(wanted("", ""), device("10.0.0.5", ENDPOINT, MAC))
    assert (match.whereabouts, match.identity) == (
        Whereabouts.NOT_IDENTIFIED,
        Identity(ENDPOINT, MAC),
    )
    assert match.remarks == (Remark.NO_IDENTITY,)


def test_a_device_that_was_asked_and_did_not_answer_is_nobody() -> None:
    silent = Device(Answer("", "10.0.0.5", announced=False), problem=Problem.NO_ANSWER)
    match = found(wanted(), silent)
    assert (match.whereabouts, match.remarks) == (Whereabouts.NOT_FOUND, ())


@pytest.mark.parametrize(
    ("told", "whereabouts"),
    [
        ("rtsp://10.0.0.5/main?password=hunter2", Whereabouts.STILL_THERE),
        ("rtsp://10.0.0.5:8554/other", Whereabouts.STILL_THERE),
        ("rtsp://10.0.0.5:8554/main?password=hunter2", Whereabouts.MOVED),
    ],
)
def test_another_port_is_a_move_where_the_same_stream_is_told_there(
    told: str, whereabouts: Whereabouts
) -> None:
    match = found(wanted(), device("10.0.0.5", ENDPOINT, MAC, url=told))
    assert match.whereabouts is whereabouts
    assert (":8554/main" in match.url) is (whereabouts is Whereabouts.MOVED)


def test_behind_a_router_the_port_that_a_camera_tells_is_not_its_own() -> None:
    stream = Stream("main", "main", url="rtsp://10.0.0.5/main?password=hunter2")
    behind = replace(stream, is_told_there=False)
    camera = wanted(url="rtsp://10.0.0.5:5541/main?password=hunter2")
    known = device("10.0.0.5", ENDPOINT, MAC)
    assert found(camera, replace(known, streams=(behind,))).whereabouts is Whereabouts.STILL_THERE
    assert found(camera, replace(known, streams=(stream,))).whereabouts is Whereabouts.MOVED


def test_of_several_behind_one_router_the_one_with_the_endpoint_is_it() -> None:
    several = (device("10.0.0.5", "urn:other"), device("10.0.0.5", ENDPOINT))
    match = found(wanted(), *several, seen={"10.0.0.5": MAC})
    assert (match.whereabouts, match.remarks) == (Whereabouts.STILL_THERE, ())
    assert match.identity.endpoint == ENDPOINT


@pytest.mark.parametrize("endpoint", ["urn:uuid:a b", "urn:${home}", "u" * 256, 'urn:"', "é"])
def test_an_endpoint_that_no_configuration_could_hold_is_not_remembered(endpoint: str) -> None:
    assert identity_of(device("10.0.0.5", endpoint, MAC), {}) == Identity("", MAC)


# --- what a device tells of itself ---


def asked(simulated: OnvifDevice, login: Login | None = None) -> Device:
    return ask_device(Answer("", simulated.host, (simulated.url,)), login, 20.0)


STREAMS: Final = (OnvifStream("main", "rtsp://127.0.0.1:554/main"),)


def test_a_device_at_another_address_tells_who_it_is() -> None:
    with OnvifDevice(STREAMS, endpoint=ENDPOINT.upper(), mac="00-11-22-AA-BB-CC") as simulated:
        told = asked(simulated)
    assert identity_of(told, {}) == Identity(ENDPOINT, MAC)


@pytest.mark.parametrize("spelling", ["{}", "uuid:{}", "urn:uuid:{}", "{{{}}}"])
def test_an_endpoint_has_one_spelling_however_a_device_writes_it(spelling: str) -> None:
    written = spelling.format(ENDPOINT.removeprefix("urn:uuid:").upper())
    with OnvifDevice(STREAMS, endpoint=written, mac=MAC) as simulated:
        told = asked(simulated)
    assert told.answer.endpoint == normal_endpoint(written) == ENDPOINT


def test_a_device_that_names_its_stream_at_another_host_stands_behind_a_router() -> None:
    streams = (OnvifStream("behind", "rtsp://192.168.1.5:554/main"), *STREAMS)
    with OnvifDevice(streams, mac=MAC) as simulated:
        told = asked(simulated)
    assert [each.is_told_there for each in told.streams] == [False, True]


def test_a_device_without_network_interfaces_is_known_by_its_neighbours() -> None:
    with OnvifDevice(STREAMS) as simulated:
        told = asked(simulated)
    assert (told.problem, told.macs) == (None, ())
    assert identity_of(told, {"127.0.0.1": MAC}) == Identity("", MAC)


def test_a_device_that_wants_a_login_tells_its_endpoint_without_one() -> None:
    with OnvifDevice(STREAMS, login=("me", "hunter2"), endpoint=ENDPOINT, mac=MAC) as simulated:
        closed = asked(simulated)
        told = asked(simulated, Login("me", "hunter2"))
        wrong = asked(simulated, Login("me", "guessed"))
    assert (closed.problem, identity_of(closed, {})) == (Problem.NEEDS_LOGIN, Identity(ENDPOINT))
    assert identity_of(told, {}) == Identity(ENDPOINT, MAC)
    assert (wrong.problem, wrong.macs, simulated.refused_logins) == (Problem.WRONG_LOGIN, (), 1)


def test_the_table_of_neighbours_is_read_without_what_is_incomplete(tmp_path: Path) -> None:
    table = tmp_path / "arp"
    table.write_text(
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        f"10.0.0.9         0x1         0x2         {MAC.upper()}     *        eth0\n"
        "10.0.0.10        0x1         0x0         00:00:00:00:00:00     *        eth0\n"
        "10.0.0.11        0x1         zz          00:11:22:33:44:55     *        eth0\n"
        "nonsense\n"
    )
    assert neighbours(table) == {"10.0.0.9": MAC}
    assert neighbours(tmp_path / "none") == {}


@pytest.mark.parametrize("text", ["", "00:11", "ff:ff:ff:ff:ff:ff", "0:0:0:0:0:0", "x" * 17])
def test_what_is_no_hardware_address_is_none(text: str) -> None:
    assert normal_mac(text) is None
