"""A real Envoy over a platform written in a test, with a backend that tells what it was sent."""

import asyncio
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from colonnade.envoy.publish import publish, write_bootstrap
from colonnade.envoy.validate import envoy_binary, validate
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address, Target, TlsTarget
from colonnade.manifest.load import load
from colonnade.resolve import resolve
from colonnade.tls import Sources, publish_certificates
from colonnade.tls.authority import Authority

HOST = "127.0.0.1"
PLATFORM = "name: shop\nguardrails: {auth: [jwt, none], require_limit: false}\n"


@dataclass
class Backend:
    """Stands in for every BFF and for the identity provider: answers with what it was sent.

    A parameter `say.NAME` of the query is a header of the answer.
    """

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    failures: int = 0
    server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        backend = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                if self.path.endswith("jwks.json"):
                    self.send({"keys": [backend.key.as_dict(private=False)]})
                elif "hang" in self.path:
                    time.sleep(1.5)
                    self.close_connection = True
                elif "flaky" in self.path and backend.failures > 0:
                    backend.failures -= 1
                    self.close_connection = True
                else:
                    headers = [[name.lower(), value] for name, value in self.headers.items()]
                    self.send({"path": self.path, "headers": headers, "size": len(body), "pad": "x" * 3000})

            def send(self, document: object) -> None:
                data = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                for name, value in said(self.path):
                    self.send_header(name, value)
                self.end_headers()
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer  # noqa: N815 - the base class's names

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((HOST, 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> Address:
        return Address(HOST, self.server.server_address[1])

    @property
    def issuer(self) -> str:
        return self.address.url

    def token(self, claims: Mapping[str, object], key: RSAKey | None = None) -> str:
        """An access token of alice; a claim given as None is left out."""
        now = int(time.time())
        standard = {
            "iss": self.issuer,
            "aud": "colonnade",
            "sub": "alice",
            "client_id": "tv",
            "exp": now + 60,
        }
        standard |= {"email": "alice@example.com", "roles": ["user", "admin"], "scope": "openid orders:read"}
        given: dict[str, Any] = {k: v for k, v in {**standard, **claims}.items() if v is not None}
        signing = key or self.key
        return jwt.encode({"alg": "RS256", "kid": str(self.key.kid)}, given, signing)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def said(path: str) -> list[tuple[str, str]]:
    """The headers that the query wants on the answer."""
    query = parse_qsl(urlsplit(path).query)
    return [(name.removeprefix("say."), value) for name, value in query if name.startswith("say.")]


@dataclass
class Edge:
    """A running Envoy."""

    folder: Path
    target: Target
    backend: Backend
    log: Path

    @property
    def url(self) -> str:
        return self.target.listen.url

    @property
    def tls_url(self) -> str:
        assert self.target.tls is not None
        return f"https://{self.target.tls.listen}"

    @property
    def authority(self) -> Path:
        """The certificate of the CA that vouches for this edge."""
        return self.folder / "ca.pem"

    def certify(self) -> None:
        """Give the edge another certificate than it has."""
        now, names = datetime.now(UTC), ("localhost", HOST)
        files = (self.folder / "chain.pem", self.folder / "key.pem")
        issued = Authority.open(self.authority, names, now).issue(names, now)
        for file, text in zip(files, issued, strict=True):
            file.write_bytes(text)
        publish_certificates(Sources(files, None, self.authority), self.folder / "tls", now)

    def get(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        return httpx.get(f"{self.url}{path}", timeout=10, **options)

    def alice(self, **claims: object) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.backend.token(claims)}"}

    def rewrite(self, **bffs: str) -> None:
        """Replace the manifests, and publish what they compile to."""
        publish(self.folder / "run", platform(self.folder, bffs), self.target)


def platform(folder: Path, bffs: Mapping[str, str], text: str = PLATFORM) -> Platform:
    (folder / "colonnade.yaml").write_text(text, encoding="utf-8")
    for name, manifest in bffs.items():
        file = folder / "bffs" / name / "bff.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'name: {name}\nowner: "@team"\n{manifest}', encoding="utf-8")
    return resolve(load(folder))


@contextmanager
def running(folder: Path, bffs: Mapping[str, str], text: str = PLATFORM) -> Iterator[Edge]:
    """Start an edge on free ports, in front of one backend for everything."""
    compiled = platform(folder, bffs, text)
    backend = Backend()
    listen, admin, dead, tls = free_ports()
    endpoints = dict.fromkeys(bffs, (backend.address,))
    endpoints |= {"policy": (Address(HOST, dead),), "identity": (backend.address,)}
    run = folder / "run"
    target = Target(
        Address(HOST, listen),
        Address(HOST, admin),
        backend.issuer,
        endpoints,
        str(run),
        tls=TlsTarget(Address(HOST, tls), str(folder / "tls")),
    )
    edge = Edge(folder, target, backend, folder / "envoy.log")
    edge.certify()
    asyncio.run(validate(compiled, target))
    file = write_bootstrap(run, compiled, target)
    publish(run, compiled, target)
    with edge.log.open("w", encoding="utf-8") as output:
        argv = [str(envoy_binary()), "-c", str(file), "--disable-hot-restart", "--concurrency", "1"]
        process = subprocess.Popen([*argv, "--log-level", "warning"], stdout=output, stderr=output)
    try:
        eventually(lambda: edge.get("/healthz").status_code == 200)
        yield edge
    finally:
        process.terminate()
        process.wait(10)
        backend.close()


def free_ports() -> list[int]:
    """Four ports that nothing listens on now."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(4)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]


def eventually(probe: Any, within: float = 10.0) -> None:  # noqa: ANN401 - anything to be true
    """Return when `probe` is true; fail after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        with suppress(httpx.TransportError):
            if probe():
                return
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)
