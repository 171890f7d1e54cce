"""What an order is, and what placing one takes."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service_kit import Money

Status = Literal["pending", "paid", "shipped", "delivered", "cancelled"]


class OrderItem(BaseModel):
    """So many of one product, at the price of the day."""

    product_id: str
    quantity: int
    unit_price: Money


class ShippingAddress(BaseModel):
    """Where the parcel goes."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str


class Shipping(BaseModel):
    """How the parcel goes."""

    address: ShippingAddress
    carrier: str
    service: str
    tracking: str
    instructions: str


class HistoryEntry(BaseModel):
    """One change of the order's status."""

    status: Status
    at: str
    note: str


class Order(BaseModel):
    """An order; times are RFC 3339 in UTC."""

    id: str
    user_id: str
    status: Status
    placed_at: str
    total: Money
    items: list[OrderItem]
    shipping: Shipping
    history: list[HistoryEntry]


class NewItem(BaseModel):
    """One line of a new order."""

    model_config = ConfigDict(extra="forbid")

    product_id: Annotated[str, Field(pattern=r"^p-[0-9]{4}$")]
    quantity: Annotated[int, Field(ge=1, le=99)]


class NewOrder(BaseModel):
    """What placing an order takes."""

    model_config = ConfigDict(extra="forbid")

    user_id: Annotated[str, Field(min_length=1, max_length=64)]
    items: Annotated[list[NewItem], Field(min_length=1, max_length=50)]


class Move(BaseModel):
    """The status that an order comes to."""

    model_config = ConfigDict(extra="forbid")

    status: Status
