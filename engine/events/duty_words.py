"""The words for what is due, for a way to cure, and for what follows: fields go in, a phrase comes out.

The log keeps these words beside the fields. A page makes the words again, with the agreement's titles, and
never reads the recorded ones.
"""

from __future__ import annotations

from engine.basics.values import Figure, Unit, in_words, printed, trimmed
from engine.events.due_acts import Brings, Deposit, Due, DueFacts, Follow
from engine.events.results import Remedy


def remedy_words(way: Remedy) -> str:
    """Return a way to cure with its amount: `prepay USD 589,317.52`, `pledge 49 GPUs more of class h100`."""
    amount = printed(way.figure)
    if way.method == "prepayment":
        return f"prepay {amount}"
    if way.method == "equity":
        return f"contribute {amount} and prepay with it"
    return f"pledge {amount} more" + (f" of class {way.asset_class}" if way.asset_class else "")


def due_words(due: Due, title: str | None = None) -> str:
    """Return what is due in words: `cure by prepayment or retest`, `report for 2026-11-12`.

    Args:
        due: the act. An act recorded before acts had facts keeps its recorded words.
        title: what the agreement calls the clause that a notice is about; its key unless given.
    """
    facts = due.facts
    if facts is None:
        return due.what
    if due.act == "notify":
        kind = (due.notice or "").replace("_", " ") + (", held as not decisive" if facts.held else "")
        to = ", ".join(role.replace("_", " ") for role in due.to)
        return f"give notice of {kind} ({title or due.subject}) to {to}"
    if facts.deposit is not None:
        return deposit_words(facts.deposit)
    return _said(due, facts)


def _said(due: Due, facts: DueFacts) -> str:
    if due.act == "cure":
        return f"cure by {' or '.join(facts.cured_by)}" if facts.cured_by else "cure"
    if due.act == "deliver":
        return f"deliver the {facts.deliver}" + (", overdue" if facts.overdue_since else "")
    if facts.period_end is not None:
        return f"report for the period to {facts.period_end}, overdue since {facts.overdue_since}"
    return f"report for {facts.for_date}"


def duty_words(due: Due) -> str:
    """Return what is due in words that do not depend on whether it is late.

    A list of duties holds several notices of one kind on one clause, so each says the date that it is about.
    """
    facts = due.facts
    if facts is None:
        return due.what.removesuffix(", overdue")
    if due.act == "notify" and due.of is not None:
        return due_words(due).replace(f"({due.subject})", f"({due.subject}) of {due.of}", 1)
    late = due.act == "deliver" and facts.overdue_since is not None
    return due_words(
        due.model_copy(update={"facts": facts.model_copy(update={"overdue_since": None})}) if late else due
    )


def deposit_words(deposit: Deposit) -> str:
    """Return what a sweep pays in words, and what the account holds.

    The amount is that of the report on hand, and a later report may say another.
    """
    held = printed(Figure(value=deposit.held, unit=Unit.USD))
    target = "" if deposit.target is None else f" of {printed(Figure(value=deposit.target, unit=Unit.USD))}"
    share = trimmed(Figure(value=deposit.share, unit=Unit.SHARE))
    basis = "by the report on hand" if deposit.reported else "by the report for it"
    if deposit.repays is not None:
        return f"repay {in_words(deposit.repays)} with {share} of {deposit.of}, {basis}"
    return f"pay {share} of {deposit.of} into the {deposit.to} ({held}{target}), {basis}"


def follow_words(one: Follow, title: str) -> str:
    """Return what follows in words: `Loan to value becomes an Event of Default`.

    Args:
        one: what follows. Without facts it keeps its recorded words.
        title: what the clause is called.
    """
    facts = one.facts
    if facts is None:
        return one.detail
    if one.what == "event of default":
        return f"{title} becomes an Event of Default"
    if one.what == "overdue":
        return f"the {facts.deliver} is overdue"
    if one.what == "rate lapses":
        return (
            f"the Reference Rate of {one.subject} is carried from {facts.carried_from}; without a "
            "publication the fallback goes on"
        )
    if facts.brings is not None:
        return brought(facts.brings) + (", for good" if one.what == "lasting consequence" else "")
    if facts.by is not None:
        return f"{title} begins if it is not cured by {facts.by}"
    verb = "ends" if one.what == "trigger ends" else "begins"
    return f"{title} {verb} if one more date counts: now {facts.count} of {facts.needed}"


def brought(one: Brings) -> str:
    """Return a consequence with its amounts: `apply funds: fees, then class_a`."""
    order = f": {', then '.join(one.order)}" if one.order else ""
    margin = f" by {trimmed(Figure(value=one.margin, unit=Unit.SHARE))}" if one.margin is not None else ""
    amount = f", {printed(Figure(value=one.amount, unit=Unit.USD))}" if one.amount is not None else ""
    needs = f", once there is a {one.needs}" if one.needs else ""
    return f"{one.effect}{order}{margin}{amount}{needs}"
