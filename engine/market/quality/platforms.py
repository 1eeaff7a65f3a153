"""The index beside the rates of other platforms (WP §7.1; `rulings.md` 37).

A file names these rates with their source and date. The comparison only describes. The index is one
marketplace's rate by definition, so a difference is a fact about the market and not an error of the index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from engine.basics.errors import WrongUsage
from engine.basics.tables import NUMBER, read_table
from engine.basics.values import counted
from engine.market.quality.finding import WEEK, Finding, Week

COLUMNS = ("date", "platform", "usd_per_gpu_hour", "source")


@dataclass(frozen=True, slots=True)
class Quote:
    """One rate of another platform, in USD per GPU-hour, with its source."""

    on: date
    platform: str
    rate: Decimal
    source: str


def read_quotes(text: str, file: str) -> tuple[Quote, ...]:
    """Return the quotes of a CSV with the columns date, platform, usd_per_gpu_hour, source; oldest first.

    Raises WrongUsage naming every row that cannot be read.
    """
    table, problems = read_table(text, file)
    if table is None:
        raise WrongUsage(
            f"{file} is not a table ({problems[0].why}); it needs the columns {', '.join(COLUMNS)}"
        )
    if not table.rows or any(column not in table.columns for column in COLUMNS):
        raise WrongUsage(f"{file} has no rows with the columns {', '.join(COLUMNS)}")
    read = [(row.line, _quote(row.cells)) for row in table.rows]
    wrong = [f"{file}:{line}: {quote}" for line, quote in read if isinstance(quote, str)]
    if wrong:
        raise WrongUsage("; ".join(wrong))
    return tuple(sorted((quote for _, quote in read if isinstance(quote, Quote)), key=lambda quote: quote.on))


def _quote(row: Mapping[str, str]) -> Quote | str:
    """Return the quote of one row, or in words what is wrong with it."""
    text = {column: row[column].strip() for column in COLUMNS}
    try:
        on = date.fromisoformat(text["date"])
    except ValueError:
        return f"`{text['date']}` is not a date; write it like 2026-03-05"
    if NUMBER.fullmatch(text["usd_per_gpu_hour"]) is None:
        return f"`{text['usd_per_gpu_hour']}` is not a rate; write it like 2.49"
    rate = Decimal(text["usd_per_gpu_hour"])
    if not rate > 0:
        return f"a rate of {rate} is not above zero"
    if not text["platform"] or not text["source"]:
        return "every rate names its platform and its source"
    return Quote(on, text["platform"], rate, text["source"])


def compared(weeks: Sequence[Week], quotes: Sequence[Quote] | None) -> list[Finding]:
    """Return one finding for each platform: the index over that platform's rate, less one.

    Without a file the only finding is a refusal.
    """
    if quotes is None:
        verdict = "refused: rates of other platforms are not given, and it needs a file of them (--prices)"
        return [
            Finding(
                "price comparison",
                "WP §7.1",
                0,
                None,
                None,
                None,
                verdict,
                "one marketplace cannot say what others ask",
            )
        ]
    names = sorted({quote.platform for quote in quotes})
    return [_platform(name, weeks, [quote for quote in quotes if quote.platform == name]) for name in names]


def _platform(name: str, weeks: Sequence[Week], quotes: Sequence[Quote]) -> Finding:
    """Return the finding on one platform: each quote against the value published in the week up to its date.

    A quote without such a value is left out.
    """
    values = {week.publication: week.value for week in weeks}
    pairs = [(value, quote.rate) for quote in quotes if (value := _standing(values, quote.on)) is not None]
    test, sources = f"price comparison, {name}", ", ".join(dict.fromkeys(quote.source for quote in quotes))
    caveat = f"described, not tested: a difference is a fact about the market; source: {sources}"
    if len(pairs) < len(quotes):
        caveat += (
            f"; {counted(len(quotes) - len(pairs), 'rates')} without a value published in the week "
            "before left out"
        )
    if not pairs:
        verdict = "refused: no rate falls in a week with a value, and it needs one"
        return Finding(test, "WP §7.1", 0, None, None, None, verdict, caveat)
    apart = [value / float(rate) - 1 for value, rate in pairs]
    middle = median(apart)
    side, span = "below" if middle < 0 else "above", f"{min(apart):+.1%} to {max(apart):+.1%}"
    said = (
        f"the index is {abs(middle):.1%} {side} {name} in the middle of {counted(len(apart), 'rates')} "
        f"({span})"
    )
    return Finding(test, "WP §7.1", len(apart), middle, None, None, said, caveat)


def _standing(values: dict[date, float | None], on: date) -> float | None:
    """Return the value of the newest Publication Date on or before a day, if it is less than a week old."""
    newest = max((day for day in values if day <= on), default=None)
    # A value a week old has been replaced by the next one, or by a week without publication.
    return values[newest] if newest is not None and on - newest < WEEK else None
