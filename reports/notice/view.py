"""One notice's view of the log: the deal in force, the date, and one line per test and trigger.

Every block reads a `Brief`; none reads the events by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from engine.basics.values import debtor_of
from engine.events.deal_adopted import ClauseFacts, DealAdopted, DutyFacts, PartyFacts, clauses_on, facts_on
from engine.events.kinds import Determined, Tested
from engine.events.notice import NoticeInputs
from engine.events.party_changes import with_parties
from engine.events.rates import ReferenceRate
from engine.events.results import TestResult, Verdict
from engine.events.states import (
    Obligation,
    ReserveReleased,
    TestState,
    TestStatus,
    TriggerState,
    TriggerStatus,
)
from reports.formats import UNBROKEN, long_date, role, sentence, trigger_name
from reports.notice import log_lookup as log
from reports.notice.due_sentences import read
from reports.notice.log_lookup import Past

AGENTS = ("administrative_agent", "indenture_trustee", "trustee", "agent", "security_agent")

LONGEST_UNBROKEN = 20
"""The most characters of a name that stay on one line of the column of tests."""
THE_GIVER = "the giver"
"""Who gives a Correction Notice, in the words of a deal file: whoever gave what it corrects."""


@dataclass(frozen=True)
class Line:
    """One test or trigger on the date.

    Attributes:
        key: its name in the deal file.
        title: what the agreement calls it.
        cite: its section.
        result: this date's result; None for a trigger, and for a test that is not run on this date.
        test: the test's state.
        trigger: the state of the trigger of its own, or of the composite trigger.
        obligation: the open Obligation that it created.
        run: how many determined dates running it has FAILed.
        rounding: how the deal rounds its ratios before it compares them.
        released: what its reserve account held when its trigger ended since the last Determination Date, and
            where it went.
        debtor: what the agreement calls the party that owes the debt.
    """

    key: str
    title: str
    cite: str
    result: TestResult | None = None
    test: TestState | None = None
    trigger: TriggerState | None = None
    obligation: Obligation | None = None
    run: int = 0
    rounding: str = "unrounded"
    released: ReserveReleased | None = None
    debtor: str = "Borrower"

    @property
    def verdict(self) -> Verdict | None:
        """This date's raw result."""
        return self.result.verdict if self.result else None

    @property
    def counts(self) -> bool:
        """Whether the clause has both a test and a trigger.

        The trigger's state is then the one that acts.
        """
        return self.trigger is not None and self.test is not None

    @property
    def trigger_title(self) -> str:
        """What its trigger is called, apart from its test."""
        return trigger_name(self.key, self.title)

    @property
    def urgent(self) -> bool:
        """Whether somebody must act on it."""
        in_effect = self.trigger is not None and self.trigger.status in (
            TriggerStatus.IN_EFFECT,
            TriggerStatus.PENDING_CURE,
        )
        status = self.test.status if self.test else None
        return in_effect or status in (TestStatus.CURE_PERIOD, TestStatus.EVENT_OF_DEFAULT)


@dataclass(frozen=True)
class Brief:
    """What every block of one notice reads."""

    inputs: NoticeInputs
    past: Past
    deal: DealAdopted
    determined: Determined | None
    order: tuple[str, ...]

    def number(self, block: str) -> int:
        """Return the number under which a block stands in this notice."""
        return self.order.index(block) + 1

    @cached_property
    def clauses(self) -> dict[str, ClauseFacts]:
        """The deal's clauses by key."""
        return {clause.key: clause for clause in self.deal.clauses}

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Return every test and trigger, in the agreement's order."""
        return tuple(_line(self, clause) for clause in self.deal.clauses)

    @cached_property
    def rates(self) -> dict[str, ReferenceRate]:
        """The newest Reference Rate of each index."""
        rates = {index.name: log.rates(self.past, index.name) for index in self.deal.indices}
        return {name: known[-1] for name, known in rates.items() if known}

    @property
    def supersedes_on(self) -> date | None:
        """The date of the notice that this one supersedes."""
        return next((day for day, one in log.issued(self.past) if one.number == self.inputs.supersedes), None)

    @property
    def dated(self) -> date:
        """The date of the results, amounts and deadlines.

        It is the notice's own date, or the last date that was determined.
        """
        whole = log.determined(self.past)
        return whole.effective_on if whole is not None else self.inputs.on

    def title(self, key: str) -> str:
        """Return what the agreement calls a clause; the key itself if the deal does not know it."""
        clause = self.clauses.get(key)
        return clause.title if clause else sentence(key.replace("-", " "))

    def trigger_title(self, key: str) -> str:
        """Return what the trigger of a clause is called, apart from the clause's test."""
        return trigger_name(key, self.title(key))

    def party(self, key: str) -> PartyFacts | None:
        """Return a party by its role."""
        return next((party for party in self.deal.parties if party.role == key), None)

    @property
    def issuer(self) -> PartyFacts:
        """The borrower or issuer; the first party if the deal has neither."""
        return self.party(self.debtor) or self.deal.parties[0]

    @property
    def debtor(self) -> str:
        """The role of the party that owes the debt (`rulings.md` 58).

        It is the borrower, or the issuer if there is not a borrower.
        """
        return debtor_of({party.role for party in self.deal.parties})

    @property
    def duty(self) -> DutyFacts | None:
        """Who owes this notice to whom; None if nobody does, so that it is a report (`rulings.md` 34).

        A Correction Notice is owed by the giver of what it corrects, to the same addressees, if something was
        given (53a).
        """
        duty = next((duty for duty in self.deal.duties if duty.kind == self.inputs.kind), None)
        if duty is None or duty.given_by != THE_GIVER:
            return duty
        payloads = (
            event.payload for event in self.past.of("notice owed") if event.payload.on == self.inputs.on
        )
        owed = [payload for payload in payloads if payload.kind == duty.kind]
        return duty.model_copy(update={"given_by": owed[-1].given_by, "to": owed[-1].to}) if owed else None


def date_of(found: Brief) -> str:
    """Return a notice's Determination Date in words.

    If its tests waited for a report, both dates stand there (`rulings.md` 49a).
    """
    on, whole = found.inputs.on, found.determined
    if whole is None or whole.as_of is None or found.dated != on:
        return long_date(on)
    return f"{long_date(on)}, as of {long_date(whole.as_of)}"


def brief(inputs: NoticeInputs, order: tuple[str, ...]) -> Brief:
    """Return the view of one notice's log."""
    past = log.read(inputs.events, inputs.on)
    deal = log.adopted(past)
    on_date = with_parties(facts_on(deal, inputs.on), inputs.events, inputs.on)
    # Titles are told apart first, because readings then name other clauses by these titles.
    named = on_date.model_copy(update={"clauses": _legible(told_apart(clauses_on(deal, inputs.on)))})
    return Brief(inputs, past, named, log.whole(past), order)


def told_apart(clauses: tuple[ClauseFacts, ...]) -> tuple[ClauseFacts, ...]:
    """Return the clauses, each with a title that no other clause has.

    A title that clauses share gets the class of debt or the key that tells them apart.
    """
    titles = Counter(clause.title for clause in clauses)
    return tuple(
        clause
        if titles[clause.title] == 1
        else clause.model_copy(
            update={"title": f"{clause.title}, {_on_a_line(role(clause.debt_class or clause.key))}"}
        )
        for clause in clauses
    )


def _on_a_line(name: str) -> str:
    # A longer name does not fit into the column of tests, and would break inside a word.
    return name.replace(" ", UNBROKEN) if len(name) <= LONGEST_UNBROKEN else name


def _legible(clauses: tuple[ClauseFacts, ...]) -> tuple[ClauseFacts, ...]:
    """Return the clauses, with other clauses named by their titles.

    Their readings and consequences then hold no key.
    """
    titles = {clause.key: clause.title for clause in clauses}

    def read_all(clause: ClauseFacts) -> dict[str, Any]:
        said = tuple(read(consequence, titles, titles.__getitem__) for consequence in clause.consequences)
        return {"reading": read(clause.reading, titles, titles.__getitem__), "consequences": said}

    return tuple(clause.model_copy(update=read_all(clause)) for clause in clauses)


def _line(found: Brief, clause: ClauseFacts) -> Line:
    history = log.tested(found.past, clause.key)
    return Line(
        key=clause.key,
        title=clause.title,
        cite=clause.cite,
        result=_result(found, history),
        test=log.test_state(found.past, clause.key),
        trigger=log.trigger_state(found.past, clause.key),
        obligation=_obligation(found, clause.key),
        run=log.failures_running(history),
        rounding=found.deal.rounding,
        released=_released(found, clause.key),
        debtor=role(found.debtor),
    )


def _result(found: Brief, history: tuple[Tested, ...]) -> TestResult | None:
    """Return the newest result that belongs to this date.

    It is of the date itself, or of the Publication Date on which the date rests.
    """
    first = found.determined.publication_date if found.determined else found.inputs.on
    newest = history[-1].result if history else None
    return newest if newest is not None and newest.on >= first else None


def _released(found: Brief, key: str) -> ReserveReleased | None:
    """Return the reserve that was released since the Determination Date before this one."""
    dates = [event.effective_on for event in found.past.of("determined") if event.effective_on < found.dated]
    releases = [release for release in log.released(found.past, key) if not dates or release.on > dates[-1]]
    return releases[-1] if releases else None


def _obligation(found: Brief, key: str) -> Obligation | None:
    owed = [
        obligation
        for obligation in log.obligations(found.past)
        if obligation.clause == key and obligation.status != "SATISFIED"
    ]
    return owed[-1] if owed else None


def party_names(roles: Iterator[str] | tuple[str, ...]) -> str:
    """Return roles as the agreement names them, in a row."""
    return ", ".join(role(one) for one in roles)
