"""Each field of an event and of its parts has a writer in the engine: no field is printed that no code
computes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, get_args, get_origin

import pytest

from engine.basics.values import Fact
from engine.evaluation.conditions import LeafRule
from engine.events.due_acts import FollowKind
from engine.events.kinds import KINDS
from engine.terms.delivery_terms import DeliveryTerms
from tests.conftest import REPOSITORY


def facts_in(kind: Any) -> Iterator[type[Fact]]:
    """The types of facts inside a type, itself included."""
    if isinstance(kind, type) and issubclass(kind, Fact):
        yield kind
    for inside in get_args(kind) if get_origin(kind) is not None or get_args(kind) else ():
        yield from facts_in(inside)


def every_fact() -> set[type[Fact]]:
    waiting, found = list(KINDS.values()), set[type[Fact]]()
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [
                inside for field in one.model_fields.values() for inside in facts_in(field.annotation)
            ]
    return found


def written() -> set[str]:
    """Every name that some code of the engine passes, sets in an update, or writes as a key."""
    names: set[str] = set()
    for path in (*(REPOSITORY / "engine").rglob("*.py"), *(REPOSITORY / "reports").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                names |= {one.arg for one in node.keywords if one.arg is not None}
            elif isinstance(node, ast.Dict):
                names |= {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
            elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                names.add(str(node.slice.value))
    # Two writers copy every field of a term: what a duty says of delivery, and what a leaf of a condition
    # looks at.
    return names | set(DeliveryTerms.model_fields) | {one.name for one in fields(LeafRule)}


FIELDS = sorted((f"{one.__name__}.{name}", name) for one in every_fact() for name in one.model_fields)
WRITTEN = written()


@pytest.mark.parametrize(("field", "name"), FIELDS, ids=[field for field, _ in FIELDS])
def test_each_field_has_a_writer(field: str, name: str) -> None:
    assert name in WRITTEN, f"`{field}` has no writer in engine/"


def test_each_kind_of_what_follows_is_written_by_the_outlook() -> None:
    said = {
        str(node.value)
        for path in (REPOSITORY / "engine" / "evaluation").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    }
    assert set(get_args(FollowKind)) <= said
