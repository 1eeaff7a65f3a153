"""The pages of a notice's receipt, reached by a signed link (`rulings.md` 54).

Opening the link records nothing. A typed name and a button record the receipt.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from engine.basics.errors import WrongUsage
from engine.delivery.acknowledge import acknowledge
from engine.delivery.signed_links import ReceiptLink, link_key, read_token
from engine.delivery.statement import StatementRow, statement_of
from engine.web.attempts import GUESSES_FROM_AN_ADDRESS
from engine.web.guarded_route import GuardedRoute, NotThere, TooMuch, Visit, needs, visit_of
from engine.web.rendering import page
from engine.web.rights import Right
from engine.web.sign_in_pages import address_of

routes = APIRouter(route_class=GuardedRoute)
AtVisit = Annotated[Visit, Depends(visit_of)]


def _of(visit: Visit, token: str) -> tuple[ReceiptLink, StatementRow, str]:
    """Return the notice of a link, and its deal's zone.

    Raises NotThere if the link is not a link of ours, or has ended.
    """
    desk = visit.desk
    link = read_token(link_key(desk.workspace), token, visit.now.date())
    if link is None or link.deal not in desk.deals():
        raise NotThere
    statement = statement_of(desk.workspace, link.deal, visit.now.date())
    row = next((row for row in statement.rows if row.number == link.number), None)
    if row is None or all(addressee.role != link.to for addressee in row.addressees):
        raise NotThere
    return link, row, statement.zone


def _page(visit: Visit, token: str, status: int = 200, refused: str = "", name: str = "") -> Response:
    link, row, zone = _of(visit, token)
    to = next(addressee for addressee in row.addressees if addressee.role == link.to)
    return page(
        visit,
        "receipt.html.j2",
        status=status,
        link=link,
        row=row,
        to=to,
        token=token,
        refused=refused,
        name=name,
        zone=zone,
    )


@routes.get("/a/{token}")
@needs(Right.PUBLIC)
def receipt_page(visit: AtVisit, token: str) -> Response:
    """Show the page with one button; to open it records nothing."""
    return _page(visit, token)


@routes.post("/a/{token}")
@needs(Right.PUBLIC)
def acknowledged(visit: AtVisit, token: str) -> Response:
    """Record that receipt was acknowledged, under the name that was typed."""
    desk = visit.desk
    if not desk.attempts.allowed(GUESSES_FROM_AN_ADDRESS, "receipt", address_of(visit)):
        raise TooMuch("too many attempts from one address; wait a quarter of an hour", 429)
    link, _, _ = _of(visit, token)
    name = visit.said("name", 120)
    if len(name) < 3:
        return _page(visit, token, 422, "Type your name as you sign it.", name)
    scribe = visit.scribe_as(f"receipt link to the {link.to}")
    try:
        with desk.recording():
            acknowledge(desk.workspace, link.deal, link.number, link.to, name, "page", None, scribe)
    except WrongUsage as error:
        return _page(visit, token, 422, f"{error}.".capitalize(), name)
    return _page(visit, token)
