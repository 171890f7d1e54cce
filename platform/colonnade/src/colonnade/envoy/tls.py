"""TLS at the edge: certificates that are replaced while it runs, and certificates that clients may show."""

from collections.abc import Mapping, Sequence

from colonnade.envoy.message import Json, path_source, typed
from colonnade.ir.platform import Tls
from colonnade.ir.target import CERTIFICATE, CLIENT_CA, KEY, Target, TlsTarget

PACKAGE = "envoy.extensions.transport_sockets.tls.v3"
CONTEXT = f"{PACKAGE}.DownstreamTlsContext"
EDGE = "sds"
CLIENTS = "sds-clients"
"""The secrets by name, which is that of their file too: Envoy takes one from each."""

VERSIONS = {"1.2": "TLSv1_2", "1.3": "TLSv1_3"}


def tls_socket(tls: Tls, target: Target) -> Json:
    """Return the transport socket of the TLS listener.

    A client certificate is asked for, and not demanded: the routes that want one say so. One that the
    client CA did not sign ends the handshake.
    """
    context = downstream_context(tls, target, alpn=("h2", "http/1.1"))
    return {"name": "envoy.transport_sockets.tls", "typed_config": typed(CONTEXT, **context)}


def downstream_context(tls: Tls, target: Target, alpn: Sequence[str]) -> Json:
    """Return with which certificate the edge shows itself, and which it asks for."""
    common: Json = {
        "tls_params": {"tls_minimum_protocol_version": VERSIONS[tls.min_version]},
        "alpn_protocols": list(alpn),
        "tls_certificate_sds_secret_configs": [_source(EDGE, target)],
    }
    settings: Json = {"common_tls_context": common, "require_client_certificate": False}
    if tls.client_ca is not None:
        common["validation_context_sds_secret_config"] = _source(CLIENTS, target)
        # A resumed session is not verified again: it would carry a certificate past its end.
        settings["disable_stateless_session_resumption"] = True
        settings["disable_stateful_session_resumption"] = True
    return settings


def tls_secrets(tls: Tls, target: TlsTarget) -> Mapping[str, list[Json]]:
    """Return what the socket names: where the files are, which are read again whenever the link changes."""
    watched = {"watched_directory": {"path": target.folder}}
    pair = {"certificate_chain": _file(target, CERTIFICATE), "private_key": _file(target, KEY)}
    found = {EDGE: [typed(f"{PACKAGE}.Secret", name=EDGE, tls_certificate=pair | watched)]}
    if tls.client_ca is not None:
        trusted = {"trusted_ca": _file(target, CLIENT_CA)} | watched
        found[CLIENTS] = [typed(f"{PACKAGE}.Secret", name=CLIENTS, validation_context=trusted)]
    return found


def _source(name: str, target: Target) -> Json:
    return {"name": name, "sds_config": path_source(target.xds_folder, f"{name}.json")}


def _file(target: TlsTarget, name: str) -> Json:
    return {"filename": target.file(name)}
