"""The name by which a certificate is known: the digest of its DER form."""

import re
import ssl
from hashlib import sha256
from pathlib import Path

from colonnade.errors import UserError

_PEM = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def fingerprint(file: Path) -> str:
    """Return the SHA-256, in hexadecimal, of the first certificate in `file`.

    Raises `UserError` where there is none in PEM.
    """
    pem = _PEM.search(file.read_text(encoding="ascii", errors="replace"))
    if pem is None:
        raise UserError(f"{file} holds no certificate in PEM")
    return sha256(ssl.PEM_cert_to_DER_cert(pem[0])).hexdigest()
