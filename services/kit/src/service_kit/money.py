"""Money as a decimal string with its currency, and the prices that the mock catalogue agrees on."""

from decimal import Decimal

from pydantic import BaseModel

CURRENCY = "EUR"


class Money(BaseModel):
    """An amount such as `129.90` and an ISO 4217 currency."""

    amount: str
    currency: str


def price_of(number: int) -> Decimal:
    """Return the price of the mock catalogue's product `number`, the same in every service."""
    return Decimal(499 + number * 7919 % 29_500) / 100


def money(amount: Decimal) -> dict[str, str]:
    """Return `amount` as the JSON of `Money`."""
    return {"amount": f"{amount:.2f}", "currency": CURRENCY}
