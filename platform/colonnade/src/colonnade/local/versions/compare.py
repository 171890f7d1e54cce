"""What two versions differ in, as people read it."""

from collections.abc import Iterator
from difflib import unified_diff

from colonnade.local.versions.manifests import Texts, changed
from colonnade.local.versions.store import Versions


def versions(kept: Versions, before: int, after: int | None, *, compiled: bool) -> str:
    """Return what leads from one version to another, or to the one in effect, in one of its parts.

    Raises `UserError` where one of them is not kept.
    """
    last = kept.current
    numbers = (before, after or (last.number if last else before))
    read = kept.compiled if compiled else kept.manifests
    return compare(read(numbers[0]), read(numbers[1]), (str(numbers[0]), str(numbers[1])))


def compare(before: Texts, now: Texts, names: tuple[str, str]) -> str:
    """Return a unified diff, as `diff -u` and `patch` know it; empty where nothing differs.

    `names` tell the two sides apart, in front of each path.
    """
    return "".join(_lines(before, now, names))


def _lines(before: Texts, now: Texts, names: tuple[str, str]) -> Iterator[str]:
    for path in changed(before, now):
        old, new = before.get(path), now.get(path)
        left = f"{names[0]}/{path}" if old is not None else "/dev/null"
        right = f"{names[1]}/{path}" if new is not None else "/dev/null"
        found = unified_diff((old or "").splitlines(True), (new or "").splitlines(True), left, right)
        for line in found:
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
