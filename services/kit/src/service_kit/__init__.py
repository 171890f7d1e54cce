"""What the mock microservices share."""

from service_kit.app import Lifespan, closing, create_app
from service_kit.collection_routes import collection_router, found, json_response
from service_kit.documents import Collection, Document, page_of
from service_kit.money import Money, money, price_of
from service_kit.pages import Page, PageQuery
from service_kit.problems import Problem
from service_kit.server import run
from service_kit.settings import Settings, SettingsError

__all__ = [
    "Collection",
    "Document",
    "Lifespan",
    "Money",
    "Page",
    "PageQuery",
    "Problem",
    "Settings",
    "SettingsError",
    "closing",
    "collection_router",
    "create_app",
    "found",
    "json_response",
    "money",
    "page_of",
    "price_of",
    "run",
]
