"""The discovery document (OpenID Connect Discovery 1.0, RFC 8414), as far as we use it."""

from typing import Any

import msgspec

from colonnade_edge.errors import ProviderFailed


class Metadata(msgspec.Struct, frozen=True):
    """What a provider says of itself. What it does not offer is empty."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    pushed_authorization_request_endpoint: str = ""
    require_pushed_authorization_requests: bool = False
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    revocation_endpoint: str = ""
    introspection_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ()
    introspection_endpoint_auth_methods_supported: tuple[str, ...] = ()
    authorization_response_iss_parameter_supported: bool = False


def read_metadata(data: bytes, issuer: str) -> Metadata:
    """Return the document that was found for `issuer`; raise `ProviderFailed` where it cannot be relied on.

    The issuer must be spelled exactly as its tokens spell it; where it is not, the error says how.
    """
    try:
        document = msgspec.json.decode(data, type=dict[str, Any])
        metadata = msgspec.convert({key: one for key, one in document.items() if one is not None}, Metadata)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ProviderFailed(f"the discovery document of {issuer} is malformed: {error}") from error
    if metadata.issuer != issuer:
        raise ProviderFailed(_misspelled(metadata.issuer, issuer))
    if issuer.startswith("https://"):
        _require_tls(msgspec.structs.asdict(metadata))
    return metadata


def _require_tls(fields: dict[str, object]) -> None:
    for name, value in fields.items():
        if isinstance(value, str) and value.startswith("http://"):
            raise ProviderFailed(f"the identity provider has a {name} without TLS: {value}")


def _misspelled(theirs: str, ours: str) -> str:
    """Say what to write instead."""
    if "{" in theirs:
        return (
            f"{ours} speaks for many tenants, whose tokens would all do: give the issuer of your own, "
            f"{theirs.replace('{tenantid}', '<tenant id>')}"
        )
    if theirs.rstrip("/") == ours.rstrip("/"):
        slash = "with a slash at the end" if theirs.endswith("/") else "without a slash at the end"
        return f"the provider spells its issuer {slash}: write identity.issuer: {theirs}"
    return f"the provider at {ours} calls itself {theirs}: is that the identity.issuer that you mean?"
