"""Platforms with limits to try."""

from collections.abc import Mapping
from pathlib import Path


def with_limits(folder: Path, limits: Mapping[str, str], *, replicas: int) -> None:
    """Give the platform in `folder` a public route for each limit, answered by a BFF's health check."""
    manifest, mobile = folder / "colonnade.yaml", folder / "bffs/mobile/bff.yaml"
    text = manifest.read_text()
    for old, new in (
        ("replicas: 1", f"replicas: {replicas}"),
        ("auth: [session, jwt, api_key, client_credentials]", "auth: [session, jwt, api_key, none]"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    manifest.write_text(text)
    routes = [
        f"  - {{name: {name}, path: /{name}, auth: {{type: none}}, rewrite: {{regex: '^.*$',"
        f" substitution: /healthz}}, limits: [{{name: all, key: route, {limit}}}]}}"
        for name, limit in limits.items()
    ]
    mobile.write_text("\n".join([f"{mobile.read_text()}routes:", *routes, ""]))
