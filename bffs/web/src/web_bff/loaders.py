"""What the resolvers of one request share: calls for single things become one call for all of them."""

from collections.abc import Sequence

from colonnade_runtime import Request
from strawberry.dataloader import DataLoader

from web_bff.upstreams import Product, get_products_by_id

MAX_BATCH = 100


class Loaders:
    """The request, and its loaders. A product asked for twice is read once."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.products: DataLoader[str, Product | None] = DataLoader(self._products, max_batch_size=MAX_BATCH)

    async def _products(self, ids: Sequence[str]) -> list[Product | None]:
        found = await get_products_by_id(self.request, ids)
        return [found.get(one) for one in ids]
