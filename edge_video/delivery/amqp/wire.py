"""Encodes `basic.publish` and decodes confirms, all of AMQP that a frame costs. Sans-IO.

pika builds each message from some thirty objects and takes each confirm through a registry of
callbacks, which is most of what a frame costs in Python. Here everything that does not change
from frame to frame is encoded once. The bytes are the same, which a test holds against pika;
everything else that is said on a connection is pika's.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_video.delivery.amqp.message import message_properties
from edge_video.runtime.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from edge_video.frames import Frame

FRAME_MAX: Final = 131072
"""The largest AMQP frame that pika takes part in; a broker may allow less, and says so."""
FRAME_END: Final = b"\xce"

_METHOD, _HEADER, _BODY = 1, 2, 3
_BASIC, _PUBLISH, _ACK, _NACK = 60, 40, 80, 120
_FRAME: Final = struct.Struct(">BHL")
_OVERHEAD: Final = _FRAME.size + len(FRAME_END)
_SETTLED: Final = struct.Struct(">BHLHHQB")
"""A whole `basic.ack` or `basic.nack`, its end excepted."""
_SETTLED_PAYLOAD: Final = _SETTLED.size - _FRAME.size
_SETTLING: Final = (_ACK, _NACK)
_INT32: Final = 2**31
_MULTIPLE: Final = 1


def _short(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > 255:  # noqa: PLR2004 - its length is one byte
        raise ValueError(f"too long for AMQP: {text!r}")
    return bytes((len(encoded),)) + encoded


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return _FRAME.pack(kind, channel, len(payload)) + payload + FRAME_END


def publish_method(channel: int, exchange: str, routing_key: str, *, mandatory: bool) -> bytes:
    """The frame `basic.publish`.

    Raises:
        ValueError: a name is longer than AMQP allows.
    """
    names = _short(exchange) + _short(routing_key)
    return _frame(
        _METHOD,
        channel,
        struct.pack(">HHH", _BASIC, _PUBLISH, 0) + names + bytes((mandatory,)),
    )


class HeaderEncoder:
    """The content headers of one camera's messages during one session, one after another.

    Args:
        frame: any frame of that camera and session, and of that epoch.
        channel: where they are published.
        node: names this machine.
        app: the `app_id`.
        expires: from `message.expiration`.
    """

    def __init__(
        self, frame: Frame, channel: int, *, node: str, app: str, expires: str | None
    ) -> None:
        self.session: Final = frame.session
        self.epoch: Final = frame.epoch
        self._channel = channel
        self._node, self._app, self._expires = node, app, expires
        # What stands between the values that change, found in what pika makes of such a frame.
        usual = replace(frame, seq=0, dropped=0, captured_at_ns=_INT32, note=None)
        probe = self._properties(usual, _INT32)
        at = probe.index(b"\x03seqI") + 5
        before = probe[:at]
        captured = b"\x0ecaptured_at_nsl"
        published = b"\x0fpublished_at_nsl"
        width, height, dropped = b"\x05widthI", b"\x06heightI", b"\x07droppedI"
        expiration = b"" if expires is None else _short(expires)
        self._constants = (before, captured, published, width, height, dropped)
        self._before_id = b"\x01" + expiration  # delivery mode 1
        self._after = _short(app) + FRAME_END
        self._pack = struct.Struct(
            f">BHLHHQ{len(before)}si{len(captured)}sq{len(published)}sq"
            f"{len(width)}si{len(height)}si{len(dropped)}si{len(self._before_id)}s"
        ).pack
        self._timestamp = struct.Struct(">Q").pack
        packed_ints = 4 * 4 + 2 * 8
        self._size = (
            12
            + sum(map(len, self._constants))
            + packed_ints
            + len(self._before_id)
            + 8
            + len(self._after)
            - len(FRAME_END)
        )

    def encode(self, frame: Frame, identifier: str, published_at_ns: int) -> bytes:
        """The frame that announces this body."""
        if (
            max(frame.seq, frame.dropped) >= _INT32
            or frame.captured_at_ns < _INT32
            or frame.note is not None
        ):
            # pika's numbers take more bytes when they are large; not worth a second layout. Nor are
            # cameras of which few frames are published.
            return _frame(
                _HEADER,
                self._channel,
                struct.pack(">HHQ", _BASIC, 0, len(frame.image))
                + self._properties(frame, published_at_ns),
            )
        before, captured, published, width, height, dropped = self._constants
        short_id = _short(identifier)
        return b"".join(
            (
                self._pack(
                    _HEADER,
                    self._channel,
                    self._size + len(short_id),
                    _BASIC,
                    0,
                    len(frame.image),
                    before,
                    frame.seq,
                    captured,
                    frame.captured_at_ns,
                    published,
                    published_at_ns,
                    width,
                    frame.width,
                    height,
                    frame.height,
                    dropped,
                    frame.dropped,
                    self._before_id,
                ),
                short_id,
                self._timestamp(frame.captured_at_ns // NS_PER_S),
                self._after,
            )
        )

    def _properties(self, frame: Frame, published_at_ns: int) -> bytes:
        return b"".join(
            message_properties(
                frame,
                node=self._node,
                app=self._app,
                published_at_ns=published_at_ns,
                expires=self._expires,
            ).encode()
        )


def message(
    method: bytes, header: bytes, channel: int, image: bytes, frame_max: int = FRAME_MAX
) -> list[bytes | memoryview]:
    """A whole message in pieces that are to be written one after another; the image is not copied.

    Args:
        method: from `publish_method`.
        header: from `HeaderEncoder.encode`.
        channel: where it is published.
        image: the body.
        frame_max: the largest AMQP frame, in bytes, that this connection agreed on; a broker
            closes the connection at the first that is larger.
    """
    size, most = len(image), frame_max - _OVERHEAD
    if size <= most:
        if not size:
            return [method + header]
        return [method + header + _FRAME.pack(_BODY, channel, size), image, FRAME_END]
    whole = memoryview(image)
    lead = method + header
    pieces: list[bytes | memoryview] = []
    for at in range(0, size, most):
        piece = whole[at : at + most]
        pieces += (lead + _FRAME.pack(_BODY, channel, len(piece)), piece)
        lead = FRAME_END
    pieces.append(FRAME_END)
    return pieces


class ConfirmReader:
    """Takes the confirms out of what the broker says; the rest goes to pika, in order.

    Args:
        on_settlement: told of each ack and nack: channel, tag, whether it settles all up to the
            tag, whether it is a nack.
        pass_on: given everything else, in whole AMQP frames.
        channels: whose confirms are taken; looked at for each.
    """

    def __init__(
        self,
        on_settlement: Callable[[int, int, bool, bool], object],
        pass_on: Callable[[bytes], object],
        channels: Container[int],
    ) -> None:
        self._on_settlement = on_settlement
        self._channels = channels
        self._pass_on = pass_on
        self._rest = b""
        self.taken_bytes = 0
        """Bytes of confirms that were taken out since this was last set to 0."""

    def feed(self, data: bytes) -> None:
        """Take in what came, cut anywhere."""
        if self._rest:
            data = self._rest + data
        at, end = 0, len(data)
        whole = _SETTLED.size + len(FRAME_END)
        while end - at >= _FRAME.size:
            if end - at >= whole:
                kind, channel, size, of_class, method, tag, bits = _SETTLED.unpack_from(data, at)
                if (
                    size == _SETTLED_PAYLOAD
                    and kind == _METHOD
                    and of_class == _BASIC
                    and method in _SETTLING
                    and channel in self._channels
                    and data[at + whole - 1] == FRAME_END[0]
                ):
                    at += whole
                    self.taken_bytes += whole
                    self._on_settlement(channel, tag, bool(bits & _MULTIPLE), method == _NACK)
                    continue
            kind, _, size = _FRAME.unpack_from(data, at)
            if kind not in (1, 2, 3, 8):  # no AMQP frame: for pika to complain about
                self._pass_on(data[at:])
                at = end
                break
            stop = at + size + _OVERHEAD
            if stop > end:
                break
            self._pass_on(data[at:stop])
            at = stop
        self._rest = data[at:]
