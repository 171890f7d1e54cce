"""What a process remembers."""

from colonnade_runtime.memory import Memory


def test_what_is_kept_is_bounded_in_age_and_size() -> None:
    kept: Memory[str] = Memory(all_bytes=10, one_bytes=6)

    def found(key: str, now: float = 5.0) -> str | None:
        one = kept.find(key, now, 10.0)
        return one.value if one else None

    kept.keep("a", "A", 4, 0.0)
    kept.keep("b", "B", 4, 1.0)
    assert ("A", 8) == (found("a"), kept.size)

    kept.keep("c", "C", 4, 2.0)
    assert ["A", None, "C"] == [found(key) for key in "abc"]
    kept.keep("a", "too large", 9, 3.0)
    assert (None, 4) == (found("a"), kept.size)
    assert (None, 0) == (found("c", 12.1), kept.size)
