"""What a BFF is told by its environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from colonnade_runtime.errors import SettingsError

LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to listen, and where the services are: `upstreams` maps a service's name to its URL.

    `drain_s` is for how many seconds a stopping process still answers while it says that it is not ready.
    """

    host: str
    port: int
    development: bool
    json_logs: bool
    drain_s: float
    upstreams: Mapping[str, str]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], port: int, services: Sequence[str]) -> "Settings":
        """Read HOST, PORT, COLONNADE_ENV, _LOG and _DRAIN, and each service's UPSTREAM_<NAME>_URL.

        Raises `SettingsError`.
        """
        return cls(
            host=environ.get("HOST", "127.0.0.1"),
            port=_port(environ.get("PORT", str(port))),
            development=environ.get("COLONNADE_ENV", "production") == "development",
            json_logs=environ.get("COLONNADE_LOG") == "json",
            drain_s=_seconds(environ.get("COLONNADE_DRAIN", "0")),
            upstreams={service: upstream_url(environ, service) for service in services},
        )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= LAST_PORT):
        raise SettingsError(f"PORT is {text!r}; set it to a number from 1 to {LAST_PORT}")
    return int(text)


def _seconds(text: str) -> float:
    if not (text.isascii() and text.isdecimal()):
        raise SettingsError(f"COLONNADE_DRAIN is {text!r}; set it to a whole number of seconds")
    return float(text)


def upstream_url(environ: Mapping[str, str], service: str) -> str:
    """Return the URL of a service, from UPSTREAM_<NAME>_URL. Raises `SettingsError`."""
    variable = f"UPSTREAM_{service.upper().replace('-', '_')}_URL"
    url = environ.get(variable, "")
    if not url:
        raise SettingsError(f"{variable} is not set; set it to the URL of the {service} service")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"{variable} is {url!r}; set it to a URL such as http://127.0.0.1:8101")
    return url.rstrip("/")
