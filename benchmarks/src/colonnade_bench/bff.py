"""`bench bff`: GET /home of the mobile BFF against the same view in Fastify with undici."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
import msgspec

from colonnade.ir.target import Address
from colonnade_bench.canned import Answer, backend
from colonnade_bench.errors import BenchError
from colonnade_bench.measure import SUBJECT_CORES, Result, Subject, measure
from colonnade_bench.processes import HOST, free_port, running, wait_for
from order_service.seed import orders
from product_service.seed import products
from service_kit import Collection
from user_service.seed import users

PATH = "/home"
USER = "alice"
NODE = 20
PEER = Path(__file__).parents[2] / "peers" / "fastify"


def bench_bff(cache: Path, seconds: int, tell: Callable[[str], None]) -> list[Result]:
    """Return the results, Fastify first. Both read the same answers, and must give the same."""
    with tempfile.TemporaryDirectory(prefix="colonnade-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        tell("installing Fastify")
        peer = _install(cache)
        served = {
            service: stack.enter_context(backend(folder, service, answers))
            for service, answers in _answers(folder).items()
        }
        env = {f"UPSTREAM_{service.upper()}_URL": address.url for service, address in served.items()}
        ours = [sys.executable, "-P", "-m", "mobile_bff"]
        theirs = ["node", str(peer / "server.mjs")]
        subjects = [
            _start(stack, folder, "Fastify + undici", theirs, env | {"NODE_ENV": "production"}),
            _start(stack, folder, "Colonnade mobile BFF", ours, env),
        ]
        _verify(subjects)
        tokens = folder / "tokens.txt"
        tokens.write_text("unused\n", encoding="utf-8")
        return measure(subjects, tokens, seconds, tell)


def _install(cache: Path) -> Path:
    """Install the peer from npm, once. Raises `BenchError` where Node is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise BenchError(f"node and npm are not installed; Node {NODE} or newer is needed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < NODE:
        raise BenchError(f"Node {NODE} or newer is needed, found {version.strip()}")
    folder = cache / "fastify"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(PEER, folder, dirs_exist_ok=True)
    done_marker = folder / "installed"
    if not done_marker.exists():
        command = [
            npm,
            "install",
            "--omit=dev",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
            "--ignore-scripts",
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"npm install failed: {done.stderr.strip()[-300:]}")
        done_marker.touch()
    return folder


def _answers(folder: Path) -> dict[str, list[Answer]]:
    """What the real services answer to the four calls of the view."""
    people = Collection(folder / "users.sqlite", users())
    catalogue = Collection(folder / "products.sqlite", products())
    placed = Collection(folder / "orders.sqlite", orders())
    newest = placed.page(3, None, USER, newest_first=True)
    firsts = sorted({order["items"][0]["product_id"] for order in msgspec.json.decode(newest)["items"]})
    user = people.get(USER) or b"{}"
    found = {
        "user": [Answer("/", user.decode())],
        "order": [Answer("/", newest.decode())],
        "product": [
            Answer("/", catalogue.batch(firsts).decode(), query="ids"),
            Answer("/", catalogue.page(3, None).decode()),
        ],
    }
    for collection in (people, catalogue, placed):
        collection.close()
    return found


def _start(stack: ExitStack, folder: Path, name: str, argv: list[str], env: dict[str, str]) -> Subject:
    address = Address(HOST, free_port())
    log = folder / f"{name.split(maxsplit=1)[0].lower()}.log"
    settings = env | {"HOST": HOST, "PORT": str(address.port)}
    pid = stack.enter_context(running(argv, SUBJECT_CORES, log, settings))
    wait_for(f"{address.url}{PATH}", log, accept=(200, 401))
    return Subject(name, address.url, PATH, (pid,))


def _verify(subjects: Sequence[Subject]) -> None:
    """Hold the subjects to the same answer. Raises `BenchError` where they differ."""
    answers = [httpx.get(one.url + PATH, headers={"X-User-ID": USER}) for one in subjects]
    documents = [answer.json() for answer in answers]
    if any(answer.status_code != httpx.codes.OK for answer in answers) or documents[0] != documents[1]:
        raise BenchError(f"the subjects do not answer alike: {documents}")
