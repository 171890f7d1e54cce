"""The store's script on a clock of ours, so that it can be asked what the model is asked."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import redis

from colonnade_policy.limits import Ask, Outcome

SECOND = 1_000_000
WITH_OUR_CLOCK = {
    "redis.call('TIME')": "{ table.remove(ARGV), table.remove(ARGV) }",
    # Whatever our clock says, keys outlive the test; how long they would have lived is part of the answer.
    "\nreturn answer": """
local lives = {}
for index, name in ipairs(KEYS) do lives[index] = redis.call('PTTL', name) end
for _, name in ipairs(KEYS) do redis.call('PERSIST', name) end
return { answer, lives }""",
}


@dataclass(frozen=True)
class Question:
    """A request: the limits that it meets, and what it costs."""

    asks: tuple[Ask, ...]
    cost: int


@dataclass(frozen=True)
class Answer:
    """One outcome per limit in the order of the requests, and how long (ms) each key was given to live.

    A key that was not written has no life: below zero.
    """

    outcomes: list[Outcome]
    lives: list[int]


class Script:
    """`decide.lua`, or what a test made of it."""

    def __init__(self, client: "redis.Redis", source: str) -> None:
        for what, instead in WITH_OUR_CLOCK.items():
            assert source.count(what) == 1
            source = source.replace(what, instead)
        self._client = client
        self._script = client.register_script(source)

    def decide(self, burst: Sequence[Question], now: int) -> Answer:
        """Ask for all of a tick's requests at once."""
        return self.decide_all([(burst, now)])[0]

    def decide_all(self, moments: Sequence[tuple[Sequence[Question], int]]) -> list[Answer]:
        """Ask at one moment after the other, in one trip."""
        with self._client.pipeline(transaction=False) as trip:
            for burst, now in moments:
                keys = [ask.key for question in burst for ask in question.asks]
                self._script(keys=keys, args=[*map(_packed, burst), now % SECOND, now // SECOND], client=trip)
            return [_answer(*found) for found in trip.execute()]


def _answer(numbers: list[int], lives: list[int]) -> Answer:
    return Answer([Outcome(*numbers[at : at + 3]) for at in range(0, len(numbers), 3)], lives)


def lives_expected(burst: Sequence[Question], outcomes: Sequence[Outcome]) -> list[int]:
    """A key that was charged lives a second longer than its state says anything."""
    last: dict[str, int] = {}
    charged = set()
    answered = iter(outcomes)
    for question in burst:
        met = [(ask, next(answered)) for ask in question.asks]
        allowed = all(outcome.wait_us >= 0 or ask.shadow for ask, outcome in met)
        for ask, outcome in met:
            last[ask.key] = -(-outcome.reset_us // 1000) + 1000
            if allowed and outcome.wait_us >= 0 and question.cost:
                charged.add(ask.key)
    return [last[ask.key] if ask.key in charged else -1 for question in burst for ask in question.asks]


def _packed(question: Question) -> bytes:
    return struct.pack("<d", question.cost) + b"".join(
        ask.rule.packed(shadow=ask.shadow) for ask in question.asks
    )


def agree(burst: Sequence[Question], expected: list[Outcome], answer: Answer) -> bool:
    """Whether the store answered as expected, in every number."""
    lives = lives_expected(burst, expected)
    return answer.outcomes == expected and all(
        life == wanted or (life < 0 and wanted < 0) for life, wanted in zip(answer.lives, lives, strict=True)
    )
