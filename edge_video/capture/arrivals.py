"""Counts the bytes that a process has taken from its TCP connections, as the kernel counts them.

It tells a camera that sends without a picture from a silent one. FFmpeg says nothing about what it
reads until a picture is decoded, in any version; Linux tells by `sock_diag(7)` (what `ss -ti`
shows) for every connection of the network namespace, without any privilege. UDP has no such count.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import sys
from typing import Final

_NETLINK_SOCK_DIAG: Final = 4
_SOCK_DIAG_BY_FAMILY: Final = 20
_NLMSG_DONE: Final = 3
_NLMSG_ERROR: Final = 2
_REQUEST_DUMP: Final = 0x301
_INET_DIAG_INFO: Final = 2
_ESTABLISHED: Final = 1
_HEADER: Final = struct.Struct("=IHHII")
_QUERY: Final = struct.Struct("=BBBBI48x")
_UNREAD_AND_INODE: Final = struct.Struct("=I8xI")
"""Of an `inet_diag_msg`: bytes in the receive queue, and the socket's inode."""
_UNREAD_AT: Final = _HEADER.size + 56
_ATTRIBUTES_AT: Final = _HEADER.size + 72
_ATTRIBUTE: Final = struct.Struct("=HH")
_BYTES_RECEIVED: Final = struct.Struct("=Q")
_BYTES_RECEIVED_AT: Final = 128
"""In a `tcp_info`, since Linux 4.1."""
_TIMEOUT_S: Final = 0.5
_SOCKET: Final = re.compile(r"socket:\[(\d+)\]")


def bytes_taken(pid: int) -> int | None:
    """Return how much a process has read from the TCP connections it has now; None where unknown.

    Bytes that wait unread do not count: a process that hangs takes nothing. The sum falls when a
    connection is closed. Blocks for about a millisecond, half a second at most. Any thread.
    """
    inodes = _sockets_of(pid) if sys.platform == "linux" else set()
    if not inodes:
        return None
    try:
        counted = [
            taken
            for family in (socket.AF_INET, socket.AF_INET6)
            for inode, taken in _connections(family)
            if inode in inodes
        ]
    except (OSError, struct.error):  # no such kernel, or a sandbox that has no netlink
        return None
    return sum(counted) if counted else None


def _sockets_of(pid: int) -> set[int]:
    folder = f"/proc/{pid}/fd"
    inodes = set()
    try:
        for name in os.listdir(folder):  # noqa: PTH208 - names are all that is wanted
            try:
                match = _SOCKET.fullmatch(os.readlink(f"{folder}/{name}"))  # noqa: PTH115 - as above
            except OSError:  # closed meanwhile
                continue
            if match:
                inodes.add(int(match[1]))
    except OSError:  # gone, or of another user
        return set()
    return inodes


def _connections(family: int) -> list[tuple[int, int]]:
    """Return inode and bytes taken of every established TCP connection."""
    found: list[tuple[int, int]] = []
    if sys.platform != "linux":
        return found
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(_TIMEOUT_S)
        query = _QUERY.pack(
            family, socket.IPPROTO_TCP, 1 << (_INET_DIAG_INFO - 1), 0, 1 << _ESTABLISHED
        )
        size = _HEADER.size + len(query)
        netlink.send(_HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, _REQUEST_DUMP, 1, 0) + query)
        while _take(netlink.recv(1 << 16), found):
            pass
    return found


def _take(answer: bytes, found: list[tuple[int, int]]) -> bool:
    """Add what one packet of the kernel's answer says to `found`; False when it was the last."""
    at = 0
    while at + _HEADER.size <= len(answer):
        size, kind, *_ = _HEADER.unpack_from(answer, at)
        if kind in (_NLMSG_DONE, _NLMSG_ERROR) or size < _HEADER.size:
            return False
        if kind == _SOCK_DIAG_BY_FAMILY:
            unread, inode = _UNREAD_AND_INODE.unpack_from(answer, at + _UNREAD_AT)
            received = _bytes_received(answer, at + _ATTRIBUTES_AT, at + size)
            if received is not None:
                found.append((inode, received - unread))
        at += (size + 3) & ~3
    return bool(answer)


def _bytes_received(answer: bytes, at: int, end: int) -> int | None:
    while at + _ATTRIBUTE.size <= end:
        size, kind = _ATTRIBUTE.unpack_from(answer, at)
        value = at + _ATTRIBUTE.size
        if kind == _INET_DIAG_INFO and size >= _BYTES_RECEIVED_AT + _BYTES_RECEIVED.size + 4:
            received: int = _BYTES_RECEIVED.unpack_from(answer, value + _BYTES_RECEIVED_AT)[0]
            return received
        if size < _ATTRIBUTE.size:
            return None
        at += (size + 3) & ~3
    return None
