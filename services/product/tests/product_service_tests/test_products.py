"""The seeded products are what the OpenAPI document says, and the same every time."""

from product_service.model import Product
from product_service.seed import products


def test_every_seeded_document_holds_to_the_model() -> None:
    documents = list(products())

    assert len(documents) >= 500
    for document in documents:
        assert Product.model_validate_json(document.body, strict=True, extra="forbid").id == document.id


def test_the_seed_is_the_same_every_time() -> None:
    assert list(products()) == list(products())
