"""What a service reads from its environment, once, at the start."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MAX_PORT = 65_535


class SettingsError(Exception):
    """A setting is missing or wrong; the text says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a service listens and keeps its data, whether faults may be injected, and how it logs.

    Under mTLS `identity` is the folder with its certificate, key and the CA of who may call.
    """

    host: str
    port: int
    data_dir: Path
    development: bool
    json_logs: bool = False
    identity: Path | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], name: str, port: int) -> "Settings":
        """Return the settings of service `name`, whose default port is `port`.

        Raises `SettingsError`.
        """
        mode = environ.get("COLONNADE_ENV", "development")
        if mode not in {"development", "production"}:
            raise SettingsError(f"COLONNADE_ENV={mode}: give development or production")
        return cls(
            host=environ.get("HOST") or "127.0.0.1",
            port=port_of(environ, "PORT", port),
            data_dir=Path(environ.get("DATA_DIR") or f".colonnade/data/{name}"),
            development=mode == "development",
            json_logs=environ.get("COLONNADE_LOG") == "json",
            identity=Path(told) if (told := environ.get("IDENTITY_FOLDER")) else None,
        )


def port_of(environ: Mapping[str, str], variable: str, default: int) -> int:
    """Return the port in `variable`. Raises `SettingsError` where it is none."""
    text = environ.get(variable) or str(default)
    if not text.isdecimal() or not 0 < int(text) <= MAX_PORT:
        raise SettingsError(f"{variable}={text}: give a number from 1 to {MAX_PORT}")
    return int(text)
