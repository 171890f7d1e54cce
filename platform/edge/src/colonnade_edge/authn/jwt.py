"""Access tokens (RFC 9068) whose signature, issuer, audience and life Envoy has verified."""

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
    """Return who a verified payload (base64url JSON) speaks of; raise `Unauthenticated` without one."""
    if not payload:
        raise Unauthenticated("send an access token: Authorization: Bearer …", CHALLENGE)
    return _identity(payload)


@lru_cache(maxsize=CACHED_TOKENS)
def _identity(payload: str) -> Identity:
    try:
        claims = _decoder.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError) as error:
        raise Unauthenticated("the access token's payload is malformed", INVALID) from error
    return identity_of(claims, token_id(str(claims.get("jti") or ""), payload))


def identity_of(claims: dict[str, object], token: str) -> Identity:
    """Return whom the claims of a valid token speak of; `token` is the name by which it is revoked.

    Raises `Unauthenticated` where the claims make no sense.
    """
    try:
        read = msgspec.convert(claims, AccessToken)
    except msgspec.ValidationError as error:
        raise Unauthenticated("the access token's claims are malformed", INVALID) from error
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
