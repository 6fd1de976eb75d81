"""Cheap cameras for measuring what is behind FFmpeg: one process paces and writes for all of them.

`python bench/scripted.py SOCKET` serves; each "FFmpeg" is the same with SOCKET BYTES FPS, which
hands its standard output over to the server and then only lives. So two hundred cameras
cost one small loop, and none of it is in the process that is measured.

Frames are written as FFmpeg writes them: a part header and a JPEG, in pieces of 32 KiB. The last
bytes before the end marker say when the last piece was written: `written_ns` reads them.
"""

from __future__ import annotations

import heapq
import os
import select
import socket
import sys
import time

PIECE = 32 * 1024
"""FFmpeg's own buffer for a pipe."""
STAMP = 16
"""Hexadecimal digits of the time."""
WIDTH, HEIGHT = 1280, 720


def jpeg(size: int) -> bytes:
    """An image of exactly `size` bytes whose header is right and whose pixels are none."""
    head = (
        b"\xff\xd8"
        b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
        b"\xff\xfe\x00\x10Lavc59.37.100\x00"
        b"\xff\xdb\x00\x43\x00"
        + bytes([8] * 64)
        + b"\xff\xc4\x00\x1f\x00"
        + bytes(28)
        + b"\xff\xc0\x00\x11\x08"
        + HEIGHT.to_bytes(2, "big")
        + WIDTH.to_bytes(2, "big")
        + b"\x03\x01\x22\x00\x02\x11\x00\x03\x11\x00"
        + b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00"
    )
    return head + b"\x5a" * (size - len(head) - 2) + b"\xff\xd9"


def written_ns(image: bytes) -> int:
    """When an image was whole in its pipe: the monotonic clock, in nanoseconds."""
    return int(image[-2 - STAMP : -2], 16)


def part(size: int) -> bytes:
    """An image as `-f mpjpeg` writes it."""
    header = f"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: {size}\r\n\r\n"
    return header.encode() + jpeg(size) + b"\r\n"


class _Camera:
    """One pipe and when its next frame is due."""

    def __init__(self, link: socket.socket, pipe: int, frame: bytes, interval_s: float) -> None:
        self.link = link
        self.pipe = pipe
        self.frame = memoryview(bytearray(frame))
        self.interval_s = interval_s
        self.at = 0
        """Bytes of the current frame that are written."""
        self.writing = False


class Server:
    """Writes everybody's frames; a camera whose pipe is full skips frames as a real one would."""

    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(path)
        self._listener.listen(512)
        self._poller = select.epoll()
        self._poller.register(self._listener, select.EPOLLIN)
        self._parts: dict[int, bytes] = {}
        self._by_link: dict[int, _Camera] = {}
        self._by_pipe: dict[int, _Camera] = {}
        self._due: list[tuple[float, int, _Camera]] = []
        self._number = 0

    def run(self) -> None:
        """Until the parent closes standard input."""
        self._poller.register(0, select.EPOLLIN | select.EPOLLHUP)
        while True:
            wait_s = max(0.0, self._due[0][0] - time.monotonic()) if self._due else -1
            for fd, _events in self._poller.poll(wait_s):
                if fd == 0:
                    return
                if fd == self._listener.fileno():
                    self._accept()
                elif fd in self._by_pipe:
                    self._write(self._by_pipe[fd])
                elif fd in self._by_link:
                    self._drop(self._by_link[fd])
            self._write_due(time.monotonic())

    def _accept(self) -> None:
        link, _ = self._listener.accept()
        request, fds, _, _ = socket.recv_fds(link, 64, 1)
        size, fps = (int(word) for word in request.split())
        frame = self._parts.setdefault(size, part(size))
        os.set_blocking(fds[0], False)
        camera = _Camera(link, fds[0], frame, 1 / fps)
        self._by_link[link.fileno()] = camera
        self._poller.register(link, select.EPOLLIN | select.EPOLLHUP)
        # The golden ratio spreads any number of cameras evenly over the interval.
        self._number += 1
        phase = (self._number * 0.618033988749895) % 1
        first_s = time.monotonic() + 0.01 + phase * camera.interval_s
        heapq.heappush(self._due, (first_s, self._number, camera))

    def _write_due(self, now_s: float) -> None:
        while self._due and self._due[0][0] <= now_s:
            due_s, number, camera = heapq.heappop(self._due)
            if camera.link.fileno() < 0:
                continue
            if not camera.writing:
                camera.at = 0
                self._write(camera)
            heapq.heappush(self._due, (due_s + camera.interval_s, number, camera))

    def _write(self, camera: _Camera) -> None:
        try:
            while camera.at < len(camera.frame):
                if camera.at + PIECE >= len(camera.frame):
                    stamp = b"%016x" % time.monotonic_ns()
                    camera.frame[-4 - STAMP : -4] = stamp
                camera.at += os.write(camera.pipe, camera.frame[camera.at : camera.at + PIECE])
        except BlockingIOError:
            if not camera.writing:
                camera.writing = True
                self._by_pipe[camera.pipe] = camera
                self._poller.register(camera.pipe, select.EPOLLOUT)
            return
        except BrokenPipeError:
            self._drop(camera)
            return
        if camera.writing:
            camera.writing = False
            self._poller.unregister(camera.pipe)
            del self._by_pipe[camera.pipe]

    def _drop(self, camera: _Camera) -> None:
        if self._by_link.pop(camera.link.fileno(), None) is None:
            return
        if camera.writing:
            self._poller.unregister(camera.pipe)
            del self._by_pipe[camera.pipe]
        self._poller.unregister(camera.link)
        os.close(camera.pipe)
        camera.link.close()


def lend_stdout(path: str, size: str, fps: str) -> None:
    """Be a camera: the server writes to our standard output until it, or we, are ended."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
        link.connect(path)
        socket.send_fds(link, [f"{size} {fps}".encode()], [1])
        os.close(1)
        link.recv(1)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        Server(sys.argv[1]).run()
    else:
        lend_stdout(*sys.argv[1:4])
