"""What a user is."""

from pydantic import BaseModel


class Avatar(BaseModel):
    """A picture of the user; width and height are in pixels."""

    url: str
    width: int
    height: int


class Address(BaseModel):
    """A postal address."""

    kind: str
    street: str
    postal_code: str
    city: str
    country: str
    phone: str
    instructions: str


class Loyalty(BaseModel):
    """The loyalty programme's view of the user."""

    tier: str
    points: int
    member_since: str


class Preferences(BaseModel):
    """What the user chose."""

    newsletter: bool
    language: str
    currency: str
    theme: str
    notifications: dict[str, bool]
    interests: list[str]


class User(BaseModel):
    """A user of the shop; times are RFC 3339 in UTC."""

    id: str
    name: str
    given_name: str
    family_name: str
    email: str
    phone: str
    avatar: Avatar
    locale: str
    timezone: str
    addresses: list[Address]
    loyalty: Loyalty
    preferences: Preferences
    created_at: str
    updated_at: str
