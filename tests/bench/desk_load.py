"""The desk under load: 50 people on 300 deals, a writer beside them; on loopback, for a bounded time, in a process of its own.

Run it by `python -m tests.bench.desk_load`; it prints one line of JSON with medians and 99th percentiles in milliseconds.
"""

from __future__ import annotations

import http.client
import json
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from covenants import templates
from engine.demo import plan
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.operations.intake import Intake
from engine.operations.run import Tools, run
from engine.operations.snapshots import record_snapshots
from engine.record.log import Scribe, append, deal_log
from engine.web.rights import EVERY_DEAL, Grant
from engine.workspace.workspace import Workspace, create, opened
from tests.conftest import DEALS
from tests.operations.test_run import paper

DEAL = "meridian-2026-1"
AT = datetime(2026, 2, 6, 15, tzinfo=UTC)
WEEKS = 4
PORT = 8399


def made(root: Path, deals: int) -> None:
    """A workspace of many deals, each run over four Thursdays."""
    create(root, "Example Servicing Desk")
    text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8")
    names = [f"load-{n:03d}-2026" for n in range(deals)]
    for name in names:
        (root / "deals" / f"{name}.yaml").write_text(text.replace(DEAL, name), encoding="utf-8")
    shutil.copy(DEALS / "meridian-serials.csv", root / "deals")
    workspace, by = opened(root), Scribe("t", "t", AT)
    for thursday in plan.THURSDAYS[:WEEKS]:
        kept = [workspace.archive.add(one.data, one.name)[0] for one in plan.snapshots(thursday)]
        record_snapshots(workspace, kept, by)
        report = next(one for one in plan.reports(thursday) if one.name.startswith(DEAL))
        taken = Intake(workspace, dict(templates()), by)
        for name in names:
            taken.take(report.text.replace(DEAL, name).encode(), report.name.replace(DEAL, name), report.received)
    run(workspace, plan.THURSDAYS[WEEKS - 1], Tools(dict(templates()), paper, AT, "bench", lambda _: None))
    workspace.store.close()


@dataclass
class Measured:
    """What was measured: seconds by kind of page, answers by code, the longest commit of the writer."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    codes: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    longest_commit: float = 0.0


def reader(session: str, deals: list[str], until: float, measured: Measured, start: int) -> None:
    """One person: the portfolio, a deal, its history, its notices, over and over, with a moment's thought between two pages."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    turn = start
    while time.monotonic() < until:
        deal = deals[turn * 7 % len(deals)]
        kind, path = (
            ("portfolio", "/deals"),
            ("deal", f"/deals/{deal}"),
            ("history", f"/deals/{deal}/history"),
            ("notices", f"/deals/{deal}/notices"),
        )[turn % 4]
        began = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": f"session={session}", "Host": f"127.0.0.1:{PORT}"})
        answer = connection.getresponse()
        answer.read()
        measured.seconds[kind].append(time.perf_counter() - began)
        measured.codes[answer.status] += 1
        turn += 1
        time.sleep(0.5)


def writer(workspace: Workspace, deals: list[str], until: float, measured: Measured) -> None:
    """A run beside them: one entry after another, each its own commit."""
    number = 0
    while time.monotonic() < until:
        act = ActRecorded(act="consent", effective_on=AT.date(), details={"version": str(number)})
        draft = Draft(kind="act recorded", subject=f"bench {number}", effective_on=AT.date(), payload=act)
        began = time.perf_counter()
        with workspace.store.begin() as writing:
            append(writing, deal_log(deals[number % len(deals)]), [draft], Scribe("bench", "bench", AT + timedelta(seconds=number)))
        measured.longest_commit = max(measured.longest_commit, time.perf_counter() - began)
        number += 1
        time.sleep(0.25)


SERVER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from engine.web.desk import desk_of
from engine.web.server import serve_pages
from engine.workspace.workspace import opened
serve_pages(desk_of(opened(Path(sys.argv[1])), lambda: datetime(2026, 2, 6, 15, 30, tzinfo=UTC)))
"""


def load(people: int = 50, deals: int = 300, seconds: float = 30.0) -> dict[str, object]:
    """Measure; the workspace is made first, which takes longer than the load."""
    from engine.web.desk import desk_of

    folder = Path(tempfile.mkdtemp(prefix="headroom-load-"))
    try:
        root = folder / "workspace"
        made(root, deals)
        with (root / "headroom.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"\n[web]\nport = {PORT}\n")
        desk = desk_of(opened(root), lambda: AT + timedelta(minutes=30))
        sessions = []
        for n in range(people):
            person = desk.accounts.add(f"p{n}@example.com", f"Person {n}", AT)
            desk.accounts.grant(person.number, Grant(EVERY_DEAL, "servicer"), "bench", AT)
            sessions.append(desk.sessions.begin(person.number, "bench", AT + timedelta(minutes=30)))
        names = list(desk.deals())
        server = subprocess.Popen([sys.executable, "-c", SERVER, str(root)], stderr=subprocess.DEVNULL)
        try:
            return _measured(server, desk.workspace, sessions, names, seconds)
        finally:
            server.terminate()
            server.wait(30)
            desk.workspace.store.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measured(
    server: subprocess.Popen[bytes], workspace: Workspace, sessions: list[str], names: list[str], seconds: float
) -> dict[str, object]:
    while socket.socket().connect_ex(("127.0.0.1", PORT)) != 0:
        time.sleep(0.1)
    first = Measured()
    began = time.perf_counter()
    reader(sessions[0], names, time.monotonic() + 0.01, first, 0)
    cold = time.perf_counter() - began
    measured, until = Measured(), time.monotonic() + seconds
    threads = [threading.Thread(target=reader, args=(session, names, until, measured, n)) for n, session in enumerate(sessions)]
    threads.append(threading.Thread(target=writer, args=(workspace, names, until, measured)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pages = {kind: _summary(found) for kind, found in sorted(measured.seconds.items())}
    every = [second for found in measured.seconds.values() for second in found]
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    memory = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    return {
        "people": len(sessions),
        "deals": len(names),
        "seconds": seconds,
        "first_portfolio_ms": round(cold * 1000),
        "all": _summary(every),
        "pages": pages,
        "codes": dict(measured.codes),
        "longest_commit_ms": round(measured.longest_commit * 1000),
        "server_peak_mb": round(int(memory) / 1024),
        "client_cpu_s": round(resource.getrusage(resource.RUSAGE_SELF).ru_utime, 1),
    }


def _summary(found: list[float]) -> dict[str, float]:
    ordered = sorted(found)
    return {
        "pages": len(found),
        "median_ms": round(statistics.median(ordered) * 1000, 1),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 1),
    }


if __name__ == "__main__":
    asked = [int(one) for one in sys.argv[1:]] or [50, 300, 30]
    sys.stdout.write(json.dumps(load(*asked)) + "\n")
