"""What a product is."""

from pydantic import BaseModel

from service_kit import Money


class Image(BaseModel):
    """A picture of the product; width and height are in pixels."""

    url: str
    width: int
    height: int
    alt: str


class WarehouseStock(BaseModel):
    """What one warehouse holds."""

    warehouse: str
    available: int
    reserved: int


class Stock(BaseModel):
    """What all warehouses hold together, and each alone."""

    available: int
    reserved: int
    warehouses: list[WarehouseStock]


class Rating(BaseModel):
    """The average of the customers' ratings, from 1 to 5."""

    average: float
    count: int


class Product(BaseModel):
    """A product of the catalogue; times are RFC 3339 in UTC."""

    id: str
    sku: str
    name: str
    description: str
    category: str
    brand: str
    price: Money
    images: list[Image]
    attributes: dict[str, str]
    stock: Stock
    rating: Rating
    tags: list[str]
    created_at: str
    updated_at: str
