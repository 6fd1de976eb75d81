"""A program that embeds edge-video type-checks as it is naturally written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from edge_video.config import Config

ROOT = Path(__file__).parents[3]
PROGRAM = '''
    """What an embedding program writes."""

    from pathlib import Path

    from pydantic import SecretStr

    from edge_video.config import (
        AmqpConfig, CameraConfig, CircuitBreakerConfig, Config, DirectorySinkConfig, EventsConfig,
        HttpConfig, LogConfig, SupervisionConfig, TlsConfig,
    )

    breaker = CircuitBreakerConfig(initial_backoff="500ms", max_backoff=60, jitter=0.2)
    camera = CameraConfig(
        id="a", url="rtsp://10.0.0.5/s", password="x", username="u", stall_timeout="5s",
        input_args=["-timeout", "1"], http_proxy=None,
    )
    secret = CameraConfig(id="b", url=SecretStr("http://10.0.0.6/v"))
    amqp = AmqpConfig(
        url="amqps://u:p@h", message_ttl="1h", tls=TlsConfig(ca=None), max_delay="250ms"
    )
    whole = Config(
        cameras=[camera, secret, {"id": "c", "url": "lavfi:testsrc2", "first_frame_timeout": "1m"}],
        amqp=amqp,
        circuit_breaker=breaker,
        memory_controller={"enabled": True},
        log=LogConfig(level="debug", rotation="5 MB", file="x.log"),
        http=HttpConfig(token="12345678", hosts=["cams.example"]),
        supervision=SupervisionConfig(period="30s"),
        language="pt_BR",
        max_age="1s",
        shutdown_timeout=0,
    )
    short = Config(cameras=(camera,), sink="directory")
    long = Config(cameras=[camera], sink=DirectorySinkConfig(path="x"), amqp=None)
    checked = Config.model_validate({"cameras": [{"id": "a", "url": "x.mp4"}], "sink": "directory"})

    backoff: float = breaker.initial_backoff
    ttl: float | None = amqp.message_ttl
    password: SecretStr | None = camera.password
    held: tuple[CameraConfig, ...] = whole.cameras
    stall: float = whole.cameras[0].stall_timeout
    port: int = whole.http.address.port if whole.http else 0
'''
MISTAKES = {
    "CircuitBreakerConfig(initial_backof=1)": "Unexpected keyword argument",
    "CircuitBreakerConfig(initial_backoff=[1])": 'expected "float | str"',
    "CameraConfig(id='a')": 'Missing named argument "url"',
    "CameraConfig(id='a', url='x.mp4', fps='3')": 'expected "int"',
    "Config(cameras=[], sink='file')": "incompatible type",
    "Config(cameras=[], amqp='amqp://h')": "incompatible type",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of its own, without this project's settings of mypy."""
    return tmp_path_factory.mktemp("embedding")


def mypy(folder: Path, program: str) -> list[str]:
    """What mypy says of a program that has edge-video installed."""
    (folder / "program.py").write_text(program)
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "program.py"],
        cwd=folder,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.stderr == ""
    return [line for line in run.stdout.splitlines() if line.startswith("program.py")]


def test_a_program_as_it_is_naturally_written_has_no_type_error(folder: Path) -> None:
    assert mypy(folder, dedent(PROGRAM)) == []


def test_mistakes_are_type_errors(folder: Path) -> None:
    lines = ["from edge_video.config import CameraConfig, CircuitBreakerConfig, Config", *MISTAKES]
    found = mypy(folder, "\n".join(lines))
    for number, (mistake, message) in enumerate(MISTAKES.items(), start=2):
        assert any(
            line.startswith(f"program.py:{number}:") and message in line for line in found
        ), (mistake, found)


def test_the_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(dedent(PROGRAM), "program.py", "exec"), names)
    whole = names["whole"]
    assert isinstance(whole, Config)
    assert (whole.log.level, whole.language, whole.max_age) == ("DEBUG", "pt-BR", 1.0)
    assert whole.cameras[2].first_frame_timeout == 60.0
