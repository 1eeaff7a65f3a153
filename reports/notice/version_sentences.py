"""What the other methodology versions give on the same listings (`rulings.md` 1).

The sentences also say which results these values would turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.events.results import TestResult, Verdict
from reports.formats import NONE, listed, price
from reports.notice.view import Brief


def other_values(value: Mapping[str, Any]) -> str:
    """Return `1.1.0: 1.6021; 1.1-wp: no value`; the absence if none is known."""
    given = value.get("other_versions") or {}
    return (
        "; ".join(
            f"{version}: {price(one) if one is not None else 'no value'}" for version, one in given.items()
        )
        or NONE
    )


def turned_results(brief: Brief, name: str, value: Mapping[str, Any]) -> list[str]:
    """Return for each other version the results of the date that its value would turn.

    All else stays unchanged. A version that turns no result has no sentence.
    """
    said = []
    for version, one in (value.get("other_versions") or {}).items():
        turned = list(_turned(brief, name, None if one is None else Decimal(str(one))))
        if turned:
            shown = price(one) if one is not None else "no value"
            said.append(
                f"Under {version} ({shown}), all else unchanged: {listed(turned)}. That decides nothing."
            )
    return said


def _turned(brief: Brief, name: str, other: Decimal | None) -> Iterator[str]:
    for line in brief.lines:
        result = line.result
        if result is None or result.verdict not in (Verdict.PASS, Verdict.FAIL):
            continue
        verdict = _verdict(result, name, other)
        if verdict is not None and verdict is not result.verdict:
            yield f"{line.title} {verdict.value}"


def _verdict(result: TestResult, name: str, other: Decimal | None) -> Verdict | None:
    """Return the verdict at another value of the index; None if its Break-even Rate does not tell."""
    even = next((one for one in result.break_even if one.index == name), None)
    if even is None or even.rate is None or even.fails is None or other is None:
        return None
    level, at = Fraction(even.rate.value), Fraction(other)
    fails = at < level if even.fails == "below" else at > level
    return Verdict.FAIL if fails else Verdict.PASS
