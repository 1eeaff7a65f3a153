"""The pages of a deal's proof, and the pages of long work.

A person verifies the record, keeps a checkpoint, or hands a cosignature in.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import FileResponse, RedirectResponse, Response

from engine.assembly import audit_page, notice_pages, verifier_file
from engine.audit.audit_report import AuditReport, audit_report
from engine.audit.verify_workspace import verify_record
from engine.basics.errors import HeadroomError, WrongUsage
from engine.basics.values import counted
from engine.operations.sign_checkpoints import kept_checkpoint, newest_signed, take, trustees_of
from engine.queries.bundle import Bundled, write_bundle
from engine.queries.deal_page import deal_facts
from engine.queries.export_log import log_of_deal
from engine.web.attempts import UPLOADS
from engine.web.guarded_route import GuardedRoute, NotThere, TooMuch, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import Right, granted, may
from engine.web.words import day_in
from engine.workspace.workspace import Workspace, opened

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
LONGEST_NOTE = 64 * 1024
"""Bytes of a checkpoint with its cosignatures."""


@routes.get("/proof")
@needs(Right.PROVE)
def proofs(visit: AtVisit) -> Response:
    """Show the granted deals, each with what can be held of it."""
    deals = granted(visit.who, visit.desk.deals(), Right.PROVE)
    rows = [
        (deal, visit.desk.size(deal), kept_checkpoint(visit.desk.workspace, log_of_deal(deal)))
        for deal in deals
    ]
    return page(visit, "proofs.html.j2", nav="proof", rows=rows)


@routes.get("/deals/{deal}/proof")
@needs(Right.PROVE, reads="proof")
def proof(visit: AtVisit, deal: str) -> Response:
    """Show what can be held of a deal."""
    return _proof(visit, deal)


def _proof(visit: Visit, deal: str, status: int = 200, refused: str = "", taken: str = "") -> Response:
    desk = visit.desk
    facts = deal_facts(desk.workspace, deal)
    size, head = desk.workspace.store.head(log_of_deal(deal))
    return page(
        visit,
        "proof.html.j2",
        status=status,
        nav="proof",
        size=size,
        head=head.hex(),
        held=kept_checkpoint(desk.workspace, log_of_deal(deal)),
        refused=refused,
        taken=taken,
        zone=facts.time_zone,
        illustrative=desk.demonstration or facts.illustrative,
    )


@routes.get("/deals/{deal}/checkpoint")
@needs(Right.PROVE, reads="checkpoint")
def checkpoint(visit: AtVisit, deal: str) -> Response:
    """Send the newest signed checkpoint, to hold."""
    note = kept_checkpoint(visit.desk.workspace, log_of_deal(deal))
    if note is None:
        raise NotThere
    headers = {"Content-Disposition": f'attachment; filename="{deal}-{note.size}.checkpoint"'}
    return Response(note.note, media_type="text/plain; charset=utf-8", headers=headers)


@routes.post("/deals/{deal}/cosignature")
@needs(Right.PROVE, takes_file=True)
def cosignature(visit: AtVisit, deal: str) -> Response:
    """Take a trustee's cosignature into the record."""
    desk, file = visit.desk, visit.file("file")
    if not desk.attempts.allowed(UPLOADS, "upload", str(visit.who.number)):
        raise TooMuch("too many files from one person; wait a minute", 429)
    data = file.file.read(LONGEST_NOTE + 1) if file is not None else b""
    try:
        if not data or len(data) > LONGEST_NOTE:
            raise WrongUsage("choose the checkpoint that you cosigned; it is a short text")
        note = data.decode("utf-8", "replace").replace("\r\n", "\n")
        with desk.recording():
            report = take(desk.workspace, log_of_deal(deal), note, trustees_of(desk.workspace, []))
    except HeadroomError as error:
        return _proof(visit, deal, 422, refused=str(error))
    by = ", ".join(report.cosigned_by)
    return _proof(
        visit,
        deal,
        taken=f"The cosignature by {by} of {counted(report.size, 'entries')} is "
        f"{'kept' if report.new else 'on record already'}.",
    )


@routes.post("/deals/{deal}/verify")
@needs(Right.PROVE)
def verify(visit: AtVisit, deal: str) -> Response:
    """Begin to verify a deal's log and notices; the answer has an address of its own."""
    desk = visit.desk
    root = desk.workspace.root
    begun = desk.work.begin(
        visit.who.number,
        deal,
        f"verify {deal}",
        desk.size(deal),
        "verified.html.j2",
        visit.now,
        lambda: verify_record(opened(root, to_inspect=True), [], [], deal),
    )
    return RedirectResponse(f"/jobs/{begun.key}", 303)


@routes.post("/deals/{deal}/audit-report")
@needs(Right.PROVE)
def audit(visit: AtVisit, deal: str) -> Response:
    """Begin an audit report of a period; it verifies and computes again, which takes its time."""
    desk, today = visit.desk, visit.now.date()
    facts = deal_facts(desk.workspace, deal)
    since, until = (
        day_in(visit.said("from", 10), "From") or facts.closing_date,
        day_in(visit.said("to", 10), "To") or today,
    )
    root, templates, now = desk.workspace.root, desk.templates, visit.now
    begun = desk.work.begin(
        visit.who.number,
        deal,
        f"audit report of {deal}",
        desk.size(deal),
        "audited.html.j2",
        visit.now,
        lambda: audit_report(
            opened(root, to_inspect=True), deal, (since, until), now, templates, notice_pages()
        ),
    )
    return RedirectResponse(f"/jobs/{begun.key}", 303)


@routes.post("/deals/{deal}/bundle")
@needs(Right.PROVE)
def bundle(visit: AtVisit, deal: str) -> Response:
    """Begin to put a deal's log, notices and deal files into a bundle.

    If the log has grown, the bundle carries a checkpoint that is signed now.
    """
    desk = visit.desk
    into = desk.work.place(".bundle")

    def signed(workspace: Workspace, log: str) -> str:
        with desk.recording():
            return newest_signed(workspace, log).note

    def made() -> Bundled:
        return write_bundle(desk.workspace, deal, into, signed)

    begun = desk.work.begin(
        visit.who.number, deal, f"bundle of {deal}", desk.size(deal), "bundled.html.j2", visit.now, made
    )
    return RedirectResponse(f"/jobs/{begun.key}", 303)


@routes.get("/jobs/{key}/file")
@needs(Right.SIGNED_IN, reads="file of long work")
def work_file(visit: AtVisit, key: str) -> Response:
    """Send an audit report as its PDF, to be signed by the auditor, or a bundle."""
    work = visit.desk.work.find(key, visit.who.number)
    answer = work.answer()[0] if work is not None and may(visit.who, Right.PROVE, work.deal) else None
    if isinstance(answer, Bundled) and answer.into.is_file():
        return FileResponse(
            answer.into,
            media_type="application/octet-stream",
            filename=f"{answer.deal}-{answer.entries}.bundle",
        )
    if work is None or not isinstance(answer, AuditReport):
        raise NotThere
    data = audit_page(visit.desk.workspace)(answer.as_data(), answer.made_at)
    name = f"{work.deal}-audit-{answer.since}-{answer.until}.pdf"
    return Response(
        data, media_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@routes.get("/proof/verifier.html")
@needs(Right.PROVE)
def verifier(visit: AtVisit) -> Response:
    """Send the verifier as one file, for a browser that is not connected to anything."""
    assert visit.person is not None  # the right was asked for
    return Response(
        verifier_file(),
        media_type="application/octet-stream",
        headers={"Content-Disposition": 'attachment; filename="verifier.html"'},
    )


@routes.get("/jobs/{key}")
@needs(Right.SIGNED_IN)
def work(visit: AtVisit, key: str) -> Response:
    """Show a piece of long work: where it is, and its answer once there is one."""
    work = visit.desk.work.find(key, visit.who.number)
    if work is None or (work.deal and not may(visit.who, Right.SEE, work.deal)):
        raise NotThere
    answer, refused = work.answer()
    return page(
        visit,
        work.template if answer is not None else "work.html.j2",
        nav="proof",
        work=work,
        answer=answer,
        refused=refused,
    )


@routes.post("/jobs/{key}/cancel")
@needs(Right.SIGNED_IN)
def cancel(visit: AtVisit, key: str) -> Response:
    """Cancel a piece that waits."""
    work = visit.desk.work.find(key, visit.who.number)
    if work is None:
        raise NotThere
    visit.desk.work.cancel(work)
    return RedirectResponse(f"/jobs/{key}", 303)
