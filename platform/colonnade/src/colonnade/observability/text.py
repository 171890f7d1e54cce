"""YAML, as all of these files are written."""

from typing import Any

import yaml

HEADER = "# Generated from the manifests; bff check tells where it drifts. Don't edit it.\n"


class _Dumper(yaml.SafeDumper):
    """Writes each value where it stands: no anchors."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def dump(document: dict[str, Any]) -> str:
    """Return `document` as YAML, with its keys in their order."""
    return HEADER + yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
