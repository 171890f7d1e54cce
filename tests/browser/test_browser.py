"""A person at a real browser: logs in, reads data, logs out."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.platform_folder import Stack

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.xdist_group("stack")]

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""A browser that talks to the pages under test and to nobody else."""

GRAPHQL = """async (csrf) => {
  const answer = await fetch("/api/web/graphql", {
    method: "POST",
    headers: {"content-type": "application/json", ...(csrf ? {"X-CSRF": "1"} : {})},
    body: JSON.stringify({query: "{ me { id name orders(first: 1) { id } } }"}),
  });
  return {status: answer.status, body: await answer.json()};
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("a Chromium is needed on PATH (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    # The page that plays the application is JSON, whose policy lets no script ask for anything.
    context = browser.new_context(bypass_csp=True)
    yield context.new_page()
    context.close()


def log_in(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.edge}/auth/login?return_to=/auth/session")
    page.fill("input[name=username]", "alice")
    page.fill("input[name=password]", "alice")
    page.click("button[type=submit]")
    page.wait_for_url(f"{stack.edge}/auth/session")


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
