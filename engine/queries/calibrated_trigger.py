"""The trigger that a calibration varies, as its clause drafts it, and what the variants take over from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.values import counted, listed, written_rate
from engine.determination.template import Clause, Comparison, Rule, Template
from engine.foresight.calibrate import WIDEST, Side, Variant
from engine.foresight.rate_paths import TICK
from engine.foresight.term_variants import written_at
from engine.terms.as_written import Deal
from engine.terms.contract_dates import publication_dates
from engine.terms.low_confidence import DECISIVE_ONLY
from engine.terms.periods import Persistence

ENDS: Mapping[Comparison, Side] = {
    "less than": "below level",
    "at most": "at or below level",
    "more than": "above level",
    "at least": "at or above level",
}
OTHER: Mapping[Side, Side] = {"below level": "at or above level", "at or below level": "above level"}
"""For each side on which a fall is counted, the other side of the level."""
BELOW = tuple(OTHER)


@dataclass(frozen=True)
class DraftedTrigger:
    """A trigger that counts falls below a level, as drafted.

    Attributes:
        key: the name of its clause.
        clause: its terms at closing.
        level: its level, which may lie between two ticks.
        index: the index.
        variant: the trigger as a variant; None if the rate does not decide its end.
        amended: the dates from which amendments change the trigger.
    """

    key: str
    clause: Clause
    level: Fraction
    index: str
    variant: Variant | None
    amended: tuple[date, ...]

    @property
    def begins(self) -> Side:
        """The side of the level on which dates count towards the beginning."""
        return _terms(self.clause).begins.when  # type: ignore[no-any-return]

    @property
    def out_of(self) -> int | None:
        """Of how many last dates the beginning counts; None if its dates follow one another."""
        return _window(_terms(self.clause).begins.persistence)

    def variants(
        self, levels: Sequence[Fraction], counts: Sequence[int], releases: Sequence[int]
    ) -> list[Variant]:
        """Return each level with each count and each release.

        What is not varied stays as drafted. Without a release the end is the draft's own.

        Raises:
            WrongUsage: none, a value that is not above zero, a level between two ticks, or an end that the
                rate does not decide where no release is named.
        """
        if not (levels and counts) or any(one < 1 for one in (*counts, *releases)) or min(levels) <= 0:
            raise WrongUsage(
                "a level, a count and a release are above zero, and there is at least one of each"
            )
        own = self.variant
        if own is None and not releases:
            raise WrongUsage(
                f"`{self.key}` ends when the reserve account reaches its target. The rate alone does not "
                "decide that, so the trigger as drafted is not calibrated. Name what shall end it instead, "
                "like `headroom calibrate ... --releases 3`: that many dates on the other side of the level"
            )
        fixed = own.release_level if own is not None else None
        ends = own.ends if own is not None and own.release is not None else OTHER[self.begins]
        window = own.release_out_of if own is not None else None
        last = releases or ((own.release if own is not None else None),)
        return [
            Variant(
                level=ticks(level),
                count=count,
                release=release,
                release_level=fixed,
                begins=self.begins,
                ends=ends,
                out_of=_at_least(self.out_of, count),
                release_out_of=None if release is None else _at_least(window, release),
            )
            for level in levels
            for count in counts
            for release in last
        ]

    def tested(self, dates: Sequence[date], of_a_path: bool) -> tuple[bool, ...] | None:
        """Return on which Publication Dates the clause is tested; None if it is tested on all.

        The first and the last date of a test are dates of the deal's life, so a history knows none of them.
        """
        clause = self.clause
        first = clause.first_tested if of_a_path else None
        last = clause.last_tested if of_a_path else None
        every = clause.frequency == "every date"
        if every and first is None and last is None:
            return None
        months = 1 if clause.frequency == "first date of each month" else 3
        seen: set[tuple[int, int]] = set()
        flags = []
        for on in dates:
            within = (first is None or on >= first) and (last is None or on <= last)
            period = (on.year, (on.month - 1) // months)
            # A date before the first test does not use up its month or quarter.
            flags.append(within and (every or period not in seen))
            seen |= {period} if first is None or on >= first else set()
        return tuple(flags)

    def taken_over(self, variants: Sequence[Variant], drafted: bool) -> tuple[str, ...]:
        """Return what all variants take over from the draft, in sentences.

        `drafted` says whether the draft is one of them.
        """
        return tuple(self._said(variants[0], drafted))

    def _said(self, one: Variant, drafted: bool) -> Iterator[str]:
        dates = (
            "dates that follow one another"
            if self.out_of is None
            else f"the last {self.out_of} dates with a value"
        )
        yield f"A date counts towards the beginning if its value is {_words(self.begins)}, among {dates}."
        if one.release is None:
            yield "Nothing that is measured ends the trigger, as drafted."
        else:
            where = (
                f"{_words(one.ends)} itself, which moves with it"
                if one.release_level is None
                else f"{one.ends.removesuffix(' level')} {level_words(one.release_level)}, which stays where "
                "it is drafted"
            )
            yield f"A date counts towards the end if its value is {where}."
            window = self.variant.release_out_of if self.variant is not None else None
            if window is not None:
                yield f"The end looks at the last {window} dates with a value."
        clause = self.clause
        if clause.frequency != "every date":
            yield f"The clause is tested on the {clause.frequency}; no other date counts."
        if clause.first_tested is not None:
            yield (
                f"On the paths the clause is first tested on {clause.first_tested}; over the history it is "
                "tested from the first week on."
            )
        if clause.last_tested is not None:
            yield (
                f"On the paths the clause is last tested on {clause.last_tested}; over the history it is "
                "tested to the last week."
            )
        if self.amended:
            yield (
                f"An amendment changes this trigger from {listed([str(on) for on in self.amended])}. The "
                "paths are judged by the terms at closing."
            )
        if self.variant is None:
            yield "The draft's own end is the target of its reserve account, so no row here is the draft."
        elif not drafted:
            yield f"The draft is not among these rows. {variant_words(self.variant, self.level)}"


def drafted_trigger(deal: Deal, templates: Mapping[str, Template], term: str) -> DraftedTrigger:
    """Return the trigger whose level varies, as the clause drafts it at closing.

    Raises:
        WrongUsage: the term is not the level of a trigger that counts falls, or the trigger has a shape that
            a count of falls does not hold.
    """
    key, clause = _counted_clause(deal, templates, term)
    terms = deal.segments[0][1]
    index = terms.index_of(clause)
    _refuse(key, clause, index, deal)
    make = templates[clause.template].rule
    assert make is not None  # `_counted_clause` takes only clauses with a trigger of their own
    rule = make(key, clause)
    said = _terms(clause)
    for persistence in (rule.begins_for, rule.ends_for):
        if persistence is not None and (_window(persistence) or 0) > WIDEST:
            raise WrongUsage(
                f"`{key}` counts {persistence}; a calibration looks back on at most {WIDEST} dates"
            )
    own_level = getattr(said.ends, "level", None)
    if own_level is not None and (own_level * TICK).denominator != 1:
        raise WrongUsage(f"`{key}` ends at a level of more than four decimals; published values have four")
    return DraftedTrigger(
        key=key,
        clause=clause,
        level=said.level,
        index=index,
        variant=_variant(rule, said, own_level),
        amended=tuple(
            on
            for (_, before), (on, after) in zip(deal.segments, deal.segments[1:], strict=False)
            if _counts(before.covenants.get(key)) != _counts(after.covenants.get(key))
        ),
    )


def _variant(rule: Rule, said: Any, own_level: Fraction | None) -> Variant | None:
    """Return the drafted trigger as a variant; None if the balance of an account ends it."""
    if rule.ends is None and not rule.never:
        return None
    if rule.ends is None or rule.ends_for is None:
        release, window, ends = None, None, OTHER[said.begins.when]
    else:
        assert rule.ends.comparison is not None  # a clause's own trigger ends at a level
        release, window = rule.ends_for.count, _window(rule.ends_for)
        ends = ENDS[rule.ends.comparison]
    return Variant(
        # The levels that are tried have four decimals, so a drafted level between two ticks equals nothing.
        level=(said.level * TICK).__floor__() if (said.level * TICK).denominator == 1 else 0,
        count=rule.begins_for.count,
        release=release,
        release_level=None if own_level is None else ticks(own_level),
        begins=said.begins.when,
        ends=ends,
        out_of=_window(rule.begins_for),
        release_out_of=window,
    )


def _counted_clause(deal: Deal, templates: Mapping[str, Template], term: str) -> tuple[str, Clause]:
    """Return the clause whose level varies.

    Raises WrongUsage if the term is not the level of a trigger that counts falls.
    """
    key = term.split(".")[1] if term.startswith("covenants.") else ""
    clause = deal.segments[0][1].covenants.get(key)
    # The refusal names what can be calibrated, because few terms of a deal can.
    fits = [
        name
        for name, covenant in deal.segments[0][1].covenants.items()
        if templates[covenant.template].rule is not None
        and getattr(getattr(covenant, "begins", None), "when", "") in BELOW
    ]
    if not fits:
        raise WrongUsage(
            f"{deal.name} has no level that can be calibrated: a clause whose trigger counts dates below a "
            "level of the rate has one. `headroom grid` varies any other term"
        )
    if clause is None or key not in fits or not term.startswith(f"covenants.{key}.level"):
        known = listed([f"covenants.{name}.level" for name in fits])
        raise WrongUsage(
            f"`{term}` is not the level of a trigger that counts dates below it; those are {known}"
        )
    # A level with dated steps is a block, and the call refuses it with the names of its steps.
    written_at(deal, term)
    return key, clause


def _refuse(key: str, clause: Clause, index: str, deal: Deal) -> None:
    """Refuse a trigger that a count of one index's values would judge as something else."""
    terms = deal.segments[0][1]
    if index not in terms.index:
        raise WrongUsage(
            f"`{key}` is tested on the blend {index}; a calibration has paths of one index alone"
        )
    if clause.tested_while is not None:
        state = f"{clause.tested_while.test or clause.tested_while.trigger} is {clause.tested_while.state}"
        raise WrongUsage(
            f"`{key}` is tested only while {state}. A calibration has paths of the rate alone, so it would "
            "judge another trigger; `headroom simulate` and `headroom grid` run the whole draft"
        )
    if terms.index[index].low_confidence.effect == DECISIVE_ONLY:
        raise WrongUsage(f"{index}: results count only where they are decisive, and a path has no sellers")


def _counts(clause: Clause | None) -> tuple[Any, ...] | None:
    """Return the terms on which the count of a trigger rests."""
    if clause is None:
        return None
    names = ("level", "begins", "ends", "index", "frequency", "first_tested", "last_tested", "tested_while")
    return tuple(getattr(clause, name, None) for name in names)


def _terms(clause: Clause) -> Any:
    """Return a clause whose own fields depend on its template, which no module here names."""
    return clause


def _window(persistence: Persistence) -> int | None:
    return None if persistence.consecutive else persistence.out_of


def _at_least(window: int | None, count: int) -> int | None:
    """Return the drafted window; None for a count that fills it, since its dates then follow one another."""
    return window if window is not None and count < window else None


def level_words(level: int) -> str:
    """Return a level of whole ticks in words: `1.50`, `1.505`."""
    return written_rate(Fraction(level, TICK))


def _words(side: Side) -> str:
    return side.replace("level", "the level")


def ticks(level: Fraction) -> int:
    """Return a level in ticks. Raises WrongUsage if it lies between two."""
    if (level * TICK).denominator != 1:
        raise WrongUsage(f"a level has at most four decimals, as published values have; {level} has more")
    return (level * TICK).numerator


def path_dates(deal: Deal, weeks: int) -> tuple[date, ...]:
    """Return the Publication Dates of a path, which begins after the Closing Date."""
    first = deal.closing_date + timedelta(days=1)
    return tuple(publication_dates(first, first + timedelta(weeks=weeks)))[:weeks]


def count_words(count: int, out_of: int | None) -> str:
    """Return a count of dates in words: `3 dates`, or `3 of 4 dates`."""
    return counted(count, "dates") if out_of is None else f"{count} of {out_of} dates"


def variant_words(variant: Variant, level: Fraction) -> str:
    """Return the drafted trigger in a sentence, with its level as drafted."""
    end = "never ends"
    if variant.release is not None:
        words = written_rate(level) if variant.release_level is None else level_words(variant.release_level)
        end = (
            f"ends {variant.ends.removesuffix(' level')} {words} on "
            f"{count_words(variant.release, variant.release_out_of)}"
        )
    return (
        f"The draft begins {variant.begins.removesuffix(' level')} {written_rate(level)} on "
        f"{count_words(variant.count, variant.out_of)}, and {end}."
    )
