"""Several instances of a BFF and of a service: all are used, and none is missed, whichever comes or goes."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from colonnade_bench.closed_loop import Ask, Heard, asking
from tests.platform_folder import Stack, bff, eventually, make_platform

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("instances")]

SERVICES = """\
services:
  user: {path: services/user, port: 8101}
  product: {path: services/product, port: 8102}
  order: {path: services/order, port: 8103, replicas: 2}
"""
PATHS = ("/api/mobile/home", "/api/mobile/orders?limit=3", "/api/mobile/products?limit=3")
RETRIED = re.compile(r'^envoy_cluster_upstream_rq_retry\{envoy_cluster_name="mobile"\} (\d+)', re.MULTILINE)
COUNTED = re.compile(r'^colonnade_requests_total\{.*view="/home".*\} (\d+)', re.MULTILINE)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A platform of one BFF in two instances, over an order service in two, by mutual TLS."""
    folder = make_platform(tmp_path_factory.mktemp("instances") / "shop")
    for other in ("web", "iot"):
        shutil.rmtree(folder / "bffs" / other)
    manifest = folder / "colonnade.yaml"
    text = re.sub(r"services:\n.*?\n\n", f"{SERVICES}\n", manifest.read_text("utf-8"), flags=re.DOTALL)
    manifest.write_text(f"{text}\nmtls: true\n", encoding="utf-8")
    mobile = folder / "bffs/mobile/bff.yaml"
    text = mobile.read_text(encoding="utf-8").replace("rate: 100/minute", "rate: 500/second")
    mobile.write_text(text.replace("burst: 20", "burst: 500") + "replicas: 2\n", encoding="utf-8")
    stack = Stack(folder).up()
    yield stack
    stack.down()


@pytest.fixture(scope="module")
def asks(shop: Stack) -> list[Ask]:
    headers = {"Authorization": f"Bearer {shop.token()}"}
    return [Ask(path, headers) for path in PATHS]


def replicas(shop: Stack, file: str, before: int, after: int) -> None:
    manifest = shop.folder / file
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(f"replicas: {before}", f"replicas: {after}"), encoding="utf-8")


def state(shop: Stack) -> dict[str, Any]:
    """What runs now; read where `bff ps` reads it, which asked again and again would slow what it watches."""
    return dict(json.loads((shop.folder / ".colonnade/state.json").read_bytes()))


def processes(shop: Stack) -> dict[str, dict[str, Any]]:
    return dict(state(shop)["processes"])


def of(shop: Stack, part: str) -> set[str]:
    """The instances of a part that run now."""
    return {name for name in processes(shop) if re.fullmatch(rf"{part}(-\d+)?", name)}


def served(shop: Stack, name: str) -> int:
    """How many home pages an instance has served."""
    return sum(map(int, COUNTED.findall(httpx.get(state(shop)["metrics"][name]).text)))


def as_edge(shop: Stack) -> ssl.SSLContext:
    """Shows the edge's certificate, to parts whose names are not those of their addresses."""
    folder = shop.folder / ".colonnade/run/identities/edge/current"
    context = ssl.create_default_context(cafile=str(folder / "peers-ca.pem"))
    context.check_hostname = False
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def shown(shop: Stack, name: str) -> bytes:
    """The certificate that a process shows now."""
    url = httpx.URL(processes(shop)[name]["url"])
    with (
        socket.create_connection((url.host, url.port or 0), timeout=5) as plain,
        as_edge(shop).wrap_socket(plain) as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""


def retried(shop: Stack) -> int:
    """How often the edge had to send a request to a second instance of the BFF."""
    return sum(map(int, RETRIED.findall(httpx.get(shop.metrics("envoy")).text)))


def traffic(shop: Stack, asks: list[Ask]) -> AbstractContextManager[Heard]:
    return asking(shop.edge, asks, callers=2, pause_s=0.005)


def test_every_instance_is_a_process_that_is_used(shop: Stack, asks: list[Ask]) -> None:
    assert {"mobile", "mobile-2", "order", "order-2"} <= shop.told["processes"].keys()

    with traffic(shop, asks) as heard:
        eventually(lambda: min(served(shop, "mobile"), served(shop, "mobile-2")) > 20)

    assert heard.lost == []
    assert heard.other_than(200) == {}


def test_an_instance_of_a_service_that_dies_or_fails_is_not_missed(shop: Stack, asks: list[Ask]) -> None:
    failing = {"error_rate": 1, "error_status": 503}
    order = processes(shop)["order"]["url"]
    killed = processes(shop)["order-2"]["pid"]

    with traffic(shop, asks) as heard:
        httpx.put(f"{order}/_faults", json=failing, verify=as_edge(shop)).raise_for_status()
        eventually(lambda: heard.requests > 60)
        httpx.delete(f"{order}/_faults", verify=as_edge(shop)).raise_for_status()
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: processes(shop)["order-2"]["pid"] not in {killed, None})

    assert heard.lost == []
    assert heard.other_than(200) == {}


def test_an_instance_of_a_bff_that_dies_is_not_missed(shop: Stack, asks: list[Ask]) -> None:
    killed = processes(shop)["mobile-2"]["pid"]

    with traffic(shop, asks) as heard:
        eventually(lambda: heard.requests > 20)
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: processes(shop)["mobile-2"]["pid"] not in {killed, None})
        eventually(lambda: served(shop, "mobile-2") > 5)

    assert heard.lost == []
    assert heard.other_than(200) == {}


@pytest.mark.parametrize("name", ["mobile-2", "order-2"])
def test_an_instance_that_is_told_to_end_finishes_what_it_was_sent(
    shop: Stack, asks: list[Ask], name: str
) -> None:
    """As an orchestrator does it, behind the back of the runner."""
    told = processes(shop)[name]["pid"]
    before = retried(shop)

    with traffic(shop, asks) as heard:
        eventually(lambda: heard.requests > 20)
        os.kill(told, signal.SIGTERM)
        eventually(lambda: processes(shop)[name]["pid"] not in {told, None})
        eventually(lambda: processes(shop)[name]["state"] == "healthy")

    assert (heard.lost, heard.other_than(200)) == ([], {})
    assert f"{name} ended with exit code 0" in shop.logs("colonnade")
    assert retried(shop) == before, "the edge knew before it was refused"


def test_renewed_certificates_are_taken_up_and_no_request_is_lost(shop: Stack, asks: list[Ask]) -> None:
    names = ("mobile", "mobile-2", "order", "order-2")
    before = {name: shown(shop, name) for name in names}

    with traffic(shop, asks) as heard:
        for part in ("mobile", "order"):
            (shop.folder / f".colonnade/run/identities/{part}/current/certificate.pem").unlink()
        eventually(lambda: "restarted with renewed certificates" in shop.logs("colonnade"), within=60)

    assert not before.items() & {name: shown(shop, name) for name in names}.items()
    assert (heard.lost, heard.other_than(200)) == ([], {})


def test_every_process_is_restarted_and_no_request_is_lost(shop: Stack, asks: list[Ask]) -> None:
    """The only edge, and the only policy service, too."""
    before = {name: process["pid"] for name, process in processes(shop).items()}

    with traffic(shop, asks) as heard:
        bff(shop.folder, "restart", "--all", timeout=150)

    assert not before.items() & {name: process["pid"] for name, process in processes(shop).items()}.items()
    assert (heard.lost, heard.other_than(200)) == ([], {})


def test_instances_come_and_go_while_requests_are_served(shop: Stack, asks: list[Ask]) -> None:
    with traffic(shop, asks) as heard:
        replicas(shop, "bffs/mobile/bff.yaml", 2, 3)
        eventually(lambda: of(shop, "mobile") == {"mobile", "mobile-2", "mobile-3"}, within=30)
        eventually(lambda: served(shop, "mobile-3") > 5)
        replicas(shop, "colonnade.yaml", 2, 1)
        eventually(lambda: of(shop, "order") == {"order"}, within=30)
        replicas(shop, "bffs/mobile/bff.yaml", 3, 1)
        eventually(lambda: of(shop, "mobile") == {"mobile"}, within=30)

    assert heard.lost == []
    assert heard.other_than(200) == {}
    assert heard.requests > 100
