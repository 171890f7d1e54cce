"""RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0)."""

from typing import Any

import httpx
from fastapi import APIRouter, BackgroundTasks, Request, Response
from starlette.responses import RedirectResponse

from identity_service.backchannel import Backchannel
from identity_service.clients import Clients, logout_uris
from identity_service.keys import SigningKey
from identity_service.login import SESSION_COOKIE, csrf_of, is_own_form, keep_csrf
from identity_service.pages import logout_page, message_page
from identity_service.store import GrantStore, Session
from identity_service.tokens import ID_TYPE

CARRIED = ("client_id", "post_logout_redirect_uri", "state")


def routes(clients: Clients, key: SigningKey, store: GrantStore, backchannel: Backchannel) -> APIRouter:
    """Return `/end_session`."""
    router = APIRouter(tags=["logout"])

    @router.api_route("/end_session", methods=["GET", "POST"])
    async def end_session(request: Request, background: BackgroundTasks) -> Response:
        asked = await _asked(request)
        hint = key.read(asked.get("id_token_hint", ""), ID_TYPE)
        session = store.session(request.cookies.get(SESSION_COOKIE, ""))
        target = _target(clients, asked, hint)
        if hint is None and session is not None and not _is_meant(request, asked):
            return _confirm(request, session, asked, target)
        ended = _ended(hint, session)
        for sid in ended:
            store.end_session(sid)
            background.add_task(backchannel.tell, sid)
        answer = _answer(target, asked.get("state"))
        if session is not None and session.sid in ended:
            answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
        answer.background = background
        return answer

    return router


async def _asked(request: Request) -> dict[str, str]:
    form = await request.form() if request.method == "POST" else {}
    return {**request.query_params, **{name: str(value) for name, value in form.items()}}


def _is_meant(request: Request, asked: dict[str, str]) -> bool:
    """Whether a logout without a hint is no trap: our own form, or no browser, which no page can lure."""
    return is_own_form(request, asked.get("csrf", "")) or "sec-fetch-site" not in request.headers


def _ended(hint: dict[str, Any] | None, session: Session | None) -> set[str]:
    """Return the sessions to end; a stranger's hint says nothing about who is at this browser."""
    ended = {str(hint["sid"])} if hint and "sid" in hint else set()
    if session is not None and (hint is None or hint.get("sub") == session.sub):
        ended.add(session.sid)
    return ended


def _target(clients: Clients, asked: dict[str, str], hint: dict[str, Any] | None) -> str:
    """Return where to go afterwards: a registered address of the client that asks, else nothing."""
    audience = (hint or {}).get("aud") or [""]
    client_id = asked.get("client_id") or audience[0]
    if hint is not None and client_id not in audience:
        return ""
    target = asked.get("post_logout_redirect_uri", "")
    return target if target in logout_uris(clients.get(client_id)) else ""


def _confirm(request: Request, session: Session, asked: dict[str, str], target: str) -> Response:
    """Ask first: without a hint the request may come from any page that the person looks at."""
    csrf = csrf_of(request)
    fields = {name: asked[name] for name in CARRIED if name in asked}
    return keep_csrf(logout_page(session.sub, csrf, fields, target), csrf)


def _answer(target: str, state: str | None) -> Response:
    if not target:
        return message_page("Logged out", "You can close this page.")
    url = httpx.URL(target).copy_merge_params({"state": state} if state else {})
    return RedirectResponse(str(url), 303)
