"""`headroom review`, `disclosure`, `cri-d` and `fleet`: what an analyst of the index reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.files import write_whole
from engine.cli.output import print_json, say, table
from engine.events.market_events import DepreciationPublished
from engine.queries.fleet_performance import fleet_performance
from engine.queries.quarterly_review import QuarterlyReview, WidthPoint, quarterly_review
from engine.queries.rating_disclosure import rating_disclosure
from engine.workspace.workspace import Workspace

WIDE, HIGH = 640, 300
"""The picture's size."""
MOST = 1.0
"""The width at which the picture ends; a wider interval is drawn there."""


def review(workspace: Workspace, series: str, quarter: str, into: Path | None, as_json: bool) -> None:
    """Print the review of a quarter, and write its page where a file is named. Raises WrongUsage for another ending than .html."""
    answer = quarterly_review(workspace, series, quarter)
    if into is not None:
        if into.suffix != ".html":
            raise WrongUsage(f"{into}: the page is written as .html")
        write_whole(into, page_of(answer).encode())
    if as_json:
        print_json(answer.as_data())
        return
    say(f"{answer.series}, {answer.quarter}: {len(answer.points)} weeks with an interval, {len(answer.earlier)} before")
    say(table(("listings", "weeks", "10th", "middle", "90th", "the paper's Table 6"), list(_bands(answer)), right=(1, 2, 3, 4)))
    for line in answer.minimum:
        say(line)
    if into is not None:
        say(f"{into} is written")


def _bands(answer: QuarterlyReview) -> Iterator[tuple[str, ...]]:
    for band in answer.bands:
        yield (
            band.band,
            str(band.weeks),
            *("-" if width is None else f"{width:.0%}" for width in (band.low, band.middle, band.high)),
            band.paper,
        )


def page_of(answer: QuarterlyReview) -> str:
    """The page: each week as a point, Table 6 as measured, the minimum viable count."""
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in _bands(answer))
    points = "".join(_point(point, "#111") for point in answer.points) + "".join(_point(point, "#aaa") for point in answer.earlier)
    minimum = "".join(f"<p>{escape(line)}.</p>" for line in answer.minimum)
    axes = f'<path d="M40 10V{HIGH - 30}H{WIDE - 10}" fill="none" stroke="#111"/>'
    labels = f'<text x="44" y="20">width of the 95% interval, to {MOST:.0%}</text>'
    labels += f'<text x="{WIDE - 150}" y="{HIGH - 10}">listings of the week</text>'
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(answer.series)}, {answer.quarter}</title>'
        "<style>body{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto}td,th{padding:.2rem .8rem;text-align:left}</style>"
        f"<h1>Quarterly methodology review of {escape(answer.series)}, {answer.quarter}</h1>"
        f"<p>Each point is one week: {len(answer.points)} of the quarter in black, {len(answer.earlier)} before it in grey.</p>"
        f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="width by listings">{axes}{labels}{points}</svg>'
        "<h2>Table 6 as measured (WP §7.5.2)</h2><table><tr><th>listings<th>weeks<th>10th<th>middle<th>90th<th>the paper</tr>"
        f"{rows}</table><h2>Minimum viable observation count (WP §7.5.3)</h2>{minimum}</html>\n"
    )


def _point(point: WidthPoint, colour: str) -> str:
    x = 40 + min(point.observations, 240) / 240 * (WIDE - 60)
    y = HIGH - 30 - min(point.width, MOST) / MOST * (HIGH - 50)
    said = f"{point.publication}: {point.observations}, {point.width:.1%}"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{said}</title></circle>'


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
    """Print CRI-D; `new` is how many values were recorded, None where it is only shown."""
    if as_json:
        print_json({"recorded": new, "values": [value.model_dump(mode="json") for value in values]})
        return
    first = values[0]
    say(f"{first.index} under {first.methodology}: {first.reference_date} = 100, since {first.newer} came")
    rows = [(str(value.publication_date), value.level, value.change) for value in values]
    say(table(("Publication Date", "level", "change (eq. 1)"), rows, right=(1, 2)))
    say("not recorded; give --record" if new is None else f"{new} values recorded")


def fleet(path: Path, pledged: int | None, as_json: bool) -> None:
    """Print a fleet's performance by percentile."""
    performance = fleet_performance(path, pledged)
    if as_json:
        print_json(performance.as_data())
        return
    of = (
        f" of {performance.pledged} pledged; {performance.pledged - performance.certified} have no certificate"
        if performance.pledged is not None
        else ""
    )
    say(f"{performance.certified} GPUs certified{of}")
    say(table(tuple(performance.percentiles), [tuple(performance.percentiles.values())]))
    say(f"mean {performance.mean}; the 95th percentile is {performance.spread} above the 5th. Equal GPUs by name are not equal collateral.")
