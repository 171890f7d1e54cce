"""How a BFF is told where a service is: the variables of its environment."""

from collections.abc import Sequence

from colonnade.ir.balance import Balance
from colonnade.ir.health import Health
from colonnade.ir.peers import peer_name
from colonnade.ir.platform import Platform, Service
from colonnade.ir.target import Address


def upstream(service: Service, instances: Sequence[Address], platform: Platform) -> dict[str, str]:
    """Return `UPSTREAM_<NAME>_URL`, with the instances in their order; of several `_HEALTH` and `_BALANCE`.

    Under mTLS `_PEER` is the name in the certificate of a service that the platform runs.
    """
    name = f"UPSTREAM_{service.name.upper().replace('-', '_')}"
    mtls = platform.mtls and service.url is None
    scheme = "https" if mtls else "http"
    url = service.url or " ".join(f"{scheme}://{instance}" for instance in instances)
    told = {f"{name}_URL": url} | ({f"{name}_PEER": peer_name(platform, service.name)} if mtls else {})
    if len(instances) > 1:
        told[f"{name}_HEALTH"] = _checks(service.health)
        balance = _text(service.balance)
        told |= {f"{name}_BALANCE": balance} if balance else {}
    return told


def _text(balance: Balance) -> str:
    """The policy in words, such as `weighted 3 1` or `hash x-user-id 150`; empty for the runtime's own."""
    if balance.policy == "least_request":
        return ""
    words = [balance.policy, *map(str, balance.weights)]
    if balance.key:
        words += [balance.key.removeprefix("header:"), f"{balance.max_load:g}"]
    return " ".join(words)


def _checks(health: Health) -> str:
    """What an instance is asked, in words such as `/healthz interval=1`; seconds, and answers in a row."""
    said = {
        "interval": health.interval_s,
        "timeout": health.timeout_s,
        "unhealthy": health.unhealthy,
        "healthy": health.healthy,
        "slow_start": health.slow_start_s,
    }
    return " ".join([health.path, *(f"{name}={value:g}" for name, value in said.items())])
