"""What the resolvers of one request share: calls for single things become one call for all of them."""

from collections.abc import Sequence

from colonnade_runtime import Request
from strawberry.dataloader import DataLoader

from web_bff.upstreams import Product, products_with

MAX_BATCH = 100


class Loaders:
    """The request, and its loaders. A product asked for twice is read once."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.products: DataLoader[str, Product | None] = DataLoader(self._products, max_batch_size=MAX_BATCH)

    async def _products(self, ids: Sequence[str]) -> list[Product | None]:
        page = await products_with(self.request, list(ids))
        found = {product.id: product for product in page.items}
        return [found.get(one) for one in ids]
