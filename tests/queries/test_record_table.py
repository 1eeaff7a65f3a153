"""The whole record as one table: a row for each event, with what rates, Acts, reports and notices say in
columns of their own.
"""

from __future__ import annotations

import csv
import io

from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.queries.export_log import form_of_deal
from engine.record.log import Scribe, append, deal_log, read
from engine.workspace.workspace import Workspace
from tests.operations.test_run import DEAL
from tests.operations.test_sign_checkpoints import AT, original, signed

__all__ = ["original", "signed"]  # fixtures of signing, used here


def test_every_event_is_a_row_and_each_kind_says_its_own(signed: Workspace) -> None:
    act = ActRecorded(
        act="waiver",
        clause="ltv",
        document="=1+1",
        sha256="0" * 64,
        effective_on=AT.date(),
        until=AT.date(),
        prepared_by="A",
        approved_by="B",
    )
    with signed.store.begin() as writer:
        drafts = [
            Draft(kind="act recorded", subject=act.identity, effective_on=act.effective_on, payload=act)
        ]
        append(writer, deal_log(DEAL), drafts, Scribe("t", "e", AT))
    events = read(signed.store, deal_log(DEAL))
    rows = list(csv.DictReader(io.StringIO(form_of_deal(signed, DEAL, "record").lstrip("\ufeff"))))
    assert [int(row["seq"]) for row in rows] == [event.seq for event in events]
    by_kind = {row["kind"]: row for row in rows}
    newest = {event.kind: event.payload for event in events}
    assert by_kind["rate"]["usd_per_gpu_hour"] == str(newest["rate"].value)
    assert (by_kind["notice issued"]["notice"], by_kind["notice issued"]["document"]) == (
        str(newest["notice issued"].number),
        newest["notice issued"].file,
    )
    assert by_kind["report received"]["sha256"] == newest["report received"].sha256
    waiver = by_kind["act recorded"]
    assert (waiver["until"], waiver["prepared_by"], waiver["approved_by"], waiver["sha256"]) == (
        str(act.until),
        "A",
        "B",
        "0" * 64,
    )
    assert not waiver["document"].startswith("=")  # a spreadsheet computes nothing of what a person wrote
