"""The whole program is paused for a while: a connection that is good is still there afterwards."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.testing.consumer import consume
from edge_video.testing.scripted_camera import install_scripted_ffmpeg
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.testing.rabbit import RabbitNode

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow]

PAUSE_S = 16
"""More than `confirm_timeout` and pika's patience for heartbeats; less than the broker's."""


def config(url: str, exchange: str, ffmpeg: Path, **amqp: Any) -> dict[str, Any]:
    camera = {"id": "cam1", "url": "rtsp://127.0.0.1/door?fps=10&bytes=50000"}
    return {
        "amqp": {"url": url, "exchange": exchange, **amqp},
        "ffmpeg": str(ffmpeg),
        "fps": 10,
        "cameras": [camera],
    }


def test_a_paused_program_keeps_its_connection_with_and_without_tls(
    broker: RabbitNode, exchange: str, tmp_path: Path
) -> None:
    assert broker.certificates is not None
    files = broker.certificates
    ffmpeg = install_scripted_ffmpeg(tmp_path)
    tls = {"ca": str(files.ca), "cert": str(files.client), "key": str(files.client_key)}
    secure = f"amqps://guest:guest@localhost:{broker.tls_port}/"
    with ExitStack() as stack:
        consumer = stack.enter_context(consume(broker, exchange))
        programs = []
        for name, keys in (
            ("plain", config(broker.url(), exchange, ffmpeg)),
            ("tls", config(secure, exchange, ffmpeg, tls=tls)),
        ):
            folder = tmp_path / name
            folder.mkdir()
            program = Program(folder, keys, "--report-file", "final.json")
            programs.append(stack.enter_context(program))
        for program in programs:
            program.wait_for_log("Publisher connected")
        consumer.wait_for(20)
        for program in programs:
            program.process.send_signal(signal.SIGSTOP)
        threading.Event().wait(PAUSE_S)
        arrived = len(consumer.messages)
        for program in programs:
            program.process.send_signal(signal.SIGCONT)
        consumer.wait_for(arrived + 60)
        threading.Event().wait(7)  # longer than any patience that began before the pause
        for program in programs:
            program.stop()
    for program in programs:
        publisher = program.report()["publisher"]
        assert (publisher["connections"], publisher["connections_lost"]) == (1, 0), program.output
        assert any("stood still" in line for line in program.log), program.output
        (camera,) = program.report()["cameras"]
        assert camera["frames"]["unknown"] == 0
