"""The certificates of the edge: made where none is given, checked where one is, replaced as one."""

import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from colonnade.errors import UserError
from colonnade.tls import Sources, publish_certificates
from colonnade.tls.authority import Authority

NOW = datetime.now(UTC)
NAMES = ("localhost", "127.0.0.1", "shop.example.com", "*.tv.example.com")


def made(folder: Path, hosts: Sequence[str] = (), now: datetime = NOW) -> bytes:
    """Publish a certificate of the development CA; return it as the edges find it."""
    publish_certificates(Sources(None, None, folder / "ca.pem", tuple(hosts)), folder / "edge", now)
    return (folder / "edge" / "current" / "certificate.pem").read_bytes()


def given(folder: Path, certificate: bytes, key: bytes) -> Sources:
    """The sources of a certificate that is given."""
    folder.mkdir(exist_ok=True)
    (folder / "chain.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    return Sources((folder / "chain.pem", folder / "key.pem"), None, folder / "ca.pem")


def believes(authority: Path, certificate: bytes, host: str, now: datetime = NOW) -> bool:
    """Whether a client that trusts the CA believes that `certificate` is of `host`."""
    store = Store([x509.load_pem_x509_certificate(authority.read_bytes())])
    verifier = PolicyBuilder().store(store).time(now).build_server_verifier(x509.DNSName(host))
    try:
        verifier.verify(x509.load_pem_x509_certificate(certificate), [])
    except VerificationError:
        return False
    return True


@pytest.mark.parametrize("host", ["localhost", "shop.example.com", "box.tv.example.com"])
def test_a_client_that_trusts_the_ca_believes_the_edge(tmp_path: Path, host: str) -> None:
    certificate = made(tmp_path, ["shop.example.com", "*.tv.example.com"])

    assert believes(tmp_path / "ca.pem", certificate, host)
    assert not believes(tmp_path / "ca.pem", certificate, "bank.example")


def test_the_ca_is_believed_of_no_other_name(tmp_path: Path) -> None:
    """Whoever steals its key can pretend to be this platform, and nobody else."""
    authority = Authority.open(tmp_path / "ca.pem", NAMES, NOW)

    assert believes(tmp_path / "ca.pem", authority.issue(["localhost"], NOW)[0], "localhost")
    assert not believes(tmp_path / "ca.pem", authority.issue(["bank.example"], NOW)[0], "bank.example")


def test_nobody_else_may_read_a_key(tmp_path: Path) -> None:
    made(tmp_path)

    keys = [tmp_path / "ca-key.pem", tmp_path / "edge" / "current" / "key.pem"]
    assert [stat.S_IMODE(key.stat().st_mode) for key in keys] == [0o600, 0o600]


def test_a_certificate_stays_until_it_is_near_its_end(tmp_path: Path) -> None:
    first = made(tmp_path)
    authority = (tmp_path / "ca.pem").read_bytes()

    assert made(tmp_path, now=NOW + timedelta(days=50)) == first
    later = NOW + timedelta(days=70)
    assert believes(tmp_path / "ca.pem", made(tmp_path, now=later), "localhost", later)
    assert made(tmp_path, now=later) != first
    assert (tmp_path / "ca.pem").read_bytes() == authority


def test_a_host_that_came_later_is_believed_too(tmp_path: Path) -> None:
    made(tmp_path)

    certificate = made(tmp_path, ["shop.example.com"])

    assert believes(tmp_path / "ca.pem", certificate, "shop.example.com")


def test_a_ca_that_lost_its_key_is_made_anew(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "ca-key.pem").unlink()

    assert believes(tmp_path / "ca.pem", made(tmp_path), "localhost")


def test_a_given_certificate_is_taken_as_it_is(tmp_path: Path) -> None:
    certificate, key = Authority.open(tmp_path / "other.pem", NAMES, NOW).issue(NAMES, NOW)
    sources = given(tmp_path / "given", certificate, key)

    published = [publish_certificates(sources, tmp_path / "edge", NOW) for _ in range(2)]

    assert published == [True, False]
    assert (tmp_path / "edge" / "current" / "certificate.pem").read_bytes() == certificate


def test_after_one_that_was_given_the_ca_issues_its_own(tmp_path: Path) -> None:
    """Whatever the given one is like: a CA's, such as this, has no names."""
    other = Authority.open(tmp_path / "other.pem", NAMES, NOW)
    certificate = other.certificate.public_bytes(Encoding.PEM)
    key = other.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    publish_certificates(given(tmp_path / "given", certificate, key), tmp_path / "edge", NOW)

    assert believes(tmp_path / "ca.pem", made(tmp_path), "localhost")


def test_a_certificate_with_another_key_changes_nothing(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path / "other.pem", NAMES, NOW)
    (certificate, key), (other, _) = authority.issue(NAMES, NOW), authority.issue(NAMES, NOW)
    publish_certificates(given(tmp_path / "given", certificate, key), tmp_path / "edge", NOW)

    with pytest.raises(UserError, match=r"chain\.pem and .*key\.pem cannot be used together"):
        publish_certificates(given(tmp_path / "given", other, key), tmp_path / "edge", NOW)

    assert (tmp_path / "edge" / "current" / "certificate.pem").read_bytes() == certificate
    assert len([path for path in (tmp_path / "edge").iterdir() if not path.is_symlink()]) == 1


def test_a_given_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    sources = Sources((tmp_path / "no.pem", tmp_path / "key.pem"), None, tmp_path / "ca.pem")

    with pytest.raises(UserError, match=r"no\.pem cannot be read: No such file"):
        publish_certificates(sources, tmp_path / "edge", NOW)


def test_a_client_ca_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "clients.pem").write_text("not PEM")
    sources = Sources(None, tmp_path / "clients.pem", tmp_path / "ca.pem")

    with pytest.raises(UserError, match=r"clients\.pem holds no certificate"):
        publish_certificates(sources, tmp_path / "edge", NOW)


def test_only_what_an_edge_may_still_read_is_kept(tmp_path: Path) -> None:
    for days in (0, 70, 140, 210):
        made(tmp_path, now=NOW + timedelta(days=days))

    assert len([path for path in (tmp_path / "edge").iterdir() if not path.is_symlink()]) == 2
