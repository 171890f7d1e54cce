"""Logout: here always, and at the provider where it offers that (OpenID Connect RP-Initiated Logout 1.0).

GET changes nothing: it shows a button. POST ends the session when only an own page can have sent it.
"""

import secrets
from urllib.parse import urlencode, urlsplit

from colonnade_edge import audit
from colonnade_edge.answer import NO_STORE, Answer, json_answer
from colonnade_edge.authn.session import digest_of
from colonnade_edge.authz import CSRF_HEADER
from colonnade_edge.errors import CrossOrigin, CsrfHeaderMissing, ProviderFailed
from colonnade_edge.oidc.cookies import cleared
from colonnade_edge.oidc.provider import Provider
from colonnade_edge.oidc.request import PageRequest
from colonnade_edge.sessions import Sessions

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Log out</title>
<style nonce="{nonce}">
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
body {{ display: grid; place-content: center; min-height: 90vh; text-align: center }}
button {{ font: inherit; padding: .6em 1.6em; border-radius: .5em; border: 1px solid; cursor: pointer }}
</style>
<h1>Log out?</h1>
<form method="post" action="/auth/logout"><button>Log out</button></form>
</html>
"""


async def confirmation(provider: Provider) -> Answer:
    """Return the page with the button."""
    nonce = secrets.token_urlsafe(16)
    # Browsers hold form-action against the redirect that follows the form, too.
    leads_to = _origin(await _end_session_endpoint(provider))
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'{leads_to}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    headers = [("content-type", "text/html; charset=utf-8"), ("content-security-policy", policy), NO_STORE]
    return Answer(200, headers, PAGE.format(nonce=nonce).encode())


async def logout(request: PageRequest, sessions: Sessions, provider: Provider) -> Answer:
    """End the session and say where to log out at the provider.

    A script (which sends `X-CSRF: 1`) is told in JSON, a form is redirected.
    """
    if request.is_foreign():
        raise CrossOrigin("this logout was sent by a page of another origin")
    script = request.header(CSRF_HEADER) == "1"
    if not (script or request.comes_from_own_page()):
        raise CsrfHeaderMissing("log out by a form of this site, or send the header X-CSRF: 1")
    elsewhere = await _end(request, sessions, provider)
    clear = cleared(request.session_cookie, secure=request.secure)
    if script:
        answer = json_answer(200, {"logged_out": True, "provider_logout": elsewhere})
        return Answer(answer.status, [*answer.headers, clear], answer.body)
    return Answer(303, [("location", elsewhere or "/"), clear, NO_STORE])


async def _end(request: PageRequest, sessions: Sessions, provider: Provider) -> str | None:
    cookie = request.cookie(request.session_cookie)
    if not cookie:
        return None
    digest = digest_of(cookie)
    tokens = (await sessions.tokens(digest)).tokens
    ended = await sessions.end(digest)
    if ended is not None:
        entry = audit.Entry(event="logout", consumer=ended.consumer, session=digest)
        audit.record(entry, request.header)
    endpoint = await _end_session_endpoint(provider)
    if not endpoint or tokens is None:
        return None
    parameters = {
        "id_token_hint": tokens.id_token,
        "client_id": provider.client_id,
        "post_logout_redirect_uri": f"{request.origin}/",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"


async def _end_session_endpoint(provider: Provider) -> str:
    """Return the endpoint, or nothing: a provider that is down must not keep anybody logged in here."""
    try:
        return (await provider.discovery.metadata()).end_session_endpoint
    except ProviderFailed:
        return ""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
