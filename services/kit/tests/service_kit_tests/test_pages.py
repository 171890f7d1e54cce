"""Pages follow each other without a gap or a repeat."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_kit import Collection, Document, Problem
from service_kit.pages import decode_cursor, encode_cursor, split_ids


@given(st.integers(0, 2**62))
def test_a_cursor_survives_its_journey(position: int) -> None:
    assert position == decode_cursor(encode_cursor(position))


@given(st.text(max_size=30))
def test_any_other_text_is_a_problem_or_a_position(text: str) -> None:
    try:
        position = decode_cursor(text)
    except Problem:
        return
    assert position == decode_cursor(encode_cursor(position))


def test_ids_are_asked_for_once_each() -> None:
    assert ["a", "b"] == split_ids("a,b,,a")


def test_too_many_ids_are_a_problem() -> None:
    with pytest.raises(Problem, match="at most 100"):
        split_ids(",".join(str(number) for number in range(101)))


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    documents = [Document(f"d{n}", "even" if n % 2 == 0 else "odd", b'{"n":%d}' % n) for n in range(10)]
    return Collection(tmp_path / "d.sqlite", documents)


@pytest.mark.parametrize("order", ["oldest", "newest"])
@pytest.mark.parametrize(("tag", "expected"), [(None, range(10)), ("odd", range(1, 10, 2))])
@pytest.mark.parametrize("limit", [1, 3, 10, 11])
def test_pages_together_are_the_whole(
    collection: Collection, limit: int, tag: str | None, expected: range, order: str
) -> None:
    seen: list[int] = []
    newest_first = order == "newest"
    after: int | None = None
    while True:
        page = msgspec.json.decode(collection.page(limit, after, tag, newest_first=newest_first))
        seen += [item["n"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        after = decode_cursor(page["next_cursor"])
    collection.close()

    assert sorted(expected, reverse=newest_first) == seen


def test_a_batch_keeps_the_order_asked_for_and_leaves_out_the_missing(collection: Collection) -> None:
    page = msgspec.json.decode(collection.batch(["d7", "nope", "d2"]))
    collection.close()

    assert {"items": [{"n": 7}, {"n": 2}], "next_cursor": None} == page


def test_a_half_made_seed_is_made_again(tmp_path: Path) -> None:
    def broken() -> list[Document]:
        raise RuntimeError("killed half way")

    file = tmp_path / "d.sqlite"
    with pytest.raises(RuntimeError):
        Collection(file, (document for document in broken()))
    assert not file.exists()

    collection = Collection(file, [Document("a", "", b"{}")])

    assert collection.count() == 1
    collection.close()
