"""What a person, and a page of the web front end, do in the browser."""

from playwright.sync_api import Page

from tests.platform_folder import Stack

GRAPHQL = """async (csrf) => {
  const answer = await fetch("/api/web/graphql", {
    method: "POST",
    headers: {"content-type": "application/json", ...(csrf ? {"X-CSRF": "1"} : {})},
    body: JSON.stringify({query: "{ me { id name orders(first: 1) { id } } }"}),
  });
  return {status: answer.status, body: await answer.json()};
}"""
"""Asks the GraphQL API as the page's own script would, with the CSRF header or without."""


def log_in(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.edge}/auth/login?return_to=/auth/session")
    page.fill("input[name=username]", "alice")
    page.fill("input[name=password]", "alice")
    page.click("button[type=submit]")
    page.wait_for_url(f"{stack.edge}/auth/session")
