"""A notice's context: from the log to plain strings and coordinates, block by block in the design's order.

A notice states what the log says and computes nothing (`notice.md`); what is arithmetic here is layout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from engine.basics.values import counted
from engine.events.notice import NoticeInputs, NoticeKind
from reports.drawing.marks import WORDS
from reports.formats import eights, figure, instant, listed, plain, role, short_date
from reports.notice import never_adopted, sentences
from reports.notice.blocks import closing, event_answer, index, page_one, proof, terms
from reports.notice.blocks import what_happened as occasion
from reports.notice.doubt import doubt
from reports.notice.log_lookup import read
from reports.notice.view import Brief, Line, brief, date_of

__all__ = ["NoticeInputs", "compose"]

Block = Callable[[Brief], dict[str, Any]]

PROOF = (
    "index",
    "status",
    "computation",
    "cure",
    "deal",
    "dates",
    "text",
    "duties",
    "certification",
    "proof",
)
LOST = tuple(name for name in PROOF if name not in ("index", "status", "computation"))
"""The proof of a date that was not evaluated: it has no result to prove."""
FIRST: dict[NoticeKind, tuple[str, ...]] = {
    "compliance": ("results", "due", "follows"),
    "trigger_event": ("course", "due", "ends", "others"),
    "test_failed": ("course", "due", "ends", "others"),
    "event_of_default": ("course", "due", "ends", "others"),
    "cure": ("course", "due", "others"),
    "correction": ("corrections", "due", "others"),
    "not_evaluated": ("problems", "last_states", "due"),
}
"""The blocks of page 1, per kind; the proof follows them in every notice."""

BLOCKS: dict[str, tuple[str, Block]] = {
    "results": ("Results", page_one.results),
    "due": ("What is due", page_one.due),
    "follows": ("If nothing is done", page_one.follows),
    "course": ("What happened", occasion.course),
    "ends": ("How it ends", occasion.ends),
    "others": ("The other tests on this date", occasion.others),
    "corrections": ("What was said, and what is so", occasion.corrections),
    "problems": ("Why the deal was not evaluated", occasion.problems),
    "last_states": ("As last determined", occasion.last_states),
    "index": ("Index", index.index),
    "status": ("Result: raw, and after grace, cure or waiver", proof.status),
    "computation": ("Computation", proof.computation),
    "cure": ("Cure and consequences", terms.cure),
    "deal": ("Deal and parties", terms.deal),
    "dates": ("Dates and deadlines", closing.dates),
    "text": ("Governing text", terms.text),
    "duties": ("Notices given and owed", closing.duties),
    "certification": ("Certification", closing.certification),
    "proof": ("Distribution and proof", closing.proof),
}
"""Each block's heading and what fills it."""


def compose(inputs: NoticeInputs) -> dict[str, Any]:
    """Return the notice as plain strings, lists of them, and numbers for the layout of its drawings.

    Raises:
        ValueError: the log does not say which deal it is.
    """
    known = read(inputs.events, inputs.on)
    # A deal that was refused on its first run has not adopted a file, so the log knows neither parties nor
    # clauses.
    if inputs.kind == "not_evaluated" and not known.of("deal adopted"):
        return never_adopted.compose(inputs, known)
    proving = LOST if inputs.kind == "not_evaluated" else PROOF
    order = FIRST[inputs.kind] + proving
    found = brief(inputs, order)
    paragraphs = answer_of(found)
    return {
        **masthead(found),
        "kind": inputs.kind,
        "deal": inputs.deal,
        "title": f"{_name(found)} No. {inputs.number}, {inputs.deal}, {inputs.on.isoformat()}",
        "summary": plain(paragraphs[0]),
        "issued": inputs.issued_at.isoformat(),
        "illustrative": WORDS if found.deal.illustrative else "",
        "left": f"{_name(found)} No. {inputs.number}" + (", draft" if found.duty else ""),
        "foot": (
            f"Log of {inputs.deal}: {counted(inputs.log_size, 'entries')} at issue, head "
            f"{eights(inputs.log_head[:16])}"
        ),
        "answer": paragraphs,
        "first": [block_of(found, name) for name in FIRST[inputs.kind]],
        "proof": [block_of(found, name) for name in proving],
    }


def masthead(found: Brief) -> dict[str, Any]:
    """Return what stands above the answer: issuer, name, number, what the document is, and the four facts."""
    return {
        "issuer": found.issuer.name,
        "name": _name(found),
        "number": found.inputs.number,
        "form": _form(found),
        "particulars": particulars(found),
    }


def answer_of(found: Brief) -> list[list[tuple[str, bool]]]:
    """Return what leads page 1; its first paragraph says what of it other sellers would turn."""
    if found.inputs.kind == "compliance":
        said, about = (
            sentences.answer(found.lines, found.determined.due if found.determined else (), found.rates),
            found.lines,
        )
    else:
        line = occasion.subject(found)
        said, about = event_answer.answer(found), (line,) if line is not None else ()
    return [[*said[0], *doubt(found, about)], *said[1:]] if said else said


def block_of(found: Brief, name: str) -> dict[str, Any]:
    """Return a block by its name, with its number and its heading."""
    heading, fill = BLOCKS[name]
    filled = fill(found)
    return {"block": name, "number": found.number(name), "heading": filled.pop("title", heading), **filled}


def _name(found: Brief) -> str:
    """Return a notice where a party owes one, a report otherwise (`rulings.md` 34)."""
    return closing.called(found.inputs.kind, found.duty)


def _form(found: Brief) -> str:
    """Return what the document is until somebody acts on it."""
    duty = found.duty
    if duty is None:
        return "Report. No party owes it as a notice under the deal file."
    to = listed([f"the {role(one)}" for one in duty.to if one != duty.given_by])
    given = f"the {role(duty.given_by)}{f' to {to}' if to else ''}"
    return f"Draft notice, to be given by {given}. It becomes a notice by the Recorded Act “notice given”."


def particulars(found: Brief) -> list[tuple[str, str]]:
    """Return the four facts under the title."""
    inputs, day = found.inputs, found.determined
    line = occasion.subject(found)
    principal = (
        f"{figure(day.outstanding_principal)}{_as_of(found)}"
        if day and day.outstanding_principal
        else "not reported"
    )
    about = ("Determination Date", date_of(found)) if line is None else _about(inputs.kind, line)
    third = ("Outstanding principal", principal) if line is None else ("Determination Date", date_of(found))
    return [
        about,
        ("Issued", instant(inputs.issued_at.astimezone(ZoneInfo(found.deal.time_zone)))),
        third,
        ("Supersedes", _supersedes(found)),
    ]


def _as_of(found: Brief) -> str:
    """Return the date as of which a balance is, if it is not of the week that the date rests on."""
    used = (
        one.source.as_of
        for line in found.lines
        if line.result
        for one in line.result.inputs
        if one.name == "outstanding_principal"
    )
    days = [day for day in used if day is not None]
    whole = found.determined
    return (
        f", as of {short_date(min(days))}"
        if days and whole is not None and min(days) < whole.window_end
        else ""
    )


def _about(kind: NoticeKind, line: Line) -> tuple[str, str]:
    """Return what an event notice is about, with its section."""
    trigger = kind == "trigger_event"
    return (
        ("Trigger Event", f"{line.trigger_title}, {line.cite}")
        if trigger
        else ("Test", f"{line.title}, {line.cite}")
    )


def _supersedes(found: Brief) -> str:
    number = found.inputs.supersedes
    if number is None:
        return "none"
    day = found.supersedes_on
    return f"No. {number}" + (f" of {short_date(day)}" if day else "")
