"""Spreads the calls to a service over its instances, and leaves one out for a while that takes none.

An instance is left out at its first broken connection, or when `ILL` calls in a row were too late or answered
by a failure of the server: for a second, doubled each time up to `LONGEST_S`. Then one call at a time finds
out whether it is back.
"""

import random as chance
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from math import ceil

import msgspec
from colonnade_runtime.errors import SettingsError, UpstreamTimeout, UpstreamUnreachable
from colonnade_runtime.upstream.breaker import FAIR_S
from colonnade_runtime.upstream.call import IDEMPOTENT, Call, Reply, Stage, Transport
from msgspec.structs import force_setattr

ILL = 3
FAILURES = frozenset({500, 502, 503, 504})
FIRST_S = 1.0
LONGEST_S = 10.0


class Balance(msgspec.Struct, frozen=True):
    """The policy: `least_request`, `round_robin`, `weighted` or `hash`.

    `weights` are the instances' own. By `hash`, calls with the same `header` reach the same instance, unless
    that has more than `max_load` percent of the calls that an instance has on average.
    """

    policy: str = "least_request"
    weights: tuple[int, ...] = ()
    header: str = ""
    max_load: float = 150.0


def balance_of(text: str, variable: str, instances: int) -> Balance:
    """Return what `round_robin`, `weighted 3 1` or `hash x-user-id 150` says, found in `variable`.

    Raises `SettingsError`.
    """
    policy, *words = text.split() or [""]
    try:
        if policy == "weighted" and len(words) == instances:
            return Balance(policy, weights=tuple(map(int, words)))
        if policy == "hash":
            header, percent = words
            return Balance(policy, header=header, max_load=float(percent))
    except ValueError as error:
        raise _misunderstood(variable, text) from error
    if policy in {"least_request", "round_robin"} and not words:
        return Balance(policy)
    raise _misunderstood(variable, text)


def _misunderstood(variable: str, text: str) -> SettingsError:
    said = "least_request, round_robin, weighted with a weight for each URL, or hash x-user-id 150"
    return SettingsError(f"{variable} is {text!r}; set it to {said}")


class Instance:
    """One instance: how to reach it, and how it is. `number` is its place among all."""

    __slots__ = ("_failures", "_out_until", "_pause", "bit", "calls", "number", "send", "turn", "weight")

    def __init__(self, number: int, send: Stage, weight: int = 1) -> None:
        self.number = number
        self.bit = 1 << number
        self.send = send
        self.weight = weight
        self.turn = 0
        self.calls = 0
        self._failures = 0
        self._out_until = 0.0
        self._pause = FIRST_S

    def is_well(self, now: float) -> bool:
        """Whether it may be called: it was not left out, or was so for long enough for one call to try."""
        return not self._out_until or (now >= self._out_until and self.calls == 0)

    def succeeded(self) -> None:
        """Report an answer that is no failure of the server."""
        self._failures = 0
        self._out_until = 0.0
        self._pause = FIRST_S

    def failed(self, now: float, *, gone: bool) -> None:
        """Report that there was no connection, or else no good answer."""
        if now < self._out_until:
            return  # calls that were under way when it was left out say nothing new
        self._failures += 1
        if gone or self._failures >= ILL:
            self._out_until = now + self._pause
            self._pause = min(LONGEST_S, self._pause * 2)


Choose = Callable[[Sequence[Instance], Call], Instance]
"""Chooses one of the instances that may be called."""


class Balanced:
    """The transport to a service that has several instances."""

    def __init__(self, instances: Sequence[Instance], choose: Choose, clock: Callable[[], float]) -> None:
        self._instances = instances
        self._choose = choose
        self._clock = clock

    async def send(self, call: Call) -> Reply:
        """Send a call to an instance; one that is made again, to another. Raises as the transport does.

        An idempotent call whose connection broke is made again at once, at one other instance. That is no
        retry: it costs no budget, because an instance that dies breaks the calls it had, and no more. At one
        only, because the call may be what broke it.
        """
        try:
            return await self._to(self._pick(call), call)
        except UpstreamUnreachable:
            if call.method not in IDEMPOTENT or not self._untried(self._instances, call):
                raise
        return await self._to(self._pick(call), call)

    async def _to(self, instance: Instance, call: Call) -> Reply:
        instance.calls += 1
        try:
            reply = await instance.send(call)
        except UpstreamUnreachable:
            instance.failed(self._clock(), gone=True)
            raise
        except UpstreamTimeout:
            if call.ends - call.began >= FAIR_S:
                instance.failed(self._clock(), gone=False)
            raise
        finally:
            instance.calls -= 1
        if reply.status in FAILURES:
            instance.failed(self._clock(), gone=False)
        else:
            instance.succeeded()
        return reply

    def _pick(self, call: Call) -> Instance:
        now = self._clock()
        well = [instance for instance in self._instances if instance.is_well(now)] or self._instances
        instance = self._choose(self._untried(well, call) or well, call)
        force_setattr(call, "tried", call.tried | instance.bit)
        return instance

    @staticmethod
    def _untried(instances: Sequence[Instance], call: Call) -> list[Instance]:
        return [instance for instance in instances if not call.tried & instance.bit]


class Spread:
    """The transport to all services: those of one instance are reached by `plain`, as ever."""

    def __init__(self, balanced: Mapping[str, Balanced], plain: Transport) -> None:
        self._balanced = balanced
        self._plain = plain

    async def send(self, call: Call) -> Reply:
        """Send a call. Raises as the transport does."""
        return await self._balanced.get(call.service, self._plain).send(call)


def balanced(
    sends: Sequence[Stage],
    balance: Balance,
    clock: Callable[[], float],
    random: Callable[[], float] = chance.random,
) -> Balanced:
    """Return the transport to a service whose instances are reached by `sends`."""
    weights = balance.weights or (1,) * len(sends)
    instances = [Instance(number, *one) for number, one in enumerate(zip(sends, weights, strict=True))]
    by_load = least_request(random)
    policies: dict[str, Choose] = {
        "least_request": by_load,
        "round_robin": in_turn,
        "weighted": in_turn,
        "hash": by_hash(balance.header, balance.max_load / 100, by_load),
    }
    return Balanced(instances, policies[balance.policy], clock)


def least_request(random: Callable[[], float]) -> Choose:
    """Choose the less busy of two that are drawn (Mitzenmacher, The Power of Two Choices, 2001)."""

    def choose(instances: Sequence[Instance], _call: Call) -> Instance:
        count = len(instances)
        first = int(random() * count)
        second = (first + 1 + int(random() * (count - 1))) % count
        one, other = instances[first], instances[second]
        return one if one.calls <= other.calls else other

    return choose


def in_turn(instances: Sequence[Instance], _call: Call) -> Instance:
    """Choose each as often as its weight says, and spread its turns (nginx's smooth weighted round robin)."""
    for instance in instances:
        instance.turn += instance.weight
    chosen = max(instances, key=lambda instance: instance.turn)
    chosen.turn -= sum(instance.weight for instance in instances)
    return chosen


def by_hash(header: str, max_load: float, without: Choose) -> Choose:
    """Choose by the value of a header: the highest random weight (Thaler and Ravishankar, 1998).

    An instance that comes or goes moves only its own calls. One that has its share times `max_load` is
    passed over for the next (Mirrokni et al., Consistent Hashing with Bounded Loads, 2016).
    """

    def choose(instances: Sequence[Instance], call: Call) -> Instance:
        value = call.headers.get(header)
        if not value:
            return without(instances, call)
        most = ceil(max_load * (sum(instance.calls for instance in instances) + 1) / len(instances))
        preferred = sorted(instances, key=lambda instance: _score(value, instance.number), reverse=True)
        return next(one for one in preferred if one.calls < most)

    return choose


def _score(value: str, number: int) -> bytes:
    return blake2b(value.encode(), digest_size=8, salt=number.to_bytes(4, "big")).digest()
