"""The signing key, kept so that tokens outlive a restart."""

import json
import os
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from service_kit import SettingsError

ALGORITHM = "RS256"


class SigningKey:
    """An RSA key in a file that only this user can read. Raises `SettingsError` where the file holds none."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            _write(file, RSAKey.generate_key(2048, auto_kid=True))
        file.chmod(0o600)
        try:
            self.key = RSAKey.import_key(json.loads(file.read_text(encoding="utf-8")))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise SettingsError(f"{file} holds no key: delete it, and a new one is made") from error

    def public(self) -> dict[str, Any]:
        """Return the JWK set that verifies."""
        public = self.key.as_dict(private=False) | {"use": "sig", "alg": ALGORITHM, "kid": self.key.kid}
        return {"keys": [public]}

    def sign(self, claims: dict[str, Any], typ: str) -> str:
        """Return `claims` as a signed token of type `typ`."""
        return jwt.encode({"alg": ALGORITHM, "typ": typ, "kid": self.key.kid}, claims, self.key)

    def read(self, token: str, typ: str) -> dict[str, Any] | None:
        """Return the claims of a token of type `typ` that this key signed, expired or not; else None.

        One type is never taken for another (RFC 8725 §3.11).
        """
        try:
            decoded = jwt.decode(token, KeySet([self.key]), [ALGORITHM])
        except (JoseError, ValueError):
            return None
        return dict(decoded.claims) if decoded.header.get("typ") == typ else None


def _write(file: Path, key: RSAKey) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        json.dump(key.as_dict(private=True) | {"kid": key.kid}, opened)
    partial.replace(file)
