"""The REST face of the readings."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from service_kit import Page, PageQuery
from service_kit.pages import encode_cursor
from telemetry_service.model import Batch, Reading, Receipt
from telemetry_service.store import ReadingStore

DeviceId = Annotated[str, Query(min_length=1, max_length=64)]


def routes(store: ReadingStore) -> APIRouter:
    """Return the routes over `store`."""
    router = APIRouter(tags=["readings"])

    # Not async: the flush to disk happens in a worker thread, so reads go on meanwhile.
    @router.post("/readings", status_code=202)
    def ingest(batch: Batch) -> Receipt:
        rows = [(one.seq, one.at.isoformat(), one.metric, one.value) for one in batch.readings]
        accepted = store.ingest(batch.device_id, rows)
        return Receipt(accepted=accepted, duplicates=len(rows) - accepted)

    @router.get("/readings")
    async def list_readings(device_id: DeviceId, query: Annotated[PageQuery, Depends()]) -> Page[Reading]:
        rows, more = store.newest(device_id, query.limit, query.after)
        items = [
            Reading.model_validate({"seq": s, "at": at, "metric": m, "value": v}) for s, at, m, v in rows
        ]
        return Page(items=items, next_cursor=encode_cursor(rows[-1][0]) if more else None)

    return router
