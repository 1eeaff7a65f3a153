"""Odd drafts drawn whole, of every template but one, with classes of debt and with several indices.

They have declared events, Acts, manifest errors, blends, cures of triggers, second Cure Periods and tests that
wait for a report. Amendments change terms, take a clause away or bring it. Figures are missing, late, zero or
in straight lines.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from engine.determination.template import Template, clauses_of
from engine.terms.as_written import load_deal
from tests.foresight.odd_covenants import BLEND, CLOSING, FIGURES, INDICES, OddCovenants
from tests.foresight.odd_facts import acts_of, facts_of, rates_of, without_errors
from tests.foresight.random_deals import ROUNDINGS, Case

MODELS = {"CRI-H100": "H100 SXM", "CRI-H200": "H200", "CRI-A100-PCIE": "A100 PCIE"}
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

Blocks = Mapping[str, Sequence[str]]
"""The text of each covenant and of each trigger."""


def odd_case(templates: dict[str, Template], seed: int, paths: int) -> Case | None:
    """An odd deal that the file's own checks let through, on paths that sit on its levels a quarter of
    the time; None if they refuse it.
    """
    draw = random.Random(seed)
    odd = _Odd(draw)
    deal, _ = load_deal(odd.text(), "odd.yaml", clauses_of(templates))
    if deal is None:
        return None
    until = CLOSING + timedelta(weeks=draw.choice((8, 12, 20, 30)))
    rates, facts = rates_of(odd, seed, paths, until), facts_of(odd, until)
    acts = acts_of(odd, until)
    return Case(deal, without_errors(rates, acts), facts, until, acts)


class _Odd(OddCovenants):
    """One odd deal as a file."""

    def text(self) -> str:
        draw = self.draw
        rolls = ("same day", "next business day", "previous business day", "modified following")
        dates, ratios = draw.choice(DATES), draw.choice(ROUNDINGS)
        self.amendable.append(
            ("rounding.ratios", f'"{ratios}"', tuple(f'"{one}"' for one in ROUNDINGS if one != ratios))
        )
        calendar = draw.choice(CALENDARS)
        self.amendable.append(("business_days", calendar, tuple(one for one in CALENDARS if one != calendar)))
        every, due, hour = (
            draw.choice(("week", "week", "month")),
            "1 business day before determination date",
            '"15:00"',
        )
        determined = ", determined: on the date" if "quarter" in dates else ""
        if self.on_delivery:
            determined, hour = ", determined: on delivery of the period's report", "end of day"
            every = next((one for one in ("quarter", "month") if one in dates), "week")
            due = draw.choice(
                ("3 days after determination date", "15 business days after determination date")
            )
        every += ", months: [2, 5, 8, 11]" if every == "quarter" else ""
        parts = [
            "deal: odd-2026\nformat: 2\nillustrative: true\n"
            "documents:\n  IND: {title: Indenture, dated: 2026-01-06}\n"
            "  AM1: {title: Amendment, dated: 2026-02-20}\n"
            "  AM2: {title: Amendment, dated: 2026-02-20}\n"
            f"closing_date: {CLOSING}\nmaturity_date: 2031-01-15\nbusiness_days: {calendar}\n"
            "time_zone: America/New_York\n"
            f"determination_dates: {{{dates}{determined}, if_not_a_business_day: {draw.choice(rolls)}, "
            f"cut_off: {hour}, cite: IND §1}}\n"
            f"payment_dates: {{every: month, day: {draw.choice((1, 15, 20, 'last'))}, "
            f"if_not_a_business_day: {draw.choice(rolls[:3])}, cite: IND §2}}\n"
            f"servicer_reports: {{every: {every}, due: {due}, "
            f"too_old_after: {draw.choice(('10 days', '40 days', '3 months'))}, corrected_report: from then on, "
            "late_keying: {accepted_for: 10 business days}, tolerance: none, cite: IND §3}\n"
            "revenue: {mostly: on demand, cite: IND §4}\n"
            f'rounding: {{ratios: "{ratios}", '
            f'multiples: "{draw.choice(("unrounded", "unrounded", "2 decimals, half up"))}", cite: IND §5}}\n'
            "parties:\n  issuer: {name: Odd LLC, notices: a@example.com}\n"
            "  servicer: {name: Odd Services LLC, notices: b@example.com}\n"
            "  agent: {name: Example Bank, notices: c@example.com}\n"
        ]
        parts += ["index:\n", *map(self._index, self.indices)]
        parts += [self._blend()] if self.blend else []
        parts += ["pledged_assets:\n", *map(self._asset, self.assets)]
        parts += ["debt:\n"]
        parts += [
            f'  {name}: {{original_principal: "USD {26 - 9 * place},000,000", rate: 6%, cite: IND §2}}\n'
            for place, name in enumerate(self.classes)
        ]
        parts.append("events:\n  manager-default: {declared_by: agent, text: By notice, cite: IND §7}\n")
        parts.append("figures:\n")
        parts += [f"  {name}: {{{words}, cite: IND §1}}\n" for name, words in FIGURES]
        covenants = self.covenants()
        triggers = [self._trigger(f"trigger-{place}") for place in range(draw.randint(1, 3))]
        blocks, amendments = self._amended({"covenants": covenants, "triggers": triggers})
        parts += [f"{name}:\n{''.join(clauses)}" for name, clauses in blocks.items()]
        parts.append(
            "notices:\n  compliance: {given_by: servicer, to: [issuer, agent], every: determination date}\n"
            "  test_failed: {given_by: servicer, to: [issuer], within: 2 business days, cite: IND §6}\n"
            "  event_of_default: {given_by: agent, to: [issuer], within: 1 business day, cite: IND §6}\n"
            "  trigger_event: {given_by: servicer, to: [issuer], within: 1 business day, cite: IND §6}\n"
            "  correction: {given_by: the giver, to: [the same addressees], within: 1 business day, cite: IND §6}\n"
        )
        parts.append(amendments)
        return "".join(parts)

    def _index(self, name: str) -> str:
        draw = self.draw
        effect = draw.choice(("report only",) * 6 + ("hold",))
        level, fallback = f"USD {INDICES[name]} per GPU-hour", self._fallback()
        self.amendable.append((f"index.{name}.fallback", fallback, (self._fallback(), self._fallback())))
        self.amendable.append((f"index.{name}.closing_date_level", level, ("USD 1.75 per GPU-hour",)))
        return (
            f"  {name}:\n    source: computed by the calculation agent\n"
            "    methodology: {policy: pinned, version: 1.1-wp}\n"
            f"    closing_date_level: {level}\n"
            f"    low_confidence: {{effect: {effect}, cite: IND §2}}\n"
            "    late_publication: {accepted_for: 5 business days, cite: IND §2}\n"
            "    restatement: {accepted_for: 5 business days, effect: retest, cite: IND §2}\n"
            f"    cite: IND §1\n    fallback: {fallback}\n"
        )

    def _fallback(self) -> str:
        """The steps of a Reference Rate: what was published, mostly a carried value, and what people set."""
        draw = self.draw
        carried = draw.choice((None, 1, 1, 2, 3))
        many = "s" if (carried or 0) > 1 else ""
        steps = ["published value"]
        steps += [f"last published value, for_at_most: {carried} publication date{many}"] if carried else []
        steps += ["agent determination"] if draw.random() < 0.4 else []
        steps += ["interpolation"] if draw.random() < 0.1 else []
        steps += ["successor benchmark"] if draw.random() < 0.1 else []
        return f"[{', '.join(f'{{use: {step}, cite: IND §2}}' for step in steps)}]"

    def _blend(self) -> str:
        """A rate of two indices, which covenants and asset classes may name like an index."""
        draw, share = self.draw, self.draw.choice((60, 33))
        one, other = self.indices[:2]
        missing = draw.choice(("exclude", "not determined", "{at: USD 0.90 per GPU-hour}"))
        return (
            f"blended_rates:\n  {BLEND}: {{of: {{{one}: {share}%, {other}: {100 - share}%}}, "
            f"weights: {draw.choice(('fixed', 'fixed', 'register'))}, missing_component: {missing}, cite: IND §1}}\n"
        )

    def _asset(self, name: str) -> str:
        draw = self.draw
        index = self.index_of(name)
        priced = BLEND if self.blend and draw.random() < 0.25 else index
        more = draw.choice(
            (
                "",
                "",
                ", missing_index: exclude",
                ", missing_index: {at: USD 0.90 per GPU-hour}",
                ", performance_factor: 0.85",
            )
        )
        gpus, available = draw.choice((1, 512, 1200, 2048)), draw.choice(("95%", "90%", "33.3%"))
        term, others = f"pledged_assets.{name}", tuple(one for one in self.indices if one != priced)
        self.amendable.append((f"{term}.gpus", str(gpus), ("800", "2500")))
        self.amendable.append((f"{term}.availability", available, ("99%", "50%")))
        if others:
            self.amendable.append((f"{term}.index", priced, others))
        return (
            f"  {name}: {{model: {MODELS[index]}, gpus: {gpus}, availability: {available}, "
            f"index: {priced}{more}, cite: IND §8}}\n"
        )

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
                f"cure: {{within: {within}, after: {self.clock()}, cured_by: {retest}{caps}, cite: IND §7}}"
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
            self.accounts += [name] if to.startswith("reserve account") else []
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
        dates = self.when(template)
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

    def _amended(self, blocks: Blocks) -> tuple[Blocks, str]:
        """The covenants and triggers of the deal as it closes, and its amendments.

        An amendment may take a clause away that nothing else looks at, or bring it. Another may undo it.
        """
        draw = self.draw
        free = [
            (name, place)
            for name, clauses in blocks.items()
            for place, clause in enumerate(clauses)
            if not any(_looks_at(other, clause) for clauses in blocks.values() for other in clauses)
        ]
        if not free or draw.random() > 0.15:
            return blocks, self._terms_amended()
        name, place = draw.choice(free)
        whole = blocks[name]
        left = [clause for other, clause in enumerate(whole) if other != place]
        turns = [whole, left] if draw.random() < 0.75 else [left, whole]
        turns += [turns[0]] if draw.random() < 0.3 else []
        on, said = CLOSING, ["amendments:\n"]
        for number, (old, new) in enumerate(pairwise(turns), start=1):
            on += timedelta(days=draw.randint(15, 90))
            said.append(
                f"  - number: {number}\n    document: AM{number}\n    effective: {on}\n    changes:\n"
                f"      - term: {name}\n        cite: AM{number} §1\n"
            )
            if len(new) < len(old) and (name == "triggers" or "template: cash_sweep" in whole[place]):
                follows, money = draw.choice(("end", "stand")), draw.choice(("release", "keep"))
                said.append(f"        consequences: {follows}\n        reserve: {money}\n")
            said += [_block("replaces", old), _block("with", new)]
        return {**blocks, name: turns[0]}, "".join(said)

    def _terms_amended(self) -> str:
        draw = self.draw
        if draw.random() < 0.6:
            return "amendments: []\n"
        changes = [
            f"{{term: {term}, replaces: {old}, with: {draw.choice(new)}, cite: AM1 §1}}"
            for term, old, new in self.amendable
            if draw.random() < 0.4
        ]
        if not changes:
            return "amendments: []\n"
        on = CLOSING + timedelta(days=draw.randint(15, 120))
        listed = "".join(f"      - {change}\n" for change in changes)
        return f"amendments:\n  - number: 1\n    document: AM1\n    effective: {on}\n    changes:\n{listed}"


def _looks_at(clause: str, other: str) -> bool:
    """Whether a clause names another, as a test or as a trigger."""
    name = other.partition(":")[0].strip()
    return re.search(rf"(test|trigger): {name}\b", clause) is not None


def _block(name: str, clauses: Sequence[str]) -> str:
    """A block of an amendment: what it replaces, or what it writes in its place."""
    if not clauses:
        return f"        {name}: {{}}\n"
    lines = "".join(clauses).splitlines()
    return f"        {name}:\n" + "".join(f"        {line}\n" for line in lines)
