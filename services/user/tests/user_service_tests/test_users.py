"""The seeded users are what the OpenAPI document says, and the same every time."""

from user_service.model import User
from user_service.seed import users


def test_every_seeded_document_holds_to_the_model() -> None:
    documents = list(users())

    assert len(documents) >= 1000
    for document in documents:
        assert User.model_validate_json(document.body, strict=True, extra="forbid").id == document.id


def test_the_seed_is_the_same_every_time() -> None:
    assert list(users()) == list(users())


def test_the_development_users_come_first() -> None:
    first = [User.model_validate_json(document.body) for document in list(users())[:2]]

    assert [("alice", "Alice Moreau"), ("bob", "Bob Tanaka")] == [(user.id, user.name) for user in first]
