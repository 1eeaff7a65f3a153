"""The number formats that an open document gives to the numbers of one sheet, as codes like those of Excel.

The document is heard in one pass, because a tape has 100,000 rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

from engine.servicer_report.open_document_child import SECTIONS

KINDS = (
    *("number-style", "percentage-style", "currency-style", "date-style", "time-style"),
    *("boolean-style", "text-style"),
)
"""The elements that say how numbers are shown."""
SPOKEN = ("text", "embedded-text", "currency-symbol")
"""The elements in them whose text is shown beside the number."""
OTHERS = {"scientific-number": "0", "fraction": "0", "text-content": "@", "boolean": '"TRUE"'}
CURRENCY = re.compile(r"\[\$[^\]]*\]")


@dataclass
class _DataStyle:
    """How numbers are shown: the parts of a section, and by a condition the style that serves instead."""

    kind: str
    parts: list[str] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)

    def add_number(self, factor: str) -> None:
        """Add the digits, which show the number divided by a factor."""
        thousands = len(factor) // 3 if factor.isdecimal() and int(factor) >= 1000 else 0
        self.parts.append("#,##0" + "," * thousands)

    def add_words(self, what: str, words: str) -> None:
        """Add what is shown beside the number."""
        if what == "currency-symbol":
            self.parts.append(f"[${words}]")
            return
        words = words.replace("%", "") if self.kind == "percentage-style" else words
        # Signs of numbers stand as they are in a number format, and words stand in quotes.
        plain = not words.strip("-() \xa0")
        self.parts.append(words if plain else '"{}"'.format(words.replace('"', "'")))

    @property
    def section(self) -> str:
        """The section of a number format."""
        if self.kind in ("date-style", "time-style"):
            return "yyyy-mm-dd"
        return "".join(self.parts) + ("%" if self.kind == "percentage-style" else "")


class OpenDocumentFormats:
    """The formats of the numbers in some columns of one sheet.

    Attributes:
        found: the row (from 1) and the column (from 0) of each first number with a format, the format, and
            whether the number is below zero.
    """

    def __init__(self, sheet: str, columns: set[int]) -> None:
        """Listen for the cells of a sheet."""
        self.sheet, self.columns = sheet, columns
        self.found: list[tuple[int, int, str, bool]] = []
        self._seen: set[tuple[int, str, bool]] = set()
        self._styles: dict[str, _DataStyle] = {}
        self._of_cells: dict[str, tuple[str, str]] = {}
        self._data: _DataStyle | None = None
        self._words: list[str] = []
        self._defaults: list[tuple[range, str]] = []
        self._of_row, self._inside, self._row, self._column, self._times = "", False, 0, 0, 1

    def hear(self, file: IO[bytes]) -> None:
        """Hear a part of the document: first that of its styles, then that of its content."""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._begun, self._ended
        self._parser.ParseFile(file)

    def _begun(self, name: str, attributes: dict[str, str]) -> None:
        what = name.rpartition(":")[2]
        said = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if self._data is not None:
            self._in_a_data_style(self._data, what, said)
        elif what in KINDS:
            self._data = self._styles[said.get("name", "")] = _DataStyle(what)
        elif what == "style" and said.get("family") == "table-cell":
            beside = said.get("data-style-name", ""), said.get("parent-style-name", "")
            self._of_cells[said.get("name", "")] = beside
        elif what == "table":
            self._inside, self._row, self._column = said.get("name") == self.sheet, 0, 0
            self._defaults = []
        elif self._inside:
            self._in_a_sheet(what, said)

    def _ended(self, name: str) -> None:
        what = name.rpartition(":")[2]
        if self._data is not None:
            if what in SPOKEN:
                self._data.add_words(what, "".join(self._words))
                # Only here: each text of a sheet would cost a call.
                self._parser.CharacterDataHandler = None
            elif what in KINDS:
                self._data = None
        elif self._inside and what == "table-row":
            self._row += self._times

    def _in_a_data_style(self, data: _DataStyle, what: str, said: dict[str, str]) -> None:
        if what in SPOKEN:
            self._words = []
            self._parser.CharacterDataHandler = self._words.append
        elif what == "number":
            data.add_number(said.get("display-factor", "1"))
        elif what == "map":
            condition = said.get("condition", "").replace(" ", "").removeprefix("value()")
            data.others[condition] = said.get("apply-style-name", "")
        elif what in OTHERS:
            data.parts.append(OTHERS[what])

    def _in_a_sheet(self, what: str, said: dict[str, str]) -> None:
        if what == "table-column":
            times = int(said.get("number-columns-repeated", 1))
            these = range(self._column, self._column + times)
            self._defaults.append((these, said.get("default-cell-style-name", "")))
            self._column += times
        elif what == "table-row":
            self._column, self._times = 0, int(said.get("number-rows-repeated", 1))
            self._of_row = said.get("default-cell-style-name", "")
        elif what in ("table-cell", "covered-table-cell"):
            times = int(said.get("number-columns-repeated", 1))
            kind = said.get("value-type")
            if kind in ("float", "percentage", "currency"):
                for column in self.columns & set(range(self._column, self._column + min(times, 1_000))):
                    self._add(column, kind, said)
            self._column += times

    def _add(self, column: int, kind: str, said: dict[str, str]) -> None:
        style = said.get("style-name") or self._of_row
        style = style or next((one for these, one in self._defaults if column in these), "")
        sections = self._sections(style)
        if currency := said.get("currency"):
            # The cell's own word counts, whatever sign its style shows.
            sections = [f"[${currency}]" + CURRENCY.sub("", section) for section in sections]
        if kind == "percentage" and "%" not in "".join(sections):
            sections = ["0%"]
        code, below = ";".join(sections), said.get("value", "").strip().startswith("-")
        if (column, code, below) not in self._seen:
            self._seen.add((column, code, below))
            self.found.append((self._row + 1, column, code, below))

    def _sections(self, style: str) -> list[str]:
        """Return the sections of the number format of a style of cells, which may have it from its parent."""
        passed: set[str] = set()
        while style in self._of_cells and style not in passed:
            passed.add(style)
            name, parent = self._of_cells[style]
            if (data := self._styles.get(name)) is not None:
                return self._sections_of(data)
            style = parent
        return ["General"]

    def _sections_of(self, data: _DataStyle) -> list[str]:
        others = {
            on: self._styles[name].section if name in self._styles else "" for on, name in data.others.items()
        }
        order = SECTIONS.get(tuple(others))
        # Any other condition stays one, so that the cell is asked about.
        first = [f"[{on.replace('!=', '<>')}]{code}" for on, code in others.items()]
        return [*([others[on] for on in order] if order else first), data.section]
