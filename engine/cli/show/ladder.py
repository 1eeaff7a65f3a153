"""`headroom ladder`: in which order limbs act as the rate falls, or rises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.basics.values import MINUS
from engine.cli.output import print_json, say, table
from engine.foresight.answers import as_data
from engine.foresight.ladder import Ladder, Rung, inversion_words, left_out_words
from engine.queries.foresight_questions import LadderAnswer

HEAD = ("limb", "acts", "at", "still to go", "%", "widths", "weeks of B", "on", "note")


def show_ladders(found: Sequence[LadderAnswer], whole: bool, as_json: bool) -> int:
    """Print ladders; `whole` where every deal of a workspace was asked for."""
    if as_json:
        data = [{"deal": one.deal, "file": one.file or None, **_data(one.ladder)} for one in found]
        print_json({"deals": data} if whole else data[0])
        return 0
    for one in found:
        ladder = one.ladder
        if ladder.from_closing:
            say(f"{one.deal}, as drafted: each rate held at its Closing Date level from {ladder.on}")
        else:
            rates = ", ".join(f"{index} {rate}" for index, rate in ladder.today.items())
            say(f"{one.deal} on {ladder.on}, at {rates}; each rate all else unchanged")
        _show(ladder)
        if one is not found[-1]:
            say()
    return 0


def _show(found: Ladder) -> None:
    say()
    say(table(HEAD, list(_rows(found.rungs)), right=(2, 3, 4, 5, 6)))
    say()
    for one in found.inversions:
        say(f"INVERTED: {inversion_words(one)}.")
    if not found.inversions:
        say("Nothing is inverted: no graver limb acts before a milder one.")
    if found.left_out:
        say(left_out_words(found.left_out))


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
    """A number with a true minus."""
    return text.replace("-", MINUS)


def _data(found: Ladder) -> dict[str, object]:
    return {
        "on": str(found.on),
        "from_closing": found.from_closing,
        "today": as_data(found.today),
        "intervals": as_data(found.intervals),
        "rungs": as_data(found.rungs),
        "inversions": [
            {"graver": one.graver.limb, "milder": one.milder.limb, "by": as_data(one.by), "words": inversion_words(one)}
            for one in found.inversions
        ],
        "left_out": as_data(found.left_out),
    }
