"""A browser application through the edge: session cookie, GraphQL, REST."""

from typing import Any

import httpx
import pytest

from tests.platform_folder import Stack, log_in

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

ME = """{ me { id name email orders(first: 2) {
  id status total { amount currency } items { quantity product { id name } } } } }"""
PRODUCTS = """query Page($first: Int, $after: String) { products(first: $first, after: $after) {
  edges { cursor node { id name price { amount currency } } } pageInfo { hasNextPage endCursor } } }"""


def query(client: httpx.Client, text: str, **variables: object) -> dict[str, Any]:
    answer = client.post("/api/web/graphql", json={"query": text, "variables": variables})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert "errors" not in body, body
    data: dict[str, Any] = body["data"]
    return data


def test_alice_sees_herself_and_her_orders(web: httpx.Client) -> None:
    me = query(web, ME)["me"]

    assert ("alice", "alice@example.com") == (me["id"], me["email"])
    assert len(me["orders"]) == 2
    assert all(order["items"][0]["product"]["name"] for order in me["orders"])


def test_products_are_read_page_by_page(web: httpx.Client) -> None:
    first = query(web, PRODUCTS, first=3)["products"]
    second = query(web, PRODUCTS, first=3, after=first["pageInfo"]["endCursor"])["products"]

    ids = [edge["node"]["id"] for page in (first, second) for edge in page["edges"]]
    assert len(set(ids)) == 6
    assert first["pageInfo"]["hasNextPage"] is True


def test_one_product_is_found_by_its_id(web: httpx.Client) -> None:
    known = query(web, PRODUCTS, first=1)["products"]["edges"][0]["node"]

    data = query(
        web, "query One($id: ID!) { product(id: $id) { id name price { amount currency } } }", id=known["id"]
    )

    assert known == data["product"]


def test_home_answers_over_rest(web: httpx.Client) -> None:
    assert web.get("/api/web/home").status_code == 200


def test_the_session_tells_who_is_logged_in(web: httpx.Client) -> None:
    answer = web.get("/auth/session")

    assert answer.status_code == 200
    assert "alice" in answer.text


def test_without_a_session_the_answer_is_401_with_a_problem(anonymous: httpx.Client) -> None:
    answer = anonymous.get("/api/web/home")

    assert (401, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert "www-authenticate" in answer.headers


def test_a_state_changing_call_needs_the_csrf_header(web: httpx.Client) -> None:
    del web.headers["X-CSRF"]

    answer = web.post("/api/web/graphql", json={"query": "{ me { id } }"})

    assert (403, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_logging_out_ends_the_session_at_once(web: httpx.Client) -> None:
    cookie = dict(web.cookies)

    answer = web.post("/auth/logout")

    assert answer.status_code < 400
    old = web.get("/api/web/home", headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookie.items())})
    assert old.status_code == 401


def test_login_returns_to_own_paths_only(stack: Stack) -> None:
    for target in ("//evil.example", "https://evil.example/", "/\\evil.example"):
        with stack.client() as client:
            first = client.get("/auth/login", params={"return_to": target})
            if first.status_code >= 400:
                continue
            answer = log_in(client, return_to=target)
            back = client.get(answer.headers["location"], follow_redirects=False)
            assert "evil" not in back.headers.get("location", "")


def test_login_brings_the_user_back_to_where_they_were(stack: Stack) -> None:
    with stack.client() as client:
        answer = log_in(client, return_to="/api/web/home")

        back = client.get(answer.headers["location"], follow_redirects=False)

        assert back.headers["location"].endswith("/api/web/home")


def test_the_cookie_is_closed_to_scripts_and_the_bff_never_sees_it(stack: Stack) -> None:
    with stack.client() as client:
        answer = log_in(client)
        cookies = client.get(answer.headers["location"], follow_redirects=False).headers.get_list(
            "set-cookie"
        )

    session = [cookie for cookie in cookies if cookie.startswith(("colonnade=", "__Host-colonnade="))]
    assert session
    assert all("httponly" in cookie.lower() and "samesite=lax" in cookie.lower() for cookie in session)
