"""What a date waits for before it is determined: its cut-off, or a value that may still come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from engine.evaluation.inputs import Inputs
from engine.events.rates import Published
from engine.terms.contract_dates import cut_off_on, publication_dates, waits_until

DAY = timedelta(days=1)


def begun(now: datetime) -> date:
    """Return the last date that has begun anywhere; each deal goes only as far as its own."""
    # No time zone is further ahead of UTC than 14 hours.
    return (now.astimezone(UTC) + timedelta(hours=14)).date()


def waits_for(inputs: Inputs, closing: date, now: datetime) -> str | None:
    """Return what a date waits for, or None.

    It waits for its cut-off (`rulings.md` 26a), or for a value that is neither recorded nor known to be
    missing.
    """
    if now < cut_off_on(inputs.terms, inputs.on):
        return f"waits for the cut-off of {waits_until(inputs.terms, inputs.on)}"
    return value_awaited(inputs, closing)


def value_awaited(inputs: Inputs, closing: date) -> str | None:
    """Return the value of an index for which a date waits, or None.

    It is the value of a Publication Date that is neither recorded nor over.
    """
    # Only the newest date can still be open: an older one was waited for when its turn came.
    due = tuple(publication_dates(closing + DAY, inputs.on))[-1:]
    for name in inputs.terms.index:
        for due_act in due:
            if not _there(inputs.series[name], due_act):
                return _said_of(name, due_act, inputs.series[name])
    return None


def _there(series: Sequence[Published], on: date) -> bool:
    """Return whether a series has a print of a date; no print of an earlier date is looked at."""
    for one in reversed(series):
        # The series is in the order of its dates, so the first that is not later decides.
        if one.publication_date <= on:
            return one.publication_date == on
    return False


def _said_of(name: str, on: date, known: Sequence[Published]) -> str:
    """Return the words about a Publication Date that is waited for.

    For a daily series they also say when its value will be final.
    """
    valued = (one for one in reversed(known) if one.value is not None or one.final_at is not None)
    last = next(valued, None)  # in a weekly series no print says when it was final
    if last is None or last.final_at is None or last.read_of is None:
        return f"{name} of {on} is not yet published"
    final_at = last.final_at + (on - last.read_of)
    return (
        f"{name} of {on} is not yet published as final; it is final at {final_at:%Y-%m-%d %H:%M} "
        f"{final_at:%Z}"
    ).rstrip()
