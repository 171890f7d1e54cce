"""The policy document is read at start, and again when it changes."""

from pathlib import Path

import httpx
import pytest

from colonnade_edge_tests.documents import document, limit, publish, question, routes
from colonnade_edge_tests.processes import Served, Valkey, serving, wait_until
from colonnade_policy import Route, encode


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "policy.json"


def passes(service: Served, route: str) -> bool:
    return httpx.get(f"{service.url}/check/", headers=question(route)).status_code == 200


def test_a_new_document_takes_effect(store: Valkey, path: Path) -> None:
    publish(path, document())
    with serving(
        "colonnade_edge", path.parent, {"POLICY_FILE": str(path), "STORE_URL": store.url}
    ) as service:
        closed = Route("web", "jwt")
        publish(path, document(revision="test-2", routes={**routes(), "free": closed}))

        wait_until(lambda: not passes(service, "free"), "the new document")
        publish(path, document(revision="test-3", routes={**routes(), "new": Route("web", "none")}))

        assert passes(service, "new"), "an unknown route makes the service look at once"


@pytest.mark.parametrize(
    "broken",
    [
        b"{",
        b'{"version": 1}',
        encode(document(version=99)),
        encode(document(routes={"free": Route("web", "none", (), (limit("x", rate=0),))})),
        encode(document(routes={"free": Route("web", "none", (), (limit("x", key=("colour",)),))})),
        encode(document(routes={"free": Route("web", "none", (), (limit('x"y'),))})),
        encode(document(routes={"free": Route("web", "none", (), (limit("x", burst=10**9, period_s=1e6),))})),
    ],
)
def test_a_broken_document_is_refused_once_and_the_old_one_stays(
    store: Valkey, path: Path, broken: bytes
) -> None:
    publish(path, document())
    with serving(
        "colonnade_edge", path.parent, {"POLICY_FILE": str(path), "STORE_URL": store.url}
    ) as service:
        publish(path, broken)

        wait_until(lambda: "refused" in service.logged(), "the refusal")
        assert passes(service, "free")
        publish(path, document(revision="after"))
        wait_until(lambda: "document after is in effect" in service.logged(), "the next document")

        assert service.logged().count("refused") == 1


def test_the_service_is_ready_once_it_has_a_document(store: Valkey, path: Path) -> None:
    environment = {"POLICY_FILE": str(path), "STORE_URL": store.url}
    with serving("colonnade_edge", path.parent, environment, ready=False) as service:

        def health() -> int:
            try:
                return httpx.get(f"{service.url}/healthz").status_code
            except httpx.TransportError:
                return 0

        wait_until(lambda: health() == 503, "an answer")
        publish(path, document())

        wait_until(lambda: health() == 200, "readiness")


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"POLICY_FILE": ""}, "POLICY_FILE is not set"),
        ({"POLICY_FILE": "p", "PORT": "eighty"}, "PORT=eighty: give a number"),
        ({"POLICY_FILE": "p", "STORE_URL": "http://x"}, "STORE_URL must begin with"),
    ],
)
def test_wrong_settings_end_in_one_line(tmp_path: Path, environment: dict[str, str], complaint: str) -> None:
    with serving("colonnade_edge", tmp_path, environment, ready=False) as service:
        assert service.process.wait(20) == 2
        assert complaint in service.logged()
        assert service.logged().count("\n") == 1


def test_a_port_in_use_ends_in_one_line(
    policy: Served, policy_file: Path, store: Valkey, tmp_path: Path
) -> None:
    environment = {
        "POLICY_FILE": str(policy_file),
        "STORE_URL": store.url,
        "PORT": policy.url.rsplit(":", 1)[1],
    }
    with serving("colonnade_edge", tmp_path, environment, ready=False) as service:
        assert service.process.wait(20) == 2
        assert "cannot listen on 127.0.0.1" in service.logged()
        assert "Traceback" not in service.logged()


def test_it_stops_when_told(policy_file: Path, store: Valkey, tmp_path: Path) -> None:
    environment = {"POLICY_FILE": str(policy_file), "STORE_URL": store.url}
    with serving("colonnade_edge", tmp_path, environment) as service:
        service.process.terminate()

        assert service.process.wait(20) == 0
        assert "Traceback" not in service.logged()
