"""What `colonnade.yaml` says of machines: every way to get it wrong is told with its place."""

from pathlib import Path

import pytest

from colonnade.errors import ManifestError
from colonnade.ir.platform import Consumer
from colonnade.manifest.load import load
from colonnade.policy import identity_clients, policy_document
from colonnade.resolve import resolve
from colonnade.resolve.identity import warnings

ISSUER = "issuer: https://id.example, session: {client_secret: env:SESSION}"
GOOD = """\
name: shop
identity:
  issuer: https://id.example
  session: {client_secret: env:SESSION}
  introspection: {client_id: edge, client_secret: file:secrets/edge, cache: 10s}
  consumers:
    - name: big-partner
      issuer: https://partner.example
      secret: env:PARTNER
      previous_secret: env:PARTNER_BEFORE
      scopes: [read]
      groups: [partners]
    - {name: shop, issuer: shop, secret: file:secrets/shop}
"""
REFERENCE = "expected a reference: env:NAME or file:PATH, never the secret"
ONE = "consumers: [{name: p, issuer: i, secret: env:A}"
BROKEN = [
    (
        "introspection: {cache: 31s}",
        "introspection.cache: a token that was revoked would pass for so long: at most 30s",
    ),
    (
        "introspection: {client_id: edge}",
        "introspection: give client_id and client_secret together, or neither for the session's client",
    ),
    (
        "introspection: {client_id: edge, client_secret: env:A}",
        "introspection.client_id: the development provider knows the session's client only (leave both out)",
    ),
    ("consumers: [{name: p, issuer: i, secret: s3cret}]", f"consumers[0].secret: {REFERENCE}"),
    ("consumers: [{name: p, issuer: i, secret: 'env:'}]", f"consumers[0].secret: {REFERENCE}"),
    (
        "consumers: [{name: p, issuer: '', secret: env:A}]",
        "consumers[0].issuer: string should have at least 1 character",
    ),
    ("consumers: [{name: p, secret: env:A}]", "consumers[0].issuer: the key is required"),
    (
        f"{ONE}, {{name: p, issuer: j, secret: env:A}}]",
        "consumers[1].name: 'p' is the name of another consumer",
    ),
    (
        f"{ONE}, {{name: q, issuer: i, secret: env:A}}]",
        "consumers[1].issuer: this is how p calls itself (each has its own)",
    ),
    (
        f"{ISSUER}, consumers: [{{name: p, issuer: 'https://id.example', secret: env:A}}]",
        "consumers[0].issuer: this is how the identity provider calls itself (each has its own)",
    ),
]


@pytest.mark.parametrize(("written", "told"), BROKEN)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, written: str, told: str) -> None:
    (tmp_path / "colonnade.yaml").write_text(f"name: shop\nidentity: {{{written}}}\n", encoding="utf-8")

    with pytest.raises(ManifestError) as caught:
        resolve(load(tmp_path))

    (problem,) = caught.value.problems
    assert str(problem).startswith("colonnade.yaml:2:")
    assert str(problem).endswith(f"identity.{told}")


def test_what_is_written_reaches_the_policy_without_a_secret(tmp_path: Path) -> None:
    (tmp_path / "colonnade.yaml").write_text(GOOD, encoding="utf-8")
    platform = resolve(load(tmp_path))

    found = policy_document(platform, "https://id.example").identity

    assert found.introspection is not None
    assert (found.introspection.client_id, found.introspection.keep_s) == ("edge", 10.0)
    assert [one.secrets for one in found.consumers] == [
        ("CONSUMER_SECRET_BIG_PARTNER", "CONSUMER_PREVIOUS_SECRET_BIG_PARTNER"),
        ("CONSUMER_SECRET_SHOP",),
    ]
    assert (found.consumers[0].scopes, found.consumers[0].groups) == (("read",), ("partners",))
    assert platform.identity.machine_secrets == {
        "CONSUMER_SECRET_BIG_PARTNER": ("env", "PARTNER"),
        "CONSUMER_PREVIOUS_SECRET_BIG_PARTNER": ("env", "PARTNER_BEFORE"),
        "CONSUMER_SECRET_SHOP": ("file", "secrets/shop"),
        "INTROSPECTION_CLIENT_SECRET": ("file", "secrets/edge"),
    }


def test_no_two_consumers_share_a_variable() -> None:
    names = ("a", "a-previous", "previous-secret-a", "secret-a")
    consumers = [Consumer(name, name, (("env", "A"), ("env", "B")), (), ()) for name in names]

    assert len({variable for one in consumers for variable in one.variables}) == 8


def test_the_development_provider_is_asked_as_the_sessions_client(tmp_path: Path) -> None:
    (tmp_path / "colonnade.yaml").write_text("name: shop\nidentity: {introspection: {}}\n", encoding="utf-8")

    platform = resolve(load(tmp_path))

    assert platform.identity.introspection is not None
    assert platform.identity.introspection.client_id == "web"
    assert platform.identity.machine_secrets == {}


def test_passwords_are_warned_of_and_the_development_provider_takes_them(tmp_path: Path) -> None:
    text = "name: shop\nidentity:\n  legacy_password: true\n"
    (tmp_path / "colonnade.yaml").write_text(text, encoding="utf-8")
    manifests = load(tmp_path)

    (warning,) = warnings(manifests)

    assert (warning.line, warning.key) == (3, "identity.legacy_password")
    (login, *_) = identity_clients(resolve(manifests), [])["clients"]
    assert "password" in login["grant_types"]
