"""What the processes read from their environment, once, at the start."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from colonnade_edge.errors import SettingsError

POLICY_PORT = 9001
CONSOLE_PORT = 9000
MAX_PORT = 65535
CONSUMER_PREFIX = "CONSUMER_"
SCHEMES = ("redis://", "rediss://", "unix://", "redis-cluster://", "rediss-cluster://")


class Secret(str):
    """Text that never shows itself in a representation, so neither in a log nor in a traceback."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return a placeholder."""
        return "[redacted]"


class Listen(msgspec.Struct, frozen=True):
    """The address a process serves on."""

    host: str
    port: int


class Collector(msgspec.Struct, frozen=True):
    """Where the spans of `service`, as which this process is known there, are sent."""

    url: str
    service: str


class PolicySettings(msgspec.Struct, frozen=True):
    """Settings of the policy service.

    Session keys come from a file, or from the variable itself, separated by spaces; see `Keyring`.
    `identity_url` is where it reaches the identity provider, where that is not the issuer's own address;
    `edges` are the URLs of all edges, this service's own too; `consumer_secrets` have the names of variables;
    `lease` is where streams are held, `collector` where spans go; who shows `hold_token` may announce a
    restart of the store, without one nobody.
    """

    listen: Listen
    policy_file: Path
    store_url: str
    client_secret: Secret
    session_keys: Secret = Secret("")
    session_keys_file: Path | None = None
    introspection_secret: Secret = Secret()
    consumer_secrets: Mapping[str, Secret] = {}
    identity_url: str = ""
    edges: tuple[str, ...] = ()
    lease: Listen | None = None
    collector: Collector | None = None
    hold_token: Secret = Secret()


class ConsoleSettings(msgspec.Struct, frozen=True):
    """Settings of the console; at `control_socket` the runner of the stack takes orders."""

    listen: Listen
    policy_file: Path
    store_url: str
    admin_token_file: Path
    control_socket: Path | None = None


def policy_settings(environ: Mapping[str, str]) -> PolicySettings:
    """Return the policy service's settings; raise `SettingsError` where one is missing or wrong."""
    keys_file = environ.get("SESSION_KEYS_FILE")
    return PolicySettings(
        listen=_listen(environ, POLICY_PORT),
        policy_file=Path(_required(environ, "POLICY_FILE", "the compiled policy document")),
        store_url=_store_url(environ),
        client_secret=Secret(environ.get("SESSION_CLIENT_SECRET", "")),
        session_keys=Secret("\n".join(environ.get("SESSION_KEYS", "").split())),
        session_keys_file=Path(keys_file) if keys_file else None,
        introspection_secret=Secret(environ.get("INTROSPECTION_CLIENT_SECRET", "")),
        consumer_secrets={
            name: Secret(value) for name, value in environ.items() if name.startswith(CONSUMER_PREFIX)
        },
        identity_url=environ.get("IDENTITY_URL", ""),
        edges=tuple(environ.get("EDGE_URLS", "").split()),
        lease=_listen(environ, 0, "LEASE_PORT") if environ.get("LEASE_PORT") else None,
        collector=_collector(environ),
        hold_token=Secret(environ.get("HOLD_TOKEN", "")),
    )


def console_settings(environ: Mapping[str, str]) -> ConsoleSettings:
    """Return the console's settings; raise `SettingsError` where one is missing or wrong."""
    return ConsoleSettings(
        listen=_listen(environ, CONSOLE_PORT),
        policy_file=Path(_required(environ, "POLICY_FILE", "the compiled policy document")),
        store_url=_store_url(environ),
        admin_token_file=Path(_required(environ, "ADMIN_TOKEN_FILE", "a file with the admin bearer token")),
        control_socket=Path(environ["CONTROL_SOCKET"]) if environ.get("CONTROL_SOCKET") else None,
    )


def _listen(environ: Mapping[str, str], default_port: int, name: str = "PORT") -> Listen:
    text = environ.get(name) or str(default_port)
    if not text.isdecimal() or not 0 < int(text) <= MAX_PORT:
        raise SettingsError(f"{name}={text}: give a number from 1 to {MAX_PORT}")
    return Listen(environ.get("HOST") or "127.0.0.1", int(text))


def _collector(environ: Mapping[str, str]) -> Collector | None:
    url = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    return Collector(url.rstrip("/"), environ.get("OTEL_SERVICE_NAME") or "policy") if url else None


def _required(environ: Mapping[str, str], name: str, meaning: str) -> str:
    value = environ.get(name)
    if not value:
        raise SettingsError(f"{name} is not set: give the path of {meaning}")
    return value


def _store_url(environ: Mapping[str, str]) -> str:
    url = environ.get("STORE_URL") or "redis://127.0.0.1:6390/0"
    if not url.startswith(SCHEMES):
        raise SettingsError(f"STORE_URL must begin with {', '.join(SCHEMES[:-1])} or {SCHEMES[-1]}")
    return url
