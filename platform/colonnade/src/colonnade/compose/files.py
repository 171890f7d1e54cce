"""The text of every generated file."""

import json
from collections.abc import Mapping
from typing import Any

import colonnade_policy
from colonnade import envoy
from colonnade.compose import networks, secrets
from colonnade.compose.addresses import ADMIN_PORT, edge_url, edges, issuer, target
from colonnade.compose.part import HARDENED, HTTP_HEALTH, entry
from colonnade.compose.parts import FOLDER, parts
from colonnade.compose.text import MERGE, dump
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address
from colonnade.policy import identity_clients, policy_document

HEADER = """\
# Generated from colonnade.yaml and bffs/*/bff.yaml; bff check tells where it drifts. Don't edit it.
#   docker compose up --build --wait
"""


def files(platform: Platform) -> Mapping[str, str]:
    """Return path → text: compose.yaml, and the folders below deploy/compose that containers mount."""
    seen = target(platform)
    mounted: dict[str, object] = {"edge/envoy.json": envoy.bootstrap(platform, seen)}
    for name, resources in envoy.resources(platform, seen).items():
        mounted[f"edge/{name}.json"] = {"resources": resources}
    listen = Address("0.0.0.0", platform.edge.port)  # noqa: S104 - inside its container
    admin = Address("127.0.0.1", ADMIN_PORT)
    mounted["balancer/envoy.json"] = envoy.balancer(edges(platform), listen, admin)
    if platform.development:
        mounted["identity/clients.json"] = identity_clients(platform, [edge_url(platform)])
    texts = {name: json.dumps(data, indent=1) + "\n" for name, data in mounted.items()}
    document = policy_document(platform, issuer(platform))
    texts["policy/policy.json"] = colonnade_policy.encode(document).decode() + "\n"
    return {"compose.yaml": compose(platform)} | {f"{FOLDER}/{name}": text for name, text in texts.items()}


def compose(platform: Platform) -> str:
    """Return the text of compose.yaml."""
    all_parts = parts(platform)
    services = {name: {MERGE: HARDENED, **entry(part, platform.name)} for name, part in all_parts.items()}
    used_networks = {network for part in all_parts.values() for network in part.networks}
    named = [mount.partition(":")[0] for part in all_parts.values() for mount in part.volumes]
    document: dict[str, Any] = {
        "name": platform.name,
        "x-hardened": HARDENED,
        "x-health": HTTP_HEALTH,
        "services": services,
        "networks": networks.declared(used_networks),
        "volumes": {name: {} for name in dict.fromkeys(named) if not name.startswith(".")},
        "secrets": _secrets(platform),
    }
    return HEADER + dump({key: value for key, value in document.items() if value})


def _secrets(platform: Platform) -> dict[str, dict[str, str]]:
    """The secrets that the manifest finds in files."""
    references = {
        secrets.SESSION_CLIENT: platform.identity.session.client_secret,
        "store-url": platform.store_url,
    }
    return {name: {"file": at[1]} for name, at in references.items() if at and at[0] == "file"}
