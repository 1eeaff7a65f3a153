"""The blocks of terms (`notice.md`, blocks 2 to 4, 9 and 10).

They are cure and consequences, the deal and its parties, and the governing words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.events.deal_adopted import AmendmentFacts, AssetFacts, ClauseFacts, DebtFacts
from engine.events.duty_words import remedy_words
from engine.events.states import TestStatus, TriggerStatus
from reports.formats import (
    counted,
    in_plain,
    listed,
    long_date,
    minus,
    role,
    sentence,
    short_date,
    table_date,
    term,
    whole,
    with_dates,
)
from reports.notice import log_lookup as log
from reports.notice.blocks.reserve import reserve, sweep_rows
from reports.notice.view import Brief, Line

Pairs = list[tuple[str, str]]

HEAD = 80
"""What a clause's heading takes of a column, in characters of its text."""


# ---- cure and consequences
# ----------------------------------------------------------------------------------------


def cure(brief: Brief) -> dict[str, Any]:
    """Return the cure of each test that fails or can be cured.

    It is the right, the amount, the last day and the uses. Money swept comes after it.
    """
    rows: Pairs = []
    for line in brief.lines:
        rows += _cure_rows(brief, line)
    rows += _consequence_rows(brief)
    rows += sweep_rows(brief)
    rows += _obligation_rows(brief)
    if not rows:
        rows = [("Cure", "no test is in a Cure Period and no Obligation is open")]
    return {"rows": rows, "reserve": reserve(brief)}


def _cure_rows(brief: Brief, line: Line) -> Pairs:
    test = line.test
    if test is None or test.status not in (
        TestStatus.CURE_PERIOD,
        TestStatus.EVENT_OF_DEFAULT,
        TestStatus.WAIVED,
    ):
        return []
    clause = brief.clauses[line.key]
    rows = [(line.title, _right(clause, len(test.cured_on)))]
    if test.cure is not None and test.status is TestStatus.CURE_PERIOD:
        amounts = [in_plain(remedy_words(way)) for way in (line.result.remedies if line.result else ())]
        rows.append(
            (
                "Amount needed",
                with_dates(minus(sentence(" or ".join(amounts)))) if amounts else "not a matter of an amount",
            )
        )
        rows.append(
            (
                "Last day",
                f"{long_date(test.cure.by)}: {test.cure.rule}, {test.cure.calendar} ({test.cure.cite})",
            )
        )
    if test.status is TestStatus.EVENT_OF_DEFAULT:
        waits = clause.default_needs not in (None, "nothing") and test.effective_on is None
        needs = f"; it needs a {clause.default_needs} to take effect" if waits else ""
        if test.effective_on is not None and test.effective_on != test.since:
            needs = f"; effective from {long_date(test.effective_on)}, by {clause.default_needs}"
        rows.append(
            (
                "Event of Default",
                f"indicated, from {long_date(test.since)}{needs}. It ends only by a Recorded Act",
            )
        )
    if test.status is TestStatus.WAIVED and test.waived_until:
        rows.append(
            (
                "Waiver",
                f"until {long_date(test.waived_until)}"
                + (f", by {test.waived_by}" if test.waived_by else ""),
            )
        )
    return rows


def _right(clause: ClauseFacts, used: int) -> str:
    """Return the cure right as the deal writes it; the engine's reading where the log holds no more."""
    right = clause.cure
    if right is None:
        return clause.reading
    limit = f"{right.at_most} allowed" if right.at_most else "the deal sets no limit"
    ways, times = listed(right.cured_by, "or"), counted(used) if used else "none"
    return (
        f"{role(right.by)}, by {ways}, within {right.within} after the {right.after} ({right.cite}). Used: "
        f"{times}; {limit}"
    )


def _consequence_rows(brief: Brief) -> Pairs:
    """Return what follows from each trigger that is in effect, with its section."""
    return [
        (
            f"{line.trigger_title}, in effect",
            with_dates(f"{consequence}; in force from {long_date(line.trigger.since)}"),
        )
        for line in brief.lines
        if line.trigger is not None and line.trigger.status is TriggerStatus.IN_EFFECT
        for consequence in brief.clauses[line.key].consequences
    ]


def _obligation_rows(brief: Brief) -> Pairs:
    return [
        (
            f"Obligation, {brief.title(obligation.clause)}",
            f"{role(obligation.by)} delivers the {obligation.name} by {table_date(obligation.due.by)} "
            f"({obligation.due.rule}, {obligation.due.calendar}); {obligation.status}",
        )
        for obligation in log.obligations(brief.past)
        if obligation.status != "SATISFIED"
    ]


# ---- the deal
# -----------------------------------------------------------------------------------------------------


def deal(brief: Brief) -> dict[str, Any]:
    """Return the deal's facts on the left, its parties on the right."""
    facts = brief.deal
    left: Pairs = [
        ("Deal", brief.inputs.deal + (f", {facts.unique_id}" if facts.unique_id else "")),
        ("Closing, maturity", f"{short_date(facts.closing_date)}, {short_date(facts.maturity_date)}"),
    ]
    for debt in facts.debt:
        left += _debt(debt)
    left += [("Pledged", _asset(asset)) for asset in facts.assets]
    left.append(("Documents", _documents(brief)))
    left.append(("Business Days", f"{facts.business_days}; dates in {facts.time_zone}"))
    left.append(("Revenue, rounding", f"mostly {facts.revenue}; ratios {facts.rounding}"))
    right = [
        (
            role(party.role),
            ", ".join(filter(None, (party.name, party.notices, f"LEI {party.lei}" if party.lei else None))),
        )
        for party in facts.parties
    ]
    named = {party.role for party in facts.parties}
    absent = {
        "backup_servicer": "none named",
        "calculation_agent": f"none named; computed by {brief.inputs.operator}",
    }
    right += [(role(key), text) for key, text in absent.items() if key not in named]
    return {"left": left, "right": right}


def _debt(debt: DebtFacts) -> Pairs:
    ids = (
        listed([f"{name} {value}" for name, value in (("CUSIP", debt.cusip), ("ISIN", debt.isin)) if value])
        or "no CUSIP or ISIN assigned"
    )
    return [
        (role(debt.name), f"{term(debt.original_principal)} at closing, {debt.rate} ({debt.cite}); {ids}")
    ]


def _asset(asset: AssetFacts) -> str:
    return (
        f"{whole(asset.gpus)} {asset.model}, availability {term(asset.availability)}, {asset.index} "
        f"({asset.cite})"
    )


def _documents(brief: Brief) -> str:
    listed_ = "; ".join(
        f"{document.short}, {document.title} of {short_date(document.dated)}"
        for document in brief.deal.documents
    )
    return listed_ + (
        "" if any(amendment.kind == "amendment" for amendment in brief.deal.amendments) else "; unamended"
    )


# ---- the words
# ----------------------------------------------------------------------------------------------------


def text(brief: Brief) -> dict[str, Any]:
    """Return the agreement's words for each clause, and the amendments in force."""
    clauses = brief.deal.clauses
    quoted = [
        {"cite": clause.cite, "title": clause.title, "text": clause.text or clause.reading}
        for clause in clauses
    ]
    read = [clause.cite for clause in clauses if clause.text is None]
    note = (
        f"Read from the terms of the deal file, not quoted: {listed(read)}. "
        if read
        else "Quoted from the deal file. "
    )
    note += (
        " ".join(_amendment(amendment) for amendment in brief.deal.amendments) or "No amendment is in force."
    )
    return {"parts": list(_parts(quoted)), "note": note}


LONG = 900
"""Characters of a clause that is set over the whole width: it may break over pages, as columns cannot."""
COLUMN = 2_400
"""Characters of one column that stays on its page."""


def _parts(quoted: Sequence[Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    """Yield the quoted clauses in their order.

    Short clauses stand side by side in columns that each fit a page. A long clause stands by itself,
    paragraph by paragraph.
    """
    short: list[Mapping[str, str]] = []
    for clause in quoted:
        long = len(clause["text"]) > LONG
        if short and (long or sum(len(one["text"]) + HEAD for one in (*short, clause)) > 2 * COLUMN):
            yield _columns(short)
            short = []
        if long:
            yield {"long": {**clause, "paragraphs": clause["text"].splitlines() or [clause["text"]]}}
        else:
            short.append(clause)
    if short:
        yield _columns(short)


def _columns(clauses: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    left = _half([len(clause["text"]) + HEAD for clause in clauses])
    return {"columns": [clauses[:left], clauses[left:]]}


def _amendment(one: AmendmentFacts) -> str:
    changes = listed([with_dates(change) for change in one.changes])
    name = f"{sentence(one.kind)} No. {one.number}"
    of = f"{name}, {one.document}" if one.kind == "amendment" else f"{name} of {one.document}"
    return f"{of}, from {short_date(one.effective)}: {changes}."


def _half(lengths: Sequence[int]) -> int:
    """Return how many items fill the left one of two columns."""
    left = 0
    while left < len(lengths) and sum(lengths[:left]) < sum(lengths) / 2:
        left += 1
    return left
