"""A released notice that does not go is named, at its release and in each round, with what it needs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from engine.cli.show.deliver import show_delivered, show_released
from engine.delivery.deliver import deliver
from engine.delivery.outbox import NO_MORE, deliveries, not_sent
from engine.delivery.release import release
from engine.operations.run import Tools, run
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace
from tests.delivery.conftest import RULE, Clock, Relays, Settled
from tests.operations.test_run import DEAL

DUTY = (
    "given_by: servicer, to: [servicer, administrative_agent, indenture_trustee], every: determination date"
)
LACKS = "`notices.compliance` lacks `deemed_given`, `body`. Add them by an entry under `corrections`"


def test_a_release_says_what_the_deal_lacks_and_how_to_give_it(
    without_terms: Workspace,
    settled: Settled,
    relays: Relays,
    clock: Clock,
    tools: Tools,
    capsys: pytest.CaptureFixture[str],
) -> None:
    workspace = settled(without_terms)
    released = release(workspace, DEAL, 1, "A. Person", None, False, clock.scribe())
    assert len(released.warnings) == 1
    assert LACKS in released.warnings[0]
    assert show_released(DEAL, released, as_json=False) == 0
    said = capsys.readouterr().out
    assert LACKS in said
    assert "`headroom deliver` sends it" not in said
    show_released(DEAL, released, as_json=True)
    assert json.loads(capsys.readouterr().out)["warnings"] == list(released.warnings)
    file = workspace.root / "deals" / f"{DEAL}.yaml"
    entry = (
        f"corrections:\n  - {{number: 1, found_on: 2026-01-16, by: servicer, term: notices.compliance, "
        f"replaces: {{{DUTY}}}, with: {{{DUTY}, {RULE}}}, reason: left out}}\namendments: []"
    )
    file.write_text(file.read_text(encoding="utf-8").replace("amendments: []", entry, 1), encoding="utf-8")
    later = replace(tools, now=datetime(2026, 1, 16, 21, tzinfo=UTC))
    assert [(deal.reason, deal.problems) for deal in run(workspace, date(2026, 1, 15), later).deals] == [
        (None, ())
    ]
    clock.at = datetime(2026, 1, 16, 21, tzinfo=UTC)
    done = deliver(workspace, clock.scribe)
    assert (done.not_sent, len(relays.got)) == ([], 3)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_round_names_each_released_notice_that_it_does_not_send(
    without_terms: Workspace,
    settled: Settled,
    relays: Relays,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    dry_run: bool,
) -> None:
    workspace = settled(without_terms)
    release(workspace, DEAL, 1, "A. Person", None, False, clock.scribe())
    done = deliver(workspace, clock.scribe, dry_run)
    assert [(step.number, step.state) for step in done.not_sent] == [(1, "released")]
    assert {step.number for step in done.waiting} == {2}
    assert (relays.got, done.steps) == ([], [])
    assert show_delivered(done, as_json=False) == 1
    assert f"{DEAL} No. 1 was released and is not sent: the deal does not say" in capsys.readouterr().out
    assert show_delivered(done, as_json=True) == 1
    assert LACKS in json.loads(capsys.readouterr().out)["not_sent"][0]["said"]


def test_a_release_that_lacks_nothing_warns_of_nothing(
    settled: Settled, relays: Relays, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = settled()
    released = release(workspace, DEAL, 1, "A. Person", None, False, clock.scribe())
    assert released.warnings == ()
    show_released(DEAL, released, as_json=False)
    assert "`headroom deliver` sends it" in capsys.readouterr().out
    sent = deliver(workspace, clock.scribe)
    assert (sent.not_sent, show_delivered(sent, as_json=False)) == ([], 0)


def test_a_copy_that_was_refused_for_good_is_named_in_each_round_after_it(
    settled: Settled, relays: Relays, clock: Clock
) -> None:
    workspace = settled()
    release(workspace, DEAL, 1, "A. Person", None, False, clock.scribe())
    relays.mode = "unknown user"
    assert deliver(workspace, clock.scribe).not_sent == []
    done = deliver(workspace, clock.scribe)
    assert {step.state for step in done.not_sent} == {"failed"}
    assert all("550 5.1.1" in step.said and NO_MORE in step.said for step in done.not_sent)
    failed = deliveries(read(workspace.store, deal_log(DEAL)))[0]
    assert len(list(not_sent(failed))) == 3
    assert list(not_sent(replace(failed, superseded=True))) == []


def test_a_notice_that_was_given_or_sent_or_superseded_is_not_named(
    settled: Settled, relays: Relays, clock: Clock
) -> None:
    workspace = settled()
    release(workspace, DEAL, 1, "A. Person", None, False, clock.scribe())
    deliver(workspace, clock.scribe)
    sent = deliveries(read(workspace.store, deal_log(DEAL)))[0]
    assert list(not_sent(replace(sent, superseded=True))) == []
    ready = tuple(replace(to, state="released") for to in sent.addressees)
    held = replace(sent, addressees=ready, duty=None)
    assert [each.why for each in not_sent(held)] == ["the deal names nobody to whom it is given"]
    assert list(not_sent(replace(held, superseded=True))) == []
    assert list(not_sent(replace(held, given_on=datetime(2026, 1, 16, tzinfo=UTC).date()))) == []
