"""Runs a thin uplink between the soak's system and its broker, in a process of its own.

    python -m edge_video.testing.soak.uplink 5672 250000

It prints the port where it listens, and carries bytes to the broker at so many a second, with
little room in between; what the broker says comes back at once. It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from typing import Final

_CHUNK: Final = 4096
_ROOM: Final = 32 * 1024
"""What waits on the way, in the socket and in this process each."""
_DOWN: Final = 65_536


class Uplink:
    """Carries connections to one port of this machine; the rate is that of all of them together."""

    def __init__(self, port: int, bytes_per_s: float) -> None:
        self._port = port
        self._bytes_per_s = bytes_per_s
        self._free_at_s = 0.0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
            up = asyncio.create_task(self._up(reader, far_writer))
            down = asyncio.create_task(_down(far_reader, writer))
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            far_writer.transport.abort()
        writer.transport.abort()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while chunk := await reader.read(_CHUNK):
            self._free_at_s = max(self._free_at_s, loop.time()) + len(chunk) / self._bytes_per_s
            await asyncio.sleep(self._free_at_s - loop.time())
            writer.write(chunk)
            await writer.drain()


async def _down(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_DOWN):
        writer.write(chunk)
        await writer.drain()


async def serve(port: int, bytes_per_s: float) -> None:
    """Until standard input closes."""
    listener = socket.create_server(("127.0.0.1", 0))
    # Inherited by every connection: what the system may have on its way is little.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
    uplink = Uplink(port, bytes_per_s)
    server = await asyncio.start_server(uplink.carry, sock=listener, limit=_ROOM)
    print(listener.getsockname()[1], flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the soak ends it
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
