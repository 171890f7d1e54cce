"""Writes the verified token's roles as the policy service would: comma separated."""

from colonnade.envoy.filters import jwt
from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

PACKAGE = "envoy.extensions.filters.http.header_mutation.v3"
MAX_ROLES = 8
"""Envoy's expressions know no loop that makes text; roles beyond these are not told."""


def _config(_platform: Platform, _target: Target) -> Json:
    return typed(f"{PACKAGE}.HeaderMutation", mutations={})


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    if not route.decision.native or route.auth.type != "jwt":
        return None
    mutation = {
        "header": {"key": "x-user-roles", "value": f"%CEL({_joined()})%"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
    return typed(f"{PACKAGE}.HeaderMutationPerRoute", mutations={"request_mutations": [{"append": mutation}]})


def _joined() -> str:
    payload = f"metadata.filter_metadata['{jwt.NAME}']['{jwt.PAYLOAD}']"
    roles = f"{payload}['roles']"
    more = [f"(size({roles}) > {index} ? ',' + {roles}[{index}] : '')" for index in range(1, MAX_ROLES)]
    return f"'roles' in {payload} && size({roles}) > 0 ? {' + '.join([f'{roles}[0]', *more])} : ''"


FILTER = Filter("colonnade.roles", _config, _route)
