"""Small processes that can do what real ones do: serve, say something, end, hang, leave children."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from colonnade.local.spec import ProcessSpec, http_health

SERVER = """
import http.server, os, subprocess, sys, time
sys.stdout.write("hello\\n" + "x" * 10 + "\\n"); sys.stdout.flush()
if "CHILD" in os.environ:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    open(os.environ["CHILD"], "w").write(str(child.pid))
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/slow":
            print("GET /slow", flush=True)
            time.sleep(1)
        self.send_response(500 if self.path.startswith("/fail") else int(os.environ.get("STATUS", "200")))
        self.send_header("content-length", "0")
        self.end_headers()
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
if os.environ.get("STUBBORN"):
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def server(name: str, port: int, *, after: tuple[str, ...] = (), **env: str) -> ProcessSpec:
    """An HTTP server that is healthy, unless `STATUS` says otherwise."""
    return fake(name, port, SERVER, after=after, **env)


def fake(name: str, port: int, code: str, *, after: tuple[str, ...] = (), **env: str) -> ProcessSpec:
    """A process that runs `code`."""
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-c", code),
        env={"PORT": str(port), "PATH": "/usr/bin:/bin", **env},
        cwd=Path("/"),
        health=http_health(port),
        url=f"http://127.0.0.1:{port}",
        after=after,
    )


def eventually(condition: Callable[[], bool], within: float = 20.0) -> None:
    """Return when `condition` holds; fails when it does not `within` so many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.02)
