"""How the tokens of a session are renewed: once, whatever happens meanwhile, losing as little as can be."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis.asyncio

from colonnade_edge.authn.session import digest_of
from colonnade_edge.keyring import Keyring
from colonnade_edge.oidc.refresh import LEASE_PREFIX
from colonnade_edge.sessions import Tokens, tokens_key
from colonnade_edge.store.lease import Lease
from colonnade_edge_tests.auth.browser import Browser
from colonnade_edge_tests.auth.sessions import change, make_due, record
from colonnade_edge_tests.processes import Served, Valkey, serving, wait_until


def soon(browser: Browser, condition: Callable[[], bool], what: str) -> None:
    def asked() -> bool:
        browser.ask()
        return condition()

    wait_until(asked, what)


def kept_tokens(store: Valkey, browser: Browser) -> bytes:
    with store.client() as client:
        return client.get(tokens_key(digest_of(browser.session))) or b""


def is_renewed(store: Valkey, browser: Browser) -> bool:
    return (record(store, browser).refresh_at or 0) > time.time() + 60


def test_tokens_are_renewed_and_new_roles_apply_at_once(browser: Browser, store: Valkey) -> None:
    """The session keeps its id: it gained no rights that its holder did not have at the provider."""
    browser.log_in()
    cookie = browser.session
    before = kept_tokens(store, browser)
    browser.provider.claims = {"roles": ["user", "admin"]}
    make_due(store, browser)

    soon(browser, lambda: is_renewed(store, browser), "the refresh")

    assert browser.ask().headers["x-user-roles"] == "user,admin"
    assert kept_tokens(store, browser) != before
    assert (browser.provider.refreshes, browser.session) == (1, cookie)


def test_a_refresh_prolongs_neither_the_idle_nor_the_absolute_time(browser: Browser, store: Valkey) -> None:
    browser.log_in()
    expires = record(store, browser).expires
    make_due(store, browser)
    soon(browser, lambda: is_renewed(store, browser), "the refresh")

    assert record(store, browser).expires == expires


def test_fifty_requests_at_three_edges_renew_once(
    browser: Browser, store: Valkey, environment: dict[str, str], tmp_path: Path
) -> None:
    """And all of them are served meanwhile."""
    browser.log_in()
    with ExitStack() as stack:
        edges = [stack.enter_context(serving("colonnade_edge", tmp_path, environment)) for _ in range(2)]
        others = [Browser(edge.url, browser.provider) for edge in edges]
        for other in others:
            stack.enter_context(other.client).cookies.set("colonnade", browser.session)
        browser.provider.gate.clear()
        make_due(store, browser)
        with ThreadPoolExecutor(17) as pool:
            asked = [browser, *others] * 17
            answers = list(pool.map(lambda one: one.ask().status_code, asked[:50]))
        browser.provider.gate.set()
        soon(browser, lambda: is_renewed(store, browser), "the refresh")

    assert answers == [200] * 50
    assert browser.provider.refreshes == 1


@pytest.mark.parametrize("error", ["invalid_grant", "interaction_required", "login_required"])
def test_a_login_that_the_provider_ended_ends_here(browser: Browser, store: Valkey, error: str) -> None:
    browser.log_in()
    browser.provider.refresh_tokens.clear()
    browser.provider.refused_as = error
    make_due(store, browser)

    wait_until(lambda: browser.ask().status_code == 401, "the end of the session")


def test_after_a_long_absence_an_ended_login_is_served_for_one_refresh_only(
    browser: Browser, store: Valkey
) -> None:
    """The lid was closed for hours: what is asked while the provider is asked passes, and nothing after."""
    browser.log_in()
    browser.provider.refresh_tokens.clear()
    browser.provider.gate.clear()
    make_due(store, browser)
    first = browser.ask().status_code
    wait_until(lambda: browser.provider.refreshes == 1, "the provider is asked")
    browser.provider.gate.set()
    wait_until(lambda: not kept_tokens(store, browser), "the provider's answer")

    assert first == 200
    assert browser.ask().status_code == 401


def test_a_provider_that_is_away_ends_nothing(browser: Browser, store: Valkey, edge: Served) -> None:
    browser.log_in()
    browser.provider.down = True
    make_due(store, browser)

    soon(browser, lambda: "not renewed" in edge.logged(), "the attempt")

    assert browser.ask().status_code == 200


def test_a_refusal_of_tokens_that_were_renewed_meanwhile_ends_nothing(
    browser: Browser, store: Valkey, environment: dict[str, str]
) -> None:
    """A process that was stopped for long comes too late with a refresh token that is spent."""
    browser.log_in()
    browser.provider.gate.clear()
    make_due(store, browser)
    soon(browser, lambda: browser.provider.refreshes == 1, "the refresh is asked for")
    browser.provider.refresh_tokens.clear()
    place = tokens_key(digest_of(browser.session))
    keyring = Keyring(file=Path(environment["SESSION_KEYS_FILE"]))
    theirs = keyring.seal(b'{"access_token":"a","refresh_token":"r","id_token":"i"}', place)
    with store.client() as client:
        client.set(place, theirs)
        change(store, browser, refresh_at=time.time() + 200)
        browser.provider.gate.set()
        wait_until(lambda: not client.exists(LEASE_PREFIX + digest_of(browser.session)), "the lease is back")

    assert browser.ask().status_code == 200
    assert kept_tokens(store, browser) == theirs


def test_new_tokens_are_not_lost_while_the_store_stands_still(browser: Browser, store: Valkey) -> None:
    browser.log_in()
    browser.provider.gate.clear()
    make_due(store, browser)
    soon(browser, lambda: browser.provider.refreshes == 1, "the refresh is asked for")
    store.freeze()
    browser.provider.gate.set()
    try:
        wait_until(lambda: browser.ask().status_code == 503, "the store is missed")
    finally:
        store.thaw()

    wait_until(lambda: is_renewed(store, browser), "the new tokens are kept")
    assert browser.provider.refreshes == 1


def test_new_tokens_are_kept_even_where_their_claims_cannot_be_trusted(
    browser: Browser, store: Valkey
) -> None:
    """The old refresh token is spent: dropping the new one would end the login."""
    browser.log_in()
    browser.provider.claims = {"aud": "somebody-else", "roles": ["admin"]}
    make_due(store, browser)
    soon(browser, lambda: is_renewed(store, browser), "the refresh")
    roles = browser.ask().headers["x-user-roles"]
    make_due(store, browser)
    soon(browser, lambda: is_renewed(store, browser), "the second refresh")

    assert roles == "user"
    assert browser.provider.refreshes == 2


def test_tokens_of_somebody_else_end_the_session(browser: Browser, store: Valkey) -> None:
    browser.log_in()
    browser.provider.claims = {"sub": "mallory"}
    make_due(store, browser)

    wait_until(lambda: browser.ask().status_code == 401, "the end of the session")


def test_a_session_whose_tokens_are_gone_ends(browser: Browser, store: Valkey) -> None:
    browser.log_in()
    with store.client() as client:
        client.delete(tokens_key(digest_of(browser.session)))
    make_due(store, browser)

    wait_until(lambda: browser.ask().status_code == 401, "the end of the session")


async def test_only_the_owner_gives_a_lease_back(store: Valkey) -> None:
    async with redis.asyncio.Redis(port=store.port, protocol=2) as client:
        mine, theirs = (Lease(client, "lease", 60) for _ in range(2))
        taken = [await mine.take(), await theirs.take()]
        await theirs.give_back()
        still_taken = not await theirs.take()
        await client.delete("lease")  # its time is up
        taken_over = await theirs.take()
        await mine.give_back()

        assert taken == [True, False]
        assert still_taken
        assert taken_over
        assert await client.exists("lease")


def test_tokens_do_not_show_themselves() -> None:
    tokens = Tokens("the-access-token", "the-refresh-token", "the-id-token")

    assert "the-" not in repr(tokens)
