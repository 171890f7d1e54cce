"""Single flight: identical reads at the same time are one call."""

import asyncio
from collections.abc import Callable

from colonnade_runtime.errors import UpstreamError, UpstreamTimeout
from colonnade_runtime.upstream.call import Call, Reply, Stage
from msgspec.structs import force_setattr

Waiting = list[asyncio.Future[Reply | None]]


def single_flight(clock: Callable[[], float], then: Stage) -> Stage:
    """Return the stage in which a read joins the same one among its `flights`, and else is made."""

    async def stage(call: Call) -> Reply:
        flights = call.flights
        key = (call.ask.service, call.target, call.own)
        waiting: Waiting = []
        while (others := flights.setdefault(key, waiting)) is not waiting:
            if (reply := await _join(others, call, clock)) is not None:
                force_setattr(call, "joined", True)
                return reply
        outcome: Reply | UpstreamError | None = None  # given up: those who wait ask themselves
        try:
            outcome = await then(call)
        except UpstreamError as error:
            outcome = error
            raise
        finally:
            del flights[key]
            if waiting:
                _land(waiting, outcome)
        return outcome

    return stage


def _land(waiting: Waiting, outcome: Reply | UpstreamError | None) -> None:
    for future in waiting:
        if future.done():
            continue
        if isinstance(outcome, UpstreamError):
            future.set_exception(outcome.again())
        else:
            future.set_result(outcome)


async def _join(waiting: Waiting, call: Call, clock: Callable[[], float]) -> Reply | None:
    """Return the answer of the call under way; None where it ended without, and there is time to ask."""
    future: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
    waiting.append(future)
    try:
        async with asyncio.timeout_at(call.ends):
            return await future
    except UpstreamTimeout:
        if clock() >= call.ends:
            raise
        return None  # the other's time was shorter than ours
    except TimeoutError as error:
        raise UpstreamTimeout(call.service, "no answer in time") from error
