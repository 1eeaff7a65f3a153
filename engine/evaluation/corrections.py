"""What makes dates be determined again, and from which date on (`rulings.md` 25 to 29).

Five things reach back. They are a later print that the deal accepts; an Act that is effective on a date
already determined; what is said late of a Servicer's report; a register's change of an earlier date; and a
change of the terms in force on past dates. Each is found by comparing the log with what is known now. Nothing
is found twice, because a correction withdraws what it runs again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine.basics.values import as_model
from engine.evaluation.pledged_gpus import pledged_gpus
from engine.evaluation.recorded_acts import counts_for
from engine.evaluation.serving_report import serves_from
from engine.events.act_identity import act_in_words, date_of_act
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Correction, Determined, ReportReceived
from engine.events.rates import Published, ReferenceRate
from engine.events.rates_on_record import told_of_rates
from engine.events.servicing import FigureConfirmed, ReceiptShown, RegisterChanged
from engine.events.standing import OF_A_DATE, Recorded, standing
from engine.terms.act_requirements import DECIDING
from engine.terms.contract_dates import cut_off_on
from engine.terms.in_force import TermsInForce

Terms = Callable[[date], TermsInForce]
"""A function from a date to the terms in force on it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason to determine dates again: the first date that it affects, and why, in words."""

    from_on: date
    why: str
    later_print: bool = False
    """Whether it is a later print of a rate, which undoes no irrevocable trigger (`rulings.md` 27)."""


def correction(events: Sequence[Recorded], causes: Sequence[Cause]) -> Correction | None:
    """Return the correction that all causes together make; None if nothing determined is touched.

    An earlier correction whose dates are not all determined again becomes part of it: one notice tells of
    both.
    """
    dates = sorted({event.effective_on for event in standing(events) if event.kind in OF_A_DATE})
    # A cause between two dates is felt on the next one that was determined.
    touched = [(next((day for day in dates if day >= cause.from_on), None), cause) for cause in causes]
    causes_dated = [(day, cause) for day, cause in touched if day is not None]
    # Nothing determined is touched: what came early counts when its date comes, without a correction.
    if not causes_dated:
        return None
    first, why = min(day for day, _ in causes_dated), tuple(cause.why for _, cause in causes_dated)
    later_print = any(cause.later_print for _, cause in causes_dated)
    # A run that was killed half way leaves a correction open. It is joined, so that the addressees get one
    # notice.
    open_ = unfinished(events)
    if open_ is None:
        return Correction(
            from_on=first, until=dates[-1], why=tuple(dict.fromkeys(why)), later_print=later_print
        )
    return Correction(
        from_on=min(first, open_.from_on),
        until=max(dates[-1], open_.until),
        why=tuple(dict.fromkeys((*open_.why, *why))),
        later_print=later_print or open_.later_print,
    )


def unfinished(events: Iterable[Recorded]) -> Correction | None:
    """Return the newest correction if its last date has not been determined again; None otherwise."""
    open_correction: Correction | None = None
    for event in events:
        if isinstance(event.payload, Correction):
            open_correction = event.payload
        elif (
            open_correction is not None
            and isinstance(event.payload, Determined)
            and event.effective_on >= open_correction.until
        ):
            open_correction = None
    return open_correction


def numbered(drafts: Iterable[Draft], withdrawn_events: Iterable[Recorded]) -> tuple[Draft, ...]:
    """Return the drafts of a date determined again, each numbered as the next print of the withdrawn fact.

    Args:
        drafts: the events that came out.
        withdrawn_events: the events that corrections have withdrawn.
    """
    prints: dict[tuple[str, str, date], int] = {}
    for event in withdrawn_events:
        fact = (event.kind, event.subject, event.effective_on)
        # Several corrections may have withdrawn the same fact, so the highest number counts.
        prints[fact] = max(event.print, prints.get(fact, 0))
    # A print is never used twice, or the idempotency key would skip the event that says otherwise
    # (`rulings.md` 31).
    return tuple(
        d.model_copy(update={"print": prints.get((d.kind, d.subject, d.effective_on), 0) + 1}) for d in drafts
    )


def of_date(drafts: Iterable[Draft], known: Collection[str]) -> tuple[Draft, ...]:
    """Return the drafts of one date that are to be recorded: those whose keys are new.

    The last one says how many of them are of the date itself. What passed since the date before stands in
    front of them and is not counted, because a run on each day records that by itself.
    """
    new: dict[str, Draft] = {}
    for draft in drafts:
        if draft.key not in known:
            # The log skips a key that it has, so of two drafts with one key the first counts.
            new.setdefault(draft.key, draft)
    new_drafts = tuple(new.values())
    # A date that is not a Determination Date has no last event that could carry the number.
    if not new_drafts or not isinstance(new_drafts[-1].payload, Determined):
        return new_drafts
    first = next(place for place, draft in enumerate(new_drafts) if draft.kind in OF_A_DATE)
    last = new_drafts[-1].payload.model_copy(update={"entries": len(new_drafts) - first})
    return (*new_drafts[:-1], new_drafts[-1].model_copy(update={"payload": last}))


def reaching_back(
    events: Sequence[Recorded], series: Mapping[str, Sequence[Published]], terms: Terms
) -> Iterator[Cause]:
    """Yield everything that reaches back to a determined date, except a change of the terms."""
    yield from by_prints(events, series)
    yield from by_acts(events, terms)
    yield from by_reports(events, terms)
    yield from by_registers(events, terms)


def by_prints(events: Sequence[Recorded], series: Mapping[str, Sequence[Published]]) -> Iterator[Cause]:
    """Yield a cause for each determined Publication Date of which another print is accepted now."""
    newest = {
        name: {publication.publication_date: publication for publication in prints}
        for name, prints in series.items()
    }
    for event in standing(events):
        rate = event.payload
        # A rate that an agent set did not look at a print, so no later print changes it.
        if not isinstance(rate, ReferenceRate) or rate.newest_print is None:
            continue
        now = newest.get(rate.index, {}).get(rate.on)
        if (
            now is not None and (now.print if now.value is not None else 0) != rate.newest_print
        ):  # 0 stands for a silence
            was = (
                rate.published.value
                if rate.published and rate.published.publication_date == rate.on
                else None
            )
            kind = "late publication" if was is None else "Restatement"
            said = f"{kind} of {rate.index} for {rate.on}: {was or 'no value'}, now {now.value or 'no value'}"
            yield Cause(rate.on, said, later_print=True)


def printed_again(
    rates: Mapping[str, Sequence[ReferenceRate]], series: Mapping[str, Sequence[Published]]
) -> bool:
    """Return whether `by_prints` would find a cause, without reading any rate from the log.

    It compares the newest print of each rate with the accepted print in `series`.
    """
    for name, of_index in rates.items():
        accepted = {
            f"{one.publication_date}": f"{one.print if one.value is not None else 0}"
            for one in series.get(name, ())
        }
        for on, *_, newest_print, _ in told_of_rates(of_index):
            # A rate on record without a newest print has nothing to compare with, as in `by_prints`.
            if newest_print != "None" and accepted.get(on, newest_print) != newest_print:
                return True
    return False


def by_acts(events: Sequence[Recorded], terms: Terms) -> Iterator[Cause]:
    """Yield a cause for each Act recorded after a date that it affects had been determined.

    The Act was already effective on that date.
    """
    for act in _after_determination(events, terms):
        # An Act that only documents something, such as a notice that was given, moves no state.
        if act.act in DECIDING:
            since = _since(act, terms)
            named = act_in_words(act.names) or act.clause
            yield Cause(since, f"{act.act}{f' of {named}' if named else ''}, effective {since}")


def by_reports(events: Sequence[Recorded], terms: Terms) -> Iterator[Cause]:
    """Yield a cause for what was said of a Servicer's report after a date that it affects was determined.

    It may be a report entered late, or a corrected report if the deal says retest. It may also be a document
    that shows a receipt, the confirmation of a figure, or the withdrawal of a report. Each counts from the
    first date whose cut-off the report met (rulings 26, 53, 57).
    """
    reports: dict[str, ReportReceived] = {}

    def told(payload: object, determined: Set[date]) -> Iterator[Cause]:
        bearing = _told_of_a_report(payload, reports) if determined else None
        if bearing is not None:
            from_on = first_date(serves_from(bearing[0], reports.values(), terms(bearing[0].received)), terms)
            if from_on <= max(determined):
                yield Cause(from_on, bearing[1])
        if isinstance(payload, ReportReceived):
            # Kept after the question, so that a report is held only against those before it.
            reports[payload.name] = payload

    return _since_correction(events, told)


def _since_correction(
    events: Sequence[Recorded], told: Callable[[object, Set[date]], Iterable[Cause]]
) -> Iterator[Cause]:
    """Yield the causes that entries give, in view of the dates determined before them.

    A Correction has dealt with the causes before it.

    Args:
        events: the deal's log, oldest first.
        told: from a payload and the dates that had been determined, what reaches back.
    """
    determined: set[date] = set()
    causes: list[Cause] = []
    for event in events:
        payload = event.payload
        if isinstance(payload, Correction):
            causes, determined = (
                [],
                {day for day in determined if day < payload.from_on},
            )  # the dates before it stand
        elif event.kind in OF_A_DATE:
            determined.add(event.effective_on)
        causes += told(payload, determined)
    yield from causes


def _told_of_a_report(
    payload: object, reports: Mapping[str, ReportReceived]
) -> tuple[ReportReceived, str] | None:
    """Return the report that a payload is about, and in words what it says of the report.

    The result is None if the payload says nothing of a report.
    """
    match payload:
        case ReportReceived() as report:
            report_event, what = (
                report,
                "corrected Servicer's report" if report.corrects else "Servicer's report",
            )
            entered = f", received {_moment(report)}, entered late" if report.keyed_at else ""
        case ReceiptShown(report=name, document=document) if name in reports:
            report_event, what, entered = (
                # With its receipt shown, the report counts from that receipt and not from its entry any more.
                reports[name].model_copy(update={"serves_from_keying": False}),
                "Servicer's report",
                f", receipt shown by {document}",
            )
        case FigureConfirmed(report=name, figures=figures) if name in reports:
            report_event, what, entered = (
                reports[name],
                "Servicer's report",
                f", {', '.join(figures)} confirmed",
            )
        case ActRecorded(act="report withdrawn", details=details) if details.get("names", "") in reports:
            report_event, what, entered = reports[details["names"]], "Servicer's report", ", withdrawn"
        case _:
            return None
    return (
        report_event,
        f"{what} for the period to {report_event.period_end}{entered}: {report_event.document}",
    )


def _moment(report: ReportReceived) -> str:
    return f"{report.received_at:%Y-%m-%d %H:%M}" if report.received_at is not None else str(report.received)


def first_date(moment: datetime, terms: Terms) -> date:
    """Return the first day whose cut-off is not before a moment.

    What came at that moment counts from that day (`rulings.md` 26a).
    """
    # `end of day` is the next midnight, so what came exactly then counts for the day before.
    day = moment.date() - timedelta(days=1)
    while cut_off_on(terms(day), day) < moment:
        day += timedelta(days=1)
    return day


def by_registers(events: Sequence[Recorded], terms: Terms) -> Iterator[Cause]:
    """Yield a cause for each change of a register that affects a date already determined.

    A register counts from its own date (`rulings.md` 57a).
    """
    registers: dict[str, RegisterChanged] = {}

    def told(payload: object, determined: Set[date]) -> Iterator[Cause]:
        if isinstance(payload, RegisterChanged):
            # A copy is taken, because the mapping changes before both counts are made.
            before = dict(registers)
            registers[payload.file] = payload
            yield from _register_cause(payload, sorted(determined), before, registers, terms)

    return _since_correction(events, told)


def _register_cause(
    register: RegisterChanged,
    determined: Sequence[date],
    before: Mapping[str, RegisterChanged],
    now: Mapping[str, RegisterChanged],
    terms: Terms,
) -> Iterator[Cause]:
    """Yield a cause for the first determined date on which a register changes a count, with both counts."""
    for day in determined:
        was, is_now = pledged_gpus(terms(day), before, day), pledged_gpus(terms(day), now, day)
        changed = [
            f"{was[name]:,} GPUs of {as_model(name)}, now {is_now[name]:,}"
            for name in was
            if was[name] != is_now[name]
        ]
        if changed:
            yield Cause(day, f"the register {register.file}: on {day} {'; '.join(changed)}")
            return


def by_terms(events: Sequence[Recorded], before: Terms, now: Terms) -> Iterator[Cause]:
    """Yield a cause for the first determined date whose terms a later version of the file changes.

    The rulings are `rulings.md` 28 and 29.
    """
    for day in sorted({event.effective_on for event in standing(events) if event.kind in OF_A_DATE}):
        # Whole terms are compared, because an amendment may reach a test through a term of the pool or the
        # index.
        if before(day) != now(day):
            yield Cause(
                day, f"the terms in force on {day} are changed by an amendment or a correction of the file"
            )
            return


def _after_determination(events: Sequence[Recorded], terms: Terms) -> Iterator[ActRecorded]:
    """Yield Acts that entered the log after a date that they affect, and after the last correction."""
    determined: set[date] = set()
    acts: list[ActRecorded] = []
    for event in events:
        payload = event.payload
        if isinstance(payload, Correction):
            acts, determined = (
                [],
                {day for day in determined if day < payload.from_on},
            )  # the dates before it stand
        elif event.kind in OF_A_DATE:
            determined.add(event.effective_on)
        elif isinstance(payload, ActRecorded) and determined and _since(payload, terms) <= max(determined):
            acts.append(payload)
    yield from acts


def _since(act: ActRecorded, terms: Terms) -> date:
    """Return the date from which an Act counts. A withdrawal of an Act counts from that Act's date."""
    named = date_of_act(act.names) if act.act == "act withdrawn" else None
    return named or counts_for(act, terms(act.effective_on))
