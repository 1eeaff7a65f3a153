"""A report's file as it came, byte for byte, read by whatever it is: YAML, CSV, a workbook."""

from __future__ import annotations

from engine.basics.errors import Place, Problem
from engine.servicer_report.delimited import is_delimited, tree_of_delimited
from engine.servicer_report.report_table import tree_of_workbook
from engine.servicer_report.workbook import WORKBOOKS, is_workbook, read_workbook
from engine.terms.source import Tree, parse

ENDINGS = (".yaml", ".yml", ".csv", ".tsv", ".txt", *WORKBOOKS)
"""The endings of files that may be reports."""


def tree_of(data: bytes, file: str) -> tuple[Tree | None, list[Problem]]:
    """The report in a file as plain data with places, and everything that is wrong with the file or worth saying of it.

    Args:
        data: the file, byte for byte as received.
        file: its name, whose ending says how it is read.
    """
    if is_workbook(file):
        workbook, problems = read_workbook(data, file)
        if workbook is None:
            return None, problems
        return tree_of_workbook(workbook)
    if is_delimited(file):
        return tree_of_delimited(data, file)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = "the file is not UTF-8"
        return None, [Problem("R159", what, f"line {line} has a byte that is none", "save it as UTF-8", Place(file, line))]
    tree, problems = parse("\n".join(text.splitlines()), file)
    if tree is not None and not isinstance(tree.data, dict):
        fix = "begin with `deal: name`"
        return None, [*problems, Problem("R100", "the file is no report", "a report is a block of figures", fix, Place(file))]
    return tree, problems
