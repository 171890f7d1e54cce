"""A rule's own numbers: what it allows at once, what it announces, which numbers it takes."""

import struct

from colonnade_policy.limits import rule

SECOND = 1_000_000
AMOUNTS: list[tuple[rule.Algorithm, int, int, int, int, int]] = [
    # algorithm, rate, period (µs), burst: quota, window (s)
    ("fixed_window", 10, 60 * SECOND, 0, 10, 60),
    ("fixed_window", 10, 60 * SECOND + 1, 99, 10, 61),
    ("fixed_window", 3, 1, 0, 3, 1),
    ("sliding_window_log", 7, 2 * SECOND, 3, 7, 2),
    ("sliding_window_counter", 7, SECOND + SECOND // 2, 3, 7, 2),
    ("token_bucket", 10, SECOND, 20, 20, 2),
    ("token_bucket", 10, SECOND, 21, 21, 3),
    ("token_bucket", 10, SECOND, 1, 1, 1),
    ("leaky_bucket", 10, SECOND, 19, 20, 2),
    ("leaky_bucket", 10, SECOND, 20, 21, 3),
    ("leaky_bucket", 1, SECOND, 0, 1, 1),
]
CODES: dict[rule.Algorithm, int] = {
    "fixed_window": 1,
    "sliding_window_log": 2,
    "sliding_window_counter": 3,
    "token_bucket": 4,
    "leaky_bucket": 5,
}
Numbers = tuple[rule.Algorithm, int, int, int, int]
TAKEN: list[Numbers] = [
    ("fixed_window", 1, 1, 0, 0),
    ("token_bucket", 1, 1, 1, 0),
    ("leaky_bucket", 1, 1, 0, 0),
    ("leaky_bucket", 1, 1, 1, 1),
    ("fixed_window", 1, 2**53 - 1, 0, 0),
    ("token_bucket", 1, (2**53 - 1) // 441, 441, 0),  # exactly, 441 divides it
]
REFUSED: list[Numbers] = [
    ("fixed_window", 0, 1, 0, 0),
    ("fixed_window", 1, 0, 0, 0),
    ("token_bucket", 1, 1, 0, 0),
    ("leaky_bucket", 1, 1, -1, 0),
    ("fixed_window", 1, 1, -1, 0),
    ("leaky_bucket", 1, 1, 0, -1),
    ("fixed_window", 1, 2**53, 0, 0),
    ("fixed_window", 2**26, 2**27, 0, 0),
    ("token_bucket", 1, 2**27, 2**26, 0),
    ("token_bucket", 2**26, 2**27, 1, 0),
]


def taken_by(made: rule.Rule) -> bool:
    try:
        made.check()
    except ValueError:
        return False
    return True


def check_rules(made: type[rule.Rule] = rule.Rule) -> None:
    for algorithm, rate, period, burst, quota, window in AMOUNTS:
        found = made(algorithm, rate, period, burst)
        assert (found.quota, found.window_s) == (quota, window)
    for taken in TAKEN:
        assert taken_by(made(*taken))
    for refused in REFUSED:
        assert not taken_by(made(*refused))
    for algorithm, code in CODES.items():
        packed = made(algorithm, 2, 3, 4, 5)
        assert packed.packed() == struct.pack("<Bdddd", code, 2, 3, 4, 5)
        assert packed.packed(shadow=True) == struct.pack("<Bdddd", code + 16, 2, 3, 4, 5)
    assert made("fixed_window", 1, 1) == made("fixed_window", 1, 1, 0, 0)


def test_rules() -> None:
    check_rules()
