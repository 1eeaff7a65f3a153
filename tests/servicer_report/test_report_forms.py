"""Report forms: exactly what a deal's tests need, filled in and taken back; what a report lacks, with the
tests and their date.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from engine.basics.errors import InputProblems, WrongUsage
from engine.basics.values import Figure, Unit
from engine.determination.template import Template, clauses_of
from engine.evaluation.figures_needed import figures_needed
from engine.operations.intake import Intake
from engine.queries.report_forms import form_as_file, form_of, lacking
from engine.record.log import Scribe
from engine.servicer_report.report_form import as_csv, as_workbook, as_yaml
from engine.terms.as_written import Deal, load_deal, resolve
from engine.workspace.deals_by_name import find_deal
from engine.workspace.workspace import Workspace
from tests.conftest import DEALS
from tests.operations.test_run import DEAL, NOW
from tests.operations.test_run import workspace as workspace  # the fixture

Templates = dict[str, Template]
NEEDED = [
    "rental.h100.rented_gpu_hours",
    "rental.h100.weighted_average_rate",
    "outstanding_principal.class_a",
    *("collections", "operating_costs", "debt_service", "fees"),
]
VALUES = dict(zip(NEEDED, (151_990, 1.92, 15_900_000, 1_420_000, 310_000, 420_000, 15_500), strict=True))


@pytest.fixture
def desk(workspace: Workspace, all_templates: Templates) -> Intake:
    return Intake(workspace, all_templates, Scribe("desk", "t", NOW))


@pytest.fixture
def deal(workspace: Workspace, all_templates: Templates) -> Deal:
    return find_deal(workspace, DEAL, all_templates)


def test_a_form_asks_for_exactly_what_the_tests_need(
    workspace: Workspace, deal: Deal, all_templates: Templates
) -> None:
    form = form_of(workspace, deal, all_templates, "2026-01-07")
    assert [row.name for row in form.rows] == NEEDED
    assert (str(form.start), str(form.end), str(form.due)) == ("2026-01-01", "2026-01-07", "2026-01-07")
    assert next(row for row in form.rows if row.name == "outstanding_principal.class_a").needed_for == "ltv"


@pytest.mark.parametrize("path", sorted(DEALS.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_a_form_asks_for_is_all_that_each_deal_needs(path: Path, all_templates: Templates) -> None:
    """A report that gives what is asked for lacks nothing; one that gives all but one figure lacks that one."""
    deal, problems = load_deal(path.read_text(encoding="utf-8"), path.name, clauses_of(all_templates))
    assert deal is not None, problems
    on = date(2026, 9, 3)
    terms = resolve(deal, on)
    needed = figures_needed(terms, all_templates, on)
    given = {one.name: Figure.model_validate({"value": 1, "unit": one.unit or Unit.COUNT}) for one in needed}
    assert figures_needed(terms, all_templates, on, given) == ()
    for one in needed:
        without = {name: figure for name, figure in given.items() if name != one.name}
        assert one.name in [lacks.name for lacks in figures_needed(terms, all_templates, on, without)]


def filled(data: bytes, leave_out: str = "") -> bytes:
    made = openpyxl.load_workbook(BytesIO(data))
    sheet = made["Report"]
    for row in sheet.iter_rows(min_row=2, max_col=2):
        name = str(row[0].value)
        if name in VALUES and name != leave_out:
            row[1].value = VALUES[name]
    into = BytesIO()
    made.save(into)
    return into.getvalue()


def test_a_form_that_is_filled_in_is_taken_and_lacks_nothing(
    desk: Intake, deal: Deal, workspace: Workspace
) -> None:
    form = form_of(workspace, deal, desk.templates, "2026-01-07")
    taken = desk.take(filled(as_workbook(form)), "form.xlsx", date(2026, 1, 7))
    assert taken.warnings == ()
    assert {name: float(figure.value) for name, figure in taken.report.figures.items()} == VALUES
    assert taken.found is not None
    assert lacking(taken.report, taken.found.older, deal, desk.templates) == ()


def test_a_form_that_lacks_a_figure_names_the_test_and_its_date(
    desk: Intake, deal: Deal, workspace: Workspace
) -> None:
    form = form_of(workspace, deal, desk.templates, "2026-01-07")
    taken = desk.take(
        filled(as_workbook(form), "outstanding_principal.class_a"), "form.xlsx", date(2026, 1, 7)
    )
    said = [str(one) for one in lacking(taken.report, (), deal, desk.templates)]
    assert said == [
        "the report lacks `outstanding_principal.class_a`: ltv will be NOT DETERMINED on 2026-01-08"
    ]


def test_the_same_form_as_csv_and_yaml(desk: Intake, deal: Deal, workspace: Workspace) -> None:
    form = form_of(workspace, deal, desk.templates, "2026-01-07")
    lines = [
        line.replace(f"{name},,", f"{name},{VALUES[name]},", 1)
        if (name := line.partition(",")[0]) in VALUES
        else line
        for line in as_csv(form).splitlines()
    ]
    report = desk.read("\n".join(lines).encode(), "form.csv", date(2026, 1, 7)).report
    assert {name: float(figure.value) for name, figure in report.figures.items()} == VALUES
    text = as_yaml(form)
    assert all(f"{name.rpartition('.')[2]}:" in text for name in NEEDED)
    assert desk.read(text.encode(), "form.yaml", date(2026, 1, 7)).report.figures == {}


def of_another_week(text: str) -> str:
    return text.replace("period.from,2026-01-01", "period.from,2025-12-25").replace(
        "period.to,2026-01-07", "period.to,2025-12-31"
    )


def with_another_identity(text: str) -> str:
    return text.replace("|2026-01-07|", "|2026-01-14|")


@pytest.mark.parametrize("change", [of_another_week, with_another_identity])
def test_a_form_serves_for_its_own_period_alone(
    desk: Intake, deal: Deal, workspace: Workspace, change: Callable[[str], str]
) -> None:
    text = change(as_csv(form_of(workspace, deal, desk.templates, "2026-01-07")))
    with pytest.raises(InputProblems) as refused:
        desk.read(text.encode(), "form.csv", date(2026, 1, 14))
    assert "R155" in {one.code for one in refused.value.problems}


def test_the_same_form_is_the_same_bytes_locked_and_without_a_formula(
    workspace: Workspace, deal: Deal, all_templates: Templates
) -> None:
    form = form_of(workspace, deal, all_templates, "2026-01-07")
    assert as_workbook(form) == as_workbook(form)
    sheet = openpyxl.load_workbook(BytesIO(as_workbook(form)))["Report"]
    assert sheet.protection.sheet
    assert [sheet.cell(row, 2).protection.locked for row in (2, 4, 7)] == [True, True, False]
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


@pytest.mark.parametrize("period", ["2026-01", "2026-01-06", "soon"])
def test_a_period_that_the_deal_does_not_report_on_is_refused(
    workspace: Workspace, deal: Deal, all_templates: Templates, period: str
) -> None:
    with pytest.raises(WrongUsage):
        form_of(workspace, deal, all_templates, period)


def test_a_form_has_one_of_three_endings(workspace: Workspace, deal: Deal, all_templates: Templates) -> None:
    form = form_of(workspace, deal, all_templates, "2026-01-07")
    assert form_as_file(form, ".csv").figures == tuple(NEEDED)
    with pytest.raises(WrongUsage):
        form_as_file(form, ".pdf")


def test_a_figure_of_cash_is_needed_by_the_sweep_and_not_by_the_test_of_its_clause(
    meridian: Deal, all_templates: Templates
) -> None:
    on = date(2026, 1, 8)
    needed = {one.name: one.needed_by for one in figures_needed(resolve(meridian, on), all_templates, on)}
    assert needed["collections"] == ("the sweep of cash-sweep",)
