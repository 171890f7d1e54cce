"""`POST /telemetry`: one reading, or up to a thousand."""

from colonnade_runtime import Answer, Request

from iot_bff.upstreams import Batch, Reading, Sent, store


async def telemetry(request: Request) -> Answer:
    """Store what the device measured; sending it again changes nothing."""
    sent: Reading | list[Reading] = await request.body(Sent)
    readings = [sent] if isinstance(sent, Reading) else sent
    return Answer(await store(request, Batch(request.device_id, readings)), status=202)
