"""How Envoy's protobuf messages are written as JSON."""

from typing import Any

import msgspec

from colonnade.ir.target import Address

Json = dict[str, Any]


def typed(message: str, /, **fields: Any) -> Json:  # noqa: ANN401 - any JSON
    """Return a message as `google.protobuf.Any`: its type's full name, and its fields."""
    return {"@type": f"type.googleapis.com/{message}", **fields}


def duration(seconds: float) -> str:
    """Return seconds as protobuf's JSON writes a duration."""
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def socket_address(address: Address) -> Json:
    """Return a TCP address."""
    return {"socket_address": {"address": address.host, "port_value": address.port}}


def path_source(folder: str, file: str) -> Json:
    """Return a source of resources: a file in a folder that is watched for renames into it."""
    return {
        "resource_api_version": "V3",
        "path_config_source": {"path": f"{folder}/{file}", "watched_directory": {"path": folder}},
    }


def written(value: Json | list[Json]) -> str:
    """Return a file's text, which a person can read too."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n"
