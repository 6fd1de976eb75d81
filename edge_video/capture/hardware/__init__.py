"""Decodes cameras' pictures on hardware, where it works, and on the CPU where it does not.

What FFmpeg does by itself is not to be trusted: it decodes in software without a word. So pictures
stay on the device until they have passed the limit of the rate, and the filter that fetches them
from there takes no others: an FFmpeg that gives frames decodes on the device, and one that cannot
ends. `HardwareKeeper` tries each hardware with a second of its own, gives a camera's FFmpeg what
works, and has the CPU decode for a while where the device then fails.
"""

from edge_video.capture.hardware.acceleration import (
    SOFTWARE,
    Acceleration,
    HardwareKey,
    wanted_hardware,
)
from edge_video.capture.hardware.decoding import Decoding

__all__ = ["SOFTWARE", "Acceleration", "Decoding", "HardwareKey", "wanted_hardware"]
