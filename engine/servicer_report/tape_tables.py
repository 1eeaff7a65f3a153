"""A rental tape as a table by itself, of 100,000 contracts and more.

A child process adds it up, and its sums are put into the report.
"""

from __future__ import annotations

import json
from typing import Any

from engine.basics.errors import Place, Problem
from engine.servicer_report.report_table import put
from engine.servicer_report.workbook import ask_child, doorway, is_workbook
from engine.terms.sender_layout import TapeLayout
from engine.terms.source import Tree


def read_tape(
    tree: Tree, data: bytes, file: str, layout: TapeLayout, separators: tuple[str, str] | None = None
) -> list[Problem]:
    """Put the sums of a tape into a report's tree; return what has to be asked (codes R140 to R157).

    Args:
        tree: the report, which gets `rental.CLASS.tape`.
        data: the file, byte for byte.
        file: its name, for the errors.
        layout: which column holds what.
        separators: the encoding and the separator, if the tape is text.
    """
    spec: dict[str, Any] = {"columns": layout.wanted, "sheet": layout.sheet, "header_row": layout.header_row}
    if is_workbook(file):
        kind, _, refused = doorway(data, file)
        if kind is None:
            return refused
    elif separators is None:
        what = "no line of the tape has the columns that the layout names"
        why = ", ".join(f"`{column}`" for column in layout.wanted.values())
        return [Problem("R144", what, why, "correct [intake.NAME.tape] of headroom.toml", Place(file))]
    else:
        kind, spec = "text", {**spec, "encoding": separators[0], "separator": separators[1]}
    answer = ask_child("tape_child.py", data, kind, json.dumps(spec))
    if "refused" in answer:
        fix = "delete what is far below or beside the tape, or send it as CSV"
        return [Problem("R143", "the tape cannot be read", str(answer["why"]), fix, Place(file))]
    said = [_question(code, cell, what, file) for code, cell, what in answer["questions"]]
    if any(not one.code.startswith("RW") and not one.at_the_door for one in said):
        return said
    return [*said, *_put_sums(tree, answer, layout, file)]


def _question(code: str, cell: str, what: str, file: str) -> Problem:
    why = "a tape is added up only where every contract's figures can be read"
    line = int(cell.removeprefix("line ")) if cell.startswith("line ") else 1
    place = Place(file, line) if cell.startswith("line ") else Place(file, cell=cell)
    fixes = {"R150": "show what is hidden, or delete it", "R148": "give the column a plain number format"}
    fixes["RW11"] = "see that it is meant"
    fix = fixes.get(code, "correct the cell, or delete the row")
    # Builds before the look at the formats of a tape took what is stored without a word.
    return Problem(code, what, why, fix, place, at_the_door=code in ("R148", "RW11"))


def _put_sums(tree: Tree, answer: dict[str, Any], layout: TapeLayout, file: str) -> list[Problem]:
    """Put each class's sums into the tree, as the rows of a tape by rate; return the problems.

    A class that the layout does not know is a problem.
    """
    sums: dict[str, list[dict[str, str]]] = {}
    problems = []
    for total in answer["sums"]:
        said = total.get("asset_class") or ""
        asset = layout.classes.get(said, said) if layout.asset_class else layout.of_class
        if not asset:
            why, fix = "the deal's classes of assets have other names", "add it to [intake.NAME.tape.classes]"
            problems.append(Problem("R157", f"the tape has the class `{said}`", why, fix, Place(file)))
            continue
        row = {"contract": f"of {answer['contracts']:,}", "gpu_hours": total["gpu_hours"]}
        row |= {key: total[key] for key in ("from", "to") if key in total}
        row |= {"rate": f"USD {total['rate']} per GPU-hour"} if "rate" in total else {}
        row |= {"revenue": f"USD {total['revenue']}"} if "revenue" in total else {}
        sums.setdefault(asset, []).append(row)
    for asset, rows in sums.items():
        put(tree.data, ("rental", asset, "tape"), rows)
        where = f"{answer['sheet']}!A{answer['line']}" if answer["sheet"] else ""
        tree.places["rental", asset, "tape"] = Place(file, answer["line"], cell=where)  # type: ignore[index]
    return problems
