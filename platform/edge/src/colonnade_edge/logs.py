"""Logging: a line per event on stderr, for people or as JSON; the audit log always as JSON."""

import logging
import time
from collections.abc import Mapping

import msgspec

from colonnade_edge import audit


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON; of a message about one request, with the id that the access log has."""
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := getattr(record, "request_id", None):
            line["request_id"] = request_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def set_up_logging(environ: Mapping[str, str]) -> None:
    """Write logs to stderr: JSON lines where `COLONNADE_LOG` is `json`, else text."""
    handler = logging.StreamHandler()
    if environ.get("COLONNADE_LOG") == "json":
        handler.setFormatter(JsonLines())
    else:
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    audited = logging.StreamHandler()
    audited.setFormatter(logging.Formatter("%(message)s"))  # it is JSON already
    audit.log.addHandler(audited)
    audit.log.propagate = False
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs a line per request
