"""A process that dies is back at once; one that dies again and again is given more and more time."""

from hypothesis import given
from hypothesis import strategies as st

from colonnade.local.backoff import FIRST_S, MOST_S, STABLE_S, restart_delay

LIVES = st.lists(st.floats(0, 100), max_size=30)


def test_the_first_end_is_followed_at_once() -> None:
    assert restart_delay([3.0], 0.5) == 0


def test_an_end_after_a_stable_life_is_followed_at_once() -> None:
    assert restart_delay([0.0, 0.0, 0.0, STABLE_S], 0.5) == 0


def test_each_further_end_in_a_row_doubles_the_wait() -> None:
    delays = [restart_delay([0.0] * ends, 0.5) for ends in (2, 3, 4)]

    assert [FIRST_S, 2 * FIRST_S, 4 * FIRST_S] == delays


def test_a_stable_life_forgives_what_was_before() -> None:
    assert restart_delay([0.0, 0.0, STABLE_S, 0.0], 0.5) == 0


@given(LIVES, st.floats(0, 1))
def test_the_wait_is_bounded(lives: list[float], chance: float) -> None:
    assert 0 <= restart_delay(lives, chance) <= 1.5 * MOST_S


@given(LIVES, st.floats(0, 1))
def test_one_more_short_life_never_shortens_the_wait(lives: list[float], chance: float) -> None:
    assert restart_delay(lives, chance) <= restart_delay([*lives, 0.0], chance)


@given(LIVES)
def test_chance_spreads_restarts_between_half_and_one_and_a_half(lives: list[float]) -> None:
    middle = restart_delay(lives, 0.5)

    assert restart_delay(lives, 0.0) == middle / 2
    assert restart_delay(lives, 1.0) == middle * 1.5
