"""The compiled policy document: the compiler writes it, the policy service reads it."""

from colonnade_policy.document import (
    FORMAT_VERSION,
    MIN_SECRET_BYTES,
    Auth,
    Claims,
    Consumer,
    Identity,
    Introspection,
    Limit,
    LimitPolicy,
    PolicyDocument,
    Route,
    Session,
    StoreFailure,
    Tier,
    decode,
    encode,
)

__all__ = [
    "FORMAT_VERSION",
    "MIN_SECRET_BYTES",
    "Auth",
    "Claims",
    "Consumer",
    "Identity",
    "Introspection",
    "Limit",
    "LimitPolicy",
    "PolicyDocument",
    "Route",
    "Session",
    "StoreFailure",
    "Tier",
    "decode",
    "encode",
]
