"""Whether Envoy can decide a route alone, which spares the question to the policy service."""

from collections.abc import Sequence

from colonnade.ir.route import Auth, Decision, Limit
from colonnade_policy import Claims

TOLD = ("user", "email", "roles", "client")
"""What of a token the BFF is told."""
DEFAULTS = Claims()
_NATIVE_CREDENTIALS = {"jwt", "none"}
_NATIVE_KEYS = ("consumer", "ip", "route", "header:")


def decide(
    auth: Auth,
    limits: Sequence[Limit],
    cost: int | None,
    places: Claims = DEFAULTS,
    *,
    stream: bool = False,
    parted: bool = False,
) -> Decision:
    """Return who decides, and the reason that `bff routes` shows; a token's claims stand in `places`.

    A `parted` route is several for Envoy, each of which would count for itself: some of its requests go
    elsewhere, or parts of the BFF share its limits.
    """
    why_not = _why_not(auth, limits, cost) or _why_not_jwt(auth, places, stream=stream)
    if not why_not and parted and limits:
        why_not = "several routes of Envoy are counted together"
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
    return next(foreign, "")


def _why_not_jwt(auth: Auth, places: Claims, *, stream: bool) -> str:
    """What of a token Envoy does not know."""
    if auth.type != "jwt":
        return ""
    if auth.groups or auth.claims:
        return f"its {'groups' if auth.groups else 'claims'} are checked"
    if auth.token_cookie or auth.token_query:
        return "a token may come without a header"
    elsewhere = next((name for name in TOLD if not _within_reach(places, name)), "")
    if elsewhere:
        return f"where tokens tell the {elsewhere} is beyond Envoy"
    if stream:
        return "a stream ends with its credential"
    return "a token may be revoked" if auth.revocation else ""


def _within_reach(places: Claims, name: str) -> bool:
    """Envoy looks at one path of names; of our own alternatives the first is the usual one."""
    written: tuple[str, ...] = getattr(places, name)
    return written == getattr(DEFAULTS, name) or (len(written) == 1 and not set(written[0]) & set(":/"))


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
