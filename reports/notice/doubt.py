"""How far the sellers bear on the answer of page 1 (ruling 59).

The sentences say what is not decisive, and on whose listings it rests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.events.rates import Published
from engine.events.results import Verdict
from reports.formats import Runs, counted, interval, listed, price, whole, with_dates
from reports.notice.sentences import subsets_failing
from reports.notice.view import Brief, Line

SHOWN = 3
"""Reasons that the answer gives in full; of more it says how many."""


def undecided(lines: Sequence[Line]) -> list[Line]:
    """Return the tests whose result other sellers would turn, those that fail first."""
    open_lines = [
        line
        for line in lines
        if line.result is not None and line.result.bearing is not None and line.result.bearing.undecided
    ]
    # The order is stable, so tests of one verdict stay in the order of the agreement.
    return sorted(open_lines, key=lambda line: line.verdict is not Verdict.FAIL)


def doubt(brief: Brief, lines: Sequence[Line]) -> Runs:
    """Return what the first paragraph says of results that are not decisive.

    It names listings, sellers, and the interval by sellers. The result is empty if all are decisive.
    """
    open_ = undecided(lines)
    if not open_:
        return []
    prints = [rate.published for rate in brief.rates.values() if rate.published is not None]
    said = [
        f"USD {price(one.value)} on {_of_print(one)}."
        for one in prints
        if one.value is not None and one.observations
    ]
    return [(" " + " ".join([*said, *_reasons(open_)]), False)]


def _reasons(lines: Sequence[Line]) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for line in lines:
        by_reason.setdefault(_why(line), []).append(line.title)
    reasons = [f"Not decisive: {listed(titles)}; {why}." for why, titles in list(by_reason.items())[:SHOWN]]
    more = sum(len(titles) for titles in list(by_reason.values())[SHOWN:])
    return [*reasons, *([f"Nor {'is' if more == 1 else 'are'} {counted(more)} more."] if more else [])]


def _why(line: Line) -> str:
    assert line.result is not None  # the callers ask only for lines with a bearing
    assert line.result.bearing is not None
    bearing = line.result.bearing
    failing = subsets_failing(bearing) if bearing.note is None else None
    return with_dates(bearing.undecided or "") + (f"; {failing} of sellers fail" if failing else "")


def effect(brief: Brief) -> str:
    """Return what the deal lets thin data do: said once on page 1 if a result is not decisive."""
    if not undecided(brief.lines):
        return ""
    held = {facts.name: f", {facts.held}" if facts.held else "" for facts in brief.deal.indices}
    effects = dict.fromkeys(
        f"{facts.low_confidence}{held[facts.name]} ({facts.low_confidence_cite})"
        for facts in brief.deal.indices
    )
    return (
        f"Effect of a result that is not decisive, by the deal: {listed(list(effects))}. " if effects else ""
    )


def _of_print(one: Published) -> str:
    """Return the same of a print in the deal's own log, which is all that a notice carries."""
    shares = {
        "value": one.value,
        "observations": one.observations,
        "hosts": one.hosts,
        "hosts_at_least": one.hosts_at_least,
    }
    ends = (
        {"low": one.seller_low, "high": one.seller_high}
        if one.seller_low is not None and one.seller_high is not None
        else None
    )
    listed_ = f"listings from {price(min(one.pooled))} to {price(max(one.pooled))}" if one.pooled else None
    largest = str(one.largest_host_share) if one.largest_host_share is not None else None
    return stands_on(
        {**shares, "largest_host_share": largest, "seller_interval": ends, "seller_interval_why": listed_}
    )


def stands_on(value: Mapping[str, Any]) -> str:
    """Return on what a value stands, in words.

    An example is `35 listings of 8 sellers (largest 29%); with other sellers of the same kind 1.6111 to
    2.9333`.
    """
    share = value.get("largest_host_share")
    largest = f" (largest {float(share):.0%})" if share else ""
    least = "at least " if value.get("hosts_at_least") else ""
    sellers = (
        f" of {least}{whole(value['hosts'])} seller{'' if value['hosts'] == 1 else 's'}{largest}"
        if value.get("hosts")
        else ""
    )
    ends = value.get("seller_interval")
    without = value.get("seller_interval_why")
    by_sellers = (
        f"; with other sellers of the same kind {interval(ends)}"
        if ends
        else f"; no interval by sellers: {without}"
        if without
        else ""
    )
    return f"{whole(value.get('observations'))} listings{sellers}{by_sellers}"


def newest_publication(brief: Brief, name: str) -> dict[str, Any]:
    """Return the IndexValue that the rate rests on; empty if none was handed in."""
    rate = brief.rates.get(name)
    wanted = rate.publication_date.isoformat() if rate and rate.publication_date else None
    values = [
        value for value in brief.inputs.publications.get(name, ()) if str(value["publication_date"]) == wanted
    ]
    return dict(values[-1]) if values else {}
