"""`bench limits`: what each algorithm and policy costs, in front of the same backend."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

from colonnade.ir.target import Address
from colonnade_bench import ours, peers
from colonnade_bench.canned import Answer, backend
from colonnade_bench.edge import BODY, issuer_of, verify
from colonnade_bench.measure import Result, Subject, measure
from colonnade_bench.tokens import Consumers

Start = Callable[[], AbstractContextManager[Subject]]

WINDOWS = {
    name: f"{{name: per-consumer, algorithm: {name}, rate: 1000000/second}}"
    for name in ("fixed_window", "sliding_window_counter")
}
LOG = "{name: per-consumer, algorithm: sliding_window_log, rate: 1000/second}"
"""Holds some hundred requests of each of the hundred consumers, so its states have a real size."""
LEAKY = "{name: per-consumer, algorithm: leaky_bucket, rate: 1000000/second, burst: 1000000}"
STORED = {**WINDOWS, "sliding_window_log": LOG, "token_bucket": ours.BUCKET, "leaky_bucket": LEAKY}
TWO = "{name: second, rate: 1000000/second}, {name: hour, rate: 2000000/hour, algorithm: fixed_window}"


def bench_limits(seconds: int, tell: Callable[[str], None]) -> list[Result]:
    """Return the results, plain Envoy first."""
    with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        served = stack.enter_context(backend(folder, "backend", [Answer("/", BODY)]))
        signed, issuer = issuer_of(folder, stack)
        subjects = []
        for start in _starts(folder, served, signed, issuer):
            subjects.append(stack.enter_context(start()))
            tell(f"started {subjects[-1].name}")
        verify(subjects, signed)
        return measure(subjects, signed.file, seconds, tell)


def _starts(folder: Path, served: Address, signed: Consumers, issuer: Address) -> Sequence[Start]:
    native, asking = partial(ours.native, folder, served, issuer), partial(ours.store, folder, served, issuer)
    starts: list[Start] = [
        partial(peers.envoy, folder, served),
        partial(peers.envoy_by_hand, folder, served, signed, issuer),
        partial(native, ours.of_policy(ours.BUCKET, "local"), "Colonnade native, local"),
        partial(native, ours.of_policy(ours.BUCKET, "cluster"), "Colonnade native, cluster"),
    ]
    cases = [(name, "local") for name in ("fixed_window", "leaky_bucket")]
    cases += [(name, "store") for name in STORED]
    starts += [
        partial(asking, ours.of_policy(STORED[name], policy), _named(name, policy)) for name, policy in cases
    ]
    starts.append(partial(asking, TWO, "Colonnade two limits, store"))
    naive = partial(asking, ours.BUCKET, "a Redis call per request", "colonnade_bench.naive")
    return [*starts, naive]


def _named(algorithm: str, policy: str) -> str:
    return f"Colonnade {algorithm.replace('_', ' ')}, {policy}"
