"""The list of views."""

from colonnade_runtime import App

from iot_bff.views.commands import commands
from iot_bff.views.config import config
from iot_bff.views.telemetry import telemetry

app = App("iot", services=["device", "telemetry"], caller="device")

app.post("/telemetry")(telemetry)
app.get("/config")(config)
app.websocket("/commands")(commands)
