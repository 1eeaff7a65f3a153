"""Histories of drawn deals, evaluated from closing and from a takeover in the middle of them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.basics.values import Figure, Unit
from engine.determination.carried_prints import with_carried
from engine.determination.template import Template, clauses_of
from engine.evaluation.carried_over import takeover_draft
from engine.evaluation.inputs import inputs_of
from engine.evaluation.one_date import evaluate
from engine.events.deal_state import DealState, fold
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, ReportReceived
from engine.events.rates import Published
from engine.operations.takeover_form import as_yaml, recorded_block
from engine.terms.as_written import Deal, load_deal
from engine.terms.contract_dates import publication_dates
from engine.workspace.takeover_checks import takeover_problems

DAY, WEEK = timedelta(days=1), timedelta(days=7)
WHO = {
    "from": "Former Servicing LLC",
    "document": "TN",
    "sha256": "ab" * 32,
    "prepared_by": "Ada Reyes",
    "approved_by": "Ben Okafor",
}


@dataclass
class Lived:
    """One deal as it is lived day by day: its log, and its state after each day."""

    deal: Deal
    templates: Mapping[str, Template]
    series: Mapping[str, tuple[Published, ...]]
    comes: Mapping[date, tuple[Draft, ...]]
    """What comes in on a day, before the day is determined."""
    log: list[Draft] = field(default_factory=list)
    states: dict[date, DealState] = field(default_factory=dict)

    def live(self, until: date, start: date | None = None) -> None:
        """Every day up to one, from the day after `start`, which is closing unless it is given."""
        state, day = fold(self.log), (start or self.deal.closing_date) + DAY
        while day <= until:
            came = self.comes.get(day, ())
            drafts = (
                *came,
                *evaluate(inputs_of(self.deal, day, self.series, fold(came, state), self.templates)),
            )
            self.log += drafts
            state = self.states[day] = fold(drafts, state)
            day += DAY

    def taken_over(self, text: str, as_of: date) -> Lived:
        """The same deal in the hands of a servicer who has nothing but the takeover of a day."""
        series = {
            name: tuple(one for one in prints if one.publication_date <= as_of)
            for name, prints in self.series.items()
        }
        events = [draft for draft in self.log if draft.effective_on <= as_of]
        block = recorded_block(self.deal, as_of, events, series, self.templates, WHO)
        whole = with_document(text) + "\n" + as_yaml({"takeover": block})
        deal, problems = load_deal(whole, "taken-over.yaml", clauses_of(self.templates))
        assert deal is not None, [f"{one.place}: {one.what}; {one.why}" for one in problems]
        wrong = [one for one in takeover_problems(deal, self.templates) if not one.code.startswith("W")]
        assert not wrong, [f"{one.place}: {one.what}; {one.why}" for one in wrong]
        assert deal.takeover is not None
        first = takeover_draft(deal, deal.takeover, self.templates)
        later = {
            name: tuple(one for one in prints if one.publication_date > as_of)
            for name, prints in self.series.items()
        }
        comes = {day: came for day, came in self.comes.items() if day > as_of}
        return Lived(deal, self.templates, with_carried(deal.takeover, later), comes, [first])


def with_document(text: str) -> str:
    """A deal file with the document that shows the state as it was handed over."""
    return text.replace(
        "\ndocuments:\n", "\ndocuments:\n  TN: {title: Takeover notice, dated: 2026-03-01}\n", 1
    )


def usd(amount: int) -> Figure:
    return Figure(value=Fraction(amount), unit=Unit.USD)


def report(end: date, received: date, draw: random.Random) -> Draft:
    """A weekly report whose figures move, and of which some are missing."""
    figures: dict[str, Figure] = {
        "outstanding_principal": usd(draw.choice([16_000_000, 15_200_000, 12_000_000, 17_000_000]))
    }
    money = {"collections": 1_150_000, "operating_costs": 290_000, "debt_service": 640_000, "fees": 20_000}
    figures |= {
        name: usd(amount + draw.randint(0, 9) * 10_000)
        for name, amount in money.items()
        if draw.random() < 0.97
    }
    figures["weighted_average_rental_rate"] = Figure(
        value=Fraction(draw.choice([170, 180, 195]), 100), unit=Unit.RATE
    )
    if draw.random() < 0.3:
        figures["paid_into_reserve"] = usd(draw.randint(0, 20) * 10_000)
    if draw.random() < 0.15:
        figures["reserve_balance"] = usd(draw.randint(0, 40) * 25_000)
    known: dict[str, Any] = {
        "period_start": end - 6 * DAY,
        "period_end": end,
        "as_of": end,
        "received": received,
    }
    known |= {"document": f"{end}.yaml", "sha256": f"{end:%Y%m%d}".rjust(64, "0"), "figures": figures}
    payload = ReportReceived.model_validate(known)
    return Draft(kind="report received", subject=payload.name, effective_on=received, payload=payload)


def act(kind: str, on: date, clause: str | None, **known: Any) -> Draft:
    """A Recorded Act."""
    payload = ActRecorded.model_validate({"act": kind, "clause": clause, "effective_on": on, **known})
    return Draft(kind="act recorded", subject=payload.identity, effective_on=on, payload=payload)


def drawn_acts(deal: Deal, draw: random.Random, until: date) -> dict[date, list[Draft]]:
    """Waivers, accepted cures, ends of defaults and triggers, notices: some of which find nothing to act on."""
    found: dict[date, list[Draft]] = {}
    terms = deal.segments[0][1]
    clauses, triggers = list(terms.covenants), ["cash-sweep", *terms.triggers]
    for _ in range(draw.randint(0, 10)):
        on = deal.closing_date + timedelta(days=draw.randint(10, (until - deal.closing_date).days))
        kind = draw.choice(
            [
                "waiver",
                "waiver",
                "cure accepted",
                "default ended",
                "trigger ended",
                "notice of default",
                "payment made",
            ]
        )
        if kind == "waiver":
            clock = draw.choice(["resumes", "restarts"])
            ends = on + timedelta(days=draw.randint(1, 40))
            made = act(
                kind,
                on,
                draw.choice([*clauses, *triggers]),
                until=ends,
                document="waiver letter",
                details={"clock": clock},
            )
        elif kind == "payment made":
            made = act(kind, on, "cash-sweep", details={"amount": f"USD {draw.randint(1, 9)}00,000"})
        else:
            made = act(
                kind, on, draw.choice(triggers if kind == "trigger ended" else clauses), document="letter"
            )
        if not any(one.payload.identity == made.payload.identity for day in found.values() for one in day):
            found.setdefault(on, []).append(made)
    return found


def history(text: str, templates: Mapping[str, Template], draw: random.Random, weeks: int) -> Lived | None:
    """A drawn deal with rates that wander, reports that come late or never, and Acts; None for a file that
    `check` refuses.
    """
    deal, _ = load_deal(text, "random.yaml", clauses_of(templates))
    if deal is None:
        return None
    until = deal.closing_date + weeks * WEEK
    rate, prints = Decimal("2.0500"), []
    for day in publication_dates(deal.closing_date + DAY, until):
        rate = max(Decimal("0.9000"), rate + Decimal(draw.randint(-1500, 1450)).scaleb(-4))
        value = None if draw.random() < 0.06 else rate
        flagged = value is not None and draw.random() < 0.05
        prints.append(
            Published(
                index="CRI-H100",
                publication_date=day,
                value=value,
                source="test",
                published_on=day,
                low_confidence=flagged,
            )
        )
    comes: dict[date, list[Draft]] = drawn_acts(deal, draw, until)
    for day in publication_dates(deal.closing_date + 8 * DAY, until):
        if draw.random() < 0.93:
            received = day - DAY + timedelta(days=draw.choice([-0, 0, 0, 0, 1, 3, 9]))
            comes.setdefault(received, []).append(report(day - DAY, received, draw))
    return Lived(
        deal, templates, {"CRI-H100": tuple(prints)}, {day: tuple(came) for day, came in comes.items()}
    )
