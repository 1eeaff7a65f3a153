"""Page 1 of a foresight report.

It says what there is to decide, and what a calibration or a simulation comes to in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from engine.basics.happenings import CLAUSES, HAPPENING_WORDS
from engine.basics.numerals import times
from engine.basics.probabilities import probability
from engine.basics.values import counted, figure_words, listed, written_rate
from reports.formats import Runs, short_date
from reports.pages.foresight_tables import dated

Value = Mapping[str, Any]
"""The JSON of one answer."""
Title = Callable[[str], str]
A_YEAR = 52
MOST_SAID = 3


def choices(
    ladder: Value | None, calibration: Value | None, comparisons: Sequence[Value], title: Title
) -> list[list[str]]:
    """Return the rows of "What there is to decide": the term, as drafted, what another figure does.

    Args:
        ladder: the answer of `ladder`.
        calibration: the answer of `calibrate`.
        comparisons: the answers of `compare`.
        title: what a test or a trigger is called.
    """
    return [*_inverted(ladder, title), *_counts(calibration, title), *_wordings(comparisons, title)]


def _inverted(ladder: Value | None, title: Title) -> Iterator[list[str]]:
    """Yield a row for each inversion: at closing, and later if its pair or its limit is new."""
    told: set[tuple[str, ...]] = set()
    for number, of_date in enumerate((ladder, *ladder["later"]) if ladder is not None else ()):
        by_limb = {rung["limb"]: rung for rung in of_date["rungs"]}
        since = f", from {short_date(date.fromisoformat(of_date['on']))}" if number else ""
        for one in of_date["inversions"]:
            instead = one.get("instead")
            key = (one["graver"], one["milder"], instead["drafted"] if instead is not None else "")
            if key not in told:
                told.add(key)
                yield _row(one, by_limb, since, title)


def _row(one: Value, by_limb: Mapping[str, Value], since: str, title: Title) -> list[str]:
    graver, milder = by_limb[one["graver"]], by_limb[one["milder"]]
    names = [title(rung["subject"]) for rung in (graver, milder)]
    if one.get("instead") is not None:
        row = _limit(one["instead"], graver, milder, title)
        return [f"{row[0]}{since}", *row[1:]]
    high, low = (f"{float(rung['rate']):.4f}" for rung in (graver, milder))
    return [
        f"{names[0]} or {names[1]}{since}",
        f"acts at {high}, {one['by']} before {names[1]}",
        f"{names[1]} comes first at {high} or above, or {names[0]} at {low} or below",
    ]


def _limit(instead: Value, graver: Value, milder: Value, title: Title) -> list[str]:
    """Return the row of a limit that would put two limbs in order."""
    test, acts, other = title(instead["test"]), title(graver["subject"]), title(milder["subject"])
    end = f"not before {other} at {float(milder['rate']):.4f}"
    if graver["limbs"]:
        then = f"at {float(instead['then']):.4f}" if instead["then"] is not None else "at no rate"
        return [
            f"{test}, limit",
            f"{instead['drafted']}: {acts} acts at {float(graver['rate']):.4f}",
            f"at {instead['limit']} it trips at {float(instead['rate']):.4f}, and {acts} acts {then}, {end}",
        ]
    share = abs(float(graver["share"])) * 100
    to_come, other_side = ("below", "above") if graver["fails"] == "below" else ("above", "below")
    side = to_come if float(graver["share"]) >= 0 else other_side
    what = "it trips" if test == acts else f"it trips, and with it {acts},"
    return [
        f"{test}, limit",
        f"{instead['drafted']}: trips at {float(graver['rate']):.4f}, {share:.1f}% {side} closing",
        f"at {instead['limit']} {what} at {float(instead['rate']):.4f}, {end}",
    ]


def _counts(calibration: Value | None, title: Title) -> Iterator[list[str]]:
    """Yield the draft's level and release at each count that was tried."""
    drafted = calibration.get("drafted") if calibration is not None else None
    if calibration is None or drafted is None:
        return
    same = [
        cell
        for cell in calibration["model"]
        if _but_count(cell) == _but_count(drafted) and cell["variant"] != drafted["variant"]
    ]
    under = calibration["smallest_count_under"]["share"]
    others = "; ".join(f"{count_words(cell['variant'])}: {_figures(cell, under)}" for cell in same)
    name = f"{title(calibration['term'].split('.')[1])}, count"
    if others:
        yield [name, f"{count_words(drafted['variant'])}: {_figures(drafted, under)}", others]


def count_words(variant: Value) -> str:
    """Return the dates that begin a variant: `3 dates`, or `3 of 4 dates`."""
    count, out_of = variant["count"], variant["out_of"]
    return counted(count, "dates") if out_of is None else f"{count} of {out_of} dates"


def _counted_words(variant: Value) -> str:
    return times(variant["count"]) if variant["out_of"] is None else f"on {count_words(variant)}"


def _but_count(cell: Value) -> tuple[Any, ...]:
    """Return all that makes a variant but its count; the dates that a count is of go with it."""
    return tuple(value for name, value in cell["variant"].items() if name not in ("count", "out_of"))


def _figures(cell: Value, under: float) -> str:
    missed = "no shortfall" if cell["missed"] is None else f"missed {cell['missed'] * 100:.1f}%"
    late = "" if cell["delay"] is None else f", late {cell['delay']:.1f} weeks"
    return f"false alarm {_chance(cell, under)}, {missed}{late}"


def _chance(cell: Value, under: float) -> str:
    """Return the probability of a false alarm with its Monte Carlo error."""
    return probability(cell["false_alarm"], cell["error"], under) if cell["quiet"] else "not possible"


def _wordings(comparisons: Sequence[Value], title: Title) -> Iterator[list[str]]:
    for comparison in comparisons:
        term, _, now = comparison["first"].partition(": ")
        other = comparison["second"].partition(": ")[2]
        # A comparison of two files has no single term, so it has no row here.
        if not other:
            continue
        first = next(
            (
                diff
                for diff in comparison["differences"]
                if diff["what"] in ("fails", "default", "begins", "obliged")
            ),
            None,
        )
        said = f"{other}: nothing that happens differs"
        if comparison["not_known"]:
            unknown = dict.fromkeys(title(one["subject"]) for one in comparison["not_known"])
            said = f"{other}: nothing that is known differs; not known: {', '.join(unknown)}"
        if first is not None:
            before, after = (
                dated(first[side], first[f"{side}_not_known"], first["what"]) for side in ("before", "after")
            )
            dates = f"{before}, then {after}"
            said = (
                f"{other}: {title(first['subject'])} {HAPPENING_WORDS[first['what']]} {dates} on "
                f"{first['path']}"
            )
        yield [term.removeprefix("covenants."), now, said]


def calibration_lead(calibration: Value | None) -> str:
    """Return a calibration in a sentence.

    It says the draft's own false alarms, and the smallest count that stays under the share that was asked
    for.
    """
    drafted = calibration.get("drafted") if calibration is not None else None
    if calibration is None or drafted is None:
        return ""
    variant = drafted["variant"]
    level = written_rate(Fraction(variant["level"], 10_000))
    under = calibration["smallest_count_under"]["share"]
    said = (
        f"A level of {level} counted {_counted_words(variant)} gives a false alarm within "
        f"{calibration['weeks']} weeks with a probability of {_chance(drafted, under)}"
    )
    others = [
        cell
        for cell in calibration["model"]
        if _but_count(cell) == _but_count(drafted) and cell["variant"]["count"] > variant["count"]
    ]
    more = "".join(
        f". If the level is counted {_counted_words(cell['variant'])}, the probability is "
        f"{_chance(cell, under)}"
        for cell in others[:1]
    )
    return f"{said}{more}."


def simulation_lead(simulation: Value | None, title: Title) -> str:
    """Return a simulation in a sentence.

    It says how likely the gravest outcomes are within a year, or within the paths if they are shorter.
    """
    if simulation is None or not simulation["chances"]:
        return ""
    grave = [one for one in simulation["chances"] if one["what"] in ("default", "begins")] or list(
        simulation["chances"]
    )
    weeks = max(
        (int(week) for week in grave[0]["within"] if int(week) <= A_YEAR), default=simulation["weeks"]
    )
    said: list[str] = []
    for one in grave[:MOST_SAID]:
        # The keys were numbers, and JSON has turned them into texts.
        share, error = next(pair for week, pair in one["within"].items() if int(week) == weeks)
        clause, chance = CLAUSES[one["what"]].format(title(one["subject"])), probability(share, error)
        # The first sentence says of what the figures are, and the others would only repeat that.
        if not said:
            said.append(
                f"On {simulation['paths']:,} paths of the model, {clause} within {weeks} weeks with a "
                f"probability of {chance}."
            )
        else:
            said.append(f"{clause[:1].upper()}{clause[1:]} with a probability of {chance}.")
    if simulation["never"]:
        said.append(
            f"Nothing happens on any path to {listed([title(name) for name in simulation['never']])}."
        )
    return " ".join(said)


def left_out_lead(simulation: Value | None, title: Title) -> list[Runs]:
    """Return what a simulation left out, and the tests that it leaves undetermined, each in a sentence."""
    if simulation is None:
        return []
    said: list[Runs] = []
    if names := [figure_words(name) for name in simulation["left_out"]]:
        verb = "is" if len(names) == 1 else "are"
        said.append(
            [
                ("Left out", True),
                (f" of the simulation {verb} {listed(names)}, which would follow the rate.", False),
            ]
        )
    if tests := [title(name) for name in simulation["undetermined"]]:
        verb = "is" if len(tests) == 1 else "are"
        said.append(
            [("Not determined", True), (f" on any path of the simulation {verb} {listed(tests)}.", False)]
        )
    return said
