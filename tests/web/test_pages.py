"""What pages say, held against what the log says: worked by hand from the demonstration's first seven
Thursdays.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import pytest

from engine.delivery.statement import statement_of
from engine.events.draft import Draft
from engine.events.market_events import SnapshotImported
from engine.queries.deal_page import deal_page
from engine.queries.portfolio_deals import deal_row, portfolio_deals
from engine.record.log import SNAPSHOTS, Scribe, append, deal_log, read
from engine.web.portfolio_pages import last_in_front
from engine.web.rights import EVERY_DEAL, Grant
from tests.conftest import DEALS
from tests.web.conftest import AT, DEAL, OTHER, Visitors

ON = date(2026, 2, 20)


def text_of(page: str) -> str:
    """The words of a page, as a reader meets them."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_a_deal_is_page_1_of_its_notice(visitors: Visitors) -> None:
    """On 2026-02-19 the rate is 1.8829; LTV fails, and its cure ends ten Business Days later, on Thursday 5
    March.
    """
    said = text_of(visitors.client("servicer").get(f"/deals/{DEAL}?on=2026-02-19").text)
    assert "Loan to value fails : 65.854%" in said
    assert "must be cured by Thursday 5 March 2026" in said
    assert "Compliance Notice No. 8" in said
    assert "CURE PERIOD" in said
    before = text_of(visitors.client("servicer").get(f"/deals/{DEAL}?on=2026-02-12").text)
    assert "Loan to value fails :" not in before
    assert "Thursday 12 February 2026" in before


def test_a_date_before_the_first_determination_is_a_sentence(visitors: Visitors) -> None:
    found = visitors.client("servicer").get(f"/deals/{DEAL}?on=2025-01-01")
    assert (found.status_code, "determined by 2025-01-01" in found.text) == (422, True)


def test_an_open_finding_stands_on_the_page_of_a_deal_as_soon_as_it_is_recorded(
    own_visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.web.desk.SIZES_HOLD", 0)
    client, workspace = own_visitors.client("servicer"), own_visitors.desk.workspace
    assert "Open findings" not in client.get(f"/deals/{DEAL}").text
    found = deal_page(workspace, DEAL, None, AT).inputs
    assert found is not None
    day = next(one for one in found.publications["CRI-H100"][-1]["days"] if one["snapshot"])
    payload = SnapshotImported(
        sha256=day["snapshot"], collected_at=AT, form="offers", source="s", accepted=("list-shrunk",)
    )
    new = Draft(kind="snapshot imported", subject="accepted", effective_on=AT.date(), payload=payload)
    with workspace.store.begin() as writer:
        append(writer, SNAPSHOTS, [new], Scribe("t", "t", AT))
    said = text_of(client.get(f"/deals/{DEAL}").text)
    assert "Open findings on what the deal reads" in said
    assert (
        f"the collection {day['snapshot'][:16]} looked changed (list shrunk); a person accepted it." in said
    )


def test_the_deal_page_of_a_date_is_what_its_notice_was_made_from(visitors: Visitors) -> None:
    found = deal_page(visitors.desk.workspace, DEAL, date(2026, 2, 12), AT)
    assert found.notice is not None
    assert found.inputs is not None
    assert (found.on, found.inputs.number, found.notice.kind) == (
        date(2026, 2, 12),
        found.notice.number,
        "compliance",
    )
    assert found.notice.of == f"determined|deal|{found.on}|1"
    assert found.inputs.events[-1].seq + 1 == found.inputs.log_size
    assert len(found.dates) == 7


def test_a_row_of_the_portfolio_says_how_far_the_rate_is_from_the_test_that_it_turns_next(
    visitors: Visitors,
) -> None:
    """Of all Break-even Rates the nearest, as a share of the Reference Rate: below it where the test passes."""
    events = read(visitors.desk.workspace.store, deal_log(DEAL))
    row = deal_row(DEAL, events, ON)
    rate = dict(row.rates)["CRI-H100"]
    assert rate is not None
    shares = [
        (even.rate.value / rate - 1, one.payload.result.title)
        for one in events
        if one.kind == "tested" and one.effective_on == date(2026, 2, 19)
        for even in one.payload.result.break_even
        if even.rate is not None
    ]
    nearest = min(shares, key=lambda one: abs(one[0]))
    assert row.nearest is not None
    assert (row.nearest.share, row.nearest.title) == nearest
    assert row.nearest.failing is (nearest[0] > 0)
    assert row.party == "Meridian Compute Borrower LLC"
    assert row.state == "CURE PERIOD"
    assert row.principal is not None
    assert row.principal.value == Fraction(15_850_000)


def test_the_portfolio_is_in_one_order_and_kept_while_logs_stand(visitors: Visitors) -> None:
    made: list[str] = []

    def kept(deal: str, _size: int, make: object) -> object:
        made.append(deal)
        return make()  # type: ignore[operator]

    rows = portfolio_deals(visitors.desk.workspace, (OTHER, DEAL), ON, kept)  # type: ignore[arg-type]
    assert sorted(made) == sorted((DEAL, OTHER))
    assert [row.rank for row in rows] == sorted(row.rank for row in rows)
    assert rows == portfolio_deals(visitors.desk.workspace, (DEAL, OTHER), ON)


def test_the_line_stands_under_the_last_of_those_at_the_head_that_need_an_act() -> None:
    """Each row is looked at once: with 300 deals, comparing each row with all others took most of the page's
    time.
    """
    looked: list[str] = []

    @dataclass
    class Standing:
        deal: str
        acts: bool

        def needs_act(self, *_: date) -> bool:
            looked.append(self.deal)
            return self.acts

    rows = [Standing(f"deal {n}", n < 4 or n == 7) for n in range(300)]
    assert last_in_front(rows, ON) == "deal 3"  # type: ignore[arg-type]
    assert len(looked) == 5
    assert last_in_front(rows[4:], ON) == ""  # type: ignore[arg-type]


def test_the_statement_counts_overdue_from_the_last_day(visitors: Visitors) -> None:
    """The notice that LTV failed on 19 February is due on Monday 23 February; on 20 February it is not late,
    on 25 it is two days late.
    """
    for today, late in ((ON, None), (date(2026, 2, 23), None), (date(2026, 2, 25), 2)):
        rows = statement_of(visitors.desk.workspace, DEAL, today).rows
        row = next(one for one in rows if one.delivery.notice.kind == "test_failed")
        assert (row.due, row.late, row.state, row.overdue) == (
            date(2026, 2, 23),
            late,
            "drafted",
            late is not None,
        )
    assert [row.number for row in rows] == sorted((row.number for row in rows), reverse=True)


def test_a_history_is_filtered_by_an_address(visitors: Visitors) -> None:
    client = visitors.client("trustee")
    said = text_of(client.get(f"/deals/{DEAL}/history?test=ltv&kind=tested").text)
    assert "7 of 7 entries" in said
    assert "FAIL" in said
    then = text_of(client.get(f"/deals/{DEAL}/history?known=2026-02-19").text)
    assert "0 of 0 entries" in then
    assert "None. Choose fewer filters." in then


def test_the_first_page_says_what_is_due_from_whom(visitors: Visitors) -> None:
    borrower = text_of(visitors.client("borrower").get("/").text)
    assert "Cure Loan to value" in borrower
    assert "Give notice" not in borrower
    servicer = text_of(visitors.client("servicer").get("/").text)
    assert "Give notice that Loan to value failed" in servicer
    nobody = text_of(visitors.client("nobody").get("/").text)
    assert "No deal is granted to you." in nobody


def test_two_dates_stand_side_by_side(visitors: Visitors) -> None:
    """Between 12 and 19 February LTV turns from PASS to FAIL; the rows that differ have a bar."""
    page = visitors.client("trustee").get(f"/deals/{DEAL}/compare?first=2026-02-12&second=2026-02-19").text
    said = text_of(page)
    assert "Thu 12 Feb 2026" in said
    assert 'class="chg"' in page
    assert "FAIL of 19 Feb 2026" in said
    wrong = visitors.client("trustee").get(f"/deals/{DEAL}/compare?first=2026-02-13&second=2026-02-19")
    assert (wrong.status_code, "was not determined on" in wrong.text) == (422, True)


def test_a_history_as_known_on_a_day_leaves_out_what_came_later(visitors: Visitors) -> None:
    all_of_it = text_of(visitors.client("trustee").get(f"/deals/{DEAL}/history?known=2026-02-20").text)
    assert "66 of 66 entries" in all_of_it or "entries, newest first" in all_of_it
    words = text_of(visitors.client("trustee").get(f"/deals/{DEAL}/history?q=cure+period").text)
    assert "FAIL" in words


def test_the_week_counts_what_is_due_from_the_party_that_asks(visitors: Visitors) -> None:
    """On 20 February the servicer owes one notice, by Monday 23 February; the borrower owes a cure by 5
    March.
    """
    servicer = text_of(visitors.client("servicer").get("/week").text)
    assert "Give notice that Loan to value failed" in servicer
    assert "Mon 23 Feb 2026" in servicer
    borrower = text_of(visitors.client("borrower").get("/week").text)
    assert "Thu 5 Mar 2026" in borrower
    assert "waits for a release" not in borrower


def test_a_draft_whose_level_steps_says_what_its_ladder_becomes(own_visitors: Visitors) -> None:
    text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8")
    steps = "level:\n      2026-01-06: USD 1.50 per GPU-hour\n      2026-10-01: USD 1.60 per GPU-hour\n"
    stepped = text.replace("level: USD 1.50 per GPU-hour\n", steps, 1)
    client = own_visitors.client("structurer")
    sent = client.post(
        "/drafts",
        data={"csrf": own_visitors.csrf("structurer")},
        files={"file": ("stepped.yaml", stepped.encode())},
    )
    assert "From 1 Oct 2026: cash-sweep begins stands at 1.6000, and before that at 1.5000." in text_of(
        client.get(sent.headers["location"]).text
    )


def test_a_draft_is_seen_by_its_own_structurer_and_kept_nowhere(own_visitors: Visitors) -> None:
    """A deal file is checked and read aloud; another person's address for it answers like none."""
    text = (DEALS / f"{DEAL}.yaml").read_bytes()
    csrf = own_visitors.csrf("structurer")
    sent = own_visitors.client("structurer").post(
        "/drafts", data={"csrf": csrf}, files={"file": ("draft.yaml", text)}
    )
    place = sent.headers["location"]
    said = text_of(own_visitors.client("structurer").get(place).text)
    assert "as drafted" in said
    assert "Read aloud" in said
    own_visitors.desk.accounts.grant(
        own_visitors.desk.accounts.named("nobody@example.com").number,
        Grant(EVERY_DEAL, "structurer"),
        "t",
        AT,
    )  # type: ignore[union-attr]
    assert own_visitors.client("nobody").get(place).status_code == 404
    bad = own_visitors.client("structurer").post(
        "/drafts", data={"csrf": csrf}, files={"file": ("bad.yaml", text.replace(b"maximum:", b"maximun:"))}
    )
    assert "in the way" in text_of(own_visitors.client("structurer").get(bad.headers["location"]).text)
    own_visitors.clock.on(minutes=61)
    assert own_visitors.client("structurer").get(place).status_code == 404
    files = [
        path
        for path in own_visitors.desk.workspace.root.rglob("*")
        if path.is_file() and path.suffix != ".sqlite"
    ]
    assert not any(b"maximun:" in path.read_bytes() for path in files)
