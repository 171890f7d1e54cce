"""Access tokens as the provider would sign them, and as it never would."""

import json
import time
from base64 import urlsafe_b64encode
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.platform_folder import Stack


class Forger:
    """Signs with the development provider's own key, so that a test can be wrong in one thing only."""

    def __init__(self, stack: Stack) -> None:
        file = stack.folder / ".colonnade/data/identity/signing-key.json"
        self.key = RSAKey.import_key(json.loads(file.read_text(encoding="utf-8")))
        self.issuer = str(stack.told["identity"])

    @property
    def public_pem(self) -> bytes:
        """The public key, as anybody can make it from the provider's key set."""
        return self.key.as_pem(private=False)

    def claims(self, **changed: object) -> dict[str, Any]:
        """What a good token says; None leaves a claim out."""
        now = int(time.time())
        good = {
            "iss": self.issuer,
            "aud": "colonnade",
            "sub": "alice",
            "client_id": "mobile",
            "scope": "openid orders:read",
            "roles": ["user"],
            "iat": now,
            "exp": now + 60,
            "jti": f"forged-{now}",
        }
        return {name: value for name, value in {**good, **changed}.items() if value is not None}

    def token(
        self, header: dict[str, Any] | None = None, key: RSAKey | None = None, **changed: object
    ) -> str:
        """A signed token; `header` and claims can be changed."""
        head = {"alg": "RS256", "typ": "at+jwt", "kid": self.key.kid} | (header or {})
        return jwt.encode(head, self.claims(**changed), key or self.key)

    def unsigned(self, header: dict[str, Any], signature: bytes = b"", **changed: object) -> str:
        """A token put together by hand, with any bytes for a signature."""
        parts = [json.dumps(part).encode() for part in (header, self.claims(**changed))]
        return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in [*parts, signature])


def bearer(token: str) -> dict[str, str]:
    """The header that presents a token."""
    return {"Authorization": f"Bearer {token}"}
