"""Servicer's reports on their way in: refused with their place, as a table, with a rental tape."""

from __future__ import annotations

from datetime import date

import pytest

from engine.basics.errors import InputProblems
from engine.demo import plan
from engine.determination.template import Template
from engine.record.log import Scribe, deal_log, read
from engine.workspace.workspace import Workspace
from tests.operations.taking import take
from tests.operations.test_run import DEAL, NOW
from tests.operations.test_run import workspace as workspace  # the fixture

REPORTS = [
    (
        "outstanding_principal:\n  class_a: USD 15,900,000",
        "outstanding_principal:\n  class_a: USD 17,900,000",
        "R130",
    ),
    ("class_a: USD", "class_z: USD", "R125"),
    ("deal: ", "nothing: ", "R101"),
    ("as_of: 2026-01-07", "as_of: 2026-02-07", "R112"),
    ("as_of: 2026-01-07", "as_of: 2025-01-07", "R113"),
    ("as_of: 2026-01-07", "as_of: soon", "R110"),
    ("period: {from: 2026-01-01", "period: {from: 2026-01-09", "R111"),
    ("period: {from: 2026-01-01, to: 2026-01-07}", "period: {}", "R110"),
    ("to: 2026-01-07}", "to: 2027-01-07}", "R115"),
    ("rented_gpu_hours: 151,990", "rented_gpu_hours: 1,519,820", "R132"),
    ("rented_gpu_hours: 151,990", "rented_gpu_hours: 165,000", "R133"),
    ("rented_gpu_hours: 151,990", "rented_gpu_hours: -5", "R123"),
    ("rented_gpu_hours: 151,990", "rented_gpu_hours: many", "R121"),
    ("rented_gpu_hours: 151,990", "rented_gpu_hours: USD 5", "R122"),
    ("rented_gpu_hours: 151,990", "rented_hours: 151,990", "R120"),
    ("weighted_average_rate: USD 2.1624", "weighted_average_rate: USD 216.24", "R135"),
    ("fees: USD", "fee: USD", "R120"),
    ("rental:\n  h100:\n", "rental:\n  h100:\n    revenue: USD 1\n", "R134"),
    (
        "    rented_gpu_hours: 151,990",
        '    tape: [{gpu_hours: "-80000", rate: USD 2.00 per GPU-hour}]',
        "R123",
    ),
    (
        "    rented_gpu_hours: 151,990",
        '    tape: [{gpu_hours: "USD 900,000", rate: USD 2.16 per GPU-hour}]',
        "R122",
    ),
    (
        "    rented_gpu_hours: 151,990",
        '    tape: [{gpu_hours: "900,000", rate: USD 2.1624 per GPU-hour}]',
        "R132",
    ),
    (
        "    rented_gpu_hours: 151,990",
        '    tape: [{gpu_hours: "165,000", rate: USD 2.1624 per GPU-hour}]',
        "R133",
    ),
    (
        "    rented_gpu_hours: 151,990",
        '    tape: [{gpu_hours: "140,000", rate: USD 1.95 per GPU-hour}]',
        "R136",
    ),
    (
        "    rented_gpu_hours: 151,990",
        "    rented_gpu_hours: 151,990\n    tape: [{gpu_hours: 140000, rate: USD 2.1624 per GPU-hour}]",
        "R136",
    ),
    (
        "    rented_gpu_hours: 151,990",
        "    tape: [{gpu_hours: 151990, rate: USD 2.1624 per GPU-hour, price: USD 9}]",
        "R104",
    ),
    ("    rented_gpu_hours: 151,990", "    tape: [{gpu_hours: 151990}]", "R124"),
    ("    rented_gpu_hours: 151,990", "    tape: {gpu_hours: 151990, rate: USD 2.1624 per GPU-hour}", "R124"),
    (
        "outstanding_principal:\n",
        "tape: [{gpu_hours: 1, rate: USD 2.00 per GPU-hour}]\noutstanding_principal:\n",
        "R120",
    ),
    (
        "outstanding_principal:\n",
        'resale_quote: {h100: {value: "USD 21,500", asof: 2024-01-01}}\noutstanding_principal:\n',
        "R104",
    ),
    (
        "outstanding_principal:\n",
        'resale_quote: {h100: {value: "USD 21,500", as_of: 2036-01-01}}\noutstanding_principal:\n',
        "R112",
    ),
    (
        "outstanding_principal:\n",
        'resale_quote: {h100: {value: "USD 21,500", as_of: 2024-01-01}}\noutstanding_principal:\n',
        "R113",
    ),
    (
        "outstanding_principal:\n",
        "certificates: {h100: [{gpus: 9, on: 2036-01-01, performance: 98%}]}\noutstanding_principal:\n",
        "R112",
    ),
    ("outstanding_principal:\n", "corrects: 1999-01-01\noutstanding_principal:\n", "R114"),
    ("outstanding_principal:\n", "corrects: the first one\noutstanding_principal:\n", "R110"),
    ("to: 2026-01-07}", "to: 2026-01-07, until: 2026-01-08}", "R104"),
]


@pytest.mark.parametrize(
    ("good", "bad", "code"), REPORTS, ids=[f"{n}-{one[2]}" for n, one in enumerate(REPORTS)]
)
def test_bad_reports_are_refused_with_their_place(
    workspace: Workspace, all_templates: dict[str, Template], good: str, bad: str, code: str
) -> None:
    report = next(plan.reports(plan.THURSDAYS[0]))
    assert good in report.text
    with pytest.raises(InputProblems) as refused:
        take(
            workspace,
            report.text.replace(good, bad),
            report.name,
            report.received,
            all_templates,
            Scribe("t", "t", NOW),
        )
    problems = refused.value.problems
    assert code in {problem.code for problem in problems}
    assert all(problem.place.line >= 1 for problem in problems)
    assert list(read(workspace.store, deal_log(DEAL))) == []


def test_a_report_as_a_table_says_the_same(workspace: Workspace, all_templates: dict[str, Template]) -> None:
    rows = [
        "figure,value,as_of,source",
        f"deal,{DEAL},,",
        "period.from,2026-01-01,,",
        "period.to,2026-01-07,,",
        "as_of,2026-01-07,,",
    ]
    rows += [
        'outstanding_principal.class_a,"USD 15,900,000",2026-01-06,ledger',
        'rental.h100.rented_gpu_hours,"151,990",,',
    ]
    report, problems, new = take(
        workspace, "\n".join(rows), "r.csv", date(2026, 1, 7), all_templates, Scribe("t", "t", NOW)
    )
    assert (new, problems) == (True, [])
    assert {name: str(figure.value) for name, figure in report.figures.items()} == {
        "outstanding_principal.class_a": "15900000",
        "rental.h100.rented_gpu_hours": "151990",
    }
    assert not take(
        workspace, "\n".join(rows), "r.csv", date(2026, 1, 7), all_templates, Scribe("t", "t", NOW)
    )[2]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("figure,value,asof,source\n", "R102"),
        ("figure,value\noutstanding_principal,USD 16,000,000\n", "R105"),
        (f"figure,value\nsource,{'x' * 140_000}\n", "Y120"),
        ("figure,value,value\n", "Y121"),
    ],
)
def test_a_table_that_would_be_read_in_part_is_refused(
    workspace: Workspace, all_templates: dict[str, Template], rows: str, code: str
) -> None:
    head, _, tail = rows.partition("\n")
    text = "\n".join(
        [head, f"deal,{DEAL}", "period.from,2026-01-01", "period.to,2026-01-07", "as_of,2026-01-07", tail]
    )
    with pytest.raises(InputProblems) as refused:
        take(workspace, text, "r.csv", date(2026, 1, 7), all_templates, Scribe("t", "t", NOW))
    assert {problem.code for problem in refused.value.problems} == {code}


def test_a_tape_that_agrees_with_what_is_written_is_taken(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    report = next(plan.reports(plan.THURSDAYS[0]))
    tape = (
        "    tape: [{contract: C-1, gpu_hours: 100000, rate: USD 2.1624 per GPU-hour}, {gpu_hours: 51990, "
        "rate: USD 2.1624 per GPU-hour}]\n"
    )
    text = report.text.replace("    rented_gpu_hours", f"{tape}    rented_gpu_hours")
    taken, _, _ = take(workspace, text, report.name, report.received, all_templates, Scribe("t", "t", NOW))
    assert taken.figures["rental.h100.rented_gpu_hours"].value == 151_990
    alone, _, _ = take(
        workspace,
        text.replace("    rented_gpu_hours: 151,990\n", "").replace(
            "source:", "corrects: 2026-01-07\nsource:"
        ),
        report.name,
        report.received,
        all_templates,
        Scribe("t", "t", NOW),
    )
    assert alone.figures == taken.figures
