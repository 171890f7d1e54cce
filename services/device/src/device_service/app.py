"""The device service's application."""

from typing import Annotated

from fastapi import Query, Response
from starlette.types import ASGIApp

from device_service.commands import Acknowledgement, Command, Commands, NewCommand, WaitingCommands
from device_service.model import Device, DeviceConfig
from device_service.seed import configs, devices
from service_kit import Collection, Settings, closing, collection_router, create_app, found, json_response
from service_kit.changes import changes_router
from service_kit.collection_routes import Id

After = Annotated[int, Query(ge=0, description="the id of the last command that is known")]
Limit = Annotated[int, Query(ge=1, le=100)]


def create(settings: Settings) -> ASGIApp:
    """Return the application over its own databases; `?owner_id=` filters the list."""
    collection = Collection(settings.data_dir / "devices.sqlite", devices())
    configurations = Collection(settings.data_dir / "configs.sqlite", configs())
    commands = Commands(settings.data_dir / "commands.sqlite")
    routes = collection_router(collection, Device, "devices", filter_by="owner_id")

    @routes.get("/devices/{device_id}/config", response_model=DeviceConfig)
    async def get_config(device_id: str) -> Response:
        return json_response(found(configurations, "device", device_id))

    @routes.post("/devices/{device_id}/commands", status_code=201)
    def give_command(device_id: Id, wish: NewCommand) -> Command:
        found(collection, "device", device_id)
        return commands.give(device_id, wish)

    @routes.get("/devices/{device_id}/commands")
    async def list_waiting_commands(device_id: Id, after: After = 0, limit: Limit = 20) -> WaitingCommands:
        return WaitingCommands(items=commands.waiting(device_id, after, limit))

    @routes.put("/devices/{device_id}/commands/{command_id}/outcome")
    def acknowledge_command(device_id: Id, command_id: int, told: Acknowledgement) -> Command:
        return commands.acknowledge(device_id, command_id, told.outcome)

    routes.include_router(changes_router(commands.changes, "/command-changes"))
    return create_app("Device service", settings, routes, closing(collection, configurations, commands))
