"""Tells from FFmpeg's exit status and its last lines why a stream ended.

The wordings of an error, FFmpeg 5.1's, 7.1's and 9.0's, are in the tests. Everything here is pure;
what FFmpeg does not say, `edge_video.capture.inquiry` asks the camera itself.
"""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING, Final

from edge_video.resilience.failures import Cause, Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

_DETAIL_LENGTH: Final = 200
_ENDED_BY_SIGNAL: Final = 255
"""FFmpeg's exit status when it caught SIGTERM or SIGINT and ended in order."""
_CONTEXT: Final = re.compile(r"\[[^\[\]]*? @ (?:0x)?[0-9a-fA-F]+\]\s*")
_LEVEL: Final = re.compile(r"\[(panic|fatal|error|warning|info|verbose|debug|trace)\]\s*")
_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-Z\\-_]")
_SPACE: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_GLUED: Final = re.compile(r"(method \w+ failed: \d{3})(?=[^\s\d])")
"""FFmpeg 7 leaves no space between a status and its words: `failed: 461Unsupported Transport`."""
_NO_LENGTH: Final = re.compile(r"Stream ends prematurely at \d+, should be 18446744073709551615")
"""What FFmpeg says of an HTTP stream without a length: the number stands for none."""
_SERIOUS: Final = ("[panic]", "[fatal]", "[error]")

_GENERIC: Final = re.compile(
    r"^(Error opening (input|output) files?\b|Conversion failed|Exiting normally"
    r"|Last message repeated|Nothing was written into output|Output file is empty"
    r"|Terminating thread|Task finished with error)"
)

_RTSP_NO_ANSWER: Final = re.compile(
    r"^(?:Error opening input: )?(?P<url>rtsps?://.*): Invalid data found when processing input"
)
_HANG_UP_S: Final = 1.0
"""A camera that hangs up does so sooner; one that never answers takes a whole time-out."""

_ANNOUNCED: Final = re.compile(
    r"rtsp @ .*Could not find codec parameters for stream \d+ \(Video: (?!none)"
)
"""RTSP: the session description has video, and FFmpeg did not see how large it is."""
_NEEDS_VIDEO: Final = frozenset({Cause.NO_VIDEO, Cause.TIMEOUT, Cause.UNSUPPORTED})

# Most specific first. A line that matches an earlier row decides, wherever it stands.
_TABLE: Final[tuple[tuple[Cause, re.Pattern[str]], ...]] = tuple(
    (cause, re.compile(pattern, re.IGNORECASE))
    for cause, pattern in (
        # What is not allowed here comes before what its refusal is then taken for.
        (Cause.NOT_MJPEG, r"Codec \(\w+\) not on whitelist 'mjpeg'"),
        (Cause.NOT_MJPEG, r"mpjpeg muxer supports only codec mjpeg"),
        (Cause.PROTOCOL_NOT_ALLOWED, r"Protocol '[^']*' not on whitelist"),
        (Cause.FORMAT_NOT_ALLOWED, r"Format [\w, ]*not on whitelist"),
        (Cause.PICTURE_TOO_LARGE, r"exceeds specified max pixel count"),
        (Cause.NO_HARDWARE, r"No device available for decoder|Device creation failed"),
        (Cause.NO_HARDWARE, r"(Hardware )?Device setup failed for decoder"),
        (Cause.NO_HARDWARE, r"Unrecognized hwaccel|hwaccel initiali[sz]ation returned error"),
        (Cause.PROXY_REFUSED, r"\b407\b.*Proxy|HTTP error 407\b|Proxy Authentication Required"),
        (Cause.WRONG_PASSWORD, r"\b401 \(?Unauthorized|Server returned 401\b"),
        (Cause.WRONG_PASSWORD, r"method \w+ failed: 401\b|HTTP error 401\b"),
        (Cause.WRONG_PASSWORD, r"NetConnection\.Connect\.Rejected.*auth|authfailed|authmod"),
        (Cause.FORBIDDEN, r"\b403 \(?Forbidden|Server returned 403\b"),
        (Cause.FORBIDDEN, r"method \w+ failed: (403|423)\b|HTTP error (403|423)\b"),
        (Cause.NO_SUCH_STREAM, r"method \w+ failed: (404|410)\b"),
        (Cause.NO_SUCH_STREAM, r"Server returned 404|\b404 \(?Not Found|HTTP error (404|410)\b"),
        (Cause.NO_SUCH_STREAM, r"StreamNotFound|No such file or directory|Is a directory"),
        (Cause.TRANSPORT_REFUSED, r"method \w+ failed: 461\b|Nonmatching transport"),
        (Cause.TRANSPORT_REFUSED, r"method SETUP failed: 4\d\d .*transport"),
        (Cause.BUSY, r"method \w+ failed: (429|453|503)\b|HTTP error (429|503)\b"),
        (Cause.CAMERA_TIMEOUT, r"method \w+ failed: 408\b|HTTP error 408\b"),
        (Cause.UNSUPPORTED, r"method \w+ failed: 415\b"),
        (Cause.REQUEST_REFUSED, r"method \w+ failed: (4\d\d|501|505|551)\b"),
        (Cause.REQUEST_REFUSED, r"HTTP error (4\d\d|501|505)\b|Server returned 400\b"),
        (Cause.REQUEST_REFUSED, r"Server returned 4XX"),
        (Cause.CAMERA_ERROR, r"method \w+ failed: 5\d\d\b|HTTP error 5\d\d\b"),
        (Cause.CAMERA_ERROR, r"Server returned 5(XX|\d\d)"),
        (Cause.NAME_NOT_RESOLVED, r"Failed to resolve hostname|Name or service not known"),
        (Cause.NAME_NOT_RESOLVED, r"name resolution|nodename nor servname|Name does not resolve"),
        (Cause.REFUSED, r"Connection refused|Error number -111\b"),
        (Cause.UNREACHABLE, r"No route to host|(Network|Host) is (unreachable|down)"),
        (Cause.CERTIFICATE_REFUSED, r"certificate (verify failed|failed verif|has expired)"),
        (Cause.CERTIFICATE_REFUSED, r"certificate.*(NOT trusted|does not match|not yet valid)"),
        (Cause.CERTIFICATE_REFUSED, r"certificate.*(unknown ca|alert)|unable to (load|set) .*\bCA"),
        (Cause.TLS_FAILED, r"unexpected TLS packet|unsupported version|wrong version number"),
        (Cause.TLS_FAILED, r"SSL routines|TLS (handshake|fatal alert|connection was non-properly)"),
        (Cause.TLS_FAILED, r"handshake failure|Unable to (complete|perform) .*handshake"),
        (Cause.TLS_FAILED, r"A TLS .*(alert|error)|no cipher"),
        (Cause.TIMEOUT, r"timed out|Error number -(110|138|10060)\b"),
        (Cause.BAD_ARGUMENTS, r"Unrecognized option|Option '?[^ ]*'? ?not found"),
        (Cause.BAD_ARGUMENTS, r"Error splitting the argument list|Missing argument for option"),
        (Cause.BAD_ARGUMENTS, r"No such filter|non-existent option|Unknown (input|output) format"),
        (Cause.BAD_ARGUMENTS, r"Unable to parse|Error setting option|Error parsing|out of range"),
        (Cause.BAD_ARGUMENTS, r"Unknown (encoder|decoder)|Invalid value .* for option"),
        (Cause.NOT_READABLE, r"^(Error opening input: )?(file:\S.*: )?Permission denied"),
        (Cause.END_OF_STREAM, r"Failed reading RTSP data: End of file|Connection reset by peer"),
        (Cause.END_OF_STREAM, r"Stream ends prematurely|closed the connection|(^|: )End of file$"),
        (Cause.UNSUPPORTED, r"Decoder \(codec .*\) not found|no decoder found"),
        (Cause.NO_VIDEO, r"does not contain any stream|matches no streams"),
        (Cause.UNSUPPORTED, r"not on whitelist|recompile FFmpeg|Protocol not found"),
        (Cause.COLOUR_SPACE, r"Invalid color space"),
        (Cause.UNSUPPORTED, r"moov atom not found|could not find codec parameters"),
        (Cause.UNSUPPORTED, r"Invalid data found when processing input"),
    )
)

_ONLY_BEFORE_FRAMES: Final = frozenset(
    {
        *(Cause.UNSUPPORTED, Cause.BAD_ARGUMENTS, Cause.NO_VIDEO, Cause.NOT_MJPEG),
        *(Cause.PICTURE_TOO_LARGE, Cause.NO_HARDWARE, Cause.NOT_READABLE),
        *(Cause.FORMAT_NOT_ALLOWED, Cause.PROTOCOL_NOT_ALLOWED),
    }
)
"""Once frames came, it was none of these, whatever is complained about."""


def clean_line(line: str) -> str:
    """Return a line of FFmpeg's fit to be shown: no addresses, level or control characters."""
    bare = _LEVEL.sub("", _CONTEXT.sub("", printable(line))).strip()
    return _NO_LENGTH.sub("the camera closed the connection", _GLUED.sub(r"\1 ", bare))


def printable(line: str) -> str:
    """Return a line without terminal escapes and control characters; runs of space become one."""
    return _SPACE.sub(" ", _ANSI.sub("", line)).strip()


def classify(
    exit_status: int | None,
    stderr_lines: Sequence[str],
    *,
    any_frames: bool,
    killed_by_us: bool = False,
    ran_s: float | None = None,
) -> Failure:
    """Return why a stream ended.

    Args:
        exit_status: FFmpeg's, negative for a signal; None when it still ran.
        stderr_lines: its last lines, oldest first, secrets masked.
        any_frames: whether a whole frame came; then a complaint about broken bytes is no longer
            the reason for the end.
        killed_by_us: the exit status says nothing then.
        ran_s: seconds from the start to the end. FFmpeg before 7 reports a camera that accepts
            the connection and never answers in the same words as one that hangs up at once.
    """
    if exit_status is not None and exit_status < 0 and not killed_by_us:
        return Failure(Cause.KILLED, f"killed by {_signal_name(-exit_status)}", exit_status)
    lines = [clean_line(line) for line in stderr_lines]
    matched = _first_match(lines, any_frames=any_frames, ran_s=ran_s)
    if matched is not None and matched[0] in _NEEDS_VIDEO and not any_frames:
        matched = _announced_only(stderr_lines) or matched
    if matched is not None:
        cause, line = matched
        return Failure(cause, _cut(line), exit_status)
    serious = _last_serious(stderr_lines)
    if exit_status == _ENDED_BY_SIGNAL and not serious and not killed_by_us:
        return Failure(Cause.KILLED, "ended by a signal", exit_status)
    if exit_status in (0, None) or killed_by_us:
        began = "the stream ended" if any_frames else "the stream ended before its first frame"
        return Failure(Cause.END_OF_STREAM, _cut(serious) or began, exit_status)
    last = next((line for line in reversed(lines) if line and not _GENERIC.match(line)), "")
    return Failure(Cause.UNKNOWN, _cut(serious or last) or "FFmpeg said nothing", exit_status)


def _first_match(
    lines: Sequence[str], *, any_frames: bool, ran_s: float | None
) -> tuple[Cause, str] | None:
    for line in reversed(lines):
        if not any_frames and (matched := _RTSP_NO_ANSWER.match(line)):
            return _no_answer(lines, matched["url"], ran_s)
    return _look_up(lines, any_frames=any_frames)


def _announced_only(stderr_lines: Sequence[str]) -> tuple[Cause, str] | None:
    """Return the cause if video was announced that FFmpeg calls missing, or a time-out."""
    if not any(_ANNOUNCED.search(line) for line in stderr_lines):
        return None
    return Cause.STALLED, "video is announced, and none came that can be decoded"


def _look_up(lines: Sequence[str], *, any_frames: bool) -> tuple[Cause, str] | None:
    for cause, pattern in _TABLE:
        if any_frames and cause in _ONLY_BEFORE_FRAMES:
            continue
        for line in reversed(lines):
            if pattern.search(line):
                return cause, line
    return None


def _no_answer(lines: Sequence[str], url: str, ran_s: float | None) -> tuple[Cause, str]:
    """Tell a camera that hangs up from one that never answers: FFmpeg 5 has one line for both.

    Its words, invalid data, are true of neither: the camera sent none.
    """
    others = [each for each in lines if not _RTSP_NO_ANSWER.match(each)]
    if better := _look_up(others, any_frames=False):
        return better
    if ran_s is not None and ran_s >= _HANG_UP_S:
        return Cause.TIMEOUT, f"{url}: no answer"
    return Cause.END_OF_STREAM, f"{url}: the camera hung up"


def _last_serious(stderr_lines: Sequence[str]) -> str:
    """Return the last line that FFmpeg calls an error and that says more than that; else ""."""
    for line in reversed(stderr_lines):
        if any(level in line for level in _SERIOUS):
            cleaned = clean_line(line)
            if cleaned and not _GENERIC.match(cleaned):
                return cleaned
    return ""


def _cut(line: str) -> str:
    return line if len(line) <= _DETAIL_LENGTH else f"{line[: _DETAIL_LENGTH - 1]}…"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
