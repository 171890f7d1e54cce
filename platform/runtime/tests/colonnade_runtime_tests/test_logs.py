"""What is logged of many requests."""

import logging

import msgspec
from colonnade_runtime.logs import EVERY_S, JsonFormatter, Sparing, TextFormatter, of_request, repeats


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


def test_the_request_has_a_field_of_its_own() -> None:
    told = msgspec.json.decode(JsonFormatter().format(record(**of_request("r-1"))))

    assert ("without orders", "r-1") == (told["message"], told["request_id"])
    assert "request_id" not in msgspec.json.decode(JsonFormatter().format(record()))


def test_people_read_the_request_at_the_end_of_the_line() -> None:
    about = {"levelname": "ERROR", "name": "bff"}

    assert "ERROR bff without orders, request r-1" == TextFormatter().format(
        record(**about, **of_request("r-1"))
    )
    assert "ERROR bff without orders" == TextFormatter().format(record(**about, **of_request(None)))
