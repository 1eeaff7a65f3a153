"""Every command of foresight on every draft: the fourteen clauses, the example deals, a recorded deal.

Each gives an answer in which every test has its place, or a refusal that names what is lacking and what to
do about it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from covenants import templates
from engine.basics.values import Unit, printed
from engine.determination.template import Template
from engine.foresight.rate_forecast import walk_forward
from engine.foresight.rate_posterior import Prior, posterior
from engine.foresight.sampling_noise import RateSeries
from engine.operations.run import Tools
from engine.queries import calibration_questions, simulation_questions
from engine.terms.as_written import Deal, resolve
from engine.terms.worked_example import REPORT_RECEIVED, fact_on
from engine.workspace.deal_files import loaded
from tests.cli.calling import Done, headroom
from tests.conftest import DEALS
from tests.evaluation.test_triggers_with_a_cure import AMORTIZATION, BASE, EVENTS, USED, deficiency, lived
from tests.operations.test_corrections import computed
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.terms.said import said
from tests.terms.test_fourteen_clauses import WRITTEN

MET = "on: 2026-02-17, test: asset-base, result: FAIL"
CLAUSES = {
    **WRITTEN,
    "5 container ABS": said(BASE, lived(USED, MET), deficiency() + AMORTIZATION, before=EVENTS),
    "6 container ABS": said(BASE, lived("2.10x5 1.90x8 2.10x9 1.90x12", MET), deficiency("10 days", caps="")),
}
NAMES = (*CLAUSES, *(path.stem for path in sorted(DEALS.glob("*.yaml"))))
REFUSALS = {
    "calibrate": r"has no level that can be calibrated: .*`headroom grid` varies any other term"
    r"|`cash-trap` ends when the reserve account reaches its target",
    "grid": r"`replaces: ",
    "simulate": r"results count only where they are decisive, and a path has no sellers",
}
"""What may be refused, and how: an amendment replaces the term that a grid varies."""
FIRST, WEEKS = date(2025, 6, 5), 27


@pytest.fixture(autouse=True, scope="module")
def one_model() -> Iterator[None]:
    """Drafts with the same history have the same model of it, so it is worked out once for all of them."""
    found: dict[tuple[object, ...], Any] = {}

    def once(function: Callable[..., Any]) -> Callable[..., Any]:
        def answered(series: RateSeries, prior: Prior | None) -> Any:
            key = (function, series.logs.tobytes(), series.noise.tobytes(), prior)
            return found[key] if key in found else found.setdefault(key, function(series, prior))

        return answered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calibration_questions, "posterior", once(posterior))
        for module in (calibration_questions, simulation_questions):
            patch.setattr(module, "walk_forward", once(walk_forward))
        yield


def drafts(folder: Path) -> dict[str, Path]:
    """Every draft as a file."""
    files = {path.stem: path for path in DEALS.glob("*.yaml")}
    for name, text in CLAUSES.items():
        files[name] = folder / f"{re.sub(r'[^0-9a-z]+', '-', name.lower())}.yaml"
        files[name].write_text(text, encoding="utf-8")
    return files


def history(folder: Path, deal: Deal) -> Path:
    """A published history of every index of a deal, with its intervals."""
    rows = ["date,index,value,low,high,sellers"]
    for place, name in enumerate(resolve(deal, deal.closing_date).index):
        for week in range(WEEKS):
            value = 2.1 + 0.3 * ((week * 7 + place) % 11 - 5) / 10
            rows.append(
                f"{FIRST + timedelta(weeks=week)},{name},{value:.4f},{value * 0.97:.4f},{value * 1.03:.4f},8"
            )
    path = folder / f"history-{len(rows)}.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def facts(folder: Path, deal: Deal) -> Path:
    """The figures of the deal's own worked examples, by date."""
    rows = ["date,figure,value"]
    given = {}
    for example in deal.examples:
        given |= {name: fact for name, fact in example.facts.items() if name not in (REPORT_RECEIVED, *given)}
    for name, fact in given.items():
        before = None
        for week in range(60):
            day = deal.closing_date + timedelta(weeks=week)
            figure = fact_on(fact, day)
            if figure is not None and figure != before:
                per = " per GPU-hour" if figure.unit is Unit.RATE else ""
                rows.append(f'{day},{name},"{printed(figure)}{per}"')
                before = figure
    path = folder / "facts.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def commands(file: str, deal: Deal, with_facts: list[str], past: list[str]) -> dict[str, tuple[str, ...]]:
    """Each command with as little to do as shows whether it works."""
    terms = resolve(deal, deal.closing_date)
    key, clause = next(iter(terms.covenants.items()))
    level = next((name for name, one in terms.covenants.items() if one.template == "cash_sweep"), key)
    varied = {"loan_to_value": "multiple=1.4,1.5", "cash_sweep": "level=1.50,1.60"}
    x = f"covenants.{key}.{varied.get(clause.template, 'if_not_determined=hold,fail')}"
    y = f"covenants.{key}.if_not_determined=hold,fail after 2 determination dates"
    few, model = ("--workers", "1"), ("--paths", "100", "--weeks", "6", "--workers", "1", *past)
    return {
        "ladder": ("ladder", file, *with_facts),
        "stress": ("stress", file, "--scenario", "B", "--weeks", "14", *few, *with_facts),
        "compare": (
            *("compare", file, "--term", f"covenants.{key}.if_not_determined=hold|fail"),
            *("--scenario", "C", "--weeks", "9", *few, *with_facts),
        ),
        "calibrate": ("calibrate", file, f"covenants.{level}.level", "--counts", "1,2", *model, *with_facts),
        "grid": ("grid", file, "--x", x, "--y", y, "--weeks", "6", *few, *with_facts),
        "simulate": ("simulate", file, *model, *with_facts),
        "backtest": ("backtest", file, "--as-if-closed", "2025-09-02", "--until", "2025-12-31", *past),
    }


def answered(command: str, done: Done) -> dict[str, object] | list[object] | None:
    """The answer. None stands for a refusal that is allowed."""
    assert "Traceback" not in done.stderr
    if done.returncode == 0:
        answer: dict[str, object] | list[object] = json.loads(done.stdout)
        return answer
    assert re.search(REFUSALS.get(command, "nothing may be refused"), done.stdout + done.stderr, re.DOTALL), (
        done.stdout + done.stderr
    )
    return None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("given", [True, False], ids=["facts", "no facts"])
def test_a_draft_without_a_workspace(tmp_path: Path, name: str, given: bool) -> None:
    """Every test has a figure, or is named with what it lacks; no trigger is said never to act that nobody
    could decide.
    """
    file = drafts(tmp_path)[name]
    deal = loaded(file, templates())
    past = ["--history", str(history(tmp_path, deal))]
    with_facts = ["--facts", str(facts(tmp_path, deal))] if given and deal.examples else []
    tests = set(resolve(deal, deal.closing_date).covenants)
    for command, words in commands(str(file), deal, with_facts, past).items():
        if not given and command not in ("ladder", "stress"):
            continue  # a lacking fact changes nothing of what the others ask
        answer = answered(command, headroom(*words, "--json", cwd=tmp_path))
        if command == "stress":
            assert isinstance(answer, dict)
            known = {one["test"] for outcome in answer["outcomes"] for one in outcome["least"]}  # type: ignore[attr-defined]
            assert known | set(answer["left_out"]) == tests  # type: ignore[call-overload]
            assert not known & set(answer["left_out"])  # type: ignore[call-overload]
            assert not set(answer["never"]) & set(answer["left_out"])  # type: ignore[call-overload]
        if command == "simulate" and isinstance(answer, dict):
            assert not set(answer["never"]) & set(answer["undetermined"])  # type: ignore[call-overload]
        if command == "backtest":
            assert isinstance(answer, dict)
            assert {one["test"] for one in answer["tests"]} <= tests  # type: ignore[attr-defined]


def test_a_recorded_deal_by_its_name(
    tmp_path: Path, tools: Tools, all_templates: dict[str, Template]
) -> None:
    """In a workspace the history, the reports and the date are the record's own."""
    desk = computed(tmp_path, 3, tools, all_templates)
    desk.store.close()
    name = "meridian-2026-1"
    deal = loaded(DEALS / f"{name}.yaml", templates())
    held = ["--fact", "outstanding_principal=USD 16,000,000"]
    for command, words in commands(name, deal, held, ["--prior", "weekly 4%"]).items():
        asked = ("ladder", name) if command == "ladder" else words[:2] if command == "backtest" else words
        done = headroom(*asked, "--json", folder=tmp_path)
        assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), (command, done.stderr)
        assert json.loads(done.stdout)


def test_a_trigger_that_nobody_could_decide_is_not_said_never_to_act(tmp_path: Path) -> None:
    """Without a report coverage and use are not determined: the trigger on them is open, the date that it
    waits for is not.
    """
    file = drafts(tmp_path)["12 data-centre ABS"]
    done = headroom("stress", str(file), "--scenario", "B", "--weeks", "14", "--workers", "1", "--json")
    answer = json.loads(done.stdout)
    assert answer["undecided"] == {"trap": ["trap-level"], "amortization": ["amortization-level"]}
    assert answer["never"] == ["repayment"]  # it begins on a date that comes later
    words = headroom("stress", str(file), "--scenario", "B", "--weeks", "14", "--workers", "1").stdout
    assert "NEVER by 2026-04-14, on any of these paths: repayment." in words
    assert "neither when nor never is known: trap looks at trap-level, which was not determined" in words


def test_what_could_never_be_met_is_never_whatever_is_left_out(meridian_text: str, tmp_path: Path) -> None:
    """Both of two are needed, and one was determined and never failed: the other one decides nothing."""
    start, end = meridian_text.index("      any_of:\n"), meridian_text.index("    ends: never")
    both = "{all_of: [{test: ltv, result: FAIL}, {test: rate-floor, result: FAIL}]}"
    text = (
        meridian_text[:start].rstrip()
        + f" {both}\n"
        + meridian_text[end:].split("worked_examples:", maxsplit=1)[0]
    )
    file = tmp_path / "both.yaml"
    file.write_text(text, encoding="utf-8")
    held = ("--fact", "outstanding_principal=USD 1,000,000", "--json")
    words = ("stress", str(file), "--scenario", "A", "--weeks", "6", "--workers", "1")
    answer = json.loads(headroom(*words, *held).stdout)
    assert "rate-floor" in answer["left_out"]
    assert "early-amortization" in answer["never"]
    failing = ("--fact", "outstanding_principal=USD 30,000,000", "--json")
    answer = json.loads(headroom(*words, *failing).stdout)
    assert answer["undecided"] == {"early-amortization": ["rate-floor"]}


def test_a_sweep_whose_figures_are_missing_is_not_known_rather_than_nothing(tmp_path: Path) -> None:
    """The trigger is in effect on the Payment Date, and no report gives collections: USD 0.00 would be a
    figure.
    """
    file = str(DEALS / "meridian-2026-1.yaml")
    words = ("stress", file, "--scenario", "C", "--point", "high", "--multiples", "2.5", "--weeks", "34")
    held = ("--fact", "outstanding_principal=USD 16,000,000", "--workers", "1")
    done = headroom(*words, *held, cwd=tmp_path).stdout
    assert re.search(r"cash-sweep swept in all +not known on \d Payment Dates", done), done
    figures = ("collections=USD 1,150,000", "operating_costs=USD 290,000", "debt_service=USD 640,000")
    given = [word for figure in (*figures, "fees=USD 20,000") for word in ("--fact", figure)]
    done = headroom(*words, *held, *given, cwd=tmp_path).stdout
    assert re.search(r"cash-sweep swept in all +\d Payment Dates +USD [1-9]", done), done
