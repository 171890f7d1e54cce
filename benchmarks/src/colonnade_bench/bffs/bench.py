"""`bench bff`: what a BFF costs, against the same answers of Node's frameworks and of code without ours."""

import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx

from colonnade.ir.target import Address
from colonnade_bench.bffs.answers import shop
from colonnade_bench.bffs.cases import Case, Ours, Peer, case_of
from colonnade_bench.bffs.node import install
from colonnade_bench.canned import backend
from colonnade_bench.errors import BenchError
from colonnade_bench.measure import SUBJECT_CORES, Result, Subject, measure
from colonnade_bench.processes import HOST, free_port, running, wait_for

HEALTHY = (200, 400, 401, 404, 405)
"""A peer has no health page: it answers, whatever it says."""


def bench_bff(
    cache: Path, names: Sequence[str], seconds: int, tell: Callable[[str], None]
) -> list[tuple[str, list[Result]]]:
    """Return the results of each case, under its title; the first subject of a case is its measure."""
    with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as name:
        folder = Path(name)
        with shop(folder) as seeded:
            cases = [case_of(one, seeded) for one in names]
        return [(case.title, _measured(case, folder, cache, seconds, tell)) for case in cases]


def _measured(
    case: Case, folder: Path, cache: Path, seconds: int, tell: Callable[[str], None]
) -> list[Result]:
    with ExitStack() as stack:
        env = {"NODE_ENV": "production"}
        for service, answers in case.answers.items():
            served = stack.enter_context(backend(folder, service, answers))
            env[f"UPSTREAM_{service.upper()}_URL"] = served.url
        file = folder / "credential.txt"
        file.write_text(f"{case.header[0]}: {case.header[1]}\n", encoding="utf-8")
        body = _file(folder, case.body)
        subjects = []
        for number, one in enumerate(case.subjects):
            tell(f"starting {one.name}")
            log = folder / f"{number}.log"
            subject = _started(stack, case, one.name, _argv(one, cache), env, log)
            subjects.append(replace(subject, body=body))
        _verify(case, subjects)
        return measure(subjects, file, seconds, tell)


def _file(folder: Path, body: bytes | None) -> Path | None:
    if body is None:
        return None
    file = folder / "body.json"
    file.write_bytes(body)
    return file


def _argv(subject: Peer | Ours, cache: Path) -> list[str]:
    if isinstance(subject, Ours):
        return [sys.executable, "-P", "-m", subject.module]
    return ["node", str(install(cache, subject.package) / subject.script)]


def _started(
    stack: ExitStack, case: Case, name: str, argv: list[str], env: dict[str, str], log: Path
) -> Subject:
    address = Address(HOST, free_port())
    settings = env | {"HOST": HOST, "PORT": str(address.port)}
    pid = stack.enter_context(running(argv, SUBJECT_CORES, log, settings))
    wait_for(f"{address.url}{case.path}", log, accept=HEALTHY)
    return Subject(name, address.url, case.path, (pid,))


def _verify(case: Case, subjects: Sequence[Subject]) -> None:
    """Hold the subjects to the same answer. Raises `BenchError` where they differ."""
    method = "GET" if case.body is None else "POST"
    headers = dict([case.header]) | ({} if case.body is None else {"Content-Type": "application/json"})
    answers = [
        httpx.request(method, one.url + one.path, headers=headers, content=case.body) for one in subjects
    ]
    documents = [answer.json() for answer in answers]
    if any(answer.is_error for answer in answers) or any(one != documents[0] for one in documents):
        raise BenchError(f"the subjects do not answer alike: {documents}")
