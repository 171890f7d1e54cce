"""Which of a provider's published keys may verify a token, and for which algorithms (RFC 7517, RFC 7518)."""

from typing import Annotated, Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

RSA_LENGTH = 342
"""Letters of base64url of the shortest modulus that RFC 7518 §3.3 allows: 2048 bits."""
MAX_KEYS = 100
ALGORITHMS = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA", "Ed25519"),
}
"""By type and curve of the key. Signatures by a private key only: who can read a key can sign nothing."""

PUBLIC = ("kty", "kid", "alg", "crv", "x", "y", "n", "e")
"""What is passed on of a key: nothing private that a provider publishes by mistake, and no certificate."""


class VerificationKey(msgspec.Struct, frozen=True):
    """A public key; `algorithms` are those that a token signed with it may name."""

    kid: str
    algorithms: tuple[str, ...]
    key: Key
    public: dict[str, str]


class _Jwk(msgspec.Struct, frozen=True):
    kty: str
    kid: str = ""
    use: str = "sig"
    alg: str | None = None
    key_ops: tuple[str, ...] = ("verify",)
    crv: str | None = None
    n: str = ""


class _Jwks(msgspec.Struct, frozen=True):
    keys: Annotated[tuple[dict[str, Any], ...], msgspec.Meta(max_length=MAX_KEYS)]


def verification_keys(document: bytes) -> tuple[VerificationKey, ...]:
    """Return the keys of a JWK set that may verify a token.

    A key that is meant for something else, or that we do not understand, is left out (RFC 7517 §5). Raises
    `ValueError` where none is left: a provider without a single key is mistaken.
    """
    keys = tuple(filter(None, map(_usable, msgspec.json.decode(document, type=_Jwks).keys)))
    if not keys:
        raise ValueError("no key in it verifies signatures by an algorithm that we take")
    return keys


def published(keys: tuple[VerificationKey, ...]) -> bytes:
    """Return the keys as a JWK set."""
    return msgspec.json.encode({"keys": [key.public for key in keys]})


def _usable(written: dict[str, Any]) -> VerificationKey | None:
    try:
        jwk = msgspec.convert(written, _Jwk)
        algorithms = _algorithms(jwk)
        if not algorithms:
            return None
        public = {name: written[name] for name in PUBLIC if name in written}
        return VerificationKey(jwk.kid, algorithms, JWKRegistry.import_key(dict(public)), public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _algorithms(jwk: _Jwk) -> tuple[str, ...]:
    """What the key may verify; nothing where it is meant for something else, or too short."""
    if jwk.use != "sig" or "verify" not in jwk.key_ops or (jwk.kty == "RSA" and len(jwk.n) < RSA_LENGTH):
        return ()
    possible = ALGORITHMS.get((jwk.kty, None if jwk.kty == "RSA" else jwk.crv), ())
    return tuple(name for name in possible if jwk.alg in (None, name))
