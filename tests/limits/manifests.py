"""Platforms with limits to try."""

from collections.abc import Mapping
from pathlib import Path

from tests.platform_folder import stand_in


def with_limits(folder: Path, limits: Mapping[str, str], *, replicas: int) -> None:
    """Leave the platform in `folder` a BFF with a public route for each limit, and nothing behind it."""
    stand_in(folder)
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
