"""A sender's own layout of a report, as `headroom.toml` maps it to the report's figures: `[intake.NAME]`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from engine.basics.values import Fact
from engine.terms.report_figures import unit_of

CELL = re.compile(r"(?:(?P<sheet>[^!]+)!)?(?P<cell>[A-Z]{1,3}[1-9][0-9]{0,6})", re.IGNORECASE | re.ASCII)
"""A cell of a sheet, like `B7` or `Summary!B7`."""
ABOUT = ("deal", "period.from", "period.to", "as_of", "source", "corrects", "completes")
"""What a report says of itself, besides its figures."""
TAPE_FIGURES = ("gpu_hours", "rate", "revenue")
"""What a tape maps that is a number."""


class TapeLayout(Fact):
    """Which column of a rental tape holds what.

    Attributes:
        sheet: the sheet's name; unless given, the only visible sheet.
        header_row: the row of the columns' names; unless given, the first row that has them all.
        contract: the column of the contract's name or number.
        from_: the column of a row's first day, `from` in the file, if the tape says days. `to` is then the
            column of its last.
        to: the column of a row's last day; unless given, the last day is the first day.
        asset_class: the column of the asset class; if the tape is of a single class, use `of_class`.
        of_class: the asset class of the whole tape.
        classes: from the tape's own word for an asset class to the deal's name of it.
        gpu_hours: the column of the GPU-hours rented.
        rate: the column of the rate; either it or `revenue`.
        revenue: the column of the rent in USD.
    """

    sheet: str | None = None
    header_row: int | None = Field(default=None, ge=1)
    contract: str
    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    asset_class: str | None = None
    of_class: str | None = None
    classes: Mapping[str, str] = {}
    gpu_hours: str
    rate: str | None = None
    revenue: str | None = None

    @property
    def wanted(self) -> dict[str, str]:
        """The name of each mapped column, by what it holds."""
        plain = ("contract", "to", "asset_class", "gpu_hours", "rate", "revenue")
        named = {"from": self.from_, **{key: getattr(self, key) for key in plain}}
        return {key: column for key, column in named.items() if column is not None}

    def strange_columns(self) -> Iterator[str]:
        """Yield a sentence for each column by which a figure would be another's, or serve nothing."""
        figures = {key: _column(name) for key, name in self.wanted.items() if key in TAPE_FIGURES}
        for column in _twice(figures.values()):
            yield f"two figures of the tape have the column `{column}`"
        for key, name in self.wanted.items():
            if key not in TAPE_FIGURES and _column(name) in figures.values():
                yield f"`{key}` of the tape has the column `{_column(name)}`, which is that of a figure"
        if self.rate is not None and self.revenue is not None:
            yield "the tape has both `rate` and `revenue`, and only the revenue would be counted"
        if self.rate is None and self.revenue is None:
            yield "the tape has neither `rate` nor `revenue`"
        if self.asset_class is not None and self.of_class is not None:
            yield "the tape has both `asset_class` and `of_class`, and only the column would be counted"
        if self.asset_class is None and self.of_class is None:
            yield "the tape has neither `asset_class` nor `of_class`"

    @model_validator(mode="after")
    def _has_a_first_day(self) -> Self:
        if self.to is not None and self.from_ is None:
            raise ValueError(
                "`to` names the column of a row's last day, and `from` that of its first is missing"
            )
        return self


class SenderLayout(Fact):
    """How one sender's files are read.

    Attributes:
        files: patterns of the files' names, like `acme-*.xlsx`.
        deal: the deal that they are of; read from a cell if it is not given.
        sheet: the sheet of `cells` and `columns`; unless given, the only visible sheet.
        cells: by figure, or `period.from`, the cell that holds it, like `B7` or `Summary!B7`.
        columns: by figure the name of its column, if one row below the head holds the report.
        header_row: the row of those names; unless given, the first row that has them all.
        factors: by figure what it is multiplied by: 1000 if the sender reports thousands.
        decimal: the decimal mark in the file's text.
        tape: the columns of a rental tape, if the file has one.
    """

    files: tuple[str, ...] = Field(min_length=1)
    deal: str | None = None
    sheet: str | None = None
    cells: Mapping[str, str] = {}
    columns: Mapping[str, str] = {}
    header_row: int | None = Field(default=None, ge=1)
    factors: Mapping[str, Literal[1, 1000, 1_000_000]] = {}
    decimal: Literal[".", ","] = "."
    tape: TapeLayout | None = None

    @field_validator("cells", "columns", "factors")
    @classmethod
    def _are_figures(cls, named: Mapping[str, object]) -> Mapping[str, object]:
        strange = [name for name in named if name not in ABOUT and unit_of(name) is None]
        if strange:
            raise ValueError(f"`{strange[0]}` is not a figure that a report can give")
        return named

    def as_kept(self) -> bytes:
        """Return the layout as it is kept beside a report that was read by it."""
        return self.model_dump_json(by_alias=True).encode()

    @classmethod
    def from_kept(cls, kept: bytes) -> Self:
        """Return a layout that was kept. Raises ValueError if the file holds none."""
        # The first builds kept `from` of a tape under the name `from_`.
        return cls.model_validate_json(kept, by_alias=True, by_name=True)

    def strange_patterns(self) -> Iterator[str]:
        """Yield a sentence for each pattern that matches no file's name, so that the layout is not used."""
        for pattern in self.files:
            if not pattern.strip() or "/" in pattern or "\\" in pattern:
                yield f"`{pattern}` is not a pattern of a file's name, like `acme-*.xlsx`"

    def strange_places(self) -> Iterator[str]:
        """Yield a sentence for each place by which a figure would be missing, or be another's, in silence."""
        for spot in self.cells.values():
            if CELL.fullmatch(spot) is None:
                yield f"`{spot}` is not a cell; write it like `B7` or `Summary!B7`"
        for spot in _twice(self._cell(spot) for figure, spot in self.cells.items() if figure not in ABOUT):
            yield f"two figures have the cell `{spot}`"
        for column in _twice(_column(named) for figure, named in self.columns.items() if figure not in ABOUT):
            yield f"two figures have the column `{column}`"
        for figure in self.cells.keys() & self.columns.keys():
            yield f"`{figure}` has both a cell and a column"
        yield from () if self.tape is None else self.tape.strange_columns()
        for figure in self.factors:
            if figure not in {**self.cells, **self.columns}:
                yield f"`factors` names `{figure}`, and neither `cells` nor `columns` does"

    def _cell(self, spot: str) -> str:
        """Return a cell with its sheet, because `B7` and `Summary!B7` are one cell of the sheet `Summary`."""
        sheet, _, cell = spot.rpartition("!")
        sheet = sheet or self.sheet or ""
        return f"{sheet}!{cell.upper()}" if sheet else cell.upper()


def _column(name: str) -> str:
    return name.strip().lower()


def _twice(places: Iterable[str]) -> list[str]:
    return [place for place, count in Counter(places).items() if count > 1]
