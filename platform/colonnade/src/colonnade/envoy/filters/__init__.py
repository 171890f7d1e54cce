"""The chain of HTTP filters, in order. A filter that a route does not need is not run for it."""

from colonnade.envoy.filters import (
    body,
    breaker,
    compression,
    cors,
    ext_authz,
    grpc_web,
    health,
    jwt,
    lease,
    limit_headers,
    local_limit,
    over_https,
    overload,
    rest_problem,
    roles,
    router,
    scopes,
    second_opinion,
    token_query,
    transcode,
)
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

CHAIN: tuple[Filter, ...] = (
    over_https.FILTER,  # before all that may answer
    health.FILTER,  # answers before anything can go wrong
    *compression.FILTERS,  # first in, so last out: they compress what the others made of the answer
    cors.FILTER,  # a preflight carries no credential, and a refusal is to be read too
    jwt.FILTER,  # cheap and local
    roles.FILTER,  # rewords what jwt tells the BFF
    second_opinion.FILTER,  # asks about what jwt could not verify: a bad token goes no further
    scopes.FILTER,  # reads what jwt verified
    ext_authz.FILTER,  # asks for what only the store knows
    token_query.FILTER,  # forgets a token that ext_authz has read
    lease.FILTER,  # holds what the policy service said of the credential for as long as a stream is open
    limit_headers.FILTER,  # so that it sees, on the way back, what the bucket told
    local_limit.FILTER,  # counts who was let in, so after the identity is known
    breaker.FILTER,  # sees only what would reach the BFF, and of a call what HTTP makes of it
    grpc_web.FILTER,  # what was refused until now is told by an HTTP status, which its clients know
    body.FILTER,  # only an allowed request is received whole
    overload.FILTER,  # what the BFF makes of a request is all that its overload is judged by
    rest_problem.FILTER,  # rewords what transcode makes of a gRPC status
    transcode.FILTER,  # makes a call of a whole request
    router.FILTER,
)


def http_filters(platform: Platform, target: Target) -> list[Json]:
    """Return the chain as the connection manager takes it."""
    chain = []
    for one in CHAIN:
        config = one.config(platform, target)
        if config is not None:
            chain.append(
                {"name": one.name, "typed_config": config} | ({} if one.always else {"disabled": True})
            )
    return chain


def route_filters(route: Route, platform: Platform, target: Target) -> Json:
    """Return the settings of every filter that `route` runs, by the filter's name."""
    settings = {one.name: one.route(route, platform, target) for one in CHAIN}
    return {name: value for name, value in settings.items() if value is not None}
