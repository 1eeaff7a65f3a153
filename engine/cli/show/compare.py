"""`headroom compare`: two drafts, or every wording of a term, side by side on the same stated paths."""

from __future__ import annotations

from collections.abc import Sequence

from engine.basics.values import counted
from engine.cli.output import print_json, say, shortened, table
from engine.foresight.answers import as_data
from engine.foresight.comparison import Comparison, whom_it_serves

SHOWN = 60
"""Lines of differences that are printed; all of them stand in `--json`."""


def show_comparisons(found: Sequence[Comparison], as_json: bool) -> int:
    """Print what differs between the first draft and each other one."""
    if as_json:
        print_json({"comparisons": [{**as_data(one), "serves": dict(whom_it_serves(one))} for one in found]})
        return 0
    for one in found:
        _show(one)
        if one is not found[-1]:
            say()
    return 0


def _show(one: Comparison) -> None:
    differ = "differs" if len(one.terms) == 1 else "differ"
    say(f"{one.first} against {one.second}: {counted(len(one.terms), 'terms')} {differ}, up to {one.until}")
    if one.terms:
        rows = [(term.path, shortened(term.before, 44), shortened(term.after, 44), str(term.line)) for term in one.terms[:SHOWN]]
        say(table(("term", "first", "second", "line"), rows, right=(3,)))
    say()
    if one.differences:
        head = ("path", "what happens", "first", "second", "serves")
        rows5 = [
            (diff.path, f"{diff.subject} {diff.what}", str(diff.before or "never"), str(diff.after or "never"), diff.serves or "-")
            for diff in one.differences[:SHOWN]
        ]
        say(table(head, rows5))
        if len(one.differences) > SHOWN:
            say(f"and {len(one.differences) - SHOWN} more; see --json")
    for money in one.money:
        say(f"On {money.path} {money.clause} sweeps USD {float(money.before):,.2f}, then USD {float(money.after):,.2f}.")
    if one.same:
        say(f"Nothing differs on {', '.join(one.same)}.")
    serves = whom_it_serves(one)
    if any(serves.values()):
        says = f"for the lender {serves['lender']}, for the borrower {serves['borrower']}"
        say(f"Whom {one.second} serves: {says}. What protects the lender serves him where it comes earlier.")
