"""A desk without a workspace: what comes in enters a log when it is keyed, and runs go over it as `headroom
run` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from zoneinfo import ZoneInfo

from engine.basics.values import Figure, Unit
from engine.determination.template import Template
from engine.evaluation.corrections import Cause, by_acts, by_reports, correction, numbered, of_date
from engine.evaluation.inputs import inputs_of
from engine.evaluation.one_date import evaluate
from engine.events import kinds
from engine.events.deal_state import DealState, as_it_stands, fold
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Correction, ReportReceived
from engine.events.rates import Published
from engine.events.standing import standing, withdrawn
from engine.terms.as_written import Deal, resolve
from engine.terms.contract_dates import cut_off_on

ZONE = ZoneInfo("America/New_York")
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def at(text: str) -> datetime:
    """A moment in New York: `2026-03-11 17:40`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def usd(amount: int) -> Figure:
    return Figure(value=Fraction(amount), unit=Unit.USD)


def report(
    end: date, received: datetime, principal: int, keyed: datetime | None = None, **known: object
) -> ReportReceived:
    """The weekly report for the period to `end`; keyed when it was received unless given."""
    base: dict[str, object] = {
        "period_start": end - 6 * DAY,
        "period_end": end,
        "as_of": end,
        "received": received.date(),
        "received_at": received,
        "keyed_at": keyed or received,
        "document": f"{end}.yaml",
        "sha256": f"{end:%Y%m%d}",
        "figures": {"outstanding_principal": usd(principal)},
    }
    return ReportReceived.model_validate({**base, **known})


@dataclass
class Desk:
    """One deal's log, its series, and what happens to them in the order in which it happens."""

    deal: Deal
    templates: Mapping[str, Template]
    rates: Mapping[date, Decimal | None]
    log: list[Draft] = field(default_factory=list)
    waits: list[date] = field(default_factory=list)
    explained: bool = True
    """Whether results come with what explains and decides nothing, which is half of their cost."""

    def enter(self, report: ReportReceived) -> None:
        """Key a report."""
        self.log.append(
            Draft(kind="report received", subject=report.name, effective_on=report.received, payload=report)
        )

    def act(self, act: ActRecorded) -> None:
        """Record an Act."""
        self.log.append(
            Draft(kind="act recorded", subject=act.identity, effective_on=act.effective_on, payload=act)
        )

    def add(self, draft: Draft) -> None:
        """Record anything else."""
        self.log.append(draft)

    def _series(self, until: date) -> dict[str, tuple[Published, ...]]:
        (index,) = resolve(self.deal, until).index
        found = (
            Published(index=index, publication_date=day, value=value, source="test", published_on=day)
            for day, value in self.rates.items()
            if day <= until
        )
        return {index: tuple(found)}

    def run(self, now: datetime) -> DealState:
        """Everything that is due by a moment, as `headroom run` has it."""
        series, terms = self._series(now.date()), partial(resolve, self.deal)
        causes: Iterable[Cause] = (*by_acts(self.log, terms), *by_reports(self.log, terms))
        again = correction(self.log, tuple(causes))
        if again is not None:
            count = sum(isinstance(one.payload, Correction) for one in self.log) + 1
            self.log.append(
                Draft(
                    kind="correction", subject="deal", effective_on=again.from_on, payload=again, print=count
                )
            )
        state, gone = as_it_stands(self.log), withdrawn(self.log)
        day = (state.reached or self.deal.closing_date) + DAY
        while day <= now.date():
            inputs = inputs_of(self.deal, day, series, state, self.templates)
            if inputs.kinds and now < cut_off_on(inputs.terms, day):
                self.waits.append(day)
                break
            if inputs.kinds or day == now.date():
                drafts = of_date(
                    numbered(evaluate(inputs, explained=self.explained), gone), {one.key for one in self.log}
                )
                self.log += drafts
                state = fold(drafts, state)
            day += DAY
        return state

    @property
    def corrections(self) -> list[Correction]:
        """Every correction, oldest first."""
        return [one.payload for one in self.log if isinstance(one.payload, Correction)]

    @property
    def tested(self) -> dict[tuple[date, str], kinds.Tested]:
        """The result that stands of each test on each date."""
        return {
            (one.effective_on, one.subject): one.payload
            for one in standing(self.log)
            if isinstance(one.payload, kinds.Tested)
        }
