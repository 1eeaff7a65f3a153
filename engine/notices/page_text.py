"""Check that the pages of a notice show what the log says (`notice.md`, block 1).

Each result's row is compared word by word.

The rows are looked for in the order in which PDFium reads a table: the verdict, the title, the section, the
figures, the state. A row of a test that says anything else than the log is a difference, wherever it stands.
So a second row cannot hide behind a true one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from engine.basics.errors import VerificationFailed
from engine.basics.values import (
    counted,
    long_date,
    printed_apart,
    printed_limit,
    printed_signed,
    ratio_decimals,
    weekday_date,
)
from engine.determination.template import Template
from engine.events.kinds import Tested
from engine.events.results import TestResult, Verdict
from engine.events.states import PRINTED_STATUS
from engine.terms.in_force import TermsInForce

NONE = "\N{EN DASH}"
"""What a cell holds if there is nothing to say."""
VERDICTS = "|".join((*(verdict.value for verdict in Verdict), NONE))
FIGURE = rf"(?:{NONE} |(?:USD )?-?\d|-USD \d)"
"""How the figure after a title begins, in a table without sections."""
LONG_DATE = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d{1,2} [A-Z][a-z]+ \d{4}")
"""A date in prose; the first one of a notice is its own."""


def shown_as_recorded(
    pages: Sequence[str], tested: Sequence[Tested], terms: TermsInForce, templates: Mapping[str, Template]
) -> str:
    """Return how many results the pages show as the log has them, by verdict.

    Raises VerificationFailed at the first that they do not.

    Args:
        pages: the text of the first pages, spaces made one.
        tested: the results of the notice's date.
        terms: the deal on that date.
        templates: the templates, which say whose state a row shows.
    """
    # Pages print the true minus; the patterns are made of figures with the plain one.
    said = [page.replace("\N{MINUS SIGN}", "-") for page in pages]
    for test in tested:
        _shown(said, test, terms, templates)
    counts = Counter(test.result.verdict.value for test in tested)
    each = ", ".join(
        f"{counts[verdict.value]} {verdict.value}" for verdict in Verdict if counts[verdict.value]
    )
    return f"{counted(len(tested), 'results')} shown as recorded" + (f": {each}" if each else "")


def shown_of(pages: Sequence[str], deal: str, on: date, evaluated: bool) -> None:
    """Check that the first page names the deal and the date of the evidence.

    If the date was not evaluated, the page must say so.

    Raises VerificationFailed: the pages are of another deal or date, so whatever they show is not what the
    evidence proves.
    """
    first = pages[0] if pages else ""
    if not re.search(rf"Log of {_words(deal)}: ", first):
        named = re.search(r"Log of (\S{1,80}): ", first)
        raise VerificationFailed(
            f"the evidence is of {deal}, page 1 names {named[1] if named else 'another deal'}"
        )
    day, match = _words(long_date(on)), LONG_DATE.search(first)
    # Only the first date counts: it is the notice's own, and the page may name others after it.
    if match is None or not re.fullmatch(day, match[0]):
        raise VerificationFailed(
            f"the evidence is of {long_date(on)}, page 1 is of {match[0] if match else 'no date'}"
        )
    if not evaluated and not re.search(rf"The deal was not evaluated on {day}", first):
        raise VerificationFailed(
            f"the log says that the deal was not evaluated on {long_date(on)}, page 1 does not"
        )


def _shown(
    pages: Sequence[str], tested: Tested, terms: TermsInForce, templates: Mapping[str, Template]
) -> None:
    result = tested.result
    title = _title(result, terms)
    section = rf"{_words(result.cite)}; proof \d+\.\d+ "
    # A title may also stand in a sentence, so only one with a section or a figure after it is a row.
    begins = re.compile(rf"(?<!\S)({VERDICTS}) (?={title} (?:{section}|{FIGURE}))")
    rounding = terms.rounding.rule
    # PDFium may join a full line to the next, so that a state is followed at once by its detail, which begins
    # in lower case.
    figures = f"{_figures(result, rounding)}{_state(tested, terms, templates)}"
    row = re.compile(rf"{result.verdict.value} {title} (?:{section})?{figures}(?![A-Z0-9])")
    of = f", as of {weekday_date(result.as_of)}" if result.as_of is not None else ""
    dated = (
        rf"{_words(weekday_date(result.on) + of)} {result.verdict.value} "
        rf"{_figures(result, rounding, every_cell=True)}"
    )
    of_its_course = re.compile(rf"(?<!\S){dated}(?!\S)")
    rows = [(page, match) for page in pages for match in begins.finditer(page)]
    # Every row that begins as this test's is checked, so that a false one cannot stand beside a true one.
    for page, match in rows:
        if not row.match(page, match.start()):
            there = page[match.start() : match.start() + 100]
            raise VerificationFailed(f"{result.test}: the log says {_said(result)}, the pages show `{there}`")
    if not rows and not any(of_its_course.search(page) for page in pages):
        raise VerificationFailed(f"{result.test}: the pages do not show {_said(result)}")


def _title(result: TestResult, terms: TermsInForce) -> str:
    """Return a test's title as a pattern.

    The pattern takes the class of debt or the key that tells tests of the same title apart.
    """
    clause = terms.covenants.get(result.test)
    apart = re.split(r"[_\-]", (clause.debt_class if clause else None) or result.test)
    return rf"{_words(result.title)}(?:, (?i:{' '.join(re.escape(word) for word in apart)}))?"


def _words(text: str) -> str:
    """Return a text as a pattern: a line may end after each of its words, and after a hyphen inside one."""
    return re.escape(" ".join(text.split())).replace(r"\-", r"\-\ ?")


def _cells(result: TestResult, rounding: str = "unrounded") -> tuple[str, str, str]:
    """Return measured, limit and headroom as the tables print them; empty without one."""
    least, room = (
        None if one is None else ratio_decimals(rounding, one.unit)
        for one in (result.measured, result.headroom)
    )
    measured = (
        printed_apart(result.measured, result.limit, least)
        if result.measured is not None and result.limit is not None
        else ""
    )
    limit = (
        printed_limit(result.comparison, result.limit)
        if result.comparison is not None and result.limit is not None
        else ""
    )
    return measured, limit, printed_signed(result.headroom, room) if result.headroom is not None else ""


def _figures(result: TestResult, rounding: str, every_cell: bool = False) -> str:
    """Return the figures as a pattern.

    A rounded ratio has the deal's decimals, or the decimals of every ratio, which earlier notices had.
    """
    printed = dict.fromkeys((_cells(result, rounding), _cells(result)))
    each = (
        (measured or NONE, limit or (NONE if every_cell else ""), headroom or NONE)
        for measured, limit, headroom in printed
    )
    return f"(?:{'|'.join(' '.join(_words(cell) for cell in cells if cell) for cells in each)})"


def _state(tested: Tested, terms: TermsInForce, templates: Mapping[str, Template]) -> str:
    """Return the pattern of the state after the figures.

    The pattern is empty if the row shows the state of the clause's trigger, which the test does not have.
    """
    clause = terms.covenants.get(tested.result.test)
    if clause is None or templates[clause.template].rule is not None:
        return ""
    return (
        rf"(?: (?:[+-][\d,.]+% of limit|[a-z][a-z ]{{2,40}}))? {_words(PRINTED_STATUS[tested.state.status])}"
    )


def _said(result: TestResult) -> str:
    return " ".join(filter(None, (result.verdict.value, *_cells(result))))
