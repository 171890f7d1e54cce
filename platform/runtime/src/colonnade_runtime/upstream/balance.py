"""Spreads the calls to a service over those of its instances that are well."""

import random as chance
from collections.abc import Callable, Sequence
from hashlib import blake2b
from math import ceil

import msgspec
from colonnade_runtime.errors import SettingsError, UpstreamTimeout, UpstreamUnreachable
from colonnade_runtime.upstream.breaker import FAIR_S
from colonnade_runtime.upstream.call import Call, Reply, Stage
from colonnade_runtime.upstream.instance import Instance
from msgspec.structs import force_setattr

FAILURES = frozenset({500, 502, 503, 504})
FIRST_SHARE = 0.1
"""Of the calls that are due to an instance that is back, at first."""


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


Choose = Callable[[Sequence[Instance], Call], Instance]
"""Chooses one of the instances that may be called."""


class Balanced:
    """The transport to a service that has several instances, which are reached by `sends`.

    One that is back gets its share of the calls over `slow_start` seconds, but by `hash`: there calls have
    their instance.
    """

    def __init__(
        self,
        sends: Sequence[Stage],
        balance: Balance,
        clock: Callable[[], float],
        *,
        slow_start: float = 0.0,
        random: Callable[[], float] = chance.random,
    ) -> None:
        weights = balance.weights or (1,) * len(sends)
        self.instances = [
            Instance(number, send, weight, self._back)
            for number, (send, weight) in enumerate(zip(sends, weights, strict=True))
        ]
        self._choose = _policy(balance, random)
        self._clock = clock
        self._random = random
        self._slow_start = 0.0 if balance.policy == "hash" else slow_start
        self._warming: dict[Instance, float] = {}  # since when

    async def send(self, call: Call) -> Reply:
        """Send a call to an instance; one that is made again, to another. Raises as the transport does.

        An idempotent call whose connection broke is made again at once, at one other instance. That is no
        retry: it costs no budget, because an instance that dies breaks the calls it had, and no more. At one
        only, because the call may be what broke it.
        """
        try:
            return await self._to(self._pick(call), call)
        except UpstreamUnreachable:
            if not call.idempotent or not self._untried(self.instances, call):
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
        well = [instance for instance in self.instances if instance.is_well(now)] or self.instances
        able = self._untried(well, call) or well
        if self._warming:
            able = self._due(able, now) or able
        instance = self._choose(able, call)
        force_setattr(call, "tried", call.tried | instance.bit)
        return instance

    @staticmethod
    def _untried(instances: Sequence[Instance], call: Call) -> list[Instance]:
        return [instance for instance in instances if not call.tried & instance.bit]

    def _back(self, instance: Instance) -> None:
        if self._slow_start:
            self._warming[instance] = self._clock()

    def _due(self, instances: Sequence[Instance], now: float) -> list[Instance]:
        """Return those that take a call now: one that is not long back, as often as its share says."""
        since = now - self._slow_start
        self._warming = {one: began for one, began in self._warming.items() if began > since}
        return [one for one in instances if one not in self._warming or self._drawn(now - self._warming[one])]

    def _drawn(self, back_s: float) -> bool:
        return self._random() < max(FIRST_SHARE, back_s / self._slow_start)


def _policy(balance: Balance, random: Callable[[], float]) -> Choose:
    by_load = least_request(random)
    policies: dict[str, Choose] = {
        "least_request": by_load,
        "round_robin": in_turn,
        "weighted": in_turn,
        "hash": by_hash(balance.header, balance.max_load / 100, by_load),
    }
    return policies[balance.policy]


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
