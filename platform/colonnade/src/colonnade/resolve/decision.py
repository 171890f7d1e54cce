"""Whether Envoy can decide a route alone, which spares the question to the policy service."""

from collections.abc import Sequence

from colonnade.ir.route import Auth, Decision, Limit

_NATIVE_CREDENTIALS = {"jwt", "none"}


def decide(auth: Auth, limits: Sequence[Limit]) -> Decision:
    """Return who decides, and the reason that `bff routes` shows."""
    if auth.type not in _NATIVE_CREDENTIALS:
        return Decision(native=False, reason=f"{auth.type} needs the store")
    stored = [limit.label for limit in limits if limit.policy == "store"]
    if stored:
        return Decision(native=False, reason=f"limit {stored[0]} is exact in the store")
    what = "JWT" if auth.type == "jwt" else "no credential"
    return Decision(native=True, reason=f"{what}, local limits" if limits else f"{what}, no limit")
