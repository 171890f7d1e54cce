"""Which views of a BFF lead to which definitions, read from its source: nothing is imported or run.

A view is a line of `app.py` such as `app.get("/home")(home)`, or a function there under `@app.get("/home")`.
It leads to all that it names, and to all that this names in turn, within the package.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import resolve_name
from pathlib import Path

from colonnade.ir.platform import Bff

Definition = tuple[str, str]
"""A module, and a name at its top level."""


@dataclass(frozen=True, slots=True)
class View:
    """A view, and everything of the package that it leads to."""

    method: str
    path: str
    reaches: frozenset[Definition]


def views_of(root: Path, bff: Bff) -> list[View]:
    """Return the views of a BFF of the platform at `root`, in their order."""
    source = root / "bffs" / bff.name / "src"
    modules = {_module(file, source): file for file in sorted((source / bff.package).rglob("*.py"))}
    trees = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in modules.items()}
    uses: dict[Definition, frozenset[Definition]] = {}
    for name, tree in trees.items():
        uses |= _uses(name, tree, trees)
    app = f"{bff.package}.app"
    names = _imports(app, trees[app], trees) if app in trees else {}
    return [
        View(method, path, _reached(_named(view, app, names, trees), uses))
        for method, path, view in _added(trees.get(app))
    ]


def _module(file: Path, source: Path) -> str:
    parts = file.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _added(tree: ast.Module | None) -> Iterator[tuple[str, str, ast.expr]]:
    """Yield method, path and view of each `app.method(path)(view)`, or function under `@app.method(path)`."""
    for statement in tree.body if tree else ():
        match statement:
            case ast.Expr(
                ast.Call(
                    func=ast.Call(func=ast.Attribute(attr=method), args=[ast.Constant(value=str(path)), *_]),
                    args=[view, *_],
                )
            ):
                yield method.upper(), path, view
            case ast.AsyncFunctionDef(name=name, decorator_list=decorators):
                yield from ((*added, ast.Name(name)) for added in map(_adding, decorators) if added)


def _adding(decorator: ast.expr) -> tuple[str, str] | None:
    match decorator:
        case ast.Call(func=ast.Attribute(attr=method), args=[ast.Constant(value=str(path)), *_]):
            return method.upper(), path
    return None


def _imports(module: str, tree: ast.Module, trees: Mapping[str, ast.Module]) -> dict[str, Definition]:
    """What the imported names of a module stand for; a module itself has no name within it."""
    found: dict[str, Definition] = {}
    is_package = any(other.startswith(f"{module}.") for other in trees)
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            for one in node.names:
                inner = f"{source}.{one.name}"
                found[one.asname or one.name] = (inner, "") if inner in trees else (source, one.name)
        elif isinstance(node, ast.Import):
            found |= {one.asname: (one.name, "") for one in node.names if one.asname}
    own = {name: (module, name) for name in _tops(tree)}
    return found | own


def _tops(tree: ast.Module) -> Iterator[str]:
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def _uses(
    module: str, tree: ast.Module, trees: Mapping[str, ast.Module]
) -> dict[Definition, frozenset[Definition]]:
    names = _imports(module, tree, trees)
    return {
        (module, name): _named(statement, module, names, trees)
        for statement in tree.body
        for name in _tops(ast.Module([statement], []))
    }


def _named(
    node: ast.AST, module: str, names: Mapping[str, Definition], trees: Mapping[str, ast.Module]
) -> frozenset[Definition]:
    """The definitions of the package that a piece of code names, with or without their module."""
    own = _bound(node)
    found = set()
    for one in ast.walk(node):
        match one:
            case ast.Name(id=name) if name in names and name not in own:
                found.add(names[name])
            case ast.Attribute(value=ast.Name(id=holder), attr=name) if names.get(holder, ("", "?"))[1] == "":
                found.add((names[holder][0], name))
    return frozenset(one for one in found if one[0] in trees or one[0] == module)


def _bound(node: ast.AST) -> frozenset[str]:
    """The names that a function binds itself, which hide those of its module."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset()
    stored = {
        one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }
    return frozenset(stored | {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)})


def _reached(
    start: frozenset[Definition], uses: Mapping[Definition, frozenset[Definition]]
) -> frozenset[Definition]:
    reached: set[Definition] = set()
    left = list(start)
    while left:
        one = left.pop()
        if one not in reached:
            reached.add(one)
            left += uses.get(one, ())
    return frozenset(reached)
