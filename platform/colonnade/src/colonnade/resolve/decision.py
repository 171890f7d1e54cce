"""Whether Envoy can decide a route alone, which spares the question to the policy service."""

from collections.abc import Sequence

from colonnade.ir.route import Auth, Decision, Limit

_NATIVE_CREDENTIALS = {"jwt", "none"}
_NATIVE_KEYS = ("consumer", "ip", "route", "header:")


def decide(auth: Auth, limits: Sequence[Limit]) -> Decision:
    """Return who decides, and the reason that `bff routes` shows."""
    why_not = _why_not(auth, limits)
    if why_not:
        return Decision(native=False, reason=why_not)
    what = "JWT" if auth.type == "jwt" else "no credential"
    return Decision(native=True, reason=f"{what}, {'a local limit' if limits else 'no limit'}")


def _why_not(auth: Auth, limits: Sequence[Limit]) -> str:
    """What Envoy would need the policy service for; empty where it needs nothing."""
    if auth.type not in _NATIVE_CREDENTIALS:
        return f"{auth.type} needs the store"
    stored = [limit.label for limit in limits if limit.policy == "store"]
    if stored:
        return f"limit {stored[0]} is exact in the store"
    if len(limits) > 1:
        return "several limits are counted together"
    foreign = [key for limit in limits for key in limit.key if not key.startswith(_NATIVE_KEYS)]
    return f"Envoy cannot count by {foreign[0]}" if foreign else ""
