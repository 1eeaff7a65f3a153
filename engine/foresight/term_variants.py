"""A draft with one term changed: what is compared, calibrated and drawn as a grid."""

from __future__ import annotations

import copy
import typing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from engine.basics.errors import InputProblems, WrongUsage
from engine.basics.values import exact_number, rounded
from engine.determination.template import Template, clauses_of
from engine.terms.as_written import Deal, deal_of_tree

MOST = 400
"""The most values of one term that are tried."""


def written_at(deal: Deal, term: str) -> str:
    """Return a term as the file writes it.

    Args:
        deal: the draft.
        term: its path with dots: `covenants.ltv.maximum`; a step by its date.

    Raises:
        WrongUsage: the file has no such term, or it is a block of several terms.
    """
    value = deal.tree.get(_path(term))
    if value is None:
        # Most slips are in the path and not in the last word, so terms with that word are offered.
        near = [key for key in _terms(deal.tree.data) if key.endswith(term.rpartition(".")[2])][:4]
        more = f"; there are {', '.join(near)}" if near else ""
        raise WrongUsage(f"{deal.name} has no term `{term}`{more}")
    if not isinstance(value, str):
        inside = ", ".join(str(key) for key in value) if isinstance(value, dict) else "several values"
        raise WrongUsage(f"`{term}` is a block; name what stands in it: {inside}")
    return value


def _terms(data: Any, before: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield every single term of a file, by its path with dots."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _terms(value, (*before, str(key)))
    elif isinstance(data, str):
        yield ".".join(before)


def _path(term: str) -> tuple[str, ...]:
    return tuple(term.split("."))


def varied(deal: Deal, templates: Mapping[str, Template], changes: Mapping[str, str]) -> Deal:
    """Return the draft with some terms changed, without its worked examples, which are about the old terms.

    Args:
        deal: the draft.
        templates: the covenant templates by name.
        changes: what each term becomes, by its path with dots.

    Raises:
        WrongUsage: a term that the file does not have.
        InputProblems: what is wrong with the file as it would then be.
    """
    # The draft itself must stay as it is, since many variants are made of it.
    data = copy.deepcopy(deal.tree.data)
    data.pop("worked_examples", None)
    for term, value in changes.items():
        written_at(deal, term)
        path = _path(term)
        inside = data
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = value
    variant, problems = deal_of_tree(replace(deal.tree, data=data), clauses_of(templates))
    if variant is None:
        raise InputProblems(problems)
    return variant


def choices(deal: Deal, templates: Mapping[str, Template], term: str) -> tuple[str, ...]:
    """Return every wording that a term of a clause may have.

    Raises WrongUsage if it is not chosen from a list.
    """
    path = _path(term)
    written_at(deal, term)
    key = path[1] if len(path) > 2 and path[0] == "covenants" else None
    clause = deal.segments[0][1].covenants.get(key or "")
    annotation: Any = templates[clause.template].terms if clause is not None else None
    for step in path[2:]:
        annotation = _field(annotation, step)
    wordings = tuple(_literals(annotation))
    if not wordings:
        raise WrongUsage(f"`{term}` is not chosen from a list of wordings; give a value, like {term}=VALUE")
    return wordings


def _field(annotation: Any, name: str) -> Any:
    """Return the type of a field of a model, or of one of the models of a union; None without the field."""
    for part in (annotation, *_parts(annotation)):
        fields = getattr(part, "model_fields", {})
        for key, field in fields.items():
            if name in (key, field.alias):
                return field.annotation
    return None


def _parts(annotation: Any) -> Iterator[Any]:
    for part in typing.get_args(annotation):
        yield part
        yield from _parts(part)


def _literals(annotation: Any) -> Iterator[str]:
    if typing.get_origin(annotation) is typing.Literal:
        yield from (str(part) for part in typing.get_args(annotation))
        return
    for part in typing.get_args(annotation):
        yield from _literals(part)


def steps_between(first: str, last: str, step: str) -> tuple[Decimal, ...]:
    """Return the numbers from `first` to `last`, both included, by `step`.

    Raises WrongUsage without any number, and with too many.
    """
    try:
        low, high, by = exact_number(first), exact_number(last), exact_number(step)
    except (ValueError, ZeroDivisionError):
        raise WrongUsage(
            f"`{first}`, `{last}` and `{step}` must be numbers, like 1.40, 1.90 and 0.10"
        ) from None
    if by <= 0 or high < low or (high - low) / by > MOST:
        raise WrongUsage(f"from {first} to {last} by {step} is not a range of 1 to {MOST} values")
    # Exact fractions reach the last value, which a sum of floats could miss.
    count = int((high - low) / by) + 1
    # The values have as many decimals as somebody typed, so that the file shows 1.40 and not 1.4.
    places = max(len(text.partition(".")[2]) for text in (first, last, step))
    return tuple(rounded(low + number * by, places) for number in range(count))


def read_range(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a term and its values, from `TERM=1.40:1.90:0.10` or `TERM=65%,70%,75%`.

    Raises WrongUsage for any other text.
    """
    term, equals, values = text.partition("=")
    if not equals or not term or not values:
        raise WrongUsage(f"`{text}`: write TERM=FROM:TO:STEP or TERM=VALUE,VALUE")
    parts = values.split(":")
    # Two colons make a range. An hour such as `17:00` has one, and stays a value.
    if len(parts) == 3:
        return term.strip(), tuple(str(value) for value in steps_between(*(part.strip() for part in parts)))
    return term.strip(), tuple(part.strip() for part in values.split(","))


def in_the_form_of(written: str, number: str) -> str:
    """Return a bare number in the form in which a term is written.

    For `USD 1.50 per GPU-hour` 1.60 gets that form, for `65%` 70 becomes `70%`. A value that is not a bare
    number is returned unchanged.
    """
    try:
        exact_number(number)
    except (ValueError, ZeroDivisionError):
        return number
    if written.startswith("USD") and written.endswith("per GPU-hour"):
        return f"USD {number} per GPU-hour"
    if written.startswith("USD"):
        return f"USD {number}"
    if written.endswith("%"):
        return f"{number}%"
    head, _, rest = written.partition(" ")
    return f"{number} {rest}" if head.replace(".", "", 1).isdigit() and rest else number
