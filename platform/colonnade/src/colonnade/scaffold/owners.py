"""CODEOWNERS: the BFFs' lines, kept in a marked section between lines that a person wrote."""

from collections.abc import Sequence

from colonnade.ir.platform import Bff

FILE = "CODEOWNERS"
BEGIN = "# BFFs, by the owner in their bff.yaml (bff new and bff remove keep these lines)"
END = "# end of BFFs"


def with_owners(text: str, bffs: Sequence[Bff]) -> str:
    """Return the text of CODEOWNERS with the section for `bffs`; other lines stay as they are."""
    section = "\n".join([BEGIN, *(f"/bffs/{bff.name}/ {bff.owner}" for bff in bffs), END])
    before, begin, rest = text.partition(BEGIN)
    if not begin:
        return f"{text.rstrip()}\n\n{section}\n".lstrip()
    after = rest.partition(END)[2]
    return f"{before}{section}{after}"
