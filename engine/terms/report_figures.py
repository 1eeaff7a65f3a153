"""The figures that a servicer's report may give, by their dotted names, each with its unit.

See `servicer.md`, The report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from engine.basics.values import Unit

MONEY = ("contracted_revenue", "operating_costs", "debt_service", "fees", "collections")
UNITS: tuple[tuple[re.Pattern[str], Unit], ...] = (
    (re.compile(r"outstanding_principal(\.[\w-]+)?"), Unit.USD),
    (re.compile(r"rental\.[\w-]+\.(rented|available)_gpu_hours"), Unit.GPU_HOURS),
    (re.compile(r"rental\.[\w-]+\.weighted_average_rate"), Unit.RATE),
    (re.compile(r"rental\.[\w-]+\.revenue"), Unit.USD),
    (re.compile(r"weighted_average_rental_rate"), Unit.RATE),
    (re.compile(r"available\.[\w-]+\.gpus"), Unit.GPUS),
    (re.compile(r"(un)?contracted_gpu_hours(\.[\w-]+)?"), Unit.GPU_HOURS),
    (re.compile(r"contracted_rate(\.[\w-]+)?"), Unit.RATE),
    (re.compile("|".join(MONEY)), Unit.USD),
    (re.compile(r"(reserve_balance|paid_into_reserve)(\.[\w-]+)?"), Unit.USD),
    (re.compile(r"resale_quote\.[\w-]+"), Unit.USD),
)
"""Patterns of every figure that a report may give, each with its unit."""
CERTIFIED: tuple[tuple[re.Pattern[str], Unit], ...] = (
    (re.compile(r"certified\.[\w-]+\.\d{4}-\d{2}-\d{2}"), Unit.GPUS),
    (re.compile(r"certified_performance\.[\w-]+\.\d{4}-\d{2}-\d{2}"), Unit.SHARE),
)
"""What a report's certificates add up to, by the day of certification.

A worked example gives the sum itself.
"""
OF_A_DEBT_CLASS = ("outstanding_principal",)
OF_A_SWEEP = ("reserve_balance", "paid_into_reserve")
"""Figures of one sweep's reserve account. They name the sweep if the deal has several."""


DECLARED = "figures."
"""What the name of a declared figure begins with in a report. The deal says its unit."""
NONE_DECLARED: Mapping[str, Unit] = MappingProxyType({})


def unit_of(name: str, declared: Mapping[str, Unit] = NONE_DECLARED) -> Unit | None:
    """Return the unit of a figure that a report gives; None if the figure does not exist.

    `declared` holds the units of the figures that the deal alone has.
    """
    return declared.get(name) or next((unit for pattern, unit in UNITS if pattern.fullmatch(name)), None)


def unit_of_fact(name: str, declared: Mapping[str, Unit] = NONE_DECLARED) -> Unit | None:
    """Return the unit of a fact of a worked example, which may also be a sum of certificates."""
    return unit_of(name, declared) or next(
        (unit for pattern, unit in CERTIFIED if pattern.fullmatch(name)), None
    )


def class_of(name: str) -> tuple[str, bool] | None:
    """Return (the class that a figure is of, whether it is a class of debt); None if it is of no class."""
    family, _, rest = name.partition(".")
    # What follows the dot names a sweep or a figure of the deal, and not a class.
    if family in OF_A_SWEEP or name.startswith(DECLARED):
        return None
    return (rest.partition(".")[0], family in OF_A_DEBT_CLASS) if rest else None
