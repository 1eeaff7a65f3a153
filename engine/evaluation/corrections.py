"""What makes dates be determined again, and from which date on (`rulings.md` 25 to 29).

Four things reach back: a later print that the deal accepts, an Act that is effective on a date already determined, a
corrected report where the deal says retest, and a change of the terms in force on past dates. Each is found by comparing
the log with what is known now; nothing is found twice, because a correction withdraws what it re-runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from engine.events.act_identity import act_in_words, date_of_act
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Correction, Determined, ReportReceived
from engine.events.rates import Published, ReferenceRate
from engine.events.standing import OF_A_DATE, Recorded, standing
from engine.terms.act_requirements import DECIDING
from engine.terms.in_force import TermsInForce

Terms = Callable[[date], TermsInForce]
"""The terms in force on a date."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that reaches back to a date."""

    from_on: date
    why: str


def correction(events: Sequence[Recorded], causes: Sequence[Cause]) -> Correction | None:
    """The correction that all causes together make; None where nothing determined is touched.

    An earlier correction whose dates are not all determined again goes into it: one notice tells of both.
    """
    dates = sorted({event.effective_on for event in standing(events) if event.kind in OF_A_DATE})
    touched = [(next((day for day in dates if day >= cause.from_on), None), cause) for cause in causes]
    found = [(day, cause) for day, cause in touched if day is not None]
    if not found:
        return None
    first, why = min(day for day, _ in found), tuple(cause.why for _, cause in found)
    open_ = unfinished(events)
    if open_ is None:
        return Correction(from_on=first, until=dates[-1], why=tuple(dict.fromkeys(why)))
    from_on, until = min(first, open_.from_on), max(dates[-1], open_.until)
    return Correction(from_on=from_on, until=until, why=tuple(dict.fromkeys((*open_.why, *why))))


def unfinished(events: Iterable[Recorded]) -> Correction | None:
    """The newest correction, while its last date has not been determined again."""
    found: Correction | None = None
    for event in events:
        if isinstance(event.payload, Correction):
            found = event.payload
        elif found is not None and isinstance(event.payload, Determined) and event.effective_on >= found.until:
            found = None
    return found


def numbered(drafts: Iterable[Draft], gone: Iterable[Recorded]) -> tuple[Draft, ...]:
    """The drafts of a date determined again, each as the next print of a fact that a correction withdrew.

    Args:
        drafts: what came out.
        gone: the events that corrections have withdrawn.
    """
    prints: dict[tuple[str, str, date], int] = {}
    for event in gone:
        fact = (event.kind, event.subject, event.effective_on)
        prints[fact] = max(event.print, prints.get(fact, 0))
    return tuple(d.model_copy(update={"print": prints.get((d.kind, d.subject, d.effective_on), 0) + 1}) for d in drafts)


def of_date(drafts: Iterable[Draft], known: Collection[str]) -> tuple[Draft, ...]:
    """The drafts of one date that are to be recorded: those whose keys are new; the last one says how many are of the date itself.

    What passed since the date before stands in front of them and is not counted: a run on each day records it on its own.
    """
    new: dict[str, Draft] = {}
    for draft in drafts:
        if draft.key not in known:
            new.setdefault(draft.key, draft)
    found = tuple(new.values())
    if not found or not isinstance(found[-1].payload, Determined):
        return found
    first = next(place for place, draft in enumerate(found) if draft.kind in OF_A_DATE)
    last = found[-1].payload.model_copy(update={"entries": len(found) - first})
    return (*found[:-1], found[-1].model_copy(update={"payload": last}))


def by_prints(events: Sequence[Recorded], series: Mapping[str, Sequence[Published]]) -> Iterator[Cause]:
    """Publication Dates of which another print is accepted now than when they were determined."""
    newest = {name: {one.publication_date: one for one in found} for name, found in series.items()}
    for event in standing(events):
        rate = event.payload
        if not isinstance(rate, ReferenceRate) or rate.newest_print is None:
            continue
        now = newest.get(rate.index, {}).get(rate.on)
        if now is not None and (now.print if now.value is not None else 0) != rate.newest_print:
            was = rate.published.value if rate.published and rate.published.publication_date == rate.on else None
            kind = "late publication" if was is None else "Restatement"
            yield Cause(rate.on, f"{kind} of {rate.index} for {rate.on}: {was or 'no value'}, now {now.value or 'no value'}")


def by_acts(events: Sequence[Recorded]) -> Iterator[Cause]:
    """Acts that were recorded after a date on which they were already effective had been determined."""
    for act in _after_determination(events, ActRecorded):
        if act.act in DECIDING:
            since = _since(act)
            named = act_in_words(act.names) or act.clause
            yield Cause(since, f"{act.act}{f' of {named}' if named else ''}, effective {since}")


def by_reports(events: Sequence[Recorded], terms: Terms) -> Iterator[Cause]:
    """Corrected reports in a deal that tests past dates again with them (`rulings.md` 26)."""
    for report in _after_determination(events, ReportReceived):
        rule = terms(report.received).servicer_reports
        if report.corrects is None or rule is None or rule.corrected_report != "retest":
            continue
        first = [e.payload.received for e in events if isinstance(e.payload, ReportReceived) and e.payload.period_end == report.period_end]
        yield Cause(min(first), f"corrected Servicer's report for the period to {report.period_end}: {report.document}")


def by_terms(events: Sequence[Recorded], before: Terms, now: Terms) -> Iterator[Cause]:
    """The first date that was determined under terms that a later version of the file says otherwise (rulings 28, 29)."""
    for day in sorted({event.effective_on for event in standing(events) if event.kind in OF_A_DATE}):
        if before(day) != now(day):
            yield Cause(day, f"the terms in force on {day} are changed by an amendment or a correction of the file")
            return


P = TypeVar("P", ActRecorded, ReportReceived)


def _after_determination(events: Sequence[Recorded], kind: type[P]) -> Iterator[P]:
    """Payloads of one kind that entered the log after a date that they bear on, and after the last correction."""
    determined: set[date] = set()
    found: list[P] = []
    for event in events:
        payload = event.payload
        if isinstance(payload, Correction):
            found, determined = [], {day for day in determined if day < payload.from_on}  # the dates before it stand
        elif event.kind in OF_A_DATE:
            determined.add(event.effective_on)
        elif isinstance(payload, kind) and determined and _since(payload) <= max(determined):
            found.append(payload)
    yield from found


def _since(payload: ActRecorded | ReportReceived) -> date:
    """From which date on a payload bears; an Act that withdraws another bears from that one's date."""
    if isinstance(payload, ReportReceived):
        return payload.period_end
    named = date_of_act(payload.names) if payload.act == "act withdrawn" else None
    return named or payload.effective_on
