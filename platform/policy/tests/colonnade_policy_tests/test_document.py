import msgspec
import pytest

from colonnade_policy import FORMAT_VERSION, Identity, Limit, PolicyDocument, Route, Session, decode, encode
from colonnade_policy.limits import Rule


def document(version: int = FORMAT_VERSION) -> PolicyDocument:
    rule = Rule("token_bucket", 100, 60_000_000, 20)
    limit = Limit("mobile.per-consumer", "per-consumer", rule, ("consumer",), "store", "allow")
    return PolicyDocument(
        version=version,
        revision="abc",
        development=True,
        identity=Identity("http://127.0.0.1:8100", "colonnade"),
        session=Session("web", ("openid",), 1800.0, 28800.0),
        routes={"mobile": Route("mobile", "jwt", ("read",), (limit,))},
    )


def test_a_document_survives_its_encoding() -> None:
    assert document() == decode(encode(document()))


def test_equal_documents_are_equal_bytes() -> None:
    assert encode(document()) == encode(document())


def test_another_format_version_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="format 99"):
        decode(encode(document(version=99)))


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        decode(encode(document()).replace(b'"routes"', b'"rutes": {}, "routes"'))


def test_a_document_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        document().revision = "other"  # type: ignore[misc]
