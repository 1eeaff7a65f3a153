"""Six kinds of generated market whose true median is known, and how often the intervals hold it:
`docs/method/coverage.json`.

`python -m tests.sellers.generated_markets` measures whole (about two minutes) and writes the table; a test
measures a part again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.basics.seller_subsets import seller_week
from engine.market.interval import exact_interval
from engine.record.canonical import canonical, sha256_hex

TABLE = Path(__file__).resolve().parents[2] / "docs" / "method" / "coverage.json"
TRUTH, SLACK = 2_000_000, 200
SELLERS = (6, 8, 12)
DRAWS = 1000

Draw = Callable[[random.Random], list[int]]


def markets() -> dict[str, Draw]:
    """Each kind is a way to draw one seller's listings, in millionths; the median of each is 2.00 by its
    symmetry.
    """

    def plain(
        chance: random.Random, size: int, spread: float, within: float, shift: float = 0.0
    ) -> list[int]:
        own = chance.gauss(shift, spread)
        return [round(2_000_000 * 2 ** (own + chance.gauss(0, within))) for _ in range(size)]

    return {
        "one price each": lambda c: [round(2_000_000 * 2 ** c.gauss(0, 0.3))] * c.randrange(1, 7),
        "alike in size": lambda c: plain(c, 4, 0.3, 0.02),
        "sizes far apart": lambda c: plain(c, c.choice([1, 1, 2, 3, 25]), 0.3, 0.02),
        "many prices each": lambda c: plain(c, c.randrange(1, 9), 0.15, 0.3),
        "two camps": lambda c: plain(c, c.randrange(1, 7), 0.1, 0.02, c.choice([-0.4, 0.4])),
        "long tail": lambda c: (
            [round(2_000_000 * 2 ** (0.3 * c.gauss(0, 1) / max(0.2, abs(c.gauss(0, 1)))))] * c.randrange(1, 5)
        ),
    }


def hits(kind: str, sellers: int, draws: int) -> dict[str, int]:
    """How many of the first draws each interval holds the truth in."""
    chance, draw = random.Random(f"{kind}{sellers}"), markets()[kind]
    found = {"listings": 0, "subsets": 0, "subsets_80": 0}
    for _ in range(draws):
        rows = [(f"s{n}", price) for n in range(sellers) for price in draw(chance)]
        week, own = seller_week(rows), exact_interval([Decimal(price).scaleb(-6) for _, price in rows])
        ends = {
            "listings": (own.low * 10**6, own.high * 10**6),
            "subsets": week.interval(),
            "subsets_80": week.interval(80),
        }
        for name, (low, high) in ends.items():
            found[name] += low <= TRUTH + SLACK and high >= TRUTH - SLACK
    return found


def measured(draws: int = DRAWS) -> dict[str, Any]:
    """The table as data, with its hash."""
    rows = [
        {"market": kind, "sellers": n, "hits": hits(kind, n, draws)} for kind in markets() for n in SELLERS
    ]
    data = {"truth": "2.00", "draws": draws, "data": "generated", "rows": rows}
    return {**data, "sha256": sha256_hex(canonical(data))}


def lines(data: dict[str, Any]) -> list[str]:
    """The table as the page shows it."""
    found = ["| market | sellers | listings, 95% | sellers, 95% | sellers, 80% |", "|---|---|---|---|---|"]
    for row in data["rows"]:
        shares = " | ".join(
            f"{row['hits'][name] / data['draws']:.3f}" for name in ("listings", "subsets", "subsets_80")
        )
        found.append(f"| {row['market']} | {row['sellers']} | {shares} |")
    return found


if __name__ == "__main__":
    whole = measured()
    TABLE.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print("\n".join(lines(whole)), whole["sha256"], sep="\n")
