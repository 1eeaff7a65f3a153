"""The audit report on paper, which an auditor reads and signs by hand.

Nothing is filled in for the signer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reports.drawing.marks import WORDS
from reports.formats import counted, eights, instant, role, sentence, with_dates
from reports.notice.blocks.closing import document

NOTHING = "–"
NOT_OWED = "a report, which nobody owes"
"""The outcome of a document that is not a notice."""


@dataclass(frozen=True)
class AuditInputs:
    """What an audit report's page is made of.

    Attributes:
        data: the JSON of `audit-report`.
        operator: who keeps the record.
        issued_at: when it was made, with its zone.
        illustrative: whether the data is generated.
    """

    data: Mapping[str, Any]
    operator: str
    issued_at: datetime
    illustrative: bool = False


def compose(inputs: AuditInputs) -> dict[str, Any]:
    """Return the page as plain strings."""
    data = inputs.data
    period = with_dates(f"{data['from']} to {data['to']}")
    return {
        "title": f"Audit Report on {data['deal']}, {period}",
        "summary": _lead(data),
        "issued": inputs.issued_at.isoformat(),
        "illustrative": WORDS if inputs.illustrative else "",
        "left": f"Audit Report on {data['deal']}",
        "right": period,
        "foot": (
            f"Log of {data['deal']}: {data['log']['size']:,} entries, head {eights(data['log']['root'][:16])}"
        ),
        "operator": inputs.operator,
        "deal": data["deal"],
        "form": (
            f"Period {period}, by contract dates. Made {instant(inputs.issued_at)}, to be signed by the "
            "auditor."
        ),
        "answer": _answer(data),
        "record": _record(data),
        "verified": [
            [with_dates(str(one["step"])), one["difference"] or "holds"] for one in data["verified"]
        ],
        "tables": _tables(data),
        # These sentences have numbers, so that an auditor can refer to one of them in writing.
        "not_checked": [
            [str(n), one["sentence"], sentence(one["source"])] for n, one in enumerate(data["not_checked"], 1)
        ],
        "statement": STATEMENT,
        # The operator makes the file, and must not fill in the words of whoever judges it.
        "blanks": ["Auditor", "Firm", "Signature", "Place and date"],
        # The layout measures the blocks of a notice's first page, and a report has nothing there.
        "first": (),
    }


STATEMENT = (
    "The undersigned has made this report from the record named above and has read the list of what was not "
    "checked. The undersigned states nothing beyond what stands here."
)


def _lead(data: Mapping[str, Any]) -> str:
    if data["clean"]:
        return "The record holds, and comes out again"
    return "The record DIFFERS from what was signed, or from what comes out again"


def _answer(data: Mapping[str, Any]) -> list[list[tuple[str, bool]]]:
    dates, notices = data["dates"], data["notices"]
    counts = ", ".join(f"{dates[verdict]} {verdict}" for verdict in ("PASS", "FAIL", "NOT DETERMINED"))
    # A notice that is late and still owed counts too, since both break the same duty.
    late = [row for row in notices if row["outcome"] in ("given late", "late, not given")]
    return [
        [(_lead(data), True), (f". {data['replayed']}", False)],
        [
            (
                f"The period has {counted(dates['Determination Dates'])} Determination Dates: {counts}. "
                f"{sentence(counted(len(notices)))} notices are of its dates; {counted(len(late))} of them "
                f"came late. {sentence(counted(len(data['on_a_word'])))} entries rest on a person’s word. "
                f"{sentence(counted(len(data['not_checked'])))} sentences say what was not checked.",
                False,
            )
        ],
    ]


def _record(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    keys = "; ".join(f"{one['name']} ({one['kind']})" for one in data["keys"]) or "none"
    return [
        ("Log", f"{data['log']['size']:,} entries, root {eights(data['log']['root'])}"),
        ("Keys", f"{keys}. {data['keys_from']}"),
        (
            "Held checkpoints",
            # An auditor who holds nothing must be told that the record proves only its own consistency.
            " ".join(data["held"]) or "None was given, so nothing shows that the record was not made anew.",
        ),
    ]


def _tables(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    dated = ["Entry", "Of", "Recorded, UTC", "What"]
    widths = [14, 24, 30, 106]
    return [
        {
            "number": 3,
            "heading": "Notices, as far as the record knows them",
            "heads": ["No.", "What", "Of", "Made", "Steps", "Due", "Outcome"],
            "rows": [_notice(row) for row in data["notices"]],
            "widths": [10, 40, 20, 20, 42, 20, 22],
            "none": "No notice is of a date in the period.",
        },
        *(
            {
                "number": n,
                "heading": heading,
                "heads": dated,
                "rows": _lines(data[name]),
                "widths": widths,
                "none": none,
            }
            for n, heading, name, none in (
                (4, "Corrections", "corrections", "Nothing was determined again."),
                (
                    5,
                    "What rests on a person’s word",
                    "on_a_word",
                    "Nothing in the period rests on a person’s word alone.",
                ),
                (
                    6,
                    "Exceptions",
                    "exceptions",
                    "Every date was evaluated, every result determined, no figure held.",
                ),
            )
        ),
    ]


def _lines(lines: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    return [
        [str(line["seq"]), with_dates(line["on"]), _minute(line["recorded_at"]), with_dates(line["what"])]
        for line in lines
    ]


def _minute(moment: str) -> str:
    """Return a moment of the record to its minute, which is in UTC."""
    # The column's head says that the time is in UTC, so a zone is not repeated in each row.
    return moment[:16].replace("T", " ")


def _notice(row: Mapping[str, Any]) -> list[str]:
    what = document(row["kind"], owed=row["outcome"] != NOT_OWED) + (
        f", {row['title']}" if row["title"] else ""
    )
    steps = "; ".join(f"{role(to)}: {step}" if to != "all" else step for to, step in row["steps"].items())
    days = [with_dates(row[name]) if row[name] else NOTHING for name in ("on", "issued_on", "due")]
    return [str(row["number"]), what, days[0], days[1], with_dates(steps), days[2], row["outcome"]]
