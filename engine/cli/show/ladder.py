"""`headroom ladder`: in which order limbs act as the rate falls, or rises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.basics.values import MINUS, counted
from engine.cli.output import print_json, say, table
from engine.foresight.ladder import (
    Ladder,
    Rung,
    after_cure_words,
    instead_words,
    inversion_words,
    left_out_words,
)
from engine.queries.foresight_questions import LadderAnswer
from engine.queries.foresight_reports import ladder_data

SHOWN_LATER = 6
"""How many later ladders of a draft are printed whole; `--json` has all."""
HEAD = ("limb", "acts", "at", "still to go", "%", "widths", "weeks of B", "on", "note")


def show_ladders(answers: Sequence[LadderAnswer], whole: bool, as_json: bool) -> int:
    """Print ladders; `whole` where every deal of a workspace was asked for."""
    if as_json:
        data = [
            {"deal": answer.deal, "file": answer.file or None, **ladder_data(answer.ladder)}
            for answer in answers
        ]
        # The form follows the question and not the number of deals that a workspace happens to have.
        print_json({"deals": data} if whole else data[0])
        return 0
    for answer in answers:
        ladder = answer.ladder
        if ladder.from_closing:
            say(f"{answer.deal}, as drafted: each rate held at its Closing Date level from {ladder.on}")
        else:
            rates = ", ".join(f"{index} {rate}" for index, rate in ladder.today.items())
            say(f"{answer.deal} on {ladder.on}, at {rates}; each rate all else unchanged")
        _show(ladder)
        _show_later(ladder)
        if answer is not answers[-1]:
            say()
    return 0


def _show(ladder: Ladder) -> None:
    say()
    say(table(HEAD, list(_rows(ladder.rungs)), right=(2, 3, 4, 5, 6)))
    say()
    for inversion in ladder.inversions:
        say(f"INVERTED: {inversion_words(inversion)}.{instead_words(inversion)}")
    if not ladder.inversions:
        at_once = " at once" if ladder.after_cure else ""
        say(f"Nothing is inverted: no graver limb acts{at_once} before a milder one.")
    for later in ladder.after_cure:
        say(f"UNLESS CURED: {after_cure_words(later)}.")
    if ladder.left_out:
        say(left_out_words(ladder.left_out))


def _show_later(ladder: Ladder) -> None:
    for later in ladder.later[:SHOWN_LATER]:
        say()
        say(f"From {later.on}: each rate held at its Closing Date level until then")
        _show(later)
    rest = ladder.later[SHOWN_LATER:]
    if rest:
        say()
        dates = counted(len(rest), "further dates")
        last = f"the last on {rest[-1].on}" if len(rest) > 1 else f"on {rest[-1].on}"
        say(f"Rungs change on {dates}, {last}. The answer in `--json` holds each ladder.")


def _rows(rungs: Sequence[Rung]) -> Iterator[tuple[str, ...]]:
    for rung in rungs:
        yield (
            rung.limb,
            rung.fails or "-",
            f"{rung.rate:.4f}" if rung.rate is not None else "-",
            signed(f"{rung.distance:.4f}") if rung.distance is not None else "-",
            signed(f"{float(rung.share * 100):.1f}") if rung.share is not None else "-",
            signed(f"{float(rung.widths):.2f}") if rung.widths is not None else "-",
            f"{rung.weeks:.1f}" if rung.weeks is not None else "-",
            rung.needs,
            rung.note,
        )


def signed(text: str) -> str:
    """Return a number with a true minus."""
    return text.replace("-", MINUS)
