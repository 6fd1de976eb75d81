"""What FFmpeg says when its hardware fails: its own lines, and those that people have reported."""

from __future__ import annotations

import pytest

from edge_video.capture.hardware.errors import IN_SOFTWARE, hardware_error, is_suspicious
from edge_video.resilience.failures import Cause, Failure

UNKNOWN = Failure(Cause.UNKNOWN, "", 1)
STALLED = Failure(Cause.STALLED)

REPORTED = {
    "no driver": """
        [AVHWDeviceContext @ 0x560f6d523400] [error] Cannot load libcuda.so.1
        [error] Device creation failed: -1.
        [h264 @ 0x1] [error] No device available for decoder: device type cuda needed for
    """,
    "a driver that does not fit the kernel": """
        [AVHWDeviceContext @ 0x1] [error] cu->cuInit(0) failed -> CUDA_ERROR_UNKNOWN: unknown error
        [error] Error while opening decoder for input stream #0:0 : Generic error in an external
    """,
    "a card that is full": """
        [h264 @ 0x5] [error] cuvidCreateDecoder(...) failed -> CUDA_ERROR_OUT_OF_MEMORY: out
        [h264 @ 0x5] [error] Failed setup for format cuda: hwaccel initialisation returned error.
    """,
    "no card": "[AVHWDeviceContext @ 0x1] [error] No capable devices found",
    "a card that was reset": """
        [h264 @ 0x1] [error] cuvidMapVideoFrame(...) failed -> CUDA_ERROR_LAUNCH_FAILED: unspecified
        [error] Error while decoding stream #0:0: Generic error in an external library
    """,
    "no access to the node": """
        [AVHWDeviceContext @ 0x1] [error] No VA display found for device /dev/dri/renderD128.
        [error] Device creation failed: -22.
    """,
    "a driver of the wrong generation": """
        [AVHWDeviceContext @ 0x5] [error] libva: /usr/lib/dri/iHD_drv_video.so init failed
        [AVHWDeviceContext @ 0x5] [error] Failed to initialise VAAPI connection: 1
    """,
    "a decoder that is taken": """
        [h264 @ 0x148e2f0] [error] Failed to create decode context: 12 (invalid parameter).
        [h264 @ 0x1] [error] Failed setup for format vaapi: hwaccel initialisation returned error.
    """,
    "no session of the media library": """
        [AVHWDeviceContext @ 0x55f69fe0e980] [error] Error creating a MFX session: -9.
        [error] Device creation failed: -1313558101.
    """,
    "no session any more": """
        [hevc_qsv @ 0x557bd4e7f8c0] [error] Error initializing an MFX session
        [hevc_qsv @ 0x557bd4e7f8c0] [error] Error decoding header
    """,
    "a device that was lost": """
        [h264_qsv @ 0x55f19ea8c540] [error] Error during QSV decoding.: device failed (-17)
    """,
    "no decoder of the Pi": """
        [h264_v4l2m2m @ 0x5604e3245d40] [error] Could not find a valid device
        [h264_v4l2m2m @ 0x5604e3245d40] [error] can't configure decoder
    """,
    "a profile that it does not do": """
        [h264 @ 0x1] [error] No support for codec h264 profile 110.
        [h264 @ 0x1] [error] Failed setup for format vaapi: hwaccel initialisation returned error.
    """,
    "decoded in software without a word, by FFmpeg 5": """
        [error] Impossible to convert between the formats supported by the filter 'a' and the filter
        [error] Error reinitializing filters!
        [error] Failed to inject frame into filter network: Function not implemented
    """,
    "ten bits, fetched as eight": "[error] Invalid output format nv12 for hwframe download.",
    "an FFmpeg without the filter": "[error] No such filter: 'scale_cuda'",
}


@pytest.mark.parametrize("written", REPORTED.values(), ids=REPORTED)
@pytest.mark.parametrize("failure", [UNKNOWN, STALLED])
def test_the_hardware_is_known_by_what_people_have_reported(written: str, failure: Failure) -> None:
    lines = [line.strip() for line in written.strip().splitlines()]
    before = ["[rtsp @ 0x1] [warning] RTP: missed 3 packets"] * 5
    reason = hardware_error(failure, [*before, *lines])
    assert reason is not None
    assert "[" not in reason
    assert reason in lines[0] or reason == IN_SOFTWARE


@pytest.mark.parametrize(
    ("failure", "line"),
    [
        (Failure(Cause.WRONG_PASSWORD, "", 1), "Device creation failed: -1."),
        (Failure(Cause.REFUSED, "", 1), "Device creation failed: -1."),
        (Failure(Cause.MEMORY_LIMIT), "CUDA_ERROR_OUT_OF_MEMORY"),
        (UNKNOWN, "Error while decoding stream #0:0: Invalid data found"),
        (UNKNOWN, "[h264 @ 0x1] [error] error while decoding MB 12 7, bytestream -8"),
        (STALLED, "[h264 @ 0x1] [error] hardware accelerator failed to decode picture"),
        (Failure(Cause.END_OF_STREAM, "", 0), "[error] Failed setup for format cuda: x"),
    ],
)
def test_the_camera_is_not_taken_for_the_hardware(failure: Failure, line: str) -> None:
    assert hardware_error(failure, [line]) is None


def test_an_error_that_lost_packets_bring_about_counts_when_it_comes_again_and_again() -> None:
    line = "[h264 @ 0x1] [error] hardware accelerator failed to decode picture"
    assert hardware_error(STALLED, [f"{line} (×9)"]) is None
    assert hardware_error(STALLED, [f"{line} (×8)", "[x] other", f"{line} (×2)"]) is not None


def test_a_camera_that_hung_up_after_an_error_is_not_the_hardwares_matter() -> None:
    lines = ["[h264 @ 0x1] [error] Failed setup for format cuda: x", "Connection reset by peer"]
    assert hardware_error(Failure(Cause.END_OF_STREAM, "", 1), lines) is None


def test_an_attempt_without_a_frame_is_suspicious_unless_nobody_was_there() -> None:
    assert is_suspicious(STALLED, 0)
    assert not is_suspicious(STALLED, 1)
    assert not is_suspicious(Failure(Cause.REFUSED), 0)
