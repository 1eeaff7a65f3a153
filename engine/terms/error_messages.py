"""Failed validations turned into problems that a lawyer can act on: place, what, why, fix."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from engine.basics.errors import Place, Problem
from engine.terms.known_keys import keys_wanted, known_keys
from engine.terms.periods import is_day
from engine.terms.source import CURLY, Path, Tree

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
    r"^[a-z][a-z0-9_-]*$": (
        "lower-case letters, digits, `-` and `_`, beginning with a letter",
        "`meridian-2026-1`",
    ),
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
"""The forms that texts have, by their patterns: in words and with an example."""


def _form(pattern: Any) -> tuple[str, str]:
    return FORMS.get(str(pattern), ("in another form", "the examples of the deal format"))


LIKE_A_DATE = re.compile(r"(?!\d{4}-(0[1-9]|1[0-2])-([0-2]\d|30|31)$)\d+[-/.]\d+[-/.]\d+")
"""A key that was meant as a date and is not a valid one."""
OF_A_KEY = "[key]"
"""The mark by which a validation says that it is about a key of a map and not about its value."""

Redirects = Mapping[Path, Path]
"""By the path of a stepped or amended term, where its value in force was written."""


def complaints(
    error: ValidationError, tree: Tree, base: Path, redirects: Redirects | None = None
) -> list[Problem]:
    """Return all problems of one validation.

    Each is at the place of the value, or of the key if the key is wrong.
    """
    errors = (
        problem
        # The addresses that pydantic adds lead to its own pages, which say nothing of a deal.
        for problem in error.errors(include_url=False)
        if not _said_of_its_parts(problem, tree, base)
    )
    return [_complaint(problem, tree, base, redirects or {}) for problem in errors]


def _said_of_its_parts(error: Any, tree: Tree, base: Path) -> bool:
    """Return whether a block only looks empty, because each of its parts is wrong.

    Each part has a problem of its own.
    """
    return error["type"] == "too_short" and bool(tree.get(_walk(tree, base, error["loc"], {})[0]))


def _complaint(error: Any, tree: Tree, base: Path, redirects: Redirects) -> Problem:
    kind, context = error["type"], error.get("ctx", {})
    if error["loc"][-1:] == (OF_A_KEY,):
        return _strange_key(
            error["input"], context.get("pattern"), tree, _walk(tree, base, error["loc"], {})[0]
        )
    path, lost = _walk(tree, base, error["loc"], redirects)
    if kind == "missing":
        name = str(lost[-1] if lost else "")
        why = "nothing that decides a result is a silent default"
        return Problem("D201", f"`{name}` is missing", why, f"write `{name}:` here", tree.key_place(path))
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), "the deal")
    if kind == "extra_forbidden":
        # Without the redirects: the key itself is wrong, and not a value that some step has set.
        path, _ = _walk(tree, base, error["loc"], {})
        return unknown_key(
            tree, path, next((str(step) for step in reversed(path) if isinstance(step, str)), name)
        )
    inside = (*path, context["at"]) if context.get("at") else path
    place = tree.place(redirects.get(inside, inside) if inside in tree.places else path)
    written = error["input"]
    # Before any form is judged: what was not written cannot have a wrong form.
    if isinstance(written, str) and written.strip() in BLANK:
        return no_value(tree, name, place)
    if "what" in context:
        return Problem(
            kind, context["what"], context["why"], straight_quotes(written) or context["fix"], place
        )
    if kind in ("literal_error", "enum"):
        choices = str(context.get("expected", "")).replace("'", "`")
        return Problem(
            "D203",
            f"`{_short(written)}` is not a choice for `{name}`",
            f"it may be {choices}",
            "write one of them",
            place,
        )
    if kind == "string_pattern_mismatch":
        why, like = _form(context.get("pattern"))
        fix = straight_quotes(written) or f"write it like {like}"
        return Problem(
            "D204", f"`{_short(written)}` is not a form that `{name}` can have", f"it is {why}", fix, place
        )
    if kind == "too_short":
        why = "a deal has at least one, and what is not written is not monitored"
        return Problem("D209", f"`{name}` is empty", why, "write what the agreement says", place)
    strange = _strange_step(written, kind)
    if strange is not None:
        why = "a term that steps has dates for keys, year-month-day, which exist in the calendar"
        return Problem(
            "D108",
            f"`{strange}` is not a date",
            why,
            "write it like `2026-01-06`",
            tree.key_place((*path, strange)),
        )
    if kind in SHAPES:
        what = f"`{name}` must be {SHAPES[kind]}"
        return Problem(
            "D205",
            what,
            f"here stands {_shape(written)}",
            f"write {keys_wanted(path) or SHAPES[kind]}",
            place,
        )
    why = f"here stands {_shape(written)}, and `{name}` has one value, or one value for each date"
    return Problem(
        "D206", f"`{_short(written)}` does not fit `{name}`", why, "see the deal format for its form", place
    )


BLANK = ("", "~", "null")
"""The texts that a value has if none was written."""


def no_value(tree: Tree, name: str, place: Place) -> Problem:
    """Return the problem of a key without a value.

    If a comment begins in the value's place, the problem says so.
    """
    lines = tree.text.splitlines()
    after = lines[place.line - 1][place.column - 1 :].strip() if place.line <= len(lines) else ""
    if after.startswith("#"):
        why = "a `#` after a space begins a comment, and a comment is not read"
        return Problem(
            "D209",
            f"`{name}` has no value",
            why,
            "put a text that begins with `#` in quotes, or write the value",
            place,
        )
    why = "an empty term says neither that it is agreed nor that it is not"
    return Problem("D209", f"`{name}` has no value", why, "write it, or remove the key", place)


def straight_quotes(written: Any) -> str | None:
    """Return the fix for a text in the curly quotes of a word processor; None for any other text."""
    if isinstance(written, str) and CURLY.search(written):
        return 'write straight quotes, like `"USD 16,000,000"`, in place of the curly ones'
    return None


def _strange_step(written: Any, kind: str) -> str | None:
    """Return the first key that is not a date in a block meant as a schedule; None without such a key."""
    if not isinstance(written, dict):
        return None
    meant = (lambda _: True) if kind not in SHAPES and any(map(is_day, written)) else LIKE_A_DATE.fullmatch
    return next((str(key) for key in written if not is_day(key) and meant(key)), None)


def _shape(written: Any) -> str:
    """Return a value as it is named in a message that wanted another shape."""
    return f"{'a list, ' if isinstance(written, list) else ''}`{_short(written)}`"


def _strange_key(name: str, pattern: Any, tree: Tree, path: Path) -> Problem:
    """Return the problem of a name that the deal gives to a part of itself in a form that is not allowed."""
    form, like = _form(pattern)
    why = f"files are named by it and texts refer to it, so it is {form}, like {like}"
    return Problem(
        "D204",
        f"`{_short(name)}` is not a name that can stand here",
        why,
        "rename it, and what refers to it",
        tree.key_place(path),
    )


def _walk(
    tree: Tree, base: Path, loc: Iterable[str | int], redirects: Redirects
) -> tuple[Path, list[str | int]]:
    """Return the part of an error's location that the file has, and the steps that are left.

    Names of union branches are passed over. A schedule is entered at the value that is wrong.
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


END_BY_CURE = ("cure", "cured_by", "prepayment", "within", "after", "amount")
"""Keys by which a drafter would say that a cure ends a trigger early."""


def _without_words(path: Path, name: str) -> tuple[str, str] | None:
    """Return (what the format cannot say yet, what serves instead) if a key tries to say it; else None."""
    if path[:1] == ("triggers",) and "ends" in path and name in END_BY_CURE:
        why = (
            "the format lacks words for a trigger in effect that a cure ends early; `ends` looks at "
            "results, states, dates and events"
        )
        return why, "remove it; the Act `trigger ended`, with its document, ends the trigger on its day"
    return None


def lacking_words(tree: Tree, path: Path, name: str, why: str, fix: str) -> Problem:
    """Return the problem of a key that tries to say what the format cannot say yet."""
    return Problem("D202", f"`{name}` cannot stand here", why, fix, tree.key_place(path))


def unknown_key(tree: Tree, path: Path, name: str) -> Problem:
    """Return the problem of a key that the format does not know, with the nearest key that it does know."""
    lacking = _without_words(path, name)
    if lacking is not None:
        return lacking_words(tree, path, name, *lacking)
    near = difflib.get_close_matches(name, known_keys(), n=1, cutoff=0.7)
    fix = (
        f"did you mean `{near[0]}`?" if near else "remove it, or see the deal format for what can stand here"
    )
    # The format has the key in another place, and to propose the same word would help nobody.
    if near and near[0] == name:
        fix = "it belongs in another block, or to another form of this one; remove it here"
    # A comma inside braces ends a value, and the rest of the text becomes a key.
    if " " in name.strip() or (name[:1].isupper() and tree.get(path) == ""):
        fix = "a text with a comma stands in quotes inside braces"
    fix = straight_quotes(name) or fix
    return Problem(
        "D202",
        f"`{name}` cannot stand here",
        "what is not understood is not monitored",
        fix.rstrip("?"),
        tree.key_place(path),
    )


def undefined(
    tree: Tree, path: Path, name: str, what: str, known: Mapping[str, object], whose: str = "the deal has"
) -> Problem:
    """Return the problem of a name that refers to nothing in the deal.

    It is at the name's place, or at its key's if the name is a key.
    """
    there = ", ".join(known) or "none"
    place = tree.key_place(path) if path[-1] == name else tree.place(path)
    return Problem(
        "D502",
        f"the {what} `{name}` does not exist",
        f"{whose} {there}",
        "correct the name, or define it",
        place,
    )


def unknown_template(tree: Tree, path: Path, raw: Any, known: tuple[str, ...]) -> Problem:
    """Return the problem of a covenant without a template, or with a template that does not exist."""
    if not isinstance(raw, dict):
        return Problem(
            "D205",
            f"`{path[-1]}` must be a block of named terms",
            "a covenant has terms",
            "write its terms",
            tree.place(path),
        )
    misspelt = difflib.get_close_matches("template", [str(key) for key in raw], n=1, cutoff=0.8)
    if "template" not in raw and misspelt:
        return unknown_key(tree, (*path, misspelt[0]), misspelt[0])
    if "template" not in raw:
        fix = f"write `template:` with one of {', '.join(sorted(known))}"
        return Problem(
            "D201", "`template` is missing", "a covenant is read by its template", fix, tree.key_place(path)
        )
    name = str(raw["template"])
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    fix = f"did you mean `{near[0]}`" if near else "choose one of them"
    why = f"there are {', '.join(sorted(known))}"
    return Problem("D207", f"the template `{name}` does not exist", why, fix, tree.place((*path, "template")))
