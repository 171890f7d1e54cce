"""What of a BFF's requests a real edge sends to its canary, and copies to its mirror."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from colonnade.ir.target import Address
from colonnade_tests.envoy.edge import Edge, eventually, running
from colonnade_tests.envoy.instances import CERTAIN, Answer, Client, Fleet, chi_square, client

pytestmark = pytest.mark.xdist_group("balance")

PLATFORM = "name: shop\nguardrails: {auth: [jwt, none], require_limit: false}\n"
OPEN = "auth: {type: none}\n"
SHARING = {
    "drawn": OPEN + "canary: {bff: next, weight: 30%, sticky: none}\n",
    "sticky": OPEN + "canary: {bff: next, weight: 30%, header: x-canary}\n",
    "address": OPEN + 'canary: {bff: next, weight: 50%, sticky: "header:x-installation"}\n',
    "asked": OPEN + "canary: {bff: next, header: x-canary}\n",
    "locked": "auth: {type: jwt, revocation: false}\ncanary: {bff: next, weight: 50%, header: x-canary}\n",
    "bounded": OPEN + "canary: {bff: next, weight: 50%, header: x-canary}\n"
    "limits: [{name: all, rate: 5/hour, policy: local, key: ip}]\n",
    "wary": OPEN + "canary: {bff: ill, weight: 30%, header: x-canary, sticky: none}\n"
    "breaker: {unhealthy: {statuses: [500]}, first_pause: 60s}\n",
    "owned": "auth: {type: jwt, revocation: false}\nreplicas: 3\n"
    'balance: {policy: hash, key: "header:x-user-id"}\n',
    "copied": OPEN + "mirror: {bff: next}\n",
    "sampled": OPEN + "mirror: {bff: next, share: 25%, methods: [GET, POST]}\n",
    "dead": OPEN + "mirror: {bff: nobody}\n",
    "next": OPEN,
    "nobody": OPEN,
    "ill": OPEN,
}


def manifests(**instead: str) -> dict[str, str]:
    return {
        name: f"kind: mobile\nport: {3000 + number}\nroute: {{prefix: /api/{name}}}\n{sharing}"
        for number, (name, sharing) in enumerate({**SHARING, **instead}.items())
    }


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    fleet = Fleet(**dict.fromkeys(SHARING, 1) | {"owned": 3})
    yield fleet
    fleet.close()


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, fleet: Fleet) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("sharing")
    endpoints = fleet.endpoints() | {"nobody": (Address("127.0.0.1", 9),)}
    with running(folder, manifests(), PLATFORM, endpoints=endpoints) as edge:
        with client(edge.target.listen) as one:
            eventually(lambda: one.get("/api/drawn/").status == one.get("/api/next/").status == 200)
        yield edge


@pytest.fixture
def visitor(edge: Edge) -> Iterator[Client]:
    with client(edge.target.listen) as one:
        yield one


def counted(answers: list[Answer], bff: str) -> list[int]:
    """How many answers are of the canary, and how many of the BFF."""
    names = Counter(answer.bff for answer in answers)
    return [names["next"], names[bff]]


def test_a_canary_has_its_weight(visitor: Client) -> None:
    answers = [visitor.get("/api/drawn/home") for _ in range(400)]

    assert chi_square(counted(answers, "drawn"), [120, 280]) < CERTAIN[1]
    assert not any(answer.cookie for answer in answers)


def drawn(visitor: Client) -> dict[str, str]:
    """Clients by their cookie, with where their first request went."""
    answers = [visitor.get("/api/sticky/home") for _ in range(200)]
    return {str(answer.cookie).partition(";")[0]: answer.bff for answer in answers}


def went(visitor: Client, cookies: dict[str, str]) -> dict[str, str]:
    return {cookie: visitor.get("/api/sticky/home", cookie=cookie).bff for cookie in cookies}


def test_a_client_stays_where_its_first_request_went(visitor: Client) -> None:
    first = drawn(visitor)
    answers = [visitor.get("/api/sticky/home", cookie=f"a=b; {cookie}") for cookie in first]

    assert len(first) == 200
    assert chi_square([*Counter(sorted(first.values())).values()], [60, 140]) < CERTAIN[1]
    assert [answer.bff for answer in answers] == [*first.values()]
    assert not any(answer.cookie or "cookie" in answer.headers for answer in answers)


def test_the_cookie_is_for_the_bff_and_for_no_script(visitor: Client) -> None:
    cookie = str(visitor.get("/api/sticky/home").cookie)

    assert cookie.startswith("canary-sticky=")
    assert "; Path=/api/sticky; Max-Age=604800; HttpOnly; SameSite=Lax" in cookie


def test_a_greater_weight_draws_more_clients_and_lets_none_go(edge: Edge, visitor: Client) -> None:
    first = drawn(visitor)
    more = SHARING["sticky"].replace("30%", "60%")

    edge.rewrite(PLATFORM, **manifests(sticky=more))
    eventually(lambda: went(visitor, first) != first)
    then = went(visitor, first)
    edge.rewrite(PLATFORM, **manifests(sticky=OPEN))
    eventually(lambda: set(went(visitor, dict(list(first.items())[:20])).values()) == {"sticky"})
    after = went(visitor, first)
    edge.rewrite(PLATFORM, **manifests())
    eventually(lambda: visitor.get("/api/sticky/home", x_canary="always").bff == "next")

    assert all(then[cookie] == "next" for cookie, bff in first.items() if bff == "next")
    assert chi_square([*Counter(sorted(then.values())).values()], [120, 80]) < CERTAIN[1]
    assert set(after.values()) == {"sticky"}


def test_clients_are_drawn_by_a_header_of_theirs(visitor: Client) -> None:
    def asked() -> list[str]:
        return [visitor.get("/api/address/", x_installation=f"phone-{n}").bff for n in range(60)]

    first = asked()

    assert first == asked()
    assert set(first) == {"next", "address"}


def test_the_access_log_tells_who_was_asked(edge: Edge, visitor: Client) -> None:
    for word in ("always", "never"):
        visitor.get(f"/api/asked/told-{word}", x_canary=word)

    def told() -> dict[str, str]:
        lines = [json.loads(line) for line in edge.log.read_text().splitlines() if "/told-" in line]
        return {line["path"].rpartition("-")[2]: line["bff"] for line in lines}

    eventually(lambda: told() == {"always": "next", "never": "asked"})


@pytest.mark.parametrize("bff", ["sticky", "asked"])
def test_a_header_chooses(visitor: Client, bff: str) -> None:
    always = {visitor.get(f"/api/{bff}/home", x_canary="always").bff for _ in range(12)}
    never = {visitor.get(f"/api/{bff}/home", x_canary="never").bff for _ in range(12)}

    assert ({"next"}, {bff}) == (always, never)
    assert visitor.get("/api/asked/home", x_canary="perhaps").bff == "asked"


def test_a_header_that_is_not_named_chooses_nothing(visitor: Client) -> None:
    answers = [visitor.get("/api/drawn/home", x_canary="always") for _ in range(40)]

    assert counted(answers, "drawn")[1] > 0


def test_the_credential_of_the_bff_is_its_canarys(visitor: Client, fleet: Fleet) -> None:
    before = fleet.instances["next"][0].asked["GET"]
    statuses = {visitor.get("/api/locked/home", x_canary=word).status for word in ("always", "never", "")}

    assert statuses == {401}
    assert fleet.instances["next"][0].asked["GET"] == before


def test_a_user_has_an_instance_and_nobody_takes_the_name_of_another(edge: Edge, visitor: Client) -> None:
    tokens = [edge.alice(sub=f"user-{number}")["Authorization"] for number in range(20)]
    eventually(lambda: visitor.get("/api/owned/", Authorization=tokens[0]).status == 200)

    first = [visitor.get("/api/owned/", Authorization=token).name for token in tokens]
    claimed = [visitor.get("/api/owned/", Authorization=token, x_user_id="mallory") for token in tokens]

    assert [answer.name for answer in claimed] == first
    assert len(set(first)) == 3


def test_the_limits_of_the_bff_are_its_canarys(visitor: Client) -> None:
    words = ["always", "never", "always", "", "always", "always", "never"]
    statuses = [visitor.get("/api/bounded/home", x_canary=word).status for word in words]

    assert statuses == [200] * 5 + [429] * 2


def test_a_canary_that_fails_opens_no_breaker_but_its_own(visitor: Client, fleet: Fleet) -> None:
    fleet.instances["ill"][0].status = 500

    asked = [visitor.get("/api/wary/home", x_canary="always").status for _ in range(12)]
    never = [visitor.get("/api/wary/home", x_canary="never").status for _ in range(12)]
    drawn = [visitor.get("/api/wary/home").status for _ in range(120)]

    assert (asked[0], asked[-1], set(never)) == (500, 503, {200})
    assert chi_square([120 - drawn.count(200), drawn.count(200)], [36, 84]) < CERTAIN[1]
    # Its own has opened: it is not asked any more.
    assert fleet.instances["ill"][0].asked["GET"] < 12


def test_reads_are_copied_and_nothing_else(visitor: Client, fleet: Fleet) -> None:
    asked = fleet.instances["next"][0].asked
    before = Counter(asked)

    answers = [visitor.get("/api/copied/home", method) for method in ("GET", "POST") * 20]

    assert {answer.bff for answer in answers} == {"copied"}
    eventually(lambda: asked["GET"] - before["GET"] == 20)
    assert asked["POST"] == before["POST"]


def test_a_share_is_copied_of_the_methods_that_are_named(visitor: Client, fleet: Fleet) -> None:
    asked = fleet.instances["next"][0].asked
    before = asked["POST"]

    for _ in range(300):
        visitor.get("/api/sampled/home", "POST")
    visitor.get("/api/copied/last")
    eventually(lambda: asked["POST"] - before > 30)

    assert chi_square([asked["POST"] - before, 300 - (asked["POST"] - before)], [75, 225]) < CERTAIN[1]


def test_a_mirror_that_is_gone_is_not_missed(visitor: Client) -> None:
    assert {visitor.get("/api/dead/home").bff for _ in range(20)} == {"dead"}
