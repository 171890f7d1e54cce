"""Signed access tokens that Envoy did not verify: judged here by the issuer's keys; what is wrong is told."""

import time
from collections.abc import Iterator

import msgspec
from joserfc.errors import JoseError
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact
from joserfc.util import urlsafe_b64decode

from colonnade_edge.authn.identity import Identity
from colonnade_edge.authn.jwks import VerificationKey
from colonnade_edge.authn.jwt import LEEWAY_S, identify, invalid
from colonnade_edge.authn.keys import Keys, Known
from colonnade_policy import Identity as Trusted

TYPES = ("", "jwt", "at+jwt", "application/at+jwt")
"""RFC 9068's for access tokens, and what providers write that came before it."""

_registry = JWSRegistry()
_registry.max_header_length = 8192  # some providers send a chain of certificates along; it is not read


class _Header(msgspec.Struct, frozen=True):
    """`alg` chooses among the algorithms of the key, and no others; a key of the token's own is not read."""

    alg: str
    kid: str = ""
    typ: str = ""
    crit: object = None


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    exp: float
    aud: str | tuple[str, ...] = ()
    nbf: float = 0.0


class SignedTokens:
    """Verifies the tokens of the `trusted` issuer, whose keys are given."""

    def __init__(self, keys: Keys, trusted: Trusted) -> None:
        self._keys = keys
        self._trusted = trusted

    async def verify(self, token: str) -> Identity:
        """Return whom a token speaks of.

        Raises `Unauthenticated`, with what is wrong, for a token that is not valid, and `Unavailable` where
        no key of the issuer is known.
        """
        signed, header = _parsed(token)
        keys = list(_candidates(header, await self._keys.current()))
        if not keys:
            keys = list(_candidates(header, await self._keys.renewed()))
        if not keys:
            raise invalid("its key is unknown")
        if not any(_verifies(signed, header.alg, key) for key in keys):
            raise invalid("its signature is wrong")
        try:
            claims = msgspec.json.decode(signed.payload, type=_Claims)
        except (ValueError, RecursionError) as error:
            raise invalid("its claims are malformed") from error
        self._judge(claims)
        return identify(signed.segments["payload"].decode(), self._trusted)

    def _judge(self, claims: _Claims) -> None:
        now = time.time()
        audiences = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
        if claims.iss != self._trusted.issuer:
            raise invalid("it is of another issuer")
        if self._trusted.audience not in audiences:
            raise invalid("it is for another audience")
        if claims.exp <= now:
            raise invalid("it has expired")
        if claims.nbf > now + LEEWAY_S:
            raise invalid("it is not valid yet")


def _parsed(token: str) -> tuple[CompactSignature, _Header]:
    try:
        signed = extract_compact(token.encode(), registry=_registry)
        header = msgspec.convert(signed.protected, _Header)
    except (JoseError, ValueError, RecursionError) as error:
        raise invalid("it is malformed") from error
    if header.crit is not None:
        raise invalid("it demands what is not understood here")
    if header.typ.lower() not in TYPES:
        raise invalid("it is not an access token")
    return signed, header


def _candidates(header: _Header, known: Known) -> Iterator[VerificationKey]:
    """The keys that may have signed: for the token's algorithm, and of its key id where both say one."""
    for key in known:
        if header.alg in key.algorithms and (not header.kid or key.kid in ("", header.kid)):
            yield key


def _verifies(signed: CompactSignature, algorithm: str, key: VerificationKey) -> bool:
    # By the algorithm itself, because the registry warns of EdDSA, which RFC 9864 only gave a second name.
    content = signed.segments["header"] + b"." + signed.segments["payload"]
    try:
        signature = urlsafe_b64decode(signed.segments["signature"])
        return JWSRegistry.algorithms[algorithm].verify(content, signature, key.key)
    except (JoseError, ValueError):
        return False
