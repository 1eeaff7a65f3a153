"""The composition root: the only file that brings engine, covenants and reports together.

Every import of weight is late, so that `--help` and `check` stay quick.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.basics.processor_time import ProcessorTime
    from engine.events.notice import Pages, Render
    from engine.operations.run import Tools
    from engine.record.log import Scribe as Scribe
    from engine.workspace.workspace import Workspace


PROCESSES = "processes"
"""The executor unless another is named: processes of this machine."""


def clock() -> datetime:
    """Return the one reading of the clock. Raises Unavailable for a clock that lost its day."""
    from engine.basics.machine_clock import refuse_lost_day

    now = machine_clock()
    refuse_lost_day(now)
    return now


def machine_clock() -> datetime:
    """Return what the clock says, right or wrong: it is shown, and nothing is recorded by a wrong one."""
    return datetime.now(UTC)


def actor() -> str:
    """Return who records: the operating system's account of this process.

    Variables of the environment do not count.
    """
    import getpass
    import os

    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return f"{getpass.getuser()} (as stated)"


def scribe() -> Scribe:
    """Return who records: the operating system's user, now, with this engine."""
    from engine.basics.build_identity import built
    from engine.record.log import Scribe

    return Scribe(actor(), built(), clock())


def tools(
    progress: Callable[[str], None],
    now: datetime | None = None,
    executor: str = PROCESSES,
    scheduler: str | None = None,
) -> Tools:
    """Return what a run needs from outside the engine.

    It is the templates, the renderer, the receiver of progress, and a clock.

    Raises WrongUsage for an unknown executor, and for Dask if it is not installed.
    """
    from engine.operations.run import Tools

    who = scribe()
    at = now or clock()
    drawing = _renderer() if executor == PROCESSES else _elsewhere(executor, scheduler, progress)
    return Tools(
        all_templates(),
        drawing,
        at,
        who.actor,
        progress,
        who.engine,
        None if now else clock,
        pages=notice_pages(),
        spent=_spent(),
    )


def notice_pages() -> Pages:
    """Return who composes the words of notices, without the library that draws them."""
    from reports.notice.evidence_view import NoticePages

    return NoticePages()


def verifier_file() -> str:
    """Return the verifier as one HTML file, for people who install nothing."""
    from reports.verifier import verifier_page

    return verifier_page()


def renderer() -> Render:
    """Return what draws notices."""
    return _renderer()


def workers(number: int, executor: str, scheduler: str | None, told: Callable[[str], None]) -> Any:
    """Return who works out many paths: so many processes of this machine, or the workers of a cluster.

    Raises WrongUsage for an executor that does not exist, and for Dask where it is not installed.
    """
    return number if executor == PROCESSES else _elsewhere(executor, scheduler, told)


@cache
def _elsewhere(executor: str, scheduler: str | None, told: Callable[[str], None]) -> Any:
    """Return the workers of a cluster, which draw notices and work out paths."""
    import atexit

    from engine.basics.errors import WrongUsage

    if executor != "dask":
        raise WrongUsage(f"`{executor}` is not an executor; there are {PROCESSES}, dask")
    from reports.render.dask_pool import DaskPool

    pool = DaskPool(scheduler, told, spent=_spent())
    atexit.register(pool.close)
    return pool


@cache
def _spent() -> ProcessorTime:
    """Return the ledger that runs and the processes that draw for them share."""
    from engine.basics.processor_time import ProcessorTime

    return ProcessorTime()


@cache
def _renderer() -> Render:
    import atexit

    from engine.basics.garbage_collection import spare_loaded_code
    from reports.render.render_pool import RenderPool

    spare_loaded_code()
    pool = RenderPool(spent=_spent())
    atexit.register(pool.close)
    return pool


def publication_page(workspace: Workspace) -> Any:
    """Return the function that renders a publication page as HTML and PDF.

    The function takes the weeks, the time of recording, the first print, the coverage and Appendix A.
    """

    def render(
        weeks: Any, recorded_at: datetime, first: Any, coverage: Any, appendix: Any
    ) -> tuple[str, bytes]:
        from reports.pages.publication import PublicationInputs
        from reports.render.pdf import render_publication

        generated = (workspace.root / "GENERATED").exists()
        operator = workspace.settings.operator
        return render_publication(
            PublicationInputs(weeks[-1], weeks, operator, recorded_at, first, generated, coverage, appendix)
        )

    return render


def summary_page(workspace: Workspace) -> Any:
    """Return what renders a portfolio summary: (rows, date, the rows as CSV) -> PDF."""

    def render(rows: Any, on: date, text: str) -> bytes:
        from reports.pages.portfolio import PortfolioInputs
        from reports.render.pdf import render_portfolio

        generated = (workspace.root / "GENERATED").exists()
        return render_portfolio(
            PortfolioInputs(rows, on, text, workspace.settings.operator, clock(), generated)
        )

    return render


def validation_page(workspace: Workspace) -> Any:
    """Return the function that renders a validation page as a PDF, dated now.

    The function takes the findings and the weeks, both as JSON.
    """

    def render(data: Any, weeks: Any) -> bytes:
        from reports.pages.validation import ValidationInputs
        from reports.render.pdf import render_validation

        generated = (workspace.root / "GENERATED").exists()
        return render_validation(
            ValidationInputs(data, weeks, workspace.settings.operator, clock(), generated)
        )

    return render


def audit_page(workspace: Workspace) -> Any:
    """Return what renders an audit report: (its JSON, when it was made) -> PDF."""

    def render(data: Any, made_at: datetime) -> bytes:
        from reports.pages.audit import AuditInputs
        from reports.render.pdf import render_audit

        generated = (workspace.root / "GENERATED").exists()
        return render_audit(AuditInputs(data, workspace.settings.operator, made_at, generated))

    return render


def review_page(workspace: Workspace) -> Any:
    """Return what renders a quarterly review: (its figures as JSON) -> HTML and PDF, dated now."""

    def render(data: Any) -> tuple[str, bytes]:
        from reports.pages.review import ReviewInputs
        from reports.render.pdf import render_review

        generated = (workspace.root / "GENERATED").exists()
        return render_review(ReviewInputs(data, workspace.settings.operator, clock(), generated))

    return render


def foresight_page() -> Any:
    """Return what renders a foresight report: its parts by name -> HTML and PDF."""

    def render(parts: Any) -> tuple[str, bytes]:
        from reports.pages.foresight_inputs import ForesightInputs
        from reports.render.pdf import render_foresight

        return render_foresight(ForesightInputs(**parts))

    return render


def all_templates() -> Any:
    """Return every covenant template, by name."""
    from covenants import templates

    return templates()


def web_paper() -> Any:
    """Return the function that makes a PDF of a web page.

    The function takes the HTML, the date of the file, and the files that the HTML names.
    """
    from reports.render.pdf import printed

    return printed


def page_parts() -> Any:
    """Return what a page of the web takes from the notice: page 1, words, marks, fonts, drawings."""
    from importlib.resources import files
    from types import SimpleNamespace

    from reports.drawing.marks import MARKS
    from reports.formats import role, trigger_name, with_dates
    from reports.notice.compose import compose
    from reports.notice.due_sentences import due_act
    from reports.render.assets import FONTS, assets

    bundled = assets()
    return SimpleNamespace(
        compose=compose,
        due_act=due_act,
        role=role,
        trigger_name=trigger_name,
        with_dates=with_dates,
        marks=MARKS,
        fonts={name: bundled[f"fonts/{name}"][0] for name in FONTS},
        watermark=bundled["marks/watermark-a4.svg"][0],
        drawings=(files("reports") / "templates" / "drawings.html.j2").read_text(encoding="utf-8"),
    )
