"""The index block (`notice.md`, block 6).

It shows what the rate is made of, its chart, its recent prints, and its snapshots.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.basics.values import last_thursday
from engine.events.deal_adopted import IndexFacts
from reports.formats import (
    NONE,
    counted,
    interval,
    listed,
    price,
    sentence,
    share,
    short_date,
    table_date,
    whole,
    with_dates,
)
from reports.notice import log_lookup as log
from reports.notice.blocks.index_chart import SHOWN, chart, chart_note, points_of
from reports.notice.collection_sentences import collections
from reports.notice.doubt import newest_publication
from reports.notice.finding_sentences import open_findings
from reports.notice.version_sentences import other_values, turned_results
from reports.notice.view import Brief

RECENT = 7
"""Publication Dates in the table."""
COUNTRIES = {
    **{
        "US": "the United States",
        "CA": "Canada",
        "GB": "the United Kingdom",
        "NO": "Norway",
        "CH": "Switzerland",
        "IS": "Iceland",
    },
    **{
        "AT": "Austria",
        "BE": "Belgium",
        "BG": "Bulgaria",
        "HR": "Croatia",
        "CY": "Cyprus",
        "CZ": "Czechia",
        "DK": "Denmark",
    },
    **{
        "EE": "Estonia",
        "FI": "Finland",
        "FR": "France",
        "DE": "Germany",
        "GR": "Greece",
        "HU": "Hungary",
        "IE": "Ireland",
    },
    **{
        "IT": "Italy",
        "LV": "Latvia",
        "LT": "Lithuania",
        "LU": "Luxembourg",
        "MT": "Malta",
        "NL": "the Netherlands",
    },
    **{
        "PL": "Poland",
        "PT": "Portugal",
        "RO": "Romania",
        "SK": "Slovakia",
        "SI": "Slovenia",
        "ES": "Spain",
        "SE": "Sweden",
    },
    **{
        "AU": "Australia",
        "IN": "India",
        "JP": "Japan",
        "KR": "South Korea",
        "SG": "Singapore",
        "TW": "Taiwan",
    },
}
"""What a country is called, by the code that ends a geolocation; another one is named by its code."""
STEPS = "abcdefgh"


def index(brief: Brief) -> dict[str, Any]:
    """Return every index of the deal."""
    return {"indices": [_one(brief, facts) for facts in brief.deal.indices]}


def _one(brief: Brief, facts: IndexFacts) -> dict[str, Any]:
    value = newest_publication(brief, facts.name)
    findings = open_findings(brief.inputs.findings.get(facts.name, ()))
    history = points_of(brief, facts.name)
    return {
        "name": facts.name,
        "left": _rate_facts(brief, facts, value),
        "right": _sample_facts(value),
        "chart": chart(brief, facts, history),
        "chart_note": chart_note(brief, facts),
        "recent": _recent(brief, facts),
        "days": _days(value),
        # What is told as a finding is not told a second time as a note.
        "notes": [said for said in _notes(brief, facts, value) if said not in findings],
        "findings": findings,
        "meaning": meaning(facts.name, value),
    }


def measured(name: str, value: Mapping[str, Any]) -> tuple[str, str]:
    """Return the GPU model and the country of an index.

    What the record does not say is said to be unsaid, CRI-H100's apart (`rulings.md` 34).
    """
    model, country = value.get("gpu_name"), value.get("country")
    if name == "CRI-H100":
        model, country = model or "H100 SXM", country or "US"
    countries = (
        listed([COUNTRIES.get(code, code) for code in str(country).split(", ")])
        if country
        else "this index’s country"
    )
    return model or "this index’s GPU model", countries


def meaning(name: str, value: Mapping[str, Any]) -> str:
    """Return what the number is and is not, word for word in every notice (`rulings.md` 34)."""
    model, country = measured(name, value)
    return (
        f"{name} is the median of listed on-demand prices for {model} on one marketplace in {country}. It "
        "is not a contract rate, not volume-weighted, not an executed price and not adjusted for "
        "performance."
    )


def _rate_facts(brief: Brief, facts: IndexFacts, value: Mapping[str, Any]) -> list[tuple[str, str]]:
    rate = brief.rates.get(facts.name)
    step = (
        f"{_letter(facts, rate.step)}{rate.step}, {_age(rate.age)}"
        if rate and rate.value is not None
        else "none gives a rate"
    )
    width = f" ({share(value['interval_width'])})" if value.get("interval_width") else ""
    return [
        ("Index", f"{facts.name}, USD per GPU-hour"),
        ("Source", _source(brief, facts, value)),
        (
            "Methodology",
            f"{value.get('methodology') or facts.version or 'not stated'}, policy: {facts.policy}",
        ),
        ("Reference Rate", price(rate.value) if rate else NONE),
        ("Fallback step", step),
        ("Print", _print(value)),
        ("95% interval, listings", interval(value.get("interval")) + width),
        ("95% interval, sellers", seller_interval(value)),
        ("Low Confidence", _low(facts, value)),
        *([("Other versions", other_values(value))] if value.get("other_versions") else []),
        *([("Shadow rate", shadow(value["shadow"]))] if value.get("shadow") else []),
    ]


def _source(brief: Brief, facts: IndexFacts, value: Mapping[str, Any]) -> str:
    """Return whose number it is; a computed one says so wherever it stands (`rulings.md` 1)."""
    if facts.source.startswith("published"):
        day = value.get("read_of")
        return "published by the administrator" + (f"; daily, the value of {_day(day)}" if day else "")
    version = value.get("methodology") or facts.version or "the pinned version"
    return f"computed by {brief.inputs.operator} under {version}; not published by the administrator"


def _letter(facts: IndexFacts, step: str) -> str:
    place = next(
        (
            n
            for n, one in enumerate(facts.fallback[: len(STEPS)])
            if one == step or one.startswith((f"{step} ", f"{step},"))
        ),
        None,
    )
    return "" if place is None else f"({STEPS[place]}) "


def _age(age: int) -> str:
    return "age 0" if age == 0 else f"{counted(age)} Publication Date{'' if age == 1 else 's'} old"


def _print(value: Mapping[str, Any]) -> str:
    number = value.get("print")
    return NONE if number is None else "1, not restated" if number == 1 else f"{number}, restated"


def seller_interval(value: Mapping[str, Any]) -> str:
    """Return the interval by sellers, or the reason for its absence."""
    ends = value.get("seller_interval")
    return interval(ends) if ends else sentence(value.get("seller_interval_why") or NONE)


SHADOW_WEAKNESS = (
    "The shadow rate gives each seller one vote and decides nothing. A new account with one listing has a "
    "whole vote in it."
)


def shadow(rate: Mapping[str, Any]) -> str:
    """Return the shadow rate, one seller one vote, with its interval (`rulings.md` 63)."""
    between = f"{price(rate['low'])} to {price(rate['high'])} covers {share(rate['covers'])}"
    return (
        f"{price(rate['rate'])} of {whole(rate['sellers'])} sellers, one vote each; {between}; decides "
        "nothing"
    )


def _low(facts: IndexFacts, value: Mapping[str, Any]) -> str:
    reasons = value.get("low_confidence_reasons") or ()
    flag = (
        "not given" if not value else f"Yes: {listed(list(reasons))}" if value.get("low_confidence") else "No"
    )
    whose = "; the deal judges by sellers" if facts.judged_by else ""
    return f"{with_dates(flag)}{whose}; effect: {facts.low_confidence} ({facts.low_confidence_cite})"


def _sample_facts(value: Mapping[str, Any]) -> list[tuple[str, str]]:
    window = (
        f"{_day(value['window_start'])} to {_day(value['window_end'])}" if value.get("window_start") else NONE
    )
    least = "at least " if value.get("hosts_at_least") else ""
    hosts = (
        f"{least}{whole(value['hosts'])}, with {whole(value.get('machines'))} machines"
        if value.get("hosts") is not None
        else NONE
    )
    days = value.get("days") or ()
    removed = sum(int(day["qualifying"]) - int(day["kept"]) for day in days if day.get("kept"))
    kept = whole(value.get("observations")) + (f" kept, {removed} removed as outliers" if days else "")
    spread = ", ".join(price(value.get(key)) for key in ("min", "mean", "max")) if value.get("min") else NONE
    classes = (
        f"{value.get('precision_class') or NONE} by count, {value.get('precision_class_measured') or NONE} "
        "by width"
        if value.get("precision_class")
        else NONE
    )
    return [
        ("Calculation Window", window),
        ("Observations", kept),
        ("Valid days", f"{whole(value.get('valid_days'))} of {len(days) or 7}" if value else NONE),
        ("Sellers", hosts),
        (
            "Largest seller",
            f"{share(value.get('largest_host_share'))} of the Observations"
            if value.get("largest_host_share")
            else NONE,
        ),
        ("Least, mean, greatest", spread),
        ("Standard deviation", price(value.get("stdev"))),
        ("Precision class", classes),
    ]


def _day(text: Any) -> str:
    return table_date(date.fromisoformat(str(text)))


# ---- tables
# -------------------------------------------------------------------------------------------------------


def _recent(brief: Brief, facts: IndexFacts) -> list[dict[str, str]]:
    """Return the newest prints, and the step that gave the rate of each date."""
    known = {str(value["publication_date"]): value for value in brief.inputs.publications.get(facts.name, ())}
    # A rate stands in the row of the last Publication Date on or before its own date.
    used = {last_thursday(rate.on): rate for rate in log.rates(brief.past, facts.name)}
    days = sorted({*used, *(date.fromisoformat(day) for day in known)}, reverse=True)[:RECENT]
    rows = []
    for day in days:
        value, rate = known.get(day.isoformat(), {}), used.get(day)
        rows.append(
            {
                "day": short_date(day),
                "rate": price(value.get("value"))
                if value.get("value") is not None
                else price(rate.value if rate else None),
                "step": _step_words(facts, value, rate),
                "interval": interval(value.get("seller_interval")),
                "observations": whole(value.get("observations")) if value else NONE,
                "hosts": whole(value.get("hosts")) if value else NONE,
            }
        )
    return rows


def _step_words(facts: IndexFacts, value: Mapping[str, Any], rate: Any) -> str:
    flag = ", LC" if value.get("low_confidence") and value.get("value") is not None else ""
    if rate is None:
        return f"published{flag}" if value.get("value") is not None else "none"
    letter = _letter(facts, rate.step).strip("() ")
    return (letter or rate.step) + flag


def _days(value: Mapping[str, Any]) -> list[dict[str, str]]:
    rows = []
    for day in value.get("days") or ():
        counts = bool(day.get("counts"))
        rows.append(
            {
                "day": _day(day["date"]),
                "qualifying": whole(day.get("qualifying")),
                "counts": "yes" if counts else "no",
                "kept": whole(day.get("kept")) if day.get("kept") else NONE,
                "snapshot": _short_hash(day.get("snapshot")) + (", cut" if day.get("truncated") else ""),
            }
        )
    return rows


def _short_hash(digest: str | None) -> str:
    return f"{digest[:8]} {digest[8:16]}" if digest else "none"


def _notes(brief: Brief, facts: IndexFacts, value: Mapping[str, Any]) -> list[str]:
    steps = "; ".join(f"({STEPS[n]}) {step}" for n, step in enumerate(facts.fallback[: len(STEPS)]))
    said = [f"Fallback in order: {steps}."] if steps else []
    if value.get("days"):
        said.append("The snapshot that stands for each day.")
    if value.get("shadow"):
        said.append(SHADOW_WEAKNESS)
    said += [*turned_results(brief, facts.name, value), *collections(value)]
    said += [
        _restated(one)
        for one in brief.inputs.publications.get(facts.name, ())[-SHOWN:]
        if int(one.get("print", 1)) > 1
    ]
    return said


def _restated(value: Mapping[str, Any]) -> str:
    return (
        f"{short_date(date.fromisoformat(str(value['publication_date'])))} stands at print "
        f"{value['print']}, {price(value.get('value'))}."
    )
