"""A desk over time: what it holds does not grow with what is asked of it, and a long history is read page by
page.
"""

from __future__ import annotations

import gc
import os
import re
import tracemalloc
from datetime import timedelta
from html import unescape

import pytest

from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.record.log import Scribe, append, deal_log
from engine.web.history_pages import A_PAGE
from tests.web.conftest import AT, DEAL, Visitors

SOAK = os.environ.get("HEADROOM_SOAK") == "1"
REQUESTS = 10_000 if SOAK else 240
ENTRIES = 20_000 if SOAK else 1_500
PLACES = (
    "/",
    "/week",
    "/deals",
    "/deals?q=meridian",
    "/deals.csv",
    "/notices",
    f"/deals/{DEAL}",
    f"/deals/{DEAL}?on=2026-02-12",
    f"/deals/{DEAL}/history",
    f"/deals/{DEAL}/history?kind=tested",
    f"/deals/{DEAL}/notices",
    f"/deals/{DEAL}/notices/8",
    f"/deals/{DEAL}/reports",
    f"/deals/{DEAL}/acts",
    f"/deals/{DEAL}/proof",
    f"/deals/{DEAL}/results/ltv/2026-02-19",
)
LEAST = 400
"""Bytes for each request below which nothing is held: a line of a log in the test's own memory, and what the
interpreter keeps.
"""


def test_what_is_held_does_not_grow_with_the_requests(
    own_visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.web.protection.LOG.disabled", True)
    client = own_visitors.client("servicer")

    def ask(requests: int) -> None:
        for number in range(requests):
            if number % 500 == 499:  # a limit of rate by address is not a part of this test
                own_visitors.desk.attempts.__init__()  # type: ignore[misc]
            assert client.get(PLACES[number % len(PLACES)]).status_code == 200

    ask(2 * len(PLACES))
    gc.collect()
    tracemalloc.start()
    try:
        # Sixty kilobytes and more are kept once, however many requests come; they have come after the first half.
        ask(REQUESTS)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        ask(REQUESTS)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < LEAST * REQUESTS, f"{grown / REQUESTS:.0f} bytes more for each of {REQUESTS} requests"


def test_a_long_history_is_read_page_by_page_each_entry_once(own_visitors: Visitors) -> None:
    """One more entry is on the first page at once, and the pages that were read stay as they are by their
    addresses.
    """
    desk, client = own_visitors.desk, own_visitors.client("trustee")

    def add(by: int) -> int:
        with desk.workspace.store.begin() as writer:
            size = writer.size(deal_log(DEAL))
            acts = [
                ActRecorded(act="consent", effective_on=AT.date(), details={"version": str(n)})
                for n in range(size, size + by)
            ]
            drafts = [
                Draft(kind="act recorded", subject=f"{n}", effective_on=AT.date(), payload=act)
                for n, act in enumerate(acts, size)
            ]
            append(writer, deal_log(DEAL), drafts, Scribe("t", "t", AT + timedelta(minutes=1)))
        return size + by

    size = add(ENTRIES - desk.size(DEAL))
    seen: list[int] = []
    path, pages = f"/deals/{DEAL}/history", 0
    while path:
        text = client.get(path).text
        seen += [int(found) for found in re.findall(r'data-l="Entry"[^>]*>(\d+)<', text)]
        older = re.search(r'<a href="([^"]+)">Older</a>', text)
        path, pages = unescape(older[1]) if older else "", pages + 1
    assert seen == list(range(size - 1, -1, -1))
    assert pages == -(-ENTRIES // A_PAGE)
    second = client.get(f"/deals/{DEAL}/history?before={size - A_PAGE}").text
    assert add(1) == size + 1
    assert re.search(rf'data-l="Entry"[^>]*>{size}<', client.get(f"/deals/{DEAL}/history").text)
    rows = re.compile(r"<tr role=\"row\">.*?</tr>", re.DOTALL)
    assert rows.findall(client.get(f"/deals/{DEAL}/history?before={size - A_PAGE}").text) == rows.findall(
        second
    )
