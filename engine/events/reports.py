"""What a servicer's report says of its period."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from engine.basics.values import Fact, Figure
from engine.events.results import Given


class ReportFacts(Fact):
    """What a servicer's report says of its period; `given` holds what single figures say of themselves."""

    period_start: date
    period_end: date
    as_of: date
    received: date
    document: str
    sha256: str
    corrects: str | None = None
    figures: Mapping[str, Figure]
    given: Mapping[str, Given] = {}
    warnings: tuple[str, ...] = ()
