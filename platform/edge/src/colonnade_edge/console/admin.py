"""The admin API: what an operator may ask and order, behind a bearer token."""

import hmac
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from redis.asyncio import Redis

from colonnade_edge import audit
from colonnade_edge.console import views
from colonnade_edge.console.keys import Keys
from colonnade_edge.console.limits import Limits
from colonnade_edge.console.models import (
    CreatedKey,
    Health,
    HeavyUserList,
    KeyList,
    KeyView,
    LimitQuestion,
    LimitStates,
    NewKey,
    NewRevocation,
    RevocationList,
    RevokedView,
    RotatedKey,
    Rotation,
    RouteList,
)
from colonnade_edge.console.revocations import Revocations
from colonnade_edge.console.versions import Runner, versions
from colonnade_edge.errors import Unauthenticated, Unavailable
from colonnade_edge.policy.reload import PolicyFile

MIN_TOKEN = 16
ADMIN = "admin"
"""How the audit log names whoever holds the admin token."""

bearer = HTTPBearer(auto_error=False)


class Guard:
    """Lets pass who holds the admin token; the file is read anew, so that the token can be changed."""

    def __init__(self, token_file: Path) -> None:
        self._file = token_file

    def __call__(self, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> None:
        """Raise `Unauthenticated` for a wrong token, `Unavailable` where none is set up."""
        try:
            token = self._file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Unavailable("the admin token file cannot be read") from error
        if len(token) < MIN_TOKEN:
            raise Unavailable(f"the admin token must have at least {MIN_TOKEN} characters")
        presented = given.credentials if given is not None else ""
        if not hmac.compare_digest(presented.encode(), token.encode()):
            raise Unauthenticated("send the admin token: Authorization: Bearer …", 'Bearer realm="admin"')


def admin(policy: PolicyFile, redis: Redis, runner: Runner, guard: Guard) -> APIRouter:
    """Return all of the API."""
    router = APIRouter(prefix="/admin", dependencies=[Depends(guard)])
    revocations = Revocations(redis)
    parts = (
        _about(policy, redis),
        _keys(policy, redis, revocations),
        _limits(policy, redis),
        _revocations(policy, revocations),
        versions(runner, ADMIN),
    )
    for part in parts:
        router.include_router(part)
    return router


def _about(policy: PolicyFile, redis: Redis) -> APIRouter:
    router = APIRouter()

    @router.get("/routes")
    async def list_routes() -> RouteList:
        """List the routes of the policy document in effect."""
        return views.routes(policy.current.document if policy.current else None)

    @router.get("/health")
    async def health() -> Health:
        """Tell what answers."""
        return await views.health(redis, policy.current.document if policy.current else None)

    return router


def _keys(policy: PolicyFile, redis: Redis, revocations: Revocations) -> APIRouter:
    router, keys = APIRouter(prefix="/keys"), Keys(redis)

    @router.post("", status_code=201)
    async def create_key(order: NewKey) -> CreatedKey:
        """Make an API key. The key itself is shown in this answer, and never again."""
        expires = order.expires_at.timestamp() if order.expires_at else None
        key, record = await keys.create(order, expires)
        audit.record(audit.Entry(event="key_created", key=record.id, device=record.device_id, by=ADMIN))
        return CreatedKey(**KeyView.of(record).model_dump(), key=key)

    @router.get("")
    async def list_keys() -> KeyList:
        """List the keys, newest first, revoked ones too."""
        return KeyList(items=tuple(KeyView.of(record, used) for record, used in await keys.list()))

    @router.post("/{key_id}/rotate", status_code=201)
    async def rotate_key(key_id: str, order: Rotation) -> RotatedKey:
        """Make the successor of a key, shown this once; both are good until the old one's grace ends."""
        key, new, old = await keys.rotate(key_id, order)
        successor = f"its successor is {new.id}"
        audit.record(
            audit.Entry(event="key_rotated", key=old.id, device=old.device_id, detail=successor, by=ADMIN)
        )
        return RotatedKey(**KeyView.of(new).model_dump(), key=key, replaced=KeyView.of(old))

    @router.delete("/{key_id}")
    async def revoke_key(key_id: str) -> KeyView:
        """Revoke a key: the next request with it is refused."""
        record = await keys.revoke(key_id)
        await revocations.revoke(policy.current, NewRevocation(key=record.id))
        audit.record(audit.Entry(event="key_revoked", key=record.id, device=record.device_id, by=ADMIN))
        return KeyView.of(record)

    return router


def _revocations(policy: PolicyFile, revocations: Revocations) -> APIRouter:
    router = APIRouter(prefix="/revocations")

    @router.post("", status_code=201)
    async def revoke(order: NewRevocation) -> RevokedView:
        """Revoke a token, or all credentials of somebody or something: refused everywhere within a second."""
        revoked = await revocations.revoke(policy.current, order)
        audit.record(audit.revoked(revoked.kind, revoked.value, by=ADMIN, count=revoked.sessions_ended))
        return revoked

    @router.get("")
    async def list_revocations() -> RevocationList:
        """List what is revoked now, the newest first."""
        return RevocationList(items=await revocations.list())

    return router


def _limits(policy: PolicyFile, redis: Redis) -> APIRouter:
    router, limits = APIRouter(prefix="/limits"), Limits(redis)

    @router.post("/state")
    async def limit_states(asked: LimitQuestion) -> LimitStates:
        """Tell how the limits stand that a request would meet; nothing is taken from them."""
        return await limits.states(policy.current, asked)

    @router.get("/top")
    async def heaviest() -> HeavyUserList:
        """List who asked most in this minute and the one before."""
        return await limits.top()

    return router
