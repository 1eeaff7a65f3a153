"""Read the words of a command that name stated paths.

A word that names no path is refused, with the words that are known.
"""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.values import exact_number
from engine.foresight.draft_paths import POINTS
from engine.foresight.rate_scenarios import Shape, read_jump, read_legs
from engine.queries.foresight_questions import StressAsked

SHAPES: tuple[Shape, ...] = ("compound", "straight line")
LOST = re.compile(r"(?P<name>[\w-]+)@(?P<weeks>\d{1,4})w")
MOST_MULTIPLES = 9


def asked_paths(
    scenarios: tuple[str, ...],
    point: str,
    shape: str,
    multiples: str,
    jump: str | None,
    missing: frozenset[date],
    rates: Path | None,
    lost: str | None,
    until: date | None,
    weeks: int,
) -> StressAsked:
    """Return what is asked, from the words of the command line.

    Raises WrongUsage for a word that is not one.
    """
    for legs in scenarios:
        read_legs(legs)
    if jump is not None:
        read_jump(jump)
    points = (
        POINTS
        if point == "all"
        else tuple(name for name in POINTS if name in [part.strip() for part in point.split(",")])
    )
    if not points:
        raise WrongUsage(f"`{point}` is not a point of a band; write {', '.join(POINTS)}, or all")
    shapes = {shape: shape for shape in SHAPES} | {shape.replace(" ", "-"): shape for shape in SHAPES}
    if shape not in shapes:
        raise WrongUsage(f"`{shape}` is not a shape; write {' or '.join(SHAPES)}")
    return StressAsked(
        scenarios=scenarios,
        points=points,
        shape=shapes[shape],
        multiples=_multiples(multiples),
        jump=jump,
        missing=missing,
        rates=rates,
        lost=_lost(lost),
        until=until,
        weeks=weeks,
    )


def _multiples(text: str) -> tuple[Fraction, ...]:
    try:
        ratios = tuple(exact_number(part.strip().removesuffix("x").strip()) for part in text.split(","))
    except (ValueError, ZeroDivisionError):
        raise WrongUsage(f"`{text}` are not multiples; write them like 1,1.5,2.5") from None
    if not 0 < len(ratios) <= MOST_MULTIPLES or not all(0 < ratio <= 100 for ratio in ratios):
        raise WrongUsage(f"`{text}`: up to {MOST_MULTIPLES} multiples, each above 0 and at most 100")
    return ratios


def _lost(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    match = LOST.fullmatch(text)
    if match is None:
        raise WrongUsage(f"`{text}` names no contract and week; write NAME@26w")
    return match["name"], int(match["weeks"])
