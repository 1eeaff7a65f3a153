"""Context -> HTML -> PDF/A-3a and PDF/UA-1 in one file: the only door to WeasyPrint (ADR 0005).

Same inputs, same bytes: every date in the file is the notice's own; its identifier is the hash of its text,
and nothing is fetched but the assets held in memory.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree

from engine.basics.garbage_collection import collector_paused
from engine.events.deal_adopted import DealAdopted
from reports.notice.compose import NoticeInputs, compose
from reports.notice.filled_page import filled_page
from reports.notice.markup import to_html
from reports.pages import audit, foresight, portfolio, publication, review, validation
from reports.pages.audit import AuditInputs
from reports.pages.foresight_inputs import ForesightInputs
from reports.pages.portfolio import PortfolioInputs
from reports.pages.publication import PublicationInputs
from reports.pages.review import ReviewInputs
from reports.pages.validation import ValidationInputs
from reports.render.assets import BASE, assets
from reports.render.pdf_a import finish

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

Paper = Literal["a4", "letter"]

_EPOCH = "SOURCE_DATE_EPOCH"
_WRITING = threading.Lock()


def render_notice(inputs: NoticeInputs, paper: Paper | None = None) -> bytes:
    """Return the notice as a PDF that breaks its pages in the same places on A4 and on US Letter.

    Args:
        inputs: what the notice is made of.
        paper: the paper; the one that the deal writes, unless given.

    Raises:
        ValueError: the log does not say which deal it is.
    """
    return drawn(page_of(inputs, paper))


Page = tuple[str, datetime, Mapping[str, tuple[bytes, str]]]
"""A filled template, the date that its file carries, and what is attached to it."""


def page_of(inputs: NoticeInputs, paper: Paper | None = None) -> Page:
    """Return a notice that is composed and not yet drawn.

    Raises ValueError if the log does not say which deal it is.
    """
    paper = paper or paper_of(inputs)
    page = filled_page(inputs)[1] if paper == "a4" else to_html("notice.html.j2", compose(inputs), paper)
    return page, inputs.issued_at, dict(inputs.attachments)


def paper_of(inputs: NoticeInputs) -> Paper:
    """Return the paper that the newest file of the deal writes."""
    adopted = [event.payload for event in inputs.events if isinstance(event.payload, DealAdopted)]
    return "letter" if adopted and adopted[-1].paper == "us letter" else "a4"


def drawn(page: Page) -> bytes:
    """Return a composed page as a PDF."""
    return to_pdf(*page)


def drawn_and_timed(page: Page) -> tuple[bytes, float]:
    """Return a composed page as a PDF, and the seconds of processor that drawing took in this process."""
    began = time.process_time()
    data = drawn(page)
    return data, time.process_time() - began


def load_renderer() -> None:
    """Load the PDF engine, the fonts and the style sheet, which the first document would load otherwise."""
    _faces()


def render_publication(inputs: PublicationInputs) -> tuple[str, bytes]:
    """Return a publication page as HTML and as PDF, the value's JSON attached."""
    context = publication.compose(inputs)
    value = json.dumps(inputs.value, indent=2, sort_keys=True, default=str).encode()
    html = to_html("publication.html.j2", context, "a4")
    data = {"value.json": (value, "the published value with its days and hashes")}
    return publication.for_screen(html, str(context["illustrative"])), to_pdf(html, inputs.issued_at, data)


def render_portfolio(inputs: PortfolioInputs) -> bytes:
    """Return the portfolio summary as a PDF on landscape pages, its rows attached as CSV."""
    html = to_html("portfolio.html.j2", portfolio.compose(inputs), "wide")
    return to_pdf(
        html, inputs.issued_at, {"portfolio.csv": (inputs.csv.encode(), "the rows of this summary")}
    )


def render_foresight(inputs: ForesightInputs) -> tuple[str, bytes]:
    """Return a foresight report as HTML and as PDF, with its answers attached as JSON.

    The same inputs give the same bytes.
    """
    context = foresight.compose(inputs)
    html = to_html("foresight.html.j2", context, "a4")
    data = {"answers.json": (foresight.answers(inputs).encode(), "the answers that this report states")}
    return publication.for_screen(html, str(context["illustrative"])), to_pdf(html, inputs.issued_at, data)


def render_audit(inputs: AuditInputs) -> bytes:
    """Return the audit report as a PDF, the same as JSON attached."""
    data = json.dumps(inputs.data, indent=2, sort_keys=True, default=str).encode()
    html = to_html("audit.html.j2", audit.compose(inputs), "a4")
    return to_pdf(html, inputs.issued_at, {"audit.json": (data, "what the report states, for programs")})


def render_validation(inputs: ValidationInputs) -> bytes:
    """Return the validation page as a PDF, its findings attached as JSON."""
    findings = json.dumps(inputs.data, indent=2, sort_keys=True, default=str).encode()
    html = to_html("validation.html.j2", validation.compose(inputs), "a4")
    return to_pdf(html, inputs.issued_at, {"validation.json": (findings, "what every test found")})


def render_review(inputs: ReviewInputs) -> tuple[str, bytes]:
    """Return a quarterly review as HTML and as PDF, its figures attached as JSON."""
    context = review.compose(inputs)
    figures = json.dumps(inputs.data, indent=2, sort_keys=True, default=str).encode()
    html = to_html("review.html.j2", context, "a4")
    data = {"review.json": (figures, "the figures of this review")}
    return publication.for_screen(html, str(context["illustrative"])), to_pdf(html, inputs.issued_at, data)


def to_pdf(html: str, created: datetime, attachments: Mapping[str, tuple[bytes, str]]) -> bytes:
    """Return HTML as PDF/A-3a and PDF/UA-1 with its attachments, in their names' order.

    Args:
        html: the filled template.
        created: the date that the file and its attachments carry.
        attachments: per name its bytes and description.
    """
    with collector_paused():
        return _pdf(html, created, attachments)


def _pdf(html: str, created: datetime, attachments: Mapping[str, tuple[bytes, str]]) -> bytes:
    # The library loads slowly, so commands that draw nothing start without it.
    from weasyprint import Attachment

    fonts, style = _faces()
    embedded = [
        Attachment(
            string=body, name=name, description=text, relationship="Data", created=created, modified=created
        )
        # The order of a mapping is that of its making, and the bytes of the file must not depend on it.
        for name, (body, text) in sorted(attachments.items())
    ]
    document = _page_type()(html).render(font_config=fonts, stylesheets=[style], cache=_pictures())
    with _dated(created):
        written = document.write_pdf(
            pdf_variant="pdf/a-3a",
            finisher=_finish,
            pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
            attachments=embedded,
        )
    assert isinstance(written, bytes)  # no target was named, so the bytes come back
    return written


def printed(html: str, created: datetime, files: Mapping[str, tuple[bytes, str]]) -> bytes:
    """Return a page of the web as PDF/UA-1, by its own style sheet for paper.

    The same page gives the same bytes.

    Args:
        html: the page.
        created: the date that the file carries.
        files: what the page may name, each by its address, with its media type; every other address is
            refused.
    """
    from weasyprint import HTML

    # Without our fonts the page is styled by the library itself, and the memory of notices stays as it is.
    document = HTML(string=html, base_url=BASE, url_fetcher=serving(files)).render()
    with _dated(created):
        written = document.write_pdf(
            pdf_variant="pdf/ua-1",
            pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
        )
    assert isinstance(written, bytes)  # no target was named, so the bytes come back
    return written


def _finish(document: Any, pdf: Any) -> None:
    from reports.render.written_objects import settle

    finish(document, pdf)
    settle(pdf)


@contextmanager
def _dated(created: datetime) -> Iterator[None]:
    """Have embedded fonts dated by the document.

    fontTools stamps them with the time of day unless this variable says otherwise. The variable belongs to
    the whole process, so documents are written in turn.
    """
    with _WRITING:
        before = os.environ.get(_EPOCH)
        os.environ[_EPOCH] = str(int(created.timestamp()))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", ResourceWarning
                )  # WeasyPrint leaves its colour profile to be closed by the collector
                yield
        finally:
            # The variable is the whole process's, and other code may have set it before.
            if before is None:
                del os.environ[_EPOCH]
            else:
                os.environ[_EPOCH] = before


@cache
def _faces() -> tuple[FontConfiguration, CSS]:
    """Return the bundled fonts and the style sheet, read once for all documents of a process.

    Raises OtherLibrary.
    """
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    from reports.render import memory

    fonts = FontConfiguration()
    memory.remember(fonts)
    atexit.register(
        _forget
    )  # the finalizers of fonts need libraries that the interpreter takes away before them
    style = CSS(
        string=assets()["style.css"][0].decode(), base_url=BASE, url_fetcher=fetcher(), font_config=fonts
    )
    return fonts, style


def _forget() -> None:
    from reports.render import memory

    memory.end()
    _pictures.cache_clear()
    _faces.cache_clear()


@cache
def _pictures() -> dict[str, Any]:
    """Return the marks and watermarks, read once for all documents of a process."""
    return {}


@cache
def _page_type() -> Any:
    """Return WeasyPrint's document, read by the standard library's XML parser.

    Our templates are well-formed XML, and `legible` leaves no character in a value that XML forbids. The
    parser is written in C; WeasyPrint's own, in Python, takes a fourteenth of a notice. The pages are the
    same bytes.
    """
    from cssselect2 import ElementWrapper
    from weasyprint import HTML

    class Page(HTML):  # type: ignore[misc]  # WeasyPrint ships no types
        """A page of ours, with nothing to fetch but the assets."""

        def __init__(self, text: str) -> None:
            """Read `text`. Raises ParseError for a template that is not well-formed."""
            self.base_url, self.url_fetcher, self.media_type = BASE, fetcher(), "print"
            self.wrapper_element = ElementWrapper.from_html_root(
                ElementTree.fromstring(text), content_language=None
            )
            self.etree_element = self.wrapper_element.etree_element

    return Page


@cache
def fetcher() -> Any:
    """Return a fetcher that serves the assets by name.

    It refuses every other address, on the network or on disk.
    """
    return serving(assets())


def serving(named: Mapping[str, tuple[bytes, str]]) -> Any:
    """Return a fetcher that serves some files from memory, by their names after the base.

    It refuses every other address.
    """
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Memory(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
        """Serves the named files and refuses every other address."""

        def fetch(self, url: str, _headers: Any = None) -> Any:
            """Return the file at `url`. Raises ValueError for any other address."""
            name = url.removeprefix(BASE)
            # `removeprefix` returns a bare name unchanged, so the base is asked for as well.
            if not url.startswith(BASE) or name not in named:
                raise ValueError(f"refused: {url}")
            body, kind = named[name]
            return URLFetcherResponse(url, body, {"Content-Type": kind})

    return Memory()
