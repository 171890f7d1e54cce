"""Logs on stderr: text for people, or one JSON object per line for machines."""

import logging
import time

import msgspec


class JsonLines(logging.Formatter):
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
    """Send the logs of this process to stderr."""
    handler = logging.StreamHandler()
    text = logging.Formatter("%(levelname)s %(name)s %(message)s")
    handler.setFormatter(JsonLines() if json else text)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
