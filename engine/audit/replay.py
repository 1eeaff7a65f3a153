"""Replay: every event computed again and compared byte for byte with the record (`rulings.md` 32).

What people did and what came from outside is read again from the files that were kept: snapshots, deal files,
reports. The functions that run on Thursdays compute everything else. `recorded_at`, actor and engine come
from the recorded event; all the rest must come out as recorded. An event that is missing, surplus or
different is named with its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from itertools import islice
from types import MappingProxyType
from typing import Any

from engine.audit.earlier_fields import as_then, of_earlier_record
from engine.audit.first_difference import first_difference
from engine.audit.leftovers import deal_named
from engine.audit.pages_again import other_words
from engine.audit.replay_answer import Difference, Replayed
from engine.audit.replay_due import (
    early,
    first_due,
    found_late,
    lacking,
    last_ran,
    next_date,
    not_there,
    notices_differ,
    reason_on,
    recorded_together,
    redrawn,
)
from engine.audit.replay_refused import reason_again
from engine.audit.replay_tables import table_taken_again
from engine.audit.report_reread import Known, read_again, register_again
from engine.basics.archive_names import snapshot_place
from engine.basics.errors import HeadroomError, Unavailable
from engine.basics.files import refuse_lost_disk, text_of
from engine.basics.regular_files import bytes_in
from engine.determination.template import Template
from engine.evaluation.carried_over import adoption
from engine.evaluation.corrections import by_terms, correction, numbered, of_date, reaching_back
from engine.evaluation.inputs import inputs_of, kinds_of
from engine.evaluation.one_date import evaluate
from engine.events.calendar_events import CalendarTaken
from engine.events.date_standing import resting_on
from engine.events.deal_adopted import EDITION, DealAdopted
from engine.events.delivery import DELIVERY_KINDS
from engine.events.draft import Draft
from engine.events.kinds import (
    ActRecorded,
    Correction,
    Event,
    KeyReplaced,
    NotEvaluated,
    NoticeIssued,
    ReportReceived,
    as_received,
)
from engine.events.log_names import series_name, series_of_log, subject_of_log
from engine.events.market_events import SnapshotImported
from engine.events.notice import Pages
from engine.events.rates import Published
from engine.events.running_state import Past
from engine.events.servicing import FigureConfirmed, ReceiptShown, RegisterChanged
from engine.events.standing import DETERMINED, OF_A_DATE
from engine.market.administrator_series import unpublished
from engine.market.methodology import current_version, load_methodology
from engine.market.snapshot import SnapshotRefused, read_snapshot
from engine.record.entry import Entry
from engine.record.log import SNAPSHOTS, Scribe, body_of, event_of, of_earlier_edition, read
from engine.terms.as_written import Deal, calendar_on, day_of, resolve
from engine.terms.contract_dates import cut_off_on, waits_until
from engine.wording.adopted_deal import adopted
from engine.workspace.calendar_tables import closings_recorded, counted_by, tables_before
from engine.workspace.deal_files import deal_in
from engine.workspace.series import Prints, on_record_computed, over, prints_of, series_by_index
from engine.workspace.series import draft as print_draft
from engine.workspace.series_as_known import SeriesAsKnown
from engine.workspace.workspace import Workspace

DAY = timedelta(days=1)
Series = Mapping[str, tuple[Published, ...]]
FAR = 120
"""How many days after the last date are searched for the next date.

A deal whose dates are a quarter apart has a date within four months.
"""


@dataclass
class Replay:
    """One replay of a workspace's record.

    Attributes:
        workspace: the workspace whose record it is.
        templates: the covenant templates.
        until: only what was recorded by the end of this day, if given.
    """

    workspace: Workspace
    templates: Mapping[str, Template]
    until: date | None = None
    pages: Pages | None = None
    """Who composes the words of notices again; without one they are taken as recorded."""
    deals: dict[str, Deal] = field(default_factory=dict)
    first_files: dict[str, list[Event]] = field(default_factory=dict)
    _in_hand: tuple[str, Mapping[int, Entry]] = ("", MappingProxyType({}))

    def run(self) -> Iterator[Replayed]:
        """Yield every log, one after the other."""
        logs = self.workspace.store.logs()
        yield from map(self.one, logs)
        yield from lacking(self.workspace, logs)

    def one(self, log: str) -> Replayed:
        """Return what comes out of one log."""
        replayed = Replayed(log)
        self._in_hand = "", {}  # what an earlier replay of the log has read may have changed since
        try:
            # First: by this edition each result of edition 1 would seem changed (`rulings.md` 72).
            if of_earlier_edition(self.events(log)):
                replayed.edition, replayed.events = EDITION - 1, len(self.events(log))
            elif log == SNAPSHOTS:
                self._snapshots(replayed)
            elif series_of_log(log) is not None:
                self._index(replayed)
            else:
                self._deal(replayed)
        except _Differs as differs:
            replayed.difference = Difference(log, differs.seq, differs.what)
        except SnapshotRefused as refused:
            replayed.difference = Difference(log, replayed.events, f"a snapshot cannot be read: {refused}")
        except Unavailable:
            raise
        except OSError as error:
            refuse_lost_disk(error)
            replayed.difference = Difference(log, replayed.events, str(error))
        except (HeadroomError, UnicodeError) as error:
            replayed.difference = Difference(log, replayed.events, str(error))
        return replayed

    @cached_property
    def _prints(self) -> Prints:
        return prints_of(self.workspace)

    @cached_property
    def _as_known(self) -> SeriesAsKnown:
        return SeriesAsKnown(self._prints)

    def events(self, log: str) -> tuple[Event, ...]:
        """Return the events of a log, as far as they are replayed."""
        past = map(event_of, self._entries(log).values())
        return tuple(e for e in past if self.until is None or e.recorded_at.date() <= self.until)

    def _entries(self, log: str) -> Mapping[int, Entry]:
        """Return the entries of a log as the database has them, by number. The log in hand is read once."""
        if self._in_hand[0] != log:
            self._in_hand = log, {entry.seq: entry for entry in self.workspace.store.entries(log)}
        return self._in_hand[1]

    def _snapshots(self, replayed: Replayed) -> None:
        for event in self.events(SNAPSHOTS):
            payload = event.payload
            if not isinstance(
                payload, SnapshotImported
            ):  # a Manifest Error Override rests on the word of two persons
                replayed.asserted, replayed.events = replayed.asserted + 1, replayed.events + 1
                continue
            path = (
                self.workspace.root
                / "snapshots"
                / snapshot_place(payload.collected_at.date(), payload.sha256, payload.form)
            )
            try:
                snapshot = read_snapshot(bytes_in(path), path.name)
            except (OSError, SnapshotRefused) as error:
                if isinstance(error, OSError):
                    refuse_lost_disk(error)
                raise _Differs(event.seq, f"snapshot {payload.sha256[:16]}: {error}") from error
            again = payload.model_copy(
                update={
                    "sha256": snapshot.sha256,
                    "collected_at": snapshot.collected_at,
                    "form": snapshot.form,
                }
            )
            self._same(event, redrawn(event, again))
            replayed.events += 1

    def _index(self, replayed: Replayed) -> None:
        series = series_name(subject_of_log(replayed.log))
        # Read once for all prints: the log of snapshots is long, and each print looks into it.
        imported = read(self.workspace.store, SNAPSHOTS) if not series.administered else ()
        for event in self.events(replayed.log):
            day = event.effective_on
            if isinstance(event.payload, KeyReplaced):  # who signed it is checked by `verify`
                replayed.asserted += 1
            elif series.administered:
                # That nothing was published is our own finding. A value is the administrator's word.
                unread = event.payload.value["value"] is None and event.payload.value["print"] == 1
                if unread and event.payload.taken_from is None:
                    self._same(event, print_draft(unpublished(series.index, day)))
                    _had_come(event, over(day, load_methodology(current_version()).zone, event.recorded_at))
                else:
                    replayed.asserted += 1
            else:
                version_used = event.payload.value["methodology"]
                others = event.payload.value.get("other_versions", {})
                value = on_record_computed(
                    self.workspace, series.index, version_used, day, imported, event.recorded_at, others
                )
                known = {
                    "print": event.print,
                    **({} if "shadow" in event.payload.value else {"shadow": None}),
                }  # none in older prints
                self._same(event, print_draft(value.model_copy(update=known), event.payload.reason))
                passed = over(day, load_methodology(version_used).zone, event.recorded_at)
                _had_come(event, passed if value.value is None else day <= event.recorded_at.date())
            replayed.events += 1

    # ---- what followed ----

    def _deal(self, replayed: Replayed) -> None:
        events, before = self.events(replayed.log), Past()
        for seq, what in early(events):
            raise _Differs(seq, what)
        # Each round starts from what was recorded before, as the run did, and not from a later entry.
        while (place := len(before.events)) < len(events):
            drafts = self._again(before, events, replayed)
            for offset, draft in enumerate(drafts):
                if place + offset >= len(events):
                    if self.until is None:
                        raise _Differs(len(events), f"`{draft.key}` is missing from the log")
                    break
                self._same(events[place + offset], draft)
                before.add(events[place + offset])
            replayed.events += len(drafts)
        self._due(events, before, replayed)

    def _due(self, events: Sequence[Event], before: Past, replayed: Replayed) -> None:
        """Check that every date that had come and every notice is on record.

        A log that was cut off at its end has no entry that could differ, so only this check finds it.
        """
        # A replay up to a day sees a log that is cut off on purpose, so missing ends prove nothing.
        if self.until is not None:
            return
        name = subject_of_log(replayed.log)
        if before.files:
            deal = self._file(events[-1], before.files[-1], events)
            series = series_by_index(self._prints, deal, events[-1].effective_on, before.state.acts)
            missing = next_date(deal, before.state, series, last_ran(deal, events, self._prints))
            why = None if missing is None else reason_on(events, missing)
            # A reason that came out again from the kept file excuses the date; a reason on trust does not.
            if missing is not None and (why is None or why.seq not in replayed.refused):
                listed = any(deal_named(path) == name for path in self.workspace.deal_files())
                raise _Differs(len(events), not_there(missing, why, listed))
        for seq, what in (
            *notices_differ(name, events),
            *(other_words(self.workspace, events, self.pages) if self.pages else ()),
        ):
            raise _Differs(seq, what)

    def _again(self, before: Past, events: Sequence[Event], replayed: Replayed) -> tuple[Draft, ...]:
        """Return the events that come out at this place of the log.

        They are a single event that came in, or all events of the next date.
        """
        payload = (event := events[len(before.events)]).payload
        if isinstance(payload, DealAdopted):
            deal = self._file(event, payload.file_sha256, [*before.events, event])
            replayed.asserted += (
                deal.takeover is not None and not before.files
            )  # it rests on two persons' word
            again = adopted(deal, self.templates).model_copy(
                update={} if payload.calendars else {"calendars": {}}
            )
            return adoption(deal, again, len(before.files) + 1, self.templates)
        if isinstance(payload, ReportReceived):
            return (self._report(before, event, payload),)
        if isinstance(payload, RegisterChanged):
            return (
                redrawn(
                    event, register_again(self.workspace, self._file(event, event.deal_file or ""), payload)
                ),
            )
        if isinstance(payload, NotEvaluated):
            return (self._refused(before, event, payload, replayed),)
        if isinstance(
            payload,
            (ActRecorded, ReceiptShown, FigureConfirmed, KeyReplaced, NoticeIssued, *DELIVERY_KINDS.values()),
        ):
            replayed.asserted += not isinstance(payload, NoticeIssued)
            return (redrawn(event, payload),)
        deal = self._file(event, event.deal_file or "", before.events)
        if isinstance(payload, CalendarTaken):
            return (table_taken_again(self.workspace, event, before),)
        series = self._series(deal, before, event.recorded_at)
        if isinstance(payload, Correction):
            return (self._correction(before, event, deal, series),)
        if event.kind not in DETERMINED:
            raise _Differs(event.seq, f"nothing makes an event of kind `{event.kind}`")
        return self._date(before, events, deal, series)

    def _date(self, before: Past, events: Sequence[Event], deal: Deal, series: Series) -> tuple[Draft, ...]:
        """Return the events of the next date after those before it.

        If nothing is determined on that day, they are the events that passed on it.
        """
        from engine.market.interval import share_below  # late: numpy only where something is computed

        state, place = before.state, len(before.events)
        first = (state.reached or deal.closing_date) + DAY
        decide = partial(self._evaluated, deal=deal, series=series, state=state, share_below=share_below)
        event, drafts = events[place], tuple[Draft, ...]()
        late = found_late(event, deal)
        for day in (first + n * DAY for n in range(FAR if late is None else 0)):
            terms = resolve(deal, day)
            kinds = kinds_of(terms, calendar_on(deal, day), day, state.reports)
            drafts = (
                of_date(numbered(decide(day=day, kinds=kinds), before.withdrawn), before.keys)
                if kinds
                else ()
            )
            recorded = events[place : place + len(drafts)]
            # What passed before a date may be the last that a run recorded, and the date itself be recorded
            # by a later one.
            begun = any(entry.kind in OF_A_DATE for entry in recorded) and all(
                entry.recorded_at == event.recorded_at for entry in recorded
            )
            if begun and all(draft.key == one.key for draft, one in zip(drafts, recorded, strict=False)):
                # `<`: what is received by the cut-off counts, and nothing later does (`rulings.md` 26a).
                if event.recorded_at < cut_off_on(terms, day):
                    raise _Differs(
                        event.seq, f"it was recorded before the cut-off of {waits_until(terms, day)}"
                    )
                return drafts
            if drafts:
                break  # the next date has other events than these
        passed = numbered(decide(day=late or event.effective_on + DAY, kinds=frozenset()), before.withdrawn)
        found = recorded_together(passed, events[place:]) or (
            drafts if drafts and drafts[0].key == event.key else ()
        )
        if not found:
            raise _Differs(event.seq, f"`{event.key}` does not come out again")
        return found

    def _evaluated(
        self, day: date, kinds: frozenset[str], deal: Deal, series: Any, state: Any, share_below: Any
    ) -> tuple[Draft, ...]:
        return evaluate(
            replace(inputs_of(deal, day, series, state, self.templates, share_below), kinds=kinds)
        )

    def _correction(self, before: Past, event: Event, deal: Deal, series: Series) -> Draft:
        past, files = before.events, before.files
        causes = list(reaching_back(past, series, partial(resolve, deal)))
        if len(files) > 1:
            older = self._file(event, files[-2])
            causes += (
                by_terms(past, partial(resolve, older), partial(resolve, deal))
                if files[-1] == deal.sha256
                else []
            )
        again = correction(past, causes)
        if again is None:
            raise _Differs(event.seq, "nothing reaches back here")
        # The day is taken from the recorded time, for it says when the run was and not what it found.
        again = again.model_copy(update={"made_on": day_of(deal, event.recorded_at)})
        count = sum(isinstance(recorded.payload, Correction) for recorded in past) + 1
        return Draft(
            kind="correction", subject="deal", effective_on=again.from_on, payload=again, print=count
        )

    def _refused(self, before: Past, event: Event, payload: NotEvaluated, replayed: Replayed) -> Draft:
        """Return the event that says why the deal was not evaluated.

        The reason comes from the file that was kept. If no file tells it, the event is taken as recorded.
        """
        again = reason_again(
            self.workspace, self.templates, before, event, partial(self._fails, before, event)
        )
        if again is None:
            replayed.asserted += 1
            return redrawn(event, payload)
        replayed.refused.add(event.seq)
        return redrawn(event, resting_on(again, before.events))

    def _fails(self, before: Past, event: Event, deal: Deal) -> None:
        """Evaluate the date that was due, to see whether it fails."""
        from engine.market.interval import share_below  # late: numpy only where something is computed

        deal = counted_by(self.workspace, deal, before.events)
        series, state = self._series(deal, before, event.recorded_at), before.state
        due = first_due(deal, state, event.effective_on)
        if due is not None:
            self._evaluated(*due, deal, series, state, share_below)

    def _report(self, before: Past, event: Event, payload: ReportReceived) -> Draft:
        # A report may come in before its deal is adopted; it is then read by the file adopted first.
        first = [] if before.files else self._first_file(event.log)
        files = before.files or [one.payload.file_sha256 for one in first]
        if not files:
            return redrawn(event, payload)
        deal = self._file(event, files[-1], first or before.events)
        if first:
            closings = closings_recorded(self.workspace)
            deal = replace(deal, calendars=tables_before(deal, closings, event.recorded_at))
        known = Known(before, deal, self._series(deal, before, event.recorded_at), self.templates)
        report, lacks = read_again(self.workspace, event, payload, known)
        if report is None:
            raise _Differs(event.seq, lacks)
        return redrawn(event, as_received(report))

    def _file(self, event: Event, sha256: str, past: Sequence[Event] = ()) -> Deal:
        """Return an adopted deal file by its hash, read once.

        The deal has the tables of Business Days that its log had named by then.
        """
        if sha256 not in self.deals:
            if not (path := self.workspace.root / "deals" / "adopted" / f"{sha256}.yaml").is_file():
                raise _Differs(event.seq, f"the deal file {sha256[:16]} is not in deals/adopted")
            deal, problems = deal_in(text_of(bytes_in(path)), path.name, self.templates)
            # The name of the file is its hash, but only the bytes show if somebody has edited it in place.
            if deal is None or deal.sha256 != sha256:
                raise _Differs(
                    event.seq,
                    problems[0].what if problems else f"the deal file {sha256[:16]} has been changed",
                )
            self.deals[sha256] = deal
        # Only the file is kept in memory: its calendars depend on where in the log it is asked for.
        return counted_by(self.workspace, self.deals[sha256], past)

    def _first_file(self, log: str) -> list[Event]:
        """Return the first adoption of a deal file in a log.

        It serves what came in before it. The list is empty if the log adopts no file.
        """
        if log not in self.first_files:
            adoptions = (
                one for one in read(self.workspace.store, log) if isinstance(one.payload, DealAdopted)
            )
            self.first_files[log] = list(islice(adoptions, 1))
        return self.first_files[log]

    def _series(self, deal: Deal, before: Past, known_at: datetime) -> Series:
        return self._as_known(deal, day_of(deal, known_at), before.state.acts, known_at)

    def _same(self, event: Event, draft: Draft) -> None:
        """Raise where a draft, recorded as the event was, is not byte for byte what stands in the log."""
        scribe = Scribe(event.actor, event.engine, event.recorded_at, event.deal_file)
        entry = self._entries(event.log).get(event.seq)
        # From the database itself, and not from the parsed event, which would hide a change of bytes.
        recorded = entry.body if entry is not None else b"{}"
        again = as_then(
            recorded, body_of(draft, scribe), lambda: of_earlier_record(self.events(event.log), event.seq)
        )
        if again != recorded:
            raise _Differs(
                event.seq,
                f"{event.kind} {event.subject} of {event.effective_on}: "
                f"{first_difference(json.loads(recorded), json.loads(again))}",
            )


class _Differs(Exception):
    """The first difference of a log."""

    def __init__(self, seq: int, what: str) -> None:
        super().__init__(what)
        self.seq, self.what = seq, what


def _had_come(event: Event, come: bool) -> None:
    if not come:
        raise _Differs(
            event.seq,
            f"{event.effective_on} was recorded at {event.recorded_at:%Y-%m-%d %H:%M} UTC, before it had "
            "come",
        )
