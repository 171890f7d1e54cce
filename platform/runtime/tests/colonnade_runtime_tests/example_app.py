"""A small application for tests of the process: it asks a service, and waits where it is told to."""

import asyncio
import sys
from collections.abc import AsyncIterator

import msgspec
from colonnade_runtime import App, Bounds, Event, Events, Request, WebSocket, declared, get, serve, shared

app = App("example", services=["order"], call_timeout=0.5, deadline=20.0)


class Order(msgspec.Struct):
    id: str


@get("order", "/orders/1")
async def first_order() -> Order:
    declared()


@get("gift", "/gifts/1")
async def gift() -> Order:
    declared()


@app.get("/order")
async def order(request: Request) -> Order:
    return await first_order(request)


@app.get("/slow")
async def slow(_request: Request) -> Order:
    sys.stderr.write("waiting\n")
    sys.stderr.flush()
    await asyncio.sleep(0.5)
    return Order("late")


@get("order", "/large/{how}")
async def large(how: str) -> Order:
    declared()


@app.get("/large")
async def read_large(request: Request) -> Order:
    how = request.query(dict[str, str])
    return await large(request, next(iter(how)))


@app.get("/endless")
async def endless(_request: Request) -> Order:
    sys.stderr.write("waiting\n")
    sys.stderr.flush()
    try:
        await asyncio.Event().wait()
    finally:
        sys.stderr.write("ended\n")
        sys.stderr.flush()
    return Order("never")


@get("order", "/count")
async def count() -> Order:
    declared()


@app.get("/count", cache=shared(0, stale_while_revalidate=60))
async def counted(request: Request) -> Order:
    return await count(request)


@app.get("/ticks")
async def ticks(_request: Request) -> Events:
    return Events(_ticks(), heartbeat=0.05)


async def _ticks() -> AsyncIterator[Event]:
    try:
        yield Event("tick", "1")
        await asyncio.Event().wait()
    finally:
        sys.stderr.write("ended\n")
        sys.stderr.flush()


@app.websocket("/talk", Bounds(send=0.5))
async def talk(_request: Request, socket: WebSocket[Order, Order]) -> None:
    try:
        async for message in socket:
            await socket.send(message)
    finally:
        sys.stderr.write("ended\n")
        sys.stderr.flush()


@app.get("/forgotten")
async def forgotten(request: Request) -> Order:
    return await gift(request)


@app.post("/echo")
async def echo(request: Request) -> Order:
    return await request.body(Order)


if __name__ == "__main__":
    sys.exit(serve(app, port=3999))
