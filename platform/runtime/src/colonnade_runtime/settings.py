"""What a BFF is told by its environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from colonnade_runtime.errors import SettingsError
from colonnade_runtime.peers import Identity
from colonnade_runtime.upstream.balance import Balance, balance_of
from colonnade_runtime.upstream.health import Health, health_of

LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Collector:
    """Where the spans of `service`, as which this process is known there, are sent."""

    url: str
    service: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to listen, and where the services are.

    `upstreams` maps a service's name to the URLs of its instances, `balances` to how calls are spread over
    them and `health` to how these are asked how they are, where that is said. `drain_s` is for how many
    seconds a stopping process still answers while it says that it is not ready.
    Under mTLS `identity` has this process's certificate, and `peers` the names in those of services.
    `metrics_port` is where `/metrics` is served, None for nowhere. `collector` takes spans, if any does.
    `cache_url` is where instances share kept answers, None for nowhere; a request waits `cache_timeout_s`.
    """

    host: str
    port: int
    metrics_port: int | None
    development: bool
    json_logs: bool
    drain_s: float
    upstreams: Mapping[str, tuple[str, ...]]
    balances: Mapping[str, Balance]
    health: Mapping[str, Health]
    collector: Collector | None = None
    identity: Identity | None = None
    peers: Mapping[str, str] = field(default_factory=dict)
    cache_url: str | None = field(default=None, repr=False)
    cache_timeout_s: float = 0.05

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], port: int, services: Sequence[str]) -> "Settings":
        """Read HOST, PORT, METRICS_PORT, COLONNADE_ENV, _LOG, _DRAIN and each service's UPSTREAM_<NAME>_URL.

        The URL is several where the service has several instances, with spaces between them; then
        UPSTREAM_<NAME>_BALANCE may say how calls are spread, and _HEALTH what the instances are asked.
        OpenTelemetry's variables OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_SERVICE_NAME say where spans go.
        IDENTITY_FOLDER and UPSTREAM_<NAME>_PEER turn mTLS on. CACHE_URL and CACHE_TIMEOUT (milliseconds)
        say where kept answers are shared. Raises `SettingsError`.
        """
        upstreams = {service: upstream_urls(environ, service) for service in services}
        return cls(
            cache_url=environ.get("CACHE_URL") or None,
            cache_timeout_s=_number("CACHE_TIMEOUT", environ.get("CACHE_TIMEOUT", "50"), "milliseconds")
            / 1000,
            host=environ.get("HOST", "127.0.0.1"),
            port=_port("PORT", environ.get("PORT", str(port))),
            metrics_port=_port("METRICS_PORT", told) if (told := environ.get("METRICS_PORT")) else None,
            development=environ.get("COLONNADE_ENV", "production") == "development",
            json_logs=environ.get("COLONNADE_LOG") == "json",
            drain_s=_number("COLONNADE_DRAIN", environ.get("COLONNADE_DRAIN", "0"), "seconds"),
            upstreams=upstreams,
            balances={
                service: balance_of(environ[variable], variable, len(upstreams[service]))
                for service in services
                if (variable := f"{_variable(service)}_BALANCE") in environ
            },
            health={
                service: health_of(environ[variable], variable)
                for service in services
                if (variable := f"{_variable(service)}_HEALTH") in environ
            },
            collector=_collector(environ),
            identity=_identity(environ.get("IDENTITY_FOLDER", "")),
            peers={
                service: environ[variable]
                for service in services
                if (variable := f"{_variable(service)}_PEER") in environ
            },
        )


def _port(variable: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= LAST_PORT):
        raise SettingsError(f"{variable} is {text!r}; set it to a number from 1 to {LAST_PORT}")
    return int(text)


def _collector(environ: Mapping[str, str]) -> Collector | None:
    url = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path not in {"", "/"}:
        told = f"OTEL_EXPORTER_OTLP_ENDPOINT is {url!r}; set it to a URL such as http://127.0.0.1:4318"
        raise SettingsError(told)
    return Collector(url.rstrip("/"), environ.get("OTEL_SERVICE_NAME", "bff"))


def _identity(folder: str) -> Identity | None:
    if not folder:
        return None
    identity = Identity(Path(folder))
    try:
        identity.shown()
    except OSError as error:
        raise SettingsError(f"IDENTITY_FOLDER is {folder!r}: {error}") from error
    return identity


def _number(variable: str, text: str, unit: str) -> float:
    if not (text.isascii() and text.isdecimal()):
        raise SettingsError(f"{variable} is {text!r}; set it to a whole number of {unit}")
    return float(text)


def _variable(service: str) -> str:
    return f"UPSTREAM_{service.upper().replace('-', '_')}"


def upstream_urls(environ: Mapping[str, str], service: str) -> tuple[str, ...]:
    """Return the URLs of a service's instances, from UPSTREAM_<NAME>_URL. Raises `SettingsError`."""
    variable = f"{_variable(service)}_URL"
    urls = environ.get(variable, "").split()
    if not urls:
        raise SettingsError(f"{variable} is not set; set it to the URL of the {service} service")
    return tuple(_url(variable, url) for url in urls)


def _url(variable: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"{variable} is {url!r}; set it to a URL such as http://127.0.0.1:8101")
    return url.rstrip("/")
