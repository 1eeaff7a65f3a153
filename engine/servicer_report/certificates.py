"""Performance certificates in a servicer's report (WP §9.3).

They say how many GPUs were certified on which day, and at which performance. Rows are added up by day into
figures: `certified.h100.2026-01-20` in GPUs and `certified_performance.h100.2026-01-20`, the mean weighted by
GPUs. A serial number without a certificate is in no row and counts as uncertified (rulings 17).
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from engine.basics.values import Figure, Unit
from engine.servicer_report.plausibility import Reading, dated
from engine.terms.periods import read_day
from engine.terms.source import Path
from engine.terms.worked_example import read_figure

FORM = (
    "write it like `{serial: SN-0001, on: 2026-01-20, performance: 98%}` or with `gpus: 1000` in place "
    "of "
    "the serial number"
)


def read_certificates(reading: Reading) -> None:
    """Add the certificates of a report to `reading`, as figures by asset class and day.

    Problems are at their rows.
    """
    blocks = reading.tree.get(("certificates",))
    if blocks is None:
        return
    if not isinstance(blocks, dict):
        reading.refuse(
            "R126",
            "`certificates` is not a block",
            "certificates are given for each asset class",
            FORM,
            ("certificates",),
        )
        return
    for asset, rows in blocks.items():
        path: Path = ("certificates", asset)
        if asset not in reading.terms.pledged_assets:
            there = ", ".join(reading.terms.pledged_assets)
            reading.refuse("R125", f"the deal has no `{asset}`", f"it has {there}", "correct the name", path)
        elif not isinstance(rows, list):
            reading.refuse(
                "R126", f"the certificates of {asset} are not a list", "each certificate is a row", FORM, path
            )
        else:
            _by_day(reading, asset, rows)


def _by_day(reading: Reading, asset: str, rows: list[Any]) -> None:
    seen: set[str] = set()
    days: dict[date, list[tuple[Fraction, Fraction]]] = {}
    for number, row in enumerate(rows):
        path: Path = ("certificates", asset, number)
        certificate = _row(row) if isinstance(row, dict) else None
        if certificate is None:
            reading.refuse(
                "R126",
                "a certificate cannot be read",
                "it has a serial number or a count, a day and a performance",
                FORM,
                path,
            )
            continue
        serial, gpus, day, performance = certificate
        dated(reading, f"a certificate of {asset} is", day, (*path, "on"))
        if serial is not None and serial in seen:
            reading.refuse(
                "R127",
                f"`{serial}` is certified twice",
                "a GPU has one certificate in force",
                "keep the newer one",
                path,
            )
            continue
        seen |= {serial} if serial else set()
        days.setdefault(day, []).append((gpus, performance))
    for day, parts in days.items():
        count = sum((gpus for gpus, _ in parts), Fraction(0))
        mean = sum((gpus * performance for gpus, performance in parts), Fraction(0)) / count
        reading.figures[f"certified.{asset}.{day}"] = Figure(value=count, unit=Unit.GPUS)
        reading.figures[f"certified_performance.{asset}.{day}"] = Figure(value=mean, unit=Unit.SHARE)
    _too_many(reading, asset)


def _row(row: dict[str, Any]) -> tuple[str | None, Fraction, date, Fraction] | None:
    serial = row.get("serial")
    gpus = Fraction(1) if serial is not None else _value(row.get("gpus"), (Unit.COUNT, Unit.GPUS))
    performance = _value(row.get("performance"), (Unit.SHARE,))
    try:
        day = read_day(str(row.get("on")))
    except ValueError:
        return None
    if gpus is None or gpus <= 0 or performance is None or set(row) - {"serial", "gpus", "on", "performance"}:
        return None
    return (str(serial) if serial is not None else None), gpus, day, performance


def _value(raw: Any, units: tuple[Unit, ...]) -> Fraction | None:
    figure = read_figure(str(raw)) if raw is not None else None
    return figure.value if figure is not None and figure.unit in units and figure.value >= 0 else None


def _too_many(reading: Reading, asset: str) -> None:
    """Add a problem if more GPUs of a class are certified than exist."""
    reported = reading.figures.get(f"available.{asset}.gpus")
    pledged = reported.value if reported else Fraction(reading.terms.pledged_assets[asset].gpus)
    counts = [
        figure.value for name, figure in reading.figures.items() if name.startswith(f"certified.{asset}.")
    ]
    if sum(counts, Fraction(0)) > pledged:
        why = f"the class has {int(pledged):,}"
        reading.refuse(
            "R128",
            f"more GPUs of {asset} are certified than there are",
            why,
            "correct the counts",
            ("certificates", asset),
        )
