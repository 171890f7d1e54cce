"""`bench auth`: what each kind of credential costs, in front of the same backend and without any limit."""

import asyncio
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey
from redis.asyncio import Redis

from colonnade.ir.target import Address
from colonnade_bench import ours
from colonnade_bench.canned import Answer, backend
from colonnade_bench.edge import BODY, first_header, issuer_of
from colonnade_bench.errors import BenchError
from colonnade_bench.measure import Result, Subject, measure
from colonnade_bench.tokens import CONSUMERS, LIFE_S
from colonnade_edge.authn.session import PLAIN_COOKIE, SessionRecord
from colonnade_edge.console.keys import Keys
from colonnade_edge.console.models import NewKey
from colonnade_edge.keyring import Keyring
from colonnade_edge.sessions import Sessions, Tokens

Start = Callable[[], AbstractContextManager[Subject]]
Issue = Callable[[Redis, int], Awaitable[str]]
"""Makes the credential of one consumer in the store, and returns the header that carries it."""

NO_LIMIT = ""


def bench_auth(seconds: int, tell: Callable[[str], None]) -> list[Result]:
    """Return the results, the edge without any credential first."""
    with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        served = stack.enter_context(backend(folder, "backend", [Answer("/", BODY)]))
        signed, issuer = issuer_of(folder, stack)
        native, asking = (
            partial(path, folder, served, issuer, NO_LIMIT) for path in (ours.native, ours.store)
        )
        starts: list[Start] = [
            partial(native, "no credential", auth="none"),
            partial(native, "JWT, Envoy alone", auth=ours.UNREVOKED),
            partial(asking, "JWT", auth="jwt"),
            partial(_issued, folder, partial(asking, "session", auth="session"), _session),
            partial(_issued, folder, partial(asking, "API key", auth="api_key"), _key),
            partial(_issued, folder, partial(asking, "opaque token", auth="jwt"), _opaque),
            partial(_issued, folder, partial(asking, "HS256 token of a consumer", auth="jwt"), _consumer),
        ]
        subjects = []
        for start in starts:
            subjects.append(stack.enter_context(start()))
            tell(f"started {subjects[-1].name}")
        for subject in subjects:
            _verify(subject, subject.credentials or signed.file)
        return measure(subjects, signed.file, seconds, tell)


@contextmanager
def _issued(folder: Path, start: Start, issue: Issue) -> Iterator[Subject]:
    """A subject that is asked with credentials of its own store."""
    with start() as subject:
        if subject.store is None:
            raise BenchError(f"{subject.name} has no store")
        headers = asyncio.run(_issue_all(subject.store, issue))
        file = folder / f"{subject.name}.txt"
        file.write_text("".join(f"{header}\n" for header in headers), encoding="utf-8")
        yield replace(subject, credentials=file)


async def _issue_all(store: Address, issue: Issue) -> list[str]:
    async with Redis(host=store.host, port=store.port, protocol=2) as redis:
        return [await issue(redis, number) for number in range(CONSUMERS)]


async def _session(redis: Redis, number: int) -> str:
    now = time.time()
    record = SessionRecord(
        sub=f"u-{number:04}",
        email="someone@example.com",
        name="Someone",
        roles=("user",),
        scopes=("openid", "profile", "email"),
        client_id="web",
        sid=f"sid-{number}",
        created=now,
        expires=now + LIFE_S,
    )
    sessions = Sessions(redis, Keyring(secrets.token_urlsafe(32)))
    cookie = await sessions.begin(record, Tokens("access", "", "id"), LIFE_S)
    return f"Cookie: {PLAIN_COOKIE}={cookie}"


async def _key(redis: Redis, number: int) -> str:
    key, _ = await Keys(redis).create(NewKey(device_id=f"sensor-{number}"), None)
    return f"X-API-Key: {key}"


async def _opaque(_redis: Redis, _number: int) -> str:
    """The issuer calls every token active, so that only remembering it is measured."""
    return f"Authorization: Bearer {secrets.token_urlsafe(32)}"


async def _consumer(_redis: Redis, number: int) -> str:
    claims = {
        "iss": ours.CONSUMER,
        "aud": "colonnade",
        "exp": int(time.time()) + LIFE_S,
        "jti": f"t-{number}",
    }
    return f"Authorization: Bearer {jwt.encode({'alg': 'HS256'}, claims, OctKey.import_key(ours.SECRET))}"


def _verify(subject: Subject, credentials: Path) -> None:
    """Hold a subject to its work: a credential opens, and without one nothing does."""
    url = subject.url + subject.path
    answer = httpx.get(url, headers=first_header(credentials))
    if answer.status_code != httpx.codes.OK or answer.text != BODY:
        raise BenchError(f"{subject.name} answers {answer.status_code}: {answer.text[:200]}")
    if subject.name != "no credential" and httpx.get(url).status_code != httpx.codes.UNAUTHORIZED:
        raise BenchError(f"{subject.name} lets anybody pass")
