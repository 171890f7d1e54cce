"""YAML as a person would write it: in order, with what all services share written once."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import yaml


class _Merge:
    """The key `<<`."""


MERGE = _Merge()


class _Dumper(yaml.SafeDumper):
    """Calls the mappings that services share by their names at the top: `x-health` becomes `&health`."""

    names: Iterator[str]

    def generate_anchor(self, _node: yaml.Node) -> str:
        return next(self.names)

    def ignore_aliases(self, data: object) -> bool:
        return not isinstance(data, dict)


class Block(dict[str, str]):
    """A mapping with each key on a line of its own, however short it is."""


def _represent_block(dumper: yaml.SafeDumper, data: Block) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=False)


def _represent_merge(dumper: yaml.SafeDumper, _data: _Merge) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:merge", "<<")


_Dumper.add_representer(Block, _represent_block)
_Dumper.add_representer(_Merge, _represent_merge)


def dump(data: dict[str, Any]) -> str:
    """Return `data` as YAML; the keys keep their order.

    The mappings under `x-` keys are anchors: every later use of the same object refers to them. They
    are first used in the order in which they stand.
    """
    out = StringIO()
    dumper = _Dumper(out, sort_keys=False, width=110, default_flow_style=None)
    dumper.names = iter([key.removeprefix("x-") for key in data if key.startswith("x-")])
    dumper.open()
    dumper.represent(data)
    dumper.close()
    return out.getvalue()
