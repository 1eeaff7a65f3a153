"""Terms that change with time: dated steps, amendments and corrections of the file (`deal-format.md`).

The rulings are `rulings.md` 28 and 29. Wherever a single value may stand, a map whose keys are all dates is a
schedule. An amendment is added at the end of the file, states the term that it replaces, and becomes one more
step. Nothing above it is edited.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from engine.basics.errors import Problem
from engine.terms.periods import read_day
from engine.terms.source import Path, Tree, scalars

ChangeKind = Literal["amendment", "correction"]
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class StepOf:
    """One step of a term: its value from a date on, its place, and the document that brought it."""

    since: date
    value: Any
    path: Path
    cite: str | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A term that changes with time. Its steps ascend by date."""

    steps: tuple[StepOf, ...]

    def on(self, day: date) -> StepOf:
        """Return the step in force on a day: the last step that has begun, or the first if none has."""
        reached = [step for step in self.steps if step.since <= day]
        return reached[-1] if reached else self.steps[0]


@dataclass(frozen=True)
class Change:
    """One change of one term, by an amendment or by a correction of the file."""

    term: str
    replaces: Any
    new: Any
    later_steps: str | None
    cite: str | None
    effective: date
    kind: ChangeKind
    number: int
    document: str | None
    """The short name of the amendment's document. A correction has only the file, so this is None."""
    path: Path
    consequences: Literal["end", "stand"] | None = None
    reserve: Literal["release", "keep"] | None = None
    """For a change that takes a trigger away: what becomes of its consequences and its reserve account.

    See `rulings.md` 71.
    """

    @property
    def named(self) -> str:
        """The amendment or correction by its number: `amendment 1 (AM1)`, `correction 1`."""
        return f"{self.kind} {self.number}" + (f" ({self.document})" if self.document else "")


def is_schedule(value: Any) -> bool:
    """Return whether a map is a schedule: all of its keys are dates."""
    # `all` of no keys would be true, and an empty block is not a schedule.
    return isinstance(value, dict) and bool(value) and all(DATE.fullmatch(key) for key in value)


def scheduled(value: Any, path: Path = ()) -> Any:
    """Return the same data with every map of dates turned into a Schedule.

    It raises nothing: a map with a date that does not exist stays as it is.
    """
    if is_schedule(value):
        try:
            return _schedule(value, path)
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: scheduled(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [scheduled(item, (*path, number)) for number, item in enumerate(value)]
    return value


def _schedule(value: dict[str, Any], path: Path) -> Schedule:
    steps = []
    for key, item in value.items():
        block = isinstance(item, dict) and "value" in item
        cite = item.get("cite") if block else None
        at = (*path, key, "value") if block else (*path, key)
        # Only a block with a `value` is a step with its own citation. Another block is the value itself.
        steps.append(StepOf(read_day(key), item["value"] if block else item, at, cite))
    return Schedule(tuple(sorted(steps, key=lambda step: step.since)))


def in_force(value: Any, day: date, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield (path, step or value) for every term in force on `day`.

    A term with steps comes with the step in force, which knows where it was written.
    """
    for at, one in scalars(value, path):
        yield at, one.on(day) if isinstance(one, Schedule) else one


def steps_in_force(value: Any, day: date, path: Path = ()) -> Iterator[tuple[Path, StepOf]]:
    """Yield (path, step) for every term with steps: the step in force on `day`."""
    if isinstance(value, Schedule):
        yield path, value.on(day)
    for key, item in _items(value):
        if isinstance(item, (Schedule, dict, list)):
            yield from steps_in_force(item, day, (*path, key))


def picked(value: Any, day: date) -> Any:
    """Return the data with each schedule replaced by its value in force on `day`."""
    if isinstance(value, Schedule):
        return picked(value.on(day).value, day)
    if isinstance(value, dict):
        return {key: picked(item, day) for key, item in value.items()}
    if isinstance(value, list):
        return [picked(item, day) for item in value]
    return value


def strange_steps(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of each step of a schedule that holds more than its value and its citation.

    Nothing would read the rest.
    """
    if is_schedule(value):
        for day, item in value.items():
            if isinstance(item, dict) and "value" in item:
                yield from ((*path, day, key) for key in item if key not in ("value", "cite"))
    for key, item in _items(value):
        if isinstance(item, (dict, list)):
            yield from strange_steps(item, (*path, key))


def _items(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def dates(value: Any) -> set[date]:
    """Return every date on which some step of some schedule in the data begins."""
    if isinstance(value, Schedule):
        return {step.since for step in value.steps}
    return {
        day for _, item in _items(value) if isinstance(item, (Schedule, dict, list)) for day in dates(item)
    }


def apply_changes(data: Any, changes: list[Change], closing: date, tree: Tree) -> tuple[Any, list[Problem]]:
    """Return the data with all changes applied in the order of their dates, and the problems found.

    A change that cannot be applied is a problem at its place.
    """
    problems = _same_day(changes, tree)
    # By date and not by place: a later line of the file may take effect earlier.
    for change in sorted(changes, key=lambda entry: (entry.effective, entry.term)):
        data, applied_problems = _applied(data, change, closing, tree)
        problems += applied_problems
    return data, problems


def _same_day(changes: list[Change], tree: Tree) -> list[Problem]:
    """Return a problem for two changes of one term on one day.

    Their order would decide the term, so neither may stand (`rulings.md` 28).
    """
    seen: dict[tuple[str, date], Change] = {}
    problems = []
    for change in changes:
        # The pair is the key, because one term may well change on several days.
        first = seen.setdefault((change.term, change.effective), change)
        if first is not change:
            line = tree.place(first.path).line
            why = (
                f"line {line} changes it on {change.effective} as well, and two rules that both apply are "
                "an error"
            )
            problems.append(
                Problem(
                    "D304",
                    f"`{change.term}` is changed twice on one day",
                    why,
                    "keep one of them",
                    tree.place((*change.path, "term")),
                )
            )
    return problems


def _applied(data: Any, change: Change, closing: date, tree: Tree) -> tuple[Any, list[Problem]]:
    steps = tuple(change.term.split("."))
    # The term is looked up as changed so far, so that a second amendment sees the first.
    current = _at(data, steps)
    if current is _NOTHING:
        why = "an amendment changes a term that the deal has"
        fix = "write its path like `covenants.ltv.maximum`"
        place = tree.place((*change.path, "term"))
        return data, [Problem("D301", f"the deal has no term `{change.term}`", why, fix, place)]
    before = current if isinstance(current, Schedule) else Schedule((StepOf(closing, current, steps),))
    # The value of the day before, because a step of the same day is what the change takes the place of.
    held = picked(before.on(change.effective - timedelta(days=1)).value, change.effective - timedelta(days=1))
    if held != change.replaces:
        why = f"on the day before {change.effective} it was `{held}`"
        place = tree.place((*change.path, "replaces"))
        return data, [
            Problem(
                "D302",
                f"`{change.term}` was not `{change.replaces}`",
                why,
                f"write `replaces: {held}`",
                place,
            )
        ]
    later = [step for step in before.steps if step.since > change.effective]
    if later and change.later_steps not in ("keep", "drop"):
        why = f"the term has a later step on {later[0].since}, and nothing says whether it stands"
        fix = "write `later_steps: keep` or `later_steps: drop`"
        return data, [Problem("D303", f"`{change.term}` has later steps", why, fix, tree.place(change.path))]
    earlier = [step for step in before.steps if step.since < change.effective]
    new = StepOf(change.effective, scheduled(change.new), (*change.path, "with"), change.cite, change.named)
    kept = later if change.later_steps == "keep" else []
    return _with(data, steps, Schedule((*earlier, new, *kept))), []


_NOTHING = object()


def _at(data: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        if not isinstance(data, dict) or step not in data:
            return _NOTHING
        data = data[step]
    return data


def _with(data: Any, steps: tuple[str, ...], value: Any) -> Any:
    if not steps:
        return value
    return {**data, steps[0]: _with(data[steps[0]], steps[1:], value)}
