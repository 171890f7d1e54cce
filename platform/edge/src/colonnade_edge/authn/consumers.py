"""Legacy consumers: programs that sign their own tokens with a secret that they share with us (HS256).

The secret stays in this process: Envoy never verifies such a token. A consumer's secret signs for that
consumer only, whatever its token says of itself: it can speak neither for a person nor for another consumer.
"""

import logging
import time
from collections.abc import Iterable, Mapping

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jws import JWSRegistry
from msgspec.structs import replace

from colonnade_edge.authn.identity import Identity, of_client
from colonnade_edge.authn.jwt import INVALID, invalid
from colonnade_edge.revocation.provenance import Provenance, token_id
from colonnade_edge.settings import Secret
from colonnade_policy import MIN_SECRET_BYTES, Consumer

SECRET_BYTES = {"HS256": MIN_SECRET_BYTES, "HS384": 48, "HS512": 64}
"""The least that each algorithm wants, so a short secret allows fewer."""
LEEWAY_S = 2
"""How far a consumer's clock may be ahead of ours. None is given to an expired token."""

log = logging.getLogger(__name__)

Key = tuple[OctKey, JWSRegistry]
"""A secret, and the algorithms that it may be used with."""


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    aud: str | tuple[str, ...]
    exp: float
    nbf: float = 0.0
    iat: float = 0.0
    scope: str | None = None


class Consumers:
    """The consumers of one policy document, with their secrets."""

    def __init__(self, consumers: Iterable[Consumer], audience: str, secrets: Mapping[str, Secret]) -> None:
        self._audience = audience
        self._known = {one.issuer: (one, _keys(one, secrets)) for one in consumers}

    def __contains__(self, issuer: str) -> bool:
        """Return whether tokens that name `issuer` are a consumer's, and nobody else's."""
        return issuer in self._known

    def identify(self, token: str, issuer: str) -> Identity:
        """Return the consumer that signed `token`; raise `Unauthenticated` where it did not."""
        consumer, keys = self._known[issuer]
        claims = _verified(token, keys)
        _judge(claims, issuer, self._audience, time.time())
        granted = frozenset(consumer.scopes)
        scopes = granted if claims.scope is None else granted & frozenset(claims.scope.split())
        # Not by its jti: the issuer may give the same one to a token of its own.
        name = token_id("", token.split(".")[1])
        identity = of_client(consumer.name, name, scopes, INVALID, consumer.groups)
        made = Provenance(token=name, client=consumer.name, issued=claims.iat, expires=claims.exp)
        return replace(identity, provenance=made)


def _keys(consumer: Consumer, secrets: Mapping[str, Secret]) -> list[Key]:
    """The consumer's secrets that can be used; without any, all its tokens are refused."""
    found = [_key(secrets.get(name, "").encode()) for name in consumer.secrets]
    usable = [key for key in found if key is not None]
    if len(usable) < len(found):
        log.error(
            "consumer %s: %d of %d secrets cannot be used: missing, shorter than %d bytes, or a public key",
            consumer.name, len(found) - len(usable), len(found), SECRET_BYTES["HS256"],
        )  # fmt: skip
    return usable


def _key(secret: bytes) -> Key | None:
    algorithms = [name for name, least in SECRET_BYTES.items() if len(secret) >= least]
    if not algorithms:
        return None
    try:
        key = OctKey.import_key(secret)
    except ValueError:  # what everybody may know is no secret
        return None
    return key, JWSRegistry(algorithms=algorithms, strict_check_header=False)


def _verified(token: str, keys: Iterable[Key]) -> _Claims:
    for key, registry in keys:
        try:
            return msgspec.convert(jwt.decode(token, key, registry=registry).claims, _Claims)
        except (JoseError, ValueError):
            continue
    raise invalid("it is malformed, or its consumer did not sign it")


def _judge(claims: _Claims, issuer: str, audience: str, now: float) -> None:
    audiences = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
    wrong = {
        "it is of another issuer": claims.iss != issuer,
        "it is for another audience": audience not in audiences,
        "it has expired": claims.exp <= now,
        "it is not valid yet": max(claims.nbf, claims.iat) > now + LEEWAY_S,
    }
    for reason, applies in wrong.items():
        if applies:
            raise invalid(reason)
