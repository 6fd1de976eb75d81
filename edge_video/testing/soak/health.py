"""Checks the system each second of a soak, and says what is wrong."""

from __future__ import annotations

import contextlib
import os
import socket
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
import pykka

from edge_video.http.acceptor import MAX_CONNECTIONS, PROBE_PLACES
from edge_video.testing.ledger import ledger_differences

if TYPE_CHECKING:
    from edge_video.status.model import SystemStatus

WARM_UP_S: Final = 20.0
_MIB: Final = 2**20
_MAILBOX_LIMIT: Final = 500
_GROWTH_MIB: Final = 100.0
_SPARE_DESCRIPTORS: Final = 40
_SPARE_THREADS: Final = 20
_PER_CAMERA: Final = 4
_HTTP_LIMIT: Final = MAX_CONNECTIONS + PROBE_PLACES + 16
"""What the HTTP server takes at once, and some that are being closed."""
_ZOMBIE_S: Final = 10.0
_ANOTHER_S_OUTPUT: Final = "pipe:0"
"""The second FFmpeg of a camera reads from the first, which is the one that is counted."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """One measurement of the process; `descriptors` are those that are no HTTP connections."""

    rss_mib: float
    descriptors: int
    threads: int
    longest_mailbox: int
    ffmpegs: int
    zombies: int
    http_connections: int = 0


@dataclass(slots=True)
class Health:
    """Measures this process, and compares it with what it was when it was warm."""

    cameras: int
    http_port: int | None = None
    baseline: Vitals | None = None
    peak: Vitals = field(default_factory=lambda: Vitals(0, 0, 0, 0, 0, 0))
    last: Vitals = field(default_factory=lambda: Vitals(0, 0, 0, 0, 0, 0))
    _zombie_since_s: dict[int, float] = field(default_factory=dict)

    def check(self, status: SystemStatus, now_s: float) -> list[str]:
        """Measure; everything that is wrong, in words."""
        vitals, doubled, old_zombies = self._measure(now_s)
        self.last = vitals
        self.peak = Vitals(
            max(self.peak.rss_mib, vitals.rss_mib),
            max(self.peak.descriptors, vitals.descriptors),
            max(self.peak.threads, vitals.threads),
            max(self.peak.longest_mailbox, vitals.longest_mailbox),
            max(self.peak.ffmpegs, vitals.ffmpegs),
            max(self.peak.zombies, vitals.zombies),
            max(self.peak.http_connections, vitals.http_connections),
        )
        if self.baseline is None and now_s >= WARM_UP_S:
            self.baseline = vitals
        return [
            *ledger_differences(status),
            *(f"{count} FFmpegs of one camera: {url}" for url, count in doubled.items()),
            *(f"process {pid} has been a zombie for {_ZOMBIE_S:g} s" for pid in old_zombies),
            *self._outgrown(vitals),
        ]

    def _outgrown(self, vitals: Vitals) -> list[str]:
        problems = []
        if vitals.longest_mailbox > _MAILBOX_LIMIT:
            problems.append(f"a mailbox holds {vitals.longest_mailbox} messages")
        if vitals.http_connections > _HTTP_LIMIT:
            problems.append(f"{vitals.http_connections} HTTP connections at once")
        if self.baseline is None:
            return problems
        base, room = self.baseline, _PER_CAMERA * self.cameras
        if vitals.rss_mib > base.rss_mib + _GROWTH_MIB:
            problems.append(f"{vitals.rss_mib:.0f} MiB, {base.rss_mib:.0f} when it was warm")
        if vitals.descriptors > base.descriptors + room + _SPARE_DESCRIPTORS:
            problems.append(f"{vitals.descriptors} descriptors, {base.descriptors} when warm")
        if vitals.threads > base.threads + room + _SPARE_THREADS:
            problems.append(f"{vitals.threads} threads, {base.threads} when warm")
        return problems

    def _measure(self, now_s: float) -> tuple[Vitals, dict[str, int], list[int]]:
        process = psutil.Process()
        sources: Counter[str] = Counter()
        zombies = set()
        for child in process.children():
            try:
                if child.status() == psutil.STATUS_ZOMBIE:
                    zombies.add(child.pid)
                    continue
                arguments = child.cmdline()
            except psutil.NoSuchProcess:
                continue
            source = (
                arguments[arguments.index("-i") + 1] if "-i" in arguments else _ANOTHER_S_OUTPUT
            )
            if source != _ANOTHER_S_OUTPUT:
                sources[source] += 1
        self._zombie_since_s = {pid: self._zombie_since_s.get(pid, now_s) for pid in zombies}
        old = [pid for pid, since_s in self._zombie_since_s.items() if now_s - since_s > _ZOMBIE_S]
        descriptors, http_connections = self._descriptors()
        with process.oneshot():
            vitals = Vitals(
                process.memory_info().rss / _MIB,
                descriptors,
                process.num_threads(),
                longest_mailbox(),
                sources.total(),
                len(zombies),
                http_connections,
            )
        return vitals, {url: count for url, count in sources.items() if count > 1}, old

    def _descriptors(self) -> tuple[int, int]:
        """How many are open, without the HTTP connections; and how many those are.

        Strangers come by the hundred and go again, up to the server's own limit: they would hide
        a leak when they are there while the process is measured warm, and be one when they are not.
        Each descriptor is asked for itself: the kernel's table of connections no longer has one
        that its peer has reset, while its descriptor is still open.
        """
        opened = [int(each.name) for each in Path("/proc/self/fd").iterdir()]
        http_connections = sum(map(self._is_of_http, opened))
        return len(opened) - http_connections, http_connections

    def _is_of_http(self, descriptor: int) -> bool:
        """Whether this is a connection that the HTTP server took; no longer open means no."""
        with contextlib.ExitStack() as stay:
            try:
                copy = os.dup(descriptor)
                stay.callback(os.close, copy)
                opened = socket.socket(fileno=copy)
                stay.callback(opened.detach)
                listens = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                name = opened.getsockname()
            except OSError:  # it was closed meanwhile, or it is no socket
                return False
            is_inet = opened.family in (socket.AF_INET, socket.AF_INET6)
            return is_inet and not listens and name[1] == self.http_port


def longest_mailbox() -> int:
    """Messages that wait in the fullest mailbox of this process."""
    return max((_size(ref) for ref in pykka.ActorRegistry.get_all()), default=0)


def _size(ref: pykka.ActorRef[pykka.Actor]) -> int:
    size = getattr(ref.actor_inbox, "qsize", None)
    return int(size()) if size is not None else 0
