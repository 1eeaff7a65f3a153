"""Check that all text of a file's pages is what `page.json` says (`rulings.md` 64).

Each string must stand in its place in the reading order.

A renderer draws one flow after the other: the columns that float and the strings of a drawing come after what
they stand beside. So the text of the pages is the flows of `page.json`, each in its own order, with the
margins on every page. A table's head may come again on a page that the table runs over to; a string may be
cut at the end of a page; nothing else may be there, twice or missing. Spaces and line breaks are not text: a
change of style moves them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.basics.errors import VerificationFailed
from engine.basics.strict_json import read_json

MOST_STEPS = 4
"""How many steps for each string the search for a reading may take.

A true notice takes a single step, and some more for drawings.
"""
LEAST_STEPS = 200
SHOWN = 60
"""Characters of a difference that are shown."""
_UNSEEN = (("\ufffe", "-"), ("\x02", "-"), ("\u00ad", "-"), ("\u200b", ""), ("\ufeff", ""))
"""PDFium writes a hyphen before a line break as one of the first three."""


@dataclass(frozen=True, slots=True)
class PageWords:
    """What `page.json` says: the margins, and each block's strings.

    Attributes:
        margin: the strings of the margins by their place; an empty one is not drawn.
        blocks: page, block, and words: each a flow, a text, and a table's number where it is of the table's
            head.
    """

    margin: Mapping[str, str]
    blocks: tuple[Mapping[str, Any], ...]

    def block(self, name: str) -> Mapping[str, Any] | None:
        """Return a block of page 1 by its name."""
        return next(
            (block for block in self.blocks if block["page"] == "first" and block["block"] == name), None
        )


def read_page_words(data: bytes) -> PageWords:
    """Return what `page.json` says.

    Raises ValueError if it is not in its canonical form, or says something else.
    """
    document = read_json(data)
    if (
        not isinstance(document, dict)
        or set(document) != {"version", "margin", "blocks"}
        # `type` and not a comparison alone: in Python, true and 1.0 equal 1, and no other reader takes them.
        or type(document["version"]) is not int
        or document["version"] != 1
        or _written(document) != data
    ):
        raise ValueError(
            "page.json is not in canonical form, or says other things than version 1, margin and blocks"
        )
    margin, blocks = document["margin"], document["blocks"]
    if set(margin) != {"left", "middle", "right", "foot"} or not all(
        isinstance(one, str) for one in margin.values()
    ):
        raise ValueError("page.json names other margins than left, middle, right and foot")
    for block in blocks:
        if (
            set(block) != {"page", "block", "words"}
            or block["page"] not in ("first", "proof")
            or not isinstance(block["block"], str)
        ):
            raise ValueError("a block of page.json says other things than page, block and words")
        for word in block["words"]:
            if (
                len(word) not in (2, 3)
                or not isinstance(word[1], str)
                or not all(map(_counts, (word[0], *word[2:])))
            ):
                raise ValueError(
                    "a string of page.json is not a flow and a text, with the number of a table or without"
                )
    return PageWords(margin, tuple(blocks))


def _counts(value: Any) -> bool:
    """Return whether a value is a whole number that every reader takes for the same one."""
    # `type` and not `isinstance`: in Python, true is an integer, and it would name a flow.
    return type(value) is int and 0 <= value < 2**53


def _written(value: Any) -> bytes:
    """Return canonical JSON of texts and whole numbers under names of plain letters.

    The standard library writes the same bytes for these, and faster.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def plain_text(text: str) -> str:
    """Return a text without what a change of style moves: no spaces, ligatures apart, each hyphen as one."""
    if text.isascii():  # whose letters have one form
        return "".join(text.replace("\x02", "-").split())
    return "".join(_seen(unicodedata.normalize("NFKC", _seen(text))).split())


def _seen(text: str) -> str:
    """Return a text with its hyphens as one, without what has no width."""
    for unseen, seen in _UNSEEN:
        if unseen in text:
            text = text.replace(unseen, seen)
    return text


@dataclass(slots=True)
class _Flow:
    """Strings that are drawn one after the other."""

    texts: list[str]
    written: list[str]
    at: int = 0
    cut: int = 0
    """Characters of the next string that an earlier page shows already."""
    cut_on: int = -1

    @property
    def rest(self) -> str:
        """What is still to come of the next string."""
        return self.texts[self.at][self.cut :] if self.cut else self.texts[self.at]

    @property
    def whole(self) -> str:
        """All strings as one."""
        return "".join(self.texts)


@dataclass(slots=True)
class _Match:
    """One reading of the pages, on its way."""

    pages: Sequence[str]
    flows: list[_Flow]
    margins: list[_Flow]
    heads: list[_Flow]
    page: int = 0
    place: int = 0
    current: int = 0
    drawn: set[tuple[int, int]] = field(default_factory=set)
    """Heads drawn again, by page and head."""
    furthest: tuple[int, int, int] = (0, 0, 0)


def all_words(pages: Sequence[str], words: PageWords) -> int:
    """Return how many strings the pages show, each one that `page.json` says.

    Raises VerificationFailed at the first that they do not.
    """
    texts = [plain_text(page) for page in pages]
    match = _Match(texts, *_flows(words, len(texts)))
    undo: list[tuple[Iterator[Any], tuple[Any, ...]]] = []
    # Bounded, as a forged file could be made so that trying all readings takes years.
    most = MOST_STEPS * sum(len(flow.texts) for flow in match.flows) + LEAST_STEPS
    steps = 0
    while True:
        while match.page < len(texts) and match.place == len(texts[match.page]) and _page_done(match):
            match.page, match.place = match.page + 1, 0
        if match.page == len(texts) and all(flow.at == len(flow.texts) for flow in match.flows):
            return sum(len(flow.texts) for flow in match.flows)
        match.furthest = max(match.furthest, (match.page, match.place, match.current))
        moves = _moves(match)
        move = next(moves, None)
        while move is None:
            if not undo:
                raise VerificationFailed(_difference(match))
            moves, before = undo.pop()
            _back(match, before)
            move = next(moves, None)
        steps += 1
        # A difference and not a pass: a file that cannot be read in bounds is not shown to be true.
        if steps > most:
            raise VerificationFailed(_difference(match))
        undo.append((moves, _take(match, move)))


def _flows(words: PageWords, count: int) -> tuple[list[_Flow], list[_Flow], list[_Flow]]:
    """Return the flows of the pages, the margins of each page, and the heads of tables."""
    by_flow: dict[tuple[int, int], _Flow] = {(0, 0): _Flow([], [])}
    heads: dict[tuple[int, int, int], _Flow] = {}
    for number, block in enumerate(words.blocks):
        for flow, text, *table in block["words"]:
            seen = plain_text(text)
            if not seen:
                continue
            # Flow 0 is the body, which runs through all blocks. Any other flow belongs to its block alone.
            one = by_flow.setdefault((number if flow else 0, flow), _Flow([], []))
            one.texts.append(seen)
            one.written.append(text)
            if table:
                head = heads.setdefault((number, table[0], flow), _Flow([], []))
                head.texts.append(seen)
    sides = [plain_text(words.margin[name]) for name in ("left", "middle", "right", "foot")]
    margins = [_Flow([side for side in (*sides, f"Page{n + 1}of{count}") if side], []) for n in range(count)]
    return list(by_flow.values()), margins, list(heads.values())


def _page_done(match: _Match) -> bool:
    """Return whether a page has its margins whole, so that the next may begin."""
    margin = match.margins[match.page]
    return margin.at == len(margin.texts)


def _moves(match: _Match) -> Iterator[tuple[str, int, int]]:
    """Yield what may come next, the likeliest first: kind, which flow, how many characters."""
    if match.page >= len(match.pages) or match.place >= len(match.pages[match.page]):
        return
    text, place, page, flows = match.pages[match.page], match.place, match.page, match.flows
    now = flows[match.current]
    # A string that was cut goes on only on a later page; on the same page it was not cut.
    if now.at < len(now.texts) and now.cut_on != page and text.startswith(now.rest, place):
        yield "whole", match.current, len(now.rest)
    begun = [
        n
        for n, flow in enumerate(flows)
        if flow.at < len(flow.texts) and flow.cut_on != page and flow.rest[0] == text[place]
    ]
    for n in begun:
        if n != match.current and text.startswith(flows[n].rest, place):
            yield "whole", n, len(flows[n].rest)
    margin = match.margins[page]
    if margin.at < len(margin.texts) and text.startswith(margin.texts[margin.at], place):
        yield "margin", 0, len(margin.texts[margin.at])
    # A head comes again only on a page that its table runs over to, so never on the first.
    if page:
        for n, head in enumerate(match.heads):
            if (page, n) not in match.drawn and text.startswith(head.whole, place):
                yield "head", n, len(head.whole)
    for n in begun:
        yield from (("cut", n, length) for length in _cuts(flows[n], text, place))


def _cuts(flow: _Flow, text: str, place: int) -> Iterator[int]:
    """Yield the places at which the end of a page may cut the next string.

    A cut follows whole words that the page shows, and the longest part comes first.
    """
    rest = flow.texts[flow.at]
    ends, done = [], 0
    for word in re.split(r"\s+|(?<=-)", flow.written[flow.at])[:-1]:
        done += len(plain_text(word))
        if done > flow.cut:
            if not text.startswith(rest[flow.cut : done], place):
                break
            ends.append(done - flow.cut)
    return reversed(ends)


def _take(match: _Match, move: tuple[str, int, int]) -> tuple[Any, ...]:
    """Go on by one move; what takes it back comes out."""
    kind, n, length = move
    flow = {"margin": match.margins[match.page], "head": match.heads[n] if kind == "head" else None}.get(
        kind
    ) or match.flows[n]
    before = (match.page, match.place, match.current, kind, n, flow, flow.at, flow.cut, flow.cut_on)
    match.place += length
    if kind == "head":
        match.drawn.add((match.page, n))
    elif kind == "cut":
        flow.cut, flow.cut_on, match.current = flow.cut + length, match.page, n
    else:
        flow.at, flow.cut = flow.at + 1, 0
        match.current = n if kind == "whole" else match.current
    return before


def _back(match: _Match, before: tuple[Any, ...]) -> None:
    page, place, current, kind, n, flow, at, cut, cut_on = before
    match.page, match.place, match.current = page, place, current
    flow.at, flow.cut, flow.cut_on = at, cut, cut_on
    if kind == "head":
        match.drawn.discard((page, n))


def _difference(match: _Match) -> str:
    """Return where the reading went furthest, and what should have come there."""
    page, place, _ = match.furthest
    if page >= len(match.pages):
        missing = next(
            (flow.written[flow.at] for flow in match.flows if flow.at < len(flow.texts) and flow.written), ""
        )
        return f"the pages end before `{missing[:SHOWN]}`, which page.json says"
    shown = match.pages[page][place : place + SHOWN]
    there = f"page {page + 1} shows `{shown}`" if shown else f"page {page + 1} ends"
    before = match.pages[page][max(0, place - SHOWN // 2) : place]
    return f"{there} after `{before}`, which page.json does not say there"
