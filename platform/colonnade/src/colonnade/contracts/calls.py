"""The declared calls of a BFF, as its runtime describes them without starting it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colonnade.contracts.schema import Type
from colonnade.errors import WorkError
from colonnade.ir.platform import Bff

WITHIN_S = 60
_PLACE = re.compile(r'File "(.+)", line (\d+)')


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sent for one parameter; `place` is `path`, `query`, `header` or `body`."""

    name: str
    place: str
    type: Type


@dataclass(frozen=True, slots=True)
class Call:
    """One declared call: where it is written, what it sends, and what it reads of the answer.

    `app_services` are those that the BFF's application names, None where it has no application to be found.
    `by_itself` are the headers that the BFF's runtime sends with every call, in lower case.
    """

    bff: Bff
    module: str
    name: str
    file: Path
    line: int
    service: str
    method: str
    path: str
    sent: tuple[Sent, ...]
    read: Type
    app_services: tuple[str, ...] | None
    by_itself: frozenset[str]


def calls_of(root: Path, bff: Bff) -> list[Call]:
    """Return the declared calls of a BFF of the platform at `root`; none where it has no sources there.

    Raises `WorkError` where it cannot be imported.
    """
    source = root / "bffs" / bff.name / "src"
    if not (source / bff.package).is_dir():
        return []
    path = os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(  # noqa: S603 - our own interpreter, and the BFF's name was checked
        [sys.executable, "-P", "-m", "colonnade_runtime.describe", bff.package],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    if done.returncode != 0:
        told = _reason(done.stderr, root, source)
        raise WorkError(f"bffs/{bff.name} cannot be imported: {told}", "its own tests say more")
    described = json.loads(done.stdout)
    return [_call(bff, one, described) for one in described["calls"]]


def _reason(traceback: str, root: Path, source: Path) -> str:
    """Return what the last line of a traceback says, and where in the BFF's source it leads to."""
    last = (traceback.strip().splitlines() or ["no reason given"])[-1]
    places = [
        (file, line) for file, line in _PLACE.findall(traceback) if file.startswith(f"{source}{os.sep}")
    ]
    if not places or ":".join(places[-1]) in last:
        return last
    file, line = places[-1]
    return f"{last} ({Path(file).relative_to(root)}:{line})"


def _call(bff: Bff, one: Mapping[str, Any], document: Mapping[str, Any]) -> Call:
    return Call(
        bff=bff,
        module=one["module"],
        name=one["name"],
        file=Path(one["file"]),
        line=one["line"],
        service=one["service"],
        method=one["method"],
        path=one["path"],
        sent=tuple(
            Sent(sent["name"], sent["place"], Type(sent["sent"], document)) for sent in one["parameters"]
        ),
        read=Type(one["read"], document),
        app_services=None if document["services"] is None else tuple(document["services"]),
        by_itself=frozenset(document["headers"]),
    )
