"""The product service's application."""

from starlette.types import ASGIApp

from product_service.model import Product
from product_service.seed import products
from service_kit import Collection, Settings, closing, collection_router, create_app


def create(settings: Settings) -> ASGIApp:
    """Return the application over its own database; `?category=` filters the list."""
    collection = Collection(settings.data_dir / "products.sqlite", products())
    routes = collection_router(collection, Product, "products", filter_by="category")
    return create_app("Product service", settings, routes, closing(collection))
