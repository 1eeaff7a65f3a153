"""From a failed validation to problems that a lawyer can act on: place, what, why, fix."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from engine.basics.errors import Problem
from engine.terms.source import Path, Tree

SHAPES = {
    "dict_type": "a block of named terms",
    "model_type": "a block of named terms",
    "model_attributes_type": "a block of named terms",
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "a text",
    "bool_parsing": "`true` or `false`",
    "bool_type": "`true` or `false`",
}

FORMS: Mapping[str, tuple[str, str]] = {
    r"^[a-z][a-z0-9_-]*$": ("lower-case letters, digits, `-` and `_`, beginning with a letter", "`meridian-2026-1`"),
    r"^[A-Za-z][A-Za-z0-9_-]*$": ("letters, digits, `-` and `_`, beginning with a letter", "`CRI-H100`"),
    r"^[A-Za-z0-9]+$": ("letters and digits", "`CA`"),
    r"^[0-9a-f]{64}$": ("a SHA-256: 64 digits and letters from a to f", "the output of `sha256sum FILE`"),
    r"^(unrounded|\d decimals?, half (up|to even))$": (
        "`unrounded`, or a number of decimals and which way a half goes",
        "`2 decimals, half up`",
    ),
    r"^(hold|fail|fail after [1-9]\d{0,2} determination dates?)$": (
        "`hold`, `fail`, or `fail after` a number of Determination Dates from 1",
        "`fail after 2 determination dates`",
    ),
}
"""The forms that texts have, in words and with an example, by their patterns."""


def _form(pattern: Any) -> tuple[str, str]:
    return FORMS.get(str(pattern), ("in another form", "the examples of the deal format"))


LIKE_A_DATE = re.compile(r"(?!\d{4}-(0[1-9]|1[0-2])-([0-2]\d|30|31)$)\d+[-/.]\d+[-/.]\d+")
"""A key that was meant as a date and is none."""
OF_A_KEY = "[key]"
"""How a validation says that it is about a key of a map and not about its value."""

Redirects = Mapping[Path, Path]
"""Where the value in force of a stepped or amended term was written, by the term's path."""


def complaints(error: ValidationError, tree: Tree, base: Path, redirects: Redirects | None = None) -> list[Problem]:
    """All problems of one validation, each at the place of the value, or of the key where the key is wrong."""
    return [_complaint(problem, tree, base, redirects or {}) for problem in error.errors(include_url=False)]


def _complaint(error: Any, tree: Tree, base: Path, redirects: Redirects) -> Problem:
    kind, context = error["type"], error.get("ctx", {})
    if error["loc"][-1:] == (OF_A_KEY,):
        return _strange_key(error["input"], context.get("pattern"), tree, _walk(tree, base, error["loc"], {})[0])
    path, lost = _walk(tree, base, error["loc"], redirects)
    if kind == "missing":
        name = str(lost[-1] if lost else "")
        why = "nothing that decides a result is a silent default"
        return Problem("D201", f"`{name}` is missing", why, f"write `{name}:` here", tree.key_place(path))
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), "the deal")
    if kind == "extra_forbidden":
        path, _ = _walk(tree, base, error["loc"], {})
        return unknown_key(tree, path, next((str(step) for step in reversed(path) if isinstance(step, str)), name))
    inside = (*path, context["at"]) if context.get("at") else path
    place = tree.place(redirects.get(inside, inside) if inside in tree.places else path)
    if "what" in context:
        return Problem(kind, context["what"], context["why"], context["fix"], place)
    written = error["input"]
    if kind in ("literal_error", "enum"):
        choices = str(context.get("expected", "")).replace("'", "`")
        return Problem("D203", f"`{_short(written)}` is not a choice for `{name}`", f"it may be {choices}", "write one of them", place)
    if kind == "string_pattern_mismatch":
        why, like = _form(context.get("pattern"))
        return Problem("D204", f"`{_short(written)}` is not a form that `{name}` can have", f"it is {why}", f"write it like {like}", place)
    if kind == "too_short":
        why = "a deal has at least one, and what is not written is not monitored"
        return Problem("D209", f"`{name}` is empty", why, "write what the agreement says", place)
    strange = next((key for key in written if LIKE_A_DATE.fullmatch(key)), None) if isinstance(written, dict) else None
    if strange is not None:
        why = "a term that steps has dates for keys, year-month-day, which exist in the calendar"
        return Problem("D108", f"`{strange}` is not a date", why, "write it like `2026-01-06`", tree.key_place((*path, strange)))
    if kind in SHAPES:
        what = f"`{name}` must be {SHAPES[kind]}"
        return Problem("D205", what, f"here stands `{_short(written)}`", f"write {SHAPES[kind]}", place)
    return Problem("D206", f"`{_short(written)}` does not fit `{name}`", error["msg"], "see the deal format", place)


def _strange_key(name: str, pattern: Any, tree: Tree, path: Path) -> Problem:
    """A name that the deal gives to a part of itself, in a form that it cannot have."""
    form, like = _form(pattern)
    why = f"files are named by it and texts refer to it, so it is {form}, like {like}"
    return Problem(
        "D204", f"`{_short(name)}` is not a name that can stand here", why, "rename it, and what refers to it", tree.key_place(path)
    )


def _walk(tree: Tree, base: Path, loc: Iterable[str | int], redirects: Redirects) -> tuple[Path, list[str | int]]:
    """The part of an error's location that the file has, and what is left; names of union branches are passed over.

    Steps of a schedule are entered at the value that is wrong.
    """
    path: Path = base
    lost: list[str | int] = []
    for step in loc:
        if (*path, step) in tree.places:
            path, lost = redirects.get((*path, step), (*path, step)), []
        else:
            lost.append(step)
    return path, lost


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(str(key) for key in value) + "}"
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def unknown_key(tree: Tree, path: Path, name: str) -> Problem:
    """A key that the format does not know, with the nearest one that it does."""
    near = difflib.get_close_matches(name, known_keys(), n=1, cutoff=0.7)
    fix = f"did you mean `{near[0]}`?" if near else "remove it, or see the deal format for what can stand here"
    if near and near[0] == name:
        fix = "it belongs in another block, or to another form of this one; remove it here"
    if " " in name.strip() or (name[:1].isupper() and tree.get(path) == ""):
        fix = "a text with a comma stands in quotes inside braces"
    return Problem("D202", f"`{name}` cannot stand here", "what is not understood is not monitored", fix.rstrip("?"), tree.key_place(path))


def undefined(tree: Tree, path: Path, name: str, what: str, known: Mapping[str, object], whose: str = "the deal has") -> Problem:
    """A name that stands for nothing in the deal, at its place; at its key's where it is one."""
    there = ", ".join(known) or "none"
    place = tree.key_place(path) if path[-1] == name else tree.place(path)
    return Problem("D502", f"there is no {what} `{name}`", f"{whose} {there}", "correct the name, or define it", place)


def unknown_template(tree: Tree, path: Path, raw: Any, known: tuple[str, ...]) -> Problem:
    """A covenant without a template, or with one that does not exist."""
    if not isinstance(raw, dict):
        return Problem("D205", f"`{path[-1]}` must be a block of named terms", "a covenant has terms", "write its terms", tree.place(path))
    misspelt = difflib.get_close_matches("template", [str(key) for key in raw], n=1, cutoff=0.8)
    if "template" not in raw and misspelt:
        return unknown_key(tree, (*path, misspelt[0]), misspelt[0])
    if "template" not in raw:
        fix = f"write `template:` with one of {', '.join(sorted(known))}"
        return Problem("D201", "`template` is missing", "a covenant is read by its template", fix, tree.key_place(path))
    name = str(raw["template"])
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    fix = f"did you mean `{near[0]}`" if near else "choose one of them"
    why = f"there are {', '.join(sorted(known))}"
    return Problem("D207", f"there is no template `{name}`", why, fix, tree.place((*path, "template")))


@cache
def known_keys() -> tuple[str, ...]:
    """Every key that some part of the format knows."""
    from engine.terms.clause import Clause
    from engine.terms.in_force import TermsInForce

    keys: set[str] = {"amendments", "corrections", "worked_examples"}
    seen: set[type[BaseModel]] = set()
    waiting: list[type[BaseModel]] = [TermsInForce, *_descendants(Clause)]
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        for name, field in model.model_fields.items():
            keys.add(field.alias or name)
            waiting += _models(field.annotation)
    return tuple(sorted(keys))


def _descendants(model: type[BaseModel]) -> list[type[BaseModel]]:
    return [descendant for child in model.__subclasses__() for descendant in (child, *_descendants(child))]


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models inside a type, however it is wrapped."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models(part)]
