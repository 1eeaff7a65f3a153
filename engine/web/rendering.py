"""Pages made from templates.

Every value is escaped. What people and files said is made inert. Each page says as of which time it stands.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import ChoiceLoader, DictLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from engine import __version__
from engine.basics.inert import inert_lines
from engine.operations.older_record import Doubt
from engine.queries.who_owes_whom import OpenDuty
from engine.web import page_marks, words
from engine.web.desk import Desk, PageParts
from engine.web.guarded_route import Visit
from engine.web.paper import on_paper
from engine.web.rights import Right

ILLUSTRATIVE = "ILLUSTRATIVE - NOT A NOTICE"
DOUBTS = {
    Doubt.OLDER: "The record behind these pages is older than what was signed beside it, so what came later "
    "may be missing; nothing is recorded until the operator has put the whole record back.",
    Doubt.NOT_COMPARED: "The record behind these pages could not be compared with what was signed beside it, "
    "so what came later may be missing; every command of the operator says why.",
}
"""What each page says of a record that is in doubt. No sentence names a deal, which not everybody may see."""
DEAL_PLACES: set[str] = set()
"""What stands after the address of a deal, of the pages that there are; the application fills it."""


def _finalized(value: Any) -> Any:
    """Return what a template prints: nothing for None; a text of people or files without what acts in it."""
    if value is None:
        return ""
    # `type` and not `isinstance`: Markup is a str too, and our own templates have made it.
    return inert_lines(value) if type(value) is str else value


@cache
def environment(desk_parts: PageParts) -> Environment:
    """Return the templates, with the notice's own drawings and words among them."""
    loader = ChoiceLoader(
        [DictLoader({"drawings.html.j2": desk_parts.drawings}), PackageLoader("engine.web")]
    )
    jinja = Environment(
        loader=loader,
        autoescape=True,
        # A misspelt name must fail in a test, and not print an empty place on a page.
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    jinja.filters |= words.FILTERS
    jinja.filters |= {
        "role": desk_parts.role,
        "roles": lambda names: ", ".join(map(desk_parts.role, names)),
        "prose": lambda text: desk_parts.with_dates(text.replace("`", "")),
        "duty": lambda one: duty_words(desk_parts, one),
    }
    jinja.filters["classed"] = lambda drawing, name: Markup(
        str(drawing).replace("<svg ", f'<svg class="{name}" ', 1)
    )
    jinja.filters["after"] = lambda text, start: text.removeprefix(start)
    jinja.filters["address"] = lambda text: quote(str(text), safe="")
    jinja.globals |= {
        "mark": page_marks.mark,
        "state_mark": page_marks.state_mark,
        "sheet": page_marks.sheet,
        "pips": page_marks.pips,
        "fall_bar": page_marks.fall_bar,
        "own_clip": page_marks.own_clip,
        "counted": words.counted,
        "Right": Right,
        "version": __version__,
    }
    jinja.globals["deal_places"] = DEAL_PLACES
    jinja.globals["pieces"] = jinja.get_template("pieces.html.j2").module
    return jinja


def compiled(desk_parts: PageParts) -> None:
    """Compile all pages, so that nobody's first page waits for its template."""
    made = environment(desk_parts)
    for name in made.list_templates(extensions=["j2"]):
        made.get_template(name)


@cache
def _sprite(desk_marks: tuple[tuple[str, str], ...]) -> Markup:
    return page_marks.sprite(dict(desk_marks))


def duty_words(parts: PageParts, duty: OpenDuty) -> str:
    """Return what is to be done, in the notice's own words."""
    if duty.due is None:
        return duty.what
    title = duty.title or duty.subject
    said: str = parts.due_act(duty.due, lambda _: title, lambda _: parts.trigger_name(duty.subject, title))
    return said.removesuffix("; all tests are run again")


def page(visit: Visit, template: str, *, status: int = 200, **context: Any) -> Response:
    """Return a page for a visit.

    Args:
        visit: who asks for what.
        template: its file.
        status: the code of the answer.
        **context: what the page says; `illustrative` where a deal is, `zone` for its hours, `nav` for the
        place in the navigation.
    """
    text = rendered(visit.desk, visit, template, context)
    if visit.paper and status == 200:
        return on_paper(visit, text)
    return HTMLResponse(text, status_code=status)


def rendered(desk: Desk, visit: Visit | None, template: str, context: dict[str, Any]) -> str:
    """Return the HTML of a page; `visit` is None if nobody's request was let in."""
    request = visit.request if visit is not None else None
    url = request.url if request is not None else None
    shown = {
        "illustrative": desk.demonstration,
        "nav": "",
        "deal": visit.deal if visit is not None else None,
        "wide": False,
        "broad": False,
        "zone": "UTC",
        "foot": "",
        **context,
    }
    return (
        environment(desk.parts)
        .get_template(template)
        .render(
            visit=visit,
            person=visit.person if visit is not None else None,
            csrf=visit.session.csrf
            if visit is not None and visit.session is not None and not visit.paper
            else "",
            paper=visit.paper if visit is not None else "",
            now=visit.now if visit is not None else desk.clock(),
            desk=desk,
            sprite=_sprite(tuple(desk.parts.marks.items())),
            may=visit.may if visit is not None else lambda *_: False,
            here=(f"{url.path}?{url.query}" if url.query else url.path) if url is not None else "",
            words_of_illustration=ILLUSTRATIVE,
            doubts=DOUBTS,
            navigation=navigation(visit) if visit is not None and visit.person is not None else (),
            **shown,
        )
    )


def navigation(visit: Visit) -> tuple[tuple[str, str, str], ...]:
    """Return the pages that the person's own grants lead to: key, address, words."""
    places = (
        (Right.SEE, "week", "/week", "My week"),
        (Right.READ, "portfolio", "/deals", "Portfolio"),
        (Right.SEE, "notices", "/notices", "Notices"),
        (Right.APPROVE, "approvals", "/approvals", "Approvals"),
        (Right.PROVE, "proof", "/proof", "Proof"),
        (Right.DRAFT, "drafts", "/drafts", "Drafts"),
        (Right.ADMINISTER, "admin", "/admin", "Administration"),
    )
    there = {getattr(route, "path", "") for route in visit.request.app.routes}
    return tuple(
        (key, address, text) for right, key, address, text in places if visit.may(right) and address in there
    )


def with_query(path: str, **values: Any) -> str:
    """Return an address with the values that are not empty."""
    said = {name: value for name, value in values.items() if value not in (None, "", ())}
    return f"{path}?{urlencode(said, doseq=True)}" if said else path
