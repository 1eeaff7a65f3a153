"""The ladder of a foresight report: its rungs, and what its column of weeks says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import date
from typing import Any

from engine.basics.values import listed
from reports.drawing import lanes
from reports.formats import short_date

Value = Mapping[str, Any]
"""The JSON of one answer."""
ON_NO_PATH, DASH = "on no path", "–"


def ladder_page(
    ladder: Value | None, lived: Sequence[Value], title: Callable[[str], str]
) -> dict[str, Any] | None:
    """Return the drawn ladder and its words; None without one.

    Args:
        ladder: the answer of `ladder`.
        lived: the answers of `stress`, which say what acts on no stated path.
        title: what a test or a trigger is called.
    """
    if ladder is None:
        return None
    rungs = ladder["rungs"]
    drawn_index, today = next((index, float(rate)) for index, rate in ladder["today"].items())
    drawn = lanes.ladder(rungs, today)
    below = [rung for rung in rungs if rung["fails"] == "below" and rung["rate"] is not None]
    inverted = {inversion["graver"]: inversion for inversion in ladder["inversions"]}
    for row, rung in zip(drawn["rows"], below, strict=True):
        by = inverted.get(rung["limb"])
        row |= {
            "name": title(rung["subject"]),
            "needs": rung["needs"] if rung["index"] == drawn_index else f"{rung['needs']}, {rung['index']}",
            "rate": f"{float(rung['rate']):.4f}",
            "share": f"{-float(rung['share']) * 100:.1f}%".replace("-", "−"),
            "weeks": _weeks(rung, lived),
            "inverted": f"inverted by {by['by']}" if by else "",
        }
    above = [
        f"{title(rung['subject'])} fails above {float(rung['rate']):.4f}"
        for rung in rungs
        if rung["fails"] == "above"
    ]
    said = f"{listed(above)}. " if above else ""
    # A limb that rests on several indices acts sooner where all of them fall, as on a stated path.
    alone = (
        " Each rate and its weeks are of one index while the others stay; on the stated paths all fall alike."
        f" The scale is of {drawn_index}; a bar of another index stands at its share of that index's rate."
        if len(ladder["today"]) > 1
        else ""
    )
    others = _other_weeks({row["weeks"] for row in drawn["rows"]}, lived)
    return {
        **drawn,
        "said": f"{said}{_key(below)}Weeks are of Scenario B, middle of its band.{alone}{others}",
        "alt": "; ".join(f"{row['name']} acts at {row['rate']}" for row in drawn["rows"]),
        "today_text": f"{today:.2f}",
    }


LOOKS = (
    ("early amortization", "solid: early amortization"),
    ("default", "hatched: a default"),
    ("obligation", "dashed: an Obligation"),
)
"""The kinds of limb that have a look of their own."""


def _key(below: Sequence[Value]) -> str:
    """Return what the bars of a ladder mean, for those that it has."""
    kinds = {rung["kind"] for rung in below}
    said = [words for kind, words in LOOKS if kind in kinds]
    open_ = sorted(kinds - {kind for kind, _ in LOOKS})
    said += [f"open: a {listed(open_, 'or')}"] if open_ else []
    return f"A bar begins where its limb acts; {'; '.join(said)}. " if said else ""


def _weeks(rung: Value, lived: Sequence[Value]) -> str:
    """Return the weeks of Scenario B until a limb acts, or that it acts on none of the stated paths.

    A limb that looks at several dates has no single week, so it has a dash if it acts on a path, or if no
    path was lived.
    """
    if rung["weeks"] is not None:
        return f"{rung['weeks']:.1f}"
    return ON_NO_PATH if lived and all(rung["subject"] in one["never"] for one in lived) else DASH


def _other_weeks(weeks: Set[str], lived: Sequence[Value]) -> str:
    """Return what the cells without a number of weeks mean, for those that the ladder has."""
    said = ""
    if ON_NO_PATH in weeks:
        until = min(date.fromisoformat(one["until"]) for one in lived)
        said += f" On no path: it acts on none of the stated paths up to {short_date(until)}."
    if DASH in weeks:
        said += " A dash: this one rate does not decide alone when it acts, or has been reached already."
    return said
