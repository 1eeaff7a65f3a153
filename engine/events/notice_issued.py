"""That a document was made: its number, its file, the words of its pages, and what drew it (rulings 64, 65)."""

from __future__ import annotations

from pydantic import Field

from engine.basics.values import Fact


class Renderer(Fact):
    """What drew a document: the hash over its templates, style and fonts, and the versions of the programs (`rulings.md` 64)."""

    sha256: str
    drawn_by: str
    """`headroom 0.2.0, weasyprint 68.0, pydyf 0.12`: the programs with their versions."""


class NoticeIssued(Fact):
    """A document that was made: its number, what it states, its file and its hash."""

    number: int
    kind: str
    of: str
    """Key of the event that it states."""
    file: str
    sha256: str
    unsigned_sha256: str | None = None
    """Of the file before it was signed: what the same event renders to again."""
    supersedes: int | None = None
    supersedes_each: tuple[int, ...] = Field(default=(), exclude_if=lambda said: not said)
    """Of a Correction Notice: the numbers of all notices that state something of what it withdraws (`rulings.md` 53a)."""
    page_sha256: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """Of `page.json`, every visible string of its pages; absent in records made before it was said (`rulings.md` 64)."""
    renderer: Renderer | None = Field(default=None, exclude_if=lambda said: said is None)
    operator: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """Who computed the index, as the pages name them."""
