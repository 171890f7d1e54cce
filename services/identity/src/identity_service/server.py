"""Authlib's authorization server, spoken to through Starlette's requests and answers."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    InvalidClientError,
    InvalidRequestError,
    OAuth2Payload,
    OAuth2Request,
)
from starlette.responses import JSONResponse, Response

from identity_service.call import Call
from identity_service.clients import Client, Clients
from identity_service.endpoints import Introspection, Revocation
from identity_service.grants import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    PasswordGrant,
    Pkce,
    RefreshTokenGrant,
    keep_refresh_token,
)
from identity_service.keys import SigningKey
from identity_service.store import GrantStore
from identity_service.tokens import IdToken, TokenGenerator
from identity_service.users import Login


class _Payload(OAuth2Payload):  # type: ignore[misc]
    """The parameters of a request, in order and with repetitions."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    @property
    def data(self) -> dict[str, str]:
        """The last value of each parameter."""
        return dict(self._pairs)

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        """All values of each parameter."""
        values = defaultdict[str, list[str]](list)
        for name, value in self._pairs:
            values[name].append(value)
        return values


class _Request(OAuth2Request):  # type: ignore[misc]
    """A call as Authlib reads it."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.method, call.url, headers=call.headers)
        query, form = (
            parse_qsl(call.query, keep_blank_values=True),
            parse_qsl(call.form, keep_blank_values=True),
        )
        self._args, self._form = dict(query), dict(form)
        self.payload = _Payload(query + form)

    @property
    def args(self) -> dict[str, str]:
        """The query."""
        return self._args

    @property
    def form(self) -> dict[str, str]:
        """The body."""
        return self._form


class Server(AuthorizationServer):  # type: ignore[misc]
    """The authorization server over its clients, key and store."""

    def __init__(
        self, issuer: str, clients: Clients, key: SigningKey, store: GrantStore, access_life_s: int
    ) -> None:
        super().__init__()
        self._clients = clients
        self._store = store
        self.register_token_generator("default", TokenGenerator(issuer, key, store, access_life_s))
        bound = {"store": store}
        code_grant = type("BoundCodeGrant", (AuthorizationCodeGrant,), bound)
        self.register_grant(code_grant, [Pkce(required=True), IdToken(issuer, key)])
        self.register_grant(type("BoundRefreshGrant", (RefreshTokenGrant,), bound))
        self.register_grant(ClientCredentialsGrant)
        self.register_grant(PasswordGrant)
        for endpoint in (Introspection, Revocation):
            self.register_endpoint(type(f"Bound{endpoint.__name__}", (endpoint,), bound | {"key": key}))

    def query_client(self, client_id: str) -> Client | None:
        """Return a registered client."""
        return self._clients.get(client_id)

    def get_consent_grant(self, request: Call, end_user: Login | None = None) -> AuthorizationCodeGrant:
        """Return the grant that a valid authorization request is for. Raises `OAuth2Error`."""
        try:
            grant: AuthorizationCodeGrant = super().get_consent_grant(request, end_user)
        except ValueError as error:
            # Authlib repeats a wrong parameter in its message, which may hold ASCII only (RFC 6749 §4.1.2.1).
            raise InvalidRequestError("A parameter holds characters that do not belong there.") from error
        return grant

    def authenticate_client(
        self, request: OAuth2Request, methods: Sequence[str], endpoint: str = "token"
    ) -> Client:
        """Return the client that proved who it is."""
        try:
            client: Client = super().authenticate_client(request, methods, endpoint)
        except UnicodeDecodeError as error:
            # Authlib 1.9 takes a Basic header for UTF-8 without looking.
            raise InvalidClientError(status_code=401) from error
        return client

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Keep what has to be kept of a token answer."""
        keep_refresh_token(self._store, token, request)

    def create_oauth2_request(self, request: Call | OAuth2Request) -> OAuth2Request:
        """Return the call as Authlib reads it."""
        return request if isinstance(request, OAuth2Request) else _Request(request)

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nothing listens."""

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:  # noqa: ANN401 - Authlib's
        """Return Authlib's answer as Starlette's; no answer of this server may be cached (RFC 6749 §5.1)."""
        response = JSONResponse(body, status) if isinstance(body, dict) else Response(body, status)
        response.headers.update(dict(headers))
        response.headers["Cache-Control"] = "no-store"
        return response
