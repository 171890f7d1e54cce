"""Which limits a request would meet."""

import json
from typing import Any

import pytest

from colonnade_tests.cli.command import Bff
from colonnade_tests.cli.conftest import bff
from colonnade_tests.local.platforms import write_bff

__all__ = ["bff"]

LIMITS = """\
limits:
  - {name: each, rate: 10/second, burst: 30, tiers: {gold: {rate: 50/second}}, exempt: ["ip:10.0.0.0/8"]}
  - {name: all, algorithm: fixed_window, rate: 1000/hour, key: [path, 'header:x-tenant'], shadow: true}
routes:
  - {name: buy, path: /orders, methods: [POST], cost: 5, limits: [{name: l, rate: 9/minute, policy: local}]}
"""


def explain(bff: Bff, *options: str) -> dict[str, Any]:
    file = write_bff(bff.root, "mobile", 3001)
    text = file.read_text().replace("limits: [{name: all, rate: 100/minute}]\n", LIMITS)
    file.write_text(text.replace("auth: {type: jwt}", "auth: {type: jwt, revocation: false}"))
    done = bff("limits", "explain", "--json", *options)
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_each_limit_is_told_as_it_applies(bff: Bff) -> None:
    found = explain(
        bff,
        "--client",
        "user:alice",
        "--path",
        "/api/mobile/home",
        "--group",
        "gold",
        "--header",
        "X-Tenant=acme",
    )

    assert (found["route"], found["decided_by"], found["cost"]) == ("mobile", "policy service", 1)
    each, every = found["limits"]
    assert (each["rate"], each["group"], each["exempt"]) == ("50/second", "gold", False)
    assert each["counts"] == "consumer user:alice"
    assert every["counts"] == "path+header:x-tenant 16:/api/mobile/home4:acme"
    assert every["shadow"] is True
    assert every["state"] is None


def test_who_is_exempt_is_told(bff: Bff) -> None:
    found = explain(bff, "--path", "/api/mobile/home", "--ip", "10.1.2.3")

    assert [limit["exempt"] for limit in found["limits"]] == [True, False]


def test_the_method_chooses_the_route(bff: Bff) -> None:
    found = explain(bff, "--path", "/api/mobile/orders", "--method", "post")

    assert (found["route"], found["decided_by"], found["cost"]) == ("mobile.buy", "envoy", 5)


def test_a_person_sees_why_there_is_no_state(bff: Bff) -> None:
    done = bff("limits", "explain", "--path", "/api/mobile/home")

    assert "route mobile, decided by the policy service (limit all is exact in the store), cost 1" in done.out
    assert "the stack does not run" in done.out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--path", "/nowhere"), "no route takes GET /nowhere on localhost"),
        (("--path", "/api/mobile", "--header", "x"), "a header is NAME=VALUE"),
    ],
)
def test_a_wrong_question_is_told(bff: Bff, options: tuple[str, ...], told: str) -> None:
    done = bff("limits", "explain", *options)

    assert done.code == 2
    assert told in done.err


def test_top_needs_a_running_stack(bff: Bff) -> None:
    done = bff("limits", "top")

    assert done.code == 1
    assert "this platform does not run" in done.err
