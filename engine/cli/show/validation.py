"""`headroom validate-index`: the paper's statistical tests of an index, printed, as JSON, or as a page with pictures (WP §7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.files import read_text, write_whole
from engine.basics.values import counted
from engine.cli.output import print_json, progress, progress_done, say, table
from engine.market.index_value import DayDetail, IndexValue
from engine.market.methodology import load_methodology
from engine.market.quality.finding import CollectedDay, Finding, Week
from engine.market.quality.manipulation import Day, day_median
from engine.queries.index_weeks import weeks_of
from engine.workspace.workspace import Workspace


@dataclass(frozen=True)
class Page:
    """A page that is asked for: the file, and what renders (findings as JSON, weeks as JSON) to a PDF."""

    into: Path
    render: Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], bytes]


def validate(workspace: Workspace, index: str, version: str, as_json: bool, prices: Path | None = None, page: Page | None = None) -> int:
    """The paper's tests over every week that the workspace's snapshots give, beside other platforms' rates where a file names them."""
    from engine.market.quality import statistical_suite as validation
    from engine.market.quality.platforms import read_quotes

    quotes = None if prices is None else read_quotes(read_text(prices), prices.name)
    values = list(weeks_of(workspace, index, version, progress))
    progress_done()
    if not values:
        raise WrongUsage("the workspace holds no snapshot; import some first")
    weeks = [_week(value, days) for value, days in values]
    found = validation.suite(weeks, quotes)
    data = {
        "index": index,
        "methodology": version,
        "weeks": len(weeks),
        "last": str(weeks[-1].publication),
        "distributions_of": [str(week.publication) for week in validation.distributed(weeks)],
        "findings": [{name: _plain(one) for name, one in asdict(finding).items()} for finding in found],
        "coverage": [
            {"date": str(d.day), "offers": d.offers, "qualifying": d.qualifying, "ratio": d.coverage} for w in weeks for d in w.days
        ],
    }
    if page is not None:
        write_whole(page.into, page.render(data, [value.model_dump(mode="json") for value, _ in values]))
    if as_json:
        print_json(data)
    else:
        _say(data, found, weeks)
        say(f"\n{page.into} is written" if page is not None else "")
    return 0


def _say(data: Mapping[str, Any], found: Sequence[Finding], weeks: Sequence[Week]) -> None:
    """Each test with its verdict and its caveat, then the coverage of each week."""
    from engine.market.quality.representativeness import coverage_of

    say(f"{data['index']} under {data['methodology']}: {counted(len(weeks), 'weeks')} to {data['last']}")
    say(
        f"Shapes of prices (WP §7.2) are tested for the newest weeks with a value: {', '.join(data['distributions_of']) or 'there is none'}"
    )
    say()
    for one in found:
        mark = "refused" if one.verdict.startswith("refused: ") else "look   " if one.finding else "       "
        say(f"{mark}  {one.test} ({one.section}, n = {one.sample}): {one.verdict.removeprefix('refused: ')}")
        say(f"         caveat: {one.caveat}")
    say()
    say("Coverage ratio (WP §7.1), mean of each week's days; every day with --json")
    rows = [(str(week.publication), *_covered(coverage_of(week), week)) for week in weeks]
    say(table(("week", "known days", "listings that qualify"), rows, right=(1, 2)))


def _covered(mean: float | None, week: Week) -> tuple[str, str]:
    known = sum(day.coverage is not None for day in week.days)
    return f"{known} of {len(week.days)}", "not known" if mean is None else f"{mean:.0%}"


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, float) else bool(value) if isinstance(value, bool) else value


def _collected(day: DayDetail, median: float | None) -> CollectedDay:
    """One day for the tests; how many listings there were is not known where they came filtered, or cut (`rulings.md` 7)."""
    known = day.form == "offers" and not day.truncated
    return CollectedDay(day.date, day.offers if known else None, day.qualifying, median, day.truncated, dict(day.excluded))


def _week(value: IndexValue, days: tuple[Day, ...]) -> Week:
    methodology = load_methodology(value.methodology)
    middle = {day: day_median(found, methodology) for day, found in days}
    rows = tuple(_collected(day, _float(middle.get(day.date))) for day in value.days if day.snapshot is not None)
    width = None if value.interval_width is None else float(value.interval_width)
    return Week(
        value.publication_date, _float(value.value), tuple(float(price) for price in value.pooled), width, rows, value.low_confidence
    )


def _float(value: Decimal | Fraction | None) -> float | None:
    return None if value is None else float(value)
