"""The text of compose.yaml."""

from typing import Any

from colonnade.compose import certificates, networks, secrets
from colonnade.compose.part import HARDENED, HTTP_HEALTH, PEER_HEALTH, entry
from colonnade.compose.parts import parts
from colonnade.compose.text import MERGE, dump
from colonnade.ir.platform import Platform

HEADER = """\
# Generated from colonnade.yaml and bffs/*/bff.yaml; bff check tells where it drifts. Don't edit it.
#   docker compose up --build --wait
"""


def compose(platform: Platform) -> str:
    """Return the text of compose.yaml.

    It says which containers there are and who reaches whom. Limits, timeouts and routes are not in it:
    the container `config` compiles them from the manifests that it mounts.
    """
    all_parts = parts(platform)
    services = {name: {MERGE: HARDENED, **entry(part, platform.name)} for name, part in all_parts.items()}
    used_networks = {network for part in all_parts.values() for network in part.networks}
    named = [mount.partition(":")[0] for part in all_parts.values() for mount in part.volumes]
    document: dict[str, Any] = {
        "name": platform.name,
        "x-hardened": HARDENED,
        "x-health": HTTP_HEALTH,
        "x-peer-health": PEER_HEALTH if platform.mtls else {},
        "services": services,
        "networks": networks.declared(used_networks),
        "volumes": {name: {} for name in dict.fromkeys(named) if not name.startswith(".")},
        "secrets": _secrets(platform),
    }
    return HEADER + dump({key: value for key, value in document.items() if value})


def _secrets(platform: Platform) -> dict[str, dict[str, str]]:
    """The secrets that the manifest finds in files."""
    machines = platform.identity.machine_secrets
    references = {
        secrets.SESSION_CLIENT: platform.identity.session.client_secret,
        secrets.SESSION_KEYS: platform.identity.session.encryption_keys,
        "store-url": platform.store_url,
        **{secrets.cache_secret(bff): bff.cache.url for bff in platform.bffs if bff.cache},
        **{secrets.machine_secret(variable): at for variable, at in machines.items()},
    }
    files = {name: at[1] for name, at in references.items() if at and at[0] == "file"}
    return {name: {"file": file} for name, file in (files | dict(certificates.given(platform))).items()}
