"""RP-initiated logout, and telling the other clients of it over the back channel."""

import logging
import secrets
import time

import httpx
from fastapi import APIRouter, BackgroundTasks, Request, Response
from starlette.responses import RedirectResponse

from identity_service.clients import Clients, logout_uris
from identity_service.keys import SigningKey
from identity_service.login import SESSION_COOKIE
from identity_service.pages import message_page
from identity_service.store import GrantStore, Session

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TIMEOUT_S = 3.0

log = logging.getLogger(__name__)


def routes(issuer: str, clients: Clients, key: SigningKey, store: GrantStore) -> APIRouter:
    """Return `/end_session` (OpenID Connect RP-Initiated Logout 1.0)."""
    router = APIRouter(tags=["logout"])

    @router.api_route("/end_session", methods=["GET", "POST"])
    async def end_session(request: Request, background: BackgroundTasks) -> Response:
        asked = dict(request.query_params)
        if request.method == "POST":
            asked |= {name: str(value) for name, value in (await request.form()).items()}
        hint = key.read(asked.get("id_token_hint", "")) or {}
        session = store.session(request.cookies.get(SESSION_COOKIE, ""))
        ended = {str(hint["sid"]) if "sid" in hint else "", session.sid if session else ""} - {""}
        for sid in ended:
            store.end_session(sid)
            background.add_task(_tell, issuer, clients, key, Session(sid, str(hint.get("sub", "")), 0))
        audience = hint.get("aud")
        client_id = asked.get("client_id") or (audience[0] if isinstance(audience, list) else audience)
        answer = _answer(clients, asked, client_id)
        answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
        answer.background = background
        return answer

    return router


def _answer(clients: Clients, asked: dict[str, str], client_id: str | None) -> Response:
    """Redirect to a registered address of the client, or say that it is done."""
    target = asked.get("post_logout_redirect_uri", "")
    if target and target in logout_uris(clients.get(client_id)):
        state = asked.get("state")
        return RedirectResponse(
            httpx.URL(target).copy_merge_params({"state": state} if state else {}).__str__(), 303
        )
    return message_page("Logged out", "You can close this page.")


async def _tell(issuer: str, clients: Clients, key: SigningKey, session: Session) -> None:
    """Post a logout token to every client that wants one (OpenID Connect Back-Channel Logout 1.0)."""
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as http:
        for client in clients.all():
            uri = client.registration.backchannel_logout_uri
            if uri is None:
                continue
            claims = {
                "iss": issuer,
                "aud": client.get_client_id(),
                "iat": int(time.time()),
                "exp": int(time.time()) + 120,
            }
            claims |= {"jti": secrets.token_urlsafe(16), "sid": session.sid, "events": {EVENT: {}}}
            try:
                await http.post(uri, data={"logout_token": key.sign(claims, "logout+jwt")})
            except httpx.HTTPError as error:
                log.warning("could not tell %s of a logout: %s", client.get_client_id(), type(error).__name__)
