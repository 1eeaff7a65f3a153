"""The covenants of an odd draft: of every template, with limits that step and cures of every kind."""

from __future__ import annotations

import random
from datetime import date, timedelta

CLOSING = date(2026, 1, 6)
INDICES = {"CRI-H100": "2.10", "CRI-H200": "2.45", "CRI-A100-PCIE": "0.95"}
PUBLISHED = ("cash_sweep", "appraisal_trigger", "depreciation", "index_spread")
BLEND = "POOL"
CALENDARS = ("us-federal-reserve", "us-sifma", "nyse", "target", "new-york-banks")
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


FORMULAS = (
    ("cash", "", "at least USD 1,000,000"),
    ("earned", "trailing: {n: 2, as: sum}\n", "at least USD 1,000,000"),
    ("earned", "trailing: {n: 3, as: mean}\n", "at least USD 500,000"),
    ("earned / operating_costs", "trailing: {n: 2, as: ratio of sums}\n", "at least 1.20x"),
    ("earned / hours-rented", "trailing: {n: 1, as: last}\n", "at least USD 1.70 per GPU-hour"),
    ("hours-rented / hours-offered", "trailing: {n: 2, as: ratio of sums}\n", "at least 80%"),
    ("hours-rented / hours-offered", "trailing: {n: 3, as: mean of ratios}\n", "more than 62.5%"),
    ("hours-offered - hours-rented", "", "at most 200,000 GPU-hours"),
    ("sum of [gpus-leased, gpus-idle]", "", "at least 1,000 GPUs"),
    ("gpus-idle / gpus-leased", "trailing: {n: 1, as: last}\n", "less than 0.25x"),
    ("gpus-all", "trailing: {n: 2, as: mean}\n", "more than 900 GPUs"),
    ("hours-rented / gpus-all", "trailing: {n: 1, as: last}\n", "at least 150 GPU-hours"),
)
"""What is measured of reported figures, over which periods, and its limit."""
FIGURES = (
    ("cash", "unit: USD, taken: point in time"),
    ("earned", "unit: USD, taken: of the period"),
    ("hours-rented", "unit: GPU-hours, taken: of the period"),
    ("hours-offered", "unit: GPU-hours, taken: of the period"),
    ("gpus-leased", "unit: GPUs, taken: point in time"),
    ("gpus-idle", "unit: GPUs, taken: point in time"),
    ("gpus-all", '"is": "sum of [gpus-leased, gpus-idle]"'),
)
"""The figures that an odd deal declares."""


class OddCovenants:
    """The names that one odd deal has, and its covenants."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.indices = draw.sample(list(INDICES), draw.choice((1, 1, 2, 3)))
        self.assets = [f"pool-{place}" for place in range(draw.choice((1, len(self.indices))))]
        self.classes = [f"class_{letter}" for letter in "abc"[: draw.choice((1, 1, 2, 3))]]
        self.tests: dict[str, str] = {}
        self.triggers: list[str] = []
        self.accounts: list[str] = []
        self.levels = [2.10]
        self.amendable: list[tuple[str, str, tuple[str, ...]]] = []
        self.blend = len(self.indices) > 1 and draw.random() < 0.3
        self.on_delivery = draw.random() < 0.1

    def clock(self, template: str = "") -> str:
        """The event that a Cure Period is counted from, which is never a date that waits for its report."""
        if self.on_delivery and template not in PUBLISHED:
            return "delivery of the report"
        return self.draw.choice(("determination date",) * 9 + ("notice by the agent",))

    def index_of(self, asset: str) -> str:
        return self.indices[self.assets.index(asset) % len(self.indices)]

    def when(self, template: str) -> str:
        """The kind of dates that a test counts."""
        return "publication dates" if template in PUBLISHED else "determination dates"

    def covenants(self) -> list[str]:
        """Two to five covenants, some of one template."""
        chosen = [self.draw.choice(MAKERS) for _ in range(self.draw.randint(2, 5))]
        return [self._covenant(f"test-{place}", maker(self)) for place, maker in enumerate(chosen)]

    def _covenant(self, key: str, words: tuple[str, str, bool]) -> str:
        """A covenant of any template: the template's own words, and what every covenant may have."""
        template, own, warned = words
        draw, dates = self.draw, self.when(template)
        self.tests[key] = template
        self.accounts += [key] if "to: reserve account" in own else []
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
            lines.append(f"cure: {_cure(draw, dates, self.clock(template))}")
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
        """An index of the deal, or its blend if it has one."""
        return f"index: {self.draw.choice((*self.indices, *((BLEND,) if self.blend else ())))}\n"

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
        measured, trailing, limit = self.draw.choice(FORMULAS)
        return "reported_figure", f"measured: {measured}\n{trailing}limit: {limit}\n", False


MAKERS = (
    OddCovenants._ltv,
    OddCovenants._oc,
    OddCovenants._rent,
    OddCovenants._cash_sweep,
    OddCovenants._appraisal,
    OddCovenants._depreciation,
    OddCovenants._pool,
    OddCovenants._spread,
    OddCovenants._dscr,
    OddCovenants._contract,
    OddCovenants._liquidation,
    OddCovenants._resale,
    OddCovenants._reporting,
    OddCovenants._quality,
    OddCovenants._figure,
    # Those whose paths differ most are drawn twice as often.
    OddCovenants._cash_sweep,
    OddCovenants._ltv,
    OddCovenants._appraisal,
)


def _cure(draw: random.Random, dates: str, after: str) -> str:
    if draw.random() < 0.15:
        return "none"
    within = draw.choice(("10 business days", "3 days", "2 weeks", "1 month"))
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
