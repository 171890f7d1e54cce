"""The mobile BFF's `GET /home` without a runtime: a handler on Granian, four calls, structs, an answer.

It tells the services who asks, and bounds the time of a call. What ours costs over this is what a team pays
for deadlines, degradation, problems and the rest.
"""

import asyncio
import os
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import msgspec
import uvloop
from colonnade_runtime import Page
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from pyreqwest.client import Client, ClientBuilder

from mobile_bff.upstreams import Named, Order, Product, User
from mobile_bff.views.home import Home, HomeOrder, Profile
from mobile_bff.views.products import card

encode = msgspec.json.Encoder().encode
decode_user = msgspec.json.Decoder(User).decode
decode_orders = msgspec.json.Decoder(Page[Order]).decode
decode_products = msgspec.json.Decoder(Page[Product]).decode
decode_names = msgspec.json.Decoder(Page[Named]).decode
WITHIN = timedelta(seconds=2)
HEADERS = [("content-type", "application/json"), ("cache-control", "no-store")]


class Handler:
    """The RSGI application."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._urls = urls()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:  # noqa: ANN401 - RSGI has no public types
        """Answer one request, whatever its path."""
        user = scope.headers.get("x-user-id")
        if user is None:
            protocol.response_empty(401, [])
            return
        request_id = scope.headers.get("x-request-id") or str(uuid4())
        headers = {"accept": "application/json", "x-user-id": user, "x-request-id": request_id}
        profile, orders, featured = await asyncio.gather(
            self._get("user", f"/users/{quote(user, safe='')}", headers),
            self._orders(user, headers),
            self._get("product", "/products?limit=3", headers),
        )
        found = decode_user(profile)
        home = Home(
            Profile(found.name, found.avatar.url, found.loyalty.tier, found.loyalty.points),
            orders,
            [card(product) for product in decode_products(featured).items],
            [],
        )
        protocol.response_bytes(200, HEADERS, encode(home))

    async def _orders(self, user: str, headers: dict[str, str]) -> list[HomeOrder]:
        target = f"/orders?user_id={quote(user, safe='')}&limit=3"
        orders = decode_orders(await self._get("order", target, headers)).items
        ids = quote(",".join(sorted({order.items[0].product_id for order in orders})), safe="")
        found = decode_names(await self._get("product", f"/products?ids={ids}", headers)).items
        names = {product.id: product.name for product in found}
        return [
            HomeOrder(one.id, one.status, one.total, names[one.items[0].product_id], len(one.items) - 1)
            for one in orders
        ]

    async def _get(self, service: str, target: str, headers: dict[str, str]) -> bytes:
        url = self._urls[service] + target
        response = await self._client.get(url).headers(headers).timeout(WITHIN).build().send()
        body: Any = await response.bytes()
        return body  # type: ignore[no-any-return]  # a buffer that msgspec reads


def urls() -> dict[str, str]:
    """Where the services are."""
    return {name: os.environ[f"UPSTREAM_{name.upper()}_URL"] for name in ("user", "order", "product")}


async def serve(handler: Handler) -> None:
    """Serve until stopped."""
    server = Server(
        handler,
        address=os.environ["HOST"],
        port=int(os.environ["PORT"]),
        interface=Interfaces.RSGI,
        http=HTTPModes.auto,
        websockets=False,
        log_enabled=False,
    )
    await server.serve()


async def main() -> None:
    """Serve until stopped, with calls by pyreqwest."""
    async with ClientBuilder().http1_only().no_proxy().tcp_nodelay(enabled=True).build() as client:
        await serve(Handler(client))


if __name__ == "__main__":
    uvloop.run(main())
