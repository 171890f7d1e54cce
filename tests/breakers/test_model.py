"""Both breakers decide as the model does, whatever happens."""

from collections.abc import Iterator

import pytest
import redis
from colonnade_edge_tests.processes import valkey
from hypothesis import given
from hypothesis import strategies as st

from tests.breakers.history import Answer, Ask, Refusals, by_runtime, whole
from tests.breakers.model import Model, Settings
from tests.breakers.script import FAILED, GOOD, by_edge, context, run
from tests.breakers.script import answer as answered
from tests.breakers.script import request as asked

Step = tuple[str, object]
STEPS: list[Step] = [
    *[("wait", seconds) for seconds in (0.5, 2.0, 4.0, 60.0, 299.0, 300.0)],
    *[("ask", None)] * 5,
    *[("answer", (nth, good)) for nth in (0, 1, 4) for good in (True, False, False, None)],
]
SETTINGS = st.builds(Settings, failures=st.integers(1, 4), successes=st.integers(1, 3))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator["redis.Redis"]:
    with valkey(tmp_path_factory.mktemp("lua")) as running, running.client() as client:
        yield client


def expected(settings: Settings, steps: list[Step]) -> tuple[list[Ask | Answer], Refusals]:
    """Play the steps to the model: what happens then, and what it says to each `Ask`."""
    model, now, history = Model(settings), 1000.0, list[Ask | Answer]()
    refusals: Refusals = []
    under_way: dict[int, int] = {}
    for step, value in steps:
        if step == "wait" and isinstance(value, float):
            now += value
        elif step == "ask":
            history.append(Ask(now))
            admitted = model.admits(now)
            if admitted:
                under_way[len(refusals)] = model.asked()
            refusals.append(None if admitted else whole(model.ends() - now))
        elif under_way and isinstance(value, tuple):
            nth, good = value
            number = sorted(under_way)[nth % len(under_way)]
            history.append(Answer(now, number, good))
            model.answered(under_way.pop(number), now, good=good)
    return history, refusals


@given(settings=SETTINGS, steps=st.lists(st.sampled_from(STEPS), min_size=20, max_size=120))
def test_both_decide_as_the_model_does(client: "redis.Redis", settings: Settings, steps: list[Step]) -> None:
    history, refusals = expected(settings, steps)

    assert refusals == by_runtime(settings, history)
    assert refusals == by_edge(client, settings, history)


def test_the_edges_pause_doubles_up_to_the_longest_and_starts_anew(client: "redis.Redis") -> None:
    settings = Settings(failures=1, successes=1, max_pause=10)
    events, now = [], 0.0
    for turn, pause in enumerate([2, 4, 8, 10, 10]):
        events += [asked(turn, now), answered(turn, now, FAILED), asked(100 + turn, now)]
        now += pause
    events += [asked(50, now), answered(50, now, GOOD)]
    events += [asked(51, now), answered(51, now, FAILED), asked(52, now)]

    refusals = [refusal for refusal in run(client, {"tv": context(settings)}, events) if refusal]

    assert [2, 4, 8, 10, 10, 2] == refusals


def test_a_probe_whose_client_went_is_not_waited_for_forever(client: "redis.Redis") -> None:
    settings = context(Settings(failures=1), patience=15)
    events = [asked(1, 0), answered(1, 0, FAILED), asked(2, 3), asked(3, 17), asked(4, 18)]

    assert [None, None, 1, None] == run(client, {"tv": settings}, events)


def test_a_clock_that_is_set_back_leaves_nobody_out(client: "redis.Redis") -> None:
    events = [asked(1, 9000), answered(1, 9000, FAILED), asked(2, 9000), asked(3, 0), asked(4, 1)]

    assert [None, 2, None, None] == run(client, {"tv": context(Settings(failures=1))}, events)


@pytest.mark.parametrize(
    ("more", "statuses", "open_"),
    [
        ({}, ["500", "500", "500"], False),
        ({"unhealthy": [500, 503]}, ["500", "503", "500"], True),
        ({"unhealthy": [500]}, ["500", "500", "502", "500"], False),
        ({"unhealthy": [500], "healthy": [200]}, ["500", "404", "500", "502", "500"], True),
        ({"unhealthy": [500], "healthy": [200]}, ["500", "500", "200", "500"], False),
    ],
)
def test_a_status_says_what_the_route_says_it_does(
    client: "redis.Redis", more: dict[str, list[int]], statuses: list[str], *, open_: bool
) -> None:
    events = []
    for number, status in enumerate(statuses):
        events += [asked(number, 0), answered(number, 0, {":status": status})]
    events.append(asked(99, 0))

    assert open_ is (run(client, {"tv": context(Settings()) | more}, events)[-1] is not None)


def test_what_a_filter_refused_says_nothing_of_the_bff(client: "redis.Redis") -> None:
    """Its request never reached the breaker, which sees all answers."""
    refused = answered(50, 0, {":status": "401"})
    events = []
    for number in range(3):
        events += [asked(number, 0), answered(number, 0, FAILED), refused]
    events.append(asked(99, 0))

    assert 2 == run(client, {"tv": context(Settings())}, events)[-1]


def test_a_route_is_left_alone_without_its_neighbours(client: "redis.Redis") -> None:
    both = {name: context(Settings(failures=1), route=name) for name in ("tv", "tv.live")}
    events = [asked(1, 0), answered(1, 0, FAILED), asked(2, 0), asked(3, 0, "tv.live")]

    assert [None, 2, None] == run(client, both, events)
