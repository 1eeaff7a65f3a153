"""The fact that a document was made (rulings 64, 65).

It names the document's number, its file, the words of its pages, and what drew it.
"""

from __future__ import annotations

from pydantic import Field

from engine.basics.values import Fact


class Renderer(Fact):
    """What drew a document: the hash of its templates, style and fonts, and the programs' versions.

    The ruling is `rulings.md` 64.
    """

    sha256: str
    drawn_by: str
    """The programs with their versions: `headroom 0.2.0, weasyprint 68.0, pydyf 0.12`."""


class NoticeIssued(Fact):
    """A document that was made: its number, what it states, its file and its hash."""

    number: int
    kind: str
    of: str
    """The key of the event that it states."""
    file: str
    sha256: str
    unsigned_sha256: str | None = None
    """The hash of the file before it was signed; the same event renders to it again."""
    supersedes: int | None = None
    supersedes_each: tuple[int, ...] = Field(default=(), exclude_if=lambda said: not said)
    """For a Correction Notice: the numbers of all notices that state something it withdraws.

    See `rulings.md` 53a.
    """
    page_sha256: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """The hash of `page.json`, which holds every visible string of its pages (`rulings.md` 64).

    It is absent in records from before it was stated.
    """
    renderer: Renderer | None = Field(default=None, exclude_if=lambda said: said is None)
    operator: str | None = Field(default=None, exclude_if=lambda said: said is None)
    """Who computed the index, as the pages name them."""
