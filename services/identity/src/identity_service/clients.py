"""The registered clients, read from a file that may change while the provider runs."""

import hmac
import logging
import os
import re
from pathlib import Path

import msgspec
from authlib.oauth2.rfc6749 import ClientMixin

from service_kit import SettingsError

# Nothing is parsed or normalised: what follows the port is compared letter by letter.
LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]|localhost))(?::[0-9]{1,5})?((?:[/?].*)?)", re.DOTALL)

log = logging.getLogger(__name__)


class Registration(msgspec.Struct, frozen=True):
    """One client as the file describes it; without a secret it is public.

    The access tokens of one with `opaque_access_tokens` say nothing: they are known by introspection only.
    """

    client_id: str
    client_secret_env: str | None = None
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("openid",)
    grant_types: tuple[str, ...] = ("authorization_code",)
    backchannel_logout_uri: str | None = None
    opaque_access_tokens: bool = False


class File(msgspec.Struct, frozen=True):
    """The file."""

    clients: tuple[Registration, ...]


class Client(ClientMixin):  # type: ignore[misc]
    """A registration as Authlib asks about it."""

    def __init__(self, registration: Registration) -> None:
        self.registration = registration
        variable = registration.client_secret_env
        self._secret = os.environ.get(variable, "") if variable else None

    def get_client_id(self) -> str:
        """The client's id."""
        return self.registration.client_id

    def get_default_redirect_uri(self) -> str | None:
        """None: a request names its redirect URI."""
        return None

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The asked-for scopes if all are registered, the registered ones if none is asked for, else None."""
        if not scope:
            return " ".join(self.registration.scopes)
        return scope if set(scope.split()) <= set(self.registration.scopes) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether the URI is registered, exactly; loopback URIs match on any port (RFC 8252 §7.3)."""
        known = self.registration.redirect_uris
        return redirect_uri in known or _without_port(redirect_uri) in {
            _without_port(uri) for uri in known
        } - {None}

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether the secret is right, in constant time."""
        return bool(self._secret) and hmac.compare_digest(
            (self._secret or "").encode(), client_secret.encode()
        )

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - Authlib's signature
        """Public clients use `none`, the others their secret."""
        return (method == "none") == (self._secret is None)

    def check_response_type(self, response_type: str) -> bool:
        """Only codes are given."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether the client is registered for the grant."""
        return grant_type in self.registration.grant_types


def _without_port(uri: str) -> str | None:
    """A loopback URI without its port; None for any other URI."""
    found = LOOPBACK.fullmatch(uri)
    return found[1] + found[2] if found else None


class Clients:
    """All registered clients."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: tuple[int, ...] | None = None
        self._clients: dict[str, Client] = {}
        self._refresh()

    def get(self, client_id: str | None) -> Client | None:
        """Return the client, from the file as it is now."""
        self._refresh()
        return self._clients.get(client_id or "")

    def all(self) -> list[Client]:
        """Return every client."""
        self._refresh()
        return list(self._clients.values())

    def _refresh(self) -> None:
        first = self._stamp is None
        try:
            status = self._file.stat()
            stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
            if stamp == self._stamp:
                return
            self._stamp = stamp  # a broken file is told of once, not at every request
            file = msgspec.json.decode(self._file.read_bytes(), type=File)
        except (OSError, msgspec.DecodeError) as error:
            if first:
                raise SettingsError(f"CLIENTS_FILE={self._file}: {error}") from error
            log.warning("CLIENTS_FILE=%s: %s; the clients known so far stay", self._file, error)
            return
        self._clients = {one.client_id: Client(one) for one in file.clients}


def logout_uris(client: Client | None) -> tuple[str, ...]:
    """Where `client` may send a browser after logout."""
    return client.registration.post_logout_redirect_uris if client else ()
