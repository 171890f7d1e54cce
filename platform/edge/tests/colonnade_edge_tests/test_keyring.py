"""What is sealed opens with any of the keys, at its own place only."""

from base64 import b64encode
from pathlib import Path
from secrets import token_bytes

import pytest

from colonnade_edge.errors import SettingsError, Unavailable
from colonnade_edge.keyring import Keyring
from colonnade_edge_tests.documents import new_session_key

PLAIN = b"a secret"


def test_what_is_sealed_opens_at_its_place_only() -> None:
    keyring = Keyring(new_session_key())
    sealed = keyring.seal(PLAIN, "here")

    assert PLAIN not in sealed
    assert keyring.unseal(sealed, "here") == PLAIN
    assert keyring.unseal(sealed, "there") is None
    assert keyring.seal(PLAIN, "here") != sealed


def test_a_changed_or_cut_text_does_not_open() -> None:
    keyring = Keyring(new_session_key())
    sealed = keyring.seal(PLAIN, "here")
    changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    cut = [sealed[:length] for length in range(len(sealed))]

    assert {keyring.unseal(one, "here") for one in (*changed, *cut)} == {None}


def test_the_newest_key_seals_and_the_old_ones_still_open() -> None:
    old, new = new_session_key(), new_session_key()
    sealed_before = Keyring(old).seal(PLAIN, "here")
    both = Keyring(f"# since yesterday\n{new}\n{old}")

    assert both.unseal(sealed_before, "here") == PLAIN
    assert Keyring(new).unseal(both.seal(PLAIN, "here"), "here") == PLAIN
    assert Keyring(old).unseal(both.seal(PLAIN, "here"), "here") is None


def test_a_file_is_read_anew_when_it_changes(tmp_path: Path) -> None:
    old, new = new_session_key(), new_session_key()
    file = tmp_path / "keys"
    file.write_text(old)
    keyring = Keyring(file=file)
    sealed = keyring.seal(PLAIN, "here")

    file.write_text(new + old)
    assert keyring.unseal(sealed, "here") == PLAIN
    assert Keyring(new).unseal(keyring.seal(PLAIN, "here"), "here") == PLAIN

    file.write_text("no key\n")
    assert keyring.unseal(sealed, "here") == PLAIN, "a broken file changes nothing"

    file.write_text(new)
    assert keyring.unseal(sealed, "here") is None


def test_standard_base64_is_taken_too() -> None:
    key = b64encode(token_bytes(32)).decode()

    assert Keyring(key).unseal(Keyring(key).seal(PLAIN, "here"), "here") == PLAIN


@pytest.mark.parametrize("text", ["", "short", "x" * 44, "ä" * 43])
def test_a_file_without_good_keys_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keys"
    file.write_text(text)

    with pytest.raises(SettingsError, match="session keys") as refused:
        Keyring(file=file)
    assert not text or text not in str(refused.value)


def test_without_a_key_nothing_is_sealed() -> None:
    with pytest.raises(Unavailable):
        Keyring().seal(PLAIN, "here")
