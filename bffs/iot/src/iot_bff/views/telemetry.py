"""`POST /telemetry`: one reading, or up to a thousand."""

from colonnade_runtime import Answer, Request

from iot_bff.upstreams import Reading, Sent, store


async def telemetry(request: Request) -> Answer:
    """Store what the device measured; sending it again changes nothing."""
    sent: Reading | list[Reading] = await request.json(Sent)
    receipt = await store(request, [sent] if isinstance(sent, Reading) else sent)
    return Answer(receipt, status=202)
