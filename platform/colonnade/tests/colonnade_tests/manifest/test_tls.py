"""What `edge.tls` may say."""

from pathlib import Path

import pytest

from colonnade.errors import ManifestError
from colonnade.ir.platform import Tls
from colonnade.manifest.load import load
from colonnade.resolve import resolve

REAL = "identity: {issuer: 'https://id.example.com', session: {client_secret: 'env:SECRET'}}"


def resolved(folder: Path, tls: str, rest: str = "") -> Tls | None:
    (folder / "colonnade.yaml").write_text(f"name: shop\nedge: {{tls: {tls}}}\n{rest}\n", encoding="utf-8")
    return resolve(load(folder)).edge.tls


def test_development_serves_tls_without_being_asked(tmp_path: Path) -> None:
    assert resolved(tmp_path, "{}") == Tls(8443, None, None, "1.3")


def test_without_a_certificate_production_serves_none(tmp_path: Path) -> None:
    assert resolved(tmp_path, "{}", REAL) is None


def test_a_certificate_is_a_file_and_has_its_key(tmp_path: Path) -> None:
    tls = "{port: 443, certificate: 'file:/etc/tls/chain.pem', key: 'file:tls/key.pem', min_version: '1.2'}"

    assert resolved(tmp_path, tls, REAL) == Tls(443, ("/etc/tls/chain.pem", "tls/key.pem"), None, "1.2")


@pytest.mark.parametrize(
    ("tls", "told"),
    [
        ("{certificate: 'file:a.pem'}", "edge.tls: give certificate and key together"),
        ("{certificate: 'env:PEM', key: 'file:k'}", "edge.tls.certificate: expected file:PATH"),
        ("{client_ca: 'env:CA'}", "edge.tls.client_ca: expected file:PATH"),
        ("{client_ca: 'file:ca.pem', http3: true}", "over HTTP/3 no client can show a certificate"),
        (
            "{port: 8080}",
            "colonnade.yaml:2:14: edge.tls.port: port 8080 is taken by the edge (choose another)",
        ),
        ("{min_version: '1.1'}", "edge.tls.min_version: '1.1' is not one of 1.2, 1.3"),
    ],
)
def test_a_mistake_is_told_with_its_key(tmp_path: Path, tls: str, told: str) -> None:
    with pytest.raises(ManifestError) as caught:
        resolved(tmp_path, tls)

    assert told in str(caught.value)


def test_a_client_ca_needs_tls(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="clients can show a certificate only where TLS is served"):
        resolved(tmp_path, "{client_ca: 'file:ca.pem'}", REAL)


def test_http_3_needs_tls_and_clients_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="HTTP/3 is spoken only where TLS is served"):
        resolved(tmp_path, "{http3: true}", REAL)
    with pytest.raises(ManifestError, match="the proxies in front, which end their connections"):
        resolved(tmp_path, "{http3: true}, trusted_hops: 1")
