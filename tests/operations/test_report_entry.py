"""A report enters the record: its receipt and its entry, late keying, held figures, periods that are asked
for (rulings 53, 57, 57a).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.audit.replay import Replay
from engine.basics.errors import InputProblems, WrongUsage
from engine.cli.show.act import record_act
from engine.cli.show.series import import_series
from engine.determination.template import Template
from engine.events import kinds
from engine.events.deal_state import fold
from engine.events.kinds import ActRecorded, Correction, Event
from engine.events.servicing import FigureConfirmed
from engine.events.standing import standing
from engine.operations.confirm import confirm
from engine.operations.intake import Intake, Taken
from engine.operations.report_entry import ReceiptProof
from engine.operations.run import Tools, run
from engine.record.log import Scribe, deal_log, read
from engine.servicer_report.receipts import receipt_of
from engine.workspace.deals_by_name import find_deal
from engine.workspace.workspace import Workspace
from tests.operations.test_corrections import ROWS, made
from tests.operations.test_run import DEAL
from tests.operations.test_run import tools as tools  # the fixture

MARCH_5, MARCH_12 = date(2026, 3, 5), date(2026, 3, 12)
DAY = timedelta(days=1)
THURSDAYS = [date(2026, 1, 8) + n * 7 * DAY for n in range(14)]
CURE = (
    "cure: {within: 10 business days, after: determination date, cured_by: [prepayment, additional "
    "collateral, retest], cite: CA §8.01(d)}"
)
PROOF = ReceiptProof("mail.eml", "0" * 64, "A", "B")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workspace]:
    workspace = made(
        tmp_path,
        ("source: computed by the calculation agent", "source: published by the administrator"),
        ("methodology: {policy: pinned, version: 1.1-wp}", "methodology: {policy: current}"),
        ('cut_off: "15:00"', 'cut_off: "18:00"'),
        (CURE, "cure: none"),
    )
    path = workspace.root / "deals" / f"{DEAL}.yaml"
    path.write_text(path.read_text(encoding="utf-8").partition("worked_examples:")[0], encoding="utf-8")
    yield workspace
    workspace.store.close()


def utc(text: str) -> datetime:
    """A moment of March 2026 in UTC, from what the clock shows in New York in summer time: `11 17:40`."""
    day, hour = text.split()
    return datetime.fromisoformat(f"2026-03-{day} {hour}").replace(tzinfo=UTC) + timedelta(hours=4)


def text_of(end: date, principal: str = "USD 15,000,000", more: str = "") -> bytes:
    start = end - 6 * DAY
    return (
        f"deal: {DEAL}\nperiod: {{from: {start}, to: {end}}}\nas_of: {end}\nsource: test\n{more}"
        f'outstanding_principal: {{class_a: "{principal}"}}\n'
    ).encode()


class Servicing:
    """A servicer's desk over a real workspace."""

    def __init__(self, workspace: Workspace, tools: Tools, templates: dict[str, Template]) -> None:
        self.workspace, self.tools, self.templates = workspace, tools, templates
        self.rates = dict.fromkeys(THURSDAYS, "2.0000")

    def take(
        self, data: bytes, keyed: str, received: str | None = None, proof: ReceiptProof | None = None
    ) -> Taken:
        said = None if received is None else f"2026-03-{received.replace(' ', 'T')}"
        return Intake(self.workspace, self.templates, Scribe("t", "t", utc(keyed))).take(
            data, "report.yaml", said, proof
        )

    def run(self, at: str) -> None:
        now = utc(at)
        come = [day for day in self.rates if day <= now.date()]
        if come:
            rows = "".join(f"{day},{self.rates.pop(day)},false,44,1.1.1\n" for day in come)
            path = self.workspace.root / "rows.csv"
            path.write_text(ROWS + rows, encoding="utf-8")
            import_series(self.workspace, "CRI-H100", [path], Scribe("t", "t", now), as_json=True)
        outcome = run(self.workspace, now.date(), replace(self.tools, now=now))
        assert outcome.deals[0].reason is None

    @property
    def events(self) -> tuple[Event, ...]:
        return tuple(read(self.workspace.store, deal_log(DEAL)))

    def ltv(self, day: date) -> kinds.Tested:
        (found,) = [
            e.payload
            for e in standing(self.events)
            if e.kind == "tested" and (e.subject, e.effective_on) == ("ltv", day)
        ]
        assert isinstance(found, kinds.Tested)
        return found

    @property
    def corrections(self) -> list[date]:
        return [event.payload.from_on for event in self.events if isinstance(event.payload, Correction)]

    def replays(self) -> None:
        (found,) = [one for one in Replay(self.workspace, self.templates).run() if one.log == deal_log(DEAL)]
        assert found.difference is None


@pytest.fixture
def servicing(desk: Workspace, tools: Tools, all_templates: dict[str, Template]) -> Servicing:
    found = Servicing(desk, tools, all_templates)
    found.take(text_of(date(2026, 3, 4)), "04 12:00")
    found.run("05 19:30")
    return found


def test_a_report_entered_within_its_time_runs_its_date_again(servicing: Servicing) -> None:
    """Received Wednesday 11 March 17:40; 25 March is the tenth Business Day after it."""
    servicing.run("12 18:30")
    taken = servicing.take(text_of(date(2026, 3, 11), "USD 15,500,000"), "25 12:00", "11 17:40")
    assert (taken.report.serves_from_keying, taken.warnings) == (False, ())
    servicing.run("25 12:05")
    assert servicing.corrections == [MARCH_12]
    assert servicing.ltv(MARCH_12).result.inputs[0].figure.value == 15_500_000
    servicing.replays()


def test_a_day_later_it_needs_a_document_and_two_persons(servicing: Servicing) -> None:
    servicing.run("12 18:30")
    data = text_of(date(2026, 3, 11), "USD 15,500,000")
    taken = servicing.take(data, "26 09:00", "11 17:40")
    assert [problem.code for problem in taken.warnings if problem.code != "RW02"] == ["RW03"]
    assert (
        taken.report.why_from_keying
        == "it was received on 2026-03-11 and could be entered until 2026-03-25 (10 business days)"
    )
    servicing.run("26 09:05")
    assert servicing.corrections == []
    again = servicing.take(data, "26 10:00", "11 17:40", PROOF)
    assert again.recorded
    servicing.run("26 10:05")
    assert servicing.corrections == [MARCH_12]
    servicing.replays()


def test_a_report_that_would_withdraw_a_default_needs_them_as_well(servicing: Servicing) -> None:
    """A default by the report of 11 March, which a corrected one would withdraw; entered the next day."""
    servicing.take(text_of(date(2026, 3, 11), "USD 15,900,000"), "11 12:00")
    servicing.run("12 18:30")
    assert servicing.ltv(MARCH_12).state.status == "COMPLIANT"
    default = text_of(date(2026, 3, 18), "USD 16,000,000")
    servicing.rates[date(2026, 3, 19)] = "1.8000"
    servicing.take(default, "18 12:00")
    servicing.run("19 18:30")
    assert servicing.ltv(date(2026, 3, 19)).state.status == "EVENT OF DEFAULT"
    corrected = text_of(date(2026, 3, 18), "USD 14,000,000", "corrects: 2026-03-18\n")
    taken = servicing.take(corrected, "20 09:00", "19 12:00")
    assert taken.report.why_from_keying == "it would withdraw the Event of Default of `ltv` since 2026-03-19"
    taken = servicing.take(corrected, "20 09:30", "19 12:00", PROOF)
    servicing.run("20 10:00")
    assert servicing.ltv(date(2026, 3, 19)).state.status == "COMPLIANT"
    servicing.replays()


@pytest.mark.parametrize(
    ("said", "now", "received", "at"),
    [
        (None, "11 17:40", "2026-03-11", "2026-03-11T17:40:00-04:00"),
        ("2026-03-11", "11 17:40", "2026-03-11", "2026-03-11T17:40:00-04:00"),
        ("2026-03-10", "11 17:40", "2026-03-10", None),
        ("2026-03-10T09:15", "11 17:40", "2026-03-10", "2026-03-10T09:15:00-04:00"),
    ],
)
def test_a_receipt_is_a_day_and_an_hour_where_the_deal_is(
    said: str | None, now: str, received: str, at: str | None
) -> None:
    found = receipt_of(said, utc(now), "America/New_York")
    assert (str(found.received), found.received_at and found.received_at.isoformat()) == (received, at)


@pytest.mark.parametrize("said", ["2026-03-12", "2026-03-11T17:41", "soon", "2026-03-11T25:00"])
def test_a_receipt_is_not_later_than_now(said: str) -> None:
    with pytest.raises(WrongUsage):
        receipt_of(said, utc("11 17:40"), "America/New_York")


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (text_of(date(2026, 3, 10)), "R116", "the one that is due is for the period to 2026-03-11"),
        (text_of(date(2026, 3, 4), "USD 14,000,000"), "R117", "write `corrects: 2026-03-04`"),
        (
            text_of(date(2026, 3, 4), "USD 14,000,000", "completes: 2026-03-04\n"),
            "R118",
            "was given for the period already",
        ),
        (
            text_of(date(2026, 3, 4), more="completes: 2026-03-04\ncorrects: 2026-03-04\n"),
            "R118",
            "corrects and completes",
        ),
        (text_of(date(2026, 3, 4), more="completes: 2026-03-03\n"), "R114", "no report as of 2026-03-03"),
    ],
    ids=["not asked for", "second", "gives it again", "both", "completes nothing"],
)
def test_a_report_that_is_out_of_place_is_refused(
    servicing: Servicing, data: bytes, code: str, said: str
) -> None:
    with pytest.raises(InputProblems) as refused:
        servicing.take(data, "12 12:00")
    told = {one.code: f"{one.what}; {one.why}; {one.fix}" for one in refused.value.problems}
    assert said in told[code]


@pytest.mark.parametrize("slip", ["USD 15,900", "USD 1,590,000"])
def test_a_slip_of_the_unit_is_held_until_somebody_confirms_it(servicing: Servicing, slip: str) -> None:
    """15,900,000 then 15,900, or 1,590,000 after a prepayment: held; confirmed, it serves from its receipt."""
    servicing.take(text_of(date(2026, 3, 11), "USD 15,900,000"), "11 12:00")
    servicing.run("12 18:30")
    taken = servicing.take(text_of(date(2026, 3, 18), slip), "18 12:00")
    assert list(taken.report.held) == ["outstanding_principal.class_a"]
    assert taken.warnings[-1].code == "RW04"
    assert f"headroom confirm {DEAL} " in taken.warnings[-1].fix  # the command as it is typed
    assert taken.warnings[-1].fix.endswith(" --words 'WHY'`")
    servicing.run("19 18:30")
    reason = servicing.ltv(date(2026, 3, 19)).result.reason
    assert reason is not None
    assert (reason.lacks, "awaits confirmation" in reason.reason) == ("confirmation", True)
    deal = find_deal(servicing.workspace, DEAL, servicing.templates)
    said = FigureConfirmed(report="", figures=(), words="repaid on 17 March", prepared_by="A")
    with pytest.raises(WrongUsage, match="awaits no confirmation"):
        confirm(servicing.workspace, deal, "2026-03-18", ["fees"], said, Scribe("t", "t", utc("20 09:00")))
    done = confirm(servicing.workspace, deal, "2026-03-18", [], said, Scribe("t", "t", utc("20 09:00")))
    assert (done.recorded, done.figures) == (True, ("outstanding_principal.class_a",))
    servicing.run("20 09:05")
    assert servicing.corrections == [date(2026, 3, 19)]
    assert servicing.ltv(date(2026, 3, 19)).result.verdict == "PASS"
    servicing.replays()


def test_a_report_that_is_withdrawn_can_be_entered_again(servicing: Servicing) -> None:
    data = text_of(date(2026, 3, 11), "USD 15,900,000")
    name = servicing.take(data, "11 12:00").report.name
    servicing.run("12 18:30")
    deal = find_deal(servicing.workspace, DEAL, servicing.templates)
    act = ActRecorded(
        act="report withdrawn",
        effective_on=date(2026, 3, 13),
        document="mail.eml",
        details={"names": "2026-03-11"},
    )
    record_act(servicing.workspace, deal, act, Scribe("t", "t", utc("13 09:00")), as_json=True)
    servicing.run("13 09:05")
    assert servicing.corrections == [MARCH_12]
    assert servicing.ltv(MARCH_12).result.inputs[0].figure.value == 15_000_000
    assert servicing.take(data, "13 10:00").recorded
    assert [one.name for one in fold(servicing.events).reports].count(name) == 1
    servicing.replays()


def test_before_its_cut_off_a_run_records_nothing_of_a_date(servicing: Servicing) -> None:
    now = utc("12 17:59")
    before = servicing.events
    outcome = run(servicing.workspace, now.date(), replace(servicing.tools, now=now))
    assert outcome.deals[0].waiting == "waits for the cut-off of 2026-03-12, 18:00 New York"
    assert servicing.events == before
    servicing.replays()
