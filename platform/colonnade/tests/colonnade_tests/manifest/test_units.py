"""Durations, sizes, rates and secrets as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from colonnade.manifest.units import Rate, SecretRef, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("250ms", timedelta(milliseconds=250)),
        ("3s", timedelta(seconds=3)),
        ("1.5h", timedelta(minutes=90)),
        ("2d", timedelta(days=2)),
    ],
)
def test_a_duration_is_a_number_with_its_unit(text: str, expected: timedelta) -> None:
    assert expected == parse_duration(text)


@pytest.mark.parametrize("text", ["3", "3 s", "-3s", "0s", "", "s", "3S", 3, None, "3s\n"])
def test_anything_else_is_no_duration(text: object) -> None:
    with pytest.raises(PydanticCustomError, match="expected a duration"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "expected"), [("512B", 512), ("64KiB", 65_536), ("2MiB", 2_097_152)])
def test_a_size_is_a_number_with_its_unit(text: str, expected: int) -> None:
    assert expected == parse_size(text)


@pytest.mark.parametrize("text", ["1MB", "0B", "1.5MiB", 4, "64 KiB"])
def test_anything_else_is_no_size(text: object) -> None:
    with pytest.raises(PydanticCustomError, match="expected a size"):
        parse_size(text)


@given(count=st.integers(1, 10**9), period=st.sampled_from([("second", 1), ("minute", 60), ("day", 86400)]))
def test_a_rate_counts_requests_a_period(count: int, period: tuple[str, int]) -> None:
    word, seconds = period

    rate = Rate.parse(f"{count}/{word}")

    assert (count, seconds) == (rate.count, rate.period_s)


def test_a_rate_may_name_its_own_period() -> None:
    assert Rate.parse("5/30s").per_second == pytest.approx(5 / 30)


@pytest.mark.parametrize("text", ["0/second", "5", "5/", "5/fortnight", "-1/second", 5])
def test_anything_else_is_no_rate(text: object) -> None:
    with pytest.raises(PydanticCustomError, match="expected a rate"):
        Rate.parse(text)


def test_a_secret_is_only_ever_referred_to() -> None:
    assert SecretRef("env", "CLIENT_SECRET") == SecretRef.parse("env:CLIENT_SECRET")


def test_a_secret_written_out_is_refused_and_not_repeated() -> None:
    with pytest.raises(PydanticCustomError) as caught:
        SecretRef.parse("hunter2")

    assert "hunter2" not in str(caught.value)
