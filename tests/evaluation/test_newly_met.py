"""A trigger begins on something new (`rulings.md` 45): the examples by hand, and over random triggers an
oracle without memory.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from engine.determination.template import Template
from engine.evaluation.conditions import Gate, LeafRule, Seen, Tree, leaves
from engine.evaluation.trigger_states import TriggerRule, next_trigger
from engine.events.results import TestResult, Verdict
from engine.events.states import Entry, TestState, TestStatus, TriggerState, TriggerStatus, entry_after
from engine.foresight.prove import prove
from engine.terms.as_written import Deal
from engine.terms.periods import Persistence
from engine.workspace.deal_files import read_deal
from tests.conftest import DEALS

RATES = "1.95 1.60 1.60 1.95x8"
DEFAULT = "{test: borrowing-base, state: EVENT OF DEFAULT}"
TWO_PASSES = "{test: borrowing-base, result: PASS, for: 2 consecutive determination dates}"


def prairie(begins: str, ends: str, rates: str, expect: str, acts: str = "[]", more: str = "") -> str:
    """Prairie with another funding stop and one worked example: the test is in default from 2026-02-19."""
    text = (
        (DEALS / "prairie-warehouse-2026.yaml").read_text(encoding="utf-8").partition("worked_examples:")[0]
    )
    head, _, rest = text.partition("triggers:\n")
    tail = rest.partition("notices:")[2]
    certified = 'certified.h100.2025-12-01: 768 GPUs, outstanding_principal: "USD 10,000,000"'
    return f"""{head}triggers:
{more}  funding-stop:
    cite: WA §2.03
    begins: {begins}
    ends: {ends}
notices:{tail}
worked_examples:
  - name: By hand
    first_publication: 2026-02-05
    rates: {{CRI-H100: {rates}}}
    facts: {{{certified}}}
    acts: {acts}
    expect:
{expect}"""


def states(*expected: tuple[str, str, str]) -> str:
    return "".join(
        f"      - {{on: {on}, trigger: funding-stop, state: {state}{since}}}\n"
        for on, state, since in expected
    )


FIRST = ("2026-02-26", "IN EFFECT", ", since: 2026-02-19")
ENDED = ("2026-03-05", "NOT IN EFFECT", ", since: 2026-03-05")
WAIVER = (
    "[{on: 2026-03-10, act: waiver, clause: borrowing-base, until: 2026-03-31, clock: resumes, document: "
    "Waiver Letter}]"
)
SWEEP = """  sweep-again:
    cite: WA §2.03
    begins: {test: borrowing-base, result: FAIL}
    ends: {test: borrowing-base, result: PASS}
"""
BY_HAND = {
    "passing tests end it, and the old default begins it no more": prairie(
        DEFAULT,
        TWO_PASSES,
        RATES,
        states(FIRST, ENDED, ("2026-03-12", "NOT IN EFFECT", ""), ("2026-04-16", "NOT IN EFFECT", "")),
    ),
    "the end of a waiver of the test is not an entry": prairie(
        DEFAULT,
        TWO_PASSES,
        RATES,
        states(FIRST, ENDED, ("2026-04-02", "NOT IN EFFECT", ""), ("2026-04-16", "NOT IN EFFECT", "")),
        WAIVER,
    ),
    "an old limb counts beside a new one": prairie(
        f"{{all_of: [{DEFAULT}, {{trigger: sweep-again, state: IN EFFECT}}]}}",
        TWO_PASSES,
        "1.95 1.60 1.60 1.95x7 1.60",
        states(
            FIRST,
            ENDED,
            ("2026-04-09", "NOT IN EFFECT", ""),
            ("2026-04-16", "IN EFFECT", ", since: 2026-04-16"),
        ),
        more=SWEEP,
    ),
    "a new count begins it although an old limb is met": prairie(
        f"{{any_of: [{DEFAULT}, {{test: borrowing-base, result: FAIL, for: 2 consecutive determination "
        f"dates}}]}}",
        TWO_PASSES,
        "1.95 1.60 1.60 1.95x7 1.60 1.60",
        states(
            ("2026-02-19", "IN EFFECT", ", since: 2026-02-19"),
            ENDED,
            ("2026-04-16", "NOT IN EFFECT", ""),
            ("2026-04-23", "IN EFFECT", ", since: 2026-04-23"),
        ),
    ),
    "an Act ends it, and the date of the Act counts for nothing": prairie(
        "{test: borrowing-base, result: FAIL, for: 2 consecutive determination dates}",
        "{test: borrowing-base, result: PASS, for: 9 consecutive determination dates}",
        "1.95 1.60 1.60 1.60 1.60 1.60",
        states(
            ("2026-02-19", "IN EFFECT", ", since: 2026-02-19"),
            ("2026-02-26", "NOT IN EFFECT", ", since: 2026-02-26"),
            ("2026-03-05", "NOT IN EFFECT", ""),
            ("2026-03-12", "IN EFFECT", ", since: 2026-03-12"),
        ),
        "[{on: 2026-02-26, act: trigger ended, clause: funding-stop, document: Letter}]",
    ),
    "never inside a waiver of the trigger": prairie(
        DEFAULT,
        TWO_PASSES,
        "1.95 1.60 1.60 1.60 1.60",
        states(("2026-02-26", "WAIVED", ""), ("2026-03-05", "IN EFFECT", ", since: 2026-03-01")),
        "[{on: 2026-02-13, act: waiver, clause: funding-stop, until: 2026-02-28, document: Waiver Letter}]",
    ),
    "exactly while it holds, until an Act ends the default": prairie(
        f"{{any_of: [{{test: borrowing-base, state: CURE PERIOD}}, {DEFAULT}]}}",
        "when begins is no longer met",
        RATES,
        states(
            ("2026-02-12", "IN EFFECT", ", since: 2026-02-12"),
            ("2026-03-05", "IN EFFECT", ", since: 2026-02-12"),
            ("2026-03-26", "NOT IN EFFECT", ", since: 2026-03-20"),
            ("2026-04-09", "NOT IN EFFECT", ""),
        ),
        "[{on: 2026-03-20, act: default ended, clause: borrowing-base, document: Letter}]",
    ),
    "exactly while it holds, a waiver of the test between": prairie(
        DEFAULT,
        "when begins is no longer met",
        RATES,
        states(
            ("2026-03-05", "IN EFFECT", ", since: 2026-02-19"),
            ("2026-03-12", "NOT IN EFFECT", ", since: 2026-03-10"),
            ("2026-04-02", "IN EFFECT", ", since: 2026-04-01"),
        ),
        WAIVER,
    ),
}


@pytest.mark.parametrize("text", BY_HAND.values(), ids=BY_HAND.keys())
def test_by_hand(load: Callable[[str], Deal], all_templates: dict[str, Template], text: str) -> None:
    (proof,) = prove(load(text), all_templates)
    assert proof.problems == ()


def test_the_shipped_funding_stop_is_in_effect_until_an_act_ends_the_default(
    load: Callable[[str], Deal], all_templates: dict[str, Template]
) -> None:
    text = (DEALS / "prairie-warehouse-2026.yaml").read_text(encoding="utf-8")
    text += f"""  - name: While the default stands
    first_publication: 2026-02-05
    rates: {{CRI-H100: {RATES}}}
    facts: {{certified.h100.2025-12-01: 768 GPUs, outstanding_principal: "USD 10,000,000"}}
    acts: [{{on: 2026-04-02, act: default ended, clause: borrowing-base, document: Letter}}]
    expect:
      - {{on: 2026-03-26, trigger: funding-stop, state: IN EFFECT, since: 2026-02-12}}
      - {{on: 2026-04-02, trigger: funding-stop, state: NOT IN EFFECT, since: 2026-04-02}}
"""
    assert [proof.problems for proof in prove(load(text), all_templates)][-1] == ()


def test_check_warns_of_an_end_that_leaves_the_state_standing(all_templates: dict[str, Template]) -> None:
    def warned(begins: str, ends: str) -> bool:
        text = prairie(begins, ends, RATES, states(FIRST))
        problems = read_deal(text, "deal.yaml", all_templates)[1]
        return "W122" in {one.code for one in problems}

    compliant = "{test: borrowing-base, state: COMPLIANT}"
    assert warned(DEFAULT, TWO_PASSES)
    assert not warned(DEFAULT, compliant)
    assert not warned(DEFAULT, f"{{all_of: [{TWO_PASSES}, {compliant}]}}")
    assert warned(DEFAULT, f"{{any_of: [{TWO_PASSES}, {compliant}]}}")
    assert not warned(DEFAULT, "when begins is no longer met")
    assert not warned("{test: borrowing-base, result: FAIL}", TWO_PASSES)


# ---- over random triggers ----

ON = date(2026, 1, 8)
WEEK = timedelta(days=7)
KINDS = frozenset({"determination dates"})
TESTS = ("a", "b", "c")
S = TestStatus
MOVES = (S.COMPLIANT, S.PENDING, S.CURE_PERIOD, S.EVENT_OF_DEFAULT, S.WAIVED, S.SUSPENDED)


@dataclass
class World:
    """Tests with random results and states, week after week; and the entries that the fold would keep."""

    rng: random.Random
    tests: dict[str, TestState]
    entries: dict[str, Entry]

    def week(self, on: date) -> Seen:
        results = {}
        for name in TESTS:
            if self.rng.random() < 0.3:
                before = self.tests.get(name)
                since = on - timedelta(days=self.rng.randrange(7))
                status = self.rng.choice(MOVES)
                if before is None or before.status is not status:
                    self.tests[name] = TestState(
                        test=name, status=status, since=max(since, before.since if before else ON)
                    )
                    self.entries[name] = entry_after(
                        self.entries.get(name), status.value, self.tests[name].since
                    )
            self.tests.setdefault(name, TestState(test=name, status=S.COMPLIANT, since=on))
            self.entries.setdefault(name, Entry(status="COMPLIANT", on=on))
            results[name] = _result(
                name, on, self.rng.choice((Verdict.PASS, Verdict.FAIL, Verdict.FAIL, Verdict.NOT_DETERMINED))
            )
        return Seen(on, results, frozenset(), dict(self.tests), {}, KINDS, dict(self.entries))


def _result(name: str, on: date, verdict: Verdict) -> TestResult:
    return TestResult.model_construct(test=name, on=on, verdict=verdict, measured=None)


def _tree(rng: random.Random, depth: int = 2) -> Tree:
    if depth == 0 or rng.random() < 0.4:
        name = rng.choice(TESTS)
        if rng.random() < 0.5:
            return LeafRule(test=name, state=rng.choice(MOVES[:4]).value)
        count = rng.randint(1, 3)
        return LeafRule(
            test=name,
            result="FAIL",
            persistence=Persistence(count, rng.choice((count, count + 1)), "determination dates"),
        )
    parts = tuple(_tree(rng, depth - 1) for _ in range(rng.randint(2, 3)))
    return (
        Gate(rng.randint(1, len(parts)), parts)
        if len(set(leaves(Gate(1, parts)))) == len(leaves(Gate(1, parts)))
        else parts[0]
    )


class Oracle:
    """What meets a condition by the whole history since the last end, read again from the beginning on each
    date.
    """

    def __init__(self, history: Sequence[Seen], ended: date | None) -> None:
        self.history, self.ended = history, ended

    def leaf(self, leaf: LeafRule) -> tuple[bool, bool]:
        """Whether it is met, and whether newly."""
        now = self.history[-1]
        name = leaf.test or ""
        if leaf.state is not None:
            is_met = now.tests[name].status.value == leaf.state
            return is_met, is_met and (self.ended is None or now.test_entries[name].on >= self.ended)
        assert leaf.persistence is not None
        counted = [
            seen.results[name].verdict for seen in self.history if self.ended is None or seen.on > self.ended
        ]
        last = [one is Verdict.FAIL for one in counted if one is not Verdict.NOT_DETERMINED][
            -leaf.persistence.out_of :
        ]
        is_met = sum(last) >= leaf.persistence.count
        return is_met, is_met

    def tree(self, tree: Tree) -> tuple[bool, bool]:
        if isinstance(tree, LeafRule):
            return self.leaf(tree)
        parts = [self.tree(part) for part in tree.parts]
        is_met = sum(one for one, _ in parts) >= tree.n
        return is_met, is_met and any(new for _, new in parts)


@pytest.mark.parametrize("block", range(8))
def test_no_since_before_the_last_end_and_no_beginning_without_a_newly_met_limb(block: int) -> None:
    begun = again = 0
    for seed in range(block * 60, block * 60 + 60):
        rng = random.Random(seed)
        rule = TriggerRule("t", "-", _tree(rng), _tree(rng))
        world = World(rng, {}, {})
        history: list[Seen] = []
        state: TriggerState | None = None
        last_end: date | None = None
        for week in range(40):
            seen = world.week(ON + week * WEEK)
            history.append(seen)
            before, state = state, next_trigger(state, rule, seen, full=False)
            outside = before is None or before.status is TriggerStatus.NOT_IN_EFFECT
            newly = Oracle(history, last_end).tree(rule.begins)[1]
            if outside:
                assert (state.status is TriggerStatus.IN_EFFECT) == newly, (seed, week)
            if outside and state.status is TriggerStatus.IN_EFFECT:
                begun, again = begun + 1, again + (last_end is not None)
                assert state.since <= seen.on
                assert last_end is None or state.since >= last_end, (seed, week)
            if not outside and state.status is TriggerStatus.NOT_IN_EFFECT:
                last_end = seen.on
                assert state.ended_on == last_end
            if rng.random() < 0.03 and state.status is TriggerStatus.IN_EFFECT:  # an Act between two dates
                last_end = seen.on + timedelta(days=rng.randrange(1, 7))
                state = TriggerState(
                    trigger="t", status=TriggerStatus.NOT_IN_EFFECT, since=last_end, ended_on=last_end
                )
    assert begun > again > 20
