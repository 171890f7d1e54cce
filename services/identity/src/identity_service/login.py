"""The authorization endpoint: who is at the browser, and may the client know."""

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from authlib.oauth2 import OAuth2Error
from fastapi import APIRouter, Request, Response

from identity_service.call import Call, read_call
from identity_service.grants import new_identifier
from identity_service.pages import login_page, message_page
from identity_service.pushed import PushedRequests
from identity_service.server import Server
from identity_service.store import SESSION_LIFE_S, GrantStore, Session
from identity_service.users import USERS, Login, check_password

SESSION_COOKIE = "identity_session"
CSRF_COOKIE = "identity_csrf"
MAX_AGE_DIGITS = 12


def is_own_form(request: Request, given: str) -> bool:
    """Whether a form was made by this provider for this browser, and not by another site."""
    expected = request.cookies.get(CSRF_COOKIE, "")
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode())


def csrf_of(request: Request) -> str:
    """Return the token that this browser's forms carry."""
    return request.cookies.get(CSRF_COOKIE) or secrets.token_urlsafe(32)


def keep_csrf(page: Response, csrf: str) -> Response:
    """Return `page` with the cookie that its form is checked against."""
    page.set_cookie(CSRF_COOKIE, csrf, max_age=3600, httponly=True, samesite="lax")
    return page


def routes(server: Server, store: GrantStore, pushed: PushedRequests) -> APIRouter:
    """Return `/authorize`: GET shows the form or goes straight back, POST checks the form."""
    router = APIRouter(tags=["login"])

    @router.get("/authorize")
    async def authorize(request: Request) -> Response:
        try:
            call = _expanded(await read_call(request), pushed)
            asked = dict(parse_qsl(call.query))
            login = _known(store, request, asked)
            grant = server.get_consent_grant(call, login)
        except OAuth2Error as error:
            return _refuse(server, error)
        if login is None or set(asked.get("prompt", "").split()) & {"login", "select_account"}:
            return _ask(request, asked, "")
        answer: Response = server.create_authorization_response(call, login, grant)
        return answer

    @router.post("/authorize")
    async def submit(request: Request) -> Response:
        form = await request.form()
        try:
            call = _expanded(Call("GET", str(request.url), request.url.query, "", {}), pushed)
            asked = dict(parse_qsl(call.query))
            grant = server.get_consent_grant(call, None)
        except OAuth2Error as error:
            return _refuse(server, error)
        if not is_own_form(request, str(form.get("csrf", ""))):
            return _ask(request, asked, "The form has expired. Please try again.")
        user = check_password(str(form.get("username", "")), str(form.get("password", "")))
        if user is None:
            return _ask(request, asked, "Name and password do not match.")
        secret, session = secrets.token_urlsafe(32), Session(new_identifier(), user.sub, int(time.time()))
        store.add_session(secret, session, SESSION_LIFE_S)
        login = Login(user, session.sid, session.auth_time, new_identifier())
        answer: Response = server.create_authorization_response(call, login, grant)
        answer.set_cookie(SESSION_COOKIE, secret, max_age=SESSION_LIFE_S, httponly=True, samesite="lax")
        answer.delete_cookie(CSRF_COOKIE, httponly=True, samesite="lax")
        return answer

    return router


def _expanded(call: Call, pushed: PushedRequests) -> Call:
    return replace(call, query=pushed.expand(call.query))


def _known(store: GrantStore, request: Request, asked: Mapping[str, str]) -> Login | None:
    """Who is logged in at this browser already, recently enough for the client, under a grant of its own."""
    session = store.session(request.cookies.get(SESSION_COOKIE, ""))
    user = USERS.get(session.sub) if session else None
    if session is None or user is None or _too_old(session, asked.get("max_age")):
        return None
    return Login(user, session.sid, session.auth_time, new_identifier())


def _too_old(session: Session, max_age: str | None) -> bool:
    """Whether the client wants a fresher login; what is no number of seconds means: as fresh as can be."""
    if not max_age:
        return False
    allowed = (
        int(max_age) if max_age.isascii() and max_age.isdecimal() and len(max_age) < MAX_AGE_DIGITS else 0
    )
    return time.time() - session.auth_time >= allowed


def _ask(request: Request, asked: Mapping[str, str], error: str) -> Response:
    csrf = csrf_of(request)
    action = f"/authorize?{request.url.query}"
    page = login_page(asked.get("client_id", ""), action, csrf, asked.get("redirect_uri", ""), error)
    return keep_csrf(page, csrf)


def _refuse(server: Server, error: OAuth2Error) -> Response:
    """Tell the client where its redirect URI is trusted; otherwise tell the person."""
    if getattr(error, "redirect_uri", None):
        answer: Response = server.handle_error_response(None, error)
        return answer
    return message_page("This login cannot go on", error.description or str(error.error), 400)
