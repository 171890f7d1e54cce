"""The table against a model that remembers everything and looks through all of it."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from colonnade_edge.revocation.provenance import Provenance, of_token, token_id
from colonnade_edge.revocation.record import KINDS, Kind, Revocation
from colonnade_edge.revocation.table import Table
from colonnade_edge_tests.documents import payload

SINCE = {"user", "client", "device"}
NAMES = st.sampled_from(["a", "b", "c"])
MOMENTS = st.integers(0, 40).map(float)
CREDENTIALS = st.builds(
    Provenance,
    token=NAMES | st.just(""),
    user=NAMES | st.just(""),
    client=NAMES | st.just(""),
    session=NAMES | st.just(""),
    sid=NAMES | st.just(""),
    key=NAMES | st.just(""),
    device=NAMES | st.just(""),
    issued=MOMENTS,
)


def names(credential: Provenance, kind: Kind) -> set[str]:
    if kind == "session":
        return {credential.session, credential.sid}
    return {str(getattr(credential, kind))}


@dataclass
class Model:
    """All revocations there ever were."""

    seen: list[Revocation] = field(default_factory=list)

    def refuses(self, credential: Provenance, now: float) -> bool:
        """What two revocations of one thing say is what the longer and the later say together."""
        alike = {(one.kind, one.value) for one in self.seen}
        for kind, value in alike:
            of_it = [one for one in self.seen if (one.kind, one.value) == (kind, value)]
            holds = max(one.until for one in of_it) > now
            late = kind not in SINCE or credential.issued <= max(one.at for one in of_it)
            if holds and late and value in names(credential, kind):
                return True
        return False


class Revoking(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.model = Model()
        self.table = Table(clock=lambda: self.now)

    @rule(kind=st.sampled_from(KINDS), value=NAMES, back=st.integers(0, 5), life=st.integers(1, 15))
    def revoke(self, kind: Kind, value: str, back: int, life: int) -> None:
        """In any order: a table that reads the stream anew is told old things again."""
        revocation = Revocation(kind, value, max(0.0, self.now - back), self.now + life)
        self.table.add(revocation)
        self.table.add(revocation)
        self.model.seen.append(revocation)

    @rule(seconds=st.integers(1, 10))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.table.forget()
        # What has ended says nothing to what comes later.
        ended = {
            (one.kind, one.value)
            for one in self.model.seen
            if max(o.until for o in self.model.seen if (o.kind, o.value) == (one.kind, one.value)) <= self.now
        }
        self.model.seen = [one for one in self.model.seen if (one.kind, one.value) not in ended]

    @rule(credential=CREDENTIALS)
    def ask(self, credential: Provenance) -> None:
        assert self.model.refuses(credential, self.now) == self.table.covers(credential)

    @invariant()
    def keeps_no_more_than_holds(self) -> None:
        assert len({(one.kind, one.value) for one in self.model.seen}) == len(self.table)


Revoking.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestRevoking = Revoking.TestCase


@given(st.lists(st.tuples(st.sampled_from(KINDS), NAMES, MOMENTS), max_size=20), CREDENTIALS, st.randoms())
def test_the_order_of_revocations_does_not_matter(
    told: list[tuple[Kind, str, float]], credential: Provenance, random: Random
) -> None:
    shuffled = told.copy()
    random.shuffle(shuffled)
    tables = [Table(clock=lambda: 0.0), Table(clock=lambda: 0.0)]
    for table, order in zip(tables, (told, shuffled), strict=True):
        for kind, value, at in order:
            table.add(Revocation(kind, value, at, at + 1))

    assert tables[0].covers(credential) == tables[1].covers(credential)


def test_a_token_has_the_id_by_which_the_edge_knows_it() -> None:
    """Whoever revokes has the whole token, the edge only what Envoy verified of it."""
    ours = payload("alice", jti="j-1", exp=100)
    nameless = payload("alice")

    assert of_token(f"h.{ours}.s", "i") == Provenance(token="j-1", expires=100.0)
    assert of_token(f"h.{nameless}.s", "i").token == token_id("", nameless)
    assert of_token(f"h.{ours}.s", "another issuer").token == token_id("", ours)
    assert of_token("opaque", "i").token == token_id("", "opaque")
    assert of_token("not.a!.token", "i").token == token_id("", "not.a!.token")
    nested = urlsafe_b64encode(b'{"x":' + b"[" * 10_000).decode()
    deep = f"h.{nested}.s"
    assert of_token(deep, "i").token == token_id("", deep)
