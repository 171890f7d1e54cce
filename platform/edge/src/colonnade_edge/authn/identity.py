"""Who a request comes from, in the words that upstreams and limits use."""

from collections.abc import Iterable

import msgspec

from colonnade_edge.answer import Headers
from colonnade_edge.authn.claims import Claims
from colonnade_edge.errors import Unauthenticated
from colonnade_edge.revocation.provenance import Provenance


class Identity(msgspec.Struct, frozen=True):
    """An authenticated sender.

    `consumer` is what a per-consumer limit counts, `credential` the single token, session or key.
    `headers` tell the upstream; by `groups` a limit has tiers and exemptions. A `program` acts for itself.
    By its `provenance` the credential can be revoked. `certificate` is the SHA-256, in hexadecimal, of the
    client certificate that an API key is bound to, `claims` all that a token says.
    """

    consumer: str
    credential: str
    scopes: frozenset[str]
    headers: Headers
    groups: frozenset[str] = frozenset()
    program: bool = False
    provenance: Provenance = Provenance()
    claims: Claims = {}
    certificate: str = ""


class Person(msgspec.Struct, frozen=True):
    """Somebody who logged in at the identity provider."""

    sub: str
    email: str = ""
    roles: tuple[str, ...] = ()
    client_id: str = ""


NOBODY = Identity("", "", frozenset(), [])


def of_person(person: Person, credential: str, scopes: Iterable[str], challenge: str) -> Identity:
    """Return the identity of a person.

    Raises `Unauthenticated` where the subject cannot stand in a header (OpenID Connect promises ASCII).
    An e-mail address or role that cannot is left out.
    """
    if not _carriable(person.sub):
        raise Unauthenticated("the subject of this credential is not printable ASCII", challenge)
    headers: Headers = [("x-user-id", person.sub)]
    if _carriable(person.email):
        headers.append(("x-user-email", person.email))
    roles = ",".join(role for role in person.roles if _carriable(role) and not set(role) & {",", " "})
    if roles:
        headers.append(("x-user-roles", roles))
    if _carriable(person.client_id):
        headers.append(("x-client-id", person.client_id))
    groups = frozenset(person.roles)
    return Identity(f"user:{person.sub}", credential, frozenset(scopes), headers, groups)


def of_client(
    client_id: str, credential: str, scopes: Iterable[str], challenge: str, groups: Iterable[str] = ()
) -> Identity:
    """Return the identity of a program that acts for itself (client credentials)."""
    if not _carriable(client_id):
        raise Unauthenticated("the client of this token is not printable ASCII", challenge)
    headers = [("x-client-id", client_id)]
    scopes, groups = frozenset(scopes), frozenset(groups)
    return Identity(f"client:{client_id}", credential, scopes, headers, groups, program=True)


def of_device(device_id: str, credential: str, scopes: Iterable[str], groups: Iterable[str]) -> Identity:
    """Return the identity of a device; its id was checked when its key was made."""
    headers = [("x-device-id", device_id)]
    return Identity(f"device:{device_id}", credential, frozenset(scopes), headers, frozenset(groups))


def of_address(address: str) -> Identity:
    """Return the identity of an anonymous sender: where it comes from is all that is known."""
    return Identity(f"ip:{address}", f"ip:{address}", frozenset(), [])


def _carriable(value: str) -> bool:
    return bool(value) and value.isascii() and value.isprintable()
