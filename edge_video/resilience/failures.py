"""Names why a camera's stream ended, in a fixed vocabulary that every part shares."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """The classes of failure an operator can act on. The value is the name in logs and JSON."""

    # It answers, and refuses us.
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a class of failure, not a password
    NO_PASSWORD = "no_password"  # noqa: S105 - the same
    """It wants a user and a password, and none is configured."""
    UNKNOWN_AUTHENTICATION = "unknown_authentication"
    """It wants a proof that FFmpeg cannot give (digest with SHA-256, NTLM)."""
    FORBIDDEN = "forbidden"
    """The account may not see this stream, this address may not ask, or the account is locked."""
    PROXY_REFUSED = "proxy_refused"
    """The configured HTTP proxy refuses, and not the camera."""
    NO_SUCH_STREAM = "no_such_stream"
    BUSY = "busy"
    """All of its sessions are taken."""
    TRANSPORT_REFUSED = "transport_refused"
    """RTP over TCP, or over UDP, is not what it does."""
    REQUEST_REFUSED = "request_refused"
    """It does not understand what it is asked, or not in this state."""
    CAMERA_ERROR = "camera_error"
    """It reports an error of its own."""
    CAMERA_TIMEOUT = "camera_timeout"
    """It, or a recorder or proxy in front of it, has waited in vain (408), and answers."""
    NO_CONTENT = "no_content"
    """It answers that it has no picture at the moment (204)."""

    # It does not answer, or something else does.
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    NAME_NOT_RESOLVED = "name_not_resolved"
    TIMEOUT = "timeout"
    NOT_RTSP = "not_rtsp"
    """What listens on the port of an rtsp: URL speaks something else."""
    TLS_FAILED = "tls_failed"
    CERTIFICATE_REFUSED = "certificate_refused"

    # It streams, and that is of no use.
    STALLED = "stalled"
    NO_KEY_FRAME = "no_key_frame"
    """Data arrive, and no picture can be decoded for want of a key frame."""
    UDP_LOST = "udp_lost"
    """It answers, and its packets do not arrive."""
    END_OF_STREAM = "end_of_stream"
    PICTURE_FROZEN = "picture_frozen"
    """Its pictures are all the same, and `on_frozen: restart` ends such a stream."""
    STILL_PICTURE = "still_picture"
    NOT_A_PICTURE = "not_a_picture"
    """`mode: snapshot` needs a JPEG image as the answer to each request."""
    WEB_PAGE = "web_page"
    NO_VIDEO = "no_video"
    UNSUPPORTED = "unsupported"
    COLOUR_SPACE = "colour_space"
    """It states a colour space that FFmpeg 7 does not take."""
    NOT_MJPEG = "not_mjpeg"
    """`mode: passthrough` needs a camera that sends JPEG."""
    NOT_JPEG = "not_jpeg"
    """Megabytes come, and no JPEG image is in them."""
    TOO_MUCH_WORK = "too_much_work"
    """To find its images in what it sends takes the time of the other cameras."""
    PICTURE_TOO_LARGE = "picture_too_large"
    PROTOCOL_NOT_ALLOWED = "protocol_not_allowed"
    """It leads FFmpeg to an address of a kind that its URL's kind does not need."""
    REDIRECTED = "redirected"
    """`mode: snapshot` is sent to another host or port, or out of TLS."""
    FORMAT_NOT_ALLOWED = "format_not_allowed"
    """What it sends is a playlist, a script or another format that may open other things."""

    # It is this machine's matter.
    NO_HARDWARE = "no_hardware"
    """`hwaccel` names what this machine, or its FFmpeg, does not have."""
    NOT_READABLE = "not_readable"
    BAD_ARGUMENTS = "bad_arguments"
    BINARY_MISSING = "binary_missing"
    SPAWN_FAILED = "spawn_failed"
    KILLED = "killed"
    MEMORY_LIMIT = "memory_limit"
    """Its FFmpeg wanted more memory than it may have."""
    CPU_LIMIT = "cpu_limit"
    """Its FFmpeg wanted more CPU than it may have."""
    CRASHED = "crashed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt to stream.

    Attributes:
        cause: the class of the failure.
        detail: one line of evidence (usually FFmpeg's last words), secrets masked, no control
            characters; may be empty.
        exit_status: FFmpeg's exit status, negative for a signal; None when it never ran or was
            still running.
    """

    cause: Cause
    detail: str = ""
    exit_status: int | None = None


@dataclass(frozen=True, slots=True)
class CausePolicy:
    """What a class of failure changes in the breaker's table.

    Attributes:
        max_failures: open after this many consecutive failures instead of the configured
            number; None keeps the configured number.
        min_wait_s: never wait less than this in OPEN.
    """

    max_failures: int | None = None
    min_wait_s: float = 0.0


DEFAULT_POLICY: Final = CausePolicy()

_UNTIL_CHANGED: Final = CausePolicy(max_failures=1, min_wait_s=60.0)
"""It does not heal by trying again at once; one line in the log says what to do."""

_POLICIES: Final = {
    # Cameras lock an account after a few wrong passwords, and some answer 401 when all their
    # sessions are taken: hammering makes both worse.
    Cause.WRONG_PASSWORD: CausePolicy(max_failures=2, min_wait_s=60.0),
    Cause.FORBIDDEN: CausePolicy(max_failures=2, min_wait_s=60.0),
    Cause.PROXY_REFUSED: CausePolicy(max_failures=2, min_wait_s=60.0),
    # A policy of its own, so that its end never passes for that of a long session.
    Cause.PICTURE_FROZEN: CausePolicy(min_wait_s=5.0),
    Cause.NO_PASSWORD: _UNTIL_CHANGED,
    Cause.UNKNOWN_AUTHENTICATION: _UNTIL_CHANGED,
    Cause.BINARY_MISSING: _UNTIL_CHANGED,
    Cause.BAD_ARGUMENTS: _UNTIL_CHANGED,
}


def policy_for(cause: Cause) -> CausePolicy:
    """The policy of a cause; causes without one follow the configured table."""
    return _POLICIES.get(cause, DEFAULT_POLICY)
