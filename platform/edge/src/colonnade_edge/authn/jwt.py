"""Access tokens (RFC 9068) whose signature, issuer, audience and life Envoy has verified."""

import time
from base64 import urlsafe_b64decode
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from colonnade_edge.authn.claims import text, words
from colonnade_edge.authn.identity import Identity, Person, of_client, of_person
from colonnade_edge.authn.program import is_program
from colonnade_edge.errors import Unauthenticated
from colonnade_edge.revocation.provenance import Provenance, token_id
from colonnade_policy import Claims
from colonnade_policy import Identity as Trusted

CHALLENGE = 'Bearer realm="colonnade"'
INVALID = 'Bearer realm="colonnade", error="invalid_token"'
CACHED_TOKENS = 4096
"""A token is sent with every request of its short life: decode it once. About 16 MB when full."""
LEEWAY_S = 2
"""How far the issuer's clock may be ahead of ours. None is given to an expired token."""
OTHER_KINDS = frozenset({"id", "refresh", "offline", "logout"})
"""What Keycloak (`typ`) and Cognito (`token_use`) call tokens that give no access."""
OTHERS_CLAIMS = frozenset({"nonce", "at_hash", "c_hash", "events"})
"""What only id and logout tokens have; Keycloak, which says the kind, had a nonce in access tokens too."""


class AccessToken(msgspec.Struct, frozen=True):
    """The claims that stand where the standards say; for the others, the settings say where."""

    sub: str = ""
    sid: str = ""
    iat: float = 0.0
    exp: float | None = None


_decoder = msgspec.json.Decoder(dict[str, object])


def identify(payload: str, trusted: Trusted) -> Identity:
    """Return who a verified payload (base64url JSON) speaks of.

    Raises `Unauthenticated` where that is no access token, has expired, or would hold for too long.
    """
    identity, now = _identity(payload, trusted.claims), time.time()
    expires = identity.provenance.expires
    # Envoy gives an expired token some leeway, at least one second.
    if expires is None or expires <= now:
        raise invalid("it has expired")
    # No revocation is remembered for longer, and Envoy forgets no key by which it verified a token before.
    if expires > now + trusted.max_token_life_s + LEEWAY_S:
        raise invalid("it would hold for too long")
    return identity


def invalid(reason: str) -> Unauthenticated:
    """Return the refusal of a token that was sent and does not hold (RFC 6750 §3.1); `reason` is ASCII."""
    challenge = f'{INVALID}, error_description="{reason}"'
    return Unauthenticated(f"the access token is not valid: {reason}", challenge)


@lru_cache(maxsize=CACHED_TOKENS)
def _identity(payload: str, places: Claims) -> Identity:
    try:
        claims = _decoder.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError) as error:
        raise invalid("its claims are malformed") from error
    _judge_kind(claims)
    return identity_of(claims, token_id(str(claims.get("jti") or ""), payload), places)


def identity_of(claims: dict[str, object], token: str, places: Claims) -> Identity:
    """Return whom the claims of a valid token speak of; `token` is the name by which it is revoked.

    Raises `Unauthenticated` where the claims make no sense.
    """
    try:
        read = msgspec.convert(claims, AccessToken)
    except msgspec.ValidationError as error:
        raise invalid("its claims are malformed") from error
    client, user = text(claims, places.client), read.sub
    scopes, roles = words(claims, places.scopes), words(claims, places.roles)
    # A provider that has no `sub` for people is no provider of programs only.
    if is_program(claims, read.sub or text(claims, places.user), client):
        sender = of_client(client, token, scopes, INVALID, roles)
    else:
        user = text(claims, places.user)
        if not user:
            raise invalid("it does not say whom it speaks of")
        person = Person(user, text(claims, places.email), roles, client)
        sender = of_person(person, token, scopes, INVALID)
    return replace(sender, claims=claims, provenance=_provenance(read, user, client, token))


def _provenance(read: AccessToken, user: str, client: str, token: str) -> Provenance:
    return Provenance(token=token, user=user, client=client, sid=read.sid, issued=read.iat, expires=read.exp)


def _judge_kind(claims: dict[str, object]) -> None:
    """A provider signs other things for other readers with the same key (RFC 8725 §2.8)."""
    kinds = {str(claims[name]).lower() for name in ("typ", "token_use") if name in claims}
    if kinds & OTHER_KINDS or not (kinds or OTHERS_CLAIMS.isdisjoint(claims)):
        raise invalid("it is not an access token")
    if "cnf" in claims:
        raise invalid("it is bound to a key that was not shown")
