"""The stress of a foresight report: the stated rates, a lane for each limb, first dates, rates and money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from engine.basics.happenings import HAPPENING_WORDS, no_date, times_words, unpublished_words
from engine.basics.values import listed
from engine.events.swept_money import dates_and_money
from reports.drawing import lanes
from reports.formats import long_date, short_date, table_date
from reports.pages.foresight_inputs import BESIDE, ForesightInputs, Value
from reports.pages.foresight_ladder import levels_of

KEY = (
    "On a thin line a limb passes; on a dotted one a failure is counted. Hatched is a Cure Period, and solid "
    "what is in effect or a default. In a gap nothing is determined."
)


def stress_page(inputs: ForesightInputs) -> dict[str, Any] | None:
    """Return the stated rates, the lanes and the tables of first dates; None if no path was lived."""
    if inputs.stress is None:
        return None
    outcomes, shown, own = inputs.stress["outcomes"], inputs.shown_outcomes(), inputs.own_outcome()
    first, last = inputs.closing, date.fromisoformat(inputs.stress["until"])
    drawn = next(iter(inputs.ladder["today"])) if inputs.ladder is not None else ""
    levels = levels_of(inputs.ladder, drawn, inputs.title, kinds_left_out=("obligation",), alike=True)
    return {
        "heading": f"Stress: {inputs.rates[0]['words']}" if inputs.rates else "Stress: stated paths",
        "intro": (
            f"The paths run from {long_date(first)} to {long_date(last)}.{_falls(inputs)}"
            f"{_first_index(inputs)}{_unpublished(outcomes[:3])}"
        ),
        "chart": lanes.rates(inputs.rates, inputs.band, levels, first, last) if inputs.rates else None,
        "lanes": lanes.lanes(_lane_rows(inputs, outcomes[0]), first, last, _marks(inputs, shown)),
        "own": None
        if own is None or own is outcomes[0]
        else {
            "name": str(own["path"]),
            "lanes": lanes.lanes(_lane_rows(inputs, own), first, last),
            "heads": [str(own["path"]), "Section"],
            "rows": _dates(inputs, [own]),
        },
        "key": f"{KEY} The lanes are of {outcomes[0]['path']}.{_marked(shown[1:])}",
        "heads": [*(outcome["path"] for outcome in outcomes[:BESIDE]), "Section"],
        "rows": _dates(inputs, outcomes[:BESIDE]),
        "scenarios": _scenarios(inputs),
    }


def _falls(inputs: ForesightInputs) -> str:
    """Return what the first path's rate does, and what the others are, as sentences with a space before."""
    drawn = inputs.rates[0] if inputs.rates else None
    if drawn is None or drawn["falls"] is None:
        return ""
    band = ", and the grey is its whole band" if inputs.band else ""
    said = f" The rate {drawn['falls']}; the heavy line shows it{band}."
    same = [one for one in inputs.rates[1:] if one["words"].startswith(f"{drawn['words']}, time")]
    if not same:
        return said
    return f"{said} At {listed([one['name'].split()[-1] for one in same])} time runs so many times as fast."


def _first_index(inputs: ForesightInputs) -> str:
    """Return whose rates are drawn and printed, where the draft has several indices."""
    names = list(inputs.ladder["today"]) if inputs.ladder is not None else []
    if len(names) < 2:
        return ""
    limits = "Each limit is drawn as every index falls alike, and the ladder's rates are of one index alone."
    return f" Every index falls alike; the rates are those of {names[0]}. {limits}"


def _unpublished(outcomes: Sequence[Value]) -> str:
    """Return in which weeks of the paths no value is, as sentences with a space before."""
    return "".join(
        f" {unpublished_words(outcome['path'], index, weeks['of'], weeks['without'], weeks['no_row'])}"
        for outcome in outcomes
        for index, weeks in outcome["unpublished"].items()
    )


def _lane_rows(inputs: ForesightInputs, outcome: Value) -> list[tuple[str, list[dict[str, Any]], str]]:
    """Return one lane for each test, that of its own trigger if it has one, then the composite triggers'."""
    rows = []
    own = {name.removesuffix(" (trigger)") for name in outcome["lanes"] if name.endswith(" (trigger)")}
    for name, spans in outcome["lanes"].items():
        subject = name.removesuffix(" (trigger)")
        # The trigger's own lane tells the test's failures as well, and two lanes would say the same twice.
        if subject == name and name in own:
            continue
        shown = []
        for span in spans:
            text = ""
            if span["kind"] == "default":
                text = f"Event of Default from {table_date(date.fromisoformat(span['since']))}"
            elif span["kind"] == "in effect":
                text = f"in effect from {table_date(date.fromisoformat(span['since']))}"
            shown.append({**span, "text": text})
        kinds = {span["kind"] for span in spans}
        quiet = "never on this path" if kinds <= {"passes", "watch", "not determined"} else ""
        if kinds <= {"not determined"}:
            quiet = "not determined on this path"
        assert inputs.stress is not None  # it has lanes
        unknown = inputs.stress["not_known"][outcome["path"]].get(subject)
        quiet = quiet if unknown is None or not quiet else f"{no_date(unknown)} on this path"
        rows.append((inputs.title(subject), shown, quiet))
    return rows


def _marks(inputs: ForesightInputs, outcomes: Sequence[Value]) -> dict[str, list[tuple[str, date]]]:
    """Return where each limb first fails or begins on the other paths, by the limb's title."""
    # A test with a trigger of its own has the trigger's lane, so it is marked where that begins.
    own = {name.removesuffix(" (trigger)") for name in outcomes[0]["lanes"] if name.endswith(" (trigger)")}
    marks: dict[str, list[tuple[str, date]]] = {}
    for outcome in outcomes[1:]:
        name = _short(str(outcome["path"]), str(outcomes[0]["path"]))
        for first in outcome["firsts"]:
            if first["what"] == "begins" or (first["what"] == "fails" and first["subject"] not in own):
                there = marks.setdefault(inputs.title(first["subject"]), [])
                there.append((name, date.fromisoformat(first["on"])))
    return marks


def _short(path: str, drawn: str) -> str:
    """Return a path's name without the words that it shares with the path that is drawn."""
    own, first = path.split(), drawn.split()
    while len(own) > 1 and first and own[0] == first[0]:
        own, first = own[1:], first[1:]
    return " ".join(own)


def _marked(others: Sequence[Value]) -> str:
    names = listed([str(outcome["path"]) for outcome in others])
    return f" A triangle marks the first date on {names}." if names else ""


def _dates(inputs: ForesightInputs, outcomes: Sequence[Value]) -> list[list[str]]:
    events: dict[tuple[str, str], str] = {}
    for outcome in outcomes:
        for one in outcome["firsts"]:
            key = (one["subject"], one["what"])
            events[key] = min(events.get(key, one["on"]), one["on"])
    rows = []
    assert inputs.stress is not None  # its paths are the outcomes
    for subject, what in sorted(events, key=lambda key: events[key]):
        cells = [f"{inputs.title(subject)} {HAPPENING_WORDS[what]}"]
        for outcome in outcomes:
            first = next(
                (
                    first
                    for first in outcome["firsts"]
                    if (first["subject"], first["what"]) == (subject, what)
                ),
                None,
            )
            rate = f", {float(first['rate']):.4f}" if first is not None and first["rate"] is not None else ""
            cells.append(
                _without_date(inputs.stress, outcome, subject, what)
                if first is None
                else f"{table_date(date.fromisoformat(first['on']))}{rate}"
            )
        rows.append([*cells, inputs.section(subject, what)])
    rows += _times(inputs, outcomes)
    for name in inputs.stress["never"]:
        # Never is said as loudly as when.
        what = "begins" if name in inputs.stress["triggers"] else "fails"
        words = f"{inputs.title(name)} {HAPPENING_WORDS[what]}"
        rows.append([words, *("never" for _ in outcomes), inputs.section(name, what)])
    for clause in dict.fromkeys(amount["clause"] for outcome in outcomes for amount in outcome["swept"]):
        rows.append(
            [
                f"{inputs.title(clause)} swept, USD",
                *(_swept_words(outcome, clause) for outcome in outcomes),
                inputs.section(clause, "swept"),
            ]
        )
    return [*rows, *_worst(inputs, outcomes)]


def _times(inputs: ForesightInputs, outcomes: Sequence[Value]) -> Iterator[list[str]]:
    """Yield how often each trigger was in effect that was so more than once on a path, and the last time."""
    assert inputs.stress is not None  # its paths are the outcomes
    for trigger in dict.fromkeys(name for outcome in outcomes for name in outcome["in_effect"]):
        found = [outcome["in_effect"].get(trigger, ()) for outcome in outcomes]
        if max(map(len, found)) > 1:
            cells = [
                ", ".join(times_words([(one["since"], one["ended"]) for one in times], _day))
                if times
                else _without_date(inputs.stress, outcome, trigger)
                for outcome, times in zip(outcomes, found, strict=True)
            ]
            yield [f"{inputs.title(trigger)} in effect in all", *cells, inputs.section(trigger, "begins")]


def _day(text: str) -> str:
    return table_date(date.fromisoformat(text))


def _worst(inputs: ForesightInputs, outcomes: Sequence[Value]) -> Iterator[list[str]]:
    """Yield the worst figure of each ratio on each path, with its date."""
    for test in dict.fromkeys(one["test"] for outcome in outcomes for one in outcome["least"]):
        found = [next((one for one in outcome["least"] if one["test"] == test), None) for outcome in outcomes]
        if all(one is None or one["measured"].endswith(("%", "x")) for one in found):
            cells = [
                "not determined"
                if one is None
                else f"{one['measured']} on {short_date(date.fromisoformat(one['on']))}"
                for one in found
            ]
            yield [f"{inputs.title(test)} at its worst", *cells, inputs.section(test, "")]


def _swept_words(outcome: Value, clause: str) -> str:
    """Return on how many Payment Dates a sweep takes money on a path, and how much in all."""
    amounts = [
        None if one["amount"] is None else Fraction(one["amount"])
        for one in outcome["swept"]
        if one["clause"] == clause
    ]
    return ", ".join(cell for cell in dates_and_money(amounts, decimals=0) if cell)


def _scenarios(inputs: ForesightInputs) -> dict[str, Any] | None:
    if inputs.scenarios is None:
        return None
    columns = [
        *((name, "fails") for name in inputs.scenarios["tests"]),
        *((name, "begins") for name in inputs.scenarios["triggers"]),
    ]
    rows = []
    own = inputs.own_outcome()
    told = [(inputs.scenarios, outcome) for outcome in inputs.scenarios["outcomes"]]
    if own is not None and inputs.stress is not None:
        told.append((inputs.stress, own))
    for answer, outcome in told:
        cells = [str(outcome["path"])]
        for subject, what in columns:
            first = next(
                (
                    first
                    for first in outcome["firsts"]
                    if (first["subject"], first["what"]) == (subject, what)
                ),
                None,
            )
            cells.append(
                _without_date(answer, outcome, subject)
                if first is None
                else table_date(date.fromisoformat(first["on"]))
            )
        rows.append(cells)
    return {
        "title": "First dates under each scenario" + ("" if own is None else f" and on {own['path']}"),
        "heads": ["Path", *(f"{inputs.title(name)} {HAPPENING_WORDS[what]}" for name, what in columns)],
        "rows": rows,
    }


def _without_date(stress: Value, outcome: Value, subject: str, what: str = "") -> str:
    """Return what a cell says of a limb that has no date on a path: "never", or that nothing is known."""
    return no_date(stress["not_known"][outcome["path"]].get(subject), what)
