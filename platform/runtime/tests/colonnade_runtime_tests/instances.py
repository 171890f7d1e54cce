"""Services of several instances: real servers, each with a name that it answers."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"


class Instance:
    """A server that answers its name and counts; it may answer another status, or wait to be `freed`.

    Asked at `/healthz` it answers the status `health`, or breaks the connection where that is None.
    """

    def __init__(self, name: str, port: int = 0) -> None:
        self.name = name
        self.status = 200
        self.body = name.encode()
        self.health: int | None = 200
        self.checked = 0
        self.freed = threading.Event()
        self.freed.set()
        self.asked = 0
        handler = type("Handler", (_Handler,), {"instance": self})
        self._server = _Server((HOST, port), handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join()


@contextmanager
def several(count: int) -> Iterator[list[Instance]]:
    """So many instances, called `0`, `1` and so on."""
    instances = [Instance(str(number)) for number in range(count)]
    try:
        yield instances
    finally:
        for instance in instances:
            instance.close()


def counts(names: list[str]) -> list[int]:
    """How often each of the names was answered, in their order."""
    return [count for _, count in sorted(Counter(names).items())]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self) -> None:
        self.open: list[object] = []
        super().server_bind()

    def process_request(self, request: object, client_address: object) -> None:
        self.open.append(request)
        super().process_request(request, client_address)  # type: ignore[arg-type]  # as it was given

    def close_connections(self) -> None:
        """Break what clients keep open, as the end of a process does."""
        for connection in self.open:
            self.shutdown_request(connection)  # type: ignore[arg-type]  # as it was given


class _Handler(BaseHTTPRequestHandler):
    instance: Instance
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        if self.path == "/healthz":
            self.say()
            return
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.instance.asked += 1
        self.instance.freed.wait(30)
        self.send(self.instance.status, self.instance.body)

    def say(self) -> None:
        self.instance.checked += 1
        if self.instance.health is None:
            self.close_connection = True
        else:
            self.send(self.instance.health, b"")

    def send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        with suppress(OSError):  # the connections of a dead instance are broken
            self.end_headers()
            self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815 - the base class's names

    def log_message(self, *_arguments: object) -> None:
        pass
