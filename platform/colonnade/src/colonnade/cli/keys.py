"""`bff key`: the API keys of devices, by the console's admin API."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from colonnade.cli.root import root
from colonnade.errors import UserError

app = typer.Typer(
    name="key", help="Make, list, rotate and revoke the API keys of devices.", no_args_is_help=True
)

SHOWN = 12
"""Characters of a certificate's digest in a table: enough to compare."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Certificate = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, help="Its client certificate (PEM), without which it is refused."
    ),
]
CertificateSha256 = Annotated[
    str, typer.Option(help="The same by the certificate's SHA-256, as openssl shows it.")
]


@app.command()
def create(
    device: Annotated[str, typer.Option(help="The device that will use it, such as sensor-1.")],
    name: Annotated[str, typer.Option(help="A name to know it by.")] = "",
    scope: Annotated[list[str] | None, typer.Option(help="What it may do; repeat it for more.")] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="A group whose tier of the limits it has; repeat it for more.")
    ] = None,
    expires: Annotated[
        datetime | None, typer.Option(help="When it ends, in UTC.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
    ] = None,
    certificate: Certificate = None,
    certificate_sha256: CertificateSha256 = "",
    *,
    as_json: Json = False,
) -> None:
    """Make a key and print it. It is shown this once, and cannot be found out again.

    Example: bff key create --device sensor-1 --name greenhouse
    """
    order: dict[str, Any] = {"device_id": device, "name": name, "scopes": scope or [], "groups": group or []}
    order["certificate_sha256"] = _bound_to(certificate, certificate_sha256)
    if expires is not None:
        order["expires_at"] = f"{expires.isoformat()}Z"
    made = _call("POST", "/admin/keys", order)
    _print(made) if as_json else typer.echo(made["key"])


@app.command("list")
def list_keys(*, as_json: Json = False) -> None:
    """List all keys, newest first; not the keys themselves, which nobody knows.

    Example: bff key list
    """
    from colonnade.cli.screen import print_table  # noqa: PLC0415 - Rich is slow to import

    found = _call("GET", "/admin/keys")
    if as_json:
        _print(found)
        return
    rows = [
        (
            key["id"],
            key["device_id"],
            key["name"],
            " ".join(key["scopes"]),
            " ".join(key["groups"]),
            (key["certificate_sha256"] or "")[:SHOWN],
            _minute(key["created_at"]),
            _minute(key["last_used_at"]) if key["last_used_at"] else "never",
            _state(key),
        )
        for key in found["items"]
    ]
    print_table(
        ("id", "device", "name", "scopes", "groups", "certificate", "created", "last used", "state"), rows
    )


@app.command()
def rotate(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as bff key list shows it.")],
    grace: Annotated[str, typer.Option(help="How long the old key is still good: 30m, 24h, 7d.")] = "24h",
    certificate: Certificate = None,
    certificate_sha256: CertificateSha256 = "",
    *,
    as_json: Json = False,
) -> None:
    """Make a key's successor, for the same device with the same rights, and print it; it is shown this once.

    Both are good until the grace ends, so that the device can change over at its next visit.

    Example: bff key rotate 3fj9a0bq --grace 7d
    """
    bound_to = _bound_to(certificate, certificate_sha256)
    order = {"grace_s": _seconds(grace), "certificate_sha256": bound_to}
    made = _call("POST", f"/admin/keys/{key_id}/rotate", order)
    _print(made) if as_json else typer.echo(made["key"])


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as bff key list shows it.")],
    *,
    as_json: Json = False,
) -> None:
    """Revoke a key: the next request with it is refused.

    Example: bff key revoke 3fj9a0bq
    """
    revoked = _call("DELETE", f"/admin/keys/{key_id}")
    _print(revoked) if as_json else typer.echo(f"revoked {key_id}, the key of {revoked['device_id']}")


def _bound_to(certificate: Path | None, sha256: str) -> str:
    """Return the SHA-256 of the certificate that was given in one of two ways, or nothing."""
    if certificate is None:
        return sha256
    if sha256:
        raise UserError("give either --certificate or --certificate-sha256")
    from colonnade.tls.fingerprint import fingerprint  # noqa: PLC0415 - only here

    return fingerprint(certificate)


def _state(key: dict[str, Any]) -> str:
    if key["revoked_at"]:
        return f"revoked {_minute(key['revoked_at'])}"
    successor = f", replaced by {key['replaced_by']}" if key["replaced_by"] else ""
    if not key["expires_at"]:
        return "valid"
    over = "expired" if _moment(key["expires_at"]) <= datetime.now(UTC) else "until"
    return f"{over} {_minute(key['expires_at'])}{successor}"


def _minute(moment: str) -> str:
    return f"{_moment(moment).astimezone(UTC):%Y-%m-%d %H:%MZ}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _seconds(duration: str) -> int:
    """Return a duration written as in the manifests, in whole seconds, at least one."""
    from pydantic_core import PydanticCustomError  # noqa: PLC0415 - slow to import

    from colonnade.manifest.units import parse_duration  # noqa: PLC0415 - as above

    try:
        return max(1, round(parse_duration(duration).total_seconds()))
    except PydanticCustomError as error:
        raise UserError(f"--grace {duration}: {error.message()}") from None


def _call(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    from colonnade.local.admin import call  # noqa: PLC0415 - httpx is slow to import
    from colonnade.local.layout import Layout  # noqa: PLC0415 - as above

    return call(Layout(root()), method, path, body)


def _print(data: dict[str, Any]) -> None:
    import json  # noqa: PLC0415 - only here

    typer.echo(json.dumps(data, indent=2))
