"""One round trip to one node of the store."""

from colonnade_edge.store.wire import Reply


class Trip:
    """A payload of `expected` commands for a node; `replies` are there when it is back."""

    __slots__ = ("expected", "node", "payload", "replies")

    def __init__(self, node: int, payload: bytes, expected: int) -> None:
        self.node = node
        self.payload = payload
        self.expected = expected
        self.replies: list[Reply] = []
