"""Mutants of a module: each is the module with one operator, constant, condition or answer of one function
changed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}
Functions = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        path: the module's file.
        function: the outermost function that holds the change, with its class: `State.moved`.
        line: the line of the change.
        was: the source of the changed part.
        became: its source after the change.
        code: the changed code of the function.
    """

    path: Path
    function: str
    line: int
    was: str
    became: str
    code: CodeType


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a file, in the order of its functions."""
    return (mutant(path, number) for number in range(places(path)))


def places(path: Path) -> int:
    """Return how many mutants a file has."""
    return sum(
        1
        for _, function in _functions(ast.parse(path.read_text(encoding="utf-8")))
        for _ in _places(function)
    )


def mutant(path: Path, number: int) -> Mutant:
    """Return one mutant of a file by its number, from 0."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name, function, place = [
        (name, function, place) for name, function in _functions(tree) for place in _places(function)
    ][number]
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    was, line = ast.unparse(place), place.lineno
    became = ast.unparse(_change(place))
    whole = compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True)
    return Mutant(path, name, line, was, became, code_of(whole, name, first))


def noting(path: Path, name: str) -> Iterator[tuple[str, CodeType]]:
    """Yield the code of each function of a file with a first statement that adds the file and the function to
    the set `name`.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [
        (key, min([one.lineno, *(part.lineno for part in one.decorator_list)]))
        for key, one in _functions(tree)
    ]
    for key, function in _functions(tree):
        note = ast.parse(f"{name}.add(({str(path)!r}, {key!r}))").body[0]
        function.body.insert(0, ast.increment_lineno(note, function.body[0].lineno - 1))
    whole = compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True)
    return ((key, code_of(whole, key, line)) for key, line in functions)


def code_of(code: CodeType, name: str, line: int) -> CodeType:
    """Return the code of one function of a module. Raises KeyError without it."""
    for part in code.co_consts:
        if isinstance(part, CodeType):
            if part.co_qualname == name and part.co_firstlineno == line:
                return part
            if name.startswith(f"{part.co_qualname}."):
                return code_of(part, name, line)
    raise KeyError(name)


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Functions]]:
    """Yield the outermost functions: what stands inside one is changed as a part of it."""
    for node in getattr(tree, "body", []):
        if isinstance(node, Functions):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")


def _places(function: Functions) -> Iterator[ast.expr | ast.stmt]:
    """Yield what can be changed in a function's body; annotations and texts are left as they are."""
    for statement in function.body:
        yield from (node for node in _of_the_body(statement) if _changeable(node))


def _of_the_body(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, value in ast.iter_fields(node):
        if name not in (
            "annotation",
            "returns",
            "decorator_list",
            "args" if isinstance(node, Functions | ast.Lambda) else "",
        ):
            for part in value if isinstance(value, list) else [value]:
                if isinstance(
                    part,
                    ast.expr
                    | ast.stmt
                    | ast.comprehension
                    | ast.keyword
                    | ast.ExceptHandler
                    | ast.match_case,
                ):
                    yield from _of_the_body(part)


def _changeable(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=[operator, *_]) | ast.BoolOp(op=operator) | ast.BinOp(op=operator):
            return type(operator) in SWAPPED
        case ast.Constant(value=bool() | int()) | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in CALLED
        case ast.Return(value=value):
            return value is not None and not (isinstance(value, ast.Constant) and value.value is None)
        case (
            ast.If(test=ast.Name() | ast.Call() | ast.Attribute())
            | ast.IfExp(test=ast.Name() | ast.Call() | ast.Attribute())
        ):
            return True
    return False


def _change(node: ast.AST) -> ast.AST:
    """Change a part where it stands in its tree, and return it."""
    match node:
        case ast.Compare():
            node.ops[0] = SWAPPED[type(node.ops[0])]()  # type: ignore[assignment]
        case ast.BoolOp() | ast.BinOp():
            node.op = SWAPPED[type(node.op)]()  # type: ignore[assignment]
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int()):
            node.value += 1
        case ast.UnaryOp():
            node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
        case ast.Call(func=ast.Name()):
            node.func.id = CALLED[node.func.id]
        case ast.Return():
            node.value = ast.Constant(None)
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(ast.Not(), node.test)
    return node
