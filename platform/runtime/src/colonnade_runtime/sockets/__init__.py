"""WebSockets (RFC 6455): typed messages both ways, until one side ends it."""

from colonnade_runtime.sockets.endings import Code, Gone
from colonnade_runtime.sockets.socket import Bounds, WebSocket

__all__ = ["Bounds", "Code", "Gone", "WebSocket"]
