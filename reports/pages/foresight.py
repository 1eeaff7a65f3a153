"""The foresight report of a draft.

It holds the answer, the ladder, stress with its lanes, calibration, simulation, and what they rest on. It
states what the questions answered and computes nothing of a deal. Page 1 says that it is not a forecast.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from engine.basics.assumed_figures import assumed_sentences
from engine.basics.happenings import CLAUSES, sooner_words, undecided_words
from engine.basics.values import counted, listed
from reports.formats import Runs, eights, long_date, table_date
from reports.pages.foresight_chances import calibration_page, simulation_page
from reports.pages.foresight_choices import calibration_lead, choices, left_out_lead, simulation_lead
from reports.pages.foresight_inputs import ForesightInputs, Value
from reports.pages.foresight_ladder import ladder_page, levels_of, order_runs
from reports.pages.foresight_stress import stress_page
from reports.pages.foresight_tables import (
    backtest_lead,
    backtest_pages,
    backtest_rests,
    by_date_table,
    comparison_pages,
    file_rests,
    grid_page,
    history_rests,
)

SENTENCES = {
    "fails": f"{CLAUSES['fails']} on",
    "default": f"{CLAUSES['default']} from",
    "begins": "{} is in effect from",
    "obliged": f"{CLAUSES['obliged']} on",
}
GRAVEST = ("default", "begins", "obliged", "fails")
NO_NOTICE = "ILLUSTRATIVE - NOT A NOTICE"
NOT_A_FORECAST = (
    " It says what the draft does on stated paths, by the same engine that will run on Thursdays."
)


def compose(inputs: ForesightInputs) -> dict[str, Any]:
    """Return the report as plain strings and coordinates."""
    answer = [_lead(inputs), *_own_curve(inputs), *_by_chance(inputs), *_never(inputs)]
    index = inputs.simulation["index"] if inputs.simulation is not None else ""
    levels = levels_of(inputs.ladder, index, inputs.title)
    return {
        "title": f"Foresight Report on {inputs.deal}, a draft",
        "summary": "".join(text for text, _ in answer[0]),
        "issued": inputs.issued_at.isoformat(),
        "illustrative": NO_NOTICE if inputs.illustrative else "",
        "left": f"Foresight Report, {inputs.deal}",
        "right": inputs.file,
        "foot": f"Draft {inputs.sha256[:8]}, {_hashes(inputs)}{_seeds(inputs)}headroom {inputs.engine}",
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
            inputs.title,
        ),
        "choices": choices(inputs.ladder, inputs.calibration, inputs.comparisons, inputs.title),
        "not_forecast": [("This is not a forecast.", True), (NOT_A_FORECAST + _of_chance(inputs), False)],
        "stress": stress_page(inputs),
        "calibration": calibration_page(inputs.calibration, inputs.title),
        "simulation": simulation_page(inputs.simulation, levels, inputs.closing, inputs.title),
        "tables": [
            *backtest_pages(inputs.backtest, inputs.title),
            *comparison_pages(inputs.comparisons, inputs.title, inputs.words),
            *(page for page in (grid_page(inputs.grid, inputs.title, inputs.words),) if page is not None),
        ],
        "assumptions": _assumptions(inputs),
        "by_date": by_date_table(inputs.by_date),
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
        "files": inputs.every_file or None,
        "facts_by_date": inputs.by_date or None,
    }
    return json.dumps(
        {name: part for name, part in parts.items() if part is not None},
        # Sorted keys give the same bytes for the same answers, in whatever order they were made.
        indent=2,
        sort_keys=True,
        ensure_ascii=False,
    )


def _lead(inputs: ForesightInputs) -> Runs:
    """Return the answer: what is inverted, then what happens first on the first path, with date and rate."""
    runs: list[tuple[str, bool]] = []
    if inputs.ladder is not None:
        runs += order_runs(inputs.ladder, inputs.title)
    if inputs.stress is not None:
        # The lanes are drawn of the first path, so the sentence and the picture tell the same story.
        path = inputs.stress["outcomes"][0]
        runs += _firsts(
            inputs, path, f" Under {inputs.rates[0]['words'] if inputs.rates else path['path']}, "
        )
    # Where no path was stated, chance is what the report was asked for.
    asked = backtest_lead(inputs.backtest, inputs.title) if inputs.stress is not None else _chances(inputs)
    if asked:
        runs.append((f" {asked}" if runs else asked, False))
    return runs or [("This report holds a calibration or a simulation of one draft.", True)]


def _firsts(inputs: ForesightInputs, path: Value, under: str) -> Runs:
    """Return what happens first on a path, with date and rate; `under` begins the first sentence."""
    assert inputs.stress is not None  # it has the path
    firsts = [first for first in path["firsts"] if first["what"] in SENTENCES]
    if path["path"] == inputs.stress.get("own"):
        # A curve goes up and down, and its default must not stand behind four failures that were cured.
        firsts = sorted(sorted(firsts, key=lambda first: GRAVEST.index(first["what"]))[:4], key=_on)
    firsts = firsts[:4]
    if not firsts:
        nothing = "nothing that is determined happens" if inputs.stress["left_out"] else "nothing happens"
        until = long_date(date.fromisoformat(inputs.stress["until"]))
        return [(f"{under}{nothing} up to {until}.", False)]
    runs: Runs = []
    for number, one in enumerate(firsts):
        at = f" at {float(one['rate']):.4f}" if one["rate"] is not None else ""
        said = SENTENCES[one["what"]].format(inputs.title(one["subject"]))
        lead = f" {said[:1].upper()}{said[1:]} " if number else f"{under}{said} "
        runs += [(lead, False), (long_date(date.fromisoformat(one["on"])), True), (f"{at}.", False)]
    return runs


def _on(first: Value) -> str:
    return str(first["on"])


def _own_curve(inputs: ForesightInputs) -> list[Runs]:
    """Return what happens first on the user's own curve, which says more to a user than a scenario."""
    own = inputs.own_outcome()
    if own is None or inputs.stress is None or own is inputs.stress["outcomes"][0]:
        return []
    return [_firsts(inputs, own, f"On the rates of {own['path']}, ")]


def _by_chance(inputs: ForesightInputs) -> list[Runs]:
    """Return what the rate model says, beside what happens on the stated paths."""
    said = _chances(inputs) if inputs.stress is not None else ""
    return [[("By chance", True), (f": {said}", False)]] if said else []


def _chances(inputs: ForesightInputs) -> str:
    """Return a simulation, a calibration and a backtest, each in a sentence."""
    said = (
        simulation_lead(inputs.simulation, inputs.title),
        calibration_lead(inputs.calibration),
        backtest_lead(inputs.backtest, inputs.title) if inputs.stress is None else "",
    )
    return " ".join(one for one in said if one)


def _never(inputs: ForesightInputs) -> list[Runs]:
    """Return what never happens, said as loudly as what does; and what could not be determined."""
    stretches: list[Runs] = []
    if inputs.stress is not None and inputs.stress["never"]:
        names = listed([inputs.title(name) for name in inputs.stress["never"]])
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
        said = listed([f"{inputs.title(name)} ({inputs.words(why)})" for name, why in left.items()])
        stretches.append([("Left out", True), (f" {'is' if len(left) == 1 else 'are'} {said}.", False)])
    undecided = {
        name: names
        for answer in (inputs.stress, inputs.simulation, inputs.backtest)
        if answer is not None
        for name, names in answer["undecided"].items()
    }
    if undecided:
        said = "; ".join(_why(inputs, name, names) for name, names in undecided.items())
        stretches.append([("Neither when nor never is known", True), (f": {said}.", False)])
    stretches += _bounds(inputs)
    return [*stretches, *left_out_lead(inputs.simulation, inputs.title)]


def _bounds(inputs: ForesightInputs) -> Iterator[Runs]:
    """Yield what may happen sooner than an answer says, because the answer left a test out."""
    answers = (("", inputs.stress), (" in the simulation", inputs.simulation), ("", inputs.backtest))
    places: dict[str, dict[str, None]] = {}
    for where, answer in answers:
        for trigger, names in (answer["sooner"] if answer is not None else {}).items():
            said = sooner_words(inputs.title(trigger), [inputs.title(name) for name in names])
            places.setdefault(said, {})[where] = None
    for said, wheres in places.items():
        # One sentence for both, because a reader would look for the difference between two alike.
        words = " on the stated paths and in the simulation" if len(wheres) > 1 else next(iter(wheres))
        yield [("At least", True), (f"{words}: {said}.", False)]


def _why(inputs: ForesightInputs, trigger: str, names: Sequence[str]) -> str:
    return undecided_words(inputs.title(trigger), [inputs.title(name) for name in names])


def _of_chance(inputs: ForesightInputs) -> str:
    """Return what the report says of chance, and how many variants were tried on one history."""
    if inputs.calibration is None and inputs.simulation is None:
        return " It does not say how likely anything is."
    said = " It also says how often chance alone would set off a clause in a model of the published history."
    if inputs.calibration is None:
        return said
    tried = counted(inputs.calibration["variants_tried"], "variants")
    return (
        f"{said} {tried} were tried on that same history; a level chosen from them looks better here than "
        "it will be."
    )


def _seeds(inputs: ForesightInputs) -> str:
    seeds = {
        str(calibration["seed"])
        for calibration in (inputs.calibration, inputs.simulation)
        if calibration is not None
    }
    return f"seed {', '.join(sorted(seeds))}, " if seeds else ""


def _hashes(inputs: ForesightInputs) -> str:
    """Return the first eight digits of each table that was given, for the foot of every page."""
    tables = [one for one in inputs.every_file if one["what"] != "deal"]
    return "".join(f"{one['what']} {one['sha256'][:8]}, " for one in tables)


def _assumptions(inputs: ForesightInputs) -> list[tuple[str, str]]:
    assumptions = [
        ("Draft, SHA-256", eights(inputs.sha256)),
        ("Closing Date", long_date(inputs.closing)),
        ("Facts", inputs.facts),
        *file_rests(inputs.every_file, inputs.sha256),
    ]
    if inputs.by_date and inputs.straight_lines:
        assumptions.append(("Between dates", "figures move in straight lines"))
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
    for name, part in (("Simulation", inputs.simulation), ("Grid", inputs.grid)):
        # An answer on file from before these keys were written has none.
        if part is not None and "follows" in part:
            how = {figure: said["words"] for figure, said in part["follows"].items()}
            said = " ".join(assumed_sentences(part["held"], how, part["left_out"]))
            assumptions.append((f"{name}, figures", said))
    assumptions.append(("Engine", f"headroom {inputs.engine}"))
    return assumptions
