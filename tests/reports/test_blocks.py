"""What the blocks of a notice say: words and figures of the context, before they are set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import cache
from typing import Any

import notice_cases as cases
import pytest

from engine.basics.values import Figure, Unit
from engine.events.due_acts import Deposit, Due, DueFacts
from engine.events.notice import NoticeInputs
from engine.events.results import Input, Source
from engine.events.states import LeafFacts, Limb, ReserveReleased
from reports.formats import plain
from reports.notice.blocks import gathered_tests
from reports.notice.compose import compose
from reports.notice.strips import CLEAR


@cache
def standard() -> NoticeInputs:
    return cases.standard().inputs()


def block(inputs: NoticeInputs, name: str) -> dict[str, Any]:
    context = compose(inputs)
    (found,) = [one for one in (*context["first"], *context["proof"]) if one["block"] == name]
    return found


def with_payload(inputs: NoticeInputs, kind: str, **changes: Any) -> NoticeInputs:
    """The same notice where the newest event of a kind says something else."""
    newest = [event for event in inputs.events if event.kind == kind][-1]
    said = newest.model_copy(update={"payload": newest.payload.model_copy(update=changes)})
    return replace(inputs, events=tuple(said if event is newest else event for event in inputs.events))


def deposit(amount: str | None) -> Due:
    account = {
        "share": Fraction(1),
        "of": "excess cash flow",
        "to": "reserve account",
        "held": Fraction(0),
        "target": Fraction(1_200_000),
    }
    facts = DueFacts(deposit=Deposit(**account, reported=amount is not None))
    figure = None if amount is None else Figure(value=Fraction(amount), unit=Unit.USD)
    return Due(
        by=date(2026, 11, 16),
        who="servicer",
        act="pay into reserve",
        subject="cash-sweep",
        facts=facts,
        figure=figure,
        cite="CA §7.03",
    )


def swept_rows(inputs: NoticeInputs) -> dict[str, str]:
    return {name: text for name, text in block(inputs, "cure")["rows"] if name.startswith("Cash Sweep")}


def test_a_sweep_has_its_row_from_the_day_on_which_it_begins() -> None:
    begun = cases.standard(last=date(2026, 11, 12)).inputs(kind="trigger_event", subject="cash-sweep")
    rows = swept_rows(with_payload(begun, "determined", due=(deposit("363229.20"),)))
    assert rows["Cash Sweep, to be swept"] == (
        "USD 363,229.20, by the report on hand, on 16 Nov 2026, the next Payment Date (CA §7.03); nothing "
        "has been swept so far"
    )
    rows = swept_rows(with_payload(begun, "determined", due=(deposit(None),)))
    assert rows["Cash Sweep, to be swept"].startswith("an amount that waits for its report, on 16 Nov 2026")


def test_what_was_swept_is_counted_in_the_grammar_of_its_number() -> None:
    rows = swept_rows(cases.beginning())
    assert (
        rows["Cash Sweep, swept"]
        == "USD 91,422.00 on 12 Nov 2026; in all three Payment Dates; reserve balance after it USD 252,018.00"
    )


def test_a_reserve_that_was_released_says_where_it_went_and_holds_nothing() -> None:
    deal = cases.standard(last=date(2026, 11, 12), swept=True)
    gone = ReserveReleased(
        clause="cash-sweep",
        on=date(2026, 11, 12),
        amount=Fraction(252018),
        to="release to borrower",
        cite="CA §7.03",
    )
    deal.add("reserve released", "cash-sweep", date(2026, 11, 12), gone)
    found = deal.inputs()
    assert swept_rows(found)["Cash Sweep, reserve"] == (
        "USD 252,018.00 released to the Borrower on 12 Nov 2026 (CA §7.03); nothing is held since"
    )
    assert block(found, "cure")["reserve"] == []
    assert (
        "Cash Sweep has ended on Thursday 12 November 2026: the reserve of USD 252,018.00 is released to "
        "the Borrower (CA §7.03)." in [plain(paragraph) for paragraph in compose(found)["answer"]]
    )


def test_how_a_trigger_ends_is_one_sentence_with_where_it_stands() -> None:
    def ends(**changes: Any) -> str:
        found = with_payload(cases.beginning(), "determined", due=(deposit("1"),))
        counted = [
            event.payload.state
            for event in found.events
            if event.kind == "counted" and event.subject == "cash-sweep"
        ][-1]
        moved = [
            event for event in found.events if event.kind == "counted" and event.subject == "cash-sweep"
        ][-1]
        said = moved.model_copy(
            update={"payload": moved.payload.model_copy(update={"state": counted.model_copy(update=changes)})}
        )
        inputs = replace(found, events=tuple(said if event is moved else event for event in found.events))
        return plain(block(inputs, "ends")["rows"][0]["what"])

    assert (
        ends(ends=()) == "Ends when the reserve account holds USD 1,200,000.00; balance now USD 252,018.00."
    )
    leaf = LeafFacts(test="ltv", result="PASS")
    limb = Limb(what="in words", leaf=leaf, count=1, needed=2, out_of=2, dates="determination dates")
    assert (
        ends(ends=(limb,))
        == "Ends when Loan-to-Value passes on 2 consecutive Determination Dates. Count now: 1 of 2."
    )
    assert (
        "Counts now: Loan-to-Value passes on 2 consecutive Determination Dates, 1 of 2; Loan-to-Value"
        in ends(ends=(limb, limb))
    )


def test_the_time_of_issue_is_that_of_the_deal() -> None:
    at = datetime(2026, 7, 9, 22, 0, tzinfo=UTC)
    assert (
        dict(compose(replace(standard(), issued_at=at))["particulars"])["Issued"]
        == "9 Jul 2026, 18:00 UTC−04:00"
    )


def test_a_document_has_one_name_on_every_page() -> None:
    assert compose(cases.correcting())["name"] == "Correction Notice"
    (this,) = [
        row for row in block(cases.correcting(), "duties")["rows"] if row["what"].startswith("This document")
    ]
    assert this["what"] == "This document: Correction Notice"
    (this,) = [
        row for row in block(cases.unevaluated(), "duties")["rows"] if row["what"].startswith("This document")
    ]
    assert this["what"] == "This document: Report of a Date Not Evaluated"


def test_a_correction_shows_every_test_of_its_date_under_a_heading_that_says_so() -> None:
    shown = block(cases.correcting(), "others")
    assert shown["heading"] == "Every test on this date, as it stands now"
    assert "Loan-to-Value" in [row["title"] for row in shown["rows"]]


def test_no_tick_of_the_strips_lies_under_the_marker_of_the_rate() -> None:
    axis = block(standard(), "results")["axis"]
    assert all(abs(tick["x"] - axis["x"]) > CLEAR for tick in axis["ticks"] if tick["text"])


def test_a_strip_names_its_index_where_there_are_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered_tests, "IN_FULL", 99)
    assert {row["strip"].get("index") for row in block(cases.crowded(), "results")["rows"]} >= {
        "CRI-H100",
        "CRI-H200",
    }
    assert {row["strip"].get("index") for row in block(standard(), "results")["rows"]} == {"", None}


def test_the_grey_band_is_explained_where_there_is_one() -> None:
    assert "the grey band is the interval" in " ".join(
        plain(note) for note in block(standard(), "results")["notes"]
    )
    carried = cases.standard(missed=frozenset({date(2026, 11, 5)})).inputs()
    assert "grey band" not in " ".join(plain(note) for note in block(carried, "results")["notes"])


def test_every_month_of_the_chart_is_named_and_no_level_is_drawn_like_the_rate() -> None:
    (index,) = block(standard(), "index")["indices"]
    assert all(month["text"] for month in index["chart"]["months"])
    assert index["chart"]["months"][-1]["anchor"] == "end"
    assert all(level["dash"] != "none" for level in index["chart"]["levels"])


def test_a_date_not_evaluated_asks_the_operator_to_mend_and_marks_what_its_date_has_passed() -> None:
    rows = block(cases.unevaluated(), "due")["rows"]
    assert (rows[0]["by"], rows[0]["who"]) == ("at once", cases.unevaluated().operator)
    report = next(row for row in rows if row["what"].startswith("Report for"))
    assert report["mark"] == "overdue since 5 Nov 2026"
    assert report["urgent"]
    assert [row["mark"] for row in rows if row["what"].startswith("Cure")] == [
        ""
    ]  # its last day is still to come


def test_a_notice_given_before_has_its_last_day_and_the_list_says_that_it_is_cut() -> None:
    duties = block(standard(), "duties")
    assert [row["due"] for row in duties["rows"][:3]] == [
        "Thu 15 Oct 2026",
        "Thu 22 Oct 2026",
        "Thu 29 Oct 2026",
    ]
    assert (
        duties["note"] == "Of the notices before this one the newest 3 are listed; the log has them all, 43."
    )
    assert block(cases.first_ever(), "duties")["note"] == ""


def test_a_bare_number_says_what_it_counts() -> None:
    def relative(thing: str) -> str:
        figure = Figure(value=Fraction(7), unit=Unit.COUNT)
        used = Input(
            name=f"{thing} of CRI-H100",
            figure=figure,
            source=Source(kind="publication", text="", reference=""),
        )
        found = standard()
        last = [event for event in found.events if event.kind == "tested" and event.subject == "ltv"][-1]
        result = last.payload.result.model_copy(
            update={"measured": figure, "limit": figure, "headroom": figure, "inputs": (used,)}
        )
        said = last.model_copy(update={"payload": last.payload.model_copy(update={"result": result})})
        inputs = replace(found, events=tuple(said if event is last else event for event in found.events))
        return str(
            {row["title"]: row["relative"] for row in block(inputs, "results")["rows"]}["Loan-to-Value"]
        )

    assert relative("independent hosts") == "independent hosts"
    assert relative("low confidence") == "one where low confidence"
