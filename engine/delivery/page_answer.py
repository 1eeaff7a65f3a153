"""The answer of a notice's page 1, in the words of the notice itself.

The words stand in `page.json`, which the notice's file carries.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.basics.errors import VerificationFailed
from engine.notices.page_match import PageWords, read_page_words
from engine.notices.pdf import read_notice


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """The first words of a notice.

    Attributes:
        party: the party whose notice it is, as the page's head says.
        mark: what stands across each page of a notice that is not one, like `ILLUSTRATIVE - NOT A NOTICE`;
            empty on a real one.
        sentences: the answer, sentence by sentence or paragraph by paragraph.
    """

    party: str
    mark: str
    sentences: tuple[str, ...]


def page_answer(data: bytes) -> PageAnswer | None:
    """Return the answer of a notice's file.

    The result is None for a file without words, as notices of the first edition are.
    """
    try:
        attached = read_notice(data).attachments
        words = read_page_words(attached["page.json"])
    except (VerificationFailed, KeyError, ValueError):
        return None
    head, answer = _texts(words, "masthead"), _texts(words, "answer")
    return PageAnswer(head[0], words.margin["middle"], answer) if head and answer else None


def _texts(words: PageWords, name: str) -> tuple[str, ...]:
    block = words.block(name)
    return () if block is None else tuple(str(word[1]) for word in block["words"])
