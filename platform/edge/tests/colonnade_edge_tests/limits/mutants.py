"""Small faults put into a source, one at a time: another constant, another comparison, another operator."""

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

OTHERS = {
    "+": "-",
    "-": "+",
    "*": "+",
    "/": "*",
    "//": "*",
    "%": "/",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "~=": "==",
    "+=": "-=",
    "-=": "+=",
    "min": "max",
    "max": "min",
    "floor": "ceil",
    "ceil": "floor",
    "and": "or",
    "or": "and",
    "True": "False",
    "False": "True",
    "true": "false",
    "false": "true",
}
LUA = re.compile(
    r"(?P<skip>--[^\n]*|'[^'\n]*')|(?P<number>\b\d+\b)|(?P<name>[A-Za-z_]\w*)|(?P<operator>[<>=~]=|[-+*/%<>])"
)


GUARDS = ("strict=", "frozen=")
"""What follows these only guards against a programmer's error."""


@dataclass(frozen=True)
class Mutant:
    """A source with one fault, and the line that has it, written `before => after`."""

    fault: str
    source: str


def python(source: str) -> Iterator[Mutant]:
    """All mutants of a Python module that still compile."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in {tokenize.NUMBER, tokenize.NAME, tokenize.OP}:
            begin = starts[token.start[0] - 1] + token.start[1]
            if source.endswith(GUARDS, 0, begin):
                continue
            for mutant in _at(source, begin, token.string):
                if _compiles(mutant.source):
                    yield mutant


def lua(source: str) -> Iterator[Mutant]:
    """All mutants of a script."""
    for match in LUA.finditer(source):
        if not match["skip"]:
            yield from _at(source, match.start(), match.group())


def _at(source: str, begin: int, text: str) -> Iterator[Mutant]:
    end = begin + len(text)
    for other in _others(text):
        mutated = source[:begin] + other + source[end:]
        yield Mutant(f"{_line(source, begin)} => {_line(mutated, begin)}", mutated)


def _others(text: str) -> list[str]:
    if text[0].isdigit():
        number = int(text)
        return [str(number + 1), str(number - 1)] if number else ["1"]
    return [OTHERS[text]] if text in OTHERS else []


def _line(source: str, at: int) -> str:
    begin = source.rfind("\n", 0, at) + 1
    end = source.find("\n", at)
    return source[begin : end if end >= 0 else len(source)].strip()


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True
