"""`bff session-keys`: a new key comes first, and the old ones stay."""

import json
from pathlib import Path

import pytest

from colonnade_tests.cli.command import Bff

ISSUER = "identity: {issuer: https://id.example.com, session: {client_secret: env:S, encryption_keys: %s}}\n"


def lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


def test_a_new_key_comes_before_the_others(bff: Bff) -> None:
    file = bff.root / ".colonnade/secrets/session-keys"
    first, second = (json.loads(bff("session-keys", "rotate", "--json").out) for _ in range(2))
    before = lines(file)
    told = bff("session-keys", "rotate").out

    assert (first["keys"], second["keys"]) == (1, 2)
    assert Path(second["file"]) == file
    assert lines(file)[1:] == before
    assert {len(line) for line in lines(file)} == {43}
    assert file.stat().st_mode & 0o777 == 0o600
    assert "first of 3" in told
    assert lines(file)[0] not in told


def test_the_file_that_the_manifest_names_is_rotated(bff: Bff) -> None:
    manifest = bff.root / "colonnade.yaml"
    manifest.write_text(manifest.read_text() + ISSUER % "file:keys/session")
    (bff.root / "keys").mkdir()
    (bff.root / "keys/session").write_text("# the keys of this year\nold\n")

    assert bff("session-keys", "rotate").code == 0
    assert lines(bff.root / "keys/session")[1:] == ["# the keys of this year", "old"]


def test_a_mistake_of_a_team_does_not_keep_a_leaked_key_in_use(bff: Bff) -> None:
    next((bff.root / "bffs").glob("*/bff.yaml")).write_text("kind: nothing\n")

    assert bff("check").code != 0
    assert bff("session-keys", "rotate").code == 0


@pytest.mark.parametrize("word", ["variable KEYS", "base64url"])
def test_keys_in_the_environment_are_rotated_there(bff: Bff, word: str) -> None:
    manifest = bff.root / "colonnade.yaml"
    manifest.write_text(manifest.read_text() + ISSUER % "env:KEYS")
    refused = bff("session-keys", "rotate")

    assert refused.code == 2
    assert word in refused.err
