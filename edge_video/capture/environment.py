"""Makes the environment that FFmpeg is given: what it needs, and no secret of this program's.

The program's own environment may hold the broker's password and the HTTP token, which FFmpeg and
every library in it have no business with; and proxies, through which FFmpeg would send what it
asks a camera of the local network, password included. Everything here is pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEEDED: Final = re.compile(
    r"PATH|HOME|TMPDIR|TZ|LANG|LANGUAGE|LC_[A-Z]+"
    r"|LD_[A-Z0-9_]+|GLIBC_TUNABLES|MALLOC_[A-Z_]+"
    # Where certificates are, for cameras with TLS.
    r"|SSL_CERT_(FILE|DIR)|OPENSSL_CONF|GNUTLS_[A-Z_]+"
    # Decoding hardware, and the files and displays by which it is reached.
    r"|(CUDA|NVIDIA|LIBVA|VDPAU|MFX|ONEVPL|INTEL|MESA|AMD|DRI|LIBGL|OCL|OPENCL|VK)_[A-Za-z0-9_]+"
    r"|ROCR_VISIBLE_DEVICES|DISPLAY|XAUTHORITY|WAYLAND_DISPLAY|XDG_RUNTIME_DIR"
    r"|FONTCONFIG_(FILE|PATH)"
)

_SET: Final = {"MALLOC_ARENA_MAX": "1"}
"""Unless it is set otherwise. glibc: one heap for all of FFmpeg's threads, which takes 0.6 to 6 MB
less of FFmpeg 9 (docs/performance.md). Other C libraries do not know it."""


def ffmpeg_environment(environ: Mapping[str, str], http_proxy: str | None = None) -> dict[str, str]:
    """Return what of `environ` FFmpeg gets, and the proxy of its camera, if that has one.

    A variable that is not known to be needed stays out; so does FFREPORT, with which FFmpeg
    writes a file of its own, command line included.
    """
    passed = {name: value for name, value in environ.items() if _NEEDED.fullmatch(name)}
    needed = {**_SET, **passed}
    return needed if http_proxy is None else {**needed, "http_proxy": http_proxy}
