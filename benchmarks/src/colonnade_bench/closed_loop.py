"""Callers that ask again as soon as they were answered, over kept connections, and count what they lose."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

TIMEOUT_S = 20.0
AGAIN_S = 0.1


@dataclass(frozen=True)
class Ask:
    """An idempotent request."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Heard:
    """What came of all requests: answers by path and status; what was lost, or cut and asked again."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many were sent, those that were sent twice once."""
        return sum(self.answers.values()) + len(self.lost)

    def other_than(self, *good: int) -> dict[tuple[str, int], int]:
        """Return the answers with other statuses."""
        return {answer: count for answer, count in self.answers.items() if answer[1] not in good}


@contextmanager
def asking(
    url: str, asks: Sequence[Ask], callers: int, pause_s: float = 0.0, *, again: bool = False
) -> Iterator[Heard]:
    """Have each of `callers` ask all of `asks` in turn, again and again.

    A caller waits `pause_s` after each answer, so that the machine has time for other things. With `again`,
    it asks a second time where a connection ended without an answer, as RFC 9110, 9.2.2 lets clients do.
    """
    heard, stop = Heard(), threading.Event()
    address = urlsplit(url).netloc
    turns = [[*asks[number % len(asks) :], *asks[: number % len(asks)]] for number in range(callers)]
    threads = [
        threading.Thread(target=_ask, args=(address, turn, heard, stop, pause_s), kwargs={"again": again})
        for turn in turns
    ]
    for thread in threads:
        thread.start()
    try:
        yield heard
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _ask(
    address: str, turn: Sequence[Ask], heard: Heard, stop: threading.Event, pause_s: float, *, again: bool
) -> None:
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    while not stop.is_set():
        for ask in turn:
            error = _once(connection, ask, heard)
            if error and again:
                heard.cut.append(error)
                stop.wait(AGAIN_S)
                error = _once(connection, ask, heard)
            if error:
                heard.lost.append(error)
            if stop.wait(pause_s):
                break
    connection.close()


def _once(connection: http.client.HTTPConnection, ask: Ask, heard: Heard) -> str | None:
    """Count the answer; return why there was none."""
    try:
        connection.request("GET", ask.path, headers=dict(ask.headers))
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return f"{time.time():.3f} {ask.path}: {type(error).__name__}: {error}"
    heard.answers[ask.path, answer.status] += 1
    return None
