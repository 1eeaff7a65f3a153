"""Page 1 of a notice composed again of what it carries, without its file: for the tests that render nothing."""

from __future__ import annotations

import json

from engine.events.date_standing import DateStanding
from engine.events.log_names import deal_log
from engine.events.notice import NoticeInputs, PageEvidence
from engine.notices.attachments import read_manifest, read_of_date
from engine.record.log import event_of
from engine.record.merkle import leaf_hash
from engine.record.store import Entry
from reports.notice.evidence_view import NoticePages

LEADS = ("masthead", "answer", "due")


def differences(inputs: NoticeInputs) -> list[tuple[object, object]]:
    """The blocks of page 1 that a notice's evidence makes otherwise than its whole log did: what is there,
    and what came out.
    """
    files = {name: data for name, (data, _) in inputs.attachments.items()}
    lines = [
        one for name in ("earlier.jsonl", "date.jsonl") if name in files for one in read_of_date(files[name])
    ]
    events = tuple(
        event_of(Entry(deal_log(inputs.deal), one.seq, "", one.body, leaf_hash(one.body), b""))
        for one in lines
    )
    facts = read_manifest(files["manifest.json"]).notice
    assert facts is not None
    stands = DateStanding.model_validate_json(files["standing.json"])
    again = NoticePages().first(PageEvidence(inputs.deal, facts, events, stands, tuple(sorted(files))))
    there = {
        block["block"]: block
        for block in json.loads(files["page.json"])["blocks"]
        if block["page"] == "first"
    }
    return [(there[block["block"]], block) for block in again if there[block["block"]] != block]
