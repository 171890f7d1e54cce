"""What other limits would have done to recorded requests."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from colonnade_tests.cli.command import Bff, bff_of
from colonnade_tests.local.platforms import write_platform

START = 1_800_000_000
"""On the border of a minute."""


@pytest.fixture
def bff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Bff:
    return bff_of(write_platform(tmp_path / "shop"), monkeypatch, capfd)


def line(at: float, **fields: object) -> str:
    """A line of the access log, `at` seconds after the start."""
    moment = datetime.fromtimestamp(START + at, UTC).isoformat(timespec="milliseconds")
    told: dict[str, Any] = {
        "time": moment.replace("+00:00", "Z"),
        "method": "GET",
        "host": "127.0.0.1:8080",
        "path": "/api/mobile/home",
        "route": "mobile",
        "status": 200,
        "client": "10.0.0.1",
        "upstream": "127.0.0.1:3001",
        "user": "alice",
    }
    return json.dumps({key: value for key, value in {**told, **fields}.items() if value is not None})


def replay(bff: Bff, lines: list[str], limits: str, extra: str = "") -> dict[str, Any]:
    manifest = bff.root / "bffs/mobile/bff.yaml"
    proposed, log = bff.root / "new.yaml", bff.root / "access.log"
    written = manifest.read_text().replace("limits: [{name: all, rate: 100/minute}]", f"limits: [{limits}]")
    proposed.write_text(written + extra)
    log.write_text("\n".join(lines))
    done = bff("limits", "replay", "--access-log", str(log), "--with", str(proposed), "--json")
    assert done.code == 0, done.err
    report: dict[str, Any] = json.loads(done.out)
    return report


def test_a_fixed_window_would_have_refused_the_third_of_a_minute(bff: Bff) -> None:
    report = replay(
        bff,
        [line(at) for at in (1, 2, 3, 59.999, 60, 61)],
        "{name: a, algorithm: fixed_window, rate: 2/minute}",
    )

    assert (report["requests"], report["refused_now"], report["refused_then"]) == (6, 2, 0)
    (limit,) = report["limits"]
    assert (limit["limit"], limit["asked"], limit["refused"]) == ("mobile.a", 6, 2)
    assert limit["consumers"] == [
        {
            "consumer": "user:alice",
            "asked": 6,
            "refused": 2,
            "first": "2027-01-15T08:00:03.000Z",
            "last": "2027-01-15T08:00:59.999Z",
        }
    ]


def test_lines_of_several_edges_are_put_in_order(bff: Bff) -> None:
    """A sliding log would take the late one for a burst."""
    report = replay(bff, [line(70), line(1)], "{name: a, algorithm: sliding_window_log, rate: 1/minute}")

    assert report["refused_now"] == 0


def test_a_queue_tells_its_delays(bff: Bff) -> None:
    limit = "{name: a, algorithm: leaky_bucket, rate: 1/second, burst: 2, max_delay: 1500ms}"
    report = replay(bff, [line(0)] * 3, limit)

    (found,) = report["limits"]
    assert (found["delayed"], found["refused"], found["longest_delay_s"]) == (1, 1, 1.0)


def test_tiers_exemptions_shadows_and_costs_count_as_at_the_edge(bff: Bff) -> None:
    limits = (
        "{name: a, algorithm: fixed_window, rate: 2/minute, tiers: {gold: {rate: 4/minute}},"
        " exempt: ['consumer:user:root', 'ip:10.9.0.0/16']},"
        " {name: b, algorithm: fixed_window, rate: 2/minute, shadow: true, key: route}"
    )
    dear = "routes: [{name: dear, path: /dear, cost: 2}]\n"
    lines = [line(1, user="bob")] * 3 + [line(2, user="carol", roles="user,gold")] * 5
    lines += [line(3, user="root")] * 9 + [line(4, user="dave", client="10.9.1.1")] * 9
    lines += [line(5, user="erin", path="/api/mobile/dear/x")] * 2
    report = replay(bff, lines, limits, dear)

    assert (report["requests"], report["refused_now"]) == (28, 3)
    real, shadow = report["limits"]
    found = {one["consumer"]: one["refused"] for one in real["consumers"]}
    assert found == {"user:bob": 1, "user:carol": 1, "user:erin": 1}
    assert real["asked"] == 10
    assert shadow["shadow"] is True
    assert {one["consumer"]: one["refused"] for one in shadow["consumers"]} == {
        "mobile": 24,
        "mobile.dear": 1,
    }


def test_what_no_limit_met_is_passed_over(bff: Bff) -> None:
    lines = [
        line(1, status=401, upstream=None, user=None),
        line(2, path="/api/other"),
        line(3, path="/api/mobiles"),
        line(4, path="/auth/login", route="auth"),
        "colonnade: no JSON at all",
        '{"level": "info"}',
        "",
        "edge-1  | " + line(5),
        line(6, status=403),
    ]
    report = replay(bff, lines, "{name: a, rate: 1/hour}")

    assert report["requests"] == 2
    assert report["elsewhere"] == 3
    assert report["not_of_the_log"] == 2


def test_who_was_refused_is_the_same_consumer(bff: Bff) -> None:
    """A request that the policy service refused has no identity headers, and says itself whose it was."""
    refused = line(1, status=429, user=None, upstream=None, refused="user:alice", route="mobile")
    report = replay(
        bff, [line(0), refused, line(2, user=None, device="d1")], "{name: a, rate: 1/hour, burst: 1}"
    )

    (limit,) = report["limits"]
    assert [(one["consumer"], one["asked"]) for one in limit["consumers"]] == [("user:alice", 2)]
    assert report["refused_then"] == 1


def test_a_route_by_header_is_known_by_its_name(bff: Bff) -> None:
    beta = 'routes: [{name: beta, path: /home, headers: {x-beta: "1"}, limits: [{name: b, rate: 1/hour}]}]\n'
    lines = [line(1, route="mobile.beta")] * 2 + [line(2)] * 2
    report = replay(bff, lines, "{name: a, rate: 1/second}", beta)

    refused = {limit["limit"]: limit["refused"] for limit in report["limits"]}
    assert refused == {"mobile.a": 1, "mobile.beta.b": 1}


def test_a_limit_by_what_the_log_lacks_is_refused(bff: Bff) -> None:
    proposed = bff.root / "new.yaml"
    manifest = (bff.root / "bffs/mobile/bff.yaml").read_text()
    proposed.write_text(manifest.replace("rate: 100/minute", "rate: 100/minute, key: 'header:x-tenant'"))
    log = bff.root / "access.log"
    log.write_text(line(1))

    done = bff("limits", "replay", "--access-log", str(log), "--with", str(proposed))

    assert done.code == 2
    assert "limit mobile.all counts by header:x-tenant, which the access log does not hold" in done.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: mobile\n", "owner"),
        (None, "cannot be read"),
        (
            "name: o\nkind: mobile\nowner: '@x'\nport: 3009\nroute: {prefix: /api/o}\nauth: {type: jwt}",
            "there is no BFF o",
        ),
    ],
)
def test_a_wrong_proposal_is_told_with_its_place(bff: Bff, text: str | None, told: str) -> None:
    proposed = bff.root / "new.yaml"
    if text is not None:
        proposed.write_text(text)

    done = bff("limits", "replay", "--access-log", "-", "--with", str(proposed))

    assert done.code == 2
    assert "new.yaml" in done.err
    assert told in done.err


def test_a_person_sees_tables(bff: Bff) -> None:
    log = bff.root / "access.log"
    log.write_text("\n".join([line(0)] * 101))

    done = bff("limits", "replay", "--access-log", str(log), "--with", str(bff.root / "bffs/mobile/bff.yaml"))

    assert "refused then: 0; refused now: 1 (0.99 %)" in done.out
    assert "mobile.all  user:alice" in done.out
