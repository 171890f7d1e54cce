"""What a line of the log says as JSON."""

import json
import logging

from service_kit.logs import JsonLines


def test_a_line_about_a_request_has_its_id_in_a_field() -> None:
    record = logging.makeLogRecord({"msg": "failed", "request_id": "r-1"})

    told = json.loads(JsonLines().format(record))

    assert ("failed", "r-1") == (told["message"], told["request_id"])
    assert "request_id" not in json.loads(JsonLines().format(logging.makeLogRecord({"msg": "started"})))
