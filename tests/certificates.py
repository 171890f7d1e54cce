"""A CA of devices, and the certificates that it signs."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

LIFE = timedelta(days=1)


@dataclass(frozen=True)
class Signed:
    """A certificate with its key; `file` holds both, as PEM."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    file: Path

    def sign(self, file: Path, *, expired: bool = False) -> "Signed":
        """Sign the certificate of a device, called after its file."""
        return _signed(file, self, expired=expired)

    def shown_to(self, ca: str) -> ssl.SSLContext:
        """A TLS client that shows the certificate to whom `ca` (a file) vouches for."""
        context = ssl.create_default_context(cafile=ca)
        context.load_cert_chain(self.file)
        return context


def self_signed(file: Path) -> Signed:
    """Make a certificate that nobody vouches for, such as that of a CA."""
    return _signed(file, None)


def _signed(file: Path, ca: Signed | None, *, expired: bool = False) -> Signed:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, file.stem)])
    now = datetime.now(UTC) - (2 * LIFE if expired else timedelta())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(ca.certificate.subject if ca else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LIFE)
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=ca is None, path_length=None), critical=True)
        .sign(ca.key if ca else key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(certificate.public_bytes(Encoding.PEM) + private)
    return Signed(certificate, key, file)
