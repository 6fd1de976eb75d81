"""Makes the TLS context of a connection to the broker from its `TlsSettings`."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_video.delivery.amqp.settings import TlsSettings


def make_tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """TLS 1.2 or newer, trusting `tls.ca` or the system's authorities.

    From 3.13 on Python also refuses certificates that break a rule of form (RFC 5280), as those of
    brokers often do, whose authority somebody made by hand: no identifier of the authority's key,
    basic constraints not marked critical. Keeping to form makes nobody more trusted, and no site is
    to lose its broker with an update of Python. So it is not asked for, with any Python.

    Raises:
        OSError: a file cannot be read, or (`ssl.SSLError`) is no certificate or key.
        ValueError: the key is encrypted; there is nobody to ask for its password.
    """
    context = ssl.create_default_context(cafile=tls.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert is not None:
        context.load_cert_chain(tls.cert, tls.key, password=_no_password)
    return context


def _no_password() -> str:
    # Without this OpenSSL would ask on the terminal, and wait there for ever.
    raise ValueError("the key is encrypted")
