"""`discover` across a network: two namespaces, a cable between them, and a camera that moves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
NUMBER: Final = os.getpid()
HERE, THERE = f"evh{NUMBER}", f"evt{NUMBER}"
NEAR, FAR = f"evx{NUMBER}", f"evy{NUMBER}"
CAMERA: Final = """
import sys
from edge_video.testing.devices import OnvifDevice, OnvifStream
services = "http://169.254.7.7:{port}/onvif/device_service"
streams = [OnvifStream("main", "rtsp://0.0.0.0:554/main")]
with OnvifDevice(streams, host=sys.argv[1], services=services, discovery_port=3702):
    print("ready", flush=True)
    sys.stdin.read()
"""


def do(command: str) -> None:
    subprocess.run(command.split(), check=True, capture_output=True, timeout=20)


@pytest.fixture
def cable() -> Iterator[None]:
    """Two namespaces: 198.18.77.1 is the program's, the camera's has no address yet."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need root and iproute2")
    try:
        do(f"ip netns add {HERE}")
        do(f"ip netns add {THERE}")
        do(f"ip link add {NEAR} netns {HERE} type veth peer name {FAR} netns {THERE}")
        do(f"ip -n {HERE} addr add 198.18.77.1/24 dev {NEAR}")
        for namespace, end in ((HERE, NEAR), (THERE, FAR)):
            do(f"ip -n {namespace} link set {end} up")
        yield
    except subprocess.CalledProcessError as error:
        pytest.skip(f"network namespaces cannot be made here: {error}")
    finally:
        for namespace in (HERE, THERE):
            command = f"ip netns del {namespace}"
            subprocess.run(command.split(), check=False, capture_output=True)


@contextmanager
def camera_at(address: str) -> Iterator[None]:
    do(f"ip -n {THERE} addr flush dev {FAR}")
    do(f"ip -n {THERE} addr add {address}/24 dev {FAR}")
    command = ["ip", "netns", "exec", THERE, sys.executable, "-c", CAMERA, address]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
        process.communicate("", timeout=20)


def found() -> dict[str, Any]:
    words = ("-m", "edge_video", "discover", "--wait", "800ms", "--json")
    command = ["ip", "netns", "exec", HERE, sys.executable, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=True)
    (camera,) = json.loads(done.stdout)["cameras"]
    assert isinstance(camera, dict)
    return camera


@pytest.mark.usefixtures("cable")
def test_a_camera_is_found_by_multicast_and_known_again_at_another_address() -> None:
    with camera_at("198.18.77.5"):
        first = found()
    with camera_at("198.18.77.9"):
        then = found()
    assert (first["address"], then["address"]) == ("198.18.77.5", "198.18.77.9")
    assert first["endpoint"] == then["endpoint"]
    assert [each["url"] for each in then["streams"]] == ["rtsp://198.18.77.9:554/main"]
    assert "169.254.7.7" in then["remarks"][0]
