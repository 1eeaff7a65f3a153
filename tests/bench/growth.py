"""How the cost of whole jobs grows: CPU time and memory of each in a process of its own, at several sizes,
with exponents.

`make bench` writes the table into docs/performance.md. A size is not timed against a limit: a ratio to the
last table tells of a change.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
FIRST = date(2026, 1, 8)
ROWS = "publication_date,value,low_confidence,observations,methodology_version\n"
QUICK = Path("/dev/shm")
"""Where there is a disk in memory, jobs work there: processors are measured, not the disk."""


def weeks(count: int) -> date:
    """The Thursday after so many weeks."""
    return FIRST + timedelta(weeks=count - 1)


def friday(count: int) -> datetime:
    """When that Thursday is run."""
    day = weeks(count) + timedelta(days=1)
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


class Desk:
    """A workspace of deals that read the administrator's series, without layout: a notice is a line of text."""

    def __init__(self, root: Path, deals: int) -> None:
        from covenants import templates
        from engine.workspace.workspace import create, opened

        create(root, "Example Agent")
        text = (REPOSITORY / "deals" / "meridian-2026-1.yaml").read_text(encoding="utf-8")
        text = text.replace(
            "source: computed by the calculation agent", "source: published by the administrator"
        )
        text = text.replace(
            "methodology: {policy: pinned, version: 1.1-wp}", "methodology: {policy: current}"
        )
        for n in range(deals):
            named = text.replace("deal: meridian-2026-1", f"deal: deal-{n:05d}")
            (root / "deals" / f"deal-{n:05d}.yaml").write_text(named, encoding="utf-8")
        self.templates, self.workspace = templates(), opened(root)

    def publish(self, since: int, upto: int) -> None:
        """The values of the weeks from one number to another."""
        from engine.cli.show.series import import_series
        from engine.record.log import Scribe

        path = self.workspace.root / "rows.csv"
        lines = (
            f"{weeks(n)},{2 + 0.15 * ((n * 7919) % 13 - 6) / 6:.4f},false,40,1.1.1\n"
            for n in range(since, upto + 1)
        )
        path.write_text(ROWS + "".join(lines), encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()):
            import_series(
                self.workspace, "CRI-H100", [path], Scribe("bench", "bench", friday(upto)), as_json=True
            )

    def run(self, count: int, render: Any = None) -> Any:
        """The run after so many weeks."""
        from engine.operations.run import Tools, run
        from engine.operations.waiting_dates import begun
        from tests.operations.test_run import paper

        now = friday(count)
        return run(
            self.workspace, begun(now), Tools(self.templates, render or paper, now, "bench", lambda _: None)
        )


def cpu(work: Callable[[], object]) -> float:
    """Seconds of processor that some work takes in this process and those that it starts and ends."""

    def spent() -> float:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used)

    before = spent()
    work()
    return spent() - before


def intake(root: Path, size: int) -> float:
    """One week's reports of so many deals, from a folder."""
    from engine.demo import plan
    from engine.operations.intake import Intake
    from engine.record.log import Scribe

    desk, folder = Desk(root / "desk", size), root / "reports"
    folder.mkdir()
    report = next(one for one in plan.reports(plan.THURSDAYS[0]) if one.name.startswith("meridian"))
    for n in range(size):
        (folder / f"{n:05d}.yaml").write_text(
            report.text.replace("meridian-2026-1", f"deal-{n:05d}"), encoding="utf-8"
        )
    taking = Intake(
        desk.workspace, desk.templates, Scribe("bench", "bench", datetime(2026, 1, 8, 20, tzinfo=UTC))
    )
    return cpu(lambda: list(taking.take_all([folder], report.received)))


def late_thursday(root: Path, size: int) -> float:
    """The Thursday of a week, in the process that has run each week before it."""
    desk = Desk(root / "desk", 1)
    for n in range(1, size):
        desk.publish(n, n)
        desk.run(n)
    desk.publish(size, size)
    return cpu(lambda: desk.run(size))


def cold_thursday(root: Path, size: int) -> float:
    """The same in a process that has read nothing yet."""
    desk = Desk(root / "desk", 1)
    desk.publish(1, size - 1)
    desk.run(size - 1)
    desk.publish(size, size)
    from engine.operations import deal_history
    from engine.workspace import series

    deal_history._KEPT.clear()
    series._READ.clear()
    return cpu(lambda: desk.run(size))


def catch_up(root: Path, size: int) -> float:
    """One deal, so many weeks at once."""
    desk = Desk(root / "desk", 1)
    desk.publish(1, size)
    return cpu(lambda: desk.run(size))


def catch_up_of_ten(root: Path, size: int) -> float:
    """Ten deals, so many weeks at once."""
    desk = Desk(root / "desk", 10)
    desk.publish(1, size)
    return cpu(lambda: desk.run(size))


def a_week(root: Path, size: int) -> float:
    """The first Thursday of so many deals."""
    desk = Desk(root / "desk", size)
    desk.publish(1, 1)
    return cpu(lambda: desk.run(1))


def a_week_with_layout(root: Path, size: int) -> float:
    """The same with every notice rendered, on all processors."""
    from reports.render.render_pool import RenderPool

    desk, pool = Desk(root / "desk", size), RenderPool()
    desk.publish(1, 1)

    def whole() -> None:
        desk.run(1, pool)
        pool.close()  # what its processes used is counted once they have ended

    return cpu(whole)


def nothing_due(root: Path, size: int) -> float:
    """A tick of `serve` with nothing to do, over so many deals."""
    desk = Desk(root / "desk", size)
    desk.publish(1, 1)
    left = desk.run(1).settled
    assert left is not None
    return cpu(lambda: left.holds(desk.workspace, friday(1)))


def replay(root: Path, size: int) -> float:
    """The whole record of one deal and so many weeks, computed again."""
    from engine.audit.replay import Replay

    desk = Desk(root / "desk", 1)
    desk.publish(1, size)
    desk.run(size)
    return cpu(lambda: list(Replay(desk.workspace, desk.templates).run()))


def entries(root: Path, size: int) -> float:
    """So many events added to one log in bulk."""
    from engine.record.store import Store
    from tests.record.benchmark_append import in_bulk

    store = Store.open(root / "record.sqlite")
    return cpu(lambda: in_bulk(store, size))


JOBS: dict[str, tuple[Callable[[Path, int], float], str, tuple[int, ...]]] = {
    "intake of a week's reports": (intake, "reports", (75, 150, 300)),
    "Nth Thursday of a deal, one process": (late_thursday, "weeks", (13, 52, 130, 260)),
    "Nth Thursday of a deal, nothing read yet": (cold_thursday, "weeks", (13, 52, 130, 260)),
    "catch-up of one deal": (catch_up, "weeks", (26, 52, 104, 208)),
    "catch-up of ten deals": (catch_up_of_ten, "weeks", (26, 208)),
    "run of N deals, no layout": (a_week, "deals", (25, 100, 400)),
    "run of N deals, layout and all": (a_week_with_layout, "deals", (6, 24)),
    "tick with nothing to do": (nothing_due, "deals", (25, 100, 300)),
    "replay of one deal": (replay, "weeks", (26, 104)),
    "events added in bulk": (entries, "events", (10_000, 100_000, 1_000_000)),
}


def measure(name: str, size: int) -> dict[str, float]:
    """CPU seconds and peak memory in MB of one job at one size, measured in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.growth", name, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    if done.returncode:
        raise SystemExit(f"{name}, {size}: {done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """How cost grows from the first size to the last: 1 is linear, 2 quadratic, 0 flat."""
    if len(sizes) < 2:
        return math.nan
    return math.log(max(seconds[-1], 1e-4) / max(seconds[0], 1e-4)) / math.log(sizes[-1] / sizes[0])


def table() -> Iterator[str]:
    """The growth table as Markdown."""
    yield "| job | size | CPU s | last over first | peak memory MB | exponent |"
    yield "|---|---|---|---|---|---|"
    for name, (_, unit, sizes) in JOBS.items():
        found = [measure(name, size) for size in sizes]
        seconds = [one["cpu"] for one in found]
        cells = [
            f"{', '.join(f'{size:,}' for size in sizes)} {unit}",
            ", ".join(f"{one:.2f}" for one in seconds),
            f"{seconds[-1] / max(seconds[0], 1e-4):.1f}",
        ]
        cells += [", ".join(f"{one['mb']:.0f}" for one in found), f"{exponent(sizes, seconds):.1f}"]
        row = f"| {name} | {' | '.join(cells)} |"
        print(row, flush=True)
        yield row


BEGIN, END = "<!-- growth: begin -->", "<!-- growth: end -->"


def written() -> None:
    """Measure, print, and put the table into docs/performance.md with its commit and machine."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=REPOSITORY, check=True
    ).stdout.strip()
    machine = f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
    rows = "\n".join(table())
    path = REPOSITORY / "docs" / "performance.md"
    said = f"{BEGIN}\nCommit {commit}, {datetime.now(UTC):%Y-%m-%d}; {machine}.\n\n{rows}\n{END}"
    path.write_text(
        re.sub(f"{BEGIN}.*{END}", lambda _: said, path.read_text(encoding="utf-8"), flags=re.DOTALL),
        encoding="utf-8",
    )


def own_peak() -> float:
    """Return the most memory that this process has held, in megabytes.

    Not as `getrusage` says it: there a process begins with what its parent held when it was started.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def main() -> None:
    """One job at one size, for `measure`."""
    from engine.basics.garbage_collection import spare_loaded_code
    from engine.market import interval as interval  # what a run loads late is loaded before the clock is read

    work, size = JOBS[sys.argv[1]][0], int(sys.argv[2])
    spare_loaded_code()
    with tempfile.TemporaryDirectory(dir=QUICK if QUICK.is_dir() else None) as folder:
        started = time.monotonic()
        seconds = work(Path(folder), size)
        peak = max(own_peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    print(json.dumps({"cpu": seconds, "mb": peak, "wall": time.monotonic() - started}))


if __name__ == "__main__":
    main()
