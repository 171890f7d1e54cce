"""Consumers: a signing key, its JWK set, and a token for each."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import RSAKey

CONSUMERS = 100
LIFE_S = 3600


@dataclass(frozen=True, slots=True)
class Consumers:
    """`jwks` is what verifies; `file` holds a header with a token a line."""

    jwks: str
    file: Path


def consumers(folder: Path, issuer: str) -> Consumers:
    """Sign a token for each consumer in the name of `issuer`."""
    key = RSAKey.generate_key(2048, auto_kid=True)
    header = {"alg": "RS256", "kid": str(key.kid), "typ": "at+jwt"}
    common = {"iss": issuer, "aud": "colonnade", "client_id": "bench", "exp": int(time.time()) + LIFE_S}
    common |= {"email": "someone@example.com", "roles": ["user"], "scope": "openid profile email"}
    tokens = [
        jwt.encode(header, common | {"sub": f"u-{n:04}", "jti": f"t-{n}"}, key) for n in range(CONSUMERS)
    ]
    file = folder / "tokens.txt"
    file.write_text("".join(f"Authorization: Bearer {token}\n" for token in tokens), encoding="utf-8")
    return Consumers(json.dumps({"keys": [key.as_dict(private=False)]}), file)
