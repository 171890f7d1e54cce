"""What is logged of many requests."""

import logging

from colonnade_runtime.logs import EVERY_S, Sparing, repeats


def record(**extra: object) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": "without %s", "args": ("orders",), **extra})


def test_what_many_requests_say_is_told_once_in_a_while_with_how_many_it_was() -> None:
    now = 100.0
    sparing = Sparing(lambda: now)
    told = [sparing.filter(record(**repeats("without", "orders"))) for _ in range(50)]
    now += EVERY_S
    later = record(**repeats("without", "orders"))

    assert [True] + [False] * 49 == told
    assert sparing.filter(later)
    assert "without orders (and 49 times before)" == later.getMessage()


def test_other_messages_are_told() -> None:
    sparing = Sparing(lambda: 0.0)

    assert all(sparing.filter(record()) for _ in range(3))
    assert sparing.filter(record(**repeats("without", "orders")))
    assert sparing.filter(record(**repeats("without", "products")))
