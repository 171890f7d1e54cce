"""Devices with a certificate of their own: a bound key is good only over a connection that showed it."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.certificates import Signed, self_signed
from tests.platform_folder import Stack, bff, eventually, keep, make_platform

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("devices")]

PATH = "/api/iot/config"
REQUIRED = "/api/iot/telemetry"
ROUTE = "  - {name: sealed, path: /telemetry, auth: {type: api_key, certificate: required}}\n"


@dataclass(frozen=True)
class Fleet:
    """A running platform, and the certificates of its devices."""

    stack: Stack
    ca: Signed
    sensor: Signed
    other: Signed

    def key(self, device: str, *options: str) -> str:
        return bff(self.stack.folder, "key", "create", "--device", device, *options).stdout.strip()

    def ask(self, key: str, shown: Signed | None, path: str = PATH, **headers: str) -> httpx.Response:
        """Ask over TLS, with or without a certificate."""
        vouched = str(self.stack.told["edge_tls_ca"])
        verify = shown.shown_to(vouched) if shown else ssl.create_default_context(cafile=vouched)
        with httpx.Client(base_url=self.stack.told["edge_tls"], verify=verify, http2=True) as client:
            return client.get(path, headers={"X-API-Key": key, **headers})


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two edges that ask for certificates of a CA of devices."""
    folder = make_platform(tmp_path_factory.mktemp("fleet") / "shop")
    keep(folder, ["iot"], ["device", "telemetry"])
    certificates = tmp_path_factory.mktemp("certificates")
    ca = self_signed(certificates / "ca.pem")
    manifest = folder / "colonnade.yaml"
    text = manifest.read_text(encoding="utf-8").replace("replicas: 1", "replicas: 2")
    tls = f"edge:\n  tls: {{client_ca: 'file:{ca.file}'}}\n"
    manifest.write_text(text.replace("edge:\n", tls, 1), encoding="utf-8")
    iot = folder / "bffs" / "iot" / "bff.yaml"
    iot.write_text(
        iot.read_text(encoding="utf-8").replace("routes:\n", f"routes:\n{ROUTE}", 1), encoding="utf-8"
    )
    stack = Stack(folder).up()
    try:
        yield Fleet(stack, ca, ca.sign(certificates / "sensor.pem"), ca.sign(certificates / "other.pem"))
    finally:
        stack.down()


@pytest.fixture(scope="module")
def bound(fleet: Fleet) -> str:
    """A key that is bound to the sensor's certificate."""
    return fleet.key("sensor-1", "--certificate", str(fleet.sensor.file))


def test_a_bound_key_passes_with_its_certificate(fleet: Fleet, bound: str) -> None:
    assert fleet.ask(bound, fleet.sensor).status_code == 200


@pytest.mark.parametrize("path", [PATH, REQUIRED])
def test_a_bound_key_is_refused_without_its_certificate(fleet: Fleet, bound: str, path: str) -> None:
    """Wherever it is used: a stolen key is worth nothing."""
    fleet.ask(bound, fleet.sensor)

    for shown in (None, fleet.other):
        answer = fleet.ask(bound, shown, path)
        assert (401, 'ApiKey realm="colonnade"') == (answer.status_code, answer.headers["www-authenticate"])


def test_who_says_that_it_showed_one_is_not_believed(fleet: Fleet, bound: str) -> None:
    fleet.ask(bound, fleet.sensor)
    listed = bff(fleet.stack.folder, "key", "list", "--json").stdout
    digest = listed.partition('"certificate_sha256": "')[2][:64]
    forged = {"X-Forwarded-Client-Cert": f"Hash={digest}", "X-Colonnade-Certificate": digest}

    with fleet.stack.client() as plain:
        answers = [plain.get(path, headers={"X-API-Key": bound, **forged}) for path in (PATH, REQUIRED)]
    answers += [fleet.ask(bound, shown, **forged) for shown in (None, fleet.other)]

    assert len(digest) == 64
    assert [answer.status_code for answer in answers] == [401] * 4


def test_a_certificate_that_the_ca_did_not_sign_ends_the_handshake(
    fleet: Fleet, bound: str, tmp_path: Path
) -> None:
    expired = fleet.ca.sign(tmp_path / "expired.pem", expired=True)

    for stranger in (self_signed(tmp_path / "sensor.pem"), expired):
        with pytest.raises(httpx.TransportError):
            fleet.ask(bound, stranger)


def test_a_route_that_requires_a_certificate_refuses_keys_without(fleet: Fleet) -> None:
    free = fleet.key("sensor-2")

    assert fleet.ask(free, None).status_code == 200
    assert fleet.ask(free, fleet.sensor).status_code == 200
    assert fleet.ask(free, fleet.sensor, REQUIRED).status_code == 401


def test_a_route_that_requires_a_certificate_takes_a_bound_key(fleet: Fleet, bound: str) -> None:
    assert fleet.ask(bound, fleet.sensor, REQUIRED).status_code == 405  # the BFF's own: it wants a POST


def test_a_rotated_key_stays_bound_or_is_bound_anew(fleet: Fleet) -> None:
    key = fleet.key("sensor-3", "--certificate", str(fleet.sensor.file))

    def rotate(old: str, *options: str) -> str:
        return bff(fleet.stack.folder, "key", "rotate", old.split("_")[1], *options).stdout.strip()

    same = rotate(key)
    renewed = rotate(same, "--certificate", str(fleet.other.file))

    assert [fleet.ask(same, fleet.sensor).status_code, fleet.ask(same, None).status_code] == [200, 401]
    statuses = [fleet.ask(renewed, shown).status_code for shown in (fleet.other, fleet.sensor)]
    assert statuses == [200, 401]


def test_a_second_ca_is_believed_without_a_restart(fleet: Fleet, tmp_path: Path) -> None:
    second = self_signed(tmp_path / "second.pem")
    newcomer = second.sign(tmp_path / "newcomer.pem")
    key = fleet.key("sensor-4", "--certificate", str(newcomer.file))

    with fleet.ca.file.open("ab") as file:
        file.write(second.file.read_bytes())

    assert eventually(lambda: fleet.ask(key, newcomer).status_code == 200)


def test_who_shows_no_certificate_is_served_as_ever(fleet: Fleet) -> None:
    vouched = ssl.create_default_context(cafile=str(fleet.stack.told["edge_tls_ca"]))

    assert httpx.get(f"{fleet.stack.told['edge_tls']}/healthz", verify=vouched).status_code == 200
