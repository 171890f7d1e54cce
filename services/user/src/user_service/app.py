"""The user service's application."""

from starlette.types import ASGIApp

from service_kit import Collection, Settings, closing, collection_router, create_app
from user_service.model import User
from user_service.seed import users


def create(settings: Settings) -> ASGIApp:
    """Return the application over its own database."""
    collection = Collection(settings.data_dir / "users.sqlite", users())
    return create_app(
        "User service", settings, collection_router(collection, User, "users"), closing(collection)
    )
