"""Holds what a camera answered to one request, and says what it is if it is no picture. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.capture.content import no_stream
from edge_video.capture.snapshot.codec import shown
from edge_video.frames.jpeg import EOI, SOI, image_size
from edge_video.frames.splitter import FrameSplitter
from edge_video.resilience.failures import Cause, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

UNAUTHORIZED: Final = 401
NOT_MODIFIED: Final = 304
_NO_CONTENT: Final = 204
_MAX_SHOWN: Final = 60
_BEGINNING: Final = 2048

_STATUSES: Final = {
    401: Cause.WRONG_PASSWORD,
    403: Cause.FORBIDDEN,
    404: Cause.NO_SUCH_STREAM,
    407: Cause.PROXY_REFUSED,
    408: Cause.CAMERA_TIMEOUT,
    410: Cause.NO_SUCH_STREAM,
    429: Cause.BUSY,
    503: Cause.BUSY,
}
_KINDS: Final = (
    (re.compile(rb"\x89PNG"), "a PNG image"),
    (re.compile(rb"GIF8"), "a GIF image"),
    (re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL), "a BMP image"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "a WebP image"),
    (re.compile(rb".{4}ftyp(?:avif|heic|mif1|heix)", re.DOTALL), "an AVIF or HEIC image"),
    (re.compile(rb"(?:\0)?\0\0\x01|.{4}ftyp", re.DOTALL), "video"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        status: HTTP's.
        headers: by name in lower case; of those that come twice, the first.
        challenges: the values of all its `WWW-Authenticate` headers.
        body: what came of it; of a stream nothing is read.
    """

    status: int
    headers: Mapping[str, str]
    challenges: tuple[str, ...]
    body: bytes

    @property
    def redirects(self) -> bool:
        """Whether it names another address."""
        return self.status in (301, 302, 303, 307, 308) and "location" in self.headers

    @property
    def is_stream(self) -> bool:
        """Whether it is one picture after the other, and no end."""
        return self.headers.get("content-type", "").lower().startswith("multipart/")


def failure_in(answer: Answer) -> Failure | None:
    """Return the failure that an answer's status says, or its kind; None when it has a body."""
    status = answer.status
    if status == _NO_CONTENT:
        return Failure(Cause.NO_CONTENT, f"HTTP status {status}")
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's classes
        if answer.is_stream:
            return not_a_picture("a stream of pictures (multipart): leave mode: snapshot out")
        return None
    error = Cause.CAMERA_ERROR if status >= 500 else Cause.REQUEST_REFUSED  # noqa: PLR2004 - as above
    return Failure(_STATUSES.get(status, error), f"HTTP status {status}")


def picture_in(answer: Answer, max_bytes: int) -> bytes | Failure:
    """Return the JPEG image that an answer consists of, or why it is none.

    What stands around the image is left out, whatever the answer calls itself: devices pad images,
    and lie about their type. A page is quoted: secrets in it are not masked yet.
    """
    body = answer.body
    if body.startswith(SOI) and body.endswith(EOI) and image_size(body) != (0, 0):
        return body
    if not body:
        return not_a_picture("an empty answer")
    for image in FrameSplitter(max_frame_bytes=max_bytes, believes_lengths=False).feed(body):
        if image_size(image) != (0, 0):
            return image
    return _other(answer)


def not_a_picture(detail: str) -> Failure:
    """Return the failure of an answer that is no JPEG image."""
    return Failure(Cause.NOT_A_PICTURE, detail)


def _other(answer: Answer) -> Failure:
    body = answer.body
    if body.startswith(SOI):
        return not_a_picture(f"an image that is cut: {len(body)} bytes without an end")
    for pattern, name in _KINDS:
        if pattern.match(body):
            return not_a_picture(name)
    page = no_stream(body[:_BEGINNING], 0)
    if page is not None:
        return page
    kind = shown(answer.headers.get("content-type", ""), _MAX_SHOWN) or "none"
    return not_a_picture(f"{len(body)} bytes, no JPEG image in them; Content-Type: {kind}")
