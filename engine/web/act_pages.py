"""The pages of Recorded Acts: a form, a preview, and the approval by a second person.

A person prepares an Act with its document and sees what the Act would change. A second person approves the
Act or sends it back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from engine.basics.errors import HeadroomError, WrongUsage
from engine.basics.received_files import refuse_without_content
from engine.delivery.release import release
from engine.delivery.statement import steps_of
from engine.events.kinds import ActRecorded
from engine.operations.act_details import receipt_of_an_act
from engine.operations.record_act import KINDS, asks_for_two, imagine_act, record_act
from engine.queries.acts_recorded import acts_recorded
from engine.queries.deal_page import deal_facts
from engine.queries.preview import of_event
from engine.web.attempts import UPLOADS
from engine.web.confirm_pages import confirm_waiting
from engine.web.guarded_route import GuardedRoute, NotThere, TooMuch, Visit, needs, visit_of
from engine.web.protection import MEGABYTE
from engine.web.release_pages import acting_people, notice_row
from engine.web.rendering import page
from engine.web.report_pages import name_of
from engine.web.rights import Right, granted
from engine.web.waiting import Waiting, asked_for, move, prepare, waiting_of, waiting_one
from engine.web.words import day_in
from engine.workspace.deal_files import Deal
from engine.workspace.documents import Document, keep_document

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
OF_A_PARTY = ("party", "address", "name", "lei")
DETAILS = (
    "clock",
    "method",
    "amount",
    "paid_to",
    "names",
    "index",
    "rate",
    "version",
    "notice",
    "to",
    "conditions",
    *OF_A_PARTY,
)
"""What an Act may say beside its kind, clause and dates; each is a field of the form."""
SECOND = "a second person"
"""Who stands for the approver while an Act is only shown."""


@dataclass(frozen=True, slots=True)
class ShownAct:
    """An Act that is not recorded, with what it would change; or why it may not stand."""

    act: ActRecorded
    reached: Sequence[Any]
    new: bool
    refused: str


@routes.get("/deals/{deal}/acts")
@needs(Right.ACT, reads="Acts")
def acts(visit: AtVisit, deal: str) -> Response:
    """Show the Acts on record, those that wait, and the form of a new one."""
    return _list(visit, deal, {}, "")


def _list(visit: Visit, deal: str, said: dict[str, str], refused: str) -> Response:
    desk = visit.desk
    facts = deal_facts(desk.workspace, deal)
    return page(
        visit,
        "acts.html.j2",
        status=422 if refused else 200,
        nav="portfolio",
        rows=acts_recorded(desk.workspace, deal),
        waiting=waiting_of(desk.database, [deal], "act", ("read", "sent", "sent back")),
        kinds=KINDS,
        clauses=[(clause.key, clause.title) for clause in facts.clauses],
        indices=[index.name for index in facts.indices],
        said=said,
        refused=refused,
        two=asks_for_two(desk.deal_terms(deal), visit.now.date()),
        zone=facts.time_zone,
        illustrative=desk.demonstration or facts.illustrative,
    )


@routes.post("/deals/{deal}/acts")
@needs(Right.ACT, takes_file=True)
def prepare_act(visit: AtVisit, deal: str) -> Response:
    """Prepare an Act: nothing is recorded; what it would change has an address of its own."""
    desk, file = visit.desk, visit.file("document")
    if not desk.attempts.allowed(UPLOADS, "upload", str(visit.who.number)):
        raise TooMuch("too many files from one person; wait a minute", 429)
    names = ("act", "clause", "effective_on", "until", "received", *DETAILS)
    said = {name: visit.said(name, 400) for name in names}
    most = desk.settings.upload_megabytes * MEGABYTE
    data = file.file.read(most + 1) if file is not None else b""
    if len(data) > most:
        raise TooMuch(f"a document has at most {desk.settings.upload_megabytes} MB", 413)
    body: dict[str, Any] = {name: value for name, value in said.items() if value}
    try:
        if file is not None:
            refuse_without_content(name_of(file.filename), data)
            body |= {"document": name_of(file.filename), "sha256": hashlib.sha256(data).hexdigest()}
        shown = _imagined(visit, desk.deal_terms(deal), body, visit.who.name, SECOND)
    except HeadroomError as error:
        return _list(visit, deal, said, str(error))
    if shown.refused:
        return _list(visit, deal, said, shown.refused)
    number = prepare(
        desk.database, deal, "act", visit.who.number, visit.now, desk.size(deal), body, data or None
    )
    return RedirectResponse(f"/deals/{deal}/waiting/{number}", 303)


def _act(
    visit: Visit, deal: Deal, body: dict[str, Any], prepared_by: str, approved_by: str | None
) -> ActRecorded:
    """Return an Act as it was prepared, under the names of its persons. Raises WrongUsage."""
    on = day_in(str(body.get("effective_on", "")), "Effective on")
    if on is None:
        raise WrongUsage("an Act has the day on which it is effective")
    # If the deal asks for one person, the Act names its persons only when a second one has truly approved.
    two = asks_for_two(deal, on)
    act = ActRecorded(
        act=str(body.get("act", "")),
        clause=body.get("clause"),
        document=body.get("document"),
        sha256=body.get("sha256"),
        effective_on=on,
        until=day_in(str(body.get("until", "")), "Until"),
        prepared_by=prepared_by if two or approved_by not in (None, SECOND) else None,
        approved_by=approved_by if two or approved_by not in (None, SECOND) else None,
        details={name: str(body[name]) for name in DETAILS if body.get(name)},
    )
    return receipt_of_an_act(act, body.get("received"), deal, visit.now)


def _imagined(
    visit: Visit, deal: Deal, body: dict[str, Any], prepared_by: str, approved_by: str | None
) -> ShownAct:
    """Return an Act as it would be recorded, with what it would change.

    If the Act may not stand, the result says why instead.
    """
    desk = visit.desk
    act = _act(visit, deal, body, prepared_by, approved_by)
    try:
        entered = imagine_act(desk.workspace, deal, act, visit.scribe())
    except WrongUsage as error:
        return ShownAct(act, (), True, str(error))
    reached = (
        of_event(desk.workspace, deal, entered.event, desk.templates) if entered.event is not None else []
    )
    return ShownAct(entered.act, reached, entered.new, "")


# ---- what waits
# -----------------------------------------------------------------------------------------------


@routes.get("/approvals")
@needs(Right.APPROVE)
def approvals(visit: AtVisit) -> Response:
    """Show what waits for a second person under all granted deals, the oldest first.

    The page also shows what was decided.
    """
    desk = visit.desk
    deals = granted(visit.who, desk.deals(), Right.APPROVE)
    waiting = [one for one in waiting_of(desk.database, deals) if one.kind != "report"]
    decided = [
        one
        for one in waiting_of(desk.database, deals, None, ("approved", "sent back"))
        if one.kind != "report"
    ]
    return page(
        visit, "approvals.html.j2", nav="approvals", waiting=waiting, decided=decided[::-1][:20], deals=deals
    )


def _one(visit: Visit, deal: str, number: str) -> Waiting:
    """Return what waits under a deal, for whoever prepared it and for who may approve it.

    Raises NotThere for anybody else.
    """
    prepared = asked_for(visit, deal, number, report=False)
    if prepared.prepared_by != visit.who.number and (
        not visit.may(Right.APPROVE, deal) or prepared.state == "read"
    ):
        raise NotThere
    return prepared


@routes.get("/deals/{deal}/waiting/{number}")
@needs(Right.RELEASE, reads="what waits")
def waiting(visit: AtVisit, deal: str, number: str) -> Response:
    """Show one thing that waits, with the difference it makes."""
    return _shown(visit, deal, _one(visit, deal, number))


def _shown(visit: Visit, deal: str, act: Waiting, status: int = 200, notice: str = "") -> Response:
    desk = visit.desk
    facts = deal_facts(desk.workspace, deal)
    of = desk.deal_terms(deal)
    # Nobody approves an Act of one's own, so its preparer sees a stand-in at the place of the second name.
    second = visit.who.name if act.prepared_by != visit.who.number else SECOND
    shown = (
        _imagined(visit, of, dict(act.body), act.prepared_name, second)
        if act.kind == "act" and act.state in ("read", "sent")
        else None
    )
    on = day_in(str(act.body.get("effective_on", "")), "Effective on") or visit.now.date()
    own = act.prepared_by == visit.who.number
    return page(
        visit,
        "waiting.html.j2",
        status=status,
        nav="approvals",
        one=act,
        shown=shown,
        clause=next((each.title for each in facts.clauses if each.key == act.body.get("clause")), ""),
        steps=steps_of(desk.workspace, deal, int(act.body["number"])) if act.kind == "release" else (),
        row=notice_row(visit, deal, int(act.body["number"])) if act.kind == "release" else None,
        entries=desk.size(deal),
        own=own,
        two=asks_for_two(of, on) or act.kind != "act",
        approves=visit.may(Right.APPROVE, deal) and not own and act.state == "sent",
        notice=notice,
        details=[(name, act.body[name]) for name in DETAILS if act.body.get(name)],
        zone=facts.time_zone,
        illustrative=desk.demonstration or facts.illustrative,
    )


@routes.post("/deals/{deal}/waiting/{number}/decide")
@needs(Right.RELEASE)
def decide(visit: AtVisit, deal: str, number: str) -> Response:
    """Send for approval, record, approve, send back, or set aside."""
    one, what, words = _one(visit, deal, number), visit.said("what"), visit.said("words", 300)
    desk, own = visit.desk, one.prepared_by == visit.who.number
    if own and what == "send" and one.state == "read":
        move(desk.database, one, "sent", None, words, visit.now, desk.size(deal))
        return RedirectResponse(f"/deals/{deal}/waiting/{number}", 303)
    if own and what == "set aside" and one.state in ("read", "sent", "sent back"):
        move(desk.database, one, "set aside", visit.who.number, words, visit.now)
        return RedirectResponse(f"/deals/{deal}/waiting/{number}", 303)
    if not own and what == "send back" and one.state == "sent" and visit.may(Right.APPROVE, deal):
        if not words:
            return _shown(
                visit, deal, one, 422, "Say why it is sent back; whoever prepared it reads the words."
            )
        move(desk.database, one, "sent back", visit.who.number, words, visit.now)
        return RedirectResponse(f"/deals/{deal}/waiting/{number}", 303)
    if what in ("approve", "record"):
        return _record(visit, deal, one, words)
    raise NotThere


def _may_record(visit: Visit, deal: str, act: Waiting) -> bool:
    """Return whether the person may record the waiting Act.

    A second person may record what was sent. The person who prepared the Act may record it only if the deal
    asks for one person.
    """
    if act.prepared_by != visit.who.number:
        return act.state == "sent" and visit.may(Right.APPROVE, deal)
    if act.kind != "act" or act.state != "read" or not visit.may(Right.ACT, deal):
        return False
    on = day_in(str(act.body.get("effective_on", "")), "Effective on") or visit.now.date()
    return not asks_for_two(visit.desk.deal_terms(deal), on)


def _record(visit: Visit, deal: str, act: Waiting, words: str) -> Response:
    """Record an Act or a release, if the log stands as it did when its difference was shown."""
    desk = visit.desk
    if not _may_record(visit, deal, act):
        raise NotThere
    entries = visit.said("entries")
    with desk.recording():
        # What was approved is the difference that was shown, and on a longer log that difference may be
        # another.
        if entries != str(desk.size(deal)):
            return _shown(
                visit,
                deal,
                act,
                409,
                "The log has grown meanwhile. The difference is shown anew; nothing was recorded.",
            )
        # The state changes before the record does, so that two persons at once cannot record one Act twice.
        if not move(desk.database, act, "approved", visit.who.number, words, visit.now):
            raise WrongUsage("somebody else has decided this meanwhile; nothing was recorded")
        try:
            _recorded(visit, deal, act)
        # The two databases do not share a transaction: what was not recorded must wait again, even after an
        # interruption.
        except BaseException:
            again = waiting_one(desk.database, act.number)
            if again is not None:
                move(desk.database, again, act.state, None, act.words, visit.now)
            raise
    return RedirectResponse(f"/deals/{deal}/waiting/{act.number}", 303)


def _recorded(visit: Visit, deal: str, one: Waiting) -> None:
    desk, own = visit.desk, one.prepared_by == visit.who.number
    if one.kind == "release":
        people = acting_people(visit, one.prepared_by)
        release(
            desk.workspace,
            deal,
            int(one.body["number"]),
            one.prepared_name,
            visit.who.name,
            False,
            visit.scribe(),
            people,
        )
        return
    if one.kind == "confirm":
        confirm_waiting(visit, deal, one, visit.who.name)
        return
    of = desk.deal_terms(deal)
    act = _act(visit, of, dict(one.body), one.prepared_name, None if own else visit.who.name)
    # The document is kept before the Act is recorded: the record must never name a file that is missing.
    if one.file is not None:
        keep_document(desk.workspace, Document(str(one.body["document"]), str(one.body["sha256"]), one.file))
    record_act(desk.workspace, of, act, visit.scribe())


@routes.get("/deals/{deal}/waiting/{number}/document")
@needs(Right.RELEASE, reads="document")
def document(visit: AtVisit, deal: str, number: str) -> Response:
    """Send the document of an Act that waits, as it came."""
    act = _one(visit, deal, number)
    if act.file is None:
        raise NotThere
    # A quote or a line end in a stranger's file name would write into the headers of the answer.
    name = "".join(
        sign if sign.isascii() and (sign.isalnum() or sign in "._- ") else "_"
        for sign in str(act.body["document"])
    )
    return Response(
        act.file,
        # The browser is to save the file: if it showed a stranger's file, that file could act as a page of
        # the desk.
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
