"""Odd drafts drawn whole, of every template, with classes of debt and with several indices.

They have declared events, Acts, amendments, cures of triggers and second Cure Periods. Their figures are
missing, late, zero or in straight lines.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

from engine.basics.values import Figure, Unit
from engine.determination.template import Template, clauses_of
from engine.events.kinds import ActRecorded
from engine.foresight.columns.path_rates import PathRates
from engine.foresight.facts_by_date import Dated, FactsByDate
from engine.foresight.rate_paths import NO_VALUE
from engine.terms.as_written import load_deal
from engine.terms.contract_dates import publication_dates
from tests.foresight.random_deals import ALIKE, ROUNDINGS, Case

CLOSING = date(2026, 1, 6)
INDICES = {"CRI-H100": "2.10", "CRI-H200": "2.45", "CRI-A100-PCIE": "0.95"}
MODELS = {"CRI-H100": "H100 SXM", "CRI-H200": "H200", "CRI-A100-PCIE": "A100 PCIE"}
PUBLISHED = ("cash_sweep", "appraisal_trigger", "depreciation", "index_spread")
CALENDARS = ("us-federal-reserve", "us-sifma", "nyse", "target", "new-york-banks")
DATES = (
    "every: Thursday",
    "every: Thursday",
    "every: Monday",
    "every: Friday",
    "every: month, day: 15",
    "every: month, day: 31",
    "every: month, day: last",
    "every: quarter, months: [2, 5, 8, 11], day: 20",
)
AMENDED = {
    "maximum": ("70%", "55%"),
    "multiple": ("1.3", "1.6"),
    "minimum": ("82%", "90%"),
    "maximum_decline": ("8%", "30%"),
    "trailing_period": ("60 days", "5 weeks"),
    "level": ("USD 1.9999 per GPU-hour", "USD 0.9 per GPU-hour"),
    "early_warning": ("2 points",),
    "measure": ("fall_in_window", "below_closing"),
}
"""What an amendment may write in place of a term."""
USD = (0, 1, 640_000, 1_150_000, 290_000, 20_000, 2_000_000)


def odd_case(templates: dict[str, Template], seed: int, paths: int) -> Case | None:
    """An odd deal that the file's own checks let through, on paths that sit on its levels a third of the
    time; None if they refuse it.
    """
    draw = random.Random(seed)
    odd = _Odd(draw)
    deal, _ = load_deal(odd.text(), "odd.yaml", clauses_of(templates))
    if deal is None:
        return None
    until = CLOSING + timedelta(weeks=draw.choice((8, 12, 20, 30)))
    return Case(deal, _rates(odd, seed, paths, until), _facts(odd, until), until, _acts(odd, until))


class _Odd:
    """The names that one odd deal has, and its file."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.indices = draw.sample(list(INDICES), draw.choice((1, 1, 2, 3)))
        self.assets = [f"pool-{place}" for place in range(draw.choice((1, len(self.indices))))]
        self.classes = [f"class_{letter}" for letter in "abc"[: draw.choice((1, 1, 2, 3))]]
        self.daily = ("",)
        self.tests: dict[str, str] = {}
        self.triggers: list[str] = []
        self.levels = [2.10]
        self.amendable: list[tuple[str, str, tuple[str, ...]]] = []

    def index_of(self, asset: str) -> str:
        return self.indices[self.assets.index(asset) % len(self.indices)]

    def text(self) -> str:
        draw = self.draw
        rolls = ("same day", "next business day", "previous business day", "modified following")
        dates = draw.choice(DATES)
        determined = ", determined: on the date" if "quarter" in dates else ""
        every = draw.choice(("week", "week", "month"))
        parts = [
            "deal: odd-2026\nformat: 2\nillustrative: true\n"
            "documents:\n  IND: {title: Indenture, dated: 2026-01-06}\n"
            "  AM1: {title: Amendment, dated: 2026-02-20}\n"
            f"closing_date: {CLOSING}\nmaturity_date: 2031-01-15\nbusiness_days: {draw.choice(CALENDARS)}\n"
            "time_zone: America/New_York\n"
            f"determination_dates: {{{dates}{determined}, if_not_a_business_day: {draw.choice(rolls)}, "
            'cut_off: "15:00", cite: IND §1}\n'
            f"payment_dates: {{every: month, day: {draw.choice((1, 15, 20, 'last'))}, "
            f"if_not_a_business_day: {draw.choice(rolls[:3])}, cite: IND §2}}\n"
            f"servicer_reports: {{every: {every}, due: 1 business day before determination date, "
            f"too_old_after: {draw.choice(('10 days', '40 days', '3 months'))}, corrected_report: from then on, "
            "late_keying: {accepted_for: 10 business days}, tolerance: none, cite: IND §3}\n"
            "revenue: {mostly: on demand, cite: IND §4}\n"
            f'rounding: {{ratios: "{draw.choice(ROUNDINGS)}", '
            f'multiples: "{draw.choice(("unrounded", "unrounded", "2 decimals, half up"))}", cite: IND §5}}\n'
            "parties:\n  issuer: {name: Odd LLC, notices: a@example.com}\n"
            "  servicer: {name: Odd Services LLC, notices: b@example.com}\n"
            "  agent: {name: Example Bank, notices: c@example.com}\n"
        ]
        parts += ["index:\n", *map(self._index, self.indices)]
        if len(self.indices) > 1 and draw.random() < 0.3:
            share = draw.choice((60, 33))
            parts.append(
                f"blended_rates:\n  POOL: {{of: {{{self.indices[0]}: {share}%, {self.indices[1]}: "
                f"{100 - share}%}}, weights: fixed, missing_component: "
                f"{draw.choice(('exclude', 'not determined'))}, cite: IND §1}}\n"
            )
        parts += ["pledged_assets:\n", *map(self._asset, self.assets)]
        parts += ["debt:\n"]
        parts += [
            f'  {name}: {{original_principal: "USD {26 - 9 * place},000,000", rate: 6%, cite: IND §2}}\n'
            for place, name in enumerate(self.classes)
        ]
        parts.append("events:\n  manager-default: {declared_by: agent, text: By notice, cite: IND §7}\n")
        parts.append("figures:\n")
        parts += [
            f"  {name}: {{unit: USD, taken: {taken}, cite: IND §1}}\n"
            for name, taken in (("cash", "point in time"), ("earned", "of the period"))
        ]
        parts.append("covenants:\n")
        makers = (*MAKERS, _Odd._cash_sweep, _Odd._ltv, _Odd._appraisal)
        chosen = [draw.choice(makers) for _ in range(draw.randint(2, 5))]
        for place, maker in enumerate(chosen):
            key = f"test-{place}"
            parts.append(self._covenant(key, maker(self)))
        parts.append("triggers:\n")
        for place in range(draw.randint(1, 3)):
            parts.append(self._trigger(f"trigger-{place}"))
        parts.append(
            "notices:\n  compliance: {given_by: servicer, to: [issuer, agent], every: determination date}\n"
            "  test_failed: {given_by: servicer, to: [issuer], within: 2 business days, cite: IND §6}\n"
            "  event_of_default: {given_by: agent, to: [issuer], within: 1 business day, cite: IND §6}\n"
            "  trigger_event: {given_by: servicer, to: [issuer], within: 1 business day, cite: IND §6}\n"
            "  correction: {given_by: the giver, to: [the same addressees], within: 1 business day, cite: IND §6}\n"
        )
        parts.append(self._amendments())
        return "".join(parts)

    def _index(self, name: str) -> str:
        draw = self.draw
        carried = draw.choice((None, 1, 1, 2, 3))
        effect = draw.choice(("report only",) * 6 + ("hold",))
        last = f"      - {{use: last published value, for_at_most: {carried} publication date"
        last += f"{'s' if (carried or 0) > 1 else ''}, cite: IND §2}}\n"
        agent = "      - {use: agent determination, cite: IND §2}\n" if draw.random() < 0.4 else ""
        return (
            f"  {name}:\n    source: computed by the calculation agent\n"
            "    methodology: {policy: pinned, version: 1.1-wp}\n"
            f"    closing_date_level: USD {INDICES[name]} per GPU-hour\n"
            f"    low_confidence: {{effect: {effect}, cite: IND §2}}\n"
            "    late_publication: {accepted_for: 5 business days, cite: IND §2}\n"
            "    restatement: {accepted_for: 5 business days, effect: retest, cite: IND §2}\n"
            "    cite: IND §1\n    fallback:\n      - {use: published value, cite: IND §2}\n"
            f"{last if carried else ''}{agent}"
        )

    def _asset(self, name: str) -> str:
        draw = self.draw
        index = self.index_of(name)
        more = draw.choice(
            (
                "",
                "",
                ", missing_index: exclude",
                ", missing_index: {at: USD 0.90 per GPU-hour}",
                ", performance_factor: 0.85",
            )
        )
        return (
            f"  {name}: {{model: {MODELS[index]}, gpus: {draw.choice((1, 512, 1200, 2048))}, availability: "
            f"{draw.choice(('95%', '90%', '33.3%'))}, index: {index}{more}, cite: IND §8}}\n"
        )

    def _when(self, template: str) -> str:
        """The kind of dates that a test counts."""
        return "publication dates" if template in PUBLISHED else "determination dates"

    def _covenant(self, key: str, words: tuple[str, str, bool]) -> str:
        """A covenant of any template: the template's own words, and what every covenant may have."""
        template, own, warned = words
        draw, dates = self.draw, self._when(template)
        self.tests[key] = template
        event = template in ("cash_sweep", "appraisal_trigger")
        failure = "a trigger event" if event else draw.choice(("a default", "a default", "a trigger event"))
        lines = [f"template: {template}", f"failure_is: {failure}", "cite: IND §6", *own.splitlines()]
        lines.append(
            f"if_not_determined: {draw.choice(('hold', 'fail', 'fail after 2 determination dates'))}"
            if template not in PUBLISHED
            else "if_not_determined: hold"
        )
        if failure != "a default" and template in ("loan_to_value", "rental_rate_floor"):
            lines.append("cure: none")
        if failure == "a default":
            lines.append(f"cure: {_cure(draw, dates)}")
            if draw.random() < 0.3:
                lines.append(
                    f"persists_for: {draw.choice((f'2 consecutive {dates}', f'2 of the last 3 {dates}'))}"
                )
            if draw.random() < 0.2:
                needs = draw.choice(("notice", "vote", "nothing"))
                lines.append(f"event_of_default: {{needs: {needs}, cite: IND §6}}")
        if warned and draw.random() < 0.4:
            lines.append(f"early_warning: {draw.choice(('1 point', '3 points', '10 points'))}")
        if draw.random() < 0.15:
            lines.append(f"first_tested: {CLOSING + timedelta(days=draw.randint(10, 90))}")
        if draw.random() < 0.15:
            often = ("first date of each month", "first date of each quarter")
            lines.append(f"frequency: {draw.choice(often)}")
        if draw.random() < 0.06:
            lines.append(f"last_tested: {CLOSING + timedelta(days=draw.randint(40, 150))}")
        if draw.random() < 0.06 and len(self.tests) > 1:
            on = draw.choice([one for one in self.tests if one != key])
            since = draw.choice(("the same date", "the next date"))
            state = draw.choice(("PENDING", "CURE PERIOD", "COMPLIANT"))
            lines.append(f"tested_while: {{test: {on}, state: {state}, from: {since}, cite: IND §6}}")
        for line in lines:
            term, _, value = line.partition(": ")
            if term in AMENDED and "{" not in value:
                self.amendable.append((f"covenants.{key}.{term}", value, AMENDED[term]))
        return f"  {key}:\n" + "".join(f"    {line}\n" for line in lines)

    def _one_index(self) -> str:
        name = self.draw.choice(self.indices)
        return f"index: {name}\n"

    def _stepped(self, first: str, second: str) -> str:
        """A term that may step on a date."""
        if self.draw.random() < 0.6:
            return first
        on = CLOSING + timedelta(days=self.draw.randint(5, 150))
        return f"{{{CLOSING}: {first}, {on}: {second}}}"

    def _class(self) -> str:
        draw = self.draw
        if len(self.classes) == 1 or draw.random() < 0.4:
            return ""
        return (
            f"class: {draw.choice(self.classes)}\ncounted: {draw.choice(('alone', 'with senior classes'))}\n"
        )

    def _ltv(self) -> tuple[str, str, bool]:
        draw = self.draw
        most = self._stepped(draw.choice(("65%", "80%", "120%")), draw.choice(("60%", "72.5%", "150%")))
        rates = ", ".join(f"{name}: {draw.choice(('75%', '60%', '100%'))}" for name in self.assets)
        base = f"advance_rates: {{{rates}}}\n" if draw.random() < 0.3 else ""
        own = f"{self._class()}multiple: {draw.choice(('1.5', '1.4', '0.7'))}\nmaximum: {most}\n{base}"
        return "loan_to_value", own, True

    def _oc(self) -> tuple[str, str, bool]:
        draw = self.draw
        named = f"class: {draw.choice(self.classes)}\ncounted: with senior classes\n"
        limit = self._stepped(f"at least {draw.choice(('120%', '150.5%', '95%'))}", "at least 133.3%")
        own = f"{named}multiple: {draw.choice(('1.5', '1.25'))}\nlimit: {limit}\n"
        return "overcollateralization", own, True

    def _rent(self) -> tuple[str, str, bool]:
        draw = self.draw
        own = f"{self._one_index()}minimum: {draw.choice(('85%', '80%', '92.5%'))}\n"
        own += f"trailing_period: {draw.choice((1, 2, 4, 8))} weeks\n".replace(" 1 weeks", " 1 week")
        return "rental_rate_floor", f"{own}weighted_by: rented GPU-hours\n", True

    def _cash_sweep(self) -> tuple[str, str, bool]:
        draw, index = self.draw, self.draw.choice(self.indices)
        level = round(float(INDICES[index]) * draw.choice((0.8, 0.95, 1.0, 1.05)), 4)
        self.levels.append(level)
        other = f", level: USD {level * 1.05:.4f} per GPU-hour" if draw.random() < 0.4 else ""
        over = draw.choice(("at or above level", "above level"))
        under = draw.choice(("below level", "at or below level"))
        counts = (
            f"{draw.randint(1, 4)} consecutive publication dates".replace(
                "1 consecutive publication dates", "1 publication date"
            ),
            "2 of the last 3 publication dates",
        )
        if draw.random() < 0.2:
            under, over = over, under
        ends = draw.choice(
            (f"{{when: {over}{other}, for: {draw.choice(counts)}}}", "{when: reserve at target}", "never")
        )
        until = ', until: "USD 300,000"' if "target" in ends or draw.random() < 0.6 else ""
        keeps = draw.choice(("keep", "prepay", "release to borrower"))
        to = f"reserve account{until}, on_end: {keeps}"
        if "target" not in ends and draw.random() < 0.25:
            to = self.draw.choice(self.classes)
        own = (
            f"index: {index}\nlevel: USD {level:.4f} per GPU-hour\nbegins: {{when: {under}, for: {draw.choice(counts)}}}\n"
            f"ends: {ends}\nsweep: {{share: {draw.choice(('100%', '50%', '33%'))}, of: excess cash flow, to: {to}}}\n"
        )
        return "cash_sweep", own, False

    def _appraisal(self) -> tuple[str, str, bool]:
        draw = self.draw
        readings = ("fall_in_window", "fall_across_window", "window_start", "below_closing")
        own = (
            f"{self._one_index()}maximum_decline: {draw.choice(('20%', '12.5%', '5%'))}\n"
            f"trailing_period: {draw.choice(('90 days', '3 weeks', '2 months'))}\n"
            f"measure: {draw.choice((*readings, 'below_closing_at_any_time'))}\n"
            f"then: {{deliver: independent appraisal, within: {draw.choice(('5', '30'))} business days, "
            "after: determination date, by: issuer, cite: IND §6}\n"
        )
        return "appraisal_trigger", own, True

    def _depreciation(self) -> tuple[str, str, bool]:
        draw = self.draw
        points = ", ".join(
            f"{{on: {on}, at_most: {share}%}}"
            for on, share in (("2026-01-06", 5), ("2026-03-10", 12), ("2026-06-20", 20), ("2030-12-20", 75))
        )
        curve = f"curve: [{points}]\nbetween: {draw.choice(('steps', 'straight lines'))}"
        if draw.random() < 0.4:
            curve = f"curve: {self._scenario()}"
        since = draw.choice(("closing date", "first publication"))
        return "depreciation", f"{self._one_index()}since: {since}\n{curve}\n", True

    def _scenario(self) -> str:
        draw = self.draw
        shape = draw.choice(("compound", "straight line"))
        letter, point = draw.choice("ABC"), draw.choice(("low", "middle", "high"))
        switch = f", switches: [{{on: 2026-03-06, scenario: C, point: low, shape: {shape}}}]"
        return (
            f"{{scenario: {letter}, point: {point}, shape: {shape}{switch if draw.random() < 0.3 else ''}}}"
        )

    def _pool(self) -> tuple[str, str, bool]:
        draw = self.draw
        own = (
            f"multiple: 1.5\nscenario: {self._scenario()}\nhorizon: {draw.choice(('2027-01-20', '2026-05-06'))}\n"
            f'scheduled_balance: "USD {draw.choice((9, 18, 26))},000,000"\nlimit: at least 120%\n'
        )
        return "pool_coverage", own, True

    def _spread(self) -> tuple[str, str, bool]:
        draw = self.draw
        if len(self.indices) == 1:
            return self._depreciation()
        one, other = self.indices[:2]
        kind, limit = draw.choice(
            (
                ("ratio", "at most 1.20x"),
                ("difference", "at most USD 0.40 per GPU-hour"),
                ("ratio", "at least 0.80x"),
            )
        )
        missing = draw.choice(("not determined", "not determined", "{at: USD 0.90 per GPU-hour}"))
        return (
            "index_spread",
            f"index: {one}\nagainst: {other}\nas: {kind}\nlimit: {limit}\nmissing_leg: {missing}\n",
            False,
        )

    def _dscr(self) -> tuple[str, str, bool]:
        months = self.draw.choice(("1 month", "3 months"))
        return (
            "debt_service_coverage",
            f"period: {months}\nlimit: at least {self.draw.choice(('1.20', '1.05'))}x\n",
            False,
        )

    def _contract(self) -> tuple[str, str, bool]:
        limit = self.draw.choice(("at least -10 points", "at most 15 points"))
        return "contract_spread", f"asset_class: {self.draw.choice(self.assets)}\nlimit: {limit}\n", True

    def _liquidation(self) -> tuple[str, str, bool]:
        own = f"{self._class()}bulk_discount: 35%\nquotes_too_old_after: 90 days\nlimit: at least 80%\n"
        return "liquidation_coverage", own, True

    def _resale(self) -> tuple[str, str, bool]:
        own = f"asset_class: {self.draw.choice(self.assets)}\nsince: closing date\n"
        own += (
            'resale_at_reference: "USD 20,000"\nquotes_too_old_after: 90 days\nlimit: at least -10 points\n'
        )
        return "rental_resale_spread", own, True

    def _reporting(self) -> tuple[str, str, bool]:
        return "reporting", "limit: at most 2 days\n", False

    def _quality(self) -> tuple[str, str, bool]:
        quality, limit = self.draw.choice(
            (
                ("fallback in use", "at most 0"),
                ("low confidence", "at most 0"),
                ("interval width", "at most 25%"),
            )
        )
        return "reference_rate_quality", f"{self._one_index()}quality: {quality}\nlimit: {limit}\n", False

    def _figure(self) -> tuple[str, str, bool]:
        measured, trailing, limit = self.draw.choice(
            (
                ("cash", "", "at least USD 1,000,000"),
                ("earned", "trailing: {n: 2, as: sum}\n", "at least USD 1,000,000"),
                ("earned", "trailing: {n: 3, as: mean}\n", "at least USD 500,000"),
                ("earned / operating_costs", "trailing: {n: 2, as: ratio of sums}\n", "at least 1.20x"),
            )
        )
        return "reported_figure", f"measured: {measured}\n{trailing}limit: {limit}\n", False

    def _trigger(self, name: str) -> str:
        draw = self.draw
        begins = self._condition()
        ends = draw.choice(
            ("never", "when begins is no longer met", "when begins is no longer met", self._condition())
        )
        lines = ["cite: IND §7", f"begins: {begins}", f"ends: {ends}"]
        if draw.random() < 0.2:
            caps = draw.choice(("", ", at_most: 1 in total", ", at_most: 1 in any 2 months"))
            within = draw.choice(("10 days", "5 business days", "1 month"))
            retest = draw.choice(("[retest]", "[prepayment]"))
            lines.append(
                f"cure: {{within: {within}, after: determination date, cured_by: {retest}{caps}, cite: IND §7}}"
            )
        follows = []
        if draw.random() < 0.4:
            to = draw.choice(
                (
                    "reserve account, on_end: keep",
                    'reserve account, until: "USD 250,000", on_end: prepay',
                    *self.classes,
                )
            )
            follows.append(
                f"{{kind: cash sweep, effect: as written, cite: IND §7, sweep: {{share: {draw.choice(('100%', '37.5%'))}, of: excess cash flow, to: {to}}}}}"
            )
        for _ in range(draw.choice((0, 0, 1, 1, 2))):
            follows.append(
                "{kind: appraisal, effect: as written, cite: IND §7, deliver: {deliver: an appraisal, within: "
                f"{draw.choice(('10 business days', '2 weeks'))}, after: determination date, cite: IND §7}}}}"
            )
        self.amendable.append((f"triggers.{name}.ends", ends, ("never", self._leaf())))
        self.amendable.append((f"triggers.{name}.begins", begins, (self._leaf(), self._condition())))
        if follows:
            lines.append(f"consequences: [{', '.join(follows)}]")
        self.triggers.append(name)
        return f"  {name}:\n" + "".join(f"    {line}\n" for line in lines)

    def _leaf(self) -> str:
        draw = self.draw
        if draw.random() < 0.12:
            return "{event: manager-default}"
        if draw.random() < 0.08:
            return f"{{on_or_after: {CLOSING + timedelta(days=draw.randint(0, 200))}}}"
        sweeps = [key for key, template in self.tests.items() if template == "cash_sweep"]
        watched = [*self.triggers, *sweeps]
        if watched and draw.random() < 0.3:
            state = draw.choice(("IN EFFECT", "NOT IN EFFECT", "IN EFFECT", "PENDING CURE"))
            return f"{{trigger: {draw.choice(watched)}, state: {state}}}"
        key, template = draw.choice(list(self.tests.items()))
        dates = self._when(template)
        if draw.random() < 0.3:
            states = ("CURE PERIOD", "EVENT OF DEFAULT", "WATCH", "PENDING", "COMPLIANT", "NOT YET TESTED")
            return f"{{test: {key}, state: {draw.choice(states)}}}"
        result = draw.choice(("FAIL", "FAIL", "FAIL", "PASS", "NOT DETERMINED"))
        count = draw.choice(
            ("", f", for: {draw.randint(2, 4)} consecutive {dates}", f", for: 2 of the last 4 {dates}")
        )
        return f"{{test: {key}, result: {result}{count}}}"

    def _condition(self, depth: int = 0) -> str:
        draw = self.draw
        if draw.random() < 0.3:
            return self._leaf()
        parts = [
            self._condition(depth + 1) if depth < 1 and draw.random() < 0.25 else self._leaf()
            for _ in range(draw.randint(2, 3))
        ]
        kind = draw.choice(("any_of", "all_of", "at_least"))
        listed = ", ".join(parts)
        if kind == "at_least":
            return f"{{at_least: {{n: {draw.randint(1, len(parts))}, of: [{listed}]}}}}"
        return f"{{{kind}: [{listed}]}}"

    def _amendments(self) -> str:
        draw = self.draw
        if draw.random() < 0.6:
            return "amendments: []\n"
        changes = [
            f"{{term: {term}, replaces: {old}, with: {draw.choice(new)}, cite: AM1 §1}}"
            for term, old, new in self.amendable
            if draw.random() < 0.5
        ]
        if not changes:
            return "amendments: []\n"
        on = CLOSING + timedelta(days=draw.randint(15, 120))
        listed = "".join(f"      - {change}\n" for change in changes)
        return f"amendments:\n  - number: 1\n    document: AM1\n    effective: {on}\n    changes:\n{listed}"


MAKERS = (
    _Odd._ltv,
    _Odd._oc,
    _Odd._rent,
    _Odd._cash_sweep,
    _Odd._appraisal,
    _Odd._depreciation,
    _Odd._pool,
    _Odd._spread,
    _Odd._dscr,
    _Odd._contract,
    _Odd._liquidation,
    _Odd._resale,
    _Odd._reporting,
    _Odd._quality,
    _Odd._figure,
)


def _cure(draw: random.Random, dates: str) -> str:
    if draw.random() < 0.15:
        return "none"
    within = draw.choice(("10 business days", "3 days", "2 weeks", "1 month"))
    after = draw.choice(("determination date",) * 9 + ("notice by the agent",))
    by = draw.choice(("[retest]", "[retest, prepayment]", "[prepayment]"))
    more = draw.choice(
        (
            "",
            "",
            ", at_most: 1 in total",
            ", at_most: 2 in any 3 months",
            ", at_most: 2 in total and 1 in any 2 months",
            f", passing_for: 2 consecutive {dates}",
        )
    )
    if draw.random() < 0.08:
        more += ", extension: {within: 10 business days, if_made_good: at least 50% of the shortfall, cite: IND §6}"
    return f"{{within: {within}, after: {after}, cured_by: {by}{more}, cite: IND §6}}"


def _rates(odd: _Odd, seed: int, paths: int, until: date) -> PathRates:
    dates = tuple(publication_dates(CLOSING + timedelta(days=1), until))
    numbers = np.random.default_rng(seed)
    spread, gaps = numbers.choice((0.02, 0.06)), numbers.choice((0.0, 0.08, 0.3))
    ticks = {}
    for name in odd.indices:
        start = float(INDICES[name]) * numbers.uniform(0.8, 1.15)
        true = start * np.exp(np.cumsum(spread * numbers.standard_t(4, (len(dates), paths)), axis=0))
        drawn = np.clip(np.rint(true * 10_000), 1, 900_000).astype(np.int64)
        limits = np.array([round(level * 10_000) for level in (*odd.levels, float(INDICES[name]))])
        near = limits[numbers.integers(0, len(limits), drawn.shape)] + numbers.integers(-1, 2, drawn.shape)
        drawn = np.where(numbers.random(drawn.shape) < 0.25, near, drawn)
        drawn = np.where(numbers.random(drawn.shape) < gaps, NO_VALUE, drawn)
        alike = len(dates) * 3 // 5
        drawn[:alike] = drawn[:alike, np.arange(paths) // ALIKE * ALIKE]
        ticks[name] = drawn
    return PathRates(dates, ticks)


def _facts(odd: _Odd, until: date) -> FactsByDate:
    """Figures that begin late, change, come late, are zero, or are not given at all."""
    draw = odd.draw
    figures: dict[str, tuple[Dated, ...]] = {}

    def put(name: str, unit: Unit, values: tuple[int | str, ...]) -> None:
        if draw.random() < 0.1:
            return
        dated = list(_dated(draw, unit, values, until))
        figures[name] = tuple(sorted(dated, key=lambda one: one.since))

    owed = tuple(f"outstanding_principal.{name}" for name in odd.classes)
    for name in ("outstanding_principal", *owed):
        put(
            name,
            Unit.USD,
            (26_000_000, 9_000_000, 16_000_000, 12_345_678, *((0,) if draw.random() < 0.1 else ())),
        )
    for name in ("collections", "operating_costs", "debt_service", "fees", "contracted_revenue"):
        put(name, Unit.USD, USD)
    put("figures.cash", Unit.USD, USD)
    put("figures.earned", Unit.USD, USD)
    put("weighted_average_rental_rate", Unit.RATE, ("1.80", "1.70", "2.00", "0.85"))
    put("contracted_rate", Unit.RATE, ("2.30", "1.80", "1.00"))
    put("uncontracted_gpu_hours", Unit.GPU_HOURS, (500_000, 0, 90_000))
    for name in odd.assets:
        put(f"resale_quote.{name}", Unit.USD, (20_000, 15_000, 9_000))
        put(f"contracted_rate.{name}", Unit.RATE, ("2.30", "1.80", "1.00"))
        if draw.random() < 0.3:
            put(f"available.{name}.gpus", Unit.GPUS, (0, 300, 1500))
    return FactsByDate(figures, straight_lines=draw.random() < 0.25)


def _dated(draw: random.Random, unit: Unit, values: tuple[int | str, ...], until: date) -> Iterator[Dated]:
    days = [CLOSING + timedelta(days=draw.choice((0, 0, 0, 30)))]
    span = (until - CLOSING).days
    days += sorted(
        {CLOSING + timedelta(days=draw.randint(31, max(32, span))) for _ in range(draw.choice((0, 0, 1, 2)))}
    )
    for day in days:
        late = day + timedelta(days=draw.choice((1, 12))) if draw.random() < 0.15 else None
        yield Dated(day, Figure(value=Fraction(draw.choice(values)), unit=unit), late)


def _acts(odd: _Odd, until: date) -> tuple[ActRecorded, ...]:
    """Acts of every kind that a path can have, in one deal of eight; a declared event in one of four."""
    draw, acts = odd.draw, []
    span = (until - CLOSING).days

    def act(kind: str, clause: str, after: int, **more: object) -> ActRecorded:
        on = CLOSING + timedelta(days=after)
        return ActRecorded(act=kind, clause=clause, effective_on=on, document="IND", **more)  # type: ignore[arg-type]

    if draw.random() < 0.1:
        first = draw.randint(1, span)
        acts.append(act("event declared", "manager-default", first))
        if draw.random() < 0.5:
            acts.append(act("event ended", "manager-default", draw.randint(first + 1, first + 60)))
    if draw.random() < 0.06:
        on = draw.randint(5, span)
        until_day = CLOSING + timedelta(days=on + draw.randint(3, 40))
        clock = {"clock": draw.choice(("resumes", "restarts"))}
        acts.append(act("waiver", draw.choice(list(odd.tests)), on, until=until_day, details=clock))
    return tuple(sorted(acts, key=lambda one: one.effective_on))
