"""Tells the policy service which route is asked about, from where, and with which certificate."""

from colonnade.envoy import hygiene
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

PACKAGE = "envoy.extensions.filters.http.header_mutation.v3"


def _config(_platform: Platform, _target: Target) -> Json:
    return typed(f"{PACKAGE}.HeaderMutation", mutations={})


def _route(route: Route, platform: Platform, _target: Target) -> Json | None:
    if route.decision.native:
        return None
    question = {hygiene.ROUTE: route.id, hygiene.IP: hygiene.REMOTE_ADDRESS}
    if route.auth.type == "api_key" and platform.edge.tls is not None and platform.edge.tls.client_ca:
        question[hygiene.CERTIFICATE] = hygiene.CERTIFICATE_SHA256
    mutations = [
        {"append": {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
        for name, value in question.items()
    ]
    return typed(f"{PACKAGE}.HeaderMutationPerRoute", mutations={"request_mutations": mutations})


FILTER = Filter("envoy.filters.http.header_mutation", _config, _route)
