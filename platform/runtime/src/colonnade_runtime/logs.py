"""Logs on stderr: text for people, or one JSON object per line for machines."""

import logging
import time
from collections.abc import Callable, Mapping
from math import inf

import msgspec

EVERY_S = 10.0
"""Between two lines that say the same: a service that is away for long is no news at every request."""


def repeats(*what: str) -> Mapping[str, object]:
    """Return the `extra` of a message that many requests bring; `what` are words of the code, no client's."""
    return {"repeats": what}


class Sparing(logging.Filter):
    """Lets pass one of many messages that say the same, and tells with the next how many were held back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[object, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the message is told."""
        what = getattr(record, "repeats", None)
        if what is None:
            return True
        now = self._clock()
        said, held = self._said.get(what, (-inf, 0))
        if now - said < EVERY_S:
            self._said[what] = said, held + 1
            return False
        self._said[what] = now, 0
        if held:
            record.msg = f"{record.msg} (and {held} times before)"
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's time, level, logger and message, and the traceback where there is one."""
        told = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(told).decode()


def configure(*, json: bool) -> None:
    """Send logs of this process to stderr."""
    handler = logging.StreamHandler()
    text = logging.Formatter("%(levelname)s %(name)s %(message)s")
    handler.setFormatter(JsonFormatter() if json else text)
    handler.addFilter(Sparing())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
