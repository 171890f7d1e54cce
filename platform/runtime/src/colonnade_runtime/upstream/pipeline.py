"""The way of a call, from the view to the transport: what it passes, and why in this order."""

from collections.abc import Callable

from colonnade_runtime.errors import UpstreamOpen, UpstreamTimeout, UpstreamUnreachable
from colonnade_runtime.upstream.breaker import Breaker
from colonnade_runtime.upstream.bulkhead import Places
from colonnade_runtime.upstream.call import IDEMPOTENT, READ, Ask, Call, Reply, Stage
from colonnade_runtime.upstream.flights import single_flight
from colonnade_runtime.upstream.hedge import hedging
from colonnade_runtime.upstream.policy import Retrying, Upstream
from colonnade_runtime.upstream.retry import Budget, Retries, Sleep

Clock = Callable[[], float]
Random = Callable[[], float]
NEVER = Retrying(attempts=1, statuses=frozenset())


class Service:
    """What all calls to one service share, however many views make them."""

    def __init__(self, settings: Upstream, clock: Clock, random: Random, sleep: Sleep) -> None:
        self.clock = clock
        self.breaker = Breaker(settings.breaking, clock)
        self.places = Places(settings.bulkhead)
        self.budget = Budget(settings.retrying)
        self.retries = Retries(settings.retrying, self.budget, clock, random, sleep)
        self.no_retries = Retries(NEVER, Budget(NEVER), clock, random, sleep)
        self.hedges = 0

    def hedged(self) -> None:
        """Count a second read."""
        self.hedges += 1


def pipeline(ask: Ask, service: Service, send: Stage) -> Stage:
    """Return the way of the calls that `ask` declares; stages that it has no use for are left out."""
    if ask.hedge is not None and ask.method == READ:
        # Innermost: each attempt may be hedged, and a hedge is never retried by itself.
        send = hedging(ask.hedge, service.budget, service.clock, service.hedged, send)
    again = guarded(service.breaker, service.places, service.retries, send)
    once = guarded(service.breaker, service.places, service.no_retries, send)
    if ask.method not in IDEMPOTENT:
        return (lambda call: (again if call.idempotent else once)(call)) if ask.keyed else once
    send = again
    if ask.method == READ:
        # Outermost: a read that joins another takes no place, no retry, and no part in the breaker's verdict.
        send = single_flight(service.clock, send)
    return send


def guarded(breaker: Breaker, places: Places, retries: Retries, then: Stage) -> Stage:
    """Return the stage of deadline, breaker, places and retries, which reads from top to bottom.

    It is one function because a coroutine for each costs more than all that they do where nothing is wrong.
    What comes after holds to `call.ends` itself. Raises `UpstreamTimeout`, `UpstreamOpen` or `UpstreamBusy`.
    """
    earn, statuses = retries.budget.earn, retries.statuses

    async def stage(call: Call) -> Reply:
        permit = _permit(call, breaker)
        try:
            # Around the retries: a call keeps its place through them, so that trouble adds no load.
            if not places.take():
                await places.wait(call)
            # Within the breaker: it judges calls as the view sees them; a retry that helped is no failure.
            earn()
            try:
                reply = await then(call)
            except UpstreamUnreachable as failure:
                reply = await retries.after(failure, call, then)
            else:
                if reply.status in statuses:
                    reply = await retries.after(reply, call, then)
            finally:
                places.leave()
        except BaseException as error:
            breaker.raised(permit, error, call.ends - call.began)
            raise
        breaker.answered(permit, reply.status)
        return reply

    return stage


def _permit(call: Call, breaker: Breaker) -> int:
    # First: a call that has no time left must cost nothing more.
    if call.began >= call.ends:
        raise UpstreamTimeout(call.service, "no time was left to ask")
    # Before the places: a service that is left alone is refused at once, not after waiting for one.
    permit = breaker.admit()
    if permit is None:
        raise UpstreamOpen(call.service, breaker.retry_after)
    return permit
