"""What a desk does in a browser: a report, an Act with its second person, a release, a receipt; each with
what must not happen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from engine.delivery.evidence import record, step
from engine.delivery.outbox import deliveries
from engine.delivery.signed_links import ReceiptLink, link_key, read_token, token_of
from engine.demo import plan
from engine.events.delivery import DeliveryBegun, NoticeAcknowledged, NoticeReleased
from engine.events.kinds import ActRecorded, Event, ReportReceived
from engine.events.servicing import FigureConfirmed
from engine.record.log import Scribe, deal_log, read
from engine.web import confirm_pages
from engine.web.rights import EVERY_DEAL, Grant
from tests.web.conftest import AT, DEAL, OTHER, Visitors
from tests.web.test_pages import text_of

Post = Callable[..., object]
NEXT = next(one for one in plan.reports(plan.THURSDAYS[7]) if one.name.startswith(DEAL))
"""The report of the week after the last that was run."""


def log_of(visitors: Visitors) -> tuple[Event, ...]:
    return tuple(read(visitors.desk.workspace.store, deal_log(DEAL)))


def entries(visitors: Visitors) -> str:
    return str(visitors.desk.size(DEAL))


@pytest.fixture
def later(own_visitors: Visitors) -> Visitors:
    """The desk a week on, when the next report can come in."""
    own_visitors.clock.on(days=6)
    return own_visitors


def sent(post: Post, who: str, text: str = NEXT.text, name: str = NEXT.name) -> object:
    return post(who, f"/deals/{DEAL}/reports", files={"file": (name, text.encode())})


def test_the_servicer_takes_a_report_after_seeing_what_it_changes(later: Visitors, post: Post) -> None:
    before = entries(later)
    page = sent(post, "servicer")
    assert page.status_code == 303  # type: ignore[attr-defined]
    place = page.headers["location"]  # type: ignore[attr-defined]
    shown = text_of(later.client("servicer").get(place).text)
    assert "Nothing is recorded yet." in shown
    assert "No result of a past date changes." in shown
    assert entries(later) == before, "reading records nothing"
    done = post("servicer", f"{place}/send", {"entries": before})
    assert done.status_code == 303  # type: ignore[attr-defined]
    newest = log_of(later)[-1]
    assert isinstance(newest.payload, ReportReceived)
    assert (newest.actor, newest.payload.period_end) == ("servicer@example.com", date(2026, 2, 25))
    kept = next((later.desk.workspace.root / "reports" / DEAL).glob(f"*{newest.payload.sha256[:8]}*"), None)
    assert kept is None or kept.read_bytes() == NEXT.text.encode()


def test_a_borrower_sends_and_the_servicer_takes_with_the_arrival_as_receipt(
    later: Visitors, post: Post
) -> None:
    place = sent(post, "borrower").headers["location"]  # type: ignore[attr-defined]
    before = entries(later)
    assert later.client("servicer").get(place).status_code == 404, "what is only read is its sender's own"
    post("borrower", f"{place}/send", {"entries": before})
    assert entries(later) == before, "sending records nothing; the Servicer takes it"
    later.clock.on(hours=3)
    post("servicer", f"{place}/send", {"entries": before})
    taken = log_of(later)[-1].payload
    assert isinstance(taken, ReportReceived)
    assert f"{taken.received_at:%Y-%m-%d %H:%M}" == "2026-02-26 10:00", (
        "15:00 UTC, when it arrived, where the deal is"
    )


def test_a_report_goes_back_with_words_and_no_others(later: Visitors, post: Post) -> None:
    place = sent(post, "borrower").headers["location"]  # type: ignore[attr-defined]
    post("borrower", f"{place}/send", {"entries": entries(later)})
    silent = post("servicer", f"{place}/back", {"words": ""})
    assert silent.status_code == 422  # type: ignore[attr-defined]
    post("servicer", f"{place}/back", {"words": "The rate is of the week before."})
    assert "The rate is of the week before." in later.client("borrower").get(f"/deals/{DEAL}/reports").text


def test_a_preview_of_an_older_log_records_nothing(later: Visitors, post: Post) -> None:
    place = sent(post, "servicer").headers["location"]  # type: ignore[attr-defined]
    stale = post("servicer", f"{place}/send", {"entries": str(int(entries(later)) - 1)})
    assert (stale.status_code, "shown anew" in stale.text) == (409, True)  # type: ignore[attr-defined]
    assert not isinstance(log_of(later)[-1].payload, ReportReceived)


def test_what_is_wrong_with_a_file_is_said_at_once_and_leaves_a_line(later: Visitors, post: Post) -> None:
    bad = NEXT.text.replace("outstanding_principal:", "outstanding_principle:")
    found = sent(post, "borrower", bad)
    assert found.status_code == 422  # type: ignore[attr-defined]
    assert "was not taken" in found.text  # type: ignore[attr-defined]
    journal = (later.desk.workspace.root / "refused-reports.jsonl").read_text(encoding="utf-8")
    assert "borrower@example.com" in journal


@pytest.mark.parametrize("name", ["../../etc/x.yaml", "C:\\x\\report.yaml", "a\u202eb<script>.yaml", ""])
def test_a_file_of_another_deal_is_refused_as_one_of_no_deal(later: Visitors, post: Post, name: str) -> None:
    """A borrower of one deal learns nothing of another: a deal that is there and one that is not read alike."""
    texts = [NEXT.text.replace(DEAL, other) for other in (OTHER, "no-such-deal")]
    pages = [text_of(sent(post, "borrower", text, name or "r.yaml").text) for text in texts]  # type: ignore[attr-defined]
    assert pages[0].replace(OTHER, "") == pages[1].replace("no-such-deal", "")
    assert "names another deal" in pages[0]
    assert not list(later.desk.workspace.root.parent.glob("**/x*.yaml"))


def test_a_form_downloads_with_what_the_deal_asks_for(later: Visitors) -> None:
    page = later.client("borrower").get(f"/deals/{DEAL}/reports").text
    links = re.findall(r"/deals/[^\"]+/report-form\?[^\"]+", page)
    assert len(links) == 3
    got = later.client("borrower").get(links[1].replace("&amp;", "&"))
    assert (got.status_code, "outstanding_principal" in got.text) == (200, True)


# ---- Acts
# ---------------------------------------------------------------------------------------------------------

WAIVER = {
    "act": "waiver",
    "clause": "ltv",
    "effective_on": "2026-02-20",
    "until": "2026-03-20",
    "clock": "resumes",
}
LETTER = {"document": ("waiver letter.pdf", b"%PDF-1.7 a letter")}


def prepared(post: Post, who: str = "servicer", **changed: str) -> object:
    return post(who, f"/deals/{DEAL}/acts", {**WAIVER, **changed}, files=LETTER)


def test_an_act_waits_for_a_second_person_and_carries_both_accounts(
    own_visitors: Visitors, post: Post
) -> None:
    before = entries(own_visitors)
    place = prepared(post).headers["location"]  # type: ignore[attr-defined]
    assert own_visitors.client("approver").get(place).status_code == 404, (
        "what is only prepared is its preparer's own"
    )
    post("servicer", f"{place}/decide", {"what": "send"})
    assert own_visitors.client("trustee").get(place).status_code == 404
    shown = text_of(own_visitors.client("approver").get(place).text)
    assert "Approve and record the waiver" in shown
    letter = own_visitors.client("approver").get(f"{place}/document")
    assert (letter.content, letter.headers["content-disposition"]) == (
        LETTER["document"][1],
        'attachment; filename="waiver letter.pdf"',
    )
    assert post("servicer", f"{place}/decide", {"what": "approve", "entries": before}).status_code == 404  # type: ignore[attr-defined]
    assert entries(own_visitors) == before
    post("approver", f"{place}/decide", {"what": "approve", "entries": before})
    act, event = log_of(own_visitors)[-1].payload, log_of(own_visitors)[-1]
    assert isinstance(act, ActRecorded)
    assert (act.act, act.prepared_by, act.approved_by, event.actor) == (
        "waiver",
        "Servicer",
        "Approver",
        "approver@example.com",
    )
    assert (
        own_visitors.desk.workspace.inside("documents", f"{act.sha256}.pdf").read_bytes()
        == LETTER["document"][1]
    )
    again = post("approver", f"{place}/decide", {"what": "approve", "entries": entries(own_visitors)})
    assert again.status_code == 404  # type: ignore[attr-defined]


@pytest.mark.parametrize("data", [b"", bytes(500)], ids=["empty", "zero bytes"])
def test_a_document_without_content_is_no_document_of_an_act(
    own_visitors: Visitors, post: Post, data: bytes
) -> None:
    """A file of no byte was passed over, and the Act waited without its document."""
    files = {"document": ("waiver letter.pdf", data)}
    answer = post("servicer", f"/deals/{DEAL}/acts", WAIVER, files=files)
    assert "the file has no content" in text_of(answer.text)  # type: ignore[attr-defined]
    assert "location" not in answer.headers  # type: ignore[attr-defined]


def test_a_typed_name_is_nobody(own_visitors: Visitors, post: Post) -> None:
    """The persons of an Act are accounts: fields that name others are not looked at."""
    place = prepared(post, prepared_by="The Agent", approved_by="The Trustee").headers["location"]  # type: ignore[attr-defined]
    post("servicer", f"{place}/decide", {"what": "send"})
    post("approver", f"{place}/decide", {"what": "approve", "entries": entries(own_visitors)})
    act = log_of(own_visitors)[-1].payload
    assert (act.prepared_by, act.approved_by) == ("Servicer", "Approver")


def test_an_act_is_sent_back_with_words(own_visitors: Visitors, post: Post) -> None:
    place = prepared(post).headers["location"]  # type: ignore[attr-defined]
    post("servicer", f"{place}/decide", {"what": "send"})
    assert post("approver", f"{place}/decide", {"what": "send back"}).status_code == 422  # type: ignore[attr-defined]
    post("approver", f"{place}/decide", {"what": "send back", "words": "The letter is unsigned."})
    assert "The letter is unsigned." in own_visitors.client("servicer").get(f"/deals/{DEAL}/acts").text
    assert not any(isinstance(event.payload, ActRecorded) for event in log_of(own_visitors))


def test_an_act_that_may_not_stand_is_refused_before_anything_waits(
    own_visitors: Visitors, post: Post
) -> None:
    for changed in ({"clause": "no-clause"}, {"until": ""}, {"effective_on": "soon"}, {"act": "coup"}):
        found = prepared(post, **changed)
        assert (found.status_code, "Not prepared" in found.text) == (422, True), changed  # type: ignore[attr-defined]
    assert own_visitors.desk.database.rows("SELECT 1 FROM waiting") == []


def test_an_approval_of_an_older_log_records_nothing(own_visitors: Visitors, post: Post) -> None:
    place = prepared(post).headers["location"]  # type: ignore[attr-defined]
    post("servicer", f"{place}/decide", {"what": "send"})
    stale = post("approver", f"{place}/decide", {"what": "approve", "entries": "1"})
    assert (stale.status_code, "shown anew" in stale.text) == (409, True)  # type: ignore[attr-defined]
    assert not any(isinstance(event.payload, ActRecorded) for event in log_of(own_visitors))


# ---- releases and receipts
# ----------------------------------------------------------------------------------------


def the_notice(visitors: Visitors) -> tuple[int, str]:
    found = next(one for one in deliveries(log_of(visitors)) if one.notice.kind == "test_failed")
    return found.number, found.notice.sha256


def test_only_who_acts_for_the_giver_releases(own_visitors: Visitors, post: Post) -> None:
    number, sha256 = the_notice(own_visitors)
    place = f"/deals/{DEAL}/notices/{number}"
    for who in ("trustee", "agent", "borrower"):
        assert post(who, f"{place}/release", {"sha256": sha256}).status_code == 404, who  # type: ignore[attr-defined]
    wrong = post("servicer", f"{place}/release", {"sha256": "0" * 64})
    assert wrong.status_code == 422  # type: ignore[attr-defined]
    assert post("servicer", f"{place}/release", {"sha256": sha256}).status_code == 303  # type: ignore[attr-defined]
    released = log_of(own_visitors)[-1]
    assert isinstance(released.payload, NoticeReleased)
    assert (released.payload.released_by, released.payload.acts_for, released.actor) == (
        "Servicer",
        "servicer",
        "servicer@example.com",
    )
    assert post("servicer", f"{place}/release", {"sha256": sha256}).status_code == 404, "once"  # type: ignore[attr-defined]


def test_the_page_of_a_release_by_two_persons_says_why_nothing_is_sent(
    own_visitors: Visitors, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever approves it is the last to look: what the deal lacks was said on the notice's own page alone."""
    number, sha256 = the_notice(own_visitors)
    monkeypatch.setattr("engine.web.release_pages.by_two", lambda _: True)
    place = post("servicer", f"/deals/{DEAL}/notices/{number}/release", {"sha256": sha256}).headers[
        "location"
    ]  # type: ignore[attr-defined]
    monkeypatch.setattr("engine.delivery.outbox.unsaid", lambda _: ())
    before = text_of(own_visitors.client("approver").get(place).text)
    assert ("goes to its addressees" in before, "is sent: " in before) == (True, False)
    monkeypatch.setattr("engine.delivery.outbox.unsaid", lambda _: ("`body`",))
    lacks = "If it is released now, nothing of it is sent: the deal does not say when a notice that is sent is given"
    before = text_of(own_visitors.client("approver").get(place).text)
    assert (lacks in before, "goes to its addressees" in before) == (True, False)
    assert lacks in text_of(own_visitors.client("servicer").get(f"/deals/{DEAL}/notices/{number}").text)
    done = post("approver", f"{place}/decide", {"what": "approve", "entries": entries(own_visitors)})
    assert done.headers["location"] == place  # type: ignore[attr-defined]
    assert isinstance(log_of(own_visitors)[-1].payload, NoticeReleased)
    for shown in (place, f"/deals/{DEAL}/notices/{number}"):
        said = text_of(own_visitors.client("approver").get(shown).text)
        assert "Nothing of it is sent: the deal does not say when a notice that is sent is given" in said


def link_of(visitors: Visitors, number: int, to: str, ends: date = date(2026, 5, 20)) -> str:
    return f"/a/{token_of(link_key(visitors.desk.workspace), ReceiptLink(DEAL, number, to, ends))}"


def dispatched(visitors: Visitors, post: Post) -> int:
    """The notice of the failed test, released, with a copy on its way to the agent."""
    number, sha256 = the_notice(visitors)
    post("servicer", f"/deals/{DEAL}/notices/{number}/release", {"sha256": sha256})
    one = next(each for each in deliveries(log_of(visitors)) if each.number == number)
    begun = DeliveryBegun(
        number=number,
        to="administrative_agent",
        copy_number=1,
        message_id="<m@x>",
        address="a@x.example",
        sha256="0" * 64,
    )
    record(visitors.desk.workspace, DEAL, step(one, "administrative_agent", begun, AT), Scribe("t", "t", AT))
    return number


def test_opening_a_link_records_nothing_and_a_name_with_a_button_does(
    own_visitors: Visitors, post: Post
) -> None:
    number = dispatched(own_visitors, post)
    link, client, before = (
        link_of(own_visitors, number, "administrative_agent"),
        own_visitors.client(),
        entries(own_visitors),
    )
    for _ in range(3):
        assert client.get(link).status_code == 200
    assert entries(own_visitors) == before
    assert client.post(link, data={"name": " "}).status_code == 422
    assert client.post(link, data={"name": "R. Officer"}).status_code == 200
    event = log_of(own_visitors)[-1]
    assert isinstance(event.payload, NoticeAcknowledged)
    assert (event.payload.name, event.payload.to, event.payload.how) == (
        "R. Officer",
        "administrative_agent",
        "page",
    )
    assert event.actor == "receipt link to the administrative_agent"
    after = entries(own_visitors)
    client.post(link, data={"name": "Somebody Else"})
    assert entries(own_visitors) == after, "a second time changes nothing"
    assert "acknowledged on" in client.get(link).text


def test_a_link_is_of_no_use_changed_ended_or_before_anything_was_sent(
    own_visitors: Visitors, post: Post
) -> None:
    number, _ = the_notice(own_visitors)
    good, client = link_of(own_visitors, number, "administrative_agent"), own_visitors.client()
    assert "nothing to acknowledge" in client.get(good).text
    assert client.post(good, data={"name": "R. Officer"}).status_code == 422
    ended = link_of(own_visitors, number, "administrative_agent", date(2026, 2, 19))
    nobody = link_of(own_visitors, number, "indenture_trustee")
    missing = link_of(own_visitors, 99, "administrative_agent")
    for bad in (good[:-2], f"{good}x", good.replace(".", ""), "/a/x.y", ended, nobody, missing):
        assert client.get(bad).status_code == 404, bad
        assert client.post(bad, data={"name": "R. Officer"}).status_code == 404, bad


def test_a_token_says_one_thing_and_cannot_be_rewritten(own_visitors: Visitors) -> None:
    key = link_key(own_visitors.desk.workspace)
    link = ReceiptLink(DEAL, 8, "borrower", date(2026, 5, 20))
    token = token_of(key, link)
    assert token == token_of(key, link)
    assert read_token(key, token, date(2026, 5, 20)) == link
    assert read_token(key, token, date(2026, 5, 21)) is None
    assert read_token(b"\0" * 32, token, date(2026, 5, 1)) is None
    other = token_of(key, replace(link, to="lender"))
    assert read_token(key, f"{other.split('.')[0]}.{token.split('.')[1]}", date(2026, 5, 1)) is None
    assert link_key(own_visitors.desk.workspace) == key
    assert (own_visitors.desk.workspace.root / "keys" / "links.key").stat().st_mode & 0o077 == 0


def test_a_grant_to_every_deal_acts_in_each(own_visitors: Visitors, post: Post) -> None:
    person = own_visitors.desk.accounts.named("nobody@example.com")
    assert person is not None
    own_visitors.desk.accounts.grant(person.number, Grant(EVERY_DEAL, "servicer"), "test", AT)
    number, sha256 = the_notice(own_visitors)
    assert post("nobody", f"/deals/{DEAL}/notices/{number}/release", {"sha256": sha256}).status_code == 303  # type: ignore[attr-defined]


# ---- the proof
# ----------------------------------------------------------------------------------------------------


def test_verification_is_a_page_of_whoever_asked_for_it(own_visitors: Visitors, post: Post) -> None:
    begun = post("trustee", f"/deals/{DEAL}/verify")
    place = begun.headers["location"]  # type: ignore[attr-defined]
    work = own_visitors.desk.work.find(
        place.rsplit("/", 1)[1], own_visitors.desk.accounts.named("trustee@example.com").number
    )  # type: ignore[union-attr]
    assert work is not None
    assert work.future is not None
    work.future.result(60)
    said = text_of(own_visitors.client("trustee").get(place).text)
    assert "Verified" in said or "It differs" in said
    assert own_visitors.client("servicer").get(place).status_code == 404


def test_nobody_waits_for_more_than_three_pieces_of_work(own_visitors: Visitors) -> None:
    from concurrent.futures import Future

    from engine.basics.errors import WrongUsage

    work = own_visitors.desk.work
    held: Future[None] = Future()
    for _ in range(3):
        work.begin(1, DEAL, "wait", 0, "work.html.j2", AT, lambda: held.result(20))
    with pytest.raises(WrongUsage, match="3 pieces of work"):
        work.begin(1, DEAL, "wait", 0, "work.html.j2", AT, lambda: None)
    assert work.begin(2, DEAL, "wait", 0, "work.html.j2", AT, lambda: None).state in ("waits", "runs")
    held.set_result(None)


# ---- questions
# ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("two", [True, False])
@pytest.mark.parametrize("who", ["servicer", "borrower"])
def test_a_held_figure_is_confirmed_with_words(
    later: Visitors, post: Post, monkeypatch: pytest.MonkeyPatch, who: str, two: bool
) -> None:
    """The principal falls from 15,850,000 to a tenth: it is held, the report is taken, and its sender or the
    Servicer confirms it.

    A second person confirms with them where the deal asks for two.
    """
    monkeypatch.setattr(confirm_pages, "_two", lambda *_: two)
    text = NEXT.text.replace("class_a: USD 15,850,000", "class_a: USD 1,585,000")
    assert text != NEXT.text
    place = sent(post, "servicer", text).headers["location"]  # type: ignore[attr-defined]
    assert "needs a confirmation" in text_of(later.client("servicer").get(place).text)
    post("servicer", f"{place}/send", {"entries": entries(later)})
    report = log_of(later)[-1].payload
    assert isinstance(report, ReportReceived)
    assert list(report.held) == ["outstanding_principal.class_a"]
    asked = {"report": report.name, "is-right outstanding_principal.class_a": "yes", "words": ""}
    assert "awaits confirmation: answer" in text_of(later.client(who).get(f"/deals/{DEAL}/reports").text)
    assert post(who, f"/deals/{DEAL}/questions", asked).status_code == 422, "words are needed"  # type: ignore[attr-defined]
    waits = post(
        who, f"/deals/{DEAL}/questions", {**asked, "words": "Repaid; the agent's statement says so."}
    )
    if two:
        assert waits.headers["location"].endswith("/reports" if who == "borrower" else "/waiting/2")  # type: ignore[attr-defined]
        assert "an answer waits for a second person" in text_of(
            later.client(who).get(f"/deals/{DEAL}/reports").text
        )
        place = f"/deals/{DEAL}/waiting/2"
        assert not any(isinstance(event.payload, FigureConfirmed) for event in log_of(later))
        post("approver", f"{place}/decide", {"what": "approve", "entries": entries(later)})
    said = log_of(later)[-1].payload
    assert isinstance(said, FigureConfirmed)
    assert (said.figures, said.prepared_by, said.approved_by) == (
        ("outstanding_principal.class_a",),
        who.title(),
        "Approver" if two else None,
    )
    gone = later.client(who).get(f"/deals/{DEAL}/questions", params={"report": report.name})
    assert gone.status_code == 404, "nothing is held any more"
