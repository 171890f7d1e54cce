"""Who may say who is calling, resolved; and what about it makes no sense, or had better not be."""

from collections.abc import Iterator

import colonnade_policy as policy
from colonnade.errors import Problem
from colonnade.ir import platform as ir
from colonnade.manifest.identity import Claims, Consumer, Identity, Introspection
from colonnade.manifest.load import Manifests
from colonnade.manifest.units import SecretRef


def resolve_identity(identity: Identity) -> ir.Identity:
    """Return the identity settings with nothing left to default."""
    session = identity.session
    return ir.Identity(
        issuer=identity.issuer,
        audience=identity.audience,
        claims=resolve_claims(identity.claims),
        session=ir.Session(
            client_id=session.client_id,
            client_secret=secret(session.client_secret),
            encryption_keys=secret(session.encryption_keys),
            scopes=session.scopes,
            idle_s=session.idle.total_seconds(),
            absolute_s=session.absolute.total_seconds(),
        ),
        max_token_life_s=identity.max_token_life.total_seconds(),
        introspection=_introspection(identity.introspection, session.client_id),
        consumers=tuple(map(_consumer, identity.consumers)),
        legacy_password=identity.legacy_password,
    )


def resolve_claims(claims: Claims) -> policy.Claims:
    """Return where claims stand, with the defaults for what is not written."""
    written = {name: value for name, value in claims if value is not None}
    places = {name: (value,) if isinstance(value, str) else value for name, value in written.items()}
    return policy.Claims(**places)


def secret(reference: SecretRef | None) -> ir.Reference | None:
    """Return a reference as the IR has it."""
    return (reference.scheme, reference.name) if reference else None


def check_identity(manifests: Manifests) -> Iterator[Problem]:
    """Yield what about the identity settings makes no sense."""
    written = manifests.platform
    identity, problem = written.manifest.identity, written.document.problem
    taken = {"the identity provider": identity.issuer} if identity.issuer else {}
    for index, consumer in enumerate(identity.consumers):
        at = ("identity", "consumers", index)
        if consumer.name in taken:
            yield problem((*at, "name"), f"{consumer.name!r} is the name of another consumer")
        for name, issuer in taken.items():
            if consumer.issuer == issuer:
                yield problem((*at, "issuer"), f"this is how {name} calls itself", "each has its own")
        taken.setdefault(consumer.name, consumer.issuer)
    introspection = identity.introspection
    if introspection is not None and introspection.client_id is not None and identity.issuer is None:
        message = "the development provider knows the session's client only"
        yield problem(("identity", "introspection", "client_id"), message, "leave both out")


def warnings(manifests: Manifests) -> Iterator[Problem]:
    """Yield what is allowed, and had better not be."""
    written = manifests.platform
    if written.manifest.identity.legacy_password:
        message = "each client, and the edge, gets to know people's passwords"
        hint = "a client that logs people in with authorization code and PKCE needs no password"
        yield written.document.problem(("identity", "legacy_password"), message, hint)


def _introspection(introspection: Introspection | None, session_client: str) -> ir.Introspection | None:
    if introspection is None:
        return None
    return ir.Introspection(
        client_id=introspection.client_id or session_client,
        client_secret=secret(introspection.client_secret),
        cache_s=introspection.cache.total_seconds(),
    )


def _consumer(consumer: Consumer) -> ir.Consumer:
    secrets = (secret(consumer.secret), secret(consumer.previous_secret))
    return ir.Consumer(
        name=consumer.name,
        issuer=consumer.issuer,
        secrets=tuple(one for one in secrets if one is not None),
        scopes=consumer.scopes,
        groups=consumer.groups,
    )
