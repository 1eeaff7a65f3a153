"""What page 1 says beside results: to whom a notice goes, how old a balance is, conditions, amended terms,
what would restore a test.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import notice_cases as cases
from notice_index import LAST

from covenants.appraisal_trigger import TEMPLATE
from engine.basics.values import Figure, Unit
from engine.events.deal_adopted import AmendmentFacts
from engine.events.kinds import ActRecorded
from engine.events.notice import NoticeInputs
from engine.events.results import Remedy
from engine.events.states import TestStatus
from reports.formats import plain
from reports.notice import sentences
from reports.notice.compose import compose
from reports.notice.view import Line
from tests.reports.test_sentences import DEFAULT, line, result


def notes(inputs: NoticeInputs) -> list[str]:
    (found,) = [block for block in compose(inputs)["first"] if block["block"] == "results"]
    return [plain(note) for note in found["notes"]]


def changed(inputs: NoticeInputs, place: int, **payload: Any) -> NoticeInputs:
    event = inputs.events[place]
    new = event.model_copy(update={"payload": event.payload.model_copy(update=payload)})
    return replace(inputs, events=tuple(new if one is event else one for one in inputs.events))


def newest(inputs: NoticeInputs, key: str) -> int:
    return max(n for n, one in enumerate(inputs.events) if one.kind == "tested" and one.subject == key)


def test_a_draft_says_from_whom_and_to_whom() -> None:
    form = compose(cases.standard().inputs())["form"]
    assert form.startswith("Draft notice, to be given by the Servicer to the ")
    assert form.endswith(". It becomes a notice by the Recorded Act “notice given”.")


def test_a_balance_of_an_earlier_week_says_its_date() -> None:
    told = cases.standard().inputs()
    place = newest(told, "ltv")
    tested = told.events[place].payload
    old = date(2026, 10, 28)
    inputs = tuple(
        one.model_copy(
            update={"name": "outstanding_principal", "source": one.source.model_copy(update={"as_of": old})}
        )
        for one in tested.result.inputs[:1]
    )
    aged = changed(told, place, result=tested.result.model_copy(update={"inputs": inputs}))
    facts = dict(compose(aged)["particulars"])
    assert facts["Outstanding principal"].endswith(", as of 28 Oct 2026")
    fresh = tuple(
        one.model_copy(update={"source": one.source.model_copy(update={"as_of": LAST})}) for one in inputs
    )
    assert (
        "as of"
        not in dict(
            compose(changed(told, place, result=tested.result.model_copy(update={"inputs": fresh})))[
                "particulars"
            ]
        )["Outstanding principal"]
    )


def test_a_limit_that_an_amendment_changed_is_marked() -> None:
    told = cases.standard().inputs()
    made = AmendmentFacts(
        number=1, document="AM1", effective=date(2026, 6, 26), changes=("x",), clauses=("ltv",)
    )
    later = AmendmentFacts(
        number=2, document="AM2", effective=date(2027, 1, 6), changes=("x",), clauses=("ltv",)
    )
    said = notes(changed(told, 0, amendments=(made, later)))
    assert "Loan-to-Value: its terms are those of Amendment No. 1, AM1, from 26 Jun 2026." in said
    assert not any("Amendment No. 1" in one for one in notes(told))


def test_a_waiver_says_its_condition() -> None:
    told = cases.standard().inputs()
    place = newest(told, "ltv")
    tested = told.events[place].payload
    waived = {
        "status": TestStatus.WAIVED,
        "waived_by": "Waiver Letter",
        "waived_until": date(2026, 12, 3),
        "cure": None,
    }
    moved = changed(told, place, state=tested.state.model_copy(update=waived))
    details = {"conditions": "the Borrower keeps USD 500,000 in the reserve account"}
    act = ActRecorded(
        act="waiver",
        clause="ltv",
        effective_on=LAST,
        document="Waiver Letter",
        until=date(2026, 12, 3),
        details=details,
    )
    like = moved.events[-1]
    entered = like.model_copy(
        update={"kind": "act recorded", "subject": act.identity, "effective_on": LAST, "payload": act}
    )
    said = notes(replace(moved, events=(*moved.events[:-1], entered, like)))
    assert (
        "Waiver of Loan-to-Value, on the condition: the Borrower keeps USD 500,000 in the reserve account."
        in said
    )


def test_a_default_says_what_would_restore_the_test() -> None:
    """It ends only by an Act all the same."""
    ways = (
        Remedy(method="prepayment", figure=Figure(value=Fraction("589317.52"), unit=Unit.USD)),
        Remedy(
            method="additional collateral",
            figure=Figure(value=Fraction(49), unit=Unit.GPUS),
            asset_class="h100",
        ),
    )
    failing = result("ltv", "0.70").model_copy(update={"remedies": ways})
    found: Line = line("ltv", failing, DEFAULT, since=date(2026, 11, 14))
    said = plain(sentences.defaulted(found))
    assert "restored by a prepayment of USD 589,317.52 or by pledging 49 further GPUs." in said
    assert said.endswith("It ends only by a Recorded Act.")
    assert "restored" not in plain(sentences.defaulted(replace(found, result=result("ltv", "0.60"))))


def test_a_reading_that_fires_near_the_closing_level_says_so() -> None:
    """C = 2.10, R = 2.0874: (2.10 - 2.0874) / 2.10 = 0.6% below; after a spike the fall within the window
    fails all the same.
    """
    assert TEMPLATE.doubt is not None
    terms = SimpleNamespace(measure="fall_in_window", maximum_decline=Fraction("0.25"), cite="CA §7.04")
    said = "The appraisal test fails by its reading, the fall within the window. The rate is {} (CA §7.04)."
    closing = Fraction("2.10")
    assert TEMPLATE.doubt(terms, Fraction("2.0874"), closing) == said.format(
        "0.6% below the Closing Date level"
    )
    assert TEMPLATE.doubt(terms, Fraction("2.1630"), closing) == said.format(
        "3.0% above the Closing Date level"
    )
    assert TEMPLATE.doubt(terms, Fraction("2.10"), closing) == said.format("at the Closing Date level")
    assert TEMPLATE.doubt(terms, Fraction("1.50"), closing) is None  # 28.6% below: every reading fires
    terms.measure = "below_closing"
    assert TEMPLATE.doubt(terms, Fraction("2.0874"), closing) is None
