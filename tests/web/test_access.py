"""Access: every route, for every part, of a deal that is granted and of one that is not.

The routes are those of the application.
"""

from __future__ import annotations

import re

import pytest
from fastapi import APIRouter, FastAPI

from engine.web.application import application
from engine.web.guarded_route import GuardedRoute, Need, needs
from engine.web.rights import EVERY_DEAL, PARTS, Grant, Person, Right, granted, may
from tests.web.conftest import DEAL, OTHER, PEOPLE, Visitors

FILL = {
    "deal": DEAL,
    "number": "1",
    "token": "none",
    "name": "style.css",
    "test": "ltv",
    "on": "2026-02-19",
    "form": "csv",
    "report": "none",
}
"""What stands for each part of an address; whatever else a route asks for is `1`."""
RIGHTS = {
    "borrower": {Right.SEE, Right.REPORT},
    "servicer": {Right.SEE, Right.READ, Right.PROVE, Right.REPORT, Right.ACT, Right.RELEASE},
    "approver": {Right.SEE, Right.READ, Right.PROVE, Right.APPROVE, Right.RELEASE},
    "trustee": {Right.SEE, Right.READ, Right.PROVE, Right.RELEASE},
    "agent": {Right.SEE, Right.READ, Right.PROVE, Right.RELEASE},
    "structurer": {Right.DRAFT},
    "administrator": {Right.ADMINISTER},
    "nobody": set(),
    "outsider": set(),
}
"""What each part may do in the one deal, worked out by hand from the table of `desk.md`."""


def routes(app: FastAPI) -> list[GuardedRoute]:
    found = [route for route in app.router.routes if isinstance(route, GuardedRoute)]
    assert len(found) == len(app.router.routes), "every route is guarded"
    return found


def address(route: GuardedRoute, deal: str) -> str:
    parts = {**FILL, "deal": deal}
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda one: parts.get(one[1], "1"), route.path)


def ask(visitors: Visitors, who: str | None, route: GuardedRoute, deal: str) -> tuple[int, str]:
    client = visitors.client(who)
    method = next(iter(route.methods or {"GET"}))
    if method == "POST":
        found = client.post(address(route, deal), data={"csrf": "wrong"})
    else:
        found = client.request(
            method,
            address(route, deal),
            headers={"Authorization": "Bearer hr_wrong"} if route.need.by_token else {},
        )
    text = re.sub(r"Request <span class=\"mono\">\w+</span>", "", found.text)
    return found.status_code, f"{found.headers.get('location', '')}{text}"


def test_every_route_says_what_it_needs(visitors: Visitors) -> None:
    for route in routes(visitors.app):
        assert isinstance(route.need, Need), route.path
        if "{deal}" in route.path:
            assert route.need.right is not Right.PUBLIC, f"{route.path} names a deal, and anybody may ask"


def test_a_route_that_does_not_say_what_it_needs_stops_the_application(visitors: Visitors) -> None:
    room = APIRouter(route_class=GuardedRoute)
    with pytest.raises(TypeError, match="does not say what it needs"):
        room.get("/forgotten")(lambda: None)
    unguarded = APIRouter()
    unguarded.get("/open")(lambda: None)

    class Room:
        routes = unguarded

    from engine.web import application as module

    rooms = module.ROOMS
    module.ROOMS = (*rooms, Room)  # type: ignore[assignment]
    try:
        with pytest.raises(TypeError, match="is not a guarded route"):
            application(visitors.desk)
    finally:
        module.ROOMS = rooms


@pytest.mark.parametrize("who", [None, *PEOPLE])
def test_every_route_of_every_deal_answers_only_whom_it_is_granted_to(
    visitors: Visitors, who: str | None
) -> None:
    """What is not granted answers word for word like what is not there; nobody who is not signed in gets
    further than the sign-in.
    """
    nothing = ask(visitors, who, _missing(visitors), DEAL)
    for route in routes(visitors.app):
        right = route.need.right
        if right in (Right.PUBLIC, Right.SIGNED_IN) or route.need.by_token:
            continue
        status, text = ask(visitors, who, route, DEAL)
        if who is None:
            assert (status, text.startswith("/sign-in")) == (303, True), route.path
        elif right in RIGHTS[who] or (
            "{deal}" not in route.path and any(right in grant.rights for grant in PEOPLE[who])
        ):
            assert status != 404 or re.search(r"\{(token|key|number|test)\}|/questions$", route.path), (
                route.path,
                who,
            )
            assert not (status == 303 and text.startswith("/sign-in")), (route.path, who)
        else:
            assert (status, text) == nothing, (route.path, who)


def _missing(visitors: Visitors) -> GuardedRoute:
    """A route as good as any, of a path that is not there."""

    @needs(Right.PUBLIC)
    def nothing() -> None:
        """Nothing."""

    return GuardedRoute("/there/is/no/such/page", nothing, methods=["GET"])


def test_a_deal_of_somebody_else_and_one_that_is_not_there_look_the_same(visitors: Visitors) -> None:
    for route in routes(visitors.app):
        if "{deal}" in route.path and not route.need.by_token:
            there, missing = (ask(visitors, "trustee", route, deal) for deal in (OTHER, "no-such-deal"))
            assert there == missing, route.path
            assert there[0] == 404, route.path


def test_lists_show_granted_deals_only(visitors: Visitors) -> None:
    for who, path in (
        ("trustee", "/"),
        ("trustee", "/deals"),
        ("trustee", "/deals.csv"),
        ("trustee", "/notices"),
        ("borrower", "/"),
    ):
        text = visitors.client(who).get(path).text
        assert DEAL in text, (who, path)
        assert OTHER not in text, (who, path)
    assert DEAL not in visitors.client("outsider").get("/deals").text


def test_a_borrower_sees_notices_to_the_borrower_and_no_other(visitors: Visitors) -> None:
    """Of the one deal the failed test of 19 February goes to the Borrower; the compliance notices go to
    others.
    """
    text = visitors.client("borrower").get(f"/deals/{DEAL}/notices").text
    assert "Failed test, Loan to value" in text
    assert "Compliance" not in text.split("<table")[1]
    rows = re.findall(rf"/deals/{DEAL}/notices/(\d+)\"", text)
    assert len(rows) == 1
    assert visitors.client("borrower").get(f"/deals/{DEAL}/notices/{rows[0]}.pdf").status_code == 200
    assert visitors.client("borrower").get(f"/deals/{DEAL}/notices/1.pdf").status_code == 404
    assert visitors.client("servicer").get(f"/deals/{DEAL}/notices/1.pdf").status_code == 200


def test_the_one_function_denies_what_it_does_not_know() -> None:
    trustee = Person(1, "t@example.com", "T", (Grant("a", "indenture_trustee"),))
    assert may(trustee, Right.READ, "a")
    assert not may(trustee, Right.READ, "b")
    assert not may(trustee, Right.ACT, "a")
    assert not may(None, Right.SIGNED_IN)
    assert may(None, Right.PUBLIC)
    everywhere = Person(2, "s@example.com", "S", (Grant(EVERY_DEAL, "servicer"),))
    assert granted(everywhere, ("a", "b")) == ("a", "b")
    assert granted(trustee, ("a", "b")) == ("a",)
    assert all(Right.ADMINISTER not in rights for part, rights in PARTS.items() if part != "administrator")


def test_reads_of_notices_and_histories_are_logged(own_visitors: Visitors) -> None:
    client = own_visitors.client("trustee")
    client.get(f"/deals/{DEAL}/history?test=ltv")
    client.get(f"/deals/{DEAL}/notices/1.pdf")
    client.get(f"/deals/{OTHER}/history")
    found = [(one.person, one.deal, one.what, one.address) for one in own_visitors.desk.reads.of()]
    assert found == [
        ("trustee@example.com", DEAL, "notice", f"/deals/{DEAL}/notices/1.pdf"),
        ("trustee@example.com", DEAL, "history", f"/deals/{DEAL}/history?test=ltv"),
    ]
