"""TLS at the edge: certificates that are replaced while it runs, and certificates that clients may show."""

from colonnade.envoy.message import Json, path_source, typed
from colonnade.ir.platform import Tls
from colonnade.ir.target import CERTIFICATE, CLIENT_CA, KEY, Target, TlsTarget

PACKAGE = "envoy.extensions.transport_sockets.tls.v3"
SECRETS_FILE = "sds.json"
EDGE = "edge"
CLIENTS = "clients"
VERSIONS = {"1.2": "TLSv1_2", "1.3": "TLSv1_3"}


def tls_socket(tls: Tls, target: Target) -> Json:
    """Return the transport socket of the TLS listener.

    A client certificate is asked for, and not demanded: the routes that want one say so. One that the
    client CA did not sign ends the handshake.
    """
    source = path_source(target.xds_folder, SECRETS_FILE)
    common: Json = {
        "tls_params": {"tls_minimum_protocol_version": VERSIONS[tls.min_version]},
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_certificate_sds_secret_configs": [{"name": EDGE, "sds_config": source}],
    }
    if tls.client_ca is not None:
        common["validation_context_sds_secret_config"] = {"name": CLIENTS, "sds_config": source}
    context = typed(f"{PACKAGE}.DownstreamTlsContext", common_tls_context=common)
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def tls_secrets(tls: Tls, target: TlsTarget) -> list[Json]:
    """Return what the socket names: where the files are, which are read again whenever the link changes."""
    watched = {"watched_directory": {"path": target.folder}}
    pair = {"certificate_chain": _file(target, CERTIFICATE), "private_key": _file(target, KEY)}
    found = [typed(f"{PACKAGE}.Secret", name=EDGE, tls_certificate=pair | watched)]
    if tls.client_ca is not None:
        trusted = {"trusted_ca": _file(target, CLIENT_CA)} | watched
        found.append(typed(f"{PACKAGE}.Secret", name=CLIENTS, validation_context=trusted))
    return found


def _file(target: TlsTarget, name: str) -> Json:
    return {"filename": target.file(name)}
