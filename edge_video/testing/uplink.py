"""Makes a thin way to a broker: a namespace for a program, and a link that can be made slow.

Needs root (or CAP_NET_ADMIN), /dev/net/tun and iproute2; nothing outside of what it makes is
touched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

Figures = dict[str, float]
"""See `edge_video.testing.uplink_link`; empty: a link without limits."""

FREE: Final[Figures] = {}
_LINK: Final = Path(__file__).with_name("uplink_link.py")


def thin(rate: float) -> Figures:
    """A modem: so many bits per second and no more, with a queue of 300 ms."""
    return {"rate": rate, "queue_s": 0.3, "delay_s": 0.005}


def distant(delay_s: float, *, rate: float = 0, loss: float = 0.0, queue_s: float = 2.0) -> Figures:
    """A long way, one way, and what else befalls packets on it."""
    return {"delay_s": delay_s, "rate": rate, "loss": loss, "queue_s": queue_s}


class Uplink:
    """Two ends of a link: the broker's in this namespace, the program's in one of its own.

    Args:
        place: tells the uplinks of one process apart, 0 to 255.
    """

    def __init__(self, place: int = 0) -> None:
        number = f"{os.getpid()}-{place}"
        self._namespace = f"edge-video-{number}"
        self._near, self._far = f"evn{number}", f"evf{number}"
        # RFC 2544: for tests of networks, never routed
        network = f"198.{18 + place % 2}.{(os.getpid() + place // 2) % 256}"
        self.broker_address = f"{network}.1"
        self._program_address = f"{network}.2"
        self._link: subprocess.Popen[str] | None = None
        self.prefix = ("ip", "netns", "exec", self._namespace)
        """In front of the words of a program that shall be behind the uplink."""

    def open(self) -> None:
        """Make it.

        Raises:
            subprocess.CalledProcessError: this user, or this container, may not.
        """
        near, far, inside = self._near, self._far, " ".join(self.prefix)
        _do(f"ip netns add {self._namespace}")
        self._link = subprocess.Popen(
            [sys.executable, str(_LINK), near, far],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._link.stdout is not None
        if self._link.stdout.readline().strip() != "ready":
            raise subprocess.CalledProcessError(self._link.wait(), str(_LINK))
        _do(f"ip link set {far} netns {self._namespace}")
        _do(f"ip addr add {self.broker_address}/24 dev {near}")
        _do(f"ip link set {near} up")
        _do(f"{inside} ip link set lo up")
        _do(f"{inside} ip addr add {self._program_address}/24 dev {far}")
        _do(f"{inside} ip link set {far} up")

    def close(self) -> None:
        """Remove it; harmless when it was made in part."""
        if self._link is not None:
            assert self._link.stdin is not None
            assert self._link.stdout is not None
            self._link.stdin.close()
            self._link.wait(10)
            self._link.stdout.close()
        command = f"ip netns del {self._namespace}"
        subprocess.run(command.split(), check=False, capture_output=True)

    def shape(self, up: Figures = FREE, down: Figures = FREE) -> None:
        """What becomes of packets to the broker, and of its answers, from now on."""
        assert self._link is not None
        assert self._link.stdin is not None
        self._link.stdin.write(json.dumps({"up": up, "down": down}) + "\n")
        self._link.stdin.flush()


def _do(command: str) -> None:
    subprocess.run(command.split(), check=True, capture_output=True, timeout=20)


def why_no_uplink() -> str:
    """What this machine lacks for an `Uplink`; empty when it can be made."""
    if shutil.which("ip") is None:
        return "iproute2"
    uplink = Uplink()
    try:
        uplink.open()
    except (subprocess.SubprocessError, OSError) as error:
        stderr = getattr(error, "stderr", b"") or b""
        return f"right to make network namespaces ({stderr.decode().strip() or error})"
    finally:
        uplink.close()
    return ""
