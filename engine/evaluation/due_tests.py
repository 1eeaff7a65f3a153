"""Whether a test is run on a date."""

from __future__ import annotations

from datetime import date, timedelta

from engine.determination.template import Clause, Template
from engine.evaluation.inputs import DETERMINATION, PUBLICATION, Inputs
from engine.terms.contract_dates import determination_dates, publication_dates


def is_due(inputs: Inputs, clause: Clause, template: Template) -> bool:
    """Return whether a clause is tested on this date.

    It is tested from the first to the last date that it names, and as often as it says.
    """
    # A test that waits for a report is due by the date that it measures, not by the day of the delivery.
    on = inputs.measured_on if template.dates == DETERMINATION else inputs.on
    if (clause.first_tested is not None and on < clause.first_tested) or (
        clause.last_tested is not None and on > clause.last_tested
    ):
        return False
    if clause.frequency == "every date":
        return True
    months = 1 if clause.frequency == "first date of each month" else 3
    since = date(on.year, (on.month - 1) // months * months + 1, 1)
    if clause.first_tested is not None:
        # Dates before the first test were never tested, so they do not use up the month or quarter.
        since = max(since, clause.first_tested)
    if template.dates == PUBLICATION:
        earlier = tuple(
            publication_dates(
                max(since, inputs.terms.closing_date + timedelta(days=1)), on - timedelta(days=1)
            )
        )
    else:
        # Fourteen weekly dates reach back over a quarter, and an older date cannot lie in it.
        earlier = tuple(determination_dates(inputs.terms, inputs.calendar, on - timedelta(days=1)))[-14:]
    return not any(since <= earlier_date < on for earlier_date in earlier)
