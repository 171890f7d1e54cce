"""Revocations by the admin API, as two policy services on one store come to know them."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from colonnade_edge.authn.session import SessionRecord, digest_of, new_id, session_key
from colonnade_edge_tests.documents import document, mobile, payload, publish, question, subject
from colonnade_edge_tests.processes import Served, Valkey, free_port, serving, valkey, wait_until
from colonnade_policy import Route

TOKEN = "a-long-enough-admin-token"
ROUTES = {
    "mobile": Route("mobile", "jwt"),
    "unrevoked": Route("mobile", "jwt", revocation=False),
    "iot": Route("iot", "api_key"),
    "web": Route("web", "session"),
    "free": Route("web", "none"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("revocation")
    publish(folder / "policy.json", document(routes=ROUTES))
    (folder / "token").write_text(TOKEN)
    return folder


def environment(folder: Path, store_url: str) -> dict[str, str]:
    return {
        "POLICY_FILE": str(folder / "policy.json"),
        "STORE_URL": store_url,
        "ADMIN_TOKEN_FILE": str(folder / "token"),
    }


@pytest.fixture(scope="module")
def services(folder: Path, store: Valkey) -> Iterator[tuple[Served, Served]]:
    env = environment(folder, store.url)
    with serving("colonnade_edge", folder, env) as one, serving("colonnade_edge", folder, env) as other:
        yield one, other


@pytest.fixture
async def edges(services: tuple[Served, Served]) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(client_of(service)) for service in services]


@pytest.fixture(scope="module")
def console(folder: Path, store: Valkey) -> Iterator[httpx.Client]:
    with operator(folder, environment(folder, store.url)) as client:
        yield client


@contextmanager
def operator(folder: Path, env: dict[str, str]) -> Iterator[httpx.Client]:
    """A client of a console of its own."""
    with (
        serving("colonnade_edge.console", folder, env) as service,
        httpx.Client(base_url=service.url, headers={"authorization": f"Bearer {TOKEN}"}) as client,
    ):
        yield client


def client_of(service: Served) -> httpx.AsyncClient:
    """Talks to a policy service as Envoy does."""
    return httpx.AsyncClient(base_url=service.url, http1=False, http2=True, timeout=10)


def revoke(console: httpx.Client, **order: str) -> dict[str, object]:
    answer = console.post("/admin/revocations", json=order)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def make_key(console: httpx.Client, device: str) -> dict[str, str]:
    return dict(console.post("/admin/keys", json={"device_id": device}).raise_for_status().json())


def issued(sub: str, **claims: object) -> dict[str, str]:
    """The headers of a request with a token that was issued a second ago."""
    return mobile("mobile", sub, **{"iat": int(time.time()) - 1, "exp": time.time() + 300, **claims})


async def passes(edges: list[httpx.AsyncClient], headers: dict[str, str]) -> set[int]:
    return {(await edge.get("/check/", headers=headers)).status_code for edge in edges}


async def refused_everywhere(edges: list[httpx.AsyncClient], headers: dict[str, str]) -> None:
    """Within a second of the revocation, which has just been answered."""
    ordered = time.monotonic()
    while await passes(edges, headers) != {401}:
        assert time.monotonic() - ordered < 1.0
    answer = await edges[0].get("/check/", headers=headers)
    assert answer.json()["detail"] == "the credential was revoked"
    assert answer.headers["www-authenticate"]


async def test_a_users_tokens_are_refused_and_new_ones_pass(
    edges: list[httpx.AsyncClient], console: httpx.Client
) -> None:
    sub = subject()
    old, undated = issued(sub), mobile("mobile", sub)
    others = issued(subject())
    assert await passes(edges, old) == {200}  # now its identity is cached

    revoke(console, user=sub)

    await refused_everywhere(edges, old)
    assert await passes(edges, undated) == {401}
    assert await passes(edges, issued(sub, iat=time.time() + 1)) == {200}
    assert await passes(edges, others) == {200}
    assert await passes(edges, {**old, "x-colonnade-route": "unrevoked"}) == {200}


@pytest.mark.parametrize("named", ["token", "token_id"])
async def test_one_token_is_refused_and_others_of_its_user_pass(
    edges: list[httpx.AsyncClient], console: httpx.Client, named: str
) -> None:
    sub = subject()
    one, other = issued(sub, jti=f"{sub}-1"), issued(sub, jti=f"{sub}-2")
    text = f"h.{payload(sub, jti=f'{sub}-1', iss='http://127.0.0.1:8100')}.s"

    revoked = revoke(console, **{named: text if named == "token" else f"{sub}-1"})

    assert revoked["value"] == f"{sub}-1"
    await refused_everywhere(edges, one)
    assert await passes(edges, other) == {200}


async def test_a_token_without_an_id_is_known_by_its_payload(
    edges: list[httpx.AsyncClient], console: httpx.Client
) -> None:
    headers = issued(subject())

    revoke(console, token=f"h.{headers['x-colonnade-jwt']}.s")

    await refused_everywhere(edges, headers)


async def test_a_clients_tokens_are_refused(edges: list[httpx.AsyncClient], console: httpx.Client) -> None:
    client = subject()
    of_itself, of_a_user = issued(client, client_id=client), issued(subject(), client_id=client)

    revoke(console, client=client)

    await refused_everywhere(edges, of_itself)
    assert await passes(edges, of_a_user) == {401}


@pytest.mark.parametrize("kind", ["user", "client", "session"])
async def test_a_session_is_refused_and_its_page_told(
    edges: list[httpx.AsyncClient], console: httpx.Client, store: Valkey, kind: str
) -> None:
    """By the user, the client, or the provider's name for the login."""
    cookie, names = new_id(), {name: subject() for name in ("user", "client", "session")}
    record = SessionRecord(
        sub=names["user"],
        email="",
        name="",
        roles=(),
        scopes=(),
        client_id=names["client"],
        sid=names["session"],
        created=time.time() - 1,
        expires=time.time() + 300,
    )
    with store.client() as client:
        client.set(session_key(digest_of(cookie)), msgspec.json.encode(record))
        client.sadd(f"colonnade:sid:{record.sid}", digest_of(cookie))
        client.sadd(f"colonnade:sub:{record.sub}", digest_of(cookie))
    headers = question("web", cookie=f"colonnade={cookie}")
    assert await passes(edges, headers) == {200}
    assert (await edges[0].get("/auth/session", headers=headers)).status_code == 200

    assert revoke(console, **{kind: names[kind]})["sessions_ended"] == (0 if kind == "client" else 1)

    ordered = time.monotonic()
    while await passes(edges, headers) != {401}:
        assert time.monotonic() - ordered < 1.0
    assert (await edges[0].get("/auth/session", headers=headers)).status_code == 401


async def test_a_logins_tokens_are_refused(edges: list[httpx.AsyncClient], console: httpx.Client) -> None:
    sub = subject()
    first, second = issued(sub, sid=f"{sub}-1"), issued(sub, sid=f"{sub}-2")

    revoke(console, session=f"{sub}-1")

    await refused_everywhere(edges, first)
    assert await passes(edges, second) == {200}


async def test_a_devices_keys_are_refused_and_a_new_one_passes(
    edges: list[httpx.AsyncClient], console: httpx.Client
) -> None:
    device = subject()
    old = [make_key(console, device)["key"] for _ in range(2)]
    assert await passes(edges, question("iot", x_api_key=old[0])) == {200}

    assert revoke(console, device=device)["keys_revoked"] == 2

    for key in old:
        assert await passes(edges, question("iot", x_api_key=key)) == {401}
    new = make_key(console, device)["key"]
    assert await passes(edges, question("iot", x_api_key=new)) == {200}


async def test_a_key_is_refused(edges: list[httpx.AsyncClient], console: httpx.Client) -> None:
    made = make_key(console, subject())

    assert revoke(console, key=made["id"])["keys_revoked"] == 1

    assert await passes(edges, question("iot", x_api_key=made["key"])) == {401}


def test_what_holds_is_listed(console: httpx.Client) -> None:
    sub = subject()
    revoke(console, user=sub)
    revoke(console, user=sub)

    listed = [one for one in console.get("/admin/revocations").json()["items"] if one["value"] == sub]

    assert len(listed) == 1
    assert listed[0]["kind"] == "user"
    assert listed[0]["until"] > listed[0]["revoked_at"]


@pytest.mark.parametrize(
    ("order", "status"),
    [({}, 400), ({"user": "a", "client": "b"}, 400), ({"user": ""}, 400), ({"key": "nonesuch"}, 404)],
)
def test_an_order_names_one_thing_that_can_be(
    console: httpx.Client, order: dict[str, str], status: int
) -> None:
    answer = console.post("/admin/revocations", json=order)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_nobody_else_may_revoke(console: httpx.Client) -> None:
    assert httpx.post(f"{console.base_url}/admin/revocations", json={"user": "a"}).status_code == 401


async def test_how_current_an_edge_is_can_be_seen(
    edges: list[httpx.AsyncClient], console: httpx.Client
) -> None:
    headers = issued(subject(), jti="to-be-counted")
    revoke(console, token_id="to-be-counted")
    await refused_everywhere(edges, headers)

    metrics = (await edges[0].get("/metrics")).text

    lines = dict(line.split() for line in metrics.splitlines() if line.startswith("colonnade_revocations"))
    assert float(lines["colonnade_revocations"]) > 0
    assert float(lines["colonnade_revocations_age_seconds"]) < 5


def age(served: Served) -> float:
    """Seconds since the service knew all that the store knew."""
    metrics = httpx.get(f"{served.url}/metrics").text.splitlines()
    return float(next(line for line in metrics if line.startswith("colonnade_revocations_age")).split()[1])


async def test_without_the_store_what_was_revoked_stays_so_and_nothing_is_missed(
    folder: Path, tmp_path: Path
) -> None:
    port = free_port()
    env = environment(folder, f"redis://127.0.0.1:{port}/0")
    users = [subject() for _ in range(3)]
    early, late, never = map(issued, users)
    key = question("iot", x_api_key=f"ck_abcdefgh_{'x' * 43}")
    async with AsyncExitStack() as stack:
        with valkey(tmp_path, port, kept=True):
            served = stack.enter_context(serving("colonnade_edge", folder, env))
            console = stack.enter_context(operator(folder, env))
            edges = [await stack.enter_async_context(client_of(served))]
            revoke(console, user=users[0])
            await refused_everywhere(edges, early)

        assert await passes(edges, early) == {401}
        assert await passes(edges, never) == {200}
        assert await passes(edges, key) == {503}

        with valkey(tmp_path, port, kept=True):
            revoke(console, user=users[1])
            wait_until(lambda: age(served) < 0.5, "the store is followed again")
            again = stack.enter_context(serving("colonnade_edge", folder, env))
            edges.append(await stack.enter_async_context(client_of(again)))

            assert await passes(edges, early) == {401}
            assert await passes(edges, late) == {401}
            assert await passes(edges, never) == {200}


async def test_a_store_that_hangs_is_followed_again_when_it_goes_on(folder: Path, tmp_path: Path) -> None:
    port = free_port()
    env = environment(folder, f"redis://127.0.0.1:{port}/0")
    sub = subject()
    headers = issued(sub)
    with valkey(tmp_path, port) as store, serving("colonnade_edge", folder, env) as served:
        async with client_of(served) as edge:
            store.freeze()
            wait_until(lambda: age(served) > 1, "the silence is seen")
            assert await passes([edge], headers) == {200}
            store.thaw()

            with operator(folder, env) as console:
                revoke(console, user=sub)
            wait_until(lambda: age(served) < 0.5, "the store is followed again")
            assert await passes([edge], headers) == {401}


async def test_a_service_that_never_heard_of_revocations_believes_no_credential(
    folder: Path, tmp_path: Path
) -> None:
    port = free_port()
    with serving("colonnade_edge", folder, environment(folder, f"redis://127.0.0.1:{port}/0")) as served:
        async with client_of(served) as edge:
            assert await passes([edge], issued("alice")) == {503}
            assert await passes([edge], question("free")) == {200}
            with valkey(tmp_path, port):
                wait_until(lambda: age(served) < 1, "the store is followed")
                assert await passes([edge], issued("alice")) == {200}
