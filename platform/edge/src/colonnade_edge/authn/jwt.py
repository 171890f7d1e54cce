"""Access tokens (RFC 9068) whose signature, issuer, audience and life Envoy has verified."""

from base64 import urlsafe_b64decode
from functools import lru_cache

import msgspec

from colonnade_edge.authn.identity import Identity, Person, of_client, of_person
from colonnade_edge.errors import Unauthenticated

CHALLENGE = 'Bearer realm="colonnade"'
INVALID = 'Bearer realm="colonnade", error="invalid_token"'
CACHED_TOKENS = 4096
"""A token is sent with every request of its short life: decode it once. About 8 MB when full."""


class AccessToken(msgspec.Struct, frozen=True):
    """The claims that are read."""

    sub: str = ""
    client_id: str = ""
    scope: str = ""
    email: str = ""
    roles: tuple[str, ...] = ()
    jti: str = ""


_decoder = msgspec.json.Decoder(AccessToken)


def identify(payload: str) -> Identity:
    """Return who a verified payload (base64url JSON) speaks of; raise `Unauthenticated` without one."""
    if not payload:
        raise Unauthenticated("send an access token: Authorization: Bearer …", CHALLENGE)
    return _identity(payload)


@lru_cache(maxsize=CACHED_TOKENS)
def _identity(payload: str) -> Identity:
    try:
        token = _decoder.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError as error:
        raise Unauthenticated("the access token's payload is malformed", INVALID) from error
    credential = token.jti or payload
    scopes = token.scope.split()
    if token.sub in ("", token.client_id):
        return of_client(token.client_id, credential, scopes, INVALID)
    person = Person(token.sub, token.email, token.roles, token.client_id)
    return of_person(person, credential, scopes, INVALID)
