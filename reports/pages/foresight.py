"""The foresight report of a draft.

It holds the answer, the ladder, stress with its lanes, calibration, simulation, and what they rest on. It
states what the questions answered and computes nothing of a deal. Page 1 says that it is not a forecast.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from fractions import Fraction
from typing import Any

from engine.basics.happenings import HAPPENING_WORDS, undecided_words
from engine.basics.values import counted, in_words, listed
from engine.events.swept_money import swept_money
from reports.drawing import lanes
from reports.formats import Runs, eights, long_date, table_date
from reports.pages.foresight_chances import Value, calibration_page, simulation_page
from reports.pages.foresight_choices import calibration_lead, choices, left_out_lead, simulation_lead
from reports.pages.foresight_ladder import ladder_page
from reports.pages.foresight_tables import (
    backtest_lead,
    backtest_pages,
    backtest_rests,
    comparison_pages,
    grid_page,
    history_rests,
)

SENTENCES = {
    "fails": "{} fails on",
    "default": "an Event of Default of {} is indicated from",
    "begins": "{} is in effect from",
    "obliged": "{} creates an Obligation on",
}
NO_NOTICE = "ILLUSTRATIVE - NOT A NOTICE"
KEY = (
    "Thin line: passes. Dotted: fails, counted. Hatched: Cure Period. Solid: in effect, or default. Gap: "
    "not determined."
)
NOT_A_FORECAST = (
    " It says what the draft does on stated paths, by the same engine that will run on Thursdays. It also "
    "says how often chance alone would set off a clause in a model of the published history."
)


@dataclass(frozen=True)
class ForesightInputs:
    """What a foresight report is made of: answers as JSON; a section whose answer is not there is left out.

    Attributes:
        deal: the draft's name.
        parties: the borrower's or the issuer's name.
        file: the draft's file name.
        sha256: of its text.
        prepared: the date on which the report is made.
        engine: the version that made it.
        facts: what is assumed of the Servicer's reports.
        closing: the Closing Date.
        illustrative: whether the deal says that it is.
        titles: each test's title, by its name.
        ladder: the answer of `ladder`.
        stress: the answer of `stress`.
        rates: the stated rates of the paths that are drawn.
        scenarios: the answer of `stress` under every scenario.
        calibration: the answer of `calibrate`.
        simulation: the answer of `simulate`.
        comparisons: the answers of `compare`.
        grid: the answer of `grid`.
        backtest: the answer of `backtest`.
    """

    deal: str
    parties: str
    file: str
    sha256: str
    prepared: date
    engine: str
    facts: str
    closing: date
    illustrative: bool
    titles: Mapping[str, str]
    ladder: Value | None = None
    stress: Value | None = None
    rates: Sequence[Value] = ()
    scenarios: Value | None = None
    calibration: Value | None = None
    simulation: Value | None = None
    comparisons: Sequence[Value] = ()
    grid: Value | None = None
    backtest: Value | None = None

    @property
    def issued_at(self) -> datetime:
        """The moment that the file carries.

        The date alone decides it, so the same inputs give the same bytes.
        """
        return datetime.combine(self.prepared, time(), UTC)


def compose(inputs: ForesightInputs) -> dict[str, Any]:
    """Return the report as plain strings and coordinates."""
    answer = [_lead(inputs), *_never(inputs)]
    rungs = inputs.ladder["rungs"] if inputs.ladder is not None else ()
    return {
        "title": f"Foresight Report on {inputs.deal}, a draft",
        "summary": "".join(text for text, _ in answer[0]),
        "issued": inputs.issued_at.isoformat(),
        "illustrative": NO_NOTICE if inputs.illustrative else "",
        "left": f"Foresight Report, {inputs.deal}",
        "right": inputs.file,
        "foot": f"Draft {inputs.sha256[:8]}, {_seeds(inputs)}headroom {inputs.engine}",
        "parties": inputs.parties,
        "particulars": [
            ("Draft", f"{inputs.file}, {inputs.sha256[:8]}"),
            ("Prepared", table_date(inputs.prepared)),
            ("Facts", inputs.facts),
            ("Signed off by", "not yet signed off"),
        ],
        "answer": answer,
        "ladder": ladder_page(
            inputs.ladder,
            [answer for answer in (inputs.stress, inputs.scenarios) if answer is not None],
            lambda name: _title(inputs, name),
        ),
        "choices": choices(
            inputs.ladder, inputs.calibration, inputs.comparisons, lambda name: _title(inputs, name)
        ),
        "not_forecast": [("This is not a forecast.", True), (NOT_A_FORECAST + _tried(inputs), False)],
        "stress": _stress(inputs),
        "calibration": calibration_page(inputs.calibration),
        "simulation": simulation_page(inputs.simulation, rungs, lambda name: _title(inputs, name)),
        "tables": [
            *backtest_pages(inputs.backtest, lambda name: _title(inputs, name)),
            *comparison_pages(inputs.comparisons, lambda name: _title(inputs, name)),
            *(
                page
                for page in (grid_page(inputs.grid, lambda name: _title(inputs, name)),)
                if page is not None
            ),
        ],
        "assumptions": _assumptions(inputs),
        "first": (),
    }


def answers(inputs: ForesightInputs) -> str:
    """Return the answers that the report states, as JSON."""
    parts = {
        "ladder": inputs.ladder,
        "stress": inputs.stress,
        "scenarios": inputs.scenarios,
        "calibration": inputs.calibration,
        "simulation": inputs.simulation,
        "comparisons": inputs.comparisons or None,
        "grid": inputs.grid,
        "backtest": inputs.backtest,
    }
    return json.dumps(
        {name: part for name, part in parts.items() if part is not None},
        # Sorted keys give the same bytes for the same answers, in whatever order they were made.
        indent=2,
        sort_keys=True,
        ensure_ascii=False,
    )


def _title(inputs: ForesightInputs, name: str) -> str:
    return inputs.titles.get(name) or in_words(name).capitalize()


def _lead(inputs: ForesightInputs) -> Runs:
    """Return the answer: what is inverted, then what happens first on the first path, with date and rate."""
    runs: list[tuple[str, bool]] = []
    if inputs.ladder is not None:
        worst = max(inputs.ladder["inversions"], key=lambda one: float(one["by"]), default=None)
        if worst is not None:
            graver, milder = (
                _title(inputs, _subject(inputs.ladder, worst[side])) for side in ("graver", "milder")
            )
            runs.append((f"{graver} comes before {milder}.", True))
        else:
            runs.append(("No graver limb comes before a milder one.", True))
    if inputs.stress is not None:
        # The lanes are drawn of the first path, so the sentence and the picture tell the same story.
        path = inputs.stress["outcomes"][0]
        for one in [
            first for first in path["firsts"] if first["what"] in ("fails", "default", "begins", "obliged")
        ][:4]:
            at = f" at {float(one['rate']):.4f}" if one["rate"] is not None else ""
            said = SENTENCES[one["what"]].format(_title(inputs, one["subject"]))
            lead = (
                f" Under {path['path']}, {said} "
                if len(runs) == bool(inputs.ladder)
                else f" {said[:1].upper()}{said[1:]} "
            )
            runs.append((lead, False))
            runs.append((long_date(date.fromisoformat(one["on"])), True))
            runs.append((f"{at}.", False))
    for said in (
        simulation_lead(inputs.simulation, lambda name: _title(inputs, name)),
        calibration_lead(inputs.calibration),
        backtest_lead(inputs.backtest, lambda name: _title(inputs, name)),
    ):
        runs += [(f" {said}" if runs else said, False)] if said else []
    return runs or [("This report holds a calibration or a simulation of one draft.", True)]


def _subject(ladder: Value, limb: str) -> str:
    return next((str(rung["subject"]) for rung in ladder["rungs"] if rung["limb"] == limb), limb)


def _never(inputs: ForesightInputs) -> list[Runs]:
    """Return what never happens, said as loudly as what does; and what could not be determined."""
    stretches: list[Runs] = []
    if inputs.stress is not None and inputs.stress["never"]:
        names = listed([_title(inputs, name) for name in inputs.stress["never"]])
        verb = "acts" if len(inputs.stress["never"]) == 1 else "act"
        stretches.append(
            [
                ("Never", True),
                (
                    (
                        f": {names} {verb} on no path up to "
                        f"{long_date(date.fromisoformat(inputs.stress['until']))}."
                    ),
                    False,
                ),
            ]
        )
    # The answers rest on one draft and the same facts, so the first that is there can say it.
    lived = next((one for one in (inputs.stress, inputs.backtest, inputs.ladder) if one is not None), None)
    # What cannot be determined is not a pass, and is named beside what never happens.
    left = lived["left_out"] if lived is not None else {}
    if left:
        said = "; ".join(f"{_title(inputs, name)}, {why}" for name, why in left.items())
        stretches.append([("Left out", True), (f": {said}.", False)])
    undecided = {
        name: names
        for answer in (inputs.stress, inputs.simulation, inputs.backtest)
        if answer is not None
        for name, names in answer.get("undecided", {}).items()
    }
    if undecided:
        said = "; ".join(
            f"{_title(inputs, name)}, {_why(inputs, names)}" for name, names in undecided.items()
        )
        stretches.append([("Neither when nor never is known", True), (f": {said}.", False)])
    simulated = left_out_lead(inputs.simulation, lambda name: _title(inputs, name))
    return [*stretches, [("Left out", True), (simulated, False)]] if simulated else stretches


def _stress(inputs: ForesightInputs) -> dict[str, Any] | None:
    if inputs.stress is None:
        return None
    outcomes = inputs.stress["outcomes"]
    first, last = inputs.closing, date.fromisoformat(inputs.stress["until"])
    levels = []
    if inputs.ladder is not None:
        for rung in inputs.ladder["rungs"]:
            pair = (_title(inputs, rung["test"]), float(rung["rate"] or 0))
            if rung["fails"] == "below" and rung["kind"] != "obligation" and pair not in levels:
                levels.append(pair)
    return {
        "intro": f"From {long_date(first)} to {long_date(last)}. Given: {inputs.facts}.",
        "chart": lanes.rates(inputs.rates, levels, first, last) if inputs.rates else None,
        "lanes": lanes.lanes(_lane_rows(inputs, outcomes[0]), first, last, _marks(inputs, outcomes[:3])),
        "key": f"{KEY} The lanes are of {outcomes[0]['path']}.{_marked(outcomes[1:3])}",
        "heads": [outcome["path"] for outcome in outcomes[:3]],
        "rows": _dates(inputs, outcomes[:3]),
        "scenarios": _scenarios(inputs),
    }


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
        rows.append((_title(inputs, subject), shown, quiet and (_unknown(inputs.stress, subject) or quiet)))
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
                there = marks.setdefault(_title(inputs, first["subject"]), [])
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
    return f" Triangles: the first date on {names}." if names else ""


def _dates(inputs: ForesightInputs, outcomes: Sequence[Value]) -> list[list[str]]:
    events: dict[tuple[str, str], str] = {}
    for outcome in outcomes:
        for one in outcome["firsts"]:
            key = (one["subject"], one["what"])
            events[key] = min(events.get(key, one["on"]), one["on"])
    rows = []
    for subject, what in sorted(events, key=lambda key: events[key]):
        cells = [f"{_title(inputs, subject)} {HAPPENING_WORDS[what]}"]
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
            cells.append("never" if first is None else f"{table_date(date.fromisoformat(first['on']))}{rate}")
        rows.append(cells)
    for clause in dict.fromkeys(amount["clause"] for outcome in outcomes for amount in outcome["swept"]):
        rows.append(
            [f"{_title(inputs, clause)} swept, USD", *(_swept_words(outcome, clause) for outcome in outcomes)]
        )
    return rows


def _swept_words(outcome: Value, clause: str) -> str:
    """Return on how many Payment Dates a sweep takes money on a path, and how much in all."""
    amounts = [
        None if one["amount"] is None else Fraction(one["amount"])
        for one in outcome["swept"]
        if one["clause"] == clause
    ]
    paid = counted(sum(bool(amount) for amount in amounts), "Payment Dates")
    return f"{paid}, {swept_money(amounts).words(decimals=0)}"


def _scenarios(inputs: ForesightInputs) -> dict[str, Any] | None:
    if inputs.scenarios is None:
        return None
    columns = [
        *((name, "fails") for name in inputs.scenarios["tests"]),
        *((name, "begins") for name in inputs.scenarios["triggers"]),
    ]
    rows = []
    for outcome in inputs.scenarios["outcomes"]:
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
            unknown = _unknown(inputs.scenarios, subject)
            cells.append(
                (unknown or "never") if first is None else table_date(date.fromisoformat(first["on"]))
            )
        rows.append(cells)
    return {
        "heads": ["Path", *(f"{_title(inputs, name)} {HAPPENING_WORDS[what]}" for name, what in columns)],
        "rows": rows,
    }


def _why(inputs: ForesightInputs, names: Sequence[str]) -> str:
    return undecided_words([_title(inputs, name) for name in names])


def _unknown(stress: Value, subject: str) -> str:
    """Return why neither when nor never can be said of a limb, as words of a cell; empty where both can."""
    if subject in stress["left_out"]:
        return "not determined"
    return "not decided" if subject in stress.get("undecided", {}) else ""


def _tried(inputs: ForesightInputs) -> str:
    if inputs.calibration is None:
        return ""
    tried = counted(inputs.calibration["variants_tried"], "variants")
    return (
        f" {tried} were tried on that same history; a level chosen from them looks better here than it will "
        "be."
    )


def _seeds(inputs: ForesightInputs) -> str:
    seeds = {
        str(calibration["seed"])
        for calibration in (inputs.calibration, inputs.simulation)
        if calibration is not None
    }
    return f"seed {', '.join(sorted(seeds))}, " if seeds else ""


def _assumptions(inputs: ForesightInputs) -> list[tuple[str, str]]:
    assumptions = [
        ("Draft, SHA-256", eights(inputs.sha256)),
        ("Closing Date", long_date(inputs.closing)),
        ("Facts", inputs.facts),
    ]
    on_history = [
        answer for answer in (inputs.backtest, inputs.calibration, inputs.simulation) if answer is not None
    ]
    assumptions += dict.fromkeys(history_rests(answer["source"]) for answer in on_history)
    if inputs.backtest is not None:
        assumptions += backtest_rests(inputs.backtest)
    for name, part in (("Calibration", inputs.calibration), ("Simulation", inputs.simulation)):
        if part is not None:
            assumptions.append(
                (
                    name,
                    (
                        f"{part['paths']:,} paths of {part['weeks']} weeks, seed {part['seed']}; prior "
                        f"{part['prior']}"
                    ),
                )
            )
    assumptions.append(("Engine", f"headroom {inputs.engine}"))
    return assumptions
