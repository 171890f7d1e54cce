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


@dataclass(frozen=True)
class Ask:
    """An idempotent request."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Heard:
    """What came of all requests: answers by path and status, and what was lost, with time and error."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return sum(self.answers.values()) + len(self.lost)

    def other_than(self, *good: int) -> dict[tuple[str, int], int]:
        return {answer: count for answer, count in self.answers.items() if answer[1] not in good}


@contextmanager
def asking(url: str, asks: Sequence[Ask], callers: int, pause_s: float = 0.0) -> Iterator[Heard]:
    """Have each of `callers` ask all of `asks` in turn, again and again; nobody tries a lost one again.

    A caller waits `pause_s` after each answer, so that the machine has time for other things.
    """
    heard, stop = Heard(), threading.Event()
    address = urlsplit(url).netloc
    threads = [
        threading.Thread(target=_ask, args=(address, asks[number % len(asks) :], asks, heard, stop, pause_s))
        for number in range(callers)
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
    address: str,
    first: Sequence[Ask],
    asks: Sequence[Ask],
    heard: Heard,
    stop: threading.Event,
    pause_s: float,
) -> None:
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    turn = [*first, *asks[: len(asks) - len(first)]]
    while not stop.is_set():
        for ask in turn:
            try:
                connection.request("GET", ask.path, headers=dict(ask.headers))
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                heard.lost.append(f"{time.time():.3f} {ask.path}: {type(error).__name__}: {error}")
                connection.close()
            else:
                heard.answers[ask.path, answer.status] += 1
            if stop.wait(pause_s):
                break
    connection.close()
