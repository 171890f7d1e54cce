"""`bench edge`: our two paths against plain proxies, in front of the same backend."""

import json
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import httpx

from colonnade.ir.target import Address
from colonnade_bench import ours, peers
from colonnade_bench.canned import Answer, backend
from colonnade_bench.errors import BenchError, NotAvailableError
from colonnade_bench.measure import Result, Subject, measure
from colonnade_bench.processes import HOST, free_port
from colonnade_bench.tokens import Consumers, consumers

BODY = '{"a":"' + "x" * 1000 + '"}'
NAMES = ("native", "store", "nginx", "haproxy", "caddy", "traefik")
ENDPOINTS = {"jwks_uri": "jwks", "authorization_endpoint": "authorize", "token_endpoint": "token"}
INTROSPECTED = {"active": True, "client_id": "bench", "sub": "u-0001", "aud": "colonnade"}
Start = Callable[[], AbstractContextManager[Subject]]


def bench_edge(
    cache: Path, only: Sequence[str], seconds: int, tell: Callable[[str], None]
) -> tuple[list[Result], dict[str, str]]:
    """Return the results, plain Envoy first, and why a peer is missing."""
    with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        served = stack.enter_context(backend(folder, "backend", [Answer("/", BODY)]))
        # The issuer's address stands in the tokens, so it is chosen before its keys are made.
        signed, issuer = issuer_of(folder, stack)
        starts = _starts(folder, served, issuer, cache)
        subjects = [stack.enter_context(peers.envoy(folder, served))]
        missing: dict[str, str] = {}
        for one in only or NAMES:
            tell(f"starting {one}")
            try:
                subjects.append(stack.enter_context(starts[one]()))
            except NotAvailableError as error:
                missing[one] = str(error)
        verify(subjects, signed)
        return measure(subjects, signed.file, seconds, tell), missing


def issuer_of(folder: Path, stack: ExitStack) -> tuple[Consumers, Address]:
    """Sign tokens, and serve the keys that verify them until the stack is closed."""
    named = Address(HOST, free_port())
    signed = consumers(folder, named.url)
    found = {name: f"{named.url}/{path}" for name, path in ENDPOINTS.items()} | {"issuer": named.url}
    found["introspection_endpoint"] = f"{named.url}/introspect"
    discovery = Answer("/.well-known/openid-configuration", json.dumps(found))
    answers = [
        discovery,
        Answer("/jwks", signed.jwks),
        Answer("/introspect", json.dumps(INTROSPECTED)),
        # What the native path asks its policy service about: a token that Envoy could not verify.
        Answer("/check", "", status=401),
        Answer("/", "{}"),
    ]
    return signed, stack.enter_context(backend(folder, "issuer", answers, named))


def _starts(folder: Path, served: Address, issuer: Address, cache: Path) -> dict[str, Start]:
    return {
        "native": lambda: ours.native(folder, served, issuer),
        "store": lambda: ours.store(folder, served, issuer),
        "nginx": lambda: peers.nginx(folder, served, cache),
        "haproxy": lambda: peers.haproxy(folder, served, cache),
        "caddy": lambda: peers.caddy(folder, served, cache),
        "traefik": lambda: peers.traefik(folder, served, cache),
    }


def first_header(file: Path) -> dict[str, str]:
    """Return the first of the headers in a file of credentials."""
    name, _, value = file.read_text(encoding="utf-8").partition("\n")[0].partition(": ")
    return {name: value}


def verify(subjects: Sequence[Subject], signed: Consumers) -> None:
    """Hold every subject to the same work before it is measured. Raises `BenchError`."""
    for subject in subjects:
        answer = httpx.get(subject.url + subject.path, headers=first_header(signed.file))
        if answer.status_code != httpx.codes.OK or answer.text != BODY:
            raise BenchError(f"{subject.name} answers {answer.status_code}: {answer.text[:200]}")
        if "Colonnade" in subject.name:
            refused = httpx.get(subject.url + subject.path).status_code
            if refused != httpx.codes.UNAUTHORIZED or "x-ratelimit-remaining" not in answer.headers:
                raise BenchError(f"{subject.name} does not verify ({refused}) or does not count")
