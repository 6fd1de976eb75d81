"""Makes the TLS context of a connection to the broker from its `TlsSettings`."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_video.delivery.amqp.settings import TlsSettings


def make_tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """TLS 1.2 or newer, trusting `tls.ca` or the system's authorities.

    Raises:
        OSError: a file cannot be read, or (`ssl.SSLError`) is no certificate or key.
        ValueError: the key is encrypted; there is nobody to ask for its password.
    """
    context = ssl.create_default_context(cafile=tls.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert is not None:
        context.load_cert_chain(tls.cert, tls.key, password=_no_password)
    return context


def _no_password() -> str:
    # Without this OpenSSL would ask on the terminal, and wait there for ever.
    raise ValueError("the key is encrypted")
