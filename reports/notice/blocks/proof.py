"""The pages of proof (`notice.md`, blocks 7 and 8).

They show result and status as two facts, and the computation of each test.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from engine.basics.values import Figure, Unit, counted, ratio_decimals, rounded, rounding_words
from engine.events.duty_words import remedy_words
from engine.events.results import Bearing, Input, Source, Step, TestResult, Verdict
from engine.events.states import Limb, TriggerStatus
from reports.drawing.chart import sparkline
from reports.formats import (
    NONE,
    apart,
    cut,
    figure,
    in_plain,
    minus,
    name,
    percent,
    price,
    reason_words,
    sentence,
    short_date,
    signed,
    table_date,
    term,
    with_dates,
)
from reports.notice import due_sentences as owed_words
from reports.notice import log_lookup as log
from reports.notice.blocks.page_one import proof_reference, state
from reports.notice.sentences import subsets_failing
from reports.notice.view import Brief, Line

SPARK_DATES = 52
LISTED = 5
"""Published values that have a line each; more are listed on one."""
LONGEST = 12
"""Dates of a count that are drawn."""
LETTERS = {
    "publication": "I",
    "servicer report": "S",
    "deal file": "D",
    "recorded act": "A",
    "worked example": "W",
    "event log": "L",
}
"""The source of a figure, by letter; the key stands below the computations."""
WORDS = {
    "I": "index print",
    "S": "Servicer’s report",
    "D": "deal file",
    "A": "Recorded Act",
    "W": "worked example",
    "L": "event log",
}


def status(brief: Brief) -> dict[str, Any]:
    """Return per test and trigger the raw result and the status, side by side, with their two dates."""
    return {"rows": [_status_row(brief, line) for line in brief.lines]}


def _status_row(brief: Brief, line: Line) -> dict[str, str]:
    now = line.trigger or line.test
    drawn = state(brief, line)
    limb = _limb(line)
    episode = line.test.episode_began if line.test else None
    return {
        "title": line.title,
        "raw": line.verdict.value if line.verdict else NONE,
        "episode": short_date(episode) if episode else NONE,
        "count": f"{limb.count} of {limb.needed}" if limb else NONE,
        "mark": drawn["mark"],
        "word": drawn["word"],
        "since": short_date(now.since) if now else NONE,
        "rests": short_date(line.test.rests_on) if line.test and line.test.rests_on else NONE,
        "next": _next_effect(brief, line),
    }


def _limb(line: Line) -> Limb | None:
    if line.trigger is None:
        return None
    return line.trigger.count


def _next_effect(brief: Brief, line: Line) -> str:
    """Return the first day on which something follows by itself."""
    days = [
        consequence.on
        for consequence in (brief.determined.follows if brief.determined else ())
        if consequence.subject == line.key
    ]
    return short_date(min(days)) if days else NONE


def computation(brief: Brief) -> dict[str, Any]:
    """Return each test's working line by line; each trigger's count."""
    parts = [
        _trigger(brief, line) if brief.clauses[line.key].kind == "trigger" else _test(brief, line)
        for line in brief.lines
    ]
    used = {row["source"] for part in parts for row in part["rows"] if row["source"]}
    key = "; ".join(f"{letter}, {WORDS[letter]}" for letter in LETTERS.values() if letter in used)
    note = (
        (f"Sources: {key}. " if key else "")
        + f"{_compared(brief.deal.rounding)}; a figure ending in … is cut, not rounded. A Break-even Rate "
        "is the last tick on the passing side. P: share of resamples in which the test fails; sampling of "
        "listings only, not a forecast."
    )
    return {"parts": parts, "note": note}


def _compared(rounding: str) -> str:
    """Return how this deal compares its ratios."""
    shares, multiples = (rounding_words(rounding, unit) for unit in (Unit.SHARE, Unit.MULTIPLE))
    rounded_ = [
        f"{what} are compared rounded to {words}"
        for what, words in (("Ratios in per cent and points", shares), ("multiples", multiples))
        if words != "unrounded"
    ]
    said = ", ".join(rounded_)
    return (
        f"{said[:1].upper()}{said[1:]}, other figures as exact fractions"
        if rounded_
        else "Ratios are compared as exact fractions"
    )


def _test(brief: Brief, line: Line) -> dict[str, Any]:
    history = [test.result for test in log.tested(brief.past, line.key)]
    drawn = _spark(line, history)
    result = line.result
    head = {
        "number": proof_reference(brief, line.key),
        "title": line.title,
        "cite": line.cite,
        "spark": drawn,
        "bearing": None,
        "text": "",
    }
    if result is None:
        return head | {"verdict": "not tested on this date", "rows": []}
    rows = [
        *_input_rows(result.inputs),
        *map(_step_row, result.steps),
        *_rounded_rows(result, line.rounding),
        *_verdict_rows(result, line.rounding),
        *_even_rows(result),
        *_remedy_rows(result),
    ]
    text = f"{sentence(reason_words(result.reason.reason))} ({result.reason.cite})." if result.reason else ""
    return head | {
        "verdict": result.verdict.value,
        "rows": rows,
        "bearing": _bearing(result.bearing),
        "text": text,
    }


def _row(
    name: str, how: str, figure: tuple[str, str], source: str = "", strong: bool = False
) -> dict[str, Any]:
    return {"name": name, "how": how, "figure": figure, "source": source, "strong": strong, "pips": []}


def _input_rows(inputs: Sequence[Input]) -> list[dict[str, Any]]:
    """Return each input with its source.

    A long run of published values has a single line, since the list holds every date.
    """
    prints = [used for used in inputs if used.source.kind == "publication" and used.source.as_of is not None]
    if len(prints) <= LISTED:
        return [_input_row(used) for used in inputs]
    values = "; ".join(
        f"{_day_of(used)} {price(_decimal(used.figure))}" for used in sorted(prints, key=_day_key)
    )
    row = _row(
        "Published values", f"{len(prints)}, USD per GPU-hour: {values}", ("", ""), LETTERS["publication"]
    )
    return [_input_row(used) for used in inputs if used not in prints] + [row]


def _day_key(used: Input) -> date:
    return used.source.as_of or date.min


def _day_of(used: Input) -> str:
    return f"{_day_key(used).day} {_day_key(used):%b}"


def _decimal(figure: Figure) -> str:
    return f"{rounded(figure.value, 4):f}"


def _input_row(used: Input) -> dict[str, Any]:
    how = _unit_words(used.figure) if used.source.kind == "publication" else _source_words(used.source)
    return _row(sentence(name(used.name)), how, cut(used.figure), LETTERS[used.source.kind])


def _source_words(source: Source) -> str:
    as_of = (
        f", as of {table_date(source.as_of)}"
        # Many sources name their date in their text already.
        if source.as_of and source.as_of.isoformat() not in source.text
        else ""
    )
    return f"{with_dates(source.text)}{as_of}"


def _unit_words(figure: Figure) -> str:
    return "USD per GPU-hour, published value" if figure.unit is Unit.RATE else figure.unit.value


def _step_row(step: Step) -> dict[str, Any]:
    worked = "" if step.worked in ("", step.formula) else minus(with_dates(step.worked))
    how = f"{in_plain(with_dates(step.formula))}" + (f" = {worked}" if worked else "")
    return _row(in_plain(step.name), how, cut(step.figure), strong=step.name == "Measured")


COMPARISONS = {
    "at least": "not less than; passes at the limit",
    "more than": "more than; fails at the limit",
    "at most": "not greater than; passes at the limit",
    "less than": "less than; fails at the limit",
}


def _rounded_rows(result: TestResult, rounding: str) -> list[dict[str, Any]]:
    """Return the ratio as the deal rounds it, if the deal rounds: what is compared (`rulings.md` 18)."""
    if result.measured is None or ratio_decimals(rounding, result.measured.unit) is None:
        return []
    whole, point, rest = apart(result.measured, result.measured, rounding).partition(".")
    words = rounding_words(rounding, result.measured.unit)
    return [_row("Rounded", f"to {words}; this is compared", (whole, point + rest), "D", strong=True)]


def _verdict_rows(result: TestResult, rounding: str) -> list[dict[str, Any]]:
    if (
        result.measured is None
        or result.limit is None
        or result.comparison is None
        or result.headroom is None
    ):
        return []
    share = f"; {percent(result.headroom_share)} of the limit" if result.headroom_share is not None else ""
    figure = signed(result.headroom, rounding).removesuffix(" points").removesuffix(" USD")
    whole, point, rest = figure.partition(".")
    return [
        _row("Limit", COMPARISONS[result.comparison], cut(result.limit), "D"),
        _row("Headroom", f"{_difference(result, rounding)}{share}", (whole, point + rest), strong=True),
    ]


def _difference(result: TestResult, rounding: str) -> str:
    assert result.measured is not None  # the caller asks only for determined results
    assert result.limit is not None
    shown = apart(result.measured, result.limit, rounding)
    # Headroom is positive on the passing side, so an upper limit comes first in the difference.
    falling = result.comparison in ("at most", "less than")
    limit = term(result.limit)
    return f"{limit} − {shown}" if falling else f"{shown} − {limit}"


def _even_rows(result: TestResult) -> list[dict[str, Any]]:
    rows = []
    for even in result.break_even:
        if even.rate is None:
            rows.append(_row("Break-even Rate", f"{even.index}: {even.note or 'none'}", ("none", "")))
            continue
        whole, point, rest = price(even.rate.value.numerator / even.rate.value.denominator).partition(".")
        how = f"{even.index}, all else unchanged; fails {even.fails}"
        rows.append(_row("Break-even Rate", how, (whole, point + rest)))
    return rows


def _remedy_rows(result: TestResult) -> list[dict[str, Any]]:
    names = {
        "prepayment": "Prepayment that cures",
        "additional collateral": "Further GPUs that cure",
        "equity": "Equity that cures",
    }
    up = {
        "prepayment": "up to the cent",
        "additional collateral": "up to the whole GPU",
        "equity": "up to the cent",
    }
    return [
        _row(
            names[way.method],
            f"{sentence(in_plain(remedy_words(way)))}; rounded {up[way.method]}",
            cut(way.figure),
            strong=True,
        )
        for way in result.remedies
    ]


def _bearing(bearing: Bearing | None) -> dict[str, Any] | None:
    """Return how far the sellers bear on a result.

    It says whether the result is decisive by sellers, the figure with other sellers, and the shares that
    fail.
    """
    if bearing is None:
        return None
    ends = (
        f"{_short(bearing.at_low)} / {_short(bearing.at_high)}" if bearing.at_low or bearing.at_high else NONE
    )
    return {
        "decisive": f"{'decisive' if bearing.decisive else 'not decisive'} at {bearing.decisive_at}%",
        "between": f"{figure(bearing.low)} to {figure(bearing.high)}" if bearing.low and bearing.high else "",
        "ends": ends,
        "sellers": subsets_failing(bearing) or NONE,
        "listings": _part(bearing.share_failing),
        "note": with_dates(bearing.note) if bearing.note else "",
    }


def _part(text: str | None) -> str:
    """Return a share of resamples, never rounded onto none or all of them."""
    return NONE if text is None else {"0.00": "<0.01", "1.00": ">0.99"}.get(text, text)


def _short(verdict: Verdict | None) -> str:
    return NONE if verdict is None else "ND" if verdict is Verdict.NOT_DETERMINED else verdict.value


def _spark(line: Line, history: list[TestResult]) -> dict[str, Any] | None:
    known = [result for result in history if result.headroom is not None][-SPARK_DATES:]
    drawn = sparkline([float(result.headroom.value) for result in known if result.headroom])
    if drawn is None:
        return None
    last = known[-1]
    assert last.headroom is not None
    label = signed(last.headroom, line.rounding).removesuffix(" points").removesuffix(" USD")
    least = min(known, key=lambda one: one.headroom.value if one.headroom else 0)
    drawn["label"] = label
    drawn["caption"] = f"Headroom since {short_date(known[0].on)}"
    drawn["alt"] = (
        f"Headroom of {line.title} on {counted(len(known), 'dates')} since {short_date(known[0].on)}, "
        f"now {label}; least on {short_date(least.on)}."
    )
    return drawn


def _trigger(brief: Brief, line: Line) -> dict[str, Any]:
    """Return a composite trigger: its limbs and where each count stands."""
    state_ = line.trigger
    head = {
        "number": proof_reference(brief, line.key),
        "title": line.title,
        "cite": line.cite,
        "spark": None,
        "bearing": None,
    }
    clause = brief.clauses[line.key]
    if state_ is None:
        return head | {"verdict": "not yet counted", "rows": [], "text": clause.reading}
    # In effect, what counts is the way to the end; a trigger without an end shows what began it.
    limbs = state_.ends if state_.status is TriggerStatus.IN_EFFECT and state_.ends else state_.begins
    rows = [_limb_row(brief, limb) for limb in limbs]
    return head | {"verdict": state_.status.value, "rows": rows, "text": clause.reading}


def _limb_row(brief: Brief, limb: Limb) -> dict[str, Any]:
    title, what = owed_words.limb(limb, brief.title)
    met = "met" if limb.count >= limb.needed else "not met"
    row = _row(title or "Limb", f"{what}; {met}", (f"{limb.count} of {limb.needed}", ""))
    return row | {"pips": list(limb.met[-LONGEST:]) if limb.dates != "state" else []}
