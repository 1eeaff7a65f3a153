"""The pages of a structurer's draft: check, clauses in words, worked examples, ladder.

The draft stays in memory for an hour. The server never writes it to the record.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from engine.basics.errors import HeadroomError, Problem, WrongUsage
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.ladder import inversion_words, later_words, left_out_words
from engine.queries.clauses_in_words import clauses_in_words
from engine.queries.foresight_questions import draft_ladder
from engine.queries.proofs import prove_deal_files
from engine.web.attempts import UPLOADS
from engine.web.guarded_route import GuardedRoute, NotThere, TooMuch, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.report_pages import name_of
from engine.web.rights import Right
from engine.workspace.deal_checks import check_files
from engine.workspace.deal_files import loaded

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
HELD_FOR = timedelta(hours=1)
EACH, LONGEST = 8, 1024 * 1024
"""Drafts of one person that are held at once, and bytes of a draft."""


@dataclass(frozen=True, slots=True)
class HeldDraft:
    """A draft in memory."""

    key: str
    person: int
    name: str
    data: bytes
    until: datetime


class HeldDrafts:
    """The drafts that structurers have loaded; each person sees only their own."""

    def __init__(self) -> None:
        """Begin with none."""
        self._drafts: dict[tuple[int, str], HeldDraft] = {}
        self._lock = threading.Lock()

    def hold(self, person: int, name: str, data: bytes, now: datetime) -> HeldDraft:
        """Hold a draft; the oldest of the person goes if there are too many."""
        draft = HeldDraft(hashlib.sha256(data).hexdigest(), person, name, data, now + HELD_FOR)
        with self._lock:
            self._drafts = {key: one for key, one in self._drafts.items() if one.until > now}
            own = [key for key in self._drafts if key[0] == person]
            # A dict keeps the order in which drafts came, so the first ones are the oldest.
            for key in own[: max(0, len(own) + 1 - EACH)]:
                del self._drafts[key]
            # The person is part of the key, so that two who load the same file do not learn of each other.
            self._drafts[(person, draft.key)] = draft
        return draft

    def of(self, person: int, now: datetime) -> tuple[HeldDraft, ...]:
        """Return the drafts of a person that are held still."""
        return tuple(one for one in self._drafts.values() if one.person == person and one.until > now)

    def find(self, person: int, key: str, now: datetime) -> HeldDraft:
        """Return one draft. Raises NotThere if it is not this person's, or has gone."""
        draft = self._drafts.get((person, key))
        if draft is None or draft.until <= now:
            raise NotThere
        return draft


HELD = HeldDrafts()


@contextmanager
def as_a_file(draft: HeldDraft) -> Iterator[Path]:
    """Yield the path of the draft as a file in a temporary folder.

    The folder holds the draft alone. It is deleted when the block ends.
    """
    with TemporaryDirectory(prefix="draft-") as folder:
        path = Path(folder) / "draft.yaml"
        path.write_bytes(draft.data)
        yield path


@routes.get("/drafts")
@needs(Right.DRAFT)
def drafts(visit: AtVisit) -> Response:
    """Show the drafts that are held, and the way to try another."""
    return page(visit, "drafts.html.j2", nav="drafts", drafts=HELD.of(visit.who.number, visit.now))


@routes.post("/drafts")
@needs(Right.DRAFT, takes_file=True)
def try_draft(visit: AtVisit) -> Response:
    """Hold a draft for an hour."""
    if not visit.desk.attempts.allowed(UPLOADS, "upload", str(visit.who.number)):
        raise TooMuch("too many files from one person; wait a minute", 429)
    sent = visit.file("file")
    data = sent.file.read(LONGEST + 1) if sent is not None else b""
    if not data or sent is None:
        raise WrongUsage("choose a deal file first")
    if len(data) > LONGEST:
        raise TooMuch("a deal file has at most 1 MB", 413)
    draft = HELD.hold(visit.who.number, name_of(sent.filename), data, visit.now)
    return RedirectResponse(f"/drafts/{draft.key}", 303)


@dataclass(frozen=True, slots=True)
class DraftAnswer:
    """What a draft says: its problems; if none is an error, its clauses and its ladder."""

    problems: tuple[Problem, ...]
    errors: int
    name: str
    clauses: Any
    ladder: Any
    no_ladder: str


def _answer(visit: Visit, draft: HeldDraft) -> DraftAnswer:
    templates = visit.desk.templates
    with as_a_file(draft) as path:
        checked = check_files([path], templates)
        problems = tuple(sorted(checked.problems, key=lambda problem: (problem.place, problem.code)))
        if checked.errors:
            return DraftAnswer(problems, len(checked.errors), "", None, None, "")
        deal = loaded(path, templates)
    clauses = clauses_in_words(deal, deal.closing_date, templates)
    try:
        ladder, why = draft_ladder(deal, templates, FactsByDate({})).ladder, ""
    except HeadroomError as error:
        ladder, why = None, str(error)
    return DraftAnswer(problems, 0, deal.name, clauses, ladder, why)


@routes.get("/drafts/{key}")
@needs(Right.DRAFT)
def draft(visit: AtVisit, key: str) -> Response:
    """Show what a draft says."""
    held = HELD.find(visit.who.number, key, visit.now)
    # The key is the hash of the draft, so an answer holds for everybody who has loaded the same file.
    answer = visit.desk.pages.get(("draft", key), lambda: _answer(visit, held))
    ladder = answer.ladder
    return page(
        visit,
        "draft.html.j2",
        nav="drafts",
        draft=held,
        answer=answer,
        inversions=[inversion_words(inversion) for inversion in ladder.inversions]
        if ladder is not None
        else [],
        left_out=left_out_words(ladder.left_out) if ladder is not None and ladder.left_out else "",
        later=later_words(ladder) if ladder is not None else [],
        illustrative=True,
    )


@routes.post("/drafts/{key}/prove")
@needs(Right.DRAFT)
def prove(visit: AtVisit, key: str) -> Response:
    """Begin to run the worked examples of a draft."""
    held = HELD.find(visit.who.number, key, visit.now)
    templates = visit.desk.templates

    # The work runs when this request is over, so it writes the draft into a folder of its own.
    def proved() -> Any:
        with as_a_file(held) as path:
            return prove_deal_files([path], templates)

    begun = visit.desk.work.begin(
        visit.who.number, "", f"prove {held.name}", 0, "proved.html.j2", visit.now, proved
    )
    return RedirectResponse(f"/jobs/{begun.key}", 303)
