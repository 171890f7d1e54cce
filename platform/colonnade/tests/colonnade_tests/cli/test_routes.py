"""`bff routes`: who may call what, how often, and who decides."""

import json

from colonnade_tests.cli.command import Bff
from colonnade_tests.local.platforms import write_bff


def test_a_route_is_shown_with_what_it_asks_and_who_decides(bff: Bff) -> None:
    file = write_bff(bff.root, "tv", 3003)
    local = "limits: [{name: all, rate: 10/second, burst: 30, policy: local}]\nroutes:\n"
    local += "  - {name: buy, path: /orders, methods: [POST], headers: {x-beta: 'on'},\n"
    local += "     auth: {type: jwt, scopes: [orders], revocation: false},\n"
    local += "     limits: [{name: few, rate: 5/second, policy: local}]}"
    text = file.read_text().replace("limits: [{name: all, rate: 100/minute}]", local)
    file.write_text(text.replace("auth: {type: jwt}", "auth: {type: jwt, revocation: false}"))

    lines = {line.split()[0]: " ".join(line.split()) for line in bff("routes").out.splitlines()}

    asked = "jwt 100/minute per consumer (store) 3s/5s/15s 1024 KiB policy service"
    assert lines["mobile"].startswith(f"mobile /api/mobile {asked} limit all is exact")
    asked = "jwt 10/second burst 30 per consumer (local) 3s/5s/15s 1024 KiB envoy"
    assert lines["tv"].startswith(f"tv /api/tv {asked} JWT")
    assert lines["tv.buy"].startswith("tv.buy POST /api/tv/orders x-beta: on jwt orders 5/second")
    assert "envoy JWT, a local limit" in lines["tv.buy"]


def test_routes_that_share_a_local_limit_are_decided_by_the_policy_service(bff: Bff) -> None:
    file = write_bff(bff.root, "tv", 3003)
    text = file.read_text().replace("rate: 100/minute", "rate: 10/second, policy: local")
    text = text.replace("auth: {type: jwt}", "auth: {type: jwt, revocation: false}")
    file.write_text(f"{text}routes: [{{name: buy, path: /orders}}]\n")

    lines = {line.split()[0]: line for line in bff("routes").out.splitlines()}

    for name in ("tv", "tv.buy"):
        assert "policy service  several routes of Envoy are counted together" in lines[name]


def test_a_stream_is_shown_with_its_only_bound(bff: Bff) -> None:
    file = write_bff(bff.root, "tv", 3003)
    file.write_text(f"{file.read_text()}routes: [{{name: live, path: /live, stream: true}}]\n")

    lines = {line.split()[0]: " ".join(line.split()) for line in bff("routes").out.splitlines()}

    assert "3s/5s/stream, idle 300s any policy service" in lines["tv.live"]


def test_a_route_is_shown_with_where_its_requests_go(bff: Bff) -> None:
    file = write_bff(bff.root, "tv", 3003)
    several = "replicas: 3\nbalance: {policy: hash, key: 'header:x-user-id'}\n"
    several += "canary: {bff: mobile, weight: 2.5%, header: x-canary, sticky: none}\n"
    file.write_text(f"{file.read_text()}{several}mirror: {{bff: mobile, share: 10%}}\n")

    lines = {line.split()[0]: line for line in bff("routes").out.splitlines()}

    expected = (
        "tv x 3, hash of header:x-user-id; 2.5% and x-canary: always to mobile; copies of 10% to mobile"
    )
    assert lines["tv"].endswith(f"  {expected}")
    assert lines["mobile"].endswith("  mobile")


def test_json_says_it_all(bff: Bff) -> None:
    (route,) = json.loads(bff("routes", "--json").out)["routes"]

    assert (route["id"], route["decided_by"], route["auth"]["type"]) == ("mobile", "policy service", "jwt")
    assert route["limits"][0]["text"] == "100/minute"
    assert (route["goes_to"]["name"], route["goes_to"]["replicas"]) == ("mobile", 1)
    assert (route["criticality"], route["retries"]["attempts"]) == ("default", 1)
    assert (route["breaker"]["failures"], route["timeouts"]["read_s"]) == (3, 15.0)
    assert (route["goes_to"]["health"]["interval_s"], route["goes_to"]["bounds"]["pending"]) == (1.0, 256)


def test_one_route_is_shown_with_all_that_holds_for_it(bff: Bff) -> None:
    file = write_bff(bff.root, "tv", 3003)
    said = "replicas: 2\nbreaker: {unhealthy: {statuses: [500], failures: 5}}\nhealth: {interval: 500ms}\n"
    said += "routes: [{name: beacon, path: /beacon, criticality: sheddable, timeouts: {read: 2s}}]\n"
    file.write_text(f"{file.read_text()}{said}")

    told = dict(line.split(maxsplit=1) for line in bff("routes", "tv.beacon").out.splitlines())

    assert told["route"] == "tv.beacon"
    assert told["criticality"] == "sheddable"
    assert told["timeouts"] == "connect 3s, send 5s, read 2s, idle 5s"
    assert told["retries"].startswith("1 more of GET, HEAD, OPTIONS, on connect-failure")
    assert told["breaker"].startswith(
        "opens after 5 failures in a row (also 500), for 2s, doubled up to 300s"
    )
    assert told["health"].startswith("GET /healthz every 0.5s, within 2s; out after 2")
    assert told["ejection"].startswith("after 3 failures in a row, for 5s")
    assert told["bounds"].startswith("1024 requests under way, 256 more waiting")
    assert {"match", "auth", "limit", "body"} <= told.keys()
    assert ["tv.beacon"] == [
        one["id"] for one in json.loads(bff("routes", "tv.beacon", "--json").out)["routes"]
    ]


def test_a_route_that_is_not_there_is_told_with_the_nearest(bff: Bff) -> None:
    refused = bff("routes", "mobil")

    assert (2, "") == (refused.code, refused.out)
    assert "there is no route 'mobil'" in refused.err
    assert "did you mean 'mobile'?" in refused.err
