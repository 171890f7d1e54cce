"""Whether Envoy can decide a route alone, which spares the question to the policy service."""

from collections.abc import Sequence

from colonnade.ir.route import Auth, Decision, Limit

_NATIVE_CREDENTIALS = {"jwt", "none"}
_NATIVE_KEYS = ("consumer", "ip", "route", "header:")


def decide(auth: Auth, limits: Sequence[Limit], cost: int | None, *, stream: bool = False) -> Decision:
    """Return who decides, and the reason that `bff routes` shows."""
    why_not = _why_not(auth, limits, cost) or _why_not_stream(auth, stream=stream)
    if why_not:
        return Decision(native=False, reason=why_not)
    what = "JWT" if auth.type == "jwt" else "no credential"
    return Decision(native=True, reason=f"{what}, {f'a {limits[0].policy} limit' if limits else 'no limit'}")


def _why_not(auth: Auth, limits: Sequence[Limit], cost: int | None) -> str:
    """What Envoy would need the policy service for; empty where it needs nothing."""
    if auth.type == "client_credentials":
        return "only a program may call"
    if auth.type not in _NATIVE_CREDENTIALS:
        return f"{auth.type} needs the store"
    if limits and cost is None:
        return "the cost of a query is counted"
    if len(limits) > 1:
        return "several limits are counted together"
    foreign = (f"limit {limit.label} {why}" for limit in limits if (why := _foreign(limit)))
    return next(foreign, "a token may be revoked" if auth.type == "jwt" and auth.revocation else "")


def _why_not_stream(auth: Auth, *, stream: bool) -> str:
    return "a stream ends with its credential" if stream and auth.type != "none" else ""


def _foreign(limit: Limit) -> str:
    """What of a limit Envoy does not know; empty where it knows all."""
    if limit.policy == "store":
        return "is exact in the store"
    if limit.rule.algorithm != "token_bucket":
        return f"is a {limit.rule.algorithm.replace('_', ' ')}"
    if limit.tiers or limit.exempt:
        return "depends on who is asking"
    if limit.shadow:
        return "only reports"
    return next((f"counts by {key}" for key in limit.key if not key.startswith(_NATIVE_KEYS)), "")
