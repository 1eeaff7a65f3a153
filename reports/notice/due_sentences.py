"""Sentences about what is due and what follows.

Each is about a single act, a way to cure, or a consequence. The functions are pure, like those of
`sentences.py`. They use the agreement's words, with levels as prices and dates as people read them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from datetime import date

from engine.basics.values import Figure, Unit, in_words
from engine.events.due_acts import Due, Follow
from engine.events.duty_words import due_words, follow_words
from engine.events.results import Remedy
from engine.events.states import PRINTED_STATUS, Limb, TriggerStatus
from reports.formats import (
    Runs,
    classes,
    figure,
    in_plain,
    listed,
    role,
    sentence,
    short_date,
    table_date,
    term,
    with_dates,
)

Titles = Callable[[str], str]
"""From a clause's key to what the agreement calls it."""

# ---- what is due
# --------------------------------------------------------------------------------------------------


def due_act(due: Due, titles: Titles, triggers: Titles) -> str:
    """Return what a due act is: `Cure Loan-to-Value, by one of:`.

    Args:
        due: the act.
        titles: what each clause is called.
        triggers: what the trigger of each clause is called.
    """
    title = titles(due.subject)
    facts = due.facts
    if facts is None:
        return sentence(with_dates(due.what))  # as it was recorded, before acts had facts
    if due.act == "cure":
        if due.ways or facts.cured_by is None:
            return f"Cure {title}, by one of:" if due.ways else f"Cure {title}"
        return f"Cure {title} by {listed(list(facts.cured_by), 'or')}"
    if due.act == "notify":
        return _notice_act(due, told_of(due, titles, triggers))
    if due.act == "report":
        return f"{sentence(in_plain(with_dates(due_words(due))))}; all tests are run again"
    return sentence(in_plain(with_dates(due_words(due))))


def told_of(due: Due, titles: Titles, triggers: Titles) -> str:
    """Return what a due notice tells: `that Loan-to-Value failed`."""
    title = titles(due.subject)
    held = " (held: not decisive)" if due.facts is not None and due.facts.held else ""
    return {
        "test_failed": f"that {title} failed{held}",
        "event_of_default": f"of the Event of Default indicated on {title}",
        "trigger_event": f"that {triggers(due.subject)} is in effect",
        "cure": f"that {title} was cured",
        "correction": "of what was corrected",
    }.get(due.notice or "", "of the tests of the date")


def _notice_act(due: Due, of: str) -> str:
    """Return which notice is to be given to whom; one that is overdue also says of which date it is."""
    dated = f", of {short_date(due.of)}" if due.overdue_since is not None and due.of is not None else ""
    return f"Give notice {of}{dated} to {listed([f'the {role(one)}' for one in due.to])}"


def overdue_mark(since: date, on: date) -> str:
    """Return since when something is overdue, and for how many days on a date."""
    # The first day after the last day in time is day one of being overdue.
    days = (on - since).days + 1
    return f"overdue since {short_date(since)}, {days} day{'' if days == 1 else 's'}"


def cure_ways(
    due: Due, even: Figure | None, fails: str | None, next_date: date | None
) -> list[tuple[str, str]]:
    """Return the ways in which a cure can be done, each with its amount.

    They are lettered, in the agreement's order.
    """
    ways = [(_way_words(way), figure(way.figure)) for way in due.ways]
    if not ways:
        return []
    listed_ways = (due.facts.cured_by if due.facts is not None else None) or ()
    # A retest cures only if its date comes by the last day of the Cure Period, that day included.
    if "retest" in listed_ways and even is not None and next_date is not None and next_date <= due.by:
        side = "at or above" if fails == "below" else "at or below"
        ways.append((f"retest on {short_date(next_date)}, Reference Rate {side}", figure(even)))
    return [(f"({chr(ord('a') + n)}) {what}", amount) for n, (what, amount) in enumerate(ways)]


def _way_words(way: Remedy) -> str:
    if way.method == "additional collateral":
        return "pledge of further GPUs" + (f", class {in_plain(way.asset_class)}" if way.asset_class else "")
    return "prepayment" if way.method == "prepayment" else "equity contribution, applied as prepayment"


def deadline_mark(due: Due) -> str:
    """Return what must be said of a deadline beside its date."""
    if due.deadline is not None and due.deadline.found_late_on is not None:
        return f"found late on {short_date(due.deadline.found_late_on)}"
    return "rests on a projected calendar" if due.deadline is not None and due.deadline.projected else ""


# ---- what follows by itself
# ---------------------------------------------------------------------------------------


DATES = re.compile(
    r"\b(?:for|on) (one|\d+ consecutive|\d+ of the last \d+) (determination|publication) (dates?)\b"
)
VERBS = {"FAIL": "fails", "PASS": "passes", "NOT DETERMINED": "is NOT DETERMINED"}
STATES = {str(status): said for status, said in PRINTED_STATUS.items()} | {
    str(status): status.value for status in TriggerStatus
}


def condition(rest: str) -> str:
    """Return what a condition asks of its clause, as the rest of a sentence.

    An example is `fails on 4 consecutive Determination Dates`.
    """
    dated = DATES.sub(
        lambda match: f"on {match.group(1)} {match.group(2).title()} {match.group(3).title()}", rest
    )
    for word, said in VERBS.items():
        if dated == word or dated.startswith(f"{word} "):
            return said + dated.removeprefix(word)
    if dated in STATES:
        return f"stands at {STATES[dated]}"
    return f"is {dated}" if re.match(r"(at|below|above|more|less) ", dated) else dated


def read(text: str, keys: Collection[str], titles: Titles) -> str:
    """Return the engine's reading of a clause for people.

    Clauses have their titles. Classes of debt and dates are as the agreement writes them.
    """
    known = "|".join(re.escape(key) for key in sorted(keys, key=len, reverse=True))
    asked = "|".join(re.escape(word) for word in (*VERBS, *STATES))
    named = re.sub(
        rf"(?<![\w-])({known}) ((?:{asked}|(?:at least|at most|more than|less than) USD [\d.]+)(?: "
        rf"{DATES.pattern})?)",
        lambda match: f"{titles(match.group(1))} {condition(match.group(2))}",
        text,
    )
    cited = r"(?= \((?:[^()]|\([^()]*\))*\))"  # the section that a clause stands in, which follows its name
    named = re.sub(rf"(?<![\w-])({known}){cited}", lambda match: titles(match.group(1)), named)
    return classes(
        with_dates(re.sub(r"; ([a-z ]+) acts\b", lambda match: f"; the {role(match.group(1))} acts", named))
    )


def limb(one: Limb, titles: Titles) -> tuple[str | None, str]:
    """Return a count's condition in two parts.

    The first is the name of the clause that it looks at, and the second is the rest, with levels as prices. A
    condition of an old record stays as it stands.
    """
    leaf = one.leaf
    if leaf is None:
        return None, with_dates(one.what)
    if leaf.event is not None:
        return None, f"{in_words(leaf.event)} has been declared"
    if leaf.on_or_after is not None:
        return None, f"{short_date(leaf.on_or_after)} has come"
    if leaf.announced is not None:
        return None, f"{leaf.announced} of {leaf.index} announced"
    asked = leaf.result or leaf.state or ""
    if leaf.comparison is not None and leaf.level is not None:
        asked = f"{leaf.comparison} {term(Figure(value=leaf.level, unit=Unit.RATE))}"
    return titles(leaf.test or leaf.trigger or ""), condition(f"{asked}{_for_dates(one)}")


def _for_dates(one: Limb) -> str:
    """Return on how many dates a condition is to be met.

    The text is empty for a condition that looks at a state as it stands.
    """
    if one.dates == "state":
        return ""
    if one.needed == one.out_of:
        return (
            f" on one {one.dates.removesuffix('s')}"
            if one.needed == 1
            else f" for {one.needed} consecutive {one.dates}"
        )
    return f" for {one.needed} of the last {one.out_of} {one.dates}"


def follow(one: Follow, due: Sequence[Due], titles: Titles, triggers: Titles) -> Runs:
    """Return `Event of Default indicated if Loan-to-Value is not cured by Friday 13 November`."""
    title, trigger = titles(one.subject), triggers(one.subject)
    if one.what == "event of default":
        owed = next(
            (d.by for d in due if d.act == "cure" and d.subject == one.subject),
            one.facts.by if one.facts else None,
        )
        until = f" by {table_date(owed)}" if owed else ""
        return [("Event of Default indicated", True), (f" if {title} is not cured{until}", False)]
    heads = {
        "overdue": "Overdue",
        "trigger begins": f"{trigger} begins",
        "trigger ends": f"{trigger} ends",
        "rate lapses": "The rate lapses",
        "consequence": f"While {trigger} is in effect",
        "lasting consequence": f"Since {trigger} has been in effect",
    }
    return [(heads[one.what], True), (_rest(one), False)]


def _rest(one: Follow) -> str:
    """Return what is said after the head of what follows; of an old record its own words."""
    facts = one.facts
    if facts is not None and one.what == "trigger begins" and facts.by is not None:
        return f" if it is not cured by {table_date(facts.by)}"
    if facts is not None and facts.count is not None:
        return f" if one more date counts: now {facts.count} of {facts.needed}"
    said = (
        f"the {facts.deliver}"
        if facts is not None and facts.deliver is not None
        else with_dates(follow_words(one, ""))
    )
    return f": {said}"
