"""The publication page of a Thursday (WP §5.7, §7, §8.3).

It shows the value, how far to trust it, what was counted and what was left out. It states what the index's
own record says. The answer comes first, then the table by which an analyst checks it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.basics.values import counted
from reports.drawing.chart import Point, rate_chart
from reports.drawing.marks import PAGE_WORDS
from reports.formats import NONE, eights, instant, long_date, short_date
from reports.notice.blocks.index import SHADOW_WEAKNESS, meaning, measured
from reports.notice.blocks.index_chart import band_of
from reports.notice.collection_sentences import collections
from reports.pages.injected_listings import appendix_table

Value = Mapping[str, Any]
"""The JSON of one IndexValue."""
# A year of weeks fits the chart's width with its points apart.
SHOWN = 52


@dataclass(frozen=True)
class PublicationInputs:
    """What a publication page is made of.

    Attributes:
        value: the print that is published.
        earlier: prints of the weeks before it, oldest first, its own last.
        first: the first print of its date, if it is a Restatement.
        operator: who computes the index.
        issued_at: when, with its zone.
        illustrative: whether the data is generated.
        coverage: the series' measured coverage.
        appendix: the rows of Appendix A, which a first publication carries.
    """

    value: Value
    earlier: Sequence[Value]
    operator: str
    issued_at: datetime
    first: Value | None = None
    illustrative: bool = False
    coverage: Value | None = None
    appendix: Sequence[Sequence[str]] = ()


SCREEN = """
body { font: 15px/1.45 system-ui, sans-serif; color: #111;
  max-width: 58rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .6rem 0 1.2rem; width: 100%; }
svg { max-width: 100%; height: auto; }
th, td { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #ccc;
  overflow-wrap: anywhere; }
th { overflow-wrap: break-word; }
h2 { border-top: 1px solid #111; padding-top: .4rem; } h2 .n { margin-right: .8em; }
svg { font-family: "Arial Narrow", Arial, sans-serif; } svg text[font-weight] { letter-spacing: -.04em; }
.mark { border: 2px solid #8a1c1c; padding: .4rem .8rem; font-weight: 600; }
.answer p:first-child { font-size: 1.15em; } .note { font-size: .88em; color: #333; }
.figt { font-weight: 600; } .sig { display: flex; gap: 1rem; margin-top: 3rem; }
.sig p { flex: 1; border-top: 1px solid #111; }
.heat { border-collapse: separate; border-spacing: .4rem; margin-left: -.4rem; } .heat th { border: 0; }
.heat td { position: relative; border: 1px solid #777; padding: .3rem .5rem .7rem; overflow-wrap: normal; }
.heat .sub { display: block; font-size: .8em; } .heat b + .sub { display: inline; }
.heat td.framed { border: 3px solid #111; }
.heat .bar { position: absolute; left: 0; bottom: 0; height: .35rem; background: #111; }
.heat .corner { position: absolute; right: .2rem; top: .2rem; border: 1px solid #111; padding: 0 .2rem;
  font: 600 .65em/1.3 system-ui, sans-serif; }
@media (max-width: 46rem) { section { overflow-x: auto; } svg { max-width: none; width: 44rem; }
  td { overflow-wrap: break-word; } .heat td { min-width: 8rem; }
  .part { table-layout: fixed; } .part td { overflow-wrap: anywhere; } }
"""
"""How the page looks in a browser: no file and no network beside it. On a telephone a drawing keeps the size
at which its words can be read, no word of a table is broken, and their section scrolls sideways.
"""
VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1"/>'


def for_screen(html: str, mark: str) -> str:
    """Return the page as a file of its own for a browser.

    The mark that every sheet of the PDF carries stands at its head. Each section can be reached by the
    keyboard, so that one which scrolls does so without a mouse.
    """
    # The mark must also stand in the file for a browser, which has no sheets to carry it.
    marked = (
        html.replace("<main>", f'<header><p class="mark">{mark}</p></header>\n<main>', 1) if mark else html
    )
    reached = marked.replace("<section", '<section tabindex="0"')
    return reached.replace("</head>", f"{VIEWPORT}\n<style>{SCREEN}</style>\n</head>", 1)


def compose(inputs: PublicationInputs) -> dict[str, Any]:
    """Return the page as plain strings and the chart's coordinates."""
    value = inputs.value
    day = date.fromisoformat(str(value["publication_date"]))
    name = f"{value['index']}, {long_date(day)}"
    return {
        "title": f"Publication of {name}",
        "summary": "".join(text for text, _ in _answer(value)[0]),
        "issued": inputs.issued_at.isoformat(),
        "illustrative": PAGE_WORDS if inputs.illustrative else "",
        "left": f"Publication of {value['index']}",
        "right": str(value["publication_date"]),
        "foot": ", ".join(filter(None, (f"Print {value['print']}", str(value["methodology"])))),
        "operator": inputs.operator,
        "name": str(value["index"]),
        "date": long_date(day),
        "form": _form(value, inputs.operator),
        "particulars": _particulars(value, inputs),
        "answer": _answer(value),
        "chart": rates(inputs.earlier, value, day),
        # An administrator's series has no days, since its listings are not on this record.
        "days": [_day(day) for day in value.get("days", ())],
        "facts": _facts(value),
        "hashes": [
            (short_date(_date(day["date"])), eights(str(day["snapshot"])))
            for day in value.get("days", ())
            if day.get("snapshot")
        ],
        "coverage": coverage_rows(inputs.coverage),
        "disclosure": _disclosure(value),
        "appendix": appendix_table(inputs.appendix),
        "first": (),
        "meaning": meaning(str(value["index"]), value),
    }


def _theirs(value: Value) -> bool:
    """Return whether the number is the administrator's own (`rulings.md` 1).

    Nothing of such a number was computed here.
    """
    return str(value.get("source", "")).startswith("published")


def _form(value: Value, operator: str) -> str:
    """Return whose number it is; a computed one says so wherever it stands (`rulings.md` 1)."""
    if not _theirs(value):
        return f"Computed by {operator} under {value['methodology']}; not published by the administrator."
    under = f" under {value['methodology']}" if value["methodology"] else ""
    if value["value"] is None:
        return f"The administrator’s own series, as recorded by {operator}."
    return f"Published by the administrator{under}, and recorded as it came by {operator}; not computed here."


def _particulars(value: Value, inputs: PublicationInputs) -> list[tuple[str, str]]:
    window = f"{short_date(_date(value['window_start']))} to {short_date(_date(value['window_end']))}"
    restated = f"restates {inputs.first['value']}" if inputs.first is not None else f"print {value['print']}"
    shown = f"USD {value['value']} per GPU-hour" if value["value"] is not None else "not published"
    return [
        ("Value", shown),
        ("Calculation Window", window),
        ("Issued", instant(inputs.issued_at)),
        ("Print", restated),
    ]


def _date(text: Any) -> date:
    return date.fromisoformat(str(text))


def _answer(value: Value) -> list[list[tuple[str, bool]]]:
    """Return how far to trust the number, in sentences."""
    if value["value"] is None:
        # A week without a value says why, as silence would look like a page that failed.
        reasons = "; ".join(value["low_confidence_reasons"])
        return [[("No value is published", True), (f" for this date: {reasons}.", False)]]
    flagged = "; ".join(value["low_confidence_reasons"])
    lead = [
        (f"USD {value['value']} per GPU-hour", True),
        (f"{_basis(value)}.", False),
    ]
    flag = (
        [("Low Confidence", True), (f": {flagged}.", False)]
        if flagged
        else [("Not flagged Low Confidence.", False)]
    )
    overrides = [
        [("Excluded by a Manifest Error Override", True), (f": {said}.", False)]
        for said in value.get("overrides", ())
    ]
    days = [[(collection, False)] for collection in collections(value)]
    shadow = [_shadow(value)] if value.get("shadow") else []
    return [lead, _precision(value), _sellers(value), *shadow, flag, *overrides, *days]


def _basis(value: Value) -> str:
    """Return what the number is the median of; an administrator's form may not say."""
    if _theirs(value) and not value["observations"]:
        return ", as the administrator states it"
    return f", the median of {counted(value['observations'], 'listed prices')}{_on_days(value)}"


def _on_days(value: Value) -> str:
    """Return on how many days the prices were seen; the administrator's series does not say."""
    return (
        ", as the administrator states it"
        if _theirs(value)
        else f" on {counted(value['valid_days'], 'valid days')}"
    )


def _precision(value: Value) -> list[tuple[str, bool]]:
    interval = value.get("interval")
    if not interval:
        return [("No interval is known.", False)]
    width = f"{Decimal(str(value['interval_width'])) * 100:.1f}% of the value"
    by_count, by_width = value.get("precision_class"), value.get("precision_class_measured")
    # Both classes are shown, because the paper's classes by count assume a width that may not hold.
    differ = (
        f" By count the paper calls it {by_count}; by its measured width it is {by_width}."
        if by_count != by_width
        else f" By count and by width alike the paper calls it {by_width}."
    )
    return [
        (f"The methodology’s 95% interval {interval['low']} to {interval['high']}", True),
        (f", {width}.{differ}", False),
    ]


def _sellers(value: Value) -> list[tuple[str, bool]]:
    hosts = value.get("hosts")
    if hosts is None:
        return [("The sellers behind it are not known.", False)]
    # Rows without a host may be of one seller or of many, so the count is a lower bound.
    least = "at least " if value.get("hosts_at_least") else ""
    worth = (
        f", worth {value['effective_sellers']} of equal size"
        if value.get("effective_sellers") is not None
        else ""
    )
    share = value.get("largest_host_share")
    largest = (
        f"; the largest has {Decimal(str(share)) * 100:.0f}% of the listings" if share is not None else ""
    )
    largest += ", rows that name no host counted as one" if largest and least else ""
    ends, why = value.get("seller_interval"), value.get("seller_interval_why")
    between = (
        f" With other sellers of the same kind the value lies between {ends['low']} and {ends['high']}, at "
        "95%."
        if ends
        else ""
    )
    without = f" There is no interval by sellers: {why}." if why and not ends else ""
    return [
        (f"{least}{counted(hosts, 'independent sellers')}", True),
        (f"{worth}{largest}.{between}{without}", False),
    ]


def _shadow(value: Value) -> list[tuple[str, bool]]:
    """Return the shadow rate, one seller one vote, with its weakness (`rulings.md` 63)."""
    shadow = value["shadow"]
    between = f"{shadow['low']} to {shadow['high']} covers {Decimal(str(shadow['covers'])) * 100:.1f}%"
    said = f" of {counted(shadow['sellers'], 'sellers')}, one vote each; {between}. {SHADOW_WEAKNESS}"
    return [(f"Shadow rate USD {shadow['rate']}", True), (said, False)]


OF_COVERAGE = ("listings", "subsets", "subsets_80")
"""The intervals whose coverage is measured."""


def coverage_rows(coverage: Value | None) -> dict[str, Any] | None:
    """Return the measured coverage as a table with its hash, or why it is missing; None if nobody asked."""
    if coverage is None:
        return None
    if "why" in coverage:
        return {"why": coverage["why"], "tables": [], "note": ""}
    tables = []
    for scaling, rows in coverage["tables"].items():
        shown = [
            [
                str(row["sellers"]),
                row["effective"],
                *map(_held, (row[name] for name in OF_COVERAGE)),
                _trust(row),
            ]
            for row in rows
        ]
        tables.append(
            {
                "title": f"Listings {scaling}, {rows[0]['draws']:,} draws of each number of sellers",
                "rows": shown,
            }
        )
    pool = (
        f"{coverage['pairs']} pairs of a week and a seller, {coverage['sellers']} sellers, weeks to "
        f"{coverage.get('upto', 'not stated')}"
    )
    note = (
        f"Pool: {pool}. {' '.join(coverage['limits'])} SHA-256 of the table as data: "
        f"{eights(coverage['sha256'][:16])}."
    )
    return {"why": "", "tables": tables, "note": note}


def _held(one: Value | None) -> str:
    return NONE if one is None else f"{one['coverage']} ± {one['error']}"


def _trust(row: Value) -> str:
    return "yes" if row["trusted"] else "no"


def rates(weeks: Sequence[Value], last: Value, day: date) -> dict[str, Any] | None:
    """Return the index over its newest weeks with its interval.

    The result is None for fewer than two weeks, and if none has a value.
    """
    points = [_point(value) for value in weeks[-SHOWN:]]
    # One point is not a line, and a chart of it would suggest a course.
    if len(points) < 2:
        return None
    # The label needs a value, and the newest week may have none.
    newest = next((week for week in reversed(weeks) if week["value"] is not None), last)
    said = (
        str(newest["value"]),
        "index value",
        "this date" if newest is last else short_date(_date(newest["publication_date"])),
    )
    drawn = rate_chart(points, (), said, (), date.min, "")
    if drawn is not None:
        name = last["index"]
        drawn["title"] = (
            f"{name}, USD per GPU-hour, {len(points)} Publication Dates, with the 95% interval by sellers"
        )
        drawn["alt"] = f"Line chart of {name} over {counted(len(points), 'weeks')} to {short_date(day)}."
    return drawn


def _point(value: Value) -> Point:
    number = float(value["value"]) if value["value"] is not None else None
    return Point(
        _date(value["publication_date"]),
        number,
        *band_of(value),
        bool(value["low_confidence"]),
        restated=int(value["print"]) > 1,
    )


def _day(day: Value) -> dict[str, str]:
    removed = ", ".join(f"{rule} {count}" for rule, count in day["excluded"].items()) or "none"
    shown_date = short_date(_date(day["date"]))
    counts = "yes" if day["counts"] else "no"
    return {
        "day": shown_date,
        "offers": str(day["offers"]),
        "qualifying": str(day["qualifying"]),
        "counts": counts,
        "kept": str(day["kept"]) if day["counts"] else NONE,
        "removed": removed if day.get("snapshot") else "no snapshot",
    }


def _facts(value: Value) -> list[tuple[str, str]]:
    """Return how the prices spread; nothing if no value was computed."""
    if value["value"] is None:
        return []
    spread = [
        (name, value.get(key))
        for name, key in (
            ("Lowest", "min"),
            ("Highest", "max"),
            ("Mean", "mean"),
            ("Standard deviation", "stdev"),
        )
    ]
    return [(name, f"USD {figure}" if figure is not None else NONE) for name, figure in spread]


COMPUTED = (
    "Public listings; every snapshot is kept by its SHA-256 and the value can be computed again from them "
    "alone; WP §7.4."
)
TAKEN = (
    "The administrator’s publication, taken as it came; the listings behind it are not on this record, and "
    "nothing is computed again here."
)


def _disclosure(value: Value) -> list[tuple[str, str]]:
    """Return the rating agency's table (WP §8.3): characteristics, risks, limits, governance."""
    model, country = measured(str(value["index"]), value)
    return [
        (
            "What it measures",
            (
                f"Listed on-demand prices for {model} on one marketplace in {country}, median of a week’s "
                "listings after filters; WP §5."
            ),
        ),
        ("Source", TAKEN if _theirs(value) else COMPUTED),
        (
            "Material risks",
            (
                "Few independent sellers; one marketplace; offers and not trades; a change of method can "
                "move "
                "the value; WP §10."
            ),
        ),
        (
            "Known limits",
            (
                "No adjustment for performance or contract terms; intervals describe sampling of listings, "
                "not "
                "what may come; WP §9."
            ),
        ),
        (
            "Governance",
            (
                "Methodology versions are data and never edited; prints are append-only; a Restatement "
                "stands "
                "beside the first print."
            ),
        ),
        (
            "Independent audit",
            "None is on record. A rated transaction needs one before closing; WP §8.3 (d).",
        ),
    ]
