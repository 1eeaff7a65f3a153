"""A Thursday of a large portfolio: what it costs, phase by phase, over deals that have a year behind them.

Run as `python -m tests.bench.portfolio_thursday [deals] [weeks]`: 1,000 deals of 52 weeks unless given. One
deal in twenty has ten tests. Two deals live through the weeks; the others get the same log under names of
their own, each entry with its own hashes. They also get the state that the last of these weeks left, as each
week's run keeps it.
"""

from __future__ import annotations

import contextlib
import io
import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from engine.assembly import notice_pages
from engine.audit.replay import Replay
from engine.basics.canonical_json import sha256_hex
from engine.basics.files import write_whole
from engine.basics.garbage_collection import spare_loaded_code
from engine.basics.processor_time import ProcessorTime
from engine.cli.output import ProgressLines
from engine.cli.show.keys import make_key, make_notice_key
from engine.cli.show.run import spent_words
from engine.operations.recent_past import recent_past
from engine.operations.run import Tools, run
from engine.operations.run_outcome import RunOutcome
from engine.operations.waiting_dates import begun
from engine.record.log import deal_log
from engine.record.merkle import leaf_hash
from engine.workspace.deal_files import adopted_path
from engine.workspace.workspace import KEPT, in_a_file_name
from reports.render.render_pool import RenderPool
from tests.bench.growth import QUICK, Desk, cpu, friday

PATTERNS = ("deal-00000", "deal-00001")
"""The deals that live through the weeks: one with four tests, and one with ten."""
LARGE_EVERY = 20
HASH = re.compile(rb'"[0-9a-f]{64}"')


def with_ten_tests(text: str) -> str:
    """Return a deal file with six further tests of loan to value, each with a limit of its own."""
    begin, end = text.index("  ltv:\n"), text.index("  cash-sweep:\n")
    ltv = text[begin:end]
    further = (
        ltv.replace("  ltv:", f"  ltv-{n}:")
        .replace("CA §7.02", f"CA §7.1{n}")
        .replace("65%", f"{66 + 4 * n}%")
        for n in range(6)
    )
    return text[:end] + "".join(further) + text[end:]


def pattern_of(n: int) -> str:
    """Return the deal that the n-th deal is like."""
    return PATTERNS[1] if n % LARGE_EVERY == 1 else PATTERNS[0]


class Renamed:
    """What one deal's record says, under another deal's name."""

    def __init__(self, old: str, new: str, files: dict[bytes, bytes]) -> None:
        """Begin with the hashes of files, each with the one that takes its place."""
        self._old, self._new, self._hashes = old, new, dict(files)

    def text(self, data: bytes) -> bytes:
        """Return text with the other name: hashes of files and of earlier entries become the other deal's."""
        return HASH.sub(self._other, data.replace(self._old.encode(), self._new.encode()))

    def log(self, rows: list[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        """Yield the entries of a log."""
        for key, body in rows:
            named = self.text(body)
            self._hashes[leaf_hash(body).hex().encode()] = leaf_hash(named).hex().encode()
            yield key.replace(self._old, self._new), named

    def _other(self, found: re.Match[bytes]) -> bytes:
        same = found.group()[1:-1]
        return b'"%s"' % self._hashes.get(same, same)


def generated(root: Path, deals: int, weeks: int) -> Desk:
    """Make a workspace of so many deals, each with so many weeks on record."""
    desk = Desk(root, len(PATTERNS))
    folder, store = root / "deals", desk.workspace.store
    large = folder / f"{PATTERNS[1]}.yaml"
    large.write_text(with_ten_tests(large.read_text(encoding="utf-8")), encoding="utf-8")
    desk.publish(1, weeks)
    desk.run(weeks)
    logs = {name: [(row.key, row.body) for row in store.entries(deal_log(name))] for name in PATTERNS}
    texts = {name: (folder / f"{name}.yaml").read_bytes() for name in PATTERNS}
    for n in range(len(PATTERNS), deals):
        old, new = pattern_of(n), f"deal-{n:05d}"
        text = texts[old].replace(old.encode(), new.encode())
        (folder / f"{new}.yaml").write_bytes(text)
        write_whole(adopted_path(desk.workspace, sha256_hex(text)), text)
        other = Renamed(old, new, {sha256_hex(texts[old]).encode(): sha256_hex(text).encode()})
        with store.begin() as writer:
            writer.extend(deal_log(new), other.log(logs[old]))
        kept_at(desk, new).write_bytes(other.text(kept_at(desk, old).read_bytes()))
        # A state that does not serve would be passed over, and a whole log would be measured instead.
        if recent_past(desk.workspace, deal_log(new), Tools.engine) is None:
            raise SystemExit(f"the kept state of {new} does not serve")
    return desk


def kept_at(desk: Desk, deal: str) -> Path:
    """Return where a deal's kept state lies."""
    return desk.workspace.root / KEPT / "states" / f"{in_a_file_name(deal_log(deal))}.json"


def with_keys(desk: Desk, week: int) -> Desk:
    """Make the keys that sign the workspace's logs and notices from a week on."""
    keys = desk.workspace.root / "keys"
    with contextlib.redirect_stdout(io.StringIO()):
        make_key("bench.example/log", keys / "log.key", cosigner=False, as_json=True)
        make_notice_key("Bench", keys / "notice.key", friday(week), as_json=True)
    return desk


def thursday(desk: Desk, week: int) -> tuple[RunOutcome, float]:
    """Run after one week more, every notice drawn and signed, on all processors; return what came of it, and
    seconds of the clock.
    """
    spent = ProcessorTime()
    pool, now = RenderPool(spent=spent), friday(week)
    means = Tools(desk.templates, pool, now, "bench", ProgressLines(), pages=notice_pages(), spent=spent)
    began = time.monotonic()
    outcome = run(desk.workspace, begun(now), means)
    pool.close()
    return outcome, time.monotonic() - began


def peak_mb() -> float:
    """Return the largest memory of this process, which evaluates, composes, signs and records."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def replayed(desk: Desk, deal: str) -> str:
    """Compute a made deal again, as `replay` does, and return what differs: the portfolio is one that the
    engine would have made.
    """
    for log in Replay(desk.workspace, desk.templates).run():
        if log.log == deal_log(deal):
            return f"replay of {log.log}: {log.events:,} events, {log.difference or 'nothing differs'}"
    raise SystemExit(f"{deal} has no log")


def main(deals: int = 1_000, weeks: int = 52) -> None:
    """Make the portfolio, run its next Thursday, run again with nothing to do, and print what each cost."""
    with tempfile.TemporaryDirectory(dir=QUICK if QUICK.is_dir() else None) as folder:
        desk = with_keys(generated(Path(folder) / "desk", deals, weeks), weeks)
        spare_loaded_code()
        desk.publish(weeks + 1, weeks + 1)
        outcome, wall = thursday(desk, weeks + 1)
        issued = sum(len(deal.notices) for deal in outcome.deals)
        stopped = [deal.deal for deal in outcome.deals if deal.reason or deal.not_issued]
        print(
            f"{deals:,} deals of {weeks} weeks: {issued:,} notices, {len(stopped)} deals stopped, "
            f"{wall:,.0f} s of the clock"
        )
        print(spent_words(outcome.processor_seconds))
        print(f"peak memory {peak_mb():,.0f} MB in the process that records")
        settled = outcome.settled
        if settled is None:
            raise SystemExit("the run is not settled: something is due after it")
        print(
            "a tick with nothing to do: "
            f"{cpu(lambda: settled.holds(desk.workspace, friday(weeks + 1))):.3f} s of processor"
        )
        if deals <= 20:
            print(replayed(desk, f"deal-{deals - 1:05d}"))


if __name__ == "__main__":
    main(*(int(size) for size in sys.argv[1:]))
