"""The documents that the page tests are made of: the standard deal, each kind of event, and the hard cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from notice_deal import CLAUSES, adopted, index_facts
from notice_index import (
    LAST,
    index_value,
    prices,
    thursdays,
    usd,
)
from notice_log import Deal, standard
from notice_results import even, loan_to_value, result, undetermined
from notice_states import after

from engine.basics.values import Figure, Unit, rounded
from engine.events.deal_adopted import ClauseFacts, DebtFacts, PartyFacts
from engine.events.kinds import Correction, DeadlinePassed, NotEvaluated, Tested
from engine.events.notice import NoticeInputs
from engine.events.rates import Published, ReferenceRate
from engine.events.results import (
    TestResult,
)
from engine.events.standing import OF_A_DATE
from engine.events.states import TestStatus


def beginning() -> NoticeInputs:
    """The Trigger Event Notice of the date on which the sweep begins."""
    return standard(last=date(2026, 11, 12), swept=True).inputs(kind="trigger_event", subject="cash-sweep")


def failing() -> NoticeInputs:
    """The Failed Test Notice of the first date on which Loan-to-Value fails."""
    return standard(last=date(2026, 10, 29)).inputs(kind="test_failed", subject="ltv")


def defaulting() -> NoticeInputs:
    """The notice of an Event of Default: the Cure Period ended unused, found a week later on a date without a
    report.
    """
    deal = standard(last=date(2026, 11, 12))
    state = deal.tests["ltv"]
    assert state.cure is not None
    since = state.cure.by + timedelta(days=1)
    passed = state.model_copy(
        update={"status": TestStatus.EVENT_OF_DEFAULT, "since": since, "why": f"not cured by {state.cure.by}"}
    )
    deal.add(
        "deadline passed",
        "ltv",
        since,
        DeadlinePassed(state=passed, before=state.status, deadline=state.cure),
    )
    deal.tests["ltv"] = passed.model_copy(update={"cure": None})
    deal.last, deal.values = date(2026, 11, 19), prices(date(2026, 11, 19))
    deal.unreported = frozenset({date(2026, 11, 19)})
    deal.week(date(2026, 11, 19))
    return deal.inputs(kind="event_of_default", subject="ltv")


def cured() -> NoticeInputs:
    """The Cure Notice of the date on which a retest passes."""
    return standard(last=date(2026, 4, 9)).inputs(kind="cure", subject="ltv")


def correcting() -> NoticeInputs:
    """A Correction Notice: a result that a restatement changed, beside what was said before."""
    deal = standard()
    newest = [event for event in deal.events if event.kind == "tested" and event.subject == "ltv"][-1]
    why = "Restatement of CRI-H100 for 2026-11-05: 1.5312, now 1.5701"
    deal.add("correction", "deal", LAST, Correction(from_on=LAST, until=LAST, why=(why,)))
    again = [event for event in deal.events if event.kind in OF_A_DATE and event.effective_on == LAST]
    clause = deal.facts.clauses[1]
    made = loan_to_value(deal, clause, LAST, Fraction("1.5701"))
    state = after(None, clause, made, LAST)
    payload = Tested(result=made, state=state, before=newest.payload.before)
    for event in again:
        new = payload if event is newest else event.payload
        deal.add(event.kind, event.subject, LAST, new, print=2)
    return deal.inputs(kind="correction", subject=None, supersedes=43)


def unevaluated() -> NoticeInputs:
    """A date on which the deal could not be evaluated at all."""
    deal = standard(last=date(2026, 10, 29))
    reason = "the deal file of this date has problems"
    problems = (
        "deals/meridian.yaml:57:14: D103 `USD 1.60` has no unit of time",
        "deals/meridian.yaml:81:9: D201 the term replaced is not in force",
    )
    deal.add("not evaluated", "deal", LAST, NotEvaluated(reason=reason, problems=problems))
    deal.last, deal.values = LAST, prices(LAST)
    return deal.inputs(kind="not_evaluated", subject=None)


def first_ever() -> NoticeInputs:
    """The first Determination Date: no history, no chart, windows not full."""
    return standard(last=date(2026, 1, 8)).inputs()


def without_rate() -> NoticeInputs:
    """Two publications missed running: the fallback is at its end, nothing can be determined."""
    missed = frozenset({date(2026, 10, 29), LAST})
    return standard(missed=missed).inputs()


def without_report() -> NoticeInputs:
    """No Servicer's report: the tests that need one are not determined, the others are."""
    return standard(unreported=frozenset({LAST})).inputs()


@dataclass(frozen=True)
class Extra:
    """One more test, far or near its limit, of an index of its own where it has one."""

    clause: ClauseFacts
    number: int

    def at(self, day: date) -> TestResult:
        """Its result: every third one is not determined, every fifth one fails."""
        if self.number % 3 == 0:
            return undetermined(
                self.clause, day, "no resale quote younger than 30 days has been reported", "report"
            )
        limit = Fraction(120 + self.number, 100)
        measured = (
            limit
            + Fraction(-1 if self.number % 5 == 0 else 4 * self.number, 100)
            + Fraction((day.toordinal() // 7) % 9, 200)
        )
        index = "CRI-H200" if self.number % 2 else "CRI-H100"
        figure = lambda value: Figure(value=value, unit=Unit.MULTIPLE)  # noqa: E731
        return result(
            self.clause,
            day,
            figure(measured),
            figure(limit),
            "at least",
            even(limit + Fraction(self.number, 20), "below", index),
        )


def crowded() -> NoticeInputs:
    """Fourteen tests and triggers, two indices, three classes of debt, long names, every party."""
    titles = [
        "Overcollateralization, Class A",
        "Overcollateralization, Classes A and B cumulative down the capital structure",
        "Debt Service Coverage",
        "Pool Coverage under Scenario C at the Horizon of the Final Maturity",
        "Index Spread between Generations",
        "Rental and Resale Spread",
        "Reference Rate Quality",
        "Performance Certification of the Fleet",
        "Contract Spread",
    ]
    extra = tuple(
        Extra(
            ClauseFacts(
                key=f"extra-{n}",
                title=title,
                cite=f"IND §6.{n:02d}",
                kind="test",
                text=None,
                reading=f"{title} must be at least its limit.",
            ),
            n,
        )
        for n, title in enumerate(titles, 1)
    )
    debt = tuple(
        DebtFacts(
            name=name,
            original_principal=usd(amount),
            rate="SOFR + 2.25%",
            cusip="59001ABC1",
            isin="US59001ABC12",
            cite="IND §2.01",
        )
        for name, amount in (("class_a", 10_000_000), ("class_b", 4_000_000), ("class_c", 2_000_000))
    )
    base = adopted()
    more = tuple(
        PartyFacts(
            role=role,
            name=f"{role.replace('_', ' ').title()} of Saint-Étienne-du-Rouvray Société Anonyme à Conseil "
            "d’Administration",
            notices=f"{role}@example.com",
            lei="5493001KJTIIGC8Y1R12",
        )
        for role in ("backup_servicer", "calculation_agent", "holders")
    )
    facts = adopted(
        clauses=(*CLAUSES, *(one.clause for one in extra)),
        debt=debt,
        indices=(index_facts("CRI-H100"), index_facts("CRI-H200")),
        parties=(*base.parties, *more),
        illustrative=False,
    )
    deal = Deal(facts=facts, extra=extra, deal="saint-etienne-compute-receivables-2026-1")
    deal.events.clear()
    for day in thursdays(deal.first, deal.last):
        value = rounded(Fraction(prices(day)[day]) * Fraction(3, 2), 4)
        deal.second[day] = ReferenceRate(
            index="CRI-H200",
            on=day,
            value=value,
            step="published value",
            cite="CA §2.14(a)",
            publication_date=day,
            published=Published(
                index="CRI-H200",
                publication_date=day,
                value=value,
                low=value - Decimal("0.05"),
                high=value + Decimal("0.04"),
            ),
        )
    deal.build()
    series = [index_value("CRI-H200", day, one.value) for day, one in deal.second.items()]
    return deal.inputs(publications={**deal.publications(), "CRI-H200": series})


LONG_WORD = "Compute" * 22 + "Receivables"[:6]
"""A name of 160 letters without a gap."""
LONG_NAME = ("Société Anonyme à Conseil d’Administration de Compute Receivables " * 3)[:160]
SENTENCES = " ".join(
    f"Sentence {n} of this clause says that the Borrower shall give the Administrative Agent what it asks "
    f"for under item {n}."
    for n in range(1, 41)
)
"""About 4,500 characters, each sentence told from every other by its number."""


def wordy() -> NoticeInputs:
    """A clause of 4,500 characters among short ones."""
    facts = adopted()
    clauses = tuple(
        clause.model_copy(update={"text": SENTENCES}) if clause.key == "ltv" else clause
        for clause in facts.clauses
    )
    return standard(facts=facts.model_copy(update={"clauses": clauses})).inputs()


def longest_names(deal: str = "d" * 160) -> NoticeInputs:
    """Names of 160 letters, with gaps and without: the debtor, another party, a clause, a class, the deal."""
    facts = adopted()
    parties = tuple(
        party.model_copy(update={"name": LONG_WORD if place % 2 else LONG_NAME})
        for place, party in enumerate(facts.parties)
    )
    clauses = tuple(
        clause.model_copy(update={"title": LONG_WORD if clause.key == "ltv" else LONG_NAME})
        if clause.key in ("ltv", "appraisal")
        else clause
        for clause in facts.clauses
    )
    changed = facts.model_copy(update={"parties": parties, "clauses": clauses})
    return standard(facts=changed, deal=deal).inputs()


def twelve() -> NoticeInputs:
    """Twelve tests and triggers, of which most pass: the ones that ask for something stand first, and page 1
    holds the answer.
    """
    extra = tuple(
        Extra(
            ClauseFacts(
                key=f"extra-{n}",
                title=title,
                cite=f"IND §6.{n:02d}",
                kind="test",
                text=None,
                reading=f"{title} holds.",
            ),
            n,
        )
        for n, title in zip(
            (2, 4, 8, 10, 14, 16, 22),
            (
                "Overcollateralization, Class A",
                "Overcollateralization, Class B",
                "Debt Service Coverage",
                "Pool Coverage",
                "Index Spread between Generations",
                "Contract Spread",
                "Liquidation Coverage",
            ),
            strict=True,
        )
    )
    facts = adopted(clauses=(*CLAUSES, *(one.clause for one in extra)))
    return standard(facts=facts, extra=extra).inputs()
