"""A person at a real browser: logs in, reads data, logs out."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import GRAPHQL, log_in
from tests.platform_folder import Stack

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.xdist_group("stack")]


def test_alice_logs_in_and_reads_her_orders(page: Page, stack: Stack) -> None:
    log_in(page, stack)

    answer = page.evaluate(GRAPHQL, True)

    assert answer["status"] == 200
    assert answer["body"]["data"]["me"]["id"] == "alice"
    assert len(answer["body"]["data"]["me"]["orders"]) == 1


def test_a_page_that_forgets_the_csrf_header_is_refused(page: Page, stack: Stack) -> None:
    log_in(page, stack)

    assert page.evaluate(GRAPHQL, False)["status"] == 403


def test_scripts_cannot_read_the_session(page: Page, stack: Stack) -> None:
    log_in(page, stack)

    assert page.evaluate("document.cookie") == ""


def test_after_logging_out_the_page_gets_nothing(page: Page, stack: Stack) -> None:
    log_in(page, stack)

    page.evaluate("fetch('/auth/logout', {method: 'POST', headers: {'X-CSRF': '1'}, redirect: 'manual'})")

    assert page.evaluate(GRAPHQL, True)["status"] == 401


def test_a_wrong_password_is_told_on_the_page(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.edge}/auth/login?return_to=/auth/session")
    page.fill("input[name=username]", "alice")
    page.fill("input[name=password]", "wrong")
    page.click("button[type=submit]")

    expect(page.locator("[role=alert]")).to_be_visible()


def test_the_console_shows_the_routes_without_an_error(page: Page, stack: Stack) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)

    page.goto(stack.told["console"])

    expect(page.get_by_role("row", name="mobile").first).to_be_visible()
    assert errors == []
