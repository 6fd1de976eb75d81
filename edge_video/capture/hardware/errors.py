"""Tells from FFmpeg's lines whether it was the hardware that ended a stream. Pure.

Lines of FFmpeg 5.1 and 9, and those that people report to projects which decode on hardware.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from edge_video.capture.classification import clean_line
from edge_video.resilience.failures import Cause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.resilience.failures import Failure

_LAST_LINES: Final = 30
"""An error that FFmpeg has got over scrolls out of sight."""
_ERRORS: Final = re.compile(
    # No such device, driver or library; the device is full or gone.
    r"Cannot load lib(cuda|nvcuvid|vdpau)|Could not dynamically load CUDA|CUDA_ERROR_(?!UNKNOWN)\w+"
    r"|No capable devices? found|no CUDA-capable device|cuInit\(.*failed"
    r"|No VA display found|Failed to initiali[sz]e VAAPI|libva: .*(init failed|va_openDriver)"
    r"|Failed to create (a )?(VAAPI|decode|DRM|VDPAU|D3D11|surface)"
    r"|Error (creating|initiali[sz]ing) an? (internal )?MFX session"
    r"|Error initiali[sz]ing the QSV|Error querying (IO surface|the decoding parameters)"
    r"|: device (failed|lost|busy) \(-\d+\)|VK_ERROR_\w+"
    r"|Could not find a valid device|can't configure decoder"
    r"|No device available for decoder|Device (setup failed|creation failed)"
    # What this stream wants the device, or this FFmpeg, does not do.
    r"|Failed setup for format \w+|hwaccel initiali[sz]ation returned error"
    r"|No support for codec|Hardware is lacking|No usable encoding (profile|entrypoint)"
    r"|(profile|chroma format|[Bb]it ?depth|format|codec)\b.* not supported"
    r"|Unrecogni[sz]ed hwaccel|No such filter: '?(scale_|vpp_|hwdownload)"
    r"|Unknown encoder '?mjpeg_\w+|Unknown decoder '?\w+_v4l2m2m"
    # It was decoded in software, which the filters that fetch from the device refuse.
    r"|Impossible to convert between the formats supported by the filter"
    r"|Invalid output format \w+ for hwframe download"
    r"|A hardware (device|frames) reference is required|No hw_frames_ctx"
    r"|Failed to (download|map|transfer) (data|frame)|Error transferring the data"
)
_IN_SOFTWARE: Final = re.compile("Impossible to convert between the formats supported by")
IN_SOFTWARE: Final = "the device does not decode this stream, and FFmpeg went over to the CPU"
"""What it means that a filter was offered what is not on the device."""
_HARMLESS_ONCE: Final = re.compile(
    r"hardware accelerator failed to decode picture|No decoder surfaces left|CUDA_ERROR_UNKNOWN"
    r"|Failed to (sync|begin|end|issue|upload) \w+|dequeue failure|Error during QSV decoding"
    r"|cuvid\w+\(.*\) failed"
)
"""What packets that were lost on the way bring about, too: then FFmpeg gets over it."""
_NO_ACCIDENT: Final = 10
_TIMES: Final = re.compile(r" \(×(\d+)\)$")
_MAY_BE: Final = frozenset(
    {
        *(Cause.NO_HARDWARE, Cause.UNKNOWN, Cause.UNSUPPORTED, Cause.BAD_ARGUMENTS),
        *(Cause.KILLED, Cause.STALLED, Cause.NO_KEY_FRAME, Cause.TIMEOUT, Cause.END_OF_STREAM),
    }
)
"""As what an FFmpeg ends, or is ended, whose hardware has failed. A camera that refuses us, or is
not there, is never the hardware's matter."""
_FRUITLESS: Final = frozenset(
    {Cause.STALLED, Cause.NO_KEY_FRAME, Cause.UNSUPPORTED, Cause.UNKNOWN, Cause.KILLED}
)
_CAMERA_ENDED: Final = re.compile(
    r"End of file|Connection (reset|timed out|refused)|closed the connection|ends prematurely"
)


def hardware_error(failure: Failure, stderr_lines: Sequence[str]) -> str | None:
    """Return the line in which FFmpeg says that its hardware failed; None: it was not that.

    Args:
        failure: as what the end was judged.
        stderr_lines: FFmpeg's last lines, oldest first, secrets masked; a repeated one once, with
            its number.
    """
    if failure.cause not in _MAY_BE:
        return None
    lines = [clean_line(line) for line in stderr_lines[-_LAST_LINES:]]
    if failure.cause in (Cause.TIMEOUT, Cause.END_OF_STREAM) and (
        failure.exit_status == 0 or any(map(_CAMERA_ENDED.search, lines))
    ):
        return None
    found = next((line for line in lines if _ERRORS.search(line)), None)
    if found is not None:
        return IN_SOFTWARE if _IN_SOFTWARE.match(found) else found
    doubtful = [line for line in lines if _HARMLESS_ONCE.search(line)]
    return doubtful[0] if sum(map(_times, doubtful)) >= _NO_ACCIDENT else None


def is_suspicious(failure: Failure, frames: int) -> bool:
    """Whether an attempt without a frame may be the hardware's fault, though nobody says so."""
    return not frames and failure.cause in _FRUITLESS


def _times(line: str) -> int:
    repeated = _TIMES.search(line)
    return int(repeated[1]) if repeated else 1
