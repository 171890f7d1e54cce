"""The compiled policy document."""

import hashlib

import msgspec

import colonnade_policy as policy
from colonnade.ir.platform import Identity, Platform
from colonnade.ir.route import Limit, Route


def policy_document(platform: Platform, issuer: str) -> policy.PolicyDocument:
    """Return the document of every route that asks the policy service; its revision digests the rest."""
    identity = platform.identity
    session = identity.session
    document = policy.PolicyDocument(
        version=policy.FORMAT_VERSION,
        revision="",
        development=platform.development,
        identity=_identity(identity, issuer),
        session=policy.Session(session.client_id, session.scopes, session.idle_s, session.absolute_s),
        routes={route.id: _asked_about(route) for route in platform.routes},
    )
    digest = hashlib.sha256(policy.encode(document)).hexdigest()[:16]
    return msgspec.structs.replace(document, revision=digest)


def _asked_about(route: Route) -> policy.Route:
    """Where Envoy decides alone, it is asked about some tokens, and Envoy counts them as any other."""
    found = policy_route(route)
    return msgspec.structs.replace(found, limits=()) if route.decision.native else found


def _identity(identity: Identity, issuer: str) -> policy.Identity:
    asked = identity.introspection
    return policy.Identity(
        issuer,
        identity.audience,
        identity.max_token_life_s,
        identity.claims,
        introspection=policy.Introspection(asked.client_id, asked.cache_s) if asked else None,
        consumers=tuple(
            policy.Consumer(one.name, one.issuer, one.variables, one.scopes, one.groups)
            for one in identity.consumers
        ),
        legacy_password=identity.legacy_password,
    )


def policy_route(route: Route) -> policy.Route:
    """Return a route with all its limits, whoever counts them."""
    # The IR holds only kinds of credential that the manifest's own type allows.
    auth: policy.Auth = route.auth.type  # type: ignore[assignment]
    criticality: policy.Criticality = route.criticality  # type: ignore[assignment]
    trusted = route.cors.origins if route.cors is not None and route.cors.credentials else ()
    return policy.Route(
        bff=route.bff,
        auth=auth,
        scopes=route.auth.scopes,
        limits=tuple(map(_limit, route.limits)),
        cost=route.cost,
        revocation=route.auth.revocation,
        trusted_origins=trusted,
        stream=route.stream,
        certificate=route.auth.certificate,
        groups=route.auth.groups,
        claims=dict(route.auth.claims),
        token_cookie=route.auth.token_cookie,
        token_query=route.auth.token_query,
        criticality=criticality,
    )


def _limit(limit: Limit) -> policy.Limit:
    return policy.Limit(
        name=limit.name,
        label=limit.label,
        rule=limit.rule,
        key=limit.key,
        policy=limit.policy,  # type: ignore[arg-type]
        on_store_failure=limit.on_store_failure,  # type: ignore[arg-type]
        tiers=tuple(policy.Tier(tier.group, tier.rule) for tier in limit.tiers),
        exempt=limit.exempt,
        shadow=limit.shadow,
    )
