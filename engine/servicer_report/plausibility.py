"""What can be wrong with a servicer's report although each figure reads well.

Figures may be out of scope, out of scale, or contradictory.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from engine.basics.calendar import BusinessCalendar
from engine.basics.errors import Problem
from engine.basics.values import Figure, Unit, counted, printed
from engine.events.results import Given
from engine.terms.contract_dates import counted_from, date_of_period
from engine.terms.in_force import TermsInForce
from engine.terms.source import Path, Tree
from engine.terms.worked_example import read_figure

TOO_FAR = 100
"""A price this many times the Closing Date level must be a slip of the pen."""


class Reading:
    """What has been read from one report so far: its figures, where they stand, and the problems found."""

    def __init__(self, tree: Tree, terms: TermsInForce, received: date) -> None:
        self.tree, self.terms, self.received = tree, terms, received
        self.figures: dict[str, Figure] = {}
        self.paths: dict[str, Path] = {}
        self.given: dict[str, Given] = {}
        self.problems: list[Problem] = []

    def refuse(self, code: str, what: str, why: str, fix: str, path: Path) -> None:
        """Add a problem at the place of a figure."""
        self.problems.append(Problem(code, what, why, fix, self.tree.place(path)))


def dated(reading: Reading, what: str, as_of: date, path: Path, since: date | None = None) -> None:
    """Add a problem for a date after the receipt, or before `since` if that is given."""
    if as_of > reading.received:
        why = f"it was received on {reading.received}"
        reading.refuse("R112", f"{what} as of {as_of}, a later day", why, "correct the as-of date", path)
    if since is not None and as_of < since:
        reading.refuse(
            "R113",
            f"{what} as of {as_of}, before closing",
            f"the deal closed on {since}",
            "correct the as-of date",
            path,
        )


def closed(reading: Reading, path: Path, known: tuple[str, ...]) -> None:
    """Add a problem for each key that a block cannot have: what is not understood is not passed over."""
    block = reading.tree.get(path)
    for key in block if isinstance(block, dict) else ():
        if key not in known:
            why = f"a misspelt key would be passed over; it has {', '.join(known)}"
            reading.refuse("R104", f"`{key}` cannot stand here", why, "correct or remove it", (*path, key))


def figure_at(reading: Reading, path: Path, name: str, raw: Any, unit: Unit) -> Figure | None:
    """Return one figure in its unit; if it cannot be read, add a problem at its place and return None."""
    figure = read_figure(raw) if isinstance(raw, str) else None
    if figure is None:
        reading.refuse(
            "R121",
            f"`{raw}` is not a figure for `{name}`",
            f"it is counted in {unit.value}",
            form_of(unit),
            path,
        )
        return None
    # A plain count may stand for GPUs and hours; for money or a share its unit would be a guess.
    plain = figure.unit is Unit.COUNT and unit in (Unit.GPUS, Unit.GPU_HOURS)
    if figure.unit is not unit and not plain:
        why = f"it is counted in {unit.value}, here stands {figure.unit.value}"
        reading.refuse("R122", f"`{raw}` has another unit than `{name}`", why, form_of(unit), path)
        return None
    if figure.value < 0:
        reading.refuse("R123", f"`{name}` is negative", "no figure of a report is", "correct the sign", path)
        return None
    return Figure(value=figure.value, unit=unit)


def form_of(unit: Unit) -> str:
    """Return an example of how a figure in a unit is written."""
    return {
        Unit.USD: "write it like `USD 16,000,000`",
        Unit.RATE: "write it like `USD 1.92 per GPU-hour`",
        Unit.SHARE: "write it like `95%`",
    }.get(unit, "write it like `1,024`")


def judge(reading: Reading, start: date | None, end: date | None) -> None:
    """Add a problem for each figure that is out of scope, out of scale, or contradicts another."""
    _scope(reading)
    _principal(reading)
    # Both ends of the period count; without a sound period the hours are held against a week.
    days = (end - start).days + 1 if start and end and end >= start else 7
    for asset, terms in reading.terms.pledged_assets.items():
        _hours(reading, asset, terms.gpus, days)
        _revenue(reading, asset)
        _count(reading, asset, terms.gpus)
    for name, figure in reading.figures.items():
        if figure.unit is Unit.RATE:
            _price(reading, name, figure)


def _scope(reading: Reading) -> None:
    """Add a problem for each figure of an asset class, debt class or sweep that the deal does not have."""
    assets = reading.terms.pledged_assets
    by_asset = (
        "rental",
        "available",
        "resale_quote",
        "contracted_rate",
        "contracted_gpu_hours",
        "uncontracted_gpu_hours",
    )
    sweeping = {**reading.terms.covenants, **reading.terms.triggers}
    accounts = dict.fromkeys(("reserve_balance", "paid_into_reserve"), sweeping)
    known: dict[str, Mapping[str, object]] = {
        **dict.fromkeys(by_asset, assets),
        "outstanding_principal": reading.terms.debt,
        **accounts,
    }
    for name, path in reading.paths.items():
        family, _, rest = name.partition(".")
        member = rest.partition(".")[0]
        if member and family in known and member not in known[family]:
            there = ", ".join(known[family])
            reading.refuse("R125", f"the deal has no `{member}`", f"it has {there}", "correct the name", path)


def _principal(reading: Reading) -> None:
    figures = reading.figures
    for name, terms in reading.terms.debt.items():
        figure = figures.get(f"outstanding_principal.{name}")
        if figure is not None and figure.value > terms.original_principal:
            why = (
                f"its original principal is {printed(Figure(value=terms.original_principal, unit=Unit.USD))}"
            )
            path = reading.paths[f"outstanding_principal.{name}"]
            reading.refuse(
                "R130",
                f"the principal of {name} is above its original amount",
                why,
                "correct the figure",
                path,
            )
    total = figures.get("outstanding_principal")
    classes = [figures.get(f"outstanding_principal.{name}") for name in reading.terms.debt]
    most = sum(terms.original_principal for terms in reading.terms.debt.values())
    if total is not None and total.value > most:
        why = f"all classes together had {printed(Figure(value=Fraction(most), unit=Unit.USD))} originally"
        reading.refuse(
            "R130",
            "the outstanding principal is above the original amount",
            why,
            "correct the figure",
            reading.paths["outstanding_principal"],
        )
    if (
        total is not None
        and classes
        # Compared only if every class is reported; otherwise the rest may be in a class left out.
        and all(classes)
        and total.value != sum(figure.value for figure in classes if figure)
    ):
        why = "the classes add up to another amount"
        reading.refuse(
            "R131",
            "the total differs from its classes",
            why,
            "correct one of them",
            reading.paths["outstanding_principal"],
        )


def _hours(reading: Reading, asset: str, gpus: int, days: int) -> None:
    count = reading.figures.get(f"available.{asset}.gpus")
    # The reported count comes first: more GPUs than pledged can have more hours.
    most = (count.value if count else gpus) * 24 * days
    rented = reading.figures.get(f"rental.{asset}.rented_gpu_hours")
    offered = reading.figures.get(f"rental.{asset}.available_gpu_hours")
    for name, figure in (
        (f"rental.{asset}.rented_gpu_hours", rented),
        (f"rental.{asset}.available_gpu_hours", offered),
    ):
        if figure is not None and figure.value > most and name in reading.paths:
            why = f"{int(most):,} is all that the GPUs have in {counted(days, 'days')}"
            reading.refuse(
                "R132", f"`{name}` is more than there can be", why, "correct the hours", reading.paths[name]
            )
    if rented and offered and rented.value > offered.value:
        path = reading.paths.get(f"rental.{asset}.rented_gpu_hours", ("rental",))
        reading.refuse(
            "R133",
            f"more hours of {asset} rented than available",
            "both cannot be so",
            "correct one of them",
            path,
        )


def _revenue(reading: Reading, asset: str) -> None:
    rentals = [
        reading.figures.get(f"rental.{asset}.{name}")
        for name in ("revenue", "rented_gpu_hours", "weighted_average_rate")
    ]
    if rentals[0] and rentals[1] and rentals[2]:
        product = rentals[1].value * rentals[2].value
        # A rate is printed rounded, so a thousandth, and at least one dollar, is not a contradiction.
        if abs(rentals[0].value - product) > max(product / 1000, Fraction(1)):
            why = f"hours x rate is {printed(Figure(value=product, unit=Unit.USD))}"
            reading.refuse(
                "R134",
                f"the revenue of {asset} is not hours x rate",
                why,
                "correct one of them",
                reading.paths[f"rental.{asset}.revenue"],
            )


def _count(reading: Reading, asset: str, gpus: int) -> None:
    """Add a warning for a number of GPUs that differs from the register (rulings 26, 57a).

    A lower number governs. Of a higher number only the pledged GPUs count.
    """
    count = reading.figures.get(f"available.{asset}.gpus")
    if count is not None and count.value != gpus:
        above = count.value > gpus
        what = f"{printed(count)} of {asset} are reported, {gpus:,} are pledged"
        why = "GPUs above the register are not counted" if above else "the report's count governs once given"
        reading.refuse(
            "RW01",
            what,
            why,
            "report the asset change by serial number",
            reading.paths[f"available.{asset}.gpus"],
        )


def _price(reading: Reading, name: str, figure: Figure) -> None:
    levels = [index.closing_date_level for index in reading.terms.index.values()]
    # Asked for by itself: a deal without an index has not got a level to hold a price of 0 against.
    if figure.value == 0 or any(
        figure.value > TOO_FAR * level or figure.value * TOO_FAR < level for level in levels
    ):
        why = "it is out of scale with the Closing Date level"
        path = reading.paths.get(name, ("rental",))
        reading.refuse(
            "R135", f"`{name}` is {printed(figure)}", why, "check the decimal point and the unit", path
        )


def late(reading: Reading, end: date, received: date, calendar: BusinessCalendar | None) -> None:
    """Add a warning for a report that came after its due date; the report is taken all the same.

    The due date is counted by the deal's own table of Business Days.
    """
    rule = reading.terms.servicer_reports
    if rule is None or calendar is None:
        return
    due = counted_from(rule.due, date_of_period(reading.terms, calendar, end), calendar)
    # On the due date itself it is in time; a correction comes later by its nature.
    if received > due and reading.tree.get(("corrects",)) is None:
        what = f"received on {received}, {counted((received - due).days, 'days')} after it was due"
        reading.refuse(
            "RW02",
            what,
            f"it was due on {due} ({rule.cite})",
            "its lateness goes on record with it",
            ("period",),
        )
