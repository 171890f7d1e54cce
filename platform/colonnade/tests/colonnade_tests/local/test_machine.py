"""What a plan needs to know of this machine: secrets above all."""

from pathlib import Path

import pytest

from colonnade.errors import UserError
from colonnade.ir.platform import Platform
from colonnade.local.layout import Layout
from colonnade.local.machine import find_machine
from colonnade.local.plan import plan
from colonnade.local.ports import default_ports
from colonnade_tests.local.platforms import platform_in, write_bff, write_platform

CONSUMER = """\
identity:
  consumers:
    - {name: partner, issuer: "https://partner.example", secret: env:PARTNER, previous_secret: file:old}
"""


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    write_platform(tmp_path)
    file = tmp_path / "colonnade.yaml"
    file.write_text(file.read_text() + CONSUMER)
    Layout(tmp_path).make()
    (tmp_path / "old").write_text("o" * 32 + "\n")
    return platform_in(tmp_path)


def test_secrets_of_consumers_are_found_where_the_manifest_says(tmp_path: Path, platform: Platform) -> None:
    found = find_machine(platform, Layout(tmp_path), {"PARTNER": "p" * 32})

    assert found.machine_secrets == {
        "CONSUMER_SECRET_PARTNER": "p" * 32,
        "CONSUMER_PREVIOUS_SECRET_PARTNER": "o" * 32,
    }


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"PARTNER": "p" * 31}, "the secret env:PARTNER of consumer partner is too short"),
        ({}, "the secret env:PARTNER is not set"),
    ],
)
def test_a_secret_that_verifies_nothing_is_told_before_anything_starts(
    tmp_path: Path, platform: Platform, environ: dict[str, str], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        find_machine(platform, Layout(tmp_path), environ)

    assert caught.value.message == message
    assert "p" * 31 not in str(caught.value) + caught.value.hint


def test_a_bff_alone_is_told_its_cache(tmp_path: Path, platform: Platform) -> None:
    file = write_bff(tmp_path, "mobile", 3001)
    file.write_text(file.read_text() + 'cache: {url: "env:MOBILE_CACHE"}\n')
    platform = platform_in(tmp_path)
    url = "redis://:the-cache-secret@cache.example/0"
    found = find_machine(platform, Layout(tmp_path), {"PARTNER": "p" * 32, "MOBILE_CACHE": url})

    specs = plan(platform, default_ports(platform), found)
    told = {
        spec.name: (spec.env["CACHE_URL"], spec.env["CACHE_TIMEOUT"])
        for spec in specs
        if "CACHE_URL" in spec.env
    }
    assert told == {"mobile": (url, "50")}
    assert "the-cache-secret" not in repr(found) + repr(specs)
