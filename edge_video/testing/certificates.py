"""Makes throw-away certificates for tests of TLS."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Certificates:
    """Throw-away certificates, as PEM files."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path
    other_ca: Path
    """Signed none of the others."""


def make_certificates(
    folder: Path, host: str = "127.0.0.1", *, server_days: float = 1
) -> Certificates:
    """Make a certificate authority, a server for localhost, a client and a foreign authority.

    Args:
        folder: where they go.
        host: the server's address.
        server_days: for how many more days the server's is valid; expired with less than 0.
    """
    authority = _issue("test authority", host)
    server = _issue("localhost", host, authority, server_days)
    client = _issue("test client", host, authority)
    return Certificates(
        ca=authority.save(folder / "ca.pem"),
        server=server.save(folder / "server.pem"),
        server_key=server.save_key(folder / "server.key"),
        client=client.save(folder / "client.pem"),
        client_key=client.save_key(folder / "client.key"),
        other_ca=_issue("foreign authority", host).save(folder / "other_ca.pem"),
    )


@dataclass(frozen=True)
class _Issued:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def save(self, path: Path) -> Path:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - optional

        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def save_key(self, path: Path) -> Path:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - optional

        path.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return path


def _issue(name: str, host: str, issuer: _Issued | None = None, days: float = 1) -> _Issued:
    """A certificate for localhost and `host`; without an issuer it signs itself."""
    from cryptography import x509  # noqa: PLC0415 - an optional package
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as above
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - as above

    now = dt.datetime.now(dt.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(host))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), True)
        .add_extension(x509.SubjectAlternativeName(names), False)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    return _Issued(certificate, key)
