"""What one cell of a sent file says as a figure or a date: its stored value and its number format both count.

What is ambiguous is asked, never guessed. Each question is a problem that names the cell and its cause (codes
R146 to R156).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal

from engine.basics.errors import Place, Problem
from engine.basics.files import strange
from engine.basics.values import Unit
from engine.servicer_report.number_formats import Shown, shown_by, text_shown_by
from engine.servicer_report.workbook import Cell

PLAIN = re.compile(r"[-+\N{MINUS SIGN}]?(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d+)?", re.ASCII)
"""A number in text without its unit, with its thousands grouped correctly: no first group begins with 0."""
EITHER = re.compile(r"[-+\N{MINUS SIGN}]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
"""A number in text that is ambiguous.

With a decimal comma it means one thing, with a decimal point a thousand times another.
"""
EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Products without a bound on their digits, which the usual ones have."""
UNIT_WORDS = {
    Unit.USD: ("USD", "US$", "$"),
    Unit.RATE: ("USD", "$", "USD per GPU-hour", "per GPU-hour", "/GPU-hour", "/h", "$/h"),
    Unit.GPU_HOURS: ("GPU-hours", "GPU hours", "h"),
    Unit.GPUS: ("GPUs", "GPU"),
}
"""Words in a number format that name the figure's own unit, and so change nothing."""


@dataclass
class Questions:
    """What is wrong or ambiguous in one file, and what is worth saying although the file is taken."""

    file: str
    sheet: str | None = None
    problems: list[Problem] = field(default_factory=list)

    def place(self, cell: Cell) -> Place:
        """Return the place of a cell, as a person finds it."""
        if self.sheet is None:
            return Place(self.file, cell.row, 1, max(1, len(cell.text)))
        return Place(self.file, cell.row, cell.column, 1, f"{self.sheet}!{cell.name}")

    def ask(self, code: str, what: str, why: str, fix: str, cell: Cell, *, at_the_door: bool = False) -> None:
        """Add one question at its cell; with `at_the_door` the figure is read on, for a file that is kept."""
        self.problems.append(Problem(code, what, why, fix, self.place(cell), at_the_door))


def figure_text(
    asked: Questions, cell: Cell, name: str, unit: Unit, factor: int = 1, decimal_comma: bool = False
) -> str | None:
    """Return a cell as the text of a figure in its unit, like `USD 15,900,000`.

    The result is None if the cell is asked about, or refused.

    Args:
        asked: receives the questions.
        cell: the cell.
        name: the figure's name, for the questions.
        unit: the unit of the figure.
        factor: what the sender's own layout multiplies a cell by: 1,000 if the sender reports thousands.
        decimal_comma: whether the file comes from where a comma is a decimal mark, so that text with one is
            ambiguous.
    """
    if not _plain_value(asked, cell, name):
        return None
    if cell.kind == "text":
        if not _is_seen(asked, cell, name, unit, text_shown_by):
            return None
        return _from_text(asked, cell, name, unit, factor, decimal_comma)
    if cell.kind == "date":
        fix = "give the cell a number format and look at its value again"
        asked.ask(
            "R149", f"`{name}` is shown as a date, {cell.text}", f"it is counted in {unit.value}", fix, cell
        )
        return None
    # The stored text and not a float, which would not be exact.
    value = Decimal(cell.text)
    shown = shown_by(cell.number_format, value)
    if not _as_it_is_shown(asked, cell, name, unit, shown):
        return None
    if unit is Unit.SHARE:
        # A cell that is shown in per cent stores a share of one.
        return f"{value * 100:f}%"
    # The factor is of the number as it is shown, and each comma of its format hides three digits.
    if factor != 1:
        value = value / 1000**shown.thousands * factor
    elif shown.thousands:
        what = (
            f"`{name}` is shown without its last {3 * shown.thousands} digits; {value:,f} is stored and "
            "is taken"
        )
        asked.ask("RW11", what, "the cell's format hides them", "see that it is meant", cell)
    return in_unit(f"{value:f}", unit)


def in_unit(number: str, unit: Unit) -> str:
    """Return a plain number as the text of a figure in a unit."""
    money = {Unit.USD: f"USD {number}", Unit.RATE: f"USD {number} per GPU-hour"}
    return money.get(unit, f"{number}%" if unit is Unit.SHARE else number)


def date_text(asked: Questions, cell: Cell, name: str) -> str | None:
    """Return a cell as the text of a date; None if it is asked about.

    A number is not a date, because nobody can tell from which day it counts.
    """
    if not _plain_value(asked, cell, name):
        return None
    if cell.kind == "number":
        fix = "give the cell a date format, or write 2026-03-04"
        asked.ask(
            "R149", f"`{name}` is the number {cell.text}", "it may be a date, and it may be none", fix, cell
        )
        return None
    if cell.kind == "date" and "T" in cell.text:
        asked.ask(
            "R149", f"`{name}` has an hour, {cell.text}", "a date has none", "write the day alone", cell
        )
        return None
    return cell.text.strip()


def plain_text(asked: Questions, cell: Cell, name: str) -> str | None:
    """Return a cell as text, for a name or a source; None if it is an error or has no result."""
    return cell.text.strip() if _plain_value(asked, cell, name, computed=True) else None


def _plain_value(asked: Questions, cell: Cell, name: str, computed: bool = False) -> bool:
    """Return whether a cell has a value that can be read by itself; if not, it is asked about.

    It cannot be an error, a formula without a result, a yes or no, out of sight, or a text with characters
    that do not show.
    """
    unseen = strange(cell.text, asked.file) if cell.kind == "text" else []
    if unseen:
        asked.ask(unseen[0].code, f"`{name}` has {unseen[0].what}", unseen[0].why, "type it anew", cell)
    elif cell.kind == "error":
        why = "the formula behind it has no value"
        asked.ask(
            "R146",
            f"`{name}` is the error {cell.text}",
            why,
            "mend the formula, or write the figure itself",
            cell,
        )
    # A stored 0 behind a formula may be real, but it is also what is stored before a first calculation.
    elif cell.kind == "nothing" or (cell.formula is not None and cell.text == "0" and not computed):
        why = "some programs store none, or zero, until the file is opened and saved"
        fix = "open and save it in your spreadsheet program, or write the figure itself"
        asked.ask("R147", f"`{name}` is a formula without a stored result: {cell.formula}", why, fix, cell)
    elif cell.kind == "truth":
        asked.ask("R154", f"`{name}` is {cell.text}", "a figure is a number", "write the figure", cell)
    elif cell.hidden:
        why = "who sent the file may not have seen it"
        asked.ask(
            "R150",
            f"`{name}` stands in a row, column or sheet out of sight",
            why,
            "show it, or delete it",
            cell,
        )
    else:
        return True
    return False


def _as_it_is_shown(asked: Questions, cell: Cell, name: str, unit: Unit, shown: Shown) -> bool:
    """Return whether a number's format leaves its meaning unchanged; if not, the cell is asked about."""
    form = f"the cell's format is `{cell.number_format}`"
    if shown.conditional:
        asked.ask(
            "R148", f"`{name}` is shown by conditions", form, "give the cell a plain number format", cell
        )
    elif not _is_seen(asked, cell, name, unit, lambda code: shown_by(code, Decimal(cell.text))):
        return False
    elif shown.currency is not None and (unit not in (Unit.USD, Unit.RATE) or shown.currency != "USD"):
        what = f"`{name}` is shown as {shown.currency}"
        asked.ask("R156", what, f"{form}; it is counted in {unit.value}", "report it in its own unit", cell)
    elif unit is Unit.SHARE and shown.percent != 1:
        fix = f"give the cell a per cent format, or write `{cell.text}%` as text"
        asked.ask(
            "R148",
            f"`{name}` is {cell.text} without a per cent sign",
            "it may be a share of one or per cent",
            fix,
            cell,
        )
    # The format shows a hundred times what is stored, so the sender saw another number.
    elif unit is not Unit.SHARE and shown.percent:
        what = f"`{name}` is shown in per cent"
        asked.ask(
            "R148", what, f"{form}; it is counted in {unit.value}", "give the cell a number format", cell
        )
    else:
        return True
    return False


def _is_seen(asked: Questions, cell: Cell, name: str, unit: Unit, of: Callable[[str], Shown]) -> bool:
    """Return whether a cell's format shows its value, and no word beside it; if not, it is asked about.

    Args:
        asked: receives the question.
        cell: the cell.
        name: the figure's name, for the question.
        unit: the unit of the figure, whose words may stand beside it.
        of: what a number format shows of the cell's value.
    """
    shown = of(cell.number_format)
    # The first rule alone is named, as one question is enough for a cell.
    for rule, later in ((cell.by_rule, False), (cell.by_later_rule, True)):
        if rule is not None and of(rule) != shown:
            what = f"a rule of the sheet may show `{name}`, which is {cell.text}, in the format `{rule}`"
            why = "who sent the file may have seen another figure, or none"
            fix = "delete the rule of conditional formatting"
            asked.ask("R148", what, why, fix, cell, at_the_door=later)
            if not later:
                return False
    if shown.words and shown.words not in UNIT_WORDS.get(unit, ()):
        what = f"`{name}` is {cell.text}, shown with `{shown.words}`"
        why = (
            f"the cell's format is `{cell.number_format}`; the word changes what is read, not what is stored"
        )
        asked.ask("R148", what, why, "write the figure in a plain format", cell)
    elif shown.other_sign and not shown.unseen:
        what = f"`{name}` is {cell.text}, and its format shows it with another sign"
        why = f"the cell's format is `{cell.number_format}`; who sent the file has seen another figure"
        asked.ask("R148", what, why, "write the figure in a plain format", cell, at_the_door=True)
        return True
    elif shown.unseen:
        what, fix = (
            f"`{name}` is {cell.text}, and its format does not show it",
            "give the cell a plain format",
        )
        asked.ask("R150", what, "who sent the file may not have seen it", fix, cell)
    else:
        return True
    return False


def _from_text(
    asked: Questions, cell: Cell, name: str, unit: Unit, factor: int, decimal_comma: bool
) -> str | None:
    """Return a figure from a cell of text.

    Its unit is the written one, or without one the figure's own.
    """
    text = cell.text.strip()
    number = text.replace("\N{MINUS SIGN}", "-")
    grouped = re.search(r"\d[\d.,]*", number)
    digits = grouped[0] if grouped else ""
    either = EITHER.fullmatch(digits) is not None and "." in digits and unit not in (Unit.RATE, Unit.SHARE)
    # 1.234 may be a thousand or one and a bit; a rate or a share is small, so a point means decimals there.
    if either or (decimal_comma and "," in digits):
        why = "a comma or a point may part thousands or decimals"
        asked.ask(
            "R153",
            f"`{name}` is the text `{text}`",
            why,
            "write it without thousands, with a point, like 15900000.00",
            cell,
        )
        return None
    if "," in digits and PLAIN.fullmatch(digits) is None:
        why = "commas part thousands in threes"
        asked.ask(
            "R153", f"`{name}` is the text `{text}`", why, "write decimals with a point, like 1.92", cell
        )
        return None
    if PLAIN.fullmatch(number) is None:
        if factor == 1:
            return text
        why = f"the sender's layout says that it is in units of {factor:,}"
        asked.ask("R153", f"`{name}` is the text `{text}`", why, "send a plain number", cell)
        return None
    if unit is Unit.SHARE:
        fix = f"write `{text}%`"
        asked.ask(
            "R148",
            f"`{name}` is {text} without a per cent sign",
            "it may be a share of one or per cent",
            fix,
            cell,
        )
        return None
    value = EXACT.multiply(Decimal(number.replace(",", "")), Decimal(factor))
    return in_unit(f"{value:f}", unit)
