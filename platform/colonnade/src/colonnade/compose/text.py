"""YAML as a person would write it: in order, with what all services share written once."""

from typing import Any

import yaml


class _Merge:
    """The key `<<`."""


MERGE = _Merge()


class _Dumper(yaml.SafeDumper):
    """Names the one anchor, and indents lists below their key."""

    def generate_anchor(self, _node: yaml.Node) -> str:
        return "hardened"

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's own signature
        super().increase_indent(flow, False)


def _represent_merge(dumper: yaml.SafeDumper, _data: _Merge) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:merge", "<<")


_Dumper.add_representer(_Merge, _represent_merge)


def dump(data: dict[str, Any]) -> str:
    """Return `data` as YAML; the keys keep their order, and a shared mapping becomes an anchor."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
    return text
