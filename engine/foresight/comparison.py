"""Two drafts side by side.

The comparison has the terms that differ, what each draft does on the same stated paths, and whom a difference
serves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from engine.basics.happenings import Happening, NotCompared
from engine.determination.template import Template
from engine.events.swept_money import SweptMoney
from engine.foresight.differences import TermChange
from engine.foresight.given_files import GivenFile
from engine.foresight.lacking import Lacking, lacking
from engine.foresight.stress import FirstDate, PathOutcome, unpublished_notes
from engine.terms.as_written import Deal, sources, terms_until

PROTECTS: tuple[Happening, ...] = ("fails", "default", "begins", "obliged")
"""The happenings that protect the lender: an earlier date serves the lender, a later date the borrower."""

AGAIN: dict[Literal[0, 1], Happening] = {0: "begins again", 1: "ends again"}
"""What each of the two dates of a time in effect is called from the second time on."""


@dataclass(frozen=True)
class Difference:
    """A happening whose date differs between the drafts on one path.

    Attributes:
        path: the path.
        subject: the test or trigger.
        what: what happens.
        before: the date under the first draft, None for never.
        after: the date under the second draft, None for never.
        serves: whom the difference serves, the lender or the borrower; empty for neither.
        before_not_known: why a missing date is not never under the first draft; None if the limb is known.
        after_not_known: the same under the second draft.
    """

    path: str
    subject: str
    what: Happening
    before: date | None
    after: date | None
    serves: str
    before_not_known: str | None = None
    after_not_known: str | None = None


@dataclass(frozen=True)
class Money:
    """What went to reserves by the end of one path under each draft, in USD; None if that is not known.

    On some Payment Dates under a draft a missing figure may leave the amount open, and is not in its sum.
    """

    path: str
    clause: str
    before: Fraction | None
    after: Fraction | None
    before_not_known: int = 0
    after_not_known: int = 0

    def words(self) -> str:
        """Return the sentence of both sums, with the Payment Dates that each of them lacks."""
        before = SweptMoney(self.before, self.before_not_known).words("USD ")
        after = SweptMoney(self.after, self.after_not_known).words("USD ")
        return f"On {self.path} {self.clause} sweeps {before} under the first, and {after} under the second."


@dataclass(frozen=True)
class Comparison:
    """Two drafts compared.

    Attributes:
        first: the first draft's name.
        second: the second draft's name.
        terms: the terms that differ.
        differences: what happens on other dates, or under one of the drafts alone.
        money: sweeps whose sum differs, or is not known under one of the drafts.
        same: paths on which nothing differs, and everything is known.
        until: the last date that was looked at.
        not_known: tests that a draft leaves undetermined, and triggers that it leaves undecided.
        same_as_known: paths on which nothing differs of what is known.
        sooner: triggers that began under a draft and also look at what it left undetermined.
        unpublished: a sentence for each path and index that has no value in some week.
        files: the files on which the comparison rests.
    """

    first: str
    second: str
    terms: tuple[TermChange, ...]
    differences: tuple[Difference, ...]
    money: tuple[Money, ...]
    same: tuple[str, ...]
    until: date
    not_known: tuple[NotCompared, ...] = ()
    same_as_known: tuple[str, ...] = ()
    sooner: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unpublished: tuple[str, ...] = ()
    files: tuple[GivenFile, ...] = ()


def compared(
    names: tuple[str, str],
    drafts: tuple[Deal, Deal],
    before: Sequence[PathOutcome],
    after: Sequence[PathOutcome],
    templates: Mapping[str, Template],
) -> Comparison:
    """Return the comparison of two drafts and of what each did on the same paths.

    Args:
        names: what each draft is called.
        drafts: both drafts.
        before: what the first did, path by path.
        after: what the second did, on the same paths in the same order.
        templates: the covenant templates by name.
    """
    differences: list[Difference] = []
    money: list[Money] = []
    same: list[str] = []
    same_as_known: list[str] = []
    sooner: dict[str, tuple[str, ...]] = {}
    open_on: dict[tuple[str, str | None, str | None], list[str]] = {}
    # Both drafts ran on the same paths, so a missing one is an error and not a difference.
    for old, new in zip(before, after, strict=True):
        lacks = _open(drafts[0], templates, old), _open(drafts[1], templates, new)
        sooner |= {**lacks[0].sooner, **lacks[1].sooner}
        apart = tuple(_differences(old, new, *lacks))
        swept = tuple(_money(old, new))
        differences += apart
        money += swept
        names_open = dict.fromkeys(name for one in lacks for name in (*one.left_out, *one.undecided))
        for name in names_open:
            open_on.setdefault((name, lacks[0].why(name), lacks[1].why(name)), []).append(old.path)
        if not apart and not swept:
            (same_as_known if names_open else same).append(old.path)
    return Comparison(
        *names,
        differing_terms(*drafts),
        tuple(differences),
        tuple(money),
        tuple(same),
        until=before[0].until if before else drafts[0].closing_date,
        not_known=tuple(
            NotCompared(*key, tuple(paths), len(paths) == len(before)) for key, paths in open_on.items()
        ),
        same_as_known=tuple(same_as_known),
        sooner=sooner,
        unpublished=unpublished_notes(before),
    )


def _open(draft: Deal, templates: Mapping[str, Template], outcome: PathOutcome) -> Lacking:
    """Return what one path leaves open of a draft.

    A test without any date is not open, because nothing of it happens under that draft.
    """
    terms = terms_until(draft, outcome.until)
    return lacking(terms, templates, (outcome,), outcome.until, untested=False)


def differing_terms(first: Deal, second: Deal) -> tuple[TermChange, ...]:
    """Return every term that differs between two drafts on some date.

    A term that one of them lacks is included.
    """
    changes: dict[str, TermChange] = {}
    # Terms change only when a stretch of either deal begins, so other days need not be looked at.
    days = sorted({since for deal in (first, second) for since, _ in deal.segments})
    for day in days:
        old = {source.path: source for source in sources(first, day)}
        new = {source.path: source for source in sources(second, day)}
        for path in dict.fromkeys((*old, *new)):
            was = old[path].written if path in old else "not written"
            now = new[path].written if path in new else "not written"
            if was != now:
                line = new[path].line if path in new else old[path].line
                changes.setdefault(path, TermChange(path, was, now, line))
    return tuple(changes.values())


def _differences(
    old: PathOutcome, new: PathOutcome, first_lacks: Lacking, second_lacks: Lacking
) -> Iterator[Difference]:
    firsts: dict[tuple[str, Happening], list[FirstDate | None]] = {}
    for place, outcome in enumerate((old, new)):
        for first in outcome.firsts:
            firsts.setdefault((first.subject, first.what), [None, None])[place] = first
    for (subject, what), (was, now) in firsts.items():
        days = (was.on if was else None, now.on if now else None)
        if days[0] != days[1]:
            whys = (first_lacks.why(subject), second_lacks.why(subject))
            # A date that may lie sooner than is said is later or earlier than no other.
            bound = subject in first_lacks.sooner or subject in second_lacks.sooner
            serves = "" if any(whys) or bound else _serves(what, *days)
            yield Difference(old.path, subject, what, *days, serves, *whys)
    for trigger in dict.fromkeys((*old.in_effect, *new.in_effect)):
        both = old.times(trigger), new.times(trigger)
        # The first two times are among the firsts.
        for number in range(2, max(map(len, both))):
            for place, what in AGAIN.items():
                was_on, now_on = (times[number][place] if number < len(times) else None for times in both)
                if was_on != now_on:
                    whys = (first_lacks.why(trigger), second_lacks.why(trigger))
                    yield Difference(old.path, trigger, what, was_on, now_on, "", *whys)


def _serves(what: Happening, before: date | None, after: date | None) -> str:
    """Return whom a difference serves: `lender`, `borrower`, or an empty text.

    What protects the lender serves the lender if it comes earlier, and the borrower if it comes later.
    """
    if what not in PROTECTS:
        return ""
    # Never counts as later than any date.
    earlier = before is None or (after is not None and after < before)
    return "lender" if earlier else "borrower"


def _money(old: PathOutcome, new: PathOutcome) -> Iterator[Money]:
    clauses = dict.fromkeys(amount.clause for outcome in (old, new) for amount in outcome.swept)
    for clause in clauses:
        was, now = old.swept_in_all(clause), new.swept_in_all(clause)
        # Two sums that are not known cannot be said to be the same.
        if was != now or was.not_known:
            yield Money(old.path, clause, was.amount, now.amount, was.not_known, now.not_known)


def whom_it_serves(comparison: Comparison) -> Mapping[str, int]:
    """Return by `lender` and `borrower` how many of the differences serve each of them.

    A difference serves a party if the second draft is better for that party than the first.
    """
    return {
        who: sum(difference.serves == who for difference in comparison.differences)
        for who in ("lender", "borrower")
    }
