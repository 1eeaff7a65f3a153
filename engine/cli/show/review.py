"""`headroom review`, `disclosure`, `cri-d` and `fleet`: what an analyst of the index reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.files import write_whole
from engine.basics.values import counted
from engine.cli.output import print_json, say, table
from engine.events.market_events import DepreciationPublished
from engine.queries.fleet_performance import fleet_performance
from engine.queries.quarterly_review import WidthBand, quarterly_review
from engine.queries.rating_disclosure import rating_disclosure
from engine.workspace.workspace import Workspace

RenderReview = Callable[[Mapping[str, Any]], tuple[str, bytes]]
"""(the review as JSON) -> HTML and PDF."""


def review(
    workspace: Workspace, series: str, quarter: str, into: Path | None, render: RenderReview, as_json: bool
) -> None:
    """Print the review of a quarter, and write its page where a file is named.

    Raises WrongUsage for a file of another ending.
    """
    answer = quarterly_review(workspace, series, quarter)
    if into is not None:
        # A page is for people, so a table's endings are refused although the figures would fit one.
        if into.suffix not in (".html", ".pdf"):
            raise WrongUsage(f"{into}: the page is written as .pdf or .html")
        html, pdf = render(answer.as_data())
        write_whole(into, html.encode() if into.suffix == ".html" else pdf)
    if as_json:
        print_json(answer.as_data())
        return
    say(
        f"{answer.series}, {answer.quarter}: {counted(len(answer.points), 'weeks')} with an interval, "
        f"{len(answer.earlier)} before"
    )
    say(bands_table(answer.bands))
    for line in answer.minimum:
        say(line)
    if into is not None:
        say(f"{into} is written")


def bands_table(bands: Sequence[WidthBand]) -> str:
    """Return Table 6 as weeks measured it, by listings and by sellers."""
    percentiles = ("10th", "middle", "90th")
    heads = ("listings", "weeks", *percentiles, "by sellers", *percentiles, "the paper's Table 6")
    return table(heads, list(map(_band, bands)), right=tuple(range(1, 9)))


def _band(band: WidthBand) -> tuple[str, ...]:
    return (
        band.band,
        str(band.weeks),
        *shown_widths(band.low, band.middle, band.high),
        str(band.sellers_weeks),
        *shown_widths(band.sellers_low, band.sellers_middle, band.sellers_high),
        band.paper,
    )


def shown_widths(*widths: float | None) -> tuple[str, ...]:
    """Return widths in whole per cent of the value; a dash for one that is not known."""
    return tuple("-" if width is None else f"{width:.0%}" for width in widths)


def disclosure(workspace: Workspace, series: str, as_json: bool) -> None:
    """Print the disclosure, part by part."""
    answer = rating_disclosure(workspace, series)
    if as_json:
        print_json(answer.as_data())
        return
    say(f"Rating agency disclosure of {series}")
    parts = (
        ("(a) an independent, auditable data source", answer.data_source),
        ("(b) depreciation scenarios for sensitivity analysis", answer.scenarios),
        ("(c) methodology governance", answer.governance),
        ("(d) independent audit before closing", answer.audit),
    )
    for title, rows in parts:
        say()
        say(title)
        say(table(("what", "figure"), list(rows)))
    say()
    say("IOSCO Principles for Financial Benchmarks")
    say(table(("", "principle", "what the record shows"), list(answer.principles)))


def cri_d(values: Sequence[DepreciationPublished], new: int | None, as_json: bool) -> None:
    """Print CRI-D; `new` is how many values were recorded, None if it is only shown."""
    if as_json:
        print_json({"recorded": new, "values": [value.model_dump(mode="json") for value in values]})
        return
    first = values[0]
    say(f"{first.index} under {first.methodology}: {first.reference_date} = 100, since {first.newer} came")
    rows = [(str(value.publication_date), value.level, value.change) for value in values]
    say(table(("Publication Date", "level", "change (eq. 1)"), rows, right=(1, 2)))
    # A value of CRI-D that is recorded stands for good, so the command shows it first.
    say("not recorded; give --record" if new is None else f"{new} values recorded")


def fleet(path: Path, pledged: int | None, as_json: bool) -> None:
    """Print a fleet's performance by percentile."""
    performance = fleet_performance(path, pledged)
    if as_json:
        print_json(performance.as_data())
        return
    of = (
        f" of {performance.pledged} pledged; {performance.pledged - performance.certified} have no "
        "certificate"
        if performance.pledged is not None
        else ""
    )
    say(f"{performance.certified} GPUs certified{of}")
    say(table(tuple(performance.percentiles), [tuple(performance.percentiles.values())]))
    say(
        f"mean {performance.mean}; the 95th percentile is {performance.spread} above the 5th. Equal GPUs by "
        "name are not equal collateral."
    )
