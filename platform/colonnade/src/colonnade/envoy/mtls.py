"""The edge among its own: the certificate that it shows to BFFs and services, and whose it believes."""

from collections.abc import Mapping

from colonnade.envoy.message import Json, path_source, typed
from colonnade.envoy.tls import PACKAGE
from colonnade.ir.peers import peer_name
from colonnade.ir.platform import Bff, Platform
from colonnade.ir.target import CERTIFICATE, CURRENT, KEY, PEERS_CA, Target

OWN = "sds-own"
PEERS = "sds-peers"
"""The secrets by name, which is that of their file too."""


VERSION = {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"}
"""Both, because Envoy as a client speaks no more than TLS 1.2 unless told."""


def peer_socket(platform: Platform, target: Target, bff: Bff) -> Json:
    """Return the transport socket of a cluster whose instances are the part `bff`, by whatever address."""
    name = peer_name(platform, bff.name)
    own_name = {"san_type": "DNS", "matcher": {"exact": name}}
    context = typed(
        f"{PACKAGE}.UpstreamTlsContext",
        sni=name,
        common_tls_context={
            "tls_params": VERSION,
            "alpn_protocols": ["h2" if bff.grpc else "http/1.1"],
            "tls_certificate_sds_secret_configs": [_source(OWN, target)],
            "combined_validation_context": {
                "default_validation_context": {"match_typed_subject_alt_names": [own_name]},
                "validation_context_sds_secret_config": _source(PEERS, target),
            },
        },
    )
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def peer_secrets(platform: Platform, target: Target) -> Mapping[str, list[Json]]:
    """Return what the sockets name: files that are read again whenever their link changes."""
    if not platform.mtls:
        return {}
    watched = {"watched_directory": {"path": target.identity}}
    pair = {"certificate_chain": _file(target, CERTIFICATE), "private_key": _file(target, KEY)} | watched
    trusted = {"trusted_ca": _file(target, PEERS_CA)} | watched
    return {
        OWN: [typed(f"{PACKAGE}.Secret", name=OWN, tls_certificate=pair)],
        PEERS: [typed(f"{PACKAGE}.Secret", name=PEERS, validation_context=trusted)],
    }


def _source(name: str, target: Target) -> Json:
    return {"name": name, "sds_config": path_source(target.xds_folder, f"{name}.json")}


def _file(target: Target, name: str) -> Json:
    return {"filename": f"{target.identity}/{CURRENT}/{name}"}
