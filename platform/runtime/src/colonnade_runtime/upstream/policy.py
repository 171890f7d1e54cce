"""How much is asked of a service, and when it is left alone: settings with defaults that hold for most."""

import msgspec


class Bulkhead(msgspec.Struct, frozen=True):
    """So many calls at once, and so many that wait for a place; one more is refused.

    The places bound the connections to a service that hangs. Who waits behind a full house of those is
    late anyway, so the queue is for bursts only.
    """

    places: int = 200
    queue: int = 100


class Breaking(msgspec.Struct, frozen=True):
    """When a service is left alone; the values of APISIX's api-breaker.

    After `failures` calls in a row that failed, no call is made for `first` seconds, doubled each time up
    to `longest`. Then one call at a time tries, and `successes` of them in a row end it.
    """

    failures: int = 3
    successes: int = 2
    first: float = 2.0
    longest: float = 300.0
    statuses: frozenset[int] = frozenset({500, 502, 503})


class Retrying(msgspec.Struct, frozen=True):
    """How often an idempotent call is made again; never at all for others.

    `budget` is the share of calls that may be repeated, so that retries don't finish off a service that
    is in trouble; `burst` as many at once where all was well before. The pause before attempt n is random
    up to `first` · 2ⁿ, at most `longest`, in seconds.
    """

    attempts: int = 2
    budget: float = 0.2
    burst: float = 10.0
    first: float = 0.025
    longest: float = 0.25
    statuses: frozenset[int] = frozenset({502, 503, 504})


class Upstream(msgspec.Struct, frozen=True):
    """A service's settings."""

    bulkhead: Bulkhead = Bulkhead()
    breaking: Breaking = Breaking()
    retrying: Retrying = Retrying()
