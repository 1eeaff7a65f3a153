"""The `takeover` block written from the state of a recorded deal; `carried_over` reads it.

See `rulings.md` 56.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from engine.basics.calendar import BusinessCalendar
from engine.determination.look_back import LookBack, looks_back, report_due_on, reports_due_by
from engine.determination.trigger_counts import Count, Counts, trigger_counts
from engine.evaluation.inputs import Inputs
from engine.evaluation.notice_duties import open_duties
from engine.evaluation.recorded_acts import declared_events
from engine.evaluation.serving_report import former_servicers
from engine.evaluation.sweeps import account, accounts_of
from engine.evaluation.takeover_values import (
    Block,
    day_text,
    held_block,
    interrupted_block,
    other_day,
    rate_block,
    report_block,
    reserve_block,
    shortfall_block,
    waiver_block,
)
from engine.events.kinds import ReportReceived, Tested
from engine.events.rates import Published
from engine.events.results import Verdict
from engine.events.standing import Recorded, standing
from engine.events.states import (
    Deadline,
    Entry,
    Limb,
    TestState,
    TestStatus,
    TriggerState,
    TriggerStatus,
)
from engine.terms.clause import Clause, Cure, MaintenanceClause, TriggerCure
from engine.terms.contract_dates import THURSDAY, period_of, publication_dates
from engine.terms.periods import Period

DAY = timedelta(days=1)
WHO = ("from", "document", "sha256", "prepared_by", "approved_by")


class HandedOver:
    """A deal's state at the end of a day, as a takeover says it.

    `who` says from whom it comes, and by which document and persons.
    """

    def __init__(self, inputs: Inputs, events: Sequence[Recorded], who: Mapping[str, str]) -> None:
        self.inputs, self.state, self.terms, self.who = inputs, inputs.state, inputs.terms, who
        self.as_of, self.calendar = inputs.on, inputs.calendar
        self.tested = [event.payload for event in standing(events) if isinstance(event.payload, Tested)]
        self.determined = sorted(
            {event.effective_on for event in standing(events) if event.kind == "determined"}
        )
        self.rated = sorted({event.effective_on for event in standing(events) if event.kind == "rate"})
        self.counts = trigger_counts(self.terms, inputs.templates)
        self.needed: LookBack = looks_back(self.terms, inputs.templates, self.calendar, self.as_of)

    def block(self) -> Block:
        """Return the whole block as plain data."""
        since = self.state.last_date
        reports = self._reports()
        # What the last notice has told already is not owed again by the new servicer.
        untold = [(kind, name, on) for kind, name, on in self.state.notifiable if since is None or on > since]
        return {
            "as_of": str(self.as_of),
            **{name: self.who.get(name, "") for name in WHO},
            "tests": {name: self._test(name, clause) for name, clause in self.terms.covenants.items()},
            "triggers": {name: self._trigger(name, counts) for name, counts in self.counts.items()} or "none",
            "events": self._events() or "none",
            "obligations": list(self._obligations()) or "none",
            "notices_owed": list(self._notices()) or "none",
            "not_yet_told": [{"notice": kind, "of": name, "since": str(on)} for kind, name, on in untold]
            or "none",
            "reserves": self._reserves() or "none",
            "rates": {name: list(self._rates(name)) for name in self.terms.index},
            "reports": [report_block(one) for one in reports] or "none",
            "reports_missing": [str(end) for end in self._missing(reports)] or "none",
        }

    # ---- tests ----

    def _test(self, name: str, clause: Clause) -> Block:
        state = self.state.tests.get(name) or TestState(
            test=name, status=TestStatus.NOT_YET_TESTED, since=self.terms.closing_date
        )
        run, entry = self.state.runs.get(name), self.state.test_entries.get(name)
        # A clock that waits for its event has no last day, and the block says so in words.
        waiting = state.status is TestStatus.CURE_PERIOD and state.cure is None
        runs = {
            "failing": run.failures if run else 0,
            "passing": state.passing_run,
            "not_determined": state.not_determined_run,
        }
        said: Block = {
            "status": state.status.value,
            "since": str(state.since),
            "entered": other_day(entry, state.since),
            "result": state.verdict.value if state.verdict is not None else None,
            "tested_on": day_text(run.on if run else None),
            "determined_on": day_text(state.rests_on),
            "episode": day_text(state.episode_began),
            "cure": "not started" if waiting else self._cure(state, clause, entry),
            "runs": {**runs, "awaited": "true"} if state.awaited else runs,
            "counted": ["FAIL" if failed else "PASS" for failed in state.counted]
            or ("none" if _counts_several(clause) and state.status is not TestStatus.SUSPENDED else None),
            "cures_used": [str(day) for day in state.cured_on] or "none",
            "effective_on": self._effective(state),
            "waiver": waiver_block(state.waived_until, state.waived_by, state.clock_after),
            "interrupted": interrupted_block(state.waived_from.value if state.waived_from else None, entry),
            "shortfall": shortfall_block(state),
            "held": held_block(state),
        }
        return {key: one for key, one in said.items() if one is not None}

    def _effective(self, state: TestState) -> str | None:
        if TestStatus.EVENT_OF_DEFAULT not in (state.status, state.waived_from):
            return None
        return str(state.effective_on) if state.effective_on is not None else "not yet"

    def _cure(self, state: TestState, clause: Clause, entry: Entry | None) -> Block | None:
        """Return a running Cure Period, counted from its first day; None if none runs.

        Days that did not count have moved its last day.
        """
        if state.cure is None:
            return None
        cure = (
            clause.cure if isinstance(clause, MaintenanceClause) and isinstance(clause.cure, Cure) else None
        )
        began = (
            entry.held[1]
            if entry is not None and entry.held is not None
            else entry.on
            if entry is not None
            else None
        )
        moved = (
            cure is not None
            and not state.extended
            and cure.after == "determination date"
            and began is not None
        )
        start = (
            min(began, state.cure.counted_from) if moved and began is not None else state.cure.counted_from
        )
        said = self._clock(
            state.cure, start, cure.within if cure is not None and not state.extended else None
        )
        return {**said, "second": "true"} if state.extended else said

    def _clock(self, due: Deadline, start: date, within: Period | None) -> Block:
        in_days = due.calendar == "calendar days"
        left_out = 0
        if within is not None and within.unit in ("business days", "days", "weeks"):
            agreed = within.count * (7 if within.unit == "weeks" else 1)
            calendar = None if in_days else self.inputs.calendar_of(due)
            # A calendar change may have shortened the count, and less than zero days cannot be waived.
            left_out = max(0, _days(start, due.by, calendar) - agreed)
        return {
            "start": str(start),
            "last_day": str(due.by),
            "unit": "days" if in_days else "business days",
            "waived_days": str(left_out),
        }

    # ---- triggers ----

    def _trigger(self, name: str, counts: Counts) -> Block:
        state = self.state.triggers.get(name) or TriggerState(
            trigger=name, status=TriggerStatus.NOT_IN_EFFECT, since=self.terms.closing_date
        )
        entry, terms = self.state.trigger_entries.get(name), self.terms.triggers.get(name)
        counting = state.status in (TriggerStatus.NOT_IN_EFFECT, TriggerStatus.PENDING_CURE)
        counting |= state.status is TriggerStatus.IN_EFFECT and counts.while_met
        ending = state.status is TriggerStatus.IN_EFFECT and counts.has_end
        waiting = state.status is TriggerStatus.PENDING_CURE and state.cure is None
        lasts = terms is not None and any(one.ends == "never" for one in terms.consequences)
        over = state.status is TriggerStatus.NOT_IN_EFFECT or state.waived_from is TriggerStatus.NOT_IN_EFFECT
        own = terms.cure if terms is not None else None
        said: Block = {
            "status": state.status.value,
            "since": str(state.since),
            "entered": other_day(entry, state.since),
            "begins": self._limbs(counts.begins, state.begins) if counting else None,
            "ends": self._limbs(counts.ends, state.ends) if ending else None,
            "irrevocable": "true" if state.irrevocable else "false",
            "last_ended": str(state.ended_on) if state.ended_on is not None else "never",
            "cures_used": [str(day) for day in state.cured_on] or "none",
            "first_met": day_text(state.first_met),
            "cure": "not started" if waiting else self._own_clock(state.cure, own),
            "waiver": waiver_block(state.waived_until, state.waived_by, None),
            "interrupted": interrupted_block(state.waived_from.value if state.waived_from else None, entry),
            "lasting": ("true" if name in self.state.begun else "false") if lasts and over else None,
        }
        return {key: one for key, one in said.items() if one not in (None, [])}

    def _own_clock(self, due: Deadline | None, own: TriggerCure | None) -> Block | None:
        return (
            None
            if due is None
            else self._clock(due, due.counted_from, own.within if own is not None else None)
        )

    def _limbs(self, counts: Sequence[Count], limbs: Sequence[Limb]) -> list[Block]:
        """Return the counts of a condition in the order of the file.

        For a trigger that has seen no date, each count is at its beginning.
        """
        kept = [limb for limb in limbs if limb.dates != "state"]
        return [self._count(one, kept[place] if kept else None) for place, one in enumerate(counts)]

    def _count(self, count: Count, limb: Limb | None) -> Block:
        """Return one count with the newest dates that it has looked at."""
        history = limb.met if limb is not None else ()
        # A slice from `-0` would be the whole list, so an empty history is asked for first.
        dates = list(self._dates_of(count))[-len(history) :] if history else []
        met = [str(day) for day, one in zip(dates, history, strict=True) if one]
        said: Block = {"count": f"{limb.count if limb is not None else 0} of {count.times.count}"}
        if met:
            said["met"] = met
        if len(met) < len(dates):
            said["not_met"] = [str(day) for day, one in zip(dates, history, strict=True) if not one]
        if limb is not None and limb.met_since is not None and limb.count >= limb.needed:
            said["reached"] = str(limb.met_since)
        return said

    def _dates_of(self, count: Count) -> Iterator[date]:
        """Yield the dates that a count has looked at, oldest first.

        They are the dates on which its test was determined and not held, or all dates of its kind.
        """
        if count.test is None:
            published = count.times.dates == "publication dates"
            yield from (
                (day for day in self.rated if day.weekday() == THURSDAY) if published else self.determined
            )
            return
        for one in self.tested:
            counts = one.result.verdict is not Verdict.NOT_DETERMINED and not one.state.why.startswith("held")
            if one.result.test == count.test and (counts or count.any_verdict):
                yield one.result.on

    # ---- the rest ----

    def _events(self) -> Block:
        carried = self.state.taken_over.events if self.state.taken_over is not None else {}
        return {name: str(on) for name, on in declared_events(self.state.acts, self.as_of, carried).items()}

    def _obligations(self) -> Iterator[Block]:
        for one in self.state.obligations.values():
            if one.is_owed:
                yield {
                    "clause": one.clause,
                    "deliver": one.name,
                    "by": one.by,
                    "created_on": str(one.created_on),
                    "due": str(one.due.by),
                }

    def _notices(self) -> Iterator[Block]:
        for duty in open_duties(self.state, self.as_of):
            owed = duty.owed
            # A notice without a period is never late, so it is not a duty that is handed over.
            if owed.last is not None:
                said: Block = {
                    "notice": owed.kind,
                    **({"of": owed.subject} if owed.subject is not None else {}),
                    "since": str(owed.since),
                }
                said |= {
                    "determined_on": str(owed.on),
                    "given_by": owed.given_by,
                    "to": list(duty.to),
                    "last_day": str(owed.last.by),
                    **({"held": "true"} if owed.held else {}),
                }
                yield said

    def _reserves(self) -> Block:
        return {
            name: reserve_block(account(self.inputs, self.state, name))
            for name in accounts_of(self.terms, self.inputs.templates)
        }

    def _rates(self, index: str) -> Iterator[Block]:
        """Yield the rates that the takeover must state.

        They are those that tests will still look at, the last ones, and those whose print one of them
        carries.
        """
        prints = {
            one.publication_date: one
            for one in self.inputs.series.get(index, ())
            if one.publication_date <= self.as_of
        }
        served = {rate.on: rate for rate in self.state.rates.get(index, ()) if rate.on <= self.as_of}
        wanted = {*self.needed.rates.get(index, {}), *self._until_the_first(index, prints)}
        wanted |= {
            rate.publication_date
            for day, rate in served.items()
            if day in wanted and rate.publication_date is not None
        }
        for day in sorted(
            day for day in wanted if day > self.terms.closing_date and (day in prints or day in served)
        ):
            yield rate_block(day, prints.get(day), served.get(day))

    def _until_the_first(self, index: str, prints: Mapping[date, Published]) -> Iterator[date]:
        """Yield the Publication Dates up to the first with a value, if a test measures from that value."""
        for day in (
            publication_dates(self.terms.closing_date + DAY, self.as_of) if index in self.needed.first else ()
        ):
            yield day
            if day in prints and prints[day].value is not None:
                return

    def _reports(self) -> list[ReportReceived]:
        """Return the reports that a new servicer still needs.

        They are those that tests will look at, the newest received, and those of periods whose report was
        due.
        """
        known = [one for one in self.state.reports if one.received <= self.as_of]
        # The newest report goes along even if no window needs it, because it is the one that serves.
        newest = max(known, key=lambda one: (one.as_of, one.received), default=None)
        wanted = {*self.needed.reports, *self._due()}
        return [one for one in known if one is newest or self._period_of(one) in wanted]

    def _missing(self, reports: Sequence[ReportReceived]) -> list[date]:
        """Return the last days of the periods whose report was due and had not come, newest first.

        A period of which a former servicer's takeover was silent is left out.
        """
        stated = {self._period_of(one) for one in reports}
        return sorted((end for end in self._due() if end not in stated), reverse=True)

    def _period_of(self, report: ReportReceived) -> date:
        """Return the last day of the reporting period in which a report's own period ends."""
        return period_of(self.terms.servicer_reports, report.period_end)[1]

    def _due(self) -> set[date]:
        """Return the last days of the periods whose report was due.

        They are the newest ones, and those that tests will look at. The checks of a takeover ask for these.
        """
        of = (self.terms, self.calendar)
        ends = {*reports_due_by(*of, self.as_of), *self.needed.reports}
        handed, found = self.state.taken_over, set()
        for end in ends:
            due = report_due_on(*of, end)
            if due is not None and due <= self.as_of and not former_servicers(handed, end, due):
                found.add(end)
        return found


def _counts_several(clause: Clause) -> bool:
    """Return whether a clause counts several dates: the block then says which results count, or `none`."""
    times = clause.persists_for if isinstance(clause, MaintenanceClause) else None
    return times is not None and times.out_of > 1


def _days(start: date, last: date, calendar: BusinessCalendar | None) -> int:
    """Return how many days there are after `start` up to `last`: Business Days where there is a calendar."""
    every = [date.fromordinal(day) for day in range(start.toordinal() + 1, last.toordinal() + 1)]
    return len(every) if calendar is None else sum(calendar.is_business_day(day) for day in every)
