"""What a route asks of a request, in words."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colonnade.ir.route import Auth, Limit, Match, Route


def auth(asked: "Auth") -> str:
    """Return the credential, with the scopes, groups and claims that it must have."""
    groups = [f"group {'|'.join(asked.groups)}"] if asked.groups else []
    return " ".join((asked.type, *asked.scopes, *groups, *asked.claims))


def decider(route: "Route") -> str:
    """Return who decides."""
    return "envoy" if route.decision.native else "policy service"


def match(taken: "Match") -> str:
    """Return which requests are taken."""
    hosts = "" if taken.hosts == ("*",) else ",".join(taken.hosts)
    headers = " ".join(f"{name}: {value}" for name, value in taken.headers)
    parts = (",".join(taken.methods), f"{hosts}{taken.prefix}", headers)
    return " ".join(part for part in parts if part)


def limit(counted: "Limit") -> str:
    """Return how often, counted apart by what and where."""
    rule = counted.rule
    parts = [counted.text]
    if rule.algorithm != "token_bucket":
        parts.append(rule.algorithm.replace("_", " "))
    if rule.burst not in {0, rule.rate}:
        parts.append(f"burst {rule.burst}")
    parts += [f"{tier.group} {tier.text}" for tier in counted.tiers]
    parts.append(f"per {'+'.join(counted.key)}")
    return f"{' '.join(parts)} ({counted.policy}{', shadow' if counted.shadow else ''})"
