"""Bytes to the edge's listener as an attacker would write them, and what came back."""

import json
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.platform_folder import Stack

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r\n")
SILENCE_S = 0.05
"""After an answer a second one, to something smuggled, follows at once; the BFF tells of a later one."""


@dataclass(frozen=True)
class Exchange:
    """All that the edge sent back on one connection."""

    data: bytes

    @property
    def statuses(self) -> list[int]:
        """The status of each answer, in order."""
        return [int(status) for status in STATUS.findall(self.data)]

    @property
    def echo(self) -> dict[str, Any]:
        """What the BFF says that it was sent."""
        told: dict[str, Any] = json.loads(self.data.partition(b"\r\n\r\n")[2])
        return told

    def got(self, name: str) -> list[str]:
        """Each value of a header as the BFF was sent it."""
        return [value for header, value in self.echo["headers"] if header == name]


def send(stack: Stack, *parts: bytes | str) -> Exchange:
    """Send `parts` on one connection; return all that came back until the edge closed it or fell silent."""
    url = urlsplit(stack.edge)
    with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
        with suppress(ConnectionError):
            for part in parts:
                connection.sendall(part.encode("latin-1") if isinstance(part, str) else part)
        return Exchange(_all(connection))


def _all(connection: socket.socket) -> bytes:
    data = b""
    with suppress(TimeoutError, ConnectionError):
        while part := connection.recv(65536):
            data += part
            connection.settimeout(SILENCE_S)
    return data


def head(method: str, path: str, *lines: str, host: str = "shop") -> str:
    """A request's head: each line as it is given."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *lines, "", ""])


def post(*lines: str, body: str = "", path: str = "/api/echo/open/outer") -> str:
    """A POST to the route that needs no credential."""
    return head("POST", path, *lines) + body


SMUGGLED = head("GET", "/api/echo/open/smuggled")
"""Must never be taken for a request."""
