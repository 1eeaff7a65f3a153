"""A name that is made in one place is taken apart in the same place: of a log, of a series, of a Recorded
Act.
"""

from __future__ import annotations

import re
from datetime import date

import pytest

from engine.events.act_identity import act_identity, act_in_words, date_of_act, short_act_identity
from engine.events.draft import Draft, key_parts
from engine.events.log_names import (
    administered_series,
    computed_series,
    deal_log,
    deal_of_log,
    deals_among,
    index_log,
    series_among,
    series_name,
    series_of_log,
    subject_of_log,
)
from engine.events.states import clause_and_day, dated_key
from tests.conftest import REPOSITORY
from tests.test_architecture import modules

CUT_BY_HAND = re.compile(
    r"""removeprefix\(["'](?:deal|index)/|startswith\(["'](?:deal|index)/|partition\(["'][@|]["']\)|@administrator["']"""
)
MAIL_ADDRESSES = "engine/delivery/message.py"
"""Whose `@` is that of a mail address."""
PARSERS = {f"engine/events/{room}.py" for room in ("log_names", "act_identity", "states", "draft")}


def test_no_other_module_takes_a_name_apart() -> None:
    found = {
        str(path.relative_to(REPOSITORY))
        for path in modules()
        if CUT_BY_HAND.search(path.read_text(encoding="utf-8"))
    }
    assert found <= PARSERS | {MAIL_ADDRESSES}


def test_a_key_of_an_event_is_taken_apart_as_it_was_put_together() -> None:
    draft = Draft(
        kind="act recorded", subject="waiver|ltv|2026-03-05", effective_on=date(2026, 3, 12), payload=None
    )
    assert key_parts(draft.key) == ("act recorded", "waiver|ltv|2026-03-05", date(2026, 3, 12), 1)


@pytest.mark.parametrize("deal", ["meridian-2026-1", "deal/odd", "index/odd"])
def test_a_deal_s_log_names_its_deal(deal: str) -> None:
    log = deal_log(deal)
    assert (deal_of_log(log), series_of_log(log), subject_of_log(log)) == (deal, None, deal)


def test_logs_are_told_apart() -> None:
    logs = (deal_log("a"), index_log(computed_series("CRI-H100", "1.1.1")), "snapshots", deal_log("b"))
    assert deals_among(logs) == ("a", "b")
    assert series_among(logs) == ("CRI-H100@1.1.1",)
    assert [subject_of_log(log) for log in logs] == ["a", "CRI-H100@1.1.1", "snapshots", "b"]


def test_a_series_names_its_index_and_its_version() -> None:
    computed, theirs = series_name("CRI-H100@1.1-wp"), series_name(administered_series("CRI-H100"))
    assert (computed.index, computed.version, computed.administered) == ("CRI-H100", "1.1-wp", False)
    assert (theirs.index, theirs.administered, str(theirs)) == ("CRI-H100", True, "CRI-H100@administrator")


def test_an_act_s_identity_ends_with_its_date() -> None:
    on = date(2026, 3, 5)
    identity = act_identity(("waiver", "ltv"), "2", on)
    assert identity == "waiver|ltv|no. 2|2026-03-05"
    assert (date_of_act(identity), act_in_words(identity)) == (on, "waiver ltv no. 2 2026-03-05")
    assert short_act_identity("waiver", None, on) == "waiver|deal|2026-03-05"
    assert date_of_act("") is None


def test_a_key_names_its_clause_and_its_day() -> None:
    assert clause_and_day(dated_key("sweep@odd", date(2026, 3, 5))) == ("sweep@odd", date(2026, 3, 5))
