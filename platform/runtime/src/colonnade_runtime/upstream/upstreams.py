"""The services of an application, each with its breaker, places and budget, as long as the process lives."""

import asyncio
import random as chance
from collections import defaultdict
from collections.abc import Callable, Mapping

import msgspec
from colonnade_runtime.memory import Memory
from colonnade_runtime.metrics import Labels, Series, family, red
from colonnade_runtime.upstream.breaker import State
from colonnade_runtime.upstream.call import Ask, Flights, Stage, Transport
from colonnade_runtime.upstream.pipeline import Clock, Random, Service, pipeline
from colonnade_runtime.upstream.policy import Upstream
from colonnade_runtime.upstream.retry import Sleep

DEFAULTS = Upstream()


class Way(msgspec.Struct, frozen=True, eq=False):
    """The way of a declared call: `send` makes one, `observe` counts what became of it and its seconds."""

    send: Stage
    observe: Callable[[str, float], None]


class Ways(dict[Ask, Way]):
    """The ways of declared calls; each is assembled when it is first taken."""

    def __init__(self, make: Callable[[Ask], Way]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, ask: Ask) -> Way:
        """Assemble the way of a call."""
        way = self[ask] = self._make(ask)
        return way


class Upstreams:
    """The ways to the services over one transport; made inside a running loop, whose clock is the default."""

    def __init__(
        self,
        transport: Transport,
        settings: Mapping[str, Upstream],
        *,
        clock: Clock | None = None,
        random: Random = chance.random,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._transport = transport
        self._settings = settings
        self._clock = clock or asyncio.get_running_loop().time
        self._random = random
        self._sleep = sleep
        self.last_good: Memory[bytes] = Memory()
        self.flights: Flights = {}  # of the calls that tell nobody who asks
        self._services: dict[str, Service] = {}
        self._series: defaultdict[tuple[str, str], Series] = defaultdict(Series)
        self.ways = Ways(self._way)

    def _way(self, ask: Ask) -> Way:
        # Several may be declared of one method and path, and a metric has each of its labels once.
        series = self._series[ask.service, f"{ask.method} {ask.template}"]
        return Way(pipeline(ask, self.service(ask.service), self._transport.send), series.observe)

    def service(self, name: str) -> Service:
        """Return what all calls to a service share."""
        if name not in self._services:
            settings = self._settings.get(name, DEFAULTS)
            self._services[name] = Service(settings, self._clock, self._random, self._sleep)
        return self._services[name]

    def metrics(self) -> list[str]:
        """Return the lines of all calls and services."""
        calls = [({"service": name, "call": call}, one) for (name, call), one in self._series.items()]
        services = self._services.items()
        states: list[tuple[Labels, float]] = [
            ({"service": name, "state": state}, float(one.breaker.state is state))
            for name, one in services
            for state in State
        ]
        return [
            *red("colonnade_calls", "outcome", calls),
            *family("colonnade_breaker_state", "gauge", states),
            *_each("colonnade_breaker_opened_total", "counter", {n: s.breaker.opened for n, s in services}),
            *_each("colonnade_breaker_closed_total", "counter", {n: s.breaker.closed for n, s in services}),
            *_each("colonnade_call_repetitions_total", "counter", {n: s.budget.spent for n, s in services}),
            *_each("colonnade_call_hedges_total", "counter", {n: s.hedges for n, s in services}),
            *_each("colonnade_calls_in_flight", "gauge", {n: s.places.taken for n, s in services}),
            *_each("colonnade_calls_waiting", "gauge", {n: s.places.waiting for n, s in services}),
        ]


def _each(name: str, kind: str, values: Mapping[str, float]) -> list[str]:
    return family(name, kind, [({"service": service}, value) for service, value in values.items()])
