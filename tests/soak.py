"""`make soak` runs every family of heavy tests at its full count, and writes a row for each part of a family.

The rows stand in docs/soak.md. `python -m tests.soak` runs all families.
`python -m tests.soak thresholds seeds` runs the two that are named, and so does
`HEADROOM_FAMILIES="thresholds seeds" make soak`. `--list` names them. `--rest` leaves out each part that
passed on the present code. A row is written as soon as its part ends, so that Ctrl-C loses the part in hand
alone.

`HEADROOM_SEEDS` sets how many seeded histories are lived, and `HEADROOM_FUZZ_SECONDS` how long each reader is
tried. The row states the count that was run. `HEADROOM_PROCESSES` sets how many tests run at once: two,
unless it is set.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "soak.md"
MEMORY = Path("/dev/shm")
SEEDS = int(os.environ.get("HEADROOM_SEEDS", "10000"))
PROCESSES = os.environ.get("HEADROOM_PROCESSES", "2")
FUZZ_SECONDS = int(os.environ.get("HEADROOM_FUZZ_SECONDS", "600"))
SEEDS_OF_A_PART, READERS_OF_A_PART, CHUNKS_OF_A_PART = 500, 4, 25
UNCHANGED = ("diff", "--quiet")
ELSEWHERE = (".", ":!docs", ":!*.md")
"""What of the repository decides a result: the pages alone do not."""
ROW = re.compile(r"^\| (?P<part>[^|]+) \| (?P<count>[^|]*) \| (?P<commit>[^|]*) \| (?P<when>[^|]*) \|")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a family, which pytest runs at once: its name, its count, its tests and their settings."""

    name: str
    count: str
    selection: str
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a part: its count, on which commit, when, how long, and what failed."""

    part: str
    count: str
    commit: str
    when: str
    duration: str
    failures: str

    @property
    def line(self) -> str:
        """The row as the page has it."""
        cells = (self.part, self.count, self.commit, self.when, self.duration, self.failures)
        return "| " + " | ".join(one.replace("|", "/").replace("\n", " ") for one in cells) + " |"


def families(seeds: int = SEEDS, seconds: int = FUZZ_SECONDS) -> dict[str, tuple[Part, ...]]:
    """Return the families by name, each with its parts in the order in which they are run."""
    return {
        **{name: (Part(*part),) for name, *part in WHOLE},
        "columns": _columns(),
        "fuzz": _fuzz(seconds),
        "seeds": _seeds(seeds),
    }


WHOLE = (
    (
        "thresholds",
        "threshold cases against rationals, four covenants",
        "100,000 each",
        "tests/covenants/test_templates.py",
    ),
    (
        "thresholds-abs",
        "threshold cases against rationals, ABS tests",
        "20,000 each",
        "tests/covenants/test_abs_templates.py",
    ),
    (
        "thresholds-reported",
        "threshold cases against rationals, reported figures",
        "100,000",
        "tests/covenants/test_reported_figure_thresholds.py",
    ),
    (
        "thresholds-further",
        "threshold cases against rationals, amounts, curves, cures",
        "100,000 each",
        "tests/covenants/test_further_thresholds.py",
    ),
    ("deal-files", "bad deal files, each at its place", "all", "tests/terms"),
    (
        "record",
        "log attacks, append-only statements, Merkle to n = 130",
        "all",
        "tests/record --deselect tests/record/test_power_loss.py",
    ),
    ("power-loss", "power-loss images", "5,000", "tests/record/test_power_loss.py"),
    (
        "notices",
        "mutations of a signed notice",
        "1,000",
        "tests/notices/test_notice_signature.py tests/notices/test_notice_bounds.py "
        "tests/notices/test_verify_notice.py",
    ),
    (
        "both-verifiers",
        "mutants before both verifiers",
        "1,000",
        "tests/notices/test_second_verifier.py",
    ),
    ("false-pages", "false pages, signed anew", "1,000", "tests/notices/test_false_pages.py"),
    (
        "manipulation",
        "one day's manipulation against brute force",
        "20,000",
        "tests/market/test_manipulation.py",
    ),
    (
        "second-computation",
        "the published series of nine models computed a second way",
        "all windows",
        "tests/market/test_second_computation.py",
    ),
    (
        "kills",
        "SIGKILLs over two processes",
        "500",
        "tests/operations/test_exactly_once.py -k killed",
    ),
    (
        "workers",
        "workers of a cluster killed while they draw",
        "100",
        "tests/reports/test_dask_pool.py -k killed",
    ),
    (
        "mail-crashes",
        "crashes around the message of a delivery",
        "500",
        "tests/delivery/test_crashes.py",
    ),
    ("mail-kills", "SIGKILLs around the message of a delivery", "300", "tests/delivery/test_kills.py"),
    (
        "write-errors",
        "an I/O error at every write of a run",
        "all",
        "tests/operations/test_exactly_once.py -k every_write",
    ),
    (
        "wheel",
        "a built wheel in an empty environment runs the demonstration",
        "whole",
        "tests/tools/test_wheel.py",
    ),
    (
        "columns-slow",
        "many more paths by the arrays and by the engine's own steps, 200 of each deal",
        "50 deals",
        "tests/foresight/test_columns.py -k many_more",
    ),
    (
        "intervals",
        "intervals of the rate model hold 93% to 97% of what comes",
        "300 series",
        "tests/foresight/test_rate_model.py -k intervals",
    ),
    (
        "desk",
        "requests to the desk, after which it holds no more",
        "10,000",
        "tests/web/test_endurance.py -k grow",
    ),
    (
        "late-keying",
        "histories keyed late equal those keyed in time",
        "500",
        "tests/evaluation/test_late_entry.py",
    ),
)


def _fuzz(seconds: int) -> tuple[Part, ...]:
    """Return the readers, some at a time: each goes on until a count or a time is reached."""
    from tests.fuzz.readers import readers

    names = tuple(readers())
    few = [names[at : at + READERS_OF_A_PART] for at in range(0, len(names), READERS_OF_A_PART)]
    count = f"200,000 or {seconds:,} s of the processor each"
    return tuple(
        Part(
            f"readers against files that nobody would write: {', '.join(some)}",
            count,
            "tests/fuzz -k 200_000",
            {"HEADROOM_READERS": ",".join(some), "HEADROOM_FUZZ_SECONDS": str(seconds)},
        )
        for some in few
    )


def _columns() -> tuple[Part, ...]:
    """Return the random deals that columns and the exact engine live alike, some chunks at a time.

    Each chunk of random deals has 100 pairs of a deal and a path, and each chunk of odd deals has 20.
    """
    each = CHUNKS_OF_A_PART
    random = [
        _some_deals("random", "test_columns.py -k random", "HEADROOM_CHUNKS", at, 100)
        for at in range(0, 1000, each)
    ]
    odd = [
        _some_deals("odd", "test_odd_deals.py", "HEADROOM_ODD_CHUNKS", at, 20) for at in range(0, 500, each)
    ]
    return (*random, *odd)


def _some_deals(kind: str, selection: str, setting: str, first: int, pairs: int) -> Part:
    """Return one part of the random or the odd deals, from a chunk on."""
    last = first + CHUNKS_OF_A_PART - 1
    return Part(
        f"{kind} deals x paths in columns, equal to the exact engine, chunks {first} to {last}",
        f"{CHUNKS_OF_A_PART * pairs:,}",
        f"tests/foresight/{selection}",
        {setting: f"{first}-{last}"},
    )


def _seeds(count: int) -> tuple[Part, ...]:
    """Return the seeded histories, some hundreds at a time."""
    firsts = range(0, count, SEEDS_OF_A_PART)
    return tuple(_some_seeds(first, min(first + SEEDS_OF_A_PART, count)) for first in firsts)


def _some_seeds(first: int, end: int) -> Part:
    """Return one part of the seeded histories, from a seed up to the one before another."""
    return Part(
        f"seeded histories, seeds {first:,} to {end - 1:,}",
        f"{end - first:,}",
        "tests/audit/test_seeded_histories.py -k seeded",
        {"HEADROOM_SEED_RANGE": f"{first}-{end - 1}"},
    )


def main(arguments: Sequence[str]) -> int:
    """Return 0 after the named families, or all, were run; 1 if a part failed, 130 on Ctrl-C.

    A row is written after each part.
    """
    known = families()
    if "--list" in arguments:
        for name, parts in known.items():
            print(f"{name}: {parts[0].name if len(parts) == 1 else f'{len(parts)} parts'}")
        return 0
    wanted = [one for one in arguments if one != "--rest"] or os.environ.get("HEADROOM_FAMILIES", "").split()
    unknown = [one for one in wanted if one not in known]
    if unknown:
        print(f"no such family: {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    order = [part.name for parts in known.values() for part in parts]
    parts = [part for name in wanted or known for part in known[name]]
    if "--rest" in arguments:
        done = {row.part for row in rows_of(_page()) if row.failures == "none" and _same_code(row.commit)}
        parts = [part for part in parts if part.name not in done]
    try:
        failed = [part.name for part in parts if not _done(part, order)]
    except KeyboardInterrupt:
        print(
            f"\nstopped; the parts that ended are in {PAGE.relative_to(REPOSITORY)}, --rest runs the others"
        )
        return 130
    return 1 if failed else 0


def _done(part: Part, order: Sequence[str]) -> bool:
    """Run a part, write its row, and return whether all of it passed."""
    print(f"{part.name} ({part.count}) ...", flush=True)
    commit, began, at = _commit(), time.monotonic(), datetime.now(UTC)
    done = _run(part)
    took = time.monotonic() - began
    failures = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    said = "none" if done.returncode == 0 else "; ".join(failures) or f"exit code {done.returncode}"
    row = Row(part.name, part.count, commit, f"{at:%Y-%m-%d %H:%M} UTC", f"{took:,.0f} s", said)
    written = page([*(one for one in rows_of(_page()) if one.part != part.name), row], order)
    beside = PAGE.with_suffix(".partial")
    beside.write_text(written, encoding="utf-8")
    beside.replace(PAGE)
    print(f"  {row.duration}, failures: {said}", flush=True)
    return done.returncode == 0


def rows_of(text: str) -> Iterator[Row]:
    """Yield the rows that a page has."""
    for line in text.splitlines():
        cells = [one.strip() for one in line.strip().strip("|").split(" | ")]
        if ROW.match(line) and len(cells) == len(COLUMNS) and tuple(cells) != COLUMNS:
            yield Row(*cells)


COLUMNS = ("part", "count", "commit", "begun", "duration", "failures")


def page(rows: Iterable[Row], order: Sequence[str]) -> str:
    """Return the page of the rows, in the order of the families; parts that no longer run come last."""
    placed = sorted(rows, key=lambda row: order.index(row.part) if row.part in order else len(order))
    head = (
        "# What the soak last ran\n\n`make soak` runs each family of heavy tests at its full count, and "
        "writes a row as soon as a part of a\nfamily ends. `HEADROOM_FAMILIES` names the families to run, "
        "`HEADROOM_SEEDS` sets the seeded histories.\nEach row stands for itself: it names the commit on "
        "which its part ran, and what was not run has no row.\n"
    )
    table = (f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|", *(row.line for row in placed))
    return f"{head}\n" + "\n".join(table) + "\n"


def _page() -> str:
    return PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=REPOSITORY, check=False)


def _commit() -> str:
    """Return the commit that is run, and that the code was changed beside it where it was."""
    name = _git("rev-parse", "--short", "HEAD").stdout.strip()
    return name if not _git(*UNCHANGED, "HEAD", "--", *ELSEWHERE).returncode else f"{name}, changed"


def _same_code(commit: str) -> bool:
    """Return whether the code of a commit is the one at hand, whatever its pages say."""
    return " " not in commit and not _git(*UNCHANGED, commit, "--", *ELSEWHERE).returncode


def _run(part: Part) -> subprocess.CompletedProcess[str]:
    """Return what a part said, on as many processes as are asked for.

    Seeded histories run in memory, because they test order and not the disk.
    """
    quick = MEMORY if MEMORY.is_dir() and "seeded" in part.selection else None
    environment = {**os.environ, "HEADROOM_SOAK": "1", **part.settings}
    command = [sys.executable, "-m", "pytest", "-q", "-n", PROCESSES, *part.selection.split()]
    with tempfile.TemporaryDirectory(dir=quick) as folder:
        return subprocess.run(
            [*command, f"--basetemp={folder}/tests"],
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            env=environment,
            check=False,
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
