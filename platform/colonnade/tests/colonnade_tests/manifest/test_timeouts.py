"""How long each kind of client has, where its manifest is silent."""

from pathlib import Path

import pytest

from colonnade.ir.route import Timeouts
from colonnade_tests.envoy.edge import platform

BFF = "kind: {kind}\nport: 3001\nroute: {{prefix: /api/tv}}\nauth: {{type: none}}\n"


@pytest.mark.parametrize(
    ("kind", "timeouts"),
    [("web", Timeouts(3, 10, 30, 30)), ("mobile", Timeouts(3, 5, 15, 15)), ("iot", Timeouts(2, 3, 5, 5))],
)
def test_each_kind_has_its_own_time_to_connect_to_send_and_to_read(
    tmp_path: Path, kind: str, timeouts: Timeouts
) -> None:
    assert timeouts == platform(tmp_path, {"tv": BFF.format(kind=kind)}).routes[0].timeouts
