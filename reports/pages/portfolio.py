"""The portfolio summary: all deals of a workspace on a date, the worst first.

It takes as many landscape pages as it needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine.basics.values import counted as with_noun
from engine.events.states import TestStatus, TriggerStatus
from reports.drawing.marks import TEST_MARKS, trigger_mark
from reports.formats import (
    NONE,
    Runs,
    counted,
    instant,
    long_date,
    sentence,
    short_date,
    table_date,
    with_dates,
)

FOOT = (
    "Each deal has its own log, whose head stands on its notice. This summary is not a notice under any "
    "agreement."
)


DEFAULT = "Event of Default indicated"
"""How an Event of Default is said: the agreement may leave it to notice or vote (`rulings.md` 21)."""


@dataclass(frozen=True)
class PortfolioInputs:
    """What a portfolio summary is made of.

    Attributes:
        rows: one for each test and trigger, the worst first.
        on: the date as of which they stand.
        csv: the same rows, for the attachment.
        operator: who computes the index.
        issued_at: when, with its zone.
        illustrative: whether any of it is generated.
    """

    rows: Sequence[Mapping[str, Any]]
    on: date
    csv: str
    operator: str
    issued_at: datetime
    illustrative: bool = False


def compose(inputs: PortfolioInputs) -> dict[str, Any]:
    """Return the page as plain strings."""
    deals = list(dict.fromkeys(str(row["deal"]) for row in inputs.rows))
    rows = [_row(row) for row in inputs.rows]
    urgent = [row for row in rows if row["urgent"]]
    # A rule is drawn under the last urgent row, and a slice is empty when nothing is urgent.
    for row in urgent[-1:]:
        row["last"] = True
    answer = _answer(inputs.rows, deals)
    return {
        "title": f"Portfolio Summary, {long_date(inputs.on)}",
        "summary": "".join(text for text, _ in answer),
        "issued": inputs.issued_at.isoformat(),
        "illustrative": "ILLUSTRATIVE - NOT A NOTICE" if inputs.illustrative else "",
        "left": f"{inputs.operator}, {instant(inputs.issued_at)}",
        "right": with_noun(len(deals), "deals") if len(deals) > 1 else deals[0],
        "foot": FOOT,
        "date": f"as of {long_date(inputs.on)}",
        "answer": [answer],
        "rows": rows,
        "line": bool(urgent),
        "first": (),
    }


def _answer(rows: Sequence[Mapping[str, Any]], deals: Sequence[str]) -> Runs:
    """Return how many deals need an act, and the worst of them."""
    acting = list(dict.fromkeys(str(row["deal"]) for row in rows if row["urgent"]))
    whole = f"Of {counted(len(deals))} deal{'s' if len(deals) > 1 else ''}, "
    if not acting:
        return [(f"{whole}none needs an act.", True)]
    need = f"{whole}{counted(len(acting))} need{'s' if len(acting) == 1 else ''} an act."
    said = []
    # Three deals fit the sentence at the head, and the table below names all of them.
    for deal in acting[:3]:
        worst = next(row for row in rows if row["deal"] == deal and row["urgent"])
        by = f", due {short_date(date.fromisoformat(worst['due'][0]['by']))}" if worst["due"] else ""
        # The engine does not declare a default, so the sentence has another word than the state's name.
        state = DEFAULT if worst["state"] == TestStatus.EVENT_OF_DEFAULT.value else worst["state"]
        said.append(f"{deal}: {worst['title']}, {state}{by}")
    more = f"; and {counted(len(acting) - 3)} more" if len(acting) > 3 else ""
    return [(need, True), (f" {'; '.join(said)}{more}.", False)]


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    due = [
        (
            f"{table_date(date.fromisoformat(deadline['by']))}{', overdue' if deadline['overdue'] else ''}",
            sentence(f"{deadline['who']}: {deadline['what']}"),
        )
        for deadline in row["due"]
    ]
    return {
        "deal": str(row["deal"]),
        "title": str(row["title"]),
        "cite": str(row["cite"]),
        "mark": _mark(str(row["state"]), bool(row["counting"])),
        "state": f"{row['state']}{', ' + row['counting'] if row['counting'] else ''}",
        "result": row["result"],
        "headroom": row["headroom_shown"] or NONE,
        "against": f"{row['measured']}, {row['limit']}" if row["measured"] else "",
        "on": short_date(date.fromisoformat(row["on"])) if row["on"] else NONE,
        "due": due,
        "note": with_dates(str(row["note"])),
        "urgent": bool(row["urgent"]),
        "last": False,
    }


def _mark(state: str, counting: bool) -> str:
    """Return the mark of a state; what is not a state of a test or a trigger is drawn as not determined."""
    # Some words are states of both kinds, and the trigger's mark can show that it counts.
    if state in {status.value for status in TestStatus} - {status.value for status in TriggerStatus}:
        return TEST_MARKS[TestStatus(state)]
    if state in {status.value for status in TriggerStatus}:
        return trigger_mark(TriggerStatus(state), int(counting))
    return "undetermined"
