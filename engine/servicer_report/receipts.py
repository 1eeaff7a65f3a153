"""When a report was received and when it was entered, and which of its figures serve (rulings 53, 57)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from engine.basics.errors import WrongUsage
from engine.events.kinds import ReportReceived
from engine.servicer_report.doubtful_figures import doubtful
from engine.servicer_report.read_report import ServicerReport
from engine.terms.in_force import TermsInForce

DAY_ALONE = len("2026-03-11")


@dataclass(frozen=True, slots=True)
class Receipt:
    """When a report was received, in the deal's time zone: the day, and the hour if it is known."""

    received: date
    received_at: datetime | None


def receipt_of(said: str | date | None, now: datetime, zone: str) -> Receipt:
    """Return the receipt that is stated: a day with its hour (`2026-03-11T17:40`), a day alone, or now.

    A day alone means that day's end; today alone means now (`rulings.md` 53). Raises WrongUsage for another
    form, and for a moment that is still to come.
    """
    here = _here(now, zone)
    if said is None:
        return Receipt(here.date(), here)
    text = str(said)
    try:
        day = date.fromisoformat(text[:DAY_ALONE])
        hour = time.fromisoformat(text[DAY_ALONE + 1 :]) if len(text) > DAY_ALONE else None
    except ValueError:
        raise WrongUsage(
            f"`{said}` is not a receipt; write a day, or a day with its hour: 2026-03-11T17:40"
        ) from None
    at = None if hour is None else datetime.combine(day, hour, ZoneInfo(zone))
    if day > here.date() or (at is not None and at > here):
        raise WrongUsage(f"{said} is still to come where the deal is; a report counts from its receipt")
    return Receipt(day, here if at is None and day == here.date() else at)


def _here(now: datetime, zone: str) -> datetime:
    """Return a moment in the deal's time zone, to the thousandth of a second that the log keeps."""
    return now.replace(microsecond=now.microsecond // 1000 * 1000).astimezone(ZoneInfo(zone))


def with_receipt(
    report: ServicerReport,
    receipt: Receipt,
    now: datetime,
    known: Sequence[ReportReceived],
    terms: TermsInForce,
) -> ServicerReport:
    """Return the report with its receipt, its entry, and its doubtful figures apart from those that serve."""
    held = doubtful(report.figures, report.as_of, known, terms)
    changes = {
        "received": receipt.received,
        "received_at": receipt.received_at,
        "keyed_at": _here(now, terms.time_zone),
        "held": held,
        "awaiting": {name: report.figures[name] for name in held},
        "figures": {name: figure for name, figure in report.figures.items() if name not in held},
    }
    return report.model_copy(update=changes)
