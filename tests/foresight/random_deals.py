"""Random drafts and paths for the columns to be held against the exact engine: rates on every limit and a
tick beside it.
"""

from __future__ import annotations

import os
import random
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np

from engine.basics.values import Figure, Unit
from engine.determination.template import Template, clauses_of
from engine.events.kinds import ActRecorded
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.facts_by_date import Dated, FactsByDate, held_facts
from engine.foresight.rate_paths import NO_VALUE
from engine.terms.as_written import Deal, load_deal, resolve
from engine.terms.contract_dates import publication_dates

READINGS = (
    "fall_in_window",
    "fall_across_window",
    "window_start",
    "below_closing",
    "below_closing_at_any_time",
)
CALENDARS = ("us-federal-reserve",) * 3 + ("nyse", "us-sifma", "target")
EVENTS = "events:\n  manager-default: {declared_by: administrative_agent, text: By notice, cite: C}\n"
ALIKE = 10
"""How many paths begin alike."""
ROUNDINGS = ("unrounded", "2 decimals, half up", "1 decimal, half up", "2 decimals, half to even")


def chunks(setting: str, count: int) -> range:
    """Which chunks of random deals are lived: all of them, or those that a part of the soak names."""
    first, _, last = os.environ.get(setting, f"0-{count - 1}").partition("-")
    return range(int(first), int(last) + 1)


@dataclass(frozen=True)
class Case:
    deal: Deal
    rates: PathRates
    given: FactsByDate
    until: date
    acts: tuple[ActRecorded, ...] = ()

    def exact(self, path: int) -> dict[str, tuple[tuple[date, Decimal | None], ...]]:
        """One path as the exact engine takes it."""
        found = {}
        for name, ticks in self.rates.ticks.items():
            pairs = zip(self.rates.dates, ticks[:, path].tolist(), strict=True)
            found[name] = tuple(
                (day, None if tick == NO_VALUE else Decimal(tick).scaleb(-4)) for day, tick in pairs
            )
        return found


def example(deal: Deal, paths: int, weeks: int, seed: int) -> Case:
    """An example deal on random paths of all of its indices about their Closing Date levels, with gaps, and
    with its figures held.
    """
    terms = resolve(deal, deal.closing_date)
    until = deal.closing_date + timedelta(weeks=weeks)
    dates = tuple(publication_dates(deal.closing_date + timedelta(days=1), until))
    numbers = np.random.default_rng(seed)
    ticks = {}
    for name, index in terms.index.items():
        true = float(index.closing_date_level) * np.exp(
            np.cumsum(0.05 * numbers.standard_t(4, (len(dates), paths)), axis=0)
        )
        drawn = np.clip(np.rint(true * 10_000), 1, 900_000).astype(np.int64)
        ticks[name] = np.where(numbers.random(drawn.shape) < 0.06, NO_VALUE, drawn)
    owed = sum(one.original_principal for one in terms.debt.values())
    texts = [f"outstanding_principal=USD {int(owed):,}", "weighted_average_rental_rate=USD 1.80 per GPU-hour"]
    texts += [
        f"outstanding_principal.{name}=USD {int(one.original_principal):,}"
        for name, one in terms.debt.items()
    ]
    texts += [
        "collections=USD 1,150,000",
        "operating_costs=USD 290,000",
        "debt_service=USD 640,000",
        "fees=USD 20,000",
    ]
    return Case(deal, PathRates(dates, ticks), held_facts(texts, deal.closing_date, terms), until)


def _cure(draw: random.Random) -> str:
    within = draw.choice(["10 business days", "5 business days", "15 days", "3 weeks"])
    caps = [
        ", at_most: 1 in total",
        ", at_most: 1 in any 6 months",
        ", at_most: 2 in total and 1 in any 2 months",
    ]
    longer = "extension: {within: 10 business days, if_made_good: at least 50% of the shortfall, cite: C}"
    more = draw.choice(["", *caps, ", passing_for: 2 consecutive determination dates"])
    more += f", {longer}" if draw.random() < 0.04 else ""
    return f"{{within: {within}, after: determination date, cured_by: [retest]{more}, cite: C}}"


def _leaf(draw: random.Random) -> str:
    return draw.choice(
        [
            f"{{test: ltv, result: FAIL, for: {draw.randint(1, 4)} consecutive determination dates}}",
            "{test: ltv, result: FAIL, for: 3 of the last 5 determination dates}",
            "{test: rate-floor, state: EVENT OF DEFAULT}",
            "{test: ltv, state: CURE PERIOD}",
            "{trigger: cash-sweep, state: IN EFFECT}",
            "{test: appraisal, result: FAIL, for: 2 consecutive publication dates}",
            "{test: appraisal, result: FAIL}",
            "{test: ltv, result: NOT DETERMINED, for: 2 of the last 4 determination dates}",
            "{test: rate-floor, state: WATCH}",
            "{on_or_after: 2026-04-01}",
            "{event: manager-default}",
            "{trigger: cash-sweep, state: NOT IN EFFECT}",
        ]
    )


def _condition(draw: random.Random) -> str:
    leaves = [_leaf(draw) for _ in range(draw.randint(1, 3))]
    kind = draw.choice(["any_of", "all_of", "at_least"])
    listed = ", ".join(leaves)
    if kind == "at_least":
        return f"{{at_least: {{n: {draw.randint(1, len(leaves))}, of: [{listed}]}}}}"
    return f"{{{kind}: [{listed}]}}"


def text_of(meridian: str, draw: random.Random) -> str:
    """Meridian with its terms drawn anew."""
    text = meridian.split("worked_examples:")[0]
    days = draw.randint(60, 200)
    step = date(2026, 1, 6) + timedelta(days=days)
    rolls = draw.choice(["same day", "next business day", "previous business day"])
    carried = draw.choice(["1 publication date", "2 publication dates", "3 publication dates"])
    clock = (
        r"within: 10 business days, after: determination date, cured_by: "
        r"\[prepayment, additional collateral, retest\], cite: CA §8.01\(d\)"
    )
    changes = {
        r"rounding: \{ratios: unrounded": f"rounding: {{ratios: {draw.choice(ROUNDINGS)!r}".replace("'", '"'),
        r"if_not_a_business_day: same day": f"if_not_a_business_day: {rolls}",
        r"every: Thursday": f"every: {draw.choice(['Thursday', 'Thursday', 'Monday', 'Friday', 'month, day: 10'])}",
        r"business_days: us-federal-reserve": f"business_days: {draw.choice(CALENDARS)}",
        r', until: "USD 1,200,000"': draw.choice([', until: "USD 1,200,000"'] * 4 + [""]),
        r"for_at_most: 1 publication date": f"for_at_most: {carried}",
        r"minimum: 85%": f"minimum: {draw.choice(['85%', '80%', '92.5%'])}",
        r"early_warning: 3 points": f"early_warning: {draw.choice(['3 points', '1 point', '10 points'])}",
        r"multiple: 1\.5": f"multiple: {draw.choice(['1.5', '1.4', '1.55'])}",
        r"2026-01-06: 65%": f"2026-01-06: {draw.choice(['65%', '62.5%', '70%'])}",
        r"2027-01-06: \{value: 60%": f"{step}: {{value: {draw.choice(['60%', '55%', '75%'])}",
        clock: _cure(draw)[1:-1],
        r"level: USD 1\.50": f"level: USD {draw.choice(['1.50', '1.80', '2.00', '1.7777'])}",
        r"for: 2 consecutive publication dates\}": f"for: {draw.randint(1, 4)} consecutive publication dates}}",
        r"for: 3 consecutive publication dates\}": f"for: {draw.randint(1, 3)} consecutive publication dates}}",
        r"on_end: keep": f"on_end: {draw.choice(['keep', 'release to borrower', 'prepay'])}",
        r"maximum_decline: 25%": f"maximum_decline: {draw.choice(['25%', '12.5%', '10%'])}",
        r"trailing_period: 90 days": f"trailing_period: {draw.choice(['90 days', '30 days', '8 weeks'])}",
        r"measure: fall_in_window": f"measure: {draw.choice(READINGS)}",
        r"if_not_determined: hold": f"if_not_determined: {draw.choice(['hold', 'hold', 'fail', 'fail after 2 determination dates'])}",
    }
    for old, new in changes.items():
        text, found = re.subn(old, lambda _, new=new: new, text, count=1)  # type: ignore[misc]
        assert found, old
    if draw.random() < 0.5:
        text = text.replace(
            "    cite: CA §7.02\n",
            f"    cite: CA §7.02\n    early_warning: {draw.choice(['2 points', '5 points'])}\n",
            1,
        )
    if draw.random() < 0.3:
        text = text.replace(
            "    cite: CA §7.02\n",
            "    cite: CA §7.02\n    persists_for: 2 consecutive determination dates\n",
            1,
        )
    if draw.random() < 0.2:
        text = text.replace(
            "    cite: CA §7.02\n", "    cite: CA §7.02\n    frequency: first date of each month\n", 1
        )
    if draw.random() < 0.2:
        text = text.replace("    cite: CA §7.01\n", "    cite: CA §7.01\n    first_tested: 2026-03-05\n", 1)
    if draw.random() < 0.2:
        text = text.replace(
            "    cite: CA §7.02\n", "    cite: CA §7.02\n    event_of_default: {needs: notice, cite: C}\n", 1
        )
    if draw.random() < 0.04:
        last = date(2026, 1, 6) + timedelta(days=draw.randint(20, 100))
        text = text.replace("    cite: CA §7.02\n", f"    cite: CA §7.02\n    last_tested: {last}\n", 1)
    if draw.random() < 0.2 and "until:" in text:
        text = re.sub(
            r"ends: \{when: at or above level, for: [^}]*\}", "ends: {when: reserve at target}", text
        )
    if draw.random() < 0.12:
        text = text.replace("  ltv:\n    template", f"{_spring(draw)}  ltv:\n    template", 1)
    start = text.index("    begins:\n      any_of:")
    end = text.index("    esma:", start)
    when = "when begins is no longer met"
    ends = draw.choice(
        ["never", when, "{test: ltv, result: PASS, for: 2 consecutive determination dates}", _condition(draw)]
    )
    text = f"{text[:start]}    begins: {_condition(draw)}\n    ends: {ends}\n{_own_cure(draw)}{text[end:]}"
    text = text.replace("\namendments:", f"\n{EVENTS}\namendments:", 1)
    return text.replace("\nnotices:", f"\n{_second(draw)}\nnotices:", 1) if draw.random() < 0.5 else text


def _spring(draw: random.Random) -> str:
    """A floor of its own that is tested only while something stands: the engine's own steps run it."""
    on = draw.choice(["test: ltv, state: CURE PERIOD", "trigger: cash-sweep, state: IN EFFECT"])
    since = draw.choice(["the same date", "the next date"])
    return (
        "  rent-spring:\n    template: rental_rate_floor\n    cite: CA §7.05\n    failure_is: a default\n"
        f"    minimum: {draw.choice(['80%', '86%', '90%'])}\n    trailing_period: 4 weeks\n"
        "    weighted_by: rented GPU-hours\n    early_warning: 3 points\n"
        f"    tested_while: {{{on}, from: {since}, cite: C}}\n    cure: {_cure(draw)}\n"
        "    if_not_determined: hold\n\n"
    )


def _second(draw: random.Random) -> str:
    """Another trigger, which may look at the first, with money and an Obligation of its own."""
    looks = draw.choice([_condition(draw), "{trigger: early-amortization, state: IN EFFECT}"])
    ends = draw.choice(["never", "when begins is no longer met", _condition(draw)])
    sweep = (
        f"{{share: 33%, of: excess cash flow, to: reserve account, on_end: "
        f"{draw.choice(['keep', 'prepay'])}}}"
    )
    deliver = "{deliver: an appraisal, within: 10 business days, after: determination date, cite: C}"
    follows = [
        f"{{kind: cash sweep, effect: as written, cite: C, sweep: {sweep}}}",
        f"{{kind: appraisal, effect: as written, cite: C, deliver: {deliver}}}",
    ]
    chosen = ", ".join(follows[: draw.randint(1, 2)])
    head = f"  second:\n    cite: C\n    begins: {looks}\n    ends: {ends}\n"
    return f"{head}{_own_cure(draw)}    consequences: [{chosen}]\n"


def _own_cure(draw: random.Random) -> str:
    """The cure of a composite trigger, in one deal of twenty."""
    caps = draw.choice(["", ", at_most: 1 in total"])
    cure = f"{{within: 10 days, after: determination date, cured_by: [retest]{caps}, cite: C}}"
    return f"    cure: {cure}\n" if draw.random() < 0.05 else ""


def case(meridian: str, templates: dict[str, Template], seed: int, paths: int, weeks: int) -> Case | None:
    """A deal that the file's own checks let through, or None; its paths stand on its limits a third of the
    time. Ten paths each begin alike and part later, so the exact engine decides their beginning once.
    """
    draw = random.Random(seed)
    deal, _ = load_deal(text_of(meridian, draw), "random.yaml", clauses_of(templates))
    if deal is None:
        return None
    until = deal.closing_date + timedelta(weeks=weeks)
    dates = tuple(publication_dates(deal.closing_date + timedelta(days=1), until))
    numbers = np.random.default_rng(seed)
    start = numbers.uniform(1.6, 2.3)
    true = start * np.exp(np.cumsum(0.05 * numbers.standard_t(4, (len(dates), paths)), axis=0))
    ticks = np.clip(np.rint(true * 10_000), 1, 90_000).astype(np.int64)
    limits = np.array(_limits(deal))
    near = limits[numbers.integers(0, len(limits), ticks.shape)] + numbers.integers(-1, 2, ticks.shape)
    ticks = np.where(numbers.random(ticks.shape) < 0.33, near, ticks)
    ticks = np.where(numbers.random(ticks.shape) < 0.08, NO_VALUE, ticks)
    alike = len(dates) * 3 // 5
    ticks[:alike] = ticks[:alike, np.arange(paths) // ALIKE * ALIKE]
    return Case(deal, PathRates(dates, {"CRI-H100": ticks}), _facts(deal, draw, until), until)


def _limits(deal: Deal) -> list[int]:
    """Ticks at which something turns: the LTV's, the sweep's, the appraisal's, the closing level."""
    found = [21_000, 15_750]
    for _, terms in deal.segments:
        ltv, sweep = terms.covenants["ltv"], terms.covenants["cash-sweep"]
        hours = terms.pledged_assets["h100"].gpus * 8760 * terms.pledged_assets["h100"].availability
        found.append(-((-16_000_000 * 10_000) // (hours * ltv.multiple * ltv.maximum)).__floor__())  # type: ignore[attr-defined]
        found.append(int(sweep.level * 10_000))  # type: ignore[attr-defined]
    return [max(2, int(one)) for one in found]


def _facts(deal: Deal, draw: random.Random, until: date) -> FactsByDate:
    """Figures that change by date; some reports never come, some come late."""

    def usd(amount: int) -> Figure:
        return Figure(value=Fraction(amount), unit=Unit.USD)

    principal = [Dated(deal.closing_date, usd(16_000_000))]
    if draw.random() < 0.6:
        since = deal.closing_date + timedelta(days=draw.randint(30, 150))
        late = since + timedelta(days=draw.choice([0, 5, 12])) if draw.random() < 0.5 else None
        principal.append(Dated(since, usd(draw.choice([15_200_000, 12_000_000, 17_000_000])), late))
    rent = Figure(value=Fraction(draw.choice([170, 180, 195]), 100), unit=Unit.RATE)
    money = {"collections": 1_150_000, "operating_costs": 290_000, "debt_service": 640_000, "fees": 20_000}
    figures = {
        name: (Dated(deal.closing_date, usd(amount)),)
        for name, amount in money.items()
        if draw.random() < 0.95
    }
    if draw.random() < 0.9:
        first = deal.closing_date + timedelta(days=draw.choice([0, 0, 40]))
        figures["weighted_average_rental_rate"] = (Dated(first, rent),)
    return FactsByDate({**figures, "outstanding_principal": tuple(principal)})
