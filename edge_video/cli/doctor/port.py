"""Checks the port of the page: free, ours already, or somebody else's?"""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Final

from edge_video.report.finding import Check, Finding, FindingWriter
from edge_video.top.client import Client, NoStatusError

if TYPE_CHECKING:
    from edge_video.cli.doctor.machine import Subject
    from edge_video.config import HttpConfig

_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def check_port(subject: Subject) -> list[Finding]:
    """Whether HTTP can listen where the configuration says; no longer than a look."""
    http = subject.config.http
    if http is None or http.address.port == 0:
        return []
    write = FindingWriter(Check.PORT, subject.language)
    refusal = _why_not_bound(http)
    if refusal == "taken":
        return [_who(write, http)]
    if refusal is not None:
        facts = {"port": http.address.port, "host": http.address.host}
        return [write.problem(f"port.{refusal}", http.listen, **facts)]
    return [write.ok("port.free", http.listen)]


def client_of(http: HttpConfig) -> Client:
    """Who asks a running system of this configuration for its status."""
    host = _ANYWHERE.get(http.address.host, http.address.host)
    shown = f"[{host}]" if ":" in host else host
    token = None if http.token is None else http.token.get_secret_value()
    return Client(f"http://{shown}:{http.address.port}", token)


def _who(write: FindingWriter, http: HttpConfig) -> Finding:
    try:
        client_of(http).status()
    except NoStatusError:
        return write.problem("port.taken", http.listen, port=http.address.port)
    return write.ok("port.ours", http.listen)


def _why_not_bound(http: HttpConfig) -> str | None:
    """Why the address cannot be had, in a word; nobody can connect to it meanwhile."""
    address = http.address
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
    except OSError as error:
        codes = {errno.EADDRINUSE: "taken", errno.EACCES: "denied"}
        return codes.get(error.errno or 0, "no_address")
    return None
