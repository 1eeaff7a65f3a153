"""The pages of a foresight report that rest on the rate model.

They are the heat map of a calibration, and the fan and chances of a simulation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from engine.basics.happenings import HAPPENING_WORDS
from engine.basics.probabilities import error_words, probability, share_words
from engine.basics.values import counted, figure_words, listed, written_rate
from engine.events.swept_money import SweptOnPaths
from reports.drawing import lanes
from reports.formats import with_dates
from reports.pages.foresight_choices import count_words
from reports.pages.foresight_inputs import NAMED

Value = Mapping[str, Any]
"""The JSON of one answer."""
DEFINITIONS = (
    (
        "Shortfall",
        "a stretch of the true rate: it begins with the first of {q} dates in a row below the level and "
        "ends before {q} dates in a row at or above it",
    ),
    ("False alarm", "the trigger is in effect for a time that shares no date with a shortfall"),
    ("Missed", "a shortfall that shares no date with a time in effect"),
    ("Late", "dates from the first of a shortfall to the first in effect; the mean of those not missed"),
)


def calibration_page(calibration: Value | None, title: Callable[[str], str]) -> dict[str, Any] | None:
    """Return the heat map and its words; None if nothing was calibrated."""
    if calibration is None:
        return None
    cells = calibration["model"]
    levels = list(dict.fromkeys(cell["variant"]["level"] for cell in cells))
    counts = list(dict.fromkeys(cell["variant"]["count"] for cell in cells))
    under = calibration["smallest_count_under"]["share"]
    drafted = calibration.get("drafted")
    # The page shows one release, since a table has two sides: the draft's own if it was tried.
    release = (drafted or cells[0])["variant"]["release"]
    rows = []
    for count in counts:
        row = []
        for level in levels:
            best = next(
                cell
                for cell in cells
                if (cell["variant"]["level"], cell["variant"]["count"], cell["variant"]["release"])
                == (level, count, release)
            )
            row.append(
                {
                    "chance": share_words(best["false_alarm"], under) if best["quiet"] else "-",
                    "error": error_words(best["false_alarm"], best["error"], under)
                    if best["quiet"]
                    else "no quiet period",
                    "missed": "no shortfall"
                    if best["missed"] is None
                    else f"missed {best['missed'] * 100:.1f}%",
                    "late": "" if best["delay"] is None else f"late {best['delay']:.1f} weeks",
                    # A chance of one half is far beyond what anybody accepts, so the scale ends there.
                    "bar": round(min(best["false_alarm"] / 0.5, 1) * 100),
                    "framed": best["false_alarm"] < under and bool(best["quiet"]),
                    "drafted": drafted is not None and drafted["variant"] == best["variant"],
                }
            )
        rows.append({"count": count_words(best["variant"]), "cells": row})
    return {
        "heading": f"Calibration: {title(calibration['term'].split('.')[1])}",
        "intro": (
            f"{with_dates(calibration['paths_begin'])} "
            "The level runs across, in USD per GPU-hour; the dates that begin the trigger run down. "
            f"A cell holds the probability of a false alarm in {calibration['weeks']} weeks with its Monte "
            "Carlo error, the shortfalls missed, and the weeks late. A bar is that probability, and is full "
            f"at 0.50. A heavy frame lies under {under:.2f}; the corner marks the draft. "
            f"{_release_words(cells, release)}"
        ),
        "assumed": with_dates(" ".join(calibration["assumed"])),
        "levels": [written_rate(Fraction(level, 10_000)) for level in levels],
        "rows": rows,
        "definitions": [(word, said.format(q=calibration["q"])) for word, said in DEFINITIONS],
        "said": " ".join(calibration["said"]),
    }


def _release_words(cells: Sequence[Value], release: int | None) -> str:
    """Return on how many dates the variants of the page are released, and that others were tried."""
    if release is None:
        return "The trigger is never released."
    window = next(
        cell["variant"]["release_out_of"] for cell in cells if cell["variant"]["release"] == release
    )
    of = counted(release, "dates") if window is None else f"{release} of {window} dates"
    others = {cell["variant"]["release"] for cell in cells} - {release}
    more = (
        f" The data hold other releases too: {listed([str(one) for one in sorted(others)])}."
        if others
        else ""
    )
    return f"The trigger is released on {of}.{more}"


def simulation_page(
    simulation: Value | None, levels: Sequence[lanes.Level], closing: date, title: Callable[[str], str]
) -> dict[str, Any] | None:
    """Return the fan and the chances; None if nothing was simulated.

    Args:
        simulation: the answer of `simulate`.
        levels: the limits of the index over time, which stand across the fan.
        closing: the Closing Date, on which every path begins.
        title: what a test or a trigger is called.
    """
    if simulation is None:
        return None
    horizons = list(simulation["chances"][0]["within"]) if simulation["chances"] else []
    rows = []
    for chance in simulation["chances"]:
        cells = [f"{title(chance['subject'])} {HAPPENING_WORDS[chance['what']]}"]
        for weeks in horizons:
            cells.append(probability(*chance["within"][weeks]))
        rows.append(cells)
    figures = [figure_words(name) for name in simulation["left_out"]]
    left = f" What follows the rate is left out: {listed(figures)}." if figures else ""
    return {
        "intro": (
            "The model is a local level with t innovations, no drift, and a weekly volatility of "
            f"{simulation['sigma'] * 100:.1f}%. {simulation['paths']:,} paths of "
            f"{counted(simulation['weeks'], 'weeks')} begin after the Closing Date "
            f"{with_dates(str(simulation['starts_on']))}, from its level of {simulation['start']:.4f}. Light "
            f"grey holds 95% of the published values, dark grey 50%. The axis is logarithmic.{left}"
        ),
        "fan": lanes.fan(simulation["fan"], levels, closing) if simulation["fan"] else None,
        "heads": ["Begins or fails within", *(f"{weeks} weeks" for weeks in horizons)],
        "rows": rows,
        "record": " ".join(
            part for part in (_scores(simulation["scores"]), _recorded(simulation.get("recorded"))) if part
        ),
        "money": " ".join(SweptOnPaths(**one).words(title(one["clause"])) for one in simulation["swept"]),
        "ways": _ways(simulation, title),
    }


def _ways(simulation: Value, title: Callable[[str], str]) -> str:
    """Return which tests and triggers were not worked out for all paths at once, each with the reason."""
    said = []
    if apart := [title(name) for name in simulation["one_by_one"]]:
        verb = "was" if len(apart) == 1 else "were"
        said.append(
            f"{listed(apart)} {verb} worked out path by path, because the fast way does not cover what is "
            "compared."
        )
    names_by_reason: dict[str, list[str]] = {}
    for name, reason in simulation["by_steps"].items():
        names_by_reason.setdefault(NAMED.sub(lambda key: title(key[1]), reason), []).append(title(name))
    if names_by_reason:
        steps = "; ".join(f"{listed(names)} ({reason})" for reason, names in names_by_reason.items())
        said.append(f"The exact engine's own steps decide {steps}.")
    return " ".join(said)


def _scores(scores: Sequence[Value]) -> str:
    """Return how the model and simpler forecasts did on the history."""
    if not scores:
        return ""
    first, *others = scores
    figures = listed([f"{one['crps']:.4f} ({one['forecast']})" for one in others])
    beside = f" The simpler forecasts have {figures}." if others else ""
    return (
        f"One week ahead on the history, {first['forecast']} has a mean score of {first['crps']:.4f}.{beside}"
        " The score is the CRPS, of which less is better."
    )


def _recorded(calibration: Value | None) -> str:
    """Return how the forecasts came out that were recorded before their week."""
    if calibration is None:
        return "No forecast of this series was recorded before its week."
    verb = "was" if calibration["made"] == 1 else "were"
    inside = f"{calibration['inside']} lay inside 95%, and {calibration['below']} lay below the median"
    return (
        f"{counted(calibration['made'], 'forecasts')} {verb} recorded before the week. Of "
        f"{counted(calibration['came'], 'values')} that came, {inside}."
    )
