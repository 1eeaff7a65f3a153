"""`headroom ladder`: in which order limbs act as the rate falls, or rises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.values import MINUS
from engine.cli.output import print_json, say, table
from engine.cli.show.deals import Templates, loaded
from engine.cli.show.intake import find_deal
from engine.foresight.answers import as_data
from engine.foresight.facts_by_date import FactsByDate
from engine.foresight.ladder import Ladder, Rung, inversion_words, ladder_at_closing, left_out_words
from engine.queries.recorded_ladder import recorded_ladder
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace

HEAD = ("limb", "acts", "at", "still to go", "%", "widths", "weeks of B", "on", "note")


def ladder_of_file(path: Path, given: FactsByDate, templates: Templates, as_json: bool) -> int:
    """The ladder of a draft at closing."""
    deal = loaded(path, templates)
    found = ladder_at_closing(deal, templates, given)
    if as_json:
        print_json({"deal": deal.name, "file": str(path), **_data(found)})
        return 0
    say(f"{deal.name}, as drafted in {path.name}: each rate held at its Closing Date level from {found.on}")
    _show(found)
    return 0


def ladders_of_record(workspace: Workspace, name: str | None, on: date | None, templates: Templates, as_json: bool) -> int:
    """The ladder of a recorded deal on a date; of every deal where none is named."""
    names = [name] if name is not None else sorted(log.removeprefix("deal/") for log in workspace.store.logs() if log.startswith("deal/"))
    if not names:
        raise WrongUsage(f"there is no recorded deal in {workspace.root}; name a deal file, or run one first")
    shown = []
    for one in names:
        deal = find_deal(workspace, one, templates)
        found = recorded_ladder(deal, read(workspace.store, deal_log(deal.name)), templates, on)
        shown.append({"deal": deal.name, **_data(found)})
        if not as_json:
            rates = ", ".join(f"{index} {rate}" for index, rate in found.today.items())
            say(f"{deal.name} on {found.on}, at {rates}; each rate all else unchanged")
            _show(found)
            if one != names[-1]:
                say()
    if as_json:
        print_json(shown[0] if name is not None else {"deals": shown})
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
