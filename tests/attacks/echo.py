"""A BFF that answers with what it was sent, and remembers all that ever reached it."""

import json
from pathlib import Path
from urllib.request import urlopen

from tests.platform_folder import Stack

MANIFEST = """\
version: 1
name: echo
kind: web
owner: "@security"
port: 3090
route: {prefix: /api/echo, max_body: 64KiB, timeouts: {send: 2s, read: 5s}}
auth: {type: jwt}
limits: [{name: all, rate: 1000/second}]
routes:
  - {name: open, path: /open, auth: {type: none}, limits: [{name: open, rate: 1000/second, policy: local}]}
  - name: alone
    path: /alone
    auth: {type: jwt, revocation: false}
    limits: [{name: alone, rate: 1000/second, policy: local}]
  - {name: scoped, path: /scoped, auth: {type: jwt, scopes: ["orders:read"]}}
  - name: scoped-alone
    path: /scoped-alone
    auth: {type: jwt, scopes: ["orders:read"], revocation: false}
    limits: [{name: scoped-alone, rate: 1000/second, policy: local}]
  - {name: link, path: /link, auth: {type: jwt, token: {cookie: access, query: access_token}}}
  - {name: session, path: /session, auth: {type: session}}
  - {name: key, path: /key, auth: {type: api_key}}
"""
BEARERS = """\
  introspection: {{}}
  consumers:
    - {{name: partner, issuer: "https://partner.example", secret: "file:{secret}", scopes: [partner:read]}}
"""
PARTNER_SECRET = "partner-" + "s3cret-" * 5
"""Shared with a program that signs tokens itself."""

SOURCE = '''\
"""Echoes requests; `/seen` tells all that came."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SEEN = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        if self.path == "/healthz":
            return self.send({})
        if self.path == "/seen":
            return self.send(SEEN)
        SEEN.append([self.command, self.path])
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode("latin-1")
        headers = [[name.lower(), value] for name, value in self.headers.items()]
        self.send({"method": self.command, "path": self.path, "headers": headers, "body": body})

    def send(self, document):
        data = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_):
        pass


ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
'''


def add_echo(folder: Path) -> None:
    """Give the platform in `folder` the BFF `echo`, with a route for each kind of credential there is."""
    manifest = folder / "colonnade.yaml"
    text = manifest.read_text(encoding="utf-8")
    assert text.count("  auth: [") == 1
    assert text.count("identity:\n") == 1
    text = text.replace("  auth: [", "  auth: [none, ")
    text = text.replace("identity:\n", "identity:\n" + BEARERS.format(secret=folder / "partner-secret"))
    assert text.count("\nedge:\n") == 1
    text = text.replace("\nedge:\n", "\nedge:\n  timeouts: {headers: 1s}\n")
    manifest.write_text(text, encoding="utf-8")
    (folder / "partner-secret").write_text(PARTNER_SECRET, encoding="utf-8")
    package = folder / "bffs/echo/src/echo_bff"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(SOURCE, encoding="utf-8")
    (folder / "bffs/echo/bff.yaml").write_text(MANIFEST, encoding="utf-8")


def seen(stack: Stack) -> list[list[str]]:
    """Method and path of every request that ever reached the BFF."""
    with urlopen(f"{stack.told['processes']['echo']['url']}/seen", timeout=10) as answer:  # noqa: S310 - our own
        found: list[list[str]] = json.load(answer)
    return found
