"""Carries packets between two TUN devices, for `uplink`; a program of its own.

It does what the kernel's netem and tbf do, where a kernel may have neither: rate, queue, delay and
loss for each direction. Each line on standard input is a JSON object: `up` (from the far end to the
near one) and `down`, each with `rate` (bits per second; 0 = no limit), `queue_s`, `delay_s`, `loss`
(a share). It ends when standard input does.
"""

from __future__ import annotations

import json
import os
import random
import select
import struct
import sys
import time
from collections import deque

if sys.platform != "win32":
    import fcntl

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PACKET_BYTES = 65536


def open_tun(name: str) -> int:
    """Make a TUN device, or open it; its descriptor."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


class Direction:
    """Packets that were read from one device and are to be written to the other."""

    def __init__(self, source: int, target: int) -> None:
        self.source = source
        self._target = target
        self._queue: deque[tuple[float, bytes]] = deque()
        self._free_at_s = 0.0
        self._random = random.Random(1)
        self.change({})

    def change(self, figures: dict[str, float]) -> None:
        """Treat packets by other figures from now on."""
        self._bytes_per_s = figures.get("rate", 0) / 8
        self._queue_s = figures.get("queue_s", 0.3)
        self._delay_s = figures.get("delay_s", 0.0)
        self._loss = figures.get("loss", 0.0)
        self._free_at_s = min(self._free_at_s, time.monotonic() + self._queue_s)

    def read(self) -> None:
        """Take in what is there."""
        for _ in range(100):
            try:
                packet = os.read(self.source, PACKET_BYTES)
            except BlockingIOError:
                return
            self._admit(packet, time.monotonic())

    def _admit(self, packet: bytes, now_s: float) -> None:
        if self._random.random() < self._loss:
            return
        leaves_s = now_s
        if self._bytes_per_s:
            begins_s = max(now_s, self._free_at_s)
            if begins_s - now_s > self._queue_s:
                return  # the queue is full
            leaves_s = self._free_at_s = begins_s + len(packet) / self._bytes_per_s
        self._queue.append((leaves_s + self._delay_s, packet))

    def write(self, now_s: float) -> float | None:
        """Pass on what is due; the time of the next one, or None."""
        while self._queue and self._queue[0][0] <= now_s:
            packet = self._queue.popleft()[1]
            try:
                os.write(self._target, packet)
            except OSError:
                continue  # that end is not up
        return self._queue[0][0] if self._queue else None


def main(near_name: str, far_name: str) -> None:
    """Carry packets until standard input ends."""
    near, far = open_tun(near_name), open_tun(far_name)
    directions = {"up": Direction(far, near), "down": Direction(near, far)}
    print("ready", flush=True)
    poll = select.poll()
    for fd in (near, far, sys.stdin.fileno()):
        poll.register(fd, select.POLLIN)
    while True:
        now_s = time.monotonic()
        due = [each.write(now_s) for each in directions.values()]
        waits_s = min((each for each in due if each is not None), default=now_s + 1) - now_s
        ready = dict(poll.poll(max(0.0, waits_s) * 1000 + 0.2))
        for each in directions.values():
            if each.source in ready:
                each.read()
        if sys.stdin.fileno() in ready:
            line = sys.stdin.readline()
            if not line:
                return
            for name, figures in json.loads(line).items():
                directions[name].change(figures)


if __name__ == "__main__":
    main(*sys.argv[1:])
