"""`headroom compare`: two drafts, or every wording of a term, side by side on the same stated paths."""

from __future__ import annotations

from collections.abc import Sequence

from engine.basics.happenings import HAPPENING_WORDS, no_date, sooner_words
from engine.basics.values import counted
from engine.cli.output import print_json, say, shortened, table
from engine.foresight.answers import as_data
from engine.foresight.comparison import Comparison, whom_it_serves

SHOWN = 60
"""Lines of differences that are printed; all of them stand in `--json`."""


def show_comparisons(comparisons: Sequence[Comparison], as_json: bool) -> int:
    """Print what differs between the first draft and each other one."""
    if as_json:
        print_json(
            {
                "comparisons": [
                    {**as_data(comparison), "serves": dict(whom_it_serves(comparison))}
                    for comparison in comparisons
                ]
            }
        )
        return 0
    for comparison in comparisons:
        _show(comparison)
        if comparison is not comparisons[-1]:
            say()
    return 0


def _show(comparison: Comparison) -> None:
    differ = "differs" if len(comparison.terms) == 1 else "differ"
    say(
        f"{comparison.first} against {comparison.second}: {counted(len(comparison.terms), 'terms')} "
        f"{differ}, up to {comparison.until}"
    )
    if comparison.terms:
        rows = [
            (term.path, shortened(term.before, 44), shortened(term.after, 44), str(term.line))
            for term in comparison.terms[:SHOWN]
        ]
        say(table(("term", "first", "second", "line"), rows, right=(3,)))
    say()
    if comparison.differences:
        head = ("path", "what happens", "first", "second", "serves")
        rows5 = [
            (
                diff.path,
                f"{diff.subject} {HAPPENING_WORDS[diff.what]}",
                str(diff.before or no_date(diff.before_not_known, diff.what)),
                str(diff.after or no_date(diff.after_not_known, diff.what)),
                diff.serves or "-",
            )
            for diff in comparison.differences[:SHOWN]
        ]
        say(table(head, rows5))
        if len(comparison.differences) > SHOWN:
            say(f"and {len(comparison.differences) - SHOWN} more; see --json")
    for money in comparison.money:
        say(money.words())
    if comparison.same:
        say(f"Nothing differs on {', '.join(comparison.same)}.")
    if comparison.same_as_known:
        say(f"Nothing that is known differs on {', '.join(comparison.same_as_known)}.")
    for open_ in comparison.not_known:
        say(open_.words())
    for note in comparison.unpublished:
        say(f"NO VALUE: {note}")
    for trigger, names in comparison.sooner.items():
        say(f"AT LEAST: {sooner_words(trigger, names)}.")
    serves = whom_it_serves(comparison)
    # Differences of wording alone serve nobody, and then the sentence is left out.
    if any(serves.values()):
        says = f"for the lender {serves['lender']}, for the borrower {serves['borrower']}"
        say(
            f"Whom {comparison.second} serves: {says}. What protects the lender serves him where it comes "
            "earlier."
        )
