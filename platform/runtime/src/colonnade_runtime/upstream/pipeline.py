"""The way of a call, from the view to the transport: which stages it passes, and why in this order."""

from collections.abc import Awaitable, Callable
from functools import partial, reduce

from colonnade_runtime.errors import UpstreamTimeout
from colonnade_runtime.upstream.breaker import Breaker, breaking
from colonnade_runtime.upstream.bulkhead import Places, bulkhead
from colonnade_runtime.upstream.call import IDEMPOTENT, READ, Ask, Call, Flights, Reply, Stage
from colonnade_runtime.upstream.flights import single_flight
from colonnade_runtime.upstream.hedge import hedging
from colonnade_runtime.upstream.policy import Upstream
from colonnade_runtime.upstream.retry import Budget, Sleep, retrying

Clock = Callable[[], float]
Random = Callable[[], float]


class Service:
    """What all calls to one service share, however many views make them."""

    def __init__(self, settings: Upstream, clock: Clock, random: Random, sleep: Sleep) -> None:
        self.settings = settings
        self.clock = clock
        self.random = random
        self.sleep = sleep
        self.breaker = Breaker(settings.breaking, clock)
        self.places = Places(settings.bulkhead)
        self.budget = Budget(settings.retrying)
        self.flights: Flights = {}
        self.hedges = 0

    def hedged(self) -> None:
        """Count a second read."""
        self.hedges += 1


def pipeline(ask: Ask, service: Service, send: Stage) -> Stage:
    """Return the way of the calls that `ask` declares; stages that it has no use for are left out."""
    settings, clock = service.settings, service.clock
    stages: list[Callable[[Stage], Stage]] = [
        # Outermost: a call that has no time left must cost nothing more.
        deadline,
    ]
    if ask.method == READ:
        # A read that joins another takes no place, no retry, and no part in the breaker's verdict.
        stages += [partial(single_flight, clock, service.flights if ask.shared else None)]
    stages += [
        # A service that is left alone is refused at once, not after waiting for a place.
        partial(breaking, service.breaker, settings.breaking),
        # Around the retries: a call keeps its place through them, so that trouble adds no load.
        partial(bulkhead, service.places),
    ]
    if ask.method in IDEMPOTENT:
        # Within the breaker: it judges calls as the view sees them, and a retry that helped is no failure.
        random, sleep = service.random, service.sleep
        stages += [partial(retrying, settings.retrying, service.budget, clock, random, sleep)]
    if ask.hedge is not None and ask.method == READ:
        # Innermost: each attempt may be hedged, and a hedge is never retried by itself.
        stages += [partial(hedging, ask.hedge, service.budget, clock, service.hedged)]
    return reduce(lambda then, stage: stage(then), reversed(stages), send)


def deadline(then: Stage) -> Stage:
    """Return the stage that refuses a call without time. The stages behind it hold to `call.ends` themselves.

    Raises `UpstreamTimeout`.
    """

    def stage(call: Call) -> Awaitable[Reply]:
        if call.began >= call.ends:
            raise UpstreamTimeout(call.service, "no time was left to ask")
        return then(call)

    return stage
