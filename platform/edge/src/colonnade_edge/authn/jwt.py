"""Access tokens (RFC 9068) whose signature, issuer, audience and life Envoy has verified."""

import time
from base64 import urlsafe_b64decode
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from colonnade_edge.authn.identity import Identity, Person, of_client, of_person
from colonnade_edge.authn.program import client_of, is_program
from colonnade_edge.errors import Unauthenticated
from colonnade_edge.revocation.provenance import Provenance, token_id

CHALLENGE = 'Bearer realm="colonnade"'
INVALID = 'Bearer realm="colonnade", error="invalid_token"'
CACHED_TOKENS = 4096
"""A token is sent with every request of its short life: decode it once. About 8 MB when full."""
OTHER_KINDS = frozenset({"id", "refresh", "offline", "logout"})
"""What Keycloak (`typ`) and Cognito (`token_use`) call tokens that give no access."""
OTHERS_CLAIMS = frozenset({"nonce", "at_hash", "c_hash", "events"})
"""What only id and logout tokens have; Keycloak, which says the kind, had a nonce in access tokens too."""


class AccessToken(msgspec.Struct, frozen=True):
    """The claims that are read."""

    sub: str = ""
    scope: str = ""
    email: str = ""
    roles: tuple[str, ...] = ()
    sid: str = ""
    iat: float = 0.0
    exp: float | None = None


_decoder = msgspec.json.Decoder(dict[str, object])


def identify(payload: str) -> Identity:
    """Return who a verified payload (base64url JSON) speaks of.

    Raises `Unauthenticated` where that is no access token, or one that has expired.
    """
    identity = _identity(payload)
    expires = identity.provenance.expires
    # Envoy gives an expired token some leeway, at least one second.
    if expires is None or expires <= time.time():
        raise invalid("it has expired")
    return identity


def invalid(reason: str) -> Unauthenticated:
    """Return the refusal of a token that was sent and does not hold (RFC 6750 §3.1); `reason` is ASCII."""
    challenge = f'{INVALID}, error_description="{reason}"'
    return Unauthenticated(f"the access token is not valid: {reason}", challenge)


@lru_cache(maxsize=CACHED_TOKENS)
def _identity(payload: str) -> Identity:
    try:
        claims = _decoder.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError) as error:
        raise invalid("its claims are malformed") from error
    _judge_kind(claims)
    return identity_of(claims, token_id(str(claims.get("jti") or ""), payload))


def identity_of(claims: dict[str, object], token: str) -> Identity:
    """Return whom the claims of a valid token speak of; `token` is the name by which it is revoked.

    Raises `Unauthenticated` where the claims make no sense.
    """
    try:
        read = msgspec.convert(claims, AccessToken)
    except msgspec.ValidationError as error:
        raise invalid("its claims are malformed") from error
    client = client_of(claims)
    sender = _sender(read, client, token, program=is_program(claims, read.sub, client))
    return replace(sender, provenance=_provenance(read, client, token))


def _sender(token: AccessToken, client: str, credential: str, *, program: bool) -> Identity:
    scopes = token.scope.split()
    if program:
        return of_client(client, credential, scopes, INVALID, token.roles)
    person = Person(token.sub, token.email, token.roles, client)
    return of_person(person, credential, scopes, INVALID)


def _provenance(read: AccessToken, client: str, token: str) -> Provenance:
    return Provenance(
        token=token, user=read.sub, client=client, sid=read.sid, issued=read.iat, expires=read.exp
    )


def _judge_kind(claims: dict[str, object]) -> None:
    """A provider signs other things for other readers with the same key (RFC 8725 §2.8)."""
    kinds = {str(claims[name]).lower() for name in ("typ", "token_use") if name in claims}
    if kinds & OTHER_KINDS or not (kinds or OTHERS_CLAIMS.isdisjoint(claims)):
        raise invalid("it is not an access token")
    if "cnf" in claims:
        raise invalid("it is bound to a key that was not shown")
