"""The committed OpenAPI documents are those of the services as they are."""

import socket
from importlib import import_module
from pathlib import Path

import pytest

from service_kit.contract import contract

SERVICES = sorted((Path(__file__).parents[2] / "services").glob("*/openapi.json"))


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.parent.name)
def test_a_service_offers_what_its_document_says(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else: python -m service_kit.contract NAME > services/NAME/openapi.json"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("GRPC_PORT", str(probe.getsockname()[1]))

    assert file.read_text(encoding="utf-8") == contract(
        import_module(f"{file.parent.name}_service.app").create
    )


def test_every_service_that_bffs_call_has_a_document() -> None:
    assert {"device", "order", "product", "telemetry", "user"} == {file.parent.name for file in SERVICES}
