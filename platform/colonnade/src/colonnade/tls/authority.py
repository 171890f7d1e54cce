"""The development CA. It is made on first use, and vouches for nothing but this platform's own names."""

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = timedelta(days=5 * 365)
ISSUED_LIFE = timedelta(days=90)
RENEWED_BEFORE = timedelta(days=30)
SKEW = timedelta(hours=1)
"""A container's clock may be behind."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA with its key, for certificates with the names that its own certificate permits."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def open(cls, file: Path, names: Sequence[str], now: datetime) -> "Authority":
        """Return the CA whose certificate is in `file`, with its key in `<name>-key.pem` beside it.

        Make one where it is missing, near its end, or not for all `names`.
        """
        found = _read(file)
        return found if found is not None and found.serves(names, now) else _write(file, _make(names, now))

    def serves(self, names: Sequence[str], now: datetime) -> bool:
        """Return whether certificates for all `names`, issued now, would be believed to their end."""
        if self.certificate.not_valid_after_utc < now + ISSUED_LIFE:
            return False
        constraints = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        return set(_permitted(names)) <= set(constraints.permitted_subtrees or ())

    def vouches_for(self, certificate: bytes, names: Sequence[str], now: datetime) -> bool:
        """Return whether a PEM certificate is of this CA, for just `names`, and not near its end."""
        issued = x509.load_pem_x509_certificate(certificate)
        try:
            told = issued.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            key_of_issuer = issued.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        except x509.ExtensionNotFound:
            return False  # somebody else's, which was given before
        if issued.not_valid_after_utc < now + RENEWED_BEFORE or set(told) != set(_alternatives(names)):
            return False
        return key_of_issuer == x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())

    def issue(
        self, names: Sequence[str], now: datetime, *, serves: bool = True, calls: bool = False
    ) -> tuple[bytes, bytes]:
        """Return a new certificate for `names` and its key, as PEM: for who serves, or calls, or both."""
        uses = {ExtendedKeyUsageOID.SERVER_AUTH: serves, ExtendedKeyUsageOID.CLIENT_AUTH: calls}
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_name(names[0]), self.certificate.subject, key, now, ISSUED_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use for use, has in uses.items() if has]), critical=False)
            .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )
        return certificate.public_bytes(Encoding.PEM), _pem(key)


def _make(names: Sequence[str], now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    # Each has a name of its own: a trust store may hold those of several platforms.
    name = _name(f"Colonnade development CA {secrets.token_hex(4)}")
    certificate = (
        _builder(name, name, key, now, LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(_permitted(names), None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(names: Iterable[str]) -> list[x509.GeneralName]:
    return [x509.IPAddress(ip_address(n)) if _is_address(n) else x509.DNSName(n) for n in names]


def _permitted(names: Iterable[str]) -> list[x509.GeneralName]:
    """As RFC 5280 §4.2.1.10 writes them: a network, or a domain with all that is below it."""
    return [
        x509.IPAddress(ip_network(n)) if _is_address(n) else x509.DNSName(n.removeprefix("*.")) for n in names
    ]


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _key_file(file: Path) -> Path:
    return file.with_name(f"{file.stem}-key.pem")


def _read(file: Path) -> Authority | None:
    """Return the CA, or None where it is missing or its two files do not go together."""
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        key = load_pem_private_key(_key_file(file).read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return Authority(certificate, key)


def _write(file: Path, authority: Authority) -> Authority:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate = authority.certificate.public_bytes(Encoding.PEM)
    for target, text in ((_key_file(file), _pem(authority.key)), (file, certificate)):
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_bytes(text)
        partial.replace(target)
    return authority
