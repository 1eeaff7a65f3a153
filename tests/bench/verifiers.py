"""Two checkouts verify a notice by turns: `python -m tests.bench.verifiers OLD NEW` prints what each step
costs in each.

Each checkout has a process of its own, makes the workspace of `make bench`, and verifies its last notice 15
times. The turns alternate, one verification at a time, so that both see the same machine. What is counted is
the processor's time within the process, the least of all turns.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.bench.renderers import started

ROUNDS = 15
VERIFIER = """
import json, sys, tempfile, time
from pathlib import Path
from covenants import templates
from engine.notices import verify_notice
from reports.notice.evidence_view import NoticePages
from tests.bench.__main__ import Desk

with tempfile.TemporaryDirectory() as folder:
    data, policy = Desk(Path(folder) / "desk").signed()
known = templates()

def verified():
    notice, spent = verify_notice._Notice(data, policy, known, pages=NoticePages()), {}
    for name, check in verify_notice.STEPS:
        started = time.process_time()
        check(notice)
        spent[name] = time.process_time() - started
    return spent

verified()
print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(verified()), flush=True)
"""


def main(checkouts: list[Path]) -> None:
    """Print the least milliseconds of each step in both, and how many times faster the second is."""
    verifiers = [started(checkout, VERIFIER) for checkout in checkouts]
    turns: list[list[dict[str, float]]] = [[], []]
    for _ in range(ROUNDS):
        for side, (asked, told) in enumerate(verifiers):
            asked.write("again\n")
            asked.flush()
            turns[side].append(json.loads(told.readline()))
    for name in turns[1][0]:
        _line(name, [min(spent.get(name, 0.0) for spent in side) for side in turns])
    _line("whole", [min(sum(spent.values()) for spent in side) for side in turns])
    for asked, _ in verifiers:
        asked.close()


def _line(what: str, seconds: list[float]) -> None:
    old, new = seconds
    print(f"{what:<14} {old * 1000:8.1f} ms {new * 1000:8.1f} ms {old / new:6.2f}x")


if __name__ == "__main__":
    main([Path(name).resolve() for name in sys.argv[1:3]])
