"""Which names a new BFF may have."""

import keyword
import re
import sys

from colonnade.errors import UserError, nearest
from colonnade.manifest.load import Manifests
from colonnade.manifest.model import FORMS, NAME, OWNER, Kind
from colonnade.resolve.guardrails import RESERVED_NAMES

MAX_LENGTH = 40
RESERVED_PATHS = frozenset({"auth", "healthz"})
"""First segments of the edge's own paths."""


def check_name(name: str, manifests: Manifests) -> None:
    """Raise `UserError` unless a BFF may be called `name` on this platform."""
    check_form(name)
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in sys.stdlib_module_names:
        raise UserError(f"{name!r} is a word of Python's own", f"choose another name, such as {name}-app")
    if name in manifests.bffs:
        raise UserError(f"there is a BFF called {name!r} already: bffs/{name}", "choose another name")
    processes = {*RESERVED_NAMES, *manifests.platform.manifest.services}
    if name in processes | RESERVED_PATHS:
        raise UserError(f"{name!r} is the name of another process or path", "choose another name")
    for other in sorted({*processes, *manifests.bffs}):
        # Processes that run more than once are numbered: mobile, mobile-2.
        if _numbered(name, other) or _numbered(other, name):
            raise UserError(f"{name!r} would be mistaken for a copy of {other!r}", "choose another name")


def check_form(name: str) -> None:
    """Raise `UserError` unless `name` is formed as the manifests want names."""
    if len(name) > MAX_LENGTH:
        raise UserError(f"the name is longer than {MAX_LENGTH} characters", "choose a shorter one")
    if not re.fullmatch(NAME, name):
        likely = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        hint = f"try {likely}" if re.fullmatch(NAME, likely) else "choose another name"
        raise UserError(f"{name!r} is not {FORMS[NAME]}", hint)


def check_owner(owner: str) -> None:
    """Raise `UserError` unless `owner` is a team as CODEOWNERS writes one."""
    if not re.fullmatch(OWNER, owner):
        raise UserError(f"{owner!r} is not {FORMS[OWNER]}", "write it as --owner @team-tv")


def check_kind(kind: str) -> Kind:
    """Return `kind`; raises `UserError` with the nearest spelling where there is no such kind."""
    kinds = [known.value for known in Kind]
    if kind not in kinds:
        raise UserError(f"there is no kind {kind!r}", nearest(kind, kinds))
    return Kind(kind)


def _numbered(name: str, base: str) -> bool:
    return re.fullmatch(rf"{re.escape(base)}-\d+", name) is not None
