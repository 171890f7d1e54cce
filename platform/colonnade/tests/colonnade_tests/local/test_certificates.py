"""Certificates that are replaced while a stack runs."""

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

from colonnade.local import certificates
from colonnade.local.layout import Layout
from colonnade.tls.authority import Authority
from colonnade_tests.local.platforms import platform_in, write_platform

GIVEN = "console_port: 9000, tls: {certificate: 'file:chain.pem', key: 'file:key.pem'}"


async def none_renewed(parts: Collection[str]) -> None:
    raise AssertionError(parts)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is awaited is a line that something else says
            await asyncio.sleep(0.02)


async def test_a_saved_certificate_is_published_and_a_wrong_one_is_told_once(tmp_path: Path) -> None:
    root = write_platform(tmp_path / "shop")
    manifest = root / "colonnade.yaml"
    manifest.write_text(manifest.read_text().replace("console_port: 9000", GIVEN))
    now = datetime.now(UTC)
    authority = Authority.open(tmp_path / "ca.pem", ["localhost"], now)
    (first, first_key), (second, second_key) = (authority.issue(["localhost"], now) for _ in range(2))
    (root / "chain.pem").write_bytes(first)
    (root / "key.pem").write_bytes(first_key)
    layout, platform = Layout(root), platform_in(root)
    layout.make()
    certificates.publish(layout, platform)
    published = layout.certificates / "current" / "certificate.pem"
    told: list[str] = []

    following = asyncio.create_task(certificates.follow(layout, lambda: platform, told.append, none_renewed))
    try:
        (root / "chain.pem").write_bytes(second)
        await until(lambda: len(told) == 1)
        between = published.read_bytes()
        (root / "key.pem").write_bytes(second_key)
        await until(lambda: len(told) == 2)
    finally:
        following.cancel()

    assert between == first
    assert "stay as they are" in told[0]
    assert told[1] == "the certificates of the edge were replaced"
    assert published.read_bytes() == second


def test_the_development_ca_outlives_the_stack(tmp_path: Path) -> None:
    root = write_platform(tmp_path / "shop")
    layout, platform = Layout(root), platform_in(root)
    layout.make()

    assert certificates.publish(layout, platform)
    authority = layout.authority.read_bytes()

    assert not certificates.publish(layout, platform)
    assert layout.authority.read_bytes() == authority
    assert certificates.authority(layout, platform) == layout.authority
