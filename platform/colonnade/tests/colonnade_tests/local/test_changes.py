"""What an edit of the manifests means for running processes."""

from dataclasses import replace
from pathlib import Path

from colonnade.ir.platform import Consumer
from colonnade.local.changes import difference, needs_restart, pinned
from colonnade.local.plan import plan
from colonnade.local.ports import default_ports
from colonnade.local.spec import ProcessSpec
from colonnade_tests.local.platforms import machine, platform_in, small_platform, write_bff


def specs(root: Path) -> tuple[ProcessSpec, ...]:
    platform = platform_in(root)
    return plan(platform, default_ports(platform), machine(root))


def test_a_new_bff_is_started_and_nothing_else_is_touched(tmp_path: Path) -> None:
    small_platform(tmp_path)
    old = specs(tmp_path)
    write_bff(tmp_path, "tv", 3003)

    change = difference(old, specs(tmp_path))

    assert ["tv"] == [spec.name for spec in change.added]
    assert ((), ()) == (change.changed, change.gone)


def test_a_bff_that_is_gone_is_stopped(tmp_path: Path) -> None:
    small_platform(tmp_path)
    file = write_bff(tmp_path, "tv", 3003)
    old = specs(tmp_path)
    file.unlink()

    assert difference(old, specs(tmp_path)).gone == ("tv",)


def test_a_bff_that_uses_another_service_is_replaced(tmp_path: Path) -> None:
    small_platform(tmp_path)
    old = specs(tmp_path)
    write_bff(tmp_path, "mobile", 3001, services="order, telemetry")

    assert ["mobile"] == [spec.name for spec in difference(old, specs(tmp_path)).changed]


def test_a_route_of_another_shape_touches_no_process(tmp_path: Path) -> None:
    small_platform(tmp_path)
    old = specs(tmp_path)
    file = tmp_path / "bffs/mobile/bff.yaml"
    file.write_text(file.read_text().replace("prefix: /api/mobile", "prefix: /api/pocket"))

    change = difference(old, specs(tmp_path))

    assert ((), (), ()) == (change.added, change.changed, change.gone)
    assert list(change.told()) == ["the manifests are in effect"]


def test_edges_stay_where_they_are_and_the_person_is_told(tmp_path: Path) -> None:
    running = small_platform(tmp_path)
    edge = replace(running.edge, port=8081, replicas=3, max_body=1)
    wanted = replace(running, edge=edge)

    assert pinned(running, wanted).edge == replace(running.edge, max_body=1)
    assert needs_restart(running, wanted) == [
        "takes effect after bff down and bff up: edge: replicas, ports, TLS, max_connections or max_memory"
    ]


def test_what_an_edge_reads_when_it_starts_waits_for_a_restart(tmp_path: Path) -> None:
    running = small_platform(tmp_path)

    for edge in (replace(running.edge, max_connections=77), replace(running.edge, max_memory=2**26)):
        wanted = replace(running, edge=edge)

        assert pinned(running, wanted).edge == running.edge
        assert len(needs_restart(running, wanted)) == 1


def test_other_keys_of_sessions_wait_for_a_restart(tmp_path: Path) -> None:
    running = small_platform(tmp_path)
    session = replace(running.identity.session, encryption_keys=("file", "secrets/others"))
    wanted = replace(running, identity=replace(running.identity, session=session))

    assert pinned(running, wanted).identity == running.identity
    assert len(needs_restart(running, wanted)) == 1


def test_a_service_that_moved_waits_for_a_restart_but_a_new_one_does_not(tmp_path: Path) -> None:
    running = small_platform(tmp_path)
    moved = replace(running.services[1], port=9999)
    new = replace(moved, name="price", port=8110)
    wanted = replace(running, services=(running.services[0], moved, new))

    assert pinned(running, wanted).services == (running.services[0], running.services[1], new)
    assert len(needs_restart(running, wanted)) == 1


def test_more_instances_of_a_bff_are_added_and_the_first_learns_that_others_take_its_place(
    tmp_path: Path,
) -> None:
    small_platform(tmp_path)
    file = tmp_path / "bffs/mobile/bff.yaml"
    before = specs(tmp_path)
    file.write_text(file.read_text() + "replicas: 3\n")

    change = difference(before, specs(tmp_path))

    assert ["mobile-2", "mobile-3"] == [spec.name for spec in change.added]
    assert (["mobile"], ()) == ([spec.name for spec in change.changed], change.gone)
    assert difference(specs(tmp_path), before).gone == ("mobile-2", "mobile-3")


def test_more_instances_of_a_service_replace_the_bffs_that_call_it(tmp_path: Path) -> None:
    running = small_platform(tmp_path)
    services = tuple(replace(one, replicas=2) if one.name == "order" else one for one in running.services)
    wanted = replace(running, services=services)
    ports = default_ports(wanted)

    change = difference(
        plan(running, ports, machine(tmp_path)), plan(pinned(running, wanted), ports, machine(tmp_path))
    )

    assert needs_restart(running, wanted) == []
    assert (["order-2"], ["mobile"]) == (
        [spec.name for spec in change.added],
        [spec.name for spec in change.changed],
    )


def test_what_changes_live_asks_for_no_restart(tmp_path: Path) -> None:
    running = small_platform(tmp_path)

    assert needs_restart(running, replace(running, bffs=(), routes=(), services=running.services[:1])) == []


def test_secrets_of_machines_wait_for_a_restart_and_the_person_is_told(tmp_path: Path) -> None:
    running = small_platform(tmp_path)
    partner = Consumer("partner", "https://partner.example", (("env", "PARTNER"),), (), ())
    wanted = replace(running, identity=replace(running.identity, consumers=(partner,), legacy_password=True))

    (told,) = needs_restart(running, wanted)

    assert told.startswith("takes effect after bff down and bff up: identity")
    assert "consumers" in told
    assert pinned(running, wanted).identity.consumers == ()
    assert pinned(running, wanted).identity.legacy_password


def test_a_cache_waits_for_a_restart_and_the_person_is_told(tmp_path: Path) -> None:
    running = small_platform(tmp_path)
    for name, port in (("mobile", 3001), ("tv", 3003)):
        file = write_bff(tmp_path, name, port)
        file.write_text(file.read_text() + 'cache: {url: "env:CACHE"}\n')
    wanted = platform_in(tmp_path)

    assert [None, None] == [bff.cache for bff in pinned(running, wanted).bffs]
    assert ["takes effect after bff down and bff up: cache of a BFF"] == needs_restart(running, wanted)
