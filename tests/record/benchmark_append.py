"""How much faster entries are added in bulk than one ORM object at a time; the rows are the same.

Run as `python -m tests.record.benchmark_append [events] [rounds]`; the floor for 1,000,000 events is 8 times.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from sqlmodel import Session

from engine.record.merkle import CompactRange, leaf_hash
from engine.record.store import LogEntry, Store

LOG = "deal/benchmark"
CHUNK = 10_000


def items(count: int) -> Iterable[tuple[str, bytes]]:
    """Keys and bodies of `count` small events."""
    for number in range(count):
        yield (
            f"tested|ltv|{number}|1",
            b'{"kind":"tested","payload":{"ratio":"0.%06d"},"subject":"ltv"}' % (number % 1_000_000),
        )


def in_bulk(store: Store, count: int) -> None:
    """As the engine does it: one transaction, a chunk for each statement."""
    with store.begin() as writer:
        chunk: list[tuple[str, bytes]] = []
        for item in items(count):
            chunk.append(item)
            if len(chunk) == CHUNK:
                writer.extend(LOG, chunk)
                chunk = []
        writer.extend(LOG, chunk)


def one_by_one(store: Store, count: int) -> None:
    """One object for each entry, added to a session; committed at the end."""
    tree = CompactRange()
    with Session(store._engine) as session:
        for seq, (key, body) in enumerate(items(count)):
            leaf = leaf_hash(body)
            peak = tree.append(leaf)
            hashes = {"leaf": leaf.hex(), "root": tree.root().hex(), "peak": peak.hex()}
            session.add(LogEntry(log=LOG, seq=seq, key=key, body=body.decode(), **hashes))
        session.commit()


def seconds(way: Callable[[Store, int], None], count: int) -> tuple[float, tuple[int, bytes]]:
    """The processor time of one way on an empty record, which other work on the machine does not blur, and
    its head.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "record.db")
        start = time.process_time()
        way(store, count)
        taken = time.process_time() - start
        head = store.head(LOG)
        store.close()
    return taken, head


def main(count: int = 1_000_000, rounds: int = 5) -> None:
    """Print the ratio of each round, interleaved, and their median."""
    ratios = []
    for _ in range(rounds):
        (slow, expected), (fast, head) = seconds(one_by_one, count), seconds(in_bulk, count)
        if head != expected:
            raise AssertionError("the two ways do not leave the same log")
        ratios.append(slow / fast)
        print(f"one by one {slow:.1f} s, in bulk {fast:.1f} s: {ratios[-1]:.1f}x", flush=True)
    print(f"{count:,} events: {statistics.median(ratios):.1f}x")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
