"""The ladder of a foresight report: its rungs, and what its column of weeks says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import date
from typing import Any

from engine.basics.happenings import uncured_before_words
from engine.basics.values import counted, listed
from reports.drawing import lanes
from reports.formats import long_date, short_date

Value = Mapping[str, Any]
"""The JSON of one answer."""
ON_NO_PATH, DASH = "on no path", "–"


Title = Callable[[str], str]
MOST_DATES = 4
"""How many later ladders stand in the table of page 1."""


def levels_of(
    ladder: Value | None,
    index: str,
    title: Title,
    kinds_left_out: Sequence[str] = (),
    alike: bool = False,
) -> list[lanes.Level]:
    """Return the rates below which the tests of an index fail, over time.

    Args:
        ladder: the answer of `ladder`.
        index: the index whose rates are drawn.
        title: what a test or a trigger is called.
        kinds_left_out: the kinds of limb that are not drawn.
        alike: whether every index moves as the drawn one does, which is the first one.
    """
    if ladder is None:
        return []
    steps: dict[str, list[lanes.Step]] = {}
    for number, one in enumerate((ladder, *ladder["later"])):
        day = date.fromisoformat(str(one["on"]))
        drawn = [rung for rung in one["rungs"] if rung["kind"] not in kinds_left_out]
        now = (
            _of_all(one, {rung["test"] for rung in drawn})
            if alike and one["alike"]
            else {
                rung["test"]: float(rung["rate"])
                for rung in drawn
                if rung["index"] == index and rung["fails"] == "below"
            }
        )
        for test in dict.fromkeys((*steps, *now)):
            before = steps.setdefault(test, [(day, None)] if number else [])
            if not before or before[-1][1] != now.get(test):
                before.append((day, now.get(test)))
    return [(title(test), rates) for test, rates in steps.items()]


def _of_all(ladder: Value, tests: Set[str]) -> dict[str, float]:
    """Return the rates below which tests fail if every index falls alike, in the ladder's order."""
    return {
        test: float(one["rate"])
        for test, one in ladder["alike"].items()
        if test in tests and one["fails"] == "below"
    }


def ladder_page(ladder: Value | None, lived: Sequence[Value], title: Title) -> dict[str, Any] | None:
    """Return the drawn ladder and its words; None without one.

    Args:
        ladder: the answer of `ladder`.
        lived: the answers of `stress`, which say what acts on no stated path.
        title: what a test or a trigger is called.
    """
    if ladder is None:
        return None
    rungs = ladder["rungs"]
    drawn_index, today = next((index, float(rate)) for index, rate in ladder["today"].items())
    drawn = lanes.ladder(rungs, today)
    below = [rung for rung in rungs if rung["fails"] == "below" and rung["rate"] is not None]
    inverted = {inversion["graver"]: inversion for inversion in ladder["inversions"]}
    for row, rung in zip(drawn["rows"], below, strict=True):
        by = inverted.get(rung["limb"])
        row |= {
            "name": title(rung["subject"]),
            "needs": rung["needs"] if rung["index"] == drawn_index else f"{rung['needs']}, {rung['index']}",
            "rate": f"{float(rung['rate']):.4f}",
            "share": f"{-float(rung['share']) * 100:.1f}%".replace("-", "−"),
            "weeks": _weeks(rung, lived),
            "inverted": f"inverted by {by['by']}" if by else "",
        }
    above = [f"{_rises(rung, title)}. " for rung in rungs if rung["fails"] == "above"]
    said = "".join(dict.fromkeys(above))
    said += "".join(f"{_several(rung, title)} " for rung in below if rung["limbs"])
    # A limb that rests on several indices acts sooner where all of them fall, as on a stated path.
    alone = (
        " Each rate and its weeks are of one index while the others stay; on the stated paths all fall alike."
        f" The scale is of {drawn_index}; a bar of another index stands at its share of that index's rate."
        if len(ladder["today"]) > 1
        else ""
    )
    others = _other_weeks({row["weeks"] for row in drawn["rows"]}, lived)
    return {
        **drawn,
        "said": f"{said}{_key(below)}Weeks are of Scenario B, middle of its band.{alone}{others}",
        "alt": "; ".join(f"{row['name']} acts at {row['rate']}" for row in drawn["rows"]),
        "today_text": f"{today:.2f}",
        "later": later_table(ladder, title),
    }


def _rises(rung: Value, title: Title) -> str:
    """Return in a sentence, without its stop, what happens if the rate rises."""
    # A test fails by itself; a trigger, and a test with a trigger of its own, begins.
    fails = rung["subject"] == rung["test"] and not rung["limb"].endswith(" begins")
    verb = "fails" if fails else "begins"
    return f"{title(rung['subject'])} {verb} if the rate rises above {float(rung['rate']):.4f}"


def _several(rung: Value, title: Title) -> str:
    """Return in a sentence which limbs a clause needs, each with its own rate."""
    limbs = [
        f"{_limb_words(limb, title)} ({limb['fails']} {float(limb['rate']):.4f})"
        if limb["rate"] is not None
        else f"{_limb_words(limb, title)} (at no rate alone)"
        for limb in rung["limbs"]
    ]
    needs = rung["needs"].partition(";")[0]
    return f"{title(rung['subject'])} needs {needs}: {listed(limbs)}."


def _limb_words(limb: Value, title: Title) -> str:
    """Return what one limb of a clause looks at, by its title."""
    words = str(limb["limb"])
    name, _, what = words.partition(" ")
    # A condition of several, an event and a date have words of their own.
    return words if "(" in words or name in ("the", "an") else f"{title(name)} {what}"


def later_table(ladder: Value, title: Title) -> dict[str, Any] | None:
    """Return the ladder at closing and at later dates as a table; None if no rung changes later.

    It has as many dates as fit, and a sentence on the rest.
    """
    later = ladder["later"]
    if not later:
        return None
    shown = (ladder, *later[:MOST_DATES])
    subjects = {(rung["limb"], rung["fails"]): rung for one in reversed(shown) for rung in one["rungs"]}
    limbs = list(dict.fromkeys((rung["limb"], rung["fails"]) for one in shown for rung in one["rungs"]))
    rows = [
        [_row_name(subjects[limb], list(subjects.values()), title), *(_cell(one, limb) for one in shown)]
        for limb in limbs
    ]
    heads = ["at closing", *(f"from {short_date(date.fromisoformat(one['on']))}" for one in shown[1:])]
    return {"heads": ["Acts at", *heads], "rows": rows, "said": _rest(later[MOST_DATES:])}


def _row_name(rung: Value, others: Sequence[Value], title: Title) -> str:
    """Return a limb's name: its subject, with its test where the subject has several limbs."""
    alike = [one for one in others if (one["subject"], one["fails"]) == (rung["subject"], rung["fails"])]
    name = title(rung["subject"])
    if len(alike) > 1:
        name = f"{name} by {rung['limb'].partition(' by ')[2]}"
    return f"{name}, rising" if rung["fails"] == "above" else name


def _cell(ladder: Value, limb: tuple[str, str]) -> str:
    rates = [
        f"{float(rung['rate']):.4f}" for rung in ladder["rungs"] if (rung["limb"], rung["fails"]) == limb
    ]
    by = next((one["by"] for one in ladder["inversions"] if one["graver"] == limb[0]), None)
    return f"{listed(rates)}{f', inverted by {by}' if by else ''}" if rates else DASH


def _rest(rest: Sequence[Value]) -> str:
    """Return a sentence on the later ladders that the table leaves out."""
    if not rest:
        return ""
    last = short_date(date.fromisoformat(rest[-1]["on"]))
    dates = (
        f"{counted(len(rest), 'further dates')}, the last on {last}" if len(rest) > 1 else f"{last} as well"
    )
    inverted = [one for one in rest if one["inversions"]]
    first = short_date(date.fromisoformat(inverted[0]["on"])) if inverted else ""
    also = f" Limbs are inverted on some of them, first on {first}." if inverted else ""
    return f"Rates change on {dates}; the ladder of each date stands in the answers as JSON.{also}"


def order_runs(ladder: Value, title: Title) -> list[tuple[str, bool]]:
    """Return what is inverted, or that nothing is, at closing and from later dates on, in sentences."""
    worst = max(ladder["inversions"], key=lambda one: float(one["by"]), default=None)
    later = _later_pairs(ladder, "inversions", lambda _, pair: f"{pair[0]} comes before {pair[1]}", title)
    if worst is not None:
        pair = pair_of(ladder, worst, title)
        runs = [(f"{pair[0]} comes before {pair[1]}{_until(ladder, pair, title)}.", True)]
    else:
        # A limb that could not be placed may be the one that comes too early.
        of = "Of the limbs that are determined, no" if ladder["left_out"] else "No"
        comes = "acts at once" if ladder["after_cure"] else "comes"
        of = f"At closing, {of[:1].lower()}{of[1:]}" if later else of
        runs = [(f"{of} graver limb {comes} before a milder one.", True)]
    runs += [(f" {words}", True) for words in later]
    closing = "At closing, " if ladder["later"] else ""
    runs += [
        (f" {closing}{_uncured(one, pair_of(ladder, one, title))}.", False) for one in ladder["after_cure"]
    ]
    return [*runs, *((f" {words}", False) for words in _later_pairs(ladder, "after_cure", _uncured, title))]


def _uncured(one: Value, pair: tuple[str, str]) -> str:
    return uncured_before_words(*pair, one["by"], one["fails"], one["kind"])


def _until(ladder: Value, pair: tuple[str, str], title: Title) -> str:
    """Return until when a pair that is inverted at closing stays so; empty if it never ends."""
    inverted = [pair in {pair_of(one, two, title) for two in one["inversions"]} for one in ladder["later"]]
    if not inverted or inverted[-1]:
        return ""
    first = max((number for number, so in enumerate(inverted) if so), default=-1) + 1
    return f" until {long_date(date.fromisoformat(ladder['later'][first]['on']))}"


def _later_pairs(
    ladder: Value, kind: str, said: Callable[[Value, tuple[str, str]], str], title: Title
) -> list[str]:
    """Return a sentence for each pair that is in the wrong order from a later date on, and not before."""
    told = {pair_of(ladder, one, title) for one in ladder[kind]}
    words = []
    for one in ladder["later"]:
        for two in sorted(one[kind], key=lambda two: -float(two["by"])):
            pair = pair_of(one, two, title)
            if pair not in told:
                told.add(pair)
                words.append(f"From {long_date(date.fromisoformat(one['on']))}, {said(two, pair)}.")
    return words


def pair_of(ladder: Value, inversion: Value, title: Title) -> tuple[str, str]:
    """Return the titles of the graver and the milder subject of an inversion."""
    graver, milder = (
        title(
            next(
                (str(rung["subject"]) for rung in ladder["rungs"] if rung["limb"] == inversion[side]),
                str(inversion[side]),
            )
        )
        for side in ("graver", "milder")
    )
    return graver, milder


LOOKS = (
    ("early amortization", "solid: early amortization"),
    ("default", "hatched: a default"),
    ("obligation", "dashed: an Obligation"),
)
"""The kinds of limb that have a look of their own."""


def _key(below: Sequence[Value]) -> str:
    """Return what the bars of a ladder mean, for those that it has."""
    kinds = {rung["kind"] for rung in below}
    said = [words for kind, words in LOOKS if kind in kinds]
    open_ = sorted(kinds - {kind for kind, _ in LOOKS})
    said += [f"open: a {listed(open_, 'or')}"] if open_ else []
    return f"A bar begins where its limb acts; {'; '.join(said)}. " if said else ""


def _weeks(rung: Value, lived: Sequence[Value]) -> str:
    """Return the weeks of Scenario B until a limb acts, or that it acts on none of the stated paths.

    A limb that looks at several dates has no single week, so it has a dash if it acts on a path, or if no
    path was lived.
    """
    if rung["weeks"] is not None:
        return f"{rung['weeks']:.1f}"
    return ON_NO_PATH if lived and all(rung["subject"] in one["never"] for one in lived) else DASH


def _other_weeks(weeks: Set[str], lived: Sequence[Value]) -> str:
    """Return what the cells without a number of weeks mean, for those that the ladder has."""
    said = ""
    if ON_NO_PATH in weeks:
        until = min(date.fromisoformat(one["until"]) for one in lived)
        said += f" On no path: it acts on none of the stated paths up to {short_date(until)}."
    if DASH in weeks:
        said += " A dash: this one rate does not decide alone when it acts, or has been reached already."
    return said
