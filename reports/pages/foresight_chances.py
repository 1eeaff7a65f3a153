"""The pages of a foresight report that rest on the rate model: the heat map of a calibration, the fan and chances of a simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.basics.happenings import HAPPENING_WORDS
from engine.basics.values import counted, in_words, listed
from reports.drawing import lanes

Value = Mapping[str, Any]
"""The JSON of one answer."""
DEFINITIONS = (
    (
        "Shortfall",
        "a stretch of the true rate: it begins with the first of {q} dates in a row below the level and ends before {q} dates in a row at "
        "or above it",
    ),
    ("False alarm", "the trigger is in effect for a time that shares no date with a shortfall"),
    ("Missed", "a shortfall that shares no date with a time in effect"),
    ("Late", "dates from the first of a shortfall to the first in effect; the mean of those not missed"),
)


def calibration_page(found: Value | None) -> dict[str, Any] | None:
    """Return the heat map and its words; None if nothing was calibrated."""
    if found is None:
        return None
    cells = found["model"]
    levels = list(dict.fromkeys(cell["variant"]["level"] for cell in cells))
    counts = list(dict.fromkeys(cell["variant"]["count"] for cell in cells))
    release = cells[0]["variant"]["release"]
    under = found["smallest_count_under"]["share"]
    drafted = found.get("drafted")
    rows = []
    for count in counts:
        row = []
        for level in levels:
            best = next(
                cell
                for cell in cells
                if (cell["variant"]["level"], cell["variant"]["count"], cell["variant"]["release"]) == (level, count, release)
            )
            row.append(
                {
                    "chance": f"{best['false_alarm']:.2f}",
                    "error": f"± {max(best['error'], 0.005):.2f}",
                    "missed": "no shortfall" if best["missed"] is None else f"missed {best['missed'] * 100:.1f}%",
                    "late": "" if best["delay"] is None else f"late {best['delay']:.1f} weeks",
                    "bar": round(min(best["false_alarm"] / 0.5, 1) * 100),
                    "framed": best["false_alarm"] < under,
                    "drafted": drafted is not None and drafted["variant"]["level"] == level and drafted["variant"]["count"] == count,
                }
            )
        rows.append({"count": counted(count, "dates"), "cells": row})
    return {
        "heading": f"Calibration of {found['term']}",
        "intro": (
            f"Each cell: the probability of at least one false alarm in {found['weeks']} weeks with its Monte Carlo error; shortfalls "
            f"missed; weeks late. Bar: the probability, full at 0.50. Heavy frame: under {under:.2f}. Corner: the draft. "
            f"Released on {counted(release, 'dates')}."
        ),
        "levels": [f"{level / 10_000:.2f}" for level in levels],
        "rows": rows,
        "definitions": [(word, said.format(q=found["q"])) for word, said in DEFINITIONS],
        "said": " ".join(found["said"]),
    }


def simulation_page(found: Value | None, rungs: Sequence[Value], title: Callable[[str], str]) -> dict[str, Any] | None:
    """Return the fan and the chances; None if nothing was simulated.

    Args:
        found: the answer of `simulate`.
        rungs: the ladder's limbs, whose rates stand across the fan.
        title: what a test or a trigger is called.
    """
    if found is None:
        return None
    horizons = list(found["chances"][0]["within"]) if found["chances"] else []
    rows = []
    for chance in found["chances"]:
        cells = [f"{title(chance['subject'])} {HAPPENING_WORDS[chance['what']]}"]
        for weeks in horizons:
            share, error = chance["within"][weeks]
            cells.append("<0.01" if 0 < share < 0.01 else f"{share:.2f} ± {max(error, 0.005):.2f}")
        rows.append(cells)
    below = [rung for rung in rungs if rung["fails"] == "below" and rung["rate"]]
    levels = [(title(rung["test"]), float(rung["rate"])) for rung in below]
    scores = "; ".join(f"{score['forecast']} {score['crps']:.4f}" for score in found["scores"])
    left = (
        f" Left out, because they follow the rate: {listed([in_words(name) for name in found['left_out']])}." if found["left_out"] else ""
    )
    return {
        "intro": (
            f"Local level with t innovations, {found['paths']:,} paths of {counted(found['weeks'], 'weeks')} from "
            f"{found['start']:.4f}, no drift, weekly volatility {found['sigma'] * 100:.1f}%. Light and dark grey: 95% and 50% of the "
            f"published values. The axis is logarithmic.{left}"
        ),
        "fan": lanes.fan(found["fan"], list(dict.fromkeys(levels))) if found["fan"] else None,
        "heads": ["Begins or fails within", *(f"{weeks} weeks" for weeks in horizons)],
        "rows": rows,
        "record": " ".join(part for part in (_scores(scores), _recorded(found.get("recorded"))) if part),
    }


def _scores(scores: str) -> str:
    return f"One week ahead on the history, the mean score (CRPS, smaller is better): {scores}." if scores else ""


def _recorded(found: Value | None) -> str:
    """Return how the forecasts came out that were recorded before their week."""
    if found is None:
        return "No forecast of this series was recorded before its week."
    made = f"{counted(found['made'], 'forecasts')} recorded before the week"
    return f"{made}: of {counted(found['came'], 'values')} that came, {found['inside']} inside 95%, {found['below']} below the median."
