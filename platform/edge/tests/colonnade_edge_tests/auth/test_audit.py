"""The audit log: what it says of whom, what it never says, and how a flood is kept from filling it."""

import asyncio
import json
from typing import Any

import httpx

from colonnade_edge_tests.auth.browser import Browser
from colonnade_edge_tests.documents import mobile, question, subject
from colonnade_edge_tests.processes import Served, wait_until

ENVOY = {"x-colonnade-ip": "192.0.2.7", "x-request-id": "r-1"}
"""What Envoy adds to each request."""
FROM = {"address": "192.0.2.7", "request_id": "r-1"}


def entries(edge: Served, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in edge.logged().splitlines() if line.startswith("{")]
    return [line for line in lines if line["logger"] == "colonnade.audit" and line["event"] == event]


def last(edge: Served, event: str) -> dict[str, Any]:
    entry = dict(entries(edge, event)[-1])
    assert entry.pop("at").endswith("Z")
    return entry


def test_a_login_and_a_logout_are_recorded(browser: Browser, edge: Served) -> None:
    browser.client.headers.update(ENVOY)
    browser.log_in()
    began = last(edge, "login")
    browser.client.post("/auth/logout", headers={"x-csrf": "1"})

    assert began == {
        "logger": "colonnade.audit",
        "event": "login",
        "consumer": "user:alice",
        "session": began["session"],
        "client_id": "web",
        **FROM,
    }
    assert last(edge, "logout")["session"] == began["session"]


def test_a_failed_login_tells_why(browser: Browser, edge: Served) -> None:
    browser.come_back(browser.begin(), state="unknown")

    failed = last(edge, "login_failed")
    assert failed["reason"] == "bad-request"
    assert failed["detail"].startswith("this login is unknown")


def test_the_provider_that_ends_sessions_is_named(browser: Browser, edge: Served) -> None:
    browser.log_in()
    token = browser.provider.logout_token(sub="alice")
    browser.client.post("/auth/backchannel-logout", data={"logout_token": token})

    told = last(edge, "backchannel_logout")
    assert (told["by"], told["consumer"], told["count"]) == (browser.provider.issuer, "user:alice", 1)


def test_a_refusal_names_route_reason_and_consumer(browser: Browser, edge: Served) -> None:
    sub = subject()

    def told() -> list[dict[str, Any]]:
        return [one for one in entries(edge, "refused") if one.get("consumer") == f"user:{sub}"]

    def refused() -> bool:  # again, where a test before has used up what is written in one second
        browser.client.get("/check/x", headers={**mobile("scoped", sub), **ENVOY})
        return bool(told())

    wait_until(refused, "a line")
    assert told()[0].items() >= {"reason": "insufficient-scope", "route": "scoped", **FROM}.items()


def test_no_secret_is_recorded(browser: Browser, edge: Served) -> None:
    begun = browser.begin()
    answer = browser.provider.authorize(begun.headers["location"])
    browser.client.get("/auth/callback", params=answer)
    browser.client.get("/auth/callback", params=answer)
    browser.ask("POST")

    for secret in (browser.session, answer["code"], answer["state"], "alice@example.com"):
        assert secret not in edge.logged()


async def test_a_flood_of_refusals_is_counted_instead_of_written(edge: Served) -> None:
    sent, headers = 300, question("web", x_colonnade_ip="198.51.100.9")

    # Over one connection: a busy machine would make hundreds of them so slowly that nothing is left out.
    async with httpx.AsyncClient(base_url=edge.url, http1=False, http2=True, timeout=20) as client:
        written = len(entries(edge, "refused"))
        left_out = sum(int(one["count"]) for one in entries(edge, "refusals_left_out"))
        answers = await asyncio.gather(*(client.get("/check/x", headers=headers) for _ in range(sent)))

    def counted() -> int:
        return sum(int(one["count"]) for one in entries(edge, "refusals_left_out")) - left_out

    def recorded() -> int:
        return len(entries(edge, "refused")) - written

    assert {answer.status_code for answer in answers} == {401}
    wait_until(lambda: recorded() + counted() >= sent, "a line or a count for each refusal")
    assert counted() > 0
