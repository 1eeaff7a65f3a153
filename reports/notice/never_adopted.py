"""The Report of a Date Not Evaluated for a deal without an adopted file.

It is a single page of what is known. Without an adopted file the log knows no party, no clause, no time zone
and no duty to give notice. It knows the deal's name, the date, the reason, the file that was read, and who
runs the engine. It holds no figure, so nothing needs a mark of generated data.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

from engine.basics.values import counted
from engine.events.kinds import Event, NotEvaluated
from engine.events.notice import NoticeInputs, notice_file_name
from reports.formats import eights, instant, listed, long_date, plain, short_engine, with_dates
from reports.notice.log_lookup import Past

NAME = "Report of a Date Not Evaluated"
FORM = "Report. Whether a party owes it as a notice is not known: no file of this deal has been adopted."
UNKNOWN = (
    "No file of this deal has been adopted before. So no test has been run, no state is on record, and this "
    "page names no party and no deadline: they stand in the file that could not be evaluated."
)
HOW = (
    "It compares this page with the attached entry, and the entry with its place in the log; there is no "
    "result to recompute. Keys come from your policy file, never from this PDF. Without a trustee’s "
    "cosignature or a time stamp the time is asserted by the operator; an unsigned copy is reported as "
    "“appearance not bound”."
)


def compose(inputs: NoticeInputs, past: Past) -> dict[str, Any]:
    """Return the report's context, in the form of every notice's (`reports/notice.py`).

    Raises:
        ValueError: the log does not say why the date was not evaluated either.
    """
    stated = past.of("not evaluated")
    if not stated or not isinstance(stated[-1].payload, NotEvaluated):
        raise ValueError("the log holds no `not evaluated`; a report of it has nothing to say")
    event, fact = stated[-1], stated[-1].payload
    answer = [
        [("The deal was not evaluated", True), (f" on {long_date(inputs.on)}.", False)],
        [(UNKNOWN, False)],
    ]
    title = f"{NAME} No. {inputs.number}"
    return {
        "kind": inputs.kind,
        "deal": inputs.deal,
        "number": inputs.number,
        "name": NAME,
        "form": FORM,
        "title": f"{title}, {inputs.deal}, {inputs.on.isoformat()}",
        "summary": plain(answer[0]),
        "issued": inputs.issued_at.isoformat(),
        "issuer": inputs.deal,
        "illustrative": "",
        "left": title,
        "foot": (
            f"Log of {inputs.deal}: {counted(inputs.log_size, 'entries')} at issue, head "
            f"{eights(inputs.log_head[:16])}"
        ),
        "particulars": [
            ("Date", long_date(inputs.on)),
            ("Issued", instant(inputs.issued_at.astimezone(UTC))),
            ("Made by", inputs.operator),
            ("Supersedes", "none"),
        ],
        "answer": answer,
        "first": [_why(fact), _mend(inputs), _proof(inputs, event)],
        "proof": [],
    }


def _why(fact: NotEvaluated) -> dict[str, Any]:
    said = [with_dates(text) for text in (fact.reason, *fact.problems)]
    return {"block": "problems", "number": 1, "heading": "Why the deal was not evaluated", "rows": said}


def _mend(inputs: NoticeInputs) -> dict[str, Any]:
    what = "Mend what is listed above and run again; the dates since closing are determined then"
    row = {
        "by": "at once",
        "mark": "",
        "who": inputs.operator,
        "what": what,
        "amount": "",
        "cite": "",
        "ways": [],
        "urgent": True,
    }
    return {"block": "due", "number": 2, "heading": "What is due", "rows": [row], "note": ""}


def _proof(inputs: NoticeInputs, event: Event) -> dict[str, Any]:
    """Return what the log held at issue, which file was read, what is attached, how to verify."""
    read = [used for used in event.inputs if re.fullmatch(r"[0-9a-f]{64}", used)]
    kept = (
        ("File as it was read, SHA-256", eights(read[0]), "kept in deals/refused")
        if read
        else ("File", "", "it could not be read")
    )
    attached = listed(sorted(inputs.attachments)) or "nothing"
    rows = [
        ("To", "", "no addressee is known"),
        ("Log head", eights(inputs.log_head), f"{counted(inputs.log_size, 'entries')} at issue"),
        *([("This document states", eights(event.leaf), f"leaf of entry {event.seq}")] if event.leaf else []),
        kept,
        ("Attached", "", f"{attached}. Made by {short_engine(event.engine)}, recorded by {event.actor}."),
    ]
    return {
        "block": "proof",
        "number": 3,
        "heading": "Distribution and proof",
        "rows": [{"name": name, "hash": digest, "text": text} for name, digest, text in rows],
        "command": f"headroom verify {notice_file_name(inputs)} --policy trustee.toml",
        "how": HOW,
    }
