"""The routes of one BFF: each exception inherits from the base what it does not say."""

from collections.abc import Iterator
from datetime import timedelta

from colonnade.ir import route as ir
from colonnade.manifest.bff import BffManifest, RouteException
from colonnade.manifest.cors import Cors
from colonnade.manifest.model import Auth, Limit, Rewrite, Timeouts
from colonnade.manifest.retries import Retries
from colonnade.resolve.decision import decide
from colonnade.resolve.defaults import CRITICALITY, STREAM, TIMEOUTS
from colonnade.resolve.health import resolve_breaker
from colonnade.resolve.rules import rule_of
from colonnade_policy import Claims


def resolve_routes(bff: BffManifest, max_body: int, places: Claims) -> Iterator[ir.Route]:
    """Yield the exceptions as written, then the base route.

    `max_body` is the edge's, in bytes; `places` are where a token's claims stand.
    """
    for exception in bff.routes:
        yield _route(bff, exception, max_body, places)
    yield _route(bff, RouteException(name="base"), max_body, places)


def _route(bff: BffManifest, part: RouteException, edge_max_body: int, places: Claims) -> ir.Route:
    base = bff.route
    is_base = part.name == "base"
    # An exception that names no limits shares the base's buckets; one that names its own has its own.
    owner = bff.name if part.limits is None else f"{bff.name}.{part.name}"
    limits = tuple(_limit(owner, limit) for limit in (bff.limits if part.limits is None else part.limits))
    stream = base.stream if part.stream is None else part.stream
    defaults = STREAM if stream else Timeouts()
    timeouts = _timeouts(part.timeouts, base.timeouts, defaults, TIMEOUTS[bff.kind])
    resolved_auth = _auth(part.auth or bff.auth)
    written = base.cost if part.cost is None else part.cost
    cost = None if written == "graphql" else written
    together = part.limits is None and any(other.limits is None for other in bff.routes)
    parted = together or bff.canary is not None or bff.mirror is not None
    return ir.Route(
        id=bff.name if is_base else f"{bff.name}.{part.name}",
        bff=bff.name,
        match=ir.Match(
            base.hosts, _join(base.prefix, part.path), part.methods, tuple(sorted(part.headers.items()))
        ),
        rewrite=_rewrite(part.rewrite or base.rewrite, base.prefix),
        timeouts=timeouts,
        # A try of a stream has no end that could be waited for.
        retries=_retries(Retries(attempts=0) if stream else part.retries or base.retries, timeouts),
        max_body=part.max_body or base.max_body or edge_max_body,
        auth=resolved_auth,
        limits=limits,
        cost=cost,
        decision=decide(resolved_auth, limits, cost, places, stream=stream, parted=parted),
        cors=_cors(part.cors or bff.cors),
        stream=stream,
        criticality=(part.criticality or base.criticality or CRITICALITY[bff.kind]).value,
        breaker=resolve_breaker(part.breaker or bff.breaker),
    )


def _auth(auth: Auth) -> ir.Auth:
    return ir.Auth(
        auth.type.value,
        auth.scopes,
        auth.revocation,
        certificate=auth.certificate is not None,
        groups=auth.groups,
        token_cookie=(auth.token and auth.token.cookie) or "",
        token_query=(auth.token and auth.token.query) or "",
        claims={
            claim: values if isinstance(values, tuple) else (values,) for claim, values in auth.claims.items()
        },
    )


def _join(prefix: str, path: str) -> str:
    return prefix if path == "/" else f"{prefix.rstrip('/')}{path}"


def _rewrite(rewrite: Rewrite, prefix: str) -> ir.PrefixRewrite | ir.RegexRewrite:
    if rewrite.regex is not None and rewrite.substitution is not None:
        return ir.RegexRewrite(rewrite.regex, rewrite.substitution)
    return ir.PrefixRewrite(prefix, rewrite.prefix or "/")


def _timeouts(*nearest_first: Timeouts | None) -> ir.Timeouts:
    def pick(name: str, fallback: timedelta) -> float:
        written = (getattr(timeouts, name) for timeouts in nearest_first if timeouts is not None)
        value: timedelta = next((value for value in written if value is not None), fallback)
        return value.total_seconds()

    zero = timedelta()
    send, read = pick("send", zero), pick("read", zero)
    # Silence is normal while the BFF works on its answer, so idle must not undercut read.
    return ir.Timeouts(pick("connect", zero), send, read, pick("idle", timedelta(seconds=max(send, read))))


def _retries(retries: Retries, timeouts: ir.Timeouts) -> ir.Retries:
    try_ = retries.hedge or retries.per_try
    return ir.Retries(
        attempts=retries.attempts,
        per_try_s=min(try_.total_seconds(), timeouts.read_s) if try_ else timeouts.read_s,
        on=retries.on,
        methods=retries.methods,
        idempotency_key=retries.idempotency_key,
        hedged=retries.hedge is not None,
    )


def _cors(cors: Cors | None) -> ir.Cors | None:
    if cors is None or not cors.origins:
        return None
    return ir.Cors(
        origins=cors.origins,
        methods=cors.methods,
        headers=cors.headers,
        exposed=cors.exposed,
        credentials=cors.credentials,
        max_age_s=cors.max_age.total_seconds(),
    )


def _limit(owner: str, limit: Limit) -> ir.Limit:
    return ir.Limit(
        name=f"{owner}.{limit.name}",
        label=limit.name,
        text=limit.rate.text,
        rule=rule_of(limit, limit.rate, limit.burst),
        key=limit.keys,
        policy=limit.policy,
        on_store_failure=limit.on_store_failure,
        tiers=tuple(
            ir.Tier(group, tier.rate.text, rule_of(limit, tier.rate, tier.burst))
            for group, tier in limit.tiers.items()
        ),
        exempt=limit.exempt,
        shadow=limit.shadow,
    )
