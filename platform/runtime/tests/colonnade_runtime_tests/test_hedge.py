"""After how long a read is made a second time."""

from colonnade_runtime.upstream.hedge import ENOUGH, RECENT, Delay
from hypothesis import given
from hypothesis import strategies as st


def test_a_fixed_delay_stays_one() -> None:
    delay = Delay(0.05)
    delay.took(9.0)

    assert 0.05 == delay.seconds()


def test_nothing_is_hedged_before_enough_reads_were_seen() -> None:
    delay = Delay("p95")
    for _ in range(ENOUGH - 1):
        delay.took(0.1)
    assert delay.seconds() is None
    delay.took(0.1)

    assert 0.1 == delay.seconds()


@given(st.lists(st.floats(0.001, 10), min_size=ENOUGH, max_size=3 * RECENT))
def test_about_one_read_in_twenty_is_slower_than_the_delay(seconds: list[float]) -> None:
    delay = Delay("p95")
    for one in seconds:
        delay.took(one)
    recent = seconds[-RECENT:]
    found = delay.seconds()
    assert found is not None

    assert found in recent
    assert sum(one > found for one in recent) <= 0.05 * len(recent)
