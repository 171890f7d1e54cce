"""A mobile application through the edge: bearer tokens, trimmed answers, pages."""

import base64
import json

import httpx
import pytest

from tests.platform_folder import Stack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


def test_home_is_small_and_about_alice(mobile: httpx.Client) -> None:
    answer = mobile.get("/api/mobile/home")

    assert answer.status_code == 200
    assert "Alice" in answer.text
    assert len(answer.content) < 4_096


@pytest.mark.parametrize("path", ["/api/mobile/products", "/api/mobile/orders"])
def test_lists_are_read_page_by_page(mobile: httpx.Client, path: str) -> None:
    first = mobile.get(path, params={"limit": 3}).json()
    second = mobile.get(path, params={"limit": 3, "cursor": first["next_cursor"]}).json()

    ids = [item["id"] for page in (first, second) for item in page["items"]]
    assert len(set(ids)) == 6


def test_one_product_is_found_by_its_id(mobile: httpx.Client) -> None:
    known = mobile.get("/api/mobile/products", params={"limit": 1}).json()["items"][0]

    assert known["id"] == mobile.get(f"/api/mobile/products/{known['id']}").json()["id"]


def test_an_unknown_product_is_a_problem(mobile: httpx.Client) -> None:
    answer = mobile.get("/api/mobile/products/p-9999999")

    assert (404, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_a_page_that_the_client_has_already_is_not_sent_again(mobile: httpx.Client, coding: str) -> None:
    asked = {"Accept-Encoding": coding}
    first = mobile.get("/api/mobile/products", params={"limit": 50}, headers=asked)
    again = {**asked, "If-None-Match": first.headers["etag"]}
    second = mobile.get("/api/mobile/products", params={"limit": 50}, headers=again)

    assert coding == first.headers.get("content-encoding", "identity")
    assert (304, b"") == (second.status_code, second.content)
    assert first.headers["etag"] == second.headers["etag"]


def test_what_a_bff_counts_is_told_inside_only(stack: Stack, mobile: httpx.Client) -> None:
    assert mobile.get("/api/mobile/metrics").status_code == 404
    assert "colonnade_requests_total" in httpx.get(stack.metrics("mobile")).text


def test_no_token_is_401_and_says_which_scheme(anonymous: httpx.Client) -> None:
    answer = anonymous.get("/api/mobile/home")

    assert (401, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert answer.headers["www-authenticate"].startswith("Bearer")


def _changed(token: str, part: int, **claims: object) -> str:
    parts = token.split(".")
    padded = parts[part] + "=" * (-len(parts[part]) % 4)
    content = json.loads(base64.urlsafe_b64decode(padded)) | claims
    parts[part] = base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
    return ".".join(parts)


@pytest.mark.parametrize(
    ("part", "claims"),
    [(1, {"sub": "bob"}), (1, {"exp": 4102444800}), (0, {"alg": "none"}), (0, {"kid": "other"})],
    ids=["another user", "longer life", "no algorithm", "another key"],
)
def test_a_forged_token_is_refused(
    anonymous: httpx.Client, mobile_token: str, part: int, claims: dict[str, object]
) -> None:
    forged = _changed(mobile_token, part, **claims)

    answer = anonymous.get("/api/mobile/home", headers={"Authorization": f"Bearer {forged}"})

    assert (401, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_a_token_without_its_signature_is_refused(anonymous: httpx.Client, mobile_token: str) -> None:
    unsigned = mobile_token.rpartition(".")[0] + "."

    assert (
        anonymous.get("/api/mobile/home", headers={"Authorization": f"Bearer {unsigned}"}).status_code == 401
    )


def test_identity_headers_of_a_client_are_removed(mobile: httpx.Client) -> None:
    spoofed = {"X-User-ID": "bob", "x-user-id": "bob", "X_User_ID": "bob", "X-User-Roles": "admin"}

    answer = mobile.get("/api/mobile/home", headers=spoofed)

    assert answer.status_code in {200, 400}
    assert "Bob" not in answer.text


def test_a_limited_answer_tells_the_limit(mobile: httpx.Client) -> None:
    headers = mobile.get("/api/mobile/products").headers

    for name in (
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "ratelimit",
        "ratelimit-policy",
    ):
        assert headers[name]


def test_beyond_the_burst_the_answer_is_429_and_says_when_to_come_back(stack: Stack) -> None:
    token = stack.token(user="bob")
    with stack.client(headers={"Authorization": f"Bearer {token}"}) as client:
        answers = [client.get("/api/mobile/products", params={"limit": 1}) for _ in range(40)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 15
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].headers["content-type"] == "application/problem+json"
    assert refused[0].headers["x-ratelimit-remaining"] == "0"
