"""What a desk takes over time: memory over 10,000 requests, and a log of 20,000 entries page by page.

`python -m tests.bench.desk_endurance [REQUESTS ENTRIES]` prints one line of JSON for each of the two.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import sys
import tempfile
import time
from html import unescape
from pathlib import Path

from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.record.log import Scribe, append, deal_log
from engine.workspace.workspace import opened
from tests.bench.desk_load import AT, Served, made, served

DEALS = 10
EACH = 0.006
"""Seconds that a request takes at least: no address is answered more than two hundred times a second."""
ROUNDS = 5
"""Measurements of memory after the first, in which every answer and template is made."""


def places(deal: str) -> tuple[str, ...]:
    """Pages of a servicer, those of one deal and those of all."""
    own = f"/deals/{deal}"
    of_deal = (
        "",
        "/history",
        "/history?kind=tested",
        "/notices",
        "/notices/1",
        "/reports",
        "/acts",
        "/proof",
        "/calendar.ics",
    )
    return ("/", "/week", "/deals", "/notices", "/deals.csv", *(f"{own}{place}" for place in of_deal))


def flat(requests: int = 10_000) -> dict[str, object]:
    """Megabytes that the server holds after each part of many requests, the first of which fills what is
    kept.
    """
    folder = Path(tempfile.mkdtemp(prefix="headroom-flat-"))
    try:
        made(folder / "workspace", DEALS)
        with served(folder / "workspace", 1) as desk:
            return _held(desk, requests)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _held(desk: Served, requests: int) -> dict[str, object]:
    connection, number, held, codes = desk.connection(), 0, [], dict[int, int]()
    every = [path for deal in desk.deals for path in places(deal)]
    for _ in range(ROUNDS + 1):
        for _ in range(requests // (ROUNDS + 1)):
            began = time.monotonic()
            code = desk.get(connection, desk.sessions[0], every[number % len(every)])
            time.sleep(max(0.0, EACH - (time.monotonic() - began)))
            codes[code] = codes.get(code, 0) + 1
            number += 1
        held.append(desk.memory())
    return {
        "requests": number,
        "codes": codes,
        "held_mb": held,
        "server_cpu_ms_a_page": round(desk.cpu * 1000 / number, 2),
    }


def long_log(entries: int = 20_000) -> dict[str, object]:
    """The history of a deal with many entries: its first page, each further page, and a page after one more
    entry.
    """
    folder = Path(tempfile.mkdtemp(prefix="headroom-long-"))
    try:
        made(folder / "workspace", 1)
        workspace = opened(folder / "workspace")
        deal = workspace.deal_files()[0].stem
        grown(folder / "workspace", deal, entries - workspace.store.size(deal_log(deal)))
        workspace.store.close()
        with served(folder / "workspace", 1) as desk:
            return _leafed_through(desk, deal)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def grown(root: Path, deal: str, by: int) -> None:
    """A deal's log with many Acts more, recorded in one transaction."""
    workspace, day = opened(root), AT.date()
    with workspace.store.begin() as writer:
        size = writer.size(deal_log(deal))
        acts = [
            ActRecorded(act="consent", effective_on=day, details={"version": str(n)})
            for n in range(size, size + by)
        ]
        drafts = [
            Draft(kind="act recorded", subject=f"bench {n}", effective_on=day, payload=act)
            for n, act in enumerate(acts, size)
        ]
        append(writer, deal_log(deal), drafts, Scribe("bench", "bench", AT))
    workspace.store.close()


def _leafed_through(desk: Served, deal: str) -> dict[str, object]:
    connection, path, took, seen = desk.connection(), f"/deals/{deal}/history", list[float](), 0
    while path:
        began = time.perf_counter()
        connection.request(
            "GET", path, headers={"Cookie": f"session={desk.sessions[0]}", "Host": f"127.0.0.1:{desk.port}"}
        )
        text = connection.getresponse().read().decode()
        took.append(time.perf_counter() - began)
        seen += text.count('data-l="Entry"')
        older = re.search(r'<a href="([^"]+)">Older</a>', text)
        path = unescape(older[1]) if older else ""
    pages, cpu = len(took), desk.cpu
    grown(desk.workspace.root, deal, 1)
    began = time.perf_counter()
    desk.get(connection, desk.sessions[0], f"/deals/{deal}/history")
    return {
        "entries_seen": seen,
        "pages": pages,
        "first_ms": round(took[0] * 1000),
        "further_median_ms": round(statistics.median(took[1:]) * 1000, 1),
        "further_most_ms": round(max(took[1:]) * 1000, 1),
        "after_one_more_entry_ms": round((time.perf_counter() - began) * 1000),
        "server_cpu_s": round(cpu, 1),
        "server_peak_mb": desk.memory("VmHWM"),
    }


if __name__ == "__main__":
    requests, entries = [int(one) for one in sys.argv[1:]] or [10_000, 20_000]
    sys.stdout.write(json.dumps(flat(requests)) + "\n")
    sys.stdout.write(json.dumps(long_log(entries)) + "\n")
