"""What Envoy is answered, over HTTP/2, by a real policy service and a real store."""

import httpx
import pytest

from colonnade_edge_tests.documents import mobile, question, subject


async def test_a_verified_token_passes_with_its_identity(envoy: httpx.AsyncClient) -> None:
    headers = mobile("mobile", "alice-1", email="alice@example.com", roles=["user", "admin"])

    answer = await envoy.get("/check/api/mobile/home?x=1", headers=headers)

    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
    assert answer.headers["x-user-id"] == "alice-1"
    assert answer.headers["x-user-email"] == "alice@example.com"
    assert answer.headers["x-user-roles"] == "user,admin"
    assert answer.headers["x-client-id"] == "mobile"
    assert "x-device-id" not in answer.headers


async def test_a_client_without_a_user_is_known_by_its_client_id(envoy: httpx.AsyncClient) -> None:
    answer = await envoy.get("/check/", headers=mobile("mobile", "machine", client_id="machine"))

    assert answer.status_code == 200
    assert answer.headers["x-client-id"] == "machine"
    assert "x-user-id" not in answer.headers


@pytest.mark.parametrize("token", ["", "%%%", "e30", "bm90IGpzb24", "eyJzdWIiOiAiYVxuYiJ9"])
async def test_a_token_that_names_nobody_is_refused(envoy: httpx.AsyncClient, token: str) -> None:
    """Missing, not base64, empty, not JSON, a line break in the subject."""
    answer = await envoy.get("/check/", headers=question("mobile", x_colonnade_jwt=token))

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_role_that_could_be_read_as_two_is_left_out(envoy: httpx.AsyncClient) -> None:
    answer = await envoy.get("/check/", headers=mobile("mobile", subject(), roles=["user", "x,admin"]))

    assert answer.headers["x-user-roles"] == "user"


async def test_missing_scopes_are_named(envoy: httpx.AsyncClient) -> None:
    granted = await envoy.get("/check/", headers=mobile("scoped", subject(), scope="read write more"))
    lacking = await envoy.get("/check/", headers=mobile("scoped", subject(), scope="read"))

    assert granted.status_code == 200
    assert lacking.status_code == 403
    assert lacking.headers["www-authenticate"] == (
        'Bearer realm="colonnade", error="insufficient_scope", scope="read write"'
    )
    assert lacking.json()["required_scopes"] == ["read", "write"]


async def test_one_of_the_groups_is_enough(envoy: httpx.AsyncClient) -> None:
    allowed = await envoy.get("/check/", headers=mobile("grouped", subject(), roles=["user", "admin"]))
    lacking = await envoy.get("/check/", headers=mobile("grouped", subject(), roles=["user"]))

    assert allowed.status_code == 200
    assert lacking.status_code == 403
    assert "www-authenticate" not in lacking.headers
    assert lacking.json()["type"] == "urn:colonnade:problem:not-in-group"


async def test_each_claim_is_needed_with_one_of_its_values(envoy: httpx.AsyncClient) -> None:
    async def ask(**claims: object) -> httpx.Response:
        return await envoy.get("/check/", headers=mobile("claimed", subject(), **claims))

    assert (await ask(org={"tenant": "beta"}, level=2)).status_code == 200
    for claims in ({"level": 2}, {"org": {"tenant": "beta"}}, {"org": {"tenant": "other"}, "level": 2}):
        lacking = await ask(**claims)
        assert lacking.status_code == 403
        assert lacking.json()["type"] == "urn:colonnade:problem:claim-not-held"
        assert "acme" not in lacking.text


async def test_an_open_route_lets_anybody_pass(envoy: httpx.AsyncClient) -> None:
    answer = await envoy.get("/check/", headers=question("free"))

    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("x-")]


async def test_an_unknown_route_does_not_pass(envoy: httpx.AsyncClient) -> None:
    answer = await envoy.get("/check/", headers=question("nowhere"))

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


async def test_other_paths_are_not_found(envoy: httpx.AsyncClient) -> None:
    assert (await envoy.get("/secret")).status_code == 404
    assert (await envoy.get("/auth/other")).status_code == 404


async def test_decisions_are_counted(envoy: httpx.AsyncClient) -> None:
    await envoy.get("/check/", headers=question("free"))

    metrics = (await envoy.get("/metrics")).text

    assert 'colonnade_decisions_total{route="free",outcome="allowed"}' in metrics
    assert "colonnade_store_batch_questions_bucket" in metrics
