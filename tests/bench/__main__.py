"""`make bench`: each line a ratio of two ways, interleaved, median of 5; never a timed test."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
from scipy import stats

from covenants import templates
from engine.demo import plan
from engine.issue import _waiting
from engine.market.archive import Archive
from engine.market.index import compute, definition
from engine.market.interval import exact_interval, host_interval
from engine.market.methodology import load_methodology
from engine.record.log import Scribe
from engine.record.notice import NoticeInputs
from engine.thursday import Tools, run
from engine.workspace import create, opened
from reports.notice import compose
from reports.pool import RenderPool
from reports.render import render_notice, to_html, to_pdf
from tests.conftest import REPOSITORY
from tests.market import naive

REPEATS = 5
Work = Callable[[], object]


def ratio(fast: Work, slow: Work, repeats: int = REPEATS) -> tuple[float, float, float]:
    """Median seconds of both, and how many times faster the first is; runs alternate so that both see the same machine."""
    slow()
    loops = [max(1, min(200, int(0.05 / _once(work)))) for work in (fast, slow)]
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for work, found, count in zip((fast, slow), times, loops, strict=True):
            started = time.perf_counter()
            for _ in range(count):
                work()
            found.append((time.perf_counter() - started) / count)
    quick, long = (statistics.median(found) for found in times)
    return quick, long, long / quick


def _once(work: Work) -> float:
    work()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def line(name: str, against: str, measured: tuple[float, float, float], floor: str) -> None:
    quick, long, times = measured
    print(f"{name:<44} {against:<42} {quick * 1000:9.2f} ms {long * 1000:10.2f} ms {times:8.1f}x  {floor}")


def market(folder: Path) -> None:
    """A generated week as files, both ways from the raw bytes."""
    archive, raw = Archive(folder / "archive"), folder / "snapshots"
    raw.mkdir(parents=True)
    end = plan.THURSDAYS[1] - timedelta(days=1)
    for one in plan.snapshots(plan.THURSDAYS[1]):
        archive.add(one.data, one.name)
        import gzip

        (raw / f"{one.name}.gz").write_bytes(gzip.compress(one.data, mtime=0))
    rules, index = load_methodology("1.1.1"), definition("CRI-H100")
    first = end - timedelta(days=6)
    line(
        "one week's index from raw snapshots",
        "json + pandas + plain bootstrap",
        ratio(lambda: compute(index, rules, archive.between(first, end), end), lambda: naive.week(folder, "H100 SXM", end, 8)),
        "floor 25x",
    )


def intervals() -> None:
    prices = [Decimal(int(x * 1e6)).scaleb(-6) for x in np.random.default_rng(1).normal(2, 0.2, 60)]
    floats = np.array([float(price) for price in prices])

    def plain() -> object:
        return stats.bootstrap((floats,), np.median, n_resamples=10_000, method="percentile", random_state=1)

    line("exact 95% interval of the median", "scipy.stats.bootstrap, 10,000", ratio(lambda: exact_interval(prices), plain), "floor 50x")
    hosts = [f"h{n % 9}" for n in range(200)]
    many = [Decimal(int(x * 1e6)).scaleb(-6) for x in np.random.default_rng(2).normal(2, 0.2, 200)]
    micros = np.array([int(x.scaleb(6)) for x in many])
    groups = [micros[np.array(hosts) == name] for name in sorted(set(hosts))]

    def loop() -> object:
        chance = np.random.default_rng(1)
        return [np.median(np.concatenate([groups[k] for k in chance.integers(0, 9, 9)])) for _ in range(10_000)]

    line(
        "host-cluster bootstrap, 200 observations",
        "loop of concatenate + median",
        ratio(lambda: host_interval(many, hosts), loop, 3),
        "floor 8x",
    )


def notice_inputs(folder: Path) -> list[NoticeInputs]:
    """The notices of 14 generated Thursdays of one deal."""
    create(folder)
    (folder / "deals" / "deal.yaml").write_text(
        (REPOSITORY / "deals" / "meridian-2026-1.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    workspace = opened(folder)
    found: list[NoticeInputs] = []
    for thursday in plan.THURSDAYS[:14]:
        for one in plan.snapshots(thursday):
            workspace.archive.add(one.data, one.name)
    now = datetime(2026, 7, 3, tzinfo=UTC)
    run(workspace, plan.THURSDAYS[13], Tools(templates(), lambda notices: [b"-"] * len(notices), now, "bench", lambda _: None))
    with tempfile.TemporaryDirectory():
        events_of = _waiting.__globals__["read"](workspace.store, "deal/meridian-2026-1")
        known = [event for event in events_of if event.kind != "notice issued"]
        owed = [one for one in _waiting.__globals__["owed_notices"](known) if one.kind == "compliance"]
        make = _waiting.__globals__["_inputs"]
        found = [make(workspace, "meridian-2026-1", n, one, known, Scribe("b", "b", now)) for n, one in enumerate(owed, 1)]
    workspace.store.close()
    return found


def notices(folder: Path) -> None:
    made = notice_inputs(folder)
    last = made[-1]
    whole = to_html("notice.html.j2", compose(last), "a4")
    start, end = whole.index("<figure"), whole.index("</figure>") + len("</figure>")
    bare = whole[:start] + whole[end:]
    with_chart, without, _ = ratio(lambda: to_pdf(whole, last.issued_at, {}), lambda: to_pdf(bare, last.issued_at, {}))
    print(
        f"{'one warm notice, with its chart':<44} {'the same without its chart':<42} {with_chart * 1000:9.2f} ms {without * 1000:10.2f} ms "
        f"{with_chart / without:8.2f}x  at most 1.5x"
    )
    several = [replace(one, number=n) for n, one in enumerate(made, 1)]
    pool = RenderPool(2)
    list(pool(several))
    line(
        "14 notices on two processes",
        "one process",
        ratio(lambda: list(pool(several)), lambda: [render_notice(one) for one in several], 3),
        "floor 1.5x",
    )
    pool.close()


EAGER = (
    "import sys, alembic, apscheduler.schedulers.blocking, cryptography.x509, fontTools.ttLib, holidays, httpx2, jinja2, msgspec, numpy; "
    "import pandas, pydantic, pyhanko.sign.signers, pypdf, rfc8785, scipy.stats, sqlmodel, stamina, weasyprint, yaml; "
    "import engine.cli; sys.argv = {arguments!r}; "
)
LAZY = "import sys, engine.cli; sys.argv = {arguments!r}; "
MAIN = "\ntry: engine.cli.main()\nexcept SystemExit: pass"


def command_line() -> None:
    known = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # as on a user's machine
    for name, arguments in (("--help", ["headroom", "--help"]), ("check", ["headroom", "check", "deals/meridian-2026-1.yaml"])):

        def started(head: str, words: list[str] = arguments) -> Work:
            code = head.format(arguments=words) + MAIN
            return lambda: subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=known, capture_output=True, check=True)

        line(f"headroom {name}", "with every library imported", ratio(started(LAZY), started(EAGER)), "floor 8x")


def main() -> None:
    print(f"{'what':<44} {'against':<42} {'ours':>12} {'other':>13} {'ratio':>9}")
    with tempfile.TemporaryDirectory() as folder:
        market(Path(folder) / "market")
        intervals()
        notices(Path(folder) / "desk")
    command_line()
    print(f"median of {REPEATS}, interleaved, {date.today()}, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
