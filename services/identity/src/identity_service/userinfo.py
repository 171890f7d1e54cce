"""What an access token lets its bearer know about the user (OpenID Connect Core §5.3)."""

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from identity_service.endpoints import AccessToken, find_token, is_active
from identity_service.keys import SigningKey
from identity_service.store import GrantStore
from identity_service.tokens import user_claims
from identity_service.users import USERS, Login
from service_kit.problems import problem_response


def routes(key: SigningKey, store: GrantStore) -> APIRouter:
    """Return `/userinfo`."""
    router = APIRouter(tags=["userinfo"])

    @router.api_route("/userinfo", methods=["GET", "POST"])
    async def userinfo(request: Request) -> Response:
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return _refuse(401, "An access token is needed.", "")
        found = find_token(store, key, text)
        if not isinstance(found, AccessToken) or not is_active(store, found):
            return _refuse(401, "The access token is not valid, or not any more.", "invalid_token")
        user, scope = USERS.get(str(found.claims["sub"])), str(found.claims["scope"])
        if user is None or "openid" not in scope.split():
            return _refuse(403, "The access token is not one of a user for 'openid'.", "insufficient_scope")
        claims = user_claims(Login(user, str(found.claims.get("sid", "")), 0, ""), scope)
        return JSONResponse(claims, headers={"Cache-Control": "no-store"})

    return router


def _refuse(status: int, detail: str, error: str) -> Response:
    """Say what is missing; a request without any token learns no error code (RFC 6750 §3.1)."""
    answer = problem_response(status, detail)
    answer.headers["WWW-Authenticate"] = f'Bearer error="{error}"' if error else "Bearer"
    return answer
