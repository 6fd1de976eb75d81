"""`doctor` on set-ups of which one thing is wrong: it names that one, and what to do."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_video.capture.limits import LimitWay
from edge_video.cli.doctor.files import check_files, check_notes
from edge_video.cli.doctor.machine import Subject
from edge_video.cli.doctor.network import broker_findings
from edge_video.cli.doctor.places import check_disk
from edge_video.cli.main import main
from edge_video.config.env_file import load_whole
from edge_video.delivery.amqp.inquiry import BrokerResult, BrokerStep, Inquiry, Verdict
from edge_video.report.finding import Finding, Grade
from edge_video.runtime.disk import DiskSpace
from edge_video.testing.certificates import Certificates, make_certificates
from edge_video.testing.devices import Basic, RtspDevice, Video
from edge_video.testing.rabbit import RabbitNode, free_port
from edge_video.testing.scripted_ffmpeg import picture
from edge_video.text.catalog import Language
from tests.support.doctor import GIB, NOW_S, Setup, healthy_machine, make_ffmpeg
from tests.support.rabbit import broker_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.config.loader import Loaded
    from edge_video.testing.devices.requests import Request

CANARY = "hunter2-canary"


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


def camera(url: str, **keys: object) -> list[dict[str, object]]:
    return [{"id": "door", "url": url, **keys}]


def subject_of(loaded: Loaded, files: tuple[Path, ...]) -> Subject:
    cameras = tuple(loaded.config.cameras)
    path, machine = loaded.files[0], healthy_machine()
    return Subject(loaded.config, path, files, loaded.exposed, cameras, Language.EN, 5.0, machine)


def of(findings: list[Finding], code: str) -> Finding:
    return next(each for each in findings if each.code == code)


# --- where nothing is wrong ---


def test_a_good_set_up_has_nothing_to_do_and_nothing_is_changed(setup: Setup) -> None:
    path = setup.write()
    before = sorted(setup.folder.iterdir())
    findings = setup.examine()
    assert {each.grade for each in findings} == {Grade.OK}
    assert {each.check.value for each in findings} == {
        *("ffmpeg", "hardware", "camera", "clock", "disk", "limits", "files"),
    }
    assert sorted(setup.folder.iterdir()) == before
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.ffmpeg
def test_the_command_prints_a_table_or_json_and_ends_with_what_was_found(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "keys", {"ffmpeg": None, "http": {"listen": "127.0.0.1:0"}})
    path = str(setup.write())
    assert main(["doctor", "--config", path]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "config.yaml, examined as user" in lines[0]
    assert any("has what cameras need" in line for line in lines)
    assert any(line.startswith("✓ camera") and "door: sends" in line for line in lines)
    assert "problem" not in lines[-1]
    setup.keys["cameras"] = camera(f"rtsp://me:{CANARY}@127.0.0.1:{free_port()}/s")
    setup.write()
    assert main(["doctor", "--json", "--config", path]) == 1
    printed = capsys.readouterr().out
    shown = json.loads(printed)
    assert shown["ok"] is False
    (problem,) = (each for each in shown["findings"] if each["grade"] == "problem")
    assert (problem["code"], problem["subject"]) == ("camera.refused", "door")
    assert problem["advice"]
    assert CANARY not in printed


def test_a_configuration_that_is_not_valid_is_bad_input(setup: Setup) -> None:
    setup.keys["fps"] = 0
    assert main(["doctor", "--config", str(setup.write())]) == 2


# --- the broker ---


def amqp(broker: RabbitNode, name: str, password: str) -> dict[str, object]:
    url = f"amqp://{broker.host}:{broker.port}/"
    access = {"username": name, "password": password, "exchange": "amq.topic"}
    return {"sink": "amqp", "amqp": {"url": url, **access}}


@pytest.mark.rabbitmq
def test_a_broker_is_good_or_its_password_or_its_permission_is_wrong(
    setup: Setup, broker: RabbitNode
) -> None:
    setup.keys |= amqp(broker, "guest", "guest")
    assert of(setup.examine(), "broker.ok.one").text.startswith("RabbitMQ ")
    setup.keys |= amqp(broker, "guest", CANARY)
    assert setup.wrong() == ["broker.login"]
    reader = broker_user(broker, password=CANARY, write="^other$")
    setup.keys |= amqp(broker, reader, CANARY)
    assert setup.wrong() == ["broker.write"]


def test_a_broker_without_the_exchange_is_good_and_the_exchange_is_named(setup: Setup) -> None:
    subject = subject_of(load_whole(setup.write(), {}), ())
    step = BrokerStep(Inquiry.EXCHANGE, Verdict.MISSING, "shop")
    missing, good = broker_findings(subject, BrokerResult("broker:5672", (step,)))
    assert missing.subject == "shop"
    assert missing.text.startswith("this exchange does not exist")
    assert (good.code, good.text) == ("broker.ok.none", "n/a lets this user in")


@contextlib.contextmanager
def tls_server(certificates: Certificates) -> Iterator[int]:
    """A port at which every client is shown the server's certificate, and no more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, certificates.server_key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, contextlib.suppress(OSError):
                        client.settimeout(5)
                        context.wrap_socket(client, server_side=True).close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_a_certificate_that_has_expired_is_named(setup: Setup) -> None:
    certificates = make_certificates(setup.folder, server_days=-1)
    with tls_server(certificates) as port:
        url = f"amqps://me:{CANARY}@127.0.0.1:{port}/"
        setup.keys |= {"sink": "amqp", "amqp": {"url": url, "tls": {"ca": str(certificates.ca)}}}
        assert setup.wrong() == ["broker.expired"]


def test_a_certificate_that_ends_soon_is_a_hint(setup: Setup) -> None:
    certificates = make_certificates(setup.folder, server_days=9.5)
    setup.machine = healthy_machine(now=time.time)
    with tls_server(certificates) as port:
        url = f"amqps://me:{CANARY}@127.0.0.1:{port}/"
        setup.keys |= {"sink": "amqp", "amqp": {"url": url, "tls": {"ca": str(certificates.ca)}}}
        found = of(setup.examine(), "broker.expires")
    assert (found.grade, found.text) == (Grade.HINT, "its certificate ends in 9 days")


# --- cameras and their clocks ---


@pytest.mark.ffmpeg
def test_a_camera_with_another_password_is_named(setup: Setup) -> None:
    video = Video.of_jpegs([picture(64, 64)])
    with RtspDevice(video, authentication=Basic("me", "right")) as device:
        setup.keys |= {"ffmpeg": None, "cameras": camera(device.url_for("me", CANARY))}
        assert setup.wrong() == ["camera.wrong_password"]


def telling(offset_s: float) -> RtspDevice:
    """A camera whose clock is so far ahead."""

    def answer(request: Request) -> str | None:
        date = formatdate(NOW_S + offset_s, usegmt=True)
        return f"RTSP/1.0 200 OK\r\nCSeq: {{cseq}}\r\nDate: {date}\r\n\r\n" * (
            request.method == "OPTIONS"
        )

    return RtspDevice(Video.of_jpegs([picture(64, 64)]), answer=answer)


def at_names(*devices: RtspDevice) -> list[dict[str, str]]:
    """A camera of each device, by another name of the host: each host is asked once."""
    names = ("127.0.0.1", "localhost")
    urls = [each.url.replace("127.0.0.1", name) for each, name in zip(devices, names, strict=False)]
    return [{"id": f"c{n}", "url": url} for n, url in enumerate(urls)]


def test_a_clock_that_is_off_by_an_hour_is_named(setup: Setup) -> None:
    setup.machine = healthy_machine(clock_is_synchronized=lambda: None)
    with telling(3600) as first, telling(3601) as other:
        setup.keys["cameras"] = at_names(first, other)
        assert setup.wrong() == ["clock.machine_behind"]
        assert of(setup.examine(), "clock.machine_behind").text == (
            "this machine is 1h behind, say 2 of 2 cameras that tell their time"
        )


def test_a_clock_that_the_kernel_keeps_is_not_charged_with_the_cameras(setup: Setup) -> None:
    setup.machine = healthy_machine(clock_is_synchronized=lambda: True)
    with telling(3600) as first, telling(3601) as other:
        setup.keys["cameras"] = at_names(first, other)
        assert setup.wrong() == []
        assert of(setup.examine(), "clock.camera_ahead").grade is Grade.HINT


@pytest.mark.parametrize("offsets_s", [(3600,), (3600, -7200)])
def test_cameras_that_do_not_agree_with_another_one_charge_nobody_else(
    setup: Setup, offsets_s: tuple[float, ...]
) -> None:
    setup.machine = healthy_machine(clock_is_synchronized=lambda: None)
    with ExitStack() as stack:
        devices = [stack.enter_context(telling(each)) for each in offsets_s]
        setup.keys["cameras"] = at_names(*devices)
        assert setup.wrong() == []
        assert of(setup.examine(), "clock.camera_ahead").grade is Grade.HINT


def test_one_camera_of_several_that_is_off_is_a_hint(setup: Setup) -> None:
    with telling(1) as first, telling(-7200) as other:
        setup.keys["cameras"] = at_names(first, other)
        findings = setup.examine()
    found = of(findings, "clock.camera_behind")
    assert (found.grade, found.subject, found.text) == (Grade.HINT, "c1", "its clock is 2h behind")


def test_a_time_zone_that_nobody_knows_is_named(setup: Setup) -> None:
    setup.machine = healthy_machine(environ={"TZ": "America/Sao_Paolo"})
    assert setup.wrong() == ["clock.zone_unknown"]
    setup.machine = healthy_machine(environ={"TZ": "<-03>3"})
    assert setup.wrong() == []


# --- FFmpeg ---


def test_an_ffmpeg_that_is_missing_is_named_once(setup: Setup) -> None:
    broken = setup.folder / "broken-ffmpeg"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    setup.keys["ffmpeg"] = str(broken)
    assert setup.wrong() == ["ffmpeg.missing"]
    assert of(setup.examine(), "camera.no_ffmpeg").grade is Grade.SKIPPED


def test_an_ffmpeg_that_is_too_old_is_named(setup: Setup) -> None:
    setup.keys["ffmpeg"] = make_ffmpeg(setup.folder, "4.4.2")
    assert setup.wrong() == ["ffmpeg.old"]


def test_hardware_that_does_not_decode_is_named_with_its_reason(setup: Setup) -> None:
    setup.keys["cameras"] = camera("lavfi:testsrc2", hwaccel="vaapi", input_args=[])
    found = of(setup.examine(), "hardware.fails")
    assert found.text == "does not decode here (No VA display found), so the CPU does it"
    setup.keys["cameras"] = camera("lavfi:testsrc2", hwaccel="cuda")
    assert of(setup.examine(), "hardware.not_built").subject == "cuda"


# --- this machine ---


def test_a_disk_that_is_nearly_full_read_only_or_out_of_inodes_is_named(setup: Setup) -> None:
    for space, code in (
        (DiskSpace(100 * 2**20, 1_000_000, read_only=False), "disk.full"),
        (DiskSpace(20 * GIB, 12, read_only=False), "disk.no_files"),
        (DiskSpace(20 * GIB, None, read_only=True), "disk.read_only"),
    ):
        setup.machine = healthy_machine(disk_space=lambda _, space=space: space)
        assert setup.wrong() == [code]


def test_a_limit_that_is_too_low_is_named(setup: Setup) -> None:
    setup.machine = healthy_machine(descriptor_limit=lambda: 64)
    assert setup.wrong() == ["limits.descriptors"]
    setup.machine = healthy_machine(task_room=lambda: 10)
    assert setup.wrong() == ["limits.tasks"]


def test_a_quota_of_cpu_is_a_hint_with_the_command_that_judges_it(setup: Setup) -> None:
    setup.machine = healthy_machine(cpu_quota=lambda: 1.5)
    found = of(setup.examine(), "limits.quota")
    assert "1.5" in found.text
    assert "probe --measure" in found.advice[0]


@pytest.mark.parametrize("way", LimitWay)
def test_how_limits_of_ffmpegs_are_kept_is_told_where_there_are_any(
    setup: Setup, way: LimitWay
) -> None:
    setup.machine = healthy_machine(limit_way=lambda: way)
    assert "limits.ok" in {each.code for each in setup.examine()}
    assert f"limits.{way}" not in {each.code for each in setup.examine()}
    setup.keys["ffmpeg_max_memory_mb"] = 512
    assert of(setup.examine(), f"limits.{way}").text


def test_a_state_directory_that_cannot_be_made_is_named(setup: Setup) -> None:
    (setup.folder / "state").write_text("a file")
    setup.keys["state"] = {"dir": str(setup.folder / "state" / "below")}
    assert setup.wrong() == ["place.no_directory"]


def test_a_port_is_free_taken_or_of_no_interface(setup: Setup) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.listen()
        setup.keys["http"] = {"listen": f"127.0.0.1:{other.getsockname()[1]}"}
        threading.Thread(target=_hang_up, args=(other,)).start()
        assert setup.wrong() == ["port.taken"]
    assert of(setup.examine(), "port.free").grade is Grade.OK
    setup.keys["http"] = {"listen": "192.0.2.7:8080", "token": CANARY}
    assert setup.wrong() == ["port.no_address"]


def _hang_up(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        listener.accept()[0].close()


def test_a_secret_that_every_user_may_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        secret = folder / "password"
        secret.write_text(CANARY)
        setup = Setup(folder)
        url = "lavfi:testsrc2"
        setup.keys |= {"amqp": {"url": "amqp://me@broker/", "password": f"file:{secret}"}}
        setup.keys["cameras"] = camera(url)
        secret.chmod(0o600)
        assert setup.wrong() == []
        secret.chmod(0o604)
        assert setup.wrong() == ["files.open"]
        secret.chmod(0o602)
        assert setup.wrong() == ["files.writable"]


def test_a_file_with_a_password_is_told_by_itself_and_not_by_a_longer_name() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        setup = Setup(folder)
        setup.keys |= {"amqp": {"url": f"amqp://me:{CANARY}@broker/"}}
        path = setup.write()
        path.chmod(0o644)
        loaded = load_whole(path, {})
        assert loaded.exposed == (path,)
        longer = folder / "config.yaml.d.yaml"
        longer.touch(0o644)
        subject = subject_of(loaded, (path, longer))
        assert [(each.code, each.subject) for each in check_files(subject)] == [
            ("files.open", str(path))
        ]
        assert check_notes(subject) == []


def test_a_file_that_may_not_be_looked_at_breaks_no_check(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    loaded = load_whole(setup.write(), {})
    subject = subject_of(loaded, loaded.files)
    monkeypatch.setattr(Path, "stat", refuse)
    (found,) = check_files(subject)
    assert found.grade is Grade.OK


def test_a_log_file_that_may_not_be_written_on_is_named(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = setup.folder / "edge-video.log"
    file.touch()
    setup.keys["log"] = {"file": str(file)}
    subject = subject_of(load_whole(setup.write(), {}), ())
    may_write = os.access
    monkeypatch.setattr(os, "access", lambda path, how: path != file and may_write(path, how))
    (found, *_) = check_disk(subject)
    assert (found.code, found.subject) == ("place.not_writable", str(file))


def test_what_is_probably_not_meant_is_a_hint(setup: Setup) -> None:
    setup.keys["cameras"] = camera("lavfi:testsrc2", enabled=False)
    found = of(setup.examine(), "config.note")
    assert (found.grade, found.text) == (
        Grade.HINT,
        "every camera is disabled: nothing will be captured",
    )


# --- the checks themselves ---


def test_a_check_that_hangs_is_given_up_and_the_others_are_told(setup: Setup) -> None:
    over = threading.Event()

    def hangs(_: Path) -> DiskSpace:
        over.wait()
        return DiskSpace(0, 0, read_only=True)

    setup.machine = replace(healthy_machine(disk_space=hangs), limit_s=0.05)
    findings = setup.examine()
    over.set()
    assert of(findings, "late").check.value == "disk"
    assert of(findings, "camera.ok").grade is Grade.OK


def test_a_check_with_a_defect_hides_no_other_one(setup: Setup) -> None:
    def breaks(_: Path) -> DiskSpace:
        raise RuntimeError("no such thing")

    setup.machine = healthy_machine(disk_space=breaks)
    assert setup.wrong() == ["broken"]


def test_findings_are_portuguese_where_the_operator_is(setup: Setup) -> None:
    setup.machine = healthy_machine(descriptor_limit=lambda: 64)
    found = of(setup.examine(Language.PT_BR), "limits.descriptors")
    assert "descritores de arquivo" in found.text
    assert "LimitNOFILE" in found.advice[0]
