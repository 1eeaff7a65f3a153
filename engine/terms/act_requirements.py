"""The kinds of Recorded Act, and what an Act must say before it may be recorded.

See `covenants.md`, Recorded Acts; rulings 22 to 25. `headroom act` and the Acts of a worked example
share this module, so that an example holds nothing that could not be recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from engine.basics.values import Figure, Unit, printed
from engine.terms.clause import Cure, MaintenanceClause
from engine.terms.in_force import TermsInForce
from engine.terms.phrases import read_amount, read_set_rate
from engine.terms.worked_example import read_figure

RATE_ACTS = {
    "interpolation": "interpolation",
    "successor benchmark agreed": "successor benchmark",
    "agent determination": "agent determination",
    "successor benchmark": "successor benchmark",
}
"""Acts that set a rate, and the step of the fallback that each supplies.

The last kind is the name that older logs give to `successor benchmark agreed`.
"""
PAYMENT_MADE = "payment made"
"""An amount paid into a reserve account, or with `paid_to: borrower` out of it (`rulings.md` 30a)."""
MANIFEST_ERROR = "manifest error"
"""The paper's Manifest Error Override (WP §7.3), as a deal takes it.

A print that is plainly wrong is treated as if it had not been published.
"""

KINDS = {
    "cure accepted": "ends a Cure Period",
    "waiver": "suspends a test or trigger until a date",
    "default ended": "ends an Event of Default",
    "notice of default": "makes an indicated Event of Default effective where it needs notice",
    "vote taken": "makes an indicated Event of Default effective where it needs a vote",
    "act withdrawn": "ends an Act that was entered in error, and names it",
    "trigger ended": "ends a trigger that is in effect",
    "obligation satisfied": "satisfies an Obligation",
    "appraisal delivered": "satisfies the appraisal Obligation of a clause",
    "discharged": "closes every test and trigger of the deal",
    "consent": "records a consent; it decides no state by itself",
    "notice given": "turns a draft notice into a notice, for the addressees that it names",
    "notice released": "ends a duty to give notice, by its addressee",
    "notice by the agent": "starts a cure clock that counts from it",
    "knowledge of the borrower": "starts a cure clock that counts from knowledge",
    "successor benchmark agreed": "sets the Reference Rate by the successor benchmark, from a date",
    "agent determination": "sets the Reference Rate of one date",
    "interpolation": "sets the Reference Rate of one date by interpolation",
    "event declared": "declares an event that the deal names, which may begin a trigger",
    "event ended": "ends an event that was declared",
    "payment made": "says what was paid into a reserve account, or out of it",
    "report withdrawn": "ends a Servicer's report that was entered in error, and names it",
    "address changed": "says where notices to a party go from its date on",
    "party replaced": "says who takes a party's place from its date on",
    "manifest error": "excludes what was published of an index on its date from use, until the next print",
}
"""Every kind of Recorded Act and what it does."""
REPORT_WITHDRAWN = "report withdrawn"
"""A Servicer's report that was entered in error.

The Act names the report as `history` does (`rulings.md` 53).
"""
PAID_TO = ("reserve account", "borrower")
"""Where a payment can go: into the reserve account, which is assumed, or out of it to the borrower."""
EVENT_ACTS = ("event declared", "event ended")
"""A party's declaration that an event which the deal names has happened, and that it is over."""
CLOCK_ACTS = ("notice by the agent", "knowledge of the borrower")
PARTY_ACTS = ("address changed", "party replaced")
"""Acts that change a party, or the address for its notices, from the Act's date on (`rulings.md` 55)."""
DECIDING = frozenset({*KINDS, *RATE_ACTS}) - {
    "consent",
    "notice given",
    "notice released",
    REPORT_WITHDRAWN,
    *PARTY_ACTS,
}
"""The kinds that decide a state or a rate.

If such an Act is effective in the past, the dates since then are determined again.
"""
NAMING_NO_CLAUSE = frozenset(
    {
        *RATE_ACTS,
        *PARTY_ACTS,
        MANIFEST_ERROR,
        "discharged",
        "consent",
        "notice given",
        "notice released",
        "act withdrawn",
        REPORT_WITHDRAWN,
    }
)
ON_A_CLAUSE = frozenset(KINDS) - NAMING_NO_CLAUSE
"""The kinds that must name the clause that they are about."""


@dataclass(frozen=True, slots=True)
class Said:
    """An Act as a command or a worked example states it."""

    act: str
    on: date
    clause: str | None = None
    until: date | None = None
    document: str | None = None
    prepared_by: str | None = None
    approved_by: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


Spelled = Callable[[str], str]
"""A function from a field's name to how the field is written where the Act stands.

In a command it is `--until`, in a file `until:`.
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why an Act may not be recorded.

    It holds the field that is wrong (None if a field is missing), what is wrong, and what to write.
    """

    field: str | None
    what: str
    fix: str


def refusals(said: Said, terms: TermsInForce, spelled: Spelled) -> Iterator[Refusal]:
    """Yield each reason why an Act of a known kind may not be recorded under the terms of its date.

    Whether two persons stand behind the Act is not checked here.

    Args:
        said: the Act.
        terms: the deal on the Act's effective date.
        spelled: how a field is written where the Act stands.
    """
    lacking = [spelled(name) for name, needed in _needed(said) if needed and not _given(said, name)]
    if lacking:
        yield Refusal(None, f"`{said.act}` must say more", f"give {' and '.join(lacking)}")
    if said.until is not None and said.until < said.on:
        what = f"it would end on {said.until}, before it is effective on {said.on}"
        yield Refusal("until", what, f"give {spelled('until')} with a later date")
    rate = said.details.get("rate")
    if said.act in RATE_ACTS and rate and read_set_rate(rate) is None:
        yield Refusal(
            "rate", f"`{rate}` is not a rate", f"write it in USD per GPU-hour, like {spelled('rate')} 1.90"
        )
    if said.act == "consent" and "version" not in said.details and _needs_consent(terms):
        yield Refusal(
            None,
            "a consent names no methodology version",
            f"give {spelled('version')} with the one that is consented to",
        )
    party = said.details.get("party")
    if party is not None and party not in terms.parties:
        yield Refusal("party", f"the deal has no party `{party}`", f"name one of {', '.join(terms.parties)}")
    if said.act == PAYMENT_MADE:
        yield from _of_a_payment(said, spelled)
    # Only these Acts may name an event, and an event is all that they may name.
    if said.clause is not None and (said.clause in terms.events) != (said.act in EVENT_ACTS):
        there = ", ".join(terms.events) or "none"
        what = f"`{said.act}` is not of `{said.clause}`"
        yield Refusal(
            "clause", what, f"name an event with {' or '.join(EVENT_ACTS)} alone (the deal has: {there})"
        )
    clause, trigger = terms.covenants.get(said.clause or ""), terms.triggers.get(said.clause or "")
    cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
    if (
        said.act == "cure accepted"
        and trigger is not None
        and trigger.cure is not None
        and said.details.get("method") is not None
    ):
        method, ways = said.details["method"], trigger.cure.cured_by
        if method not in ways:
            what = f"`{method}` does not cure `{said.clause}` ({trigger.cure.cite})"
            yield Refusal("method", what, f"it is cured by {', '.join(ways)}")
    if said.act == "cure accepted" and isinstance(cure, Cure):
        yield from _of_a_cure(said, cure, spelled)
    clock = said.details.get("clock")
    if said.act == "waiver" and (
        # Without a cure a clock does not run, so the waiver need not say what becomes of one.
        clock not in (None, "resumes", "restarts") or (clock is None and cure != "none")
    ):
        what = "say what a cure clock does when the waiver ends"
        yield Refusal(
            "clock" if clock else None,
            what,
            f"give {spelled('clock')} resumes, or {spelled('clock')} restarts",
        )


def _needs_consent(terms: TermsInForce) -> bool:
    """Return whether an index of the deal takes a changed methodology only with consent."""
    return any(index.methodology.consent_needed_for is not None for index in terms.index.values())


def _needed(said: Said) -> tuple[tuple[str, bool], ...]:
    """Return each field that an Act can have, and whether an Act of this kind must state it."""
    error = said.act == MANIFEST_ERROR
    return (
        ("clause", said.act in ON_A_CLAUSE),
        ("until", said.act == "waiver"),
        ("index", said.act in RATE_ACTS or error),
        ("rate", said.act in RATE_ACTS),
        # An override of a published value stands only on a document and two persons (WP §7.3).
        ("document", error),
        ("prepared_by", error),
        ("approved_by", error),
        ("amount", said.act == PAYMENT_MADE),
        ("names", said.act == REPORT_WITHDRAWN),
        ("document", said.act == REPORT_WITHDRAWN or said.act in (*EVENT_ACTS, *PARTY_ACTS)),
        ("party", said.act in PARTY_ACTS),
        ("address", said.act in PARTY_ACTS),
        ("name", said.act == "party replaced"),
    )


IN_DETAILS = ("index", "rate", "amount", "names", "party", "address", "name")


def _given(said: Said, name: str) -> object:
    return said.details.get(name) if name in IN_DETAILS else getattr(said, name)


def _of_a_payment(said: Said, spelled: Spelled) -> Iterator[Refusal]:
    """Yield a refusal of a payment with an unreadable amount, or to neither the account nor the borrower."""
    amount, paid_to = said.details.get("amount", ""), said.details.get("paid_to")
    # An Act that names an amount is evidence later, so a text that nobody can read is refused now.
    if amount and read_amount(amount) is None:
        yield Refusal("amount", f"`{amount}` is not an amount", "write it like `USD 1,500,000`")
    if paid_to is not None and paid_to not in PAID_TO:
        fix = f"write {spelled('paid_to')} {' or '.join(PAID_TO)}"
        yield Refusal("paid_to", f"a payment does not go to `{paid_to}`", fix)


def _of_a_cure(said: Said, cure: Cure, spelled: Spelled) -> Iterator[Refusal]:
    """Yield a refusal of a cure that the clause does not list, or of more equity than one cure may count."""
    method, amount = said.details.get("method"), said.details.get("amount")
    if method is not None and method not in cure.cured_by:
        what = f"`{method}` does not cure `{said.clause}` ({cure.cite})"
        yield Refusal("method", what, f"it is cured by {', '.join(cure.cured_by)}")
        return
    given = (
        # The currency may be left out of an amount, as `read_amount` allows.
        read_figure(amount if amount.startswith("USD") else f"USD {amount}") if method and amount else None
    )
    if method and amount and (given is None or given.unit is not Unit.USD or given.value <= 0):
        yield Refusal("amount", f"`{amount}` is not an amount", "write it like `USD 1,500,000`")
    elif (
        method == "equity"
        and cure.equity_at_most is not None
        # An amount that is not stated cannot be held against the cap.
        and (given is None or given.value > cure.equity_at_most)
    ):
        most = printed(Figure(value=cure.equity_at_most, unit=Unit.USD))
        what = f"an equity cure of `{said.clause}` counts at most {most} ({cure.cite})"
        yield Refusal("amount" if amount else None, what, f"give {spelled('amount')} within it")
