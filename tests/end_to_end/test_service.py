"""The program under a service manager: a real process, a real datagram socket."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.support.notify_socket import NotifySocket
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.ffmpeg


def test_the_program_notifies_its_service_manager_from_start_to_end(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "camera").write_text("s3cret-word\n")
    camera = {"id": "a", "url": "lavfi:testsrc2=size=64x48:rate=5", "fps": 5}
    locked = {
        "id": "b",
        "url": "rtsp://127.0.0.1:9/s",
        "username": "viewer",
        "password": "file:${CREDENTIALS_DIRECTORY}/camera",
    }
    sink = {"type": "directory", "path": str(tmp_path / "frames"), "keep": 2}
    config = {"sink": sink, "cameras": [camera, locked]}
    with NotifySocket(f"@edge-video-{os.getpid()}") as heard:
        environment = {
            "NOTIFY_SOCKET": heard.address,
            "WATCHDOG_USEC": "2000000",
            "CREDENTIALS_DIRECTORY": str(credentials),
        }
        with Program(tmp_path, config, environment=environment) as program:
            heard.wait_for(lambda each: each == "READY=1")
            heard.wait_for(lambda each: each == "WATCHDOG=1")
            heard.wait_for(lambda each: each == "STATUS=1 of 2 streaming, pictures are written")
            streaming = next(each for each in program.ffmpegs() if "lavfi" in str(each.cmdline()))
            assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC"} & set(streaming.environ())

            heard.heard.clear()
            longer = {**config, "shutdown_timeout": "8s"}
            program.config_file.write_text(yaml.safe_dump(longer))
            program.process.send_signal(signal.SIGHUP)
            heard.wait_for(lambda each: each.startswith("RELOADING=1\nMONOTONIC_USEC="))
            heard.wait_for(lambda each: each == "READY=1")
            kinds = [each.split("=")[0] for each in heard.heard if "READY" in each or "REL" in each]
            assert kinds == ["RELOADING", "READY"]

            assert program.stop() == 0
        heard.read()
        assert [each for each in heard.heard if "STOPPING" in each] == [
            "STOPPING=1\nEXTEND_TIMEOUT_USEC=38000000"
        ]
        assert "s3cret-word" not in program.output + "".join(heard.heard)


def test_a_bad_configuration_ends_before_the_program_is_ready(tmp_path: Path) -> None:
    with NotifySocket(str(tmp_path / "notify")) as heard:
        with Program(tmp_path, {"fps": 0}, environment={"NOTIFY_SOCKET": heard.address}) as program:
            assert program.wait() == 2
        assert heard.read() == []
