"""Every way to get a bff.yaml wrong is told with its place, and with what to do."""

from pathlib import Path

import pytest

from colonnade.errors import ManifestError
from colonnade.manifest.load import load
from colonnade.resolve import resolve

CASES = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
PLATFORM = """\
name: shop
store: {url: "env:STORE_URL"}
services:
  user: {path: services/user, port: 8101}
  order: {path: services/order, port: 8103}
"""
TAKEN = """\
name: taken
kind: mobile
owner: "@taken"
port: 3009
route: {prefix: /api/taken}
auth: {type: jwt}
limits: [{name: all, rate: 10/minute}]
"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_mistake_is_told_with_place_and_remedy(case: Path, tmp_path: Path) -> None:
    text = case.read_text(encoding="utf-8")
    expected = [
        line.removeprefix("# expect: ") for line in text.splitlines() if line.startswith("# expect: ")
    ]
    write(tmp_path, "colonnade.yaml", PLATFORM)
    write(tmp_path, "bffs/taken/bff.yaml", TAKEN)
    write(tmp_path, "bffs/tv/bff.yaml", text)

    with pytest.raises(ManifestError) as caught:
        resolve(load(tmp_path))

    assert expected == [str(problem) for problem in caught.value.problems]


def write(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
