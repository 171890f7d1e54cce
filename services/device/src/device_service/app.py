"""The device service's application."""

from fastapi import Response
from starlette.types import ASGIApp

from device_service.model import Device, DeviceConfig
from device_service.seed import configs, devices
from service_kit import Collection, Settings, closing, collection_router, create_app, found, json_response


def create(settings: Settings) -> ASGIApp:
    """Return the application over its own databases; `?owner_id=` filters the list."""
    collection = Collection(settings.data_dir / "devices.sqlite", devices())
    configurations = Collection(settings.data_dir / "configs.sqlite", configs())
    routes = collection_router(collection, Device, "devices", filter_by="owner_id")

    @routes.get("/devices/{device_id}/config", response_model=DeviceConfig)
    async def get_config(device_id: str) -> Response:
        return json_response(found(configurations, "device", device_id))

    return create_app("Device service", settings, routes, closing(collection, configurations))
