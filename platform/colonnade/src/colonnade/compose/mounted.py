"""The configuration that containers mount from the volume `config`."""

import json
from collections.abc import Mapping

import colonnade_policy
from colonnade import envoy
from colonnade.compose.addresses import ADMIN_PORT, browser_urls, issuer, plain_way, tls_way
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address
from colonnade.policy import identity_clients, policy_document

FOLDER = "/etc/colonnade"
"""Where every container finds it."""

EDGE = "edge"
"""The folder of the edges' own, below `FOLDER`: bootstrap and resources."""

POLICY_FILE = "policy/policy.json"
CLIENTS_FILE = "identity/clients.json"
BALANCER_FILE = "balancer/envoy.json"


def mounted(platform: Platform) -> Mapping[str, str]:
    """Return path below `FOLDER` → text, of all but the edges' own folder."""
    admin = Address("127.0.0.1", ADMIN_PORT)
    balancer = envoy.balancer(plain_way(platform), tls_way(platform), admin, platform.edge.max_connections)
    document = policy_document(platform, issuer(platform))
    texts = {
        POLICY_FILE: colonnade_policy.encode(document).decode(),
        BALANCER_FILE: json.dumps(balancer, indent=1),
    }
    if platform.development:
        texts[CLIENTS_FILE] = json.dumps(identity_clients(platform, browser_urls(platform)), indent=1)
    return texts
