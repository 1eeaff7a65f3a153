"""The checks of a deal file against what is beside it: registers, indices and the workspace's other deals."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from engine.basics.errors import Problem, WrongUsage
from engine.basics.files import read_text
from engine.basics.values import counted
from engine.market.index_definitions import KNOWN, IndexDefinition
from engine.terms.as_written import Deal, resolve
from engine.terms.checks.duplicate_names import claimed_twice
from engine.terms.checks.scale import levels_beside, placed
from engine.terms.checks.serial_numbers import check_register
from engine.terms.error_messages import undefined
from engine.terms.low_confidence import DECISIVE_ONLY, SELLERS
from engine.workspace.deal_files import Templates, read_deal, refused_changes

if TYPE_CHECKING:
    from engine.workspace.workspace import Workspace


def registers(deal: Deal, path: Path, texts: dict[str, str]) -> Iterator[Problem]:
    """Yield the problems of the registers beside a deal file, each read once into `texts`.

    A missing register is a warning, because it proves no count.
    """
    terms = resolve(deal, deal.closing_date)
    named: dict[str, str] = {}
    for key, asset in terms.pledged_assets.items():
        if asset.register_file:
            named.setdefault(asset.register_file, key)
    for name, key in sorted(named.items()):
        register, place = path.parent / name, deal.tree.place(("pledged_assets", key, "register"))
        if not register.resolve().is_relative_to(path.parent.resolve()):
            why = (
                "it is a file beside the deal file, and a path out of its folder would be read from elsewhere"
            )
            yield Problem(
                "D537", f"`{name}` does not lie in the deal's folder", why, "put the file itself there", place
            )
        # The path was resolved first: a link inside the folder can lead out of it too.
        elif register.is_file():
            texts[str(register)] = read_text(register)
            yield from check_register(texts[str(register)], str(register), deal)
        else:
            why = "the count of Pledged GPU Assets is held against nothing"
            yield Problem(
                "W108",
                f"the register `{name}` is not beside the deal file",
                why,
                f"put it into {path.parent}",
                place,
            )


def inside_intervals(deal: Deal, workspace: Workspace) -> Iterator[Problem]:
    """Yield a warning for each level inside the present 95% interval by sellers of its index (WP §7.5.2)."""
    from engine.workspace.series import prints_of, series_by_index

    last, terms = deal.segments[-1]
    series = series_by_index(prints_of(workspace), deal, last)
    for key, clause in terms.covenants.items():
        level = getattr(clause, "level", None)
        newest = next(
            (
                publications
                for publications in reversed(series.get(terms.index_of(clause), ()))
                if publications.value is not None
            ),
            None,
        )
        if level is None or newest is None or newest.seller_low is None or newest.seller_high is None:
            continue
        low, high = newest.seller_low, newest.seller_high
        # A level on either bound is inside: the interval does not tell the two apart there.
        if not low <= level <= high:
            continue
        what = (
            f"the level lies inside the 95% interval by sellers of {newest.index}, {low} to {high} on "
            f"{newest.publication_date}"
        )
        fix = "set it outside, or count more dates, or write `low_confidence: {effect: decisive only}`"
        place = deal.tree.place(("covenants", key, "level"))
        yield Problem("W103", what, "the test would turn on which sellers were there", fix, place)


def beside_the_print(deal: Deal, workspace: Workspace) -> Iterator[Problem]:
    """Yield a warning for each level of a deal not yet live that does not fit the newest print.

    See `rulings.md` 57a.
    """
    from engine.record.log import deal_log, read
    from engine.workspace.series import prints_of, series_by_index

    if any(event.kind == "deal adopted" for event in read(workspace.store, deal_log(deal.name))):
        return  # what a live deal's rate has come to is page 1's to say
    last, terms = deal.segments[-1]
    series = series_by_index(prints_of(workspace), deal, last)
    for key, clause in terms.covenants.items():
        newest = next(
            (one for one in reversed(series.get(terms.index_of(clause), ())) if one.value is not None), None
        )
        if newest is not None and newest.value is not None:
            said = f"the print of {newest.index} of {newest.publication_date} is"
            yield from levels_beside(key, clause, Fraction(newest.value), said, placed(deal, last))


def without_sellers(deal: Deal, workspace: Workspace) -> Iterator[Problem]:
    """Yield a warning for terms on sellers of a series whose prints on record name no sellers.

    See `rulings.md` 60. The terms are `decisive only` and `judged_by: sellers`.
    """
    from engine.workspace.series import prints_of, series_by_index

    last, terms = deal.segments[-1]
    for name, prints in series_by_index(prints_of(workspace), deal, last).items():
        valued = [one for one in prints if one.value is not None]
        low = terms.index[name].low_confidence if name in terms.index else None
        if low is None or not valued or any(seller for one in valued for seller in one.sellers):
            continue
        for key, value in (("effect", DECISIVE_ONLY), ("judged_by", SELLERS)):
            if getattr(low, key) == value and terms.index[name].source != "published by the administrator":
                why = (
                    f"none of its {counted(len(valued), 'prints')} on record names a seller, so that no "
                    "result would be decisive"
                )
                place = deal.tree.place(("index", name, "low_confidence", key))
                yield Problem(
                    "D571",
                    f"`{value}` needs sellers, and {name} has none",
                    why,
                    "collect listings with their hosts",
                    place,
                )


def _as_adopted(deal: Deal, workspace: Workspace) -> Iterator[Problem]:
    """Yield a problem for each difference from the file on record that a live deal may not have."""
    from engine.record.log import deal_log, read

    yield from refused_changes(workspace, deal, read(workspace.store, deal_log(deal.name)))


def computable(deal: Deal, workspace: Workspace | None) -> Iterator[Problem]:
    """Yield a problem for each index that the calculation agent computes and that nobody has defined.

    In a workspace, which would define it, it is an error; elsewhere it is a warning.
    """
    known = _known(workspace)
    for name, index in {
        name: index for _, terms in deal.segments for name, index in terms.index.items()
    }.items():
        if name in known or index.source != "computed by the calculation agent":
            continue
        if workspace is not None:
            yield undefined(deal.tree, ("index", name), name, "index", known, "known are")
        else:
            why, fix = (
                f"known are {', '.join(known)}",
                "define it in the workspace's headroom.toml, or correct the name",
            )
            yield Problem(
                "W119", f"`{name}` is not an index that ships", why, fix, deal.tree.key_place(("index", name))
            )


def _known(workspace: Workspace | None) -> dict[str, IndexDefinition]:
    return {**KNOWN, **(workspace.indices if workspace is not None else {})}


def models(deal: Deal, workspace: Workspace | None) -> Iterator[Problem]:
    """Yield a problem for each asset class that is priced by the index of another GPU model.

    A class whose performance factor says how the two compare is left out.
    """
    indices = _known(workspace)
    priced = {index.gpu_name: name for name, index in indices.items()}
    for key, asset in resolve(deal, deal.closing_date).pledged_assets.items():
        index = indices.get(asset.index)
        if index is None or asset.model == index.gpu_name or asset.performance_factor is not None:
            continue
        place = deal.tree.place(("pledged_assets", key, "model"))
        if asset.model in priced:
            why = (
                f"{asset.index} is the index of {index.gpu_name}; that of {asset.model} is "
                f"{priced[asset.model]}"
            )
            fix = "correct one of them, or write a `performance_factor:`"
            yield Problem("D540", f"{asset.model} is priced by {asset.index}", why, fix, place)
        else:
            why = f"it is the index of {index.gpu_name}, as the marketplace names it"
            yield Problem(
                "W113",
                f"`{asset.model}` is priced by {asset.index}",
                why,
                "see that it is the same model",
                place,
            )


def same_names(texts: Mapping[str, str], workspace: Workspace) -> Iterator[Problem]:
    """Yield a problem for each checked file that claims the name of another deal file of the workspace."""
    # Compared by resolved paths: one file can be given under several names.
    ours = {
        path.resolve(): path for path in workspace.deal_files() if path.is_file() and os.access(path, os.R_OK)
    }
    checked = {Path(file).resolve(): file for file in texts if Path(file).resolve() in ours}
    every = (
        # A checked file keeps the name under which it was given, or its problem would not be found below.
        {checked.get(whole, str(path)): read_text(path) for whole, path in ours.items()} if checked else {}
    )
    yield from (problem for problem in claimed_twice(every) if problem.place.file in texts)


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found: every problem and warning with its place, and the files' texts by name."""

    files: tuple[Path, ...]
    problems: tuple[Problem, ...]
    texts: Mapping[str, str]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Return the problems that are not warnings."""
        return tuple(problem for problem in self.problems if not problem.code.startswith("W"))

    def as_data(self) -> list[dict[str, object]]:
        """Return the problems as data for JSON, sorted by place."""
        return [
            problem.as_json()
            for problem in sorted(self.problems, key=lambda finding: (finding.place, finding.code))
        ]


def check_files(files: Sequence[Path], templates: Templates, workspace: Workspace | None = None) -> Checked:
    """Return everything that is wrong with deal files.

    In a workspace, levels are also compared with the present interval of their index. Raises WrongUsage for
    files that do not exist.
    """
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for path in existing(files):
        text = texts[str(path)] = read_text(path)
        deal, file_problems = read_deal(text, str(path), templates)
        problems += file_problems
        if deal is not None:
            problems += registers(deal, path, texts)
            problems += computable(deal, workspace)
            problems += models(deal, workspace)
            problems += inside_intervals(deal, workspace) if workspace is not None else ()
            problems += beside_the_print(deal, workspace) if workspace is not None else ()
            problems += without_sellers(deal, workspace) if workspace is not None else ()
            problems += _as_adopted(deal, workspace) if workspace is not None else ()
    if workspace is not None:
        problems += same_names(texts, workspace)
    return Checked(tuple(files), tuple(problems), texts)


def existing(files: Sequence[Path]) -> Sequence[Path]:
    """Return the files themselves. Raises WrongUsage, naming those that do not exist."""
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise WrongUsage(f"no such file: {', '.join(missing)}")
    return files
