"""Calls to services: what is sent, what comes back, and the stages between."""

from colonnade_runtime.upstream.balance import Balance
from colonnade_runtime.upstream.call import Ask, Call, Flights, Reply, Stage, Transport
from colonnade_runtime.upstream.policy import Breaking, Bulkhead, Retrying, Upstream

__all__ = [
    "Ask",
    "Balance",
    "Breaking",
    "Bulkhead",
    "Call",
    "Flights",
    "Reply",
    "Retrying",
    "Stage",
    "Transport",
    "Upstream",
]
