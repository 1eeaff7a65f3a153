"""The desk under load: 50 people on 300 deals, a run and a writer beside them; on loopback, for a bounded
time.

`python -m tests.bench.desk_load [PEOPLE DEALS SECONDS]` prints one line of JSON: medians and 99th percentiles
in milliseconds, and the server's processor time for each page. A person asks for a page, reads it whole,
thinks for half a second and asks for the next: the portfolio, a deal, its history, its notices, each time of
another deal. So 50 people ask for up to 100 pages a second, ten times what as many people do who read.
"""

from __future__ import annotations

import http.client
import json
import os
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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from covenants import templates
from engine.demo import plan
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.operations.intake import Intake
from engine.operations.run import Tools, run
from engine.operations.snapshots import record_snapshots
from engine.record.log import Scribe, append, deal_log
from engine.web.desk import desk_of
from engine.web.rights import EVERY_DEAL, Grant
from engine.workspace.workspace import Workspace, create, opened
from tests.conftest import DEALS
from tests.operations.test_run import paper

DEAL = "meridian-2026-1"
AT = datetime(2026, 2, 13, 15, tzinfo=UTC)
WEEKS = 4
THINKS = 0.5
"""Seconds that a person thinks between two pages."""
COMMITS = 0.25
"""Seconds between two commits of the writer, whose wait for the database is measured."""


def made(root: Path, deals: int) -> None:
    """A workspace of many deals, each run over four Thursdays."""
    create(root, "Example Servicing Desk")
    text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8")
    for n in range(deals):
        name = f"load-{n:03d}-2026"
        (root / "deals" / f"{name}.yaml").write_text(text.replace(DEAL, name), encoding="utf-8")
    shutil.copy(DEALS / "meridian-serials.csv", root / "deals")
    workspace = opened(root)
    for thursday in plan.THURSDAYS[:WEEKS]:
        week(workspace, thursday)
    workspace.store.close()


def week(workspace: Workspace, thursday: date) -> None:
    """One Thursday: its snapshots and reports, and the run of all deals."""
    by = Scribe("t", "t", AT)
    kept = [workspace.archive.add(one.data, one.name)[0] for one in plan.snapshots(thursday)]
    record_snapshots(workspace, kept, by)
    report = next(one for one in plan.reports(thursday) if one.name.startswith(DEAL))
    taken = Intake(workspace, dict(templates()), by)
    for path in workspace.deal_files():
        taken.take(
            report.text.replace(DEAL, path.stem).encode(),
            report.name.replace(DEAL, path.stem),
            report.received,
        )
    run(workspace, thursday, Tools(dict(templates()), paper, AT, "bench", lambda _: None))


@dataclass
class Measured:
    """What was measured: seconds by kind of page, answers by code, the longest commit of the writer."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    codes: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    longest_commit: float = 0.0


@dataclass(frozen=True)
class Served:
    """A desk that is served by a process of its own.

    Attributes:
        workspace: its workspace, opened here.
        port: where it answers.
        process: the server.
        sessions: a session for each person.
        deals: the names of its deals.
    """

    workspace: Workspace
    port: int
    process: subprocess.Popen[bytes]
    sessions: tuple[str, ...]
    deals: tuple[str, ...]

    @property
    def cpu(self) -> float:
        """Seconds of processor that the server has taken."""
        told = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, what: str = "VmRSS") -> int:
        """Megabytes that the server holds; its most with `VmHWM`."""
        told = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii").splitlines()
        return round(int(next(line for line in told if line.startswith(what)).split()[1]) / 1024)

    def get(self, connection: http.client.HTTPConnection, session: str, path: str) -> int:
        """Ask for a page and read it whole; returns the code of the answer."""
        connection.request(
            "GET", path, headers={"Cookie": f"session={session}", "Host": f"127.0.0.1:{self.port}"}
        )
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def connection(self) -> http.client.HTTPConnection:
        """A connection to it."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)


SERVER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from engine.web.desk import desk_of
from engine.web.server import serve_pages
from engine.workspace.workspace import opened
serve_pages(desk_of(opened(Path(sys.argv[1])), lambda: datetime(2026, 2, 13, 15, 30, tzinfo=UTC)))
"""
BESIDE = """
import sys
from pathlib import Path
from engine.demo import plan
from engine.workspace.workspace import opened
from tests.bench.desk_load import WEEKS, week
week(opened(Path(sys.argv[1])), plan.THURSDAYS[WEEKS])
"""


def free_port() -> int:
    """A port of this machine on which nothing answers."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def served(root: Path, people: int) -> Iterator[Served]:
    """A workspace served to some people, each a servicer of every deal, until the block ends."""
    port = free_port()
    with (root / "headroom.toml").open("a", encoding="utf-8") as settings:
        settings.write(f"\n[web]\nport = {port}\n")
    desk = desk_of(opened(root), lambda: AT + timedelta(minutes=30))
    sessions = []
    for n in range(people):
        person = desk.accounts.add(f"p{n}@example.com", f"Person {n}", AT)
        desk.accounts.grant(person.number, Grant(EVERY_DEAL, "servicer"), "bench", AT)
        sessions.append(desk.sessions.begin(person.number, "bench", AT + timedelta(minutes=30)))
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(root)], stderr=subprocess.DEVNULL)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
            time.sleep(0.1)
        yield Served(desk.workspace, port, process, tuple(sessions), desk.deals())
    finally:
        process.terminate()
        process.wait(30)
        desk.workspace.store.close()


def reader(desk: Served, session: str, until: float, measured: Measured, start: int) -> None:
    """One person: the portfolio, a deal, its history, its notices, over and over, with a moment's thought
    between two pages.
    """
    connection, turn = desk.connection(), start
    while time.monotonic() < until:
        deal = desk.deals[turn * 7 % len(desk.deals)]
        kind, path = (
            ("portfolio", "/deals"),
            ("deal", f"/deals/{deal}"),
            ("history", f"/deals/{deal}/history"),
            ("notices", f"/deals/{deal}/notices"),
        )[turn % 4]
        began = time.perf_counter()
        code = desk.get(connection, session, path)
        measured.seconds[kind].append(time.perf_counter() - began)
        measured.codes[code] += 1
        turn += 1
        time.sleep(THINKS)


def writer(desk: Served, until: float, measured: Measured) -> None:
    """Somebody who records beside the run: one entry after another, each its own commit."""
    number = 0
    while time.monotonic() < until:
        act = ActRecorded(act="consent", effective_on=AT.date(), details={"version": str(number)})
        draft = Draft(kind="act recorded", subject=f"bench {number}", effective_on=AT.date(), payload=act)
        began = time.perf_counter()
        with desk.workspace.store.begin() as writing:
            append(
                writing, deal_log(desk.deals[number % len(desk.deals)]), [draft], Scribe("bench", "bench", AT)
            )
        measured.longest_commit = max(measured.longest_commit, time.perf_counter() - began)
        number += 1
        time.sleep(COMMITS)


def load(people: int = 50, deals: int = 300, seconds: float = 30.0) -> dict[str, object]:
    """Measure; the workspace is made first, which takes longer than the load."""
    folder = Path(tempfile.mkdtemp(prefix="headroom-load-"))
    try:
        made(folder / "workspace", deals)
        with served(folder / "workspace", people) as desk:
            return _measured(desk, seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measured(desk: Served, seconds: float) -> dict[str, object]:
    began = time.perf_counter()
    desk.get(desk.connection(), desk.sessions[0], "/deals")
    cold = time.perf_counter() - began
    beside = subprocess.Popen(
        [sys.executable, "-c", BESIDE, str(desk.workspace.root)], stderr=subprocess.DEVNULL
    )
    measured, until, own, server = (
        Measured(),
        time.monotonic() + seconds,
        resource.getrusage(resource.RUSAGE_SELF),
        desk.cpu,
    )
    threads = [
        threading.Thread(target=reader, args=(desk, session, until, measured, n))
        for n, session in enumerate(desk.sessions)
    ]
    threads.append(threading.Thread(target=writer, args=(desk, until, measured)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server, still = desk.cpu - server, beside.poll() is None
    beside.terminate()
    beside.wait(30)
    every = [second for found in measured.seconds.values() for second in found]
    return {
        "people": len(desk.sessions),
        "deals": len(desk.deals),
        "seconds": seconds,
        "first_portfolio_ms": round(cold * 1000),
        "all": _summary(every),
        "pages": {kind: _summary(found) for kind, found in sorted(measured.seconds.items())},
        "codes": dict(measured.codes),
        "longest_commit_ms": round(measured.longest_commit * 1000),
        "run_goes_on_at_the_end": still,
        "server_cpu_ms_a_page": round(server * 1000 / len(every), 2),
        "server_peak_mb": desk.memory("VmHWM"),
        "client_cpu_s": round(resource.getrusage(resource.RUSAGE_SELF).ru_utime - own.ru_utime, 1),
        "load_of_the_machine": round(os.getloadavg()[0], 1),
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
