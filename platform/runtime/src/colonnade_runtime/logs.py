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


def of_request(request_id: str | None) -> Mapping[str, object]:
    """Return the `extra` of a message about one request; the edge's access log calls its id so, too."""
    return {"request_id": request_id}


class TextFormatter(logging.Formatter):
    """A line for people: level, logger and message, and which request it is about."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """Return the line without a traceback."""
        line = super().formatMessage(record)
        request_id = getattr(record, "request_id", None)
        return f"{line}, request {request_id}" if request_id else line


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger, message, and the id of the request and the traceback, if any."""
        told = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := getattr(record, "request_id", None):
            told["request_id"] = request_id
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(told).decode()


def configure(*, json: bool) -> None:
    """Send logs of this process to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if json else TextFormatter())
    handler.addFilter(Sparing())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
