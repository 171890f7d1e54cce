"""`bench limits --consumers N`: what very many consumers cost, in memory and in throughput."""

import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median

import psutil
import redis

from colonnade.ir.target import Address
from colonnade.policy import policy_document
from colonnade_bench import ours
from colonnade_bench.canned import Answer, backend
from colonnade_bench.edge import BODY
from colonnade_bench.errors import BenchError
from colonnade_bench.measure import ROUNDS, SUBJECT_CORES, Subject, sample
from colonnade_bench.processes import HOST, free_port, running
from colonnade_policy.limits import SCRIPT
from colonnade_policy.selection import CountedLimit, plan_limits

KEY = "key: header:x-consumer"
ALGORITHMS = {
    "fixed_window": f"{{name: one, algorithm: fixed_window, rate: 1/minute, {KEY}}}",
    "sliding_window_log": f"{{name: one, algorithm: sliding_window_log, rate: 1/minute, {KEY}}}",
    "sliding_window_counter": f"{{name: one, algorithm: sliding_window_counter, rate: 1/minute, {KEY}}}",
    "leaky_bucket": f"{{name: one, algorithm: leaky_bucket, rate: 1/minute, {KEY}}}",
    "token_bucket": f"{{name: one, rate: 1/minute, burst: 1, {KEY}}}",
}
"""Each keeps what one request leaves behind for a minute or two."""
WIDE = f"{{name: one, algorithm: fixed_window, rate: 1000000/hour, {KEY}}}"
BUCKET = f"{{name: one, rate: 1000000/second, burst: 1000000, {KEY}}}"
BATCH = 1000
COST = struct.pack("<d", 1)
EXPIRY_S = 150


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store keeps of an algorithm: bytes for each consumer, and the share of keys that expire."""

    algorithm: str
    bytes_each: float
    expiring: float


@dataclass(frozen=True, slots=True)
class Crowded:
    """A path's throughput and CPU time (µs per request) with one consumer and with the crowd.

    `rss_mb` is the resident memory of the edge's own processes (no store) before and after.
    """

    name: str
    rate_one: float
    rate_crowd: float
    cpu_one_us: float
    cpu_crowd_us: float
    rss_mb: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Throughput with the crowd to that with one consumer."""
        return self.rate_crowd / self.rate_one


@dataclass(frozen=True, slots=True)
class Crowd:
    """All that was found; `empty_after_s` is when the last key of the last algorithm was gone."""

    consumers: int
    kept: tuple[Kept, ...]
    empty_after_s: float
    paths: tuple[Crowded, ...]


def bench_crowd(consumers: int, seconds: int, tell: Callable[[str], None]) -> Crowd:
    """Return what `consumers` of them cost. Raises `BenchError` where a key stays."""
    with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as name:
        folder = Path(name)
        kept, empty_after_s = _kept(folder, consumers, tell)
        return Crowd(consumers, kept, empty_after_s, _paths(folder, consumers, seconds, tell))


def _kept(folder: Path, consumers: int, tell: Callable[[str], None]) -> tuple[tuple[Kept, ...], float]:
    found, empty_after_s = [], 0.0
    for algorithm, limit in ALGORITHMS.items():
        tell(f"{consumers} consumers: {algorithm}")
        address = Address(HOST, free_port())
        command = [*ours.valkey_command(address, folder), "--appendonly", "no"]
        # A store of its own for each: what the last one left in an allocator counts for nobody.
        with running(command, SUBJECT_CORES, folder / "memory.log"), _client(address) as store:
            before = _memory(store)
            _fill(store, _limit_of(folder / algorithm, limit), consumers)
            space: dict[str, int] = store.info("keyspace")["db0"]
            if space["keys"] != consumers:
                raise BenchError(f"{algorithm}: {space['keys']} keys of {consumers} consumers")
            each = (_memory(store) - before) / consumers
            found.append(Kept(algorithm, each, space["expires"] / space["keys"]))
            if len(found) == len(ALGORITHMS):
                tell("waiting until the last key has expired")
                empty_after_s = _until_empty(store)
    return tuple(found), empty_after_s


def _client(address: Address) -> "redis.Redis":
    client = redis.Redis(address.host, address.port, protocol=2, retry_on_error=[redis.ConnectionError])
    deadline = time.monotonic() + EXPIRY_S
    while time.monotonic() < deadline:
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            return client
    raise BenchError("Valkey did not start")


def _memory(store: "redis.Redis") -> int:
    used: int = store.info("memory")["used_memory"]
    return used


def _limit_of(folder: Path, limit: str) -> CountedLimit:
    document = policy_document(ours.platform_of(folder, limit, "none"), "http://unused")
    limits = plan_limits(next(iter(document.routes.values())).limits)
    assert limits is not None  # noqa: S101 - it has the one that was written
    return limits.plans[0].everybody


@dataclass(frozen=True, slots=True)
class Asking:
    """A request of a consumer that names itself in a header."""

    name: str

    def header(self, _name: str) -> str:
        """The one header."""
        return self.name


def _fill(store: "redis.Redis", limit: CountedLimit, consumers: int) -> None:
    script = store.register_script(SCRIPT)
    argument = COST + limit.rule.packed()
    for batch in _batches(range(consumers)):
        keys = [limit.key_of(Asking(f"consumer-{number:07}")) for number in batch]  # type: ignore[arg-type]
        script(keys=keys, args=[argument] * len(keys))


def _batches(numbers: range) -> Iterator[Sequence[int]]:
    left = iter(numbers)
    while batch := list(islice(left, BATCH)):
        yield batch


def _until_empty(store: "redis.Redis") -> float:
    began = time.monotonic()
    while time.monotonic() - began < EXPIRY_S:
        if store.dbsize() == 0:
            return time.monotonic() - began
        time.sleep(0.2)
    raise BenchError(f"{store.dbsize()} keys are left after {EXPIRY_S} s")


def _paths(folder: Path, consumers: int, seconds: int, tell: Callable[[str], None]) -> tuple[Crowded, ...]:
    with ExitStack() as stack:
        served = stack.enter_context(backend(folder, "backend", [Answer("/", BODY)]))
        native = stack.enter_context(
            ours.native(folder, served, served, ours.of_policy(BUCKET, "local"), "Colonnade native", "none")
        )
        store = stack.enter_context(
            ours.store(folder, served, served, ours.of_policy(WIDE, "store"), "Colonnade store", auth="none")
        )
        if store.store is None:
            raise BenchError("the store path has no store")
        tell(f"{consumers} consumers: filling the store")
        with _client(store.store) as client:
            _fill(client, _limit_of(folder / "wide", WIDE), consumers)
            found = tuple(_crowded(subject, consumers, seconds, tell) for subject in (native, store))
            if client.dbsize() < consumers:
                raise BenchError(f"the store has {client.dbsize()} keys of {consumers} consumers")
    return found


def _crowded(subject: Subject, consumers: int, seconds: int, tell: Callable[[str], None]) -> Crowded:
    sample(subject, 1, 1)
    before = _rss(subject)
    one, crowd = [], []
    for number in range(ROUNDS):
        tell(f"round {number + 1} of {ROUNDS}: {subject.name}")
        one.append(sample(subject, 1, seconds))
        crowd.append(sample(subject, consumers, seconds))
    return Crowded(
        subject.name,
        median(each.rate for each in one),
        median(each.rate for each in crowd),
        median(each.cpu_us for each in one),
        median(each.cpu_us for each in crowd),
        (before, _rss(subject)),
    )


def _rss(subject: Subject) -> float:
    own = subject.pids[:-1] if subject.store else subject.pids
    parents = [psutil.Process(pid) for pid in own]
    family = [one for parent in parents for one in (parent, *parent.children(recursive=True))]
    total: int = sum(process.memory_info().rss for process in family)
    return total / 2**20
