"""Envoy's judgement of a configuration, before any edge has it."""

from pathlib import Path

import pytest

from colonnade.envoy.validate import judge, validate
from colonnade.errors import WorkError
from colonnade.local.addresses import target
from colonnade.local.layout import Layout
from colonnade.local.ports import default_ports
from colonnade_tests.local.platforms import platform_in, write_platform


@pytest.mark.parametrize("kind", ["mobile", "iot"])
async def test_a_route_may_be_given_a_millisecond(tmp_path: Path, kind: str) -> None:
    root = write_platform(tmp_path)
    file = root / "bffs/mobile/bff.yaml"
    text = file.read_text().replace("kind: mobile", f"kind: {kind}")
    file.write_text(text.replace("{prefix: /api/mobile}", "{prefix: /api/mobile, timeouts: {read: 1ms}}"))
    platform = platform_in(root)

    await validate(platform, target(platform, default_ports(platform), Layout(root), 1))


def crashing(folder: Path, times: int) -> Path:
    """A stand-in for an Envoy that crashes so many times, and accepts everything then."""
    envoy = folder / "envoy"
    envoy.write_text(
        f"""#!/bin/sh
echo x >>{folder}/runs
[ $(wc -l <{folder}/runs) -gt {times} ] || {{ echo Caught something; kill -SEGV $$; }}
"""
    )
    envoy.chmod(0o755)
    return envoy


async def test_an_envoy_that_crashes_once_has_judged_nothing(tmp_path: Path) -> None:
    await judge(crashing(tmp_path, 1), tmp_path / "envoy.json")

    assert (tmp_path / "runs").read_text().count("x") == 2


async def test_one_that_crashes_again_does_so_over_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match=r"envoy crashes over the configuration \(SIGSEGV\)"):
        await judge(crashing(tmp_path, 2), tmp_path / "envoy.json")
