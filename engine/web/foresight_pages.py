"""The pages of foresight for a draft that is held for an hour.

They show the draft on stated paths, beside another draft, over several levels, and on paths of the rate
model.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from engine.basics.errors import WrongUsage
from engine.foresight.rate_posterior import PRIORS
from engine.web.attempts import UPLOADS
from engine.web.draft_pages import HELD, LONGEST
from engine.web.foresight_answers import ANSWERS, Foreseen, ForesightAsked, foreseen
from engine.web.guarded_route import GuardedRoute, NotThere, TooMuch, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import Right
from engine.web.words import whole_number

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]
MOST_PATHS, MOST_WEEKS = 10_000, 260


@routes.get("/drafts/{key}/foresight")
@needs(Right.DRAFT)
def ask(visit: AtVisit, key: str) -> Response:
    """Show what can be asked of a draft."""
    held = HELD.find(visit.who.number, key, visit.now)
    others = [one for one in HELD.of(visit.who.number, visit.now) if one.key != key]
    return page(
        visit,
        "foresight.html.j2",
        nav="drafts",
        draft=held,
        others=others,
        priors=tuple(PRIORS),
        most=MOST_PATHS,
        illustrative=True,
    )


@routes.post("/drafts/{key}/foresight/{what}")
@needs(Right.DRAFT, takes_file=True)
def begin(visit: AtVisit, key: str, what: str) -> Response:
    """Begin to work an answer out; it has an address of its own, and is forgotten with the draft."""
    held = HELD.find(visit.who.number, key, visit.now)
    if what not in ANSWERS:
        raise NotThere
    asked = _asked(visit, what, (held.name, held.data))
    if what == "compare" and (other := visit.said("other", 64)):
        second = HELD.find(visit.who.number, other, visit.now)
        asked = replace(asked, other=(second.name, second.data))
    title = f"{what} {held.name}"
    begun = visit.desk.work.begin(
        visit.who.number, "", title, 0, "foreseen.html.j2", visit.now, lambda: foreseen(asked)
    )
    return RedirectResponse(f"/jobs/{begun.key}", 303)


def _asked(visit: Visit, what: str, draft: tuple[str, bytes]) -> ForesightAsked:
    """Return the question of a form.

    Raises WrongUsage for a text that is not a number, and TooMuch for a history too long.
    """
    file = visit.file("history")
    if file is not None and not visit.desk.attempts.allowed(UPLOADS, "upload", str(visit.who.number)):
        raise TooMuch("too many files from one person; wait a minute", 429)
    history = file.file.read(LONGEST + 1) if file is not None else b""
    if len(history) > LONGEST:
        raise TooMuch("a table of the history has at most 1 MB", 413)
    return ForesightAsked(
        what=what,
        draft=draft,
        prepared=visit.now.date(),
        facts=tuple(line.strip() for line in visit.said("facts", 4000).splitlines() if line.strip()),
        scenarios=tuple(part.strip() for part in (visit.said("scenarios", 100) or "A B C").split()),
        point=visit.said("point", 10) or "middle",
        term=visit.said("term", 200),
        values=tuple(value for name in ("values", "low", "high", "step") if (value := visit.said(name, 200))),
        counts=visit.said("counts", 40) or "1,2,3",
        prior=visit.said("prior", 40) or None,
        history=history or None,
        paths=_number(visit, "paths", 2000, MOST_PATHS),
        weeks=_number(visit, "weeks", 52, MOST_WEEKS),
        seed=_number(visit, "seed", 20260702, 999_999_999),
    )


def _number(visit: Visit, name: str, usual: int, most: int) -> int:
    """Return a whole number of the form.

    Raises WrongUsage for anything else, and for more than is worked out here.
    """
    text = visit.said(name, 20)
    if not text:
        return usual
    number = whole_number(text)
    if number is None or not 0 < number <= most:
        raise WrongUsage(f"{name}: `{text}` is not a whole number from 1 to {most:,}")
    return number


FORMS = {"pdf": "application/pdf", "json": "application/json"}


@routes.get("/jobs/{key}/foresight.{form}")
@needs(Right.DRAFT)
def answer_file(visit: AtVisit, key: str, form: str) -> Response:
    """Send an answer as a foresight report, or as data."""
    work = visit.desk.work.find(key, visit.who.number)
    answer = work.answer()[0] if work is not None else None
    if not isinstance(answer, Foreseen) or form not in FORMS:
        raise NotThere
    headers = {"Content-Disposition": f'attachment; filename="{answer.name}-{answer.what}.{form}"'}
    return Response(answer.pdf if form == "pdf" else answer.data, media_type=FORMS[form], headers=headers)
