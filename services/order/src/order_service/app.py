"""The order service's application."""

from typing import Annotated

from fastapi import Header, Response
from starlette.types import ASGIApp

from order_service.model import Move, NewOrder, Order
from order_service.placing import Desk
from order_service.progress import Progress
from order_service.seed import orders
from service_kit import Collection, Settings, closing, collection_router, create_app, json_response
from service_kit.changes import changes_router
from service_kit.collection_routes import Id

IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=128)]


def create(settings: Settings) -> ASGIApp:
    """Return the application over its own database; lists are newest first, `?user_id=` filters them."""
    file = settings.data_dir / "orders.sqlite"
    collection = Collection(file, orders())
    desk = Desk(file)
    progress = Progress(file)
    routes = collection_router(collection, Order, "orders", filter_by="user_id", newest_first=True)

    @routes.post("/orders", status_code=201, response_model=Order)
    def place_order(wish: NewOrder, idempotency_key: IdempotencyKey = None) -> Response:
        return json_response(desk.place(wish, idempotency_key), 201)

    @routes.put("/orders/{order_id}/status", response_model=Order)
    def move_order(order_id: Id, move: Move) -> Response:
        return json_response(progress.move(order_id, move.status))

    routes.include_router(changes_router(progress.changes, "/order-changes"))
    return create_app("Order service", settings, routes, closing(collection, desk, progress))
