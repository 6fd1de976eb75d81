"""Implements an RTSP camera made of a socket, as odd as a test wants it."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from edge_video.testing.devices.device import Device
from edge_video.testing.devices.loopback import HangUp
from edge_video.testing.devices.pacing import even
from edge_video.testing.devices.requests import RequestReader
from edge_video.testing.devices.rtp import Packetizer, RtpPacket
from edge_video.testing.devices.sdp import describe
from edge_video.testing.devices.stamps import steady

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_video.testing.devices.authentication import Authentication
    from edge_video.testing.devices.loopback import Connection
    from edge_video.testing.devices.requests import Request
    from edge_video.testing.devices.video import Video

    Alter = Callable[[int, list[RtpPacket]], Iterable[RtpPacket | bytes]]
    Answer = Callable[[Request], str | bytes | None]

Transport = Literal["tcp", "udp"]
Ending = Literal["close", "reset", "silence", "bye"]

_METHODS: Final = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"
_LATE_S: Final = 5.0
"""A client that reads so far behind is not caught up with: time goes on from here."""
_SESSION: Final = "12345678"


@dataclass(frozen=True, slots=True)
class _Track:
    """Where one client wants its packets."""

    channel: int = 0
    udp: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class _Times:
    """When pictures leave, and what their time stamps say."""

    fps: float
    stamp: Callable[[int], int]
    due: Callable[[int], float]


@dataclass(frozen=True, slots=True)
class _SessionEnd:
    """When a session ends, and how."""

    pictures: int | None
    session_s: float | None
    ending: Ending

    def is_due(self, sent: int, passed_s: float) -> bool:
        """Whether a session that has sent so many pictures in so many seconds is over."""
        return (self.pictures is not None and sent >= self.pictures) or (
            self.session_s is not None and passed_s >= self.session_s
        )


@dataclass(frozen=True, slots=True)
class _Answers:
    """What requests are answered."""

    sdp: str
    own: Answer | None
    authentication: Authentication | None
    transports: frozenset[str]
    session: str
    rtp_info: str | None
    methods: str


@dataclass(frozen=True, slots=True)
class _Packets:
    """How pictures are cut into packets."""

    sequence: int | None
    payload: int
    alter: Alter | None


class RtspDevice(Device):
    """Sends one video track to every client, each from its own beginning, for as long as it stays.

    Args:
        video: the pictures; they begin again after the last.
        fps: pictures a second, for the defaults of `due` and `stamp`.
        stamp: the RTP time stamp of picture i of a session (`stamps` has right and wrong ones).
        due: when picture i leaves, in seconds since PLAY (`pacing` has some).
        alter: is given each picture's number and packets, and returns what is sent: other packets,
            in any order, none, or bytes, which go onto the TCP connection as they are. It may raise
            `HangUp`.
        start: the first picture of a session.
        live: later sessions join where the video is then, as if it had run since the device was
            made; otherwise each begins with `start`.
        pictures: a session ends after so many; None: never.
        session_s: a session ends after so many seconds; None: never.
        ending: how it ends: the connection is closed, reset, told with an RTCP BYE and closed, or
            stays open and silent while requests are still answered.
        sdp: the whole answer to DESCRIBE; None: `describe(video)`.
        answer: is given each request first; a `str` or `bytes` it returns is sent in place of the
            usual answer (`{cseq}` in a `str` is filled in), None is as usual. It may raise
            `HangUp`.
        authentication: asked for on each request but OPTIONS.
        transports: what SETUP accepts; anything else is answered 461.
        session_timeout_s: announced in the Session header; None: nothing is announced.
        rtp_info: the RTP-Info header of PLAY.
        methods: the Public header of OPTIONS.
        sequence: the first sequence number of each session; None: any.
        payload: the most bytes in one packet.
        port: to listen on; 0: any.
        path: of the URL.
    """

    scheme = "rtsp"

    def __init__(
        self,
        video: Video,
        *,
        fps: float = 25,
        stamp: Callable[[int], int] | None = None,
        due: Callable[[int], float] | None = None,
        alter: Alter | None = None,
        start: int = 0,
        live: bool = False,
        pictures: int | None = None,
        session_s: float | None = None,
        ending: Ending = "close",
        sdp: str | None = None,
        answer: Answer | None = None,
        authentication: Authentication | None = None,
        transports: Iterable[Transport] = ("tcp", "udp"),
        session_timeout_s: int | None = 60,
        rtp_info: str | None = None,
        methods: str = _METHODS,
        sequence: int | None = None,
        payload: int = 1300,
        port: int = 0,
        path: str = "/stream",
    ) -> None:
        super().__init__(port=port, path=path)
        self.video = video
        self.start = start
        self.times = _Times(fps, stamp or steady(fps), due or even(fps))
        self.end = _SessionEnd(pictures, session_s, ending)
        self.answers = _Answers(
            sdp if sdp is not None else describe(video),
            answer,
            authentication,
            frozenset(transports),
            _SESSION + (f";timeout={session_timeout_s}" if session_timeout_s else ""),
            rtp_info,
            methods,
        )
        self.packets = _Packets(sequence, payload, alter)
        self._born = time.monotonic() if live else None

    def serve(self, connection: Connection) -> None:
        """Answer requests, and send pictures between them once PLAY has come."""
        with contextlib.closing(_Client(self, connection)) as client:
            client.run()

    def first_picture(self) -> int:
        """Where a session that begins now joins the video."""
        passed = 0.0 if self._born is None else time.monotonic() - self._born
        return self.start + int(passed * self.times.fps)

    def note(self, request: Request) -> None:
        """Remember a request. The connection's thread."""
        self._remember(request)

    def note_session(self) -> None:
        """Count a session. The connection's thread."""
        self._count_session()


class _Client:
    """One connection: its requests, and the stream that it asked for. One thread does both."""

    def __init__(self, device: RtspDevice, connection: Connection) -> None:
        self._device = device
        self._connection = connection
        self._requests = RequestReader(connection)
        self._track: _Track | None = None
        self._udp: socket.socket | None = None
        self._stream: _Stream | None = None

    def close(self) -> None:
        if self._udp is not None:
            self._udp.close()

    def run(self) -> None:
        while True:
            request = self._requests.read(self._stream.due() if self._stream else None)
            if request is not None:
                self._answer(request)
            elif self._stream is not None:
                self._stream.send_next()

    # --- requests ---

    def _answer(self, request: Request) -> None:
        device = self._device
        device.note(request)
        own = device.answers.own(request) if device.answers.own else None
        if own is not None:
            cseq = request.headers.get("cseq", "0")
            raw = own if isinstance(own, bytes) else own.replace("{cseq}", cseq).encode()
            self._connection.send(raw)
        elif self._is_let_in(request):
            self._usual(request)
        else:
            asks = device.answers.authentication
            assert asks is not None
            asked = [f"WWW-Authenticate: {each}" for each in asks.challenges()]
            self._reply(request, "401 Unauthorized", *asked)
            return
        if request.method == "PLAY" and self._stream is None and self._track is not None:
            device.note_session()
            self._stream = _Stream(device, self._connection, self._track, self._udp)

    def _is_let_in(self, request: Request) -> bool:
        asks = self._device.answers.authentication
        if asks is None or request.method == "OPTIONS":
            return True
        return asks.accepts(request.method, request.headers.get("authorization", ""))

    def _usual(self, request: Request) -> None:
        answers = self._device.answers
        session = f"Session: {answers.session}"
        match request.method:
            case "OPTIONS":
                self._reply(request, "200 OK", f"Public: {answers.methods}")
            case "DESCRIBE":
                base = f"Content-Base: {request.url.rstrip('/')}/"
                self._reply(
                    request, "200 OK", base, "Content-Type: application/sdp", body=answers.sdp
                )
            case "SETUP":
                self._set_up(request)
            case "PLAY":
                info = [f"RTP-Info: {answers.rtp_info}"] if answers.rtp_info else []
                self._reply(request, "200 OK", session, *info)
            case "TEARDOWN":
                self._reply(request, "200 OK", session)
                raise HangUp
            case _:
                self._reply(request, "200 OK", session)

    def _set_up(self, request: Request) -> None:
        wanted = request.headers.get("transport", "")
        tcp = re.search(r"interleaved=(\d+)-(\d+)", wanted)
        udp = re.search(r"client_port=(\d+)-(\d+)", wanted)
        answers = self._device.answers
        session = f"Session: {answers.session}"
        if tcp and "tcp" in answers.transports:
            # Further tracks are set up and stay silent.
            self._track = self._track or _Track(int(tcp[1]))
            chosen = f"RTP/AVP/TCP;unicast;interleaved={tcp[1]}-{tcp[2]}"
        elif udp and not tcp and "udp" in answers.transports:
            self._track = self._track or _Track(udp=(self._connection.peer, int(udp[1])))
            port = self._udp_port()
            chosen = f"RTP/AVP;unicast;client_port={udp[1]}-{udp[2]};server_port={port}-{port + 1}"
        else:
            self._reply(request, "461 Unsupported Transport")
            return
        self._reply(request, "200 OK", f"Transport: {chosen}", session)

    def _udp_port(self) -> int:
        if self._udp is None:
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._udp.bind(("127.0.0.1", 0))
        port: int = self._udp.getsockname()[1]
        return port

    def _reply(self, request: Request, status: str, *headers: str, body: str = "") -> None:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {request.headers.get('cseq', '0')}", *headers]
        if body:
            lines.append(f"Content-Length: {len(body.encode())}")
        self._connection.send(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


class _Stream:
    """The pictures of one session, from PLAY on."""

    def __init__(
        self,
        device: RtspDevice,
        connection: Connection,
        track: _Track,
        udp: socket.socket | None,
    ) -> None:
        self._device = device
        self._connection = connection
        self._track = track
        self._udp = udp
        self._began = time.monotonic()
        self._first = device.first_picture()
        self._sent = 0
        self._silent = False
        packets = device.packets
        sequence = random.randrange(1000) if packets.sequence is None else packets.sequence
        self._packetizer = Packetizer(device.video.codec, most=packets.payload, sequence=sequence)

    def due(self) -> float | None:
        """When something is to be sent (`time.monotonic`); None once there is only silence."""
        if self._silent:
            return None
        due = self._began + self._device.times.due(self._sent)
        end = self._device.end.session_s
        return due if end is None else min(due, self._began + end)

    def send_next(self) -> None:
        """Send the next picture, or end."""
        now = time.monotonic()
        if self._device.end.is_due(self._sent, now - self._began):
            self._end()
            return
        number = self._sent
        self._sent += 1
        pictures = self._device.video.pictures
        picture = pictures[(self._first + number) % len(pictures)]
        packets = self._packetizer.cut(picture, self._device.times.stamp(number))
        alter = self._device.packets.alter
        for each in alter(number, packets) if alter else packets:
            self._send(each)
        late = now - self._began - self._device.times.due(number)
        if late > _LATE_S:
            self._began += late

    def _end(self) -> None:
        ending = self._device.end.ending
        if ending == "silence":
            self._silent = True
            return
        if ending == "bye":
            # RFC 3550, 6.6; behind the empty receiver report with which a compound packet begins.
            report = struct.pack(">BBHI", 0x80, 201, 1, 0x1234)
            self._send_raw(report + struct.pack(">BBHI", 0x81, 203, 1, 0x1234), control=True)
        raise HangUp(reset=ending == "reset")

    def _send(self, packet: RtpPacket | bytes) -> None:
        if isinstance(packet, bytes):
            self._connection.send(packet)
        else:
            self._send_raw(packet.encode())

    def _send_raw(self, raw: bytes, *, control: bool = False) -> None:
        if self._track.udp is None:
            channel = self._track.channel + control
            self._connection.send(b"$" + struct.pack(">BH", channel, len(raw)) + raw)
        elif self._udp is not None:
            host, port = self._track.udp
            with contextlib.suppress(OSError):  # nobody listens there any more
                self._udp.sendto(raw, (host, port + control))
