"""A report's file as it came, byte for byte, opened by its kind: YAML, CSV or a workbook."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePath

from engine.basics.errors import Place, Problem
from engine.basics.files import ENDS, STRANGE, is_litter, shown_sign, texts_in
from engine.basics.received_files import NotReceived, not_downloaded, refuse_without_content
from engine.basics.values import listed
from engine.servicer_report.delimited import is_delimited, not_utf_8, tree_of_delimited
from engine.servicer_report.report_table import tree_of_workbook
from engine.servicer_report.sender_layouts import layouts_for, tree_by_layout
from engine.servicer_report.workbook import OLD_OFFICE, WORKBOOKS, is_workbook, read_workbook
from engine.terms.sender_layout import SenderLayout
from engine.terms.source import Tree, parse

ENDINGS = (".yaml", ".yml", ".csv", ".tsv", ".txt", *WORKBOOKS)
"""The endings of files that may be reports."""
OTHER_WORKBOOKS = (
    *(".xlsb", ".xltx", ".xltm", ".xlt", ".xlw"),
    *(".numbers", ".fods", ".ots", ".sxc", ".gsheet", ".et"),
)
"""The endings of workbooks that are not read, and are refused in words."""
PACKED = (b"PK\x03\x04", OLD_OFFICE)
"""The first bytes of a workbook, and of other files of office programs."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file as it came, and what could be read of it.

    Attributes:
        name: its name, without folders.
        data: its bytes.
        tree: the report in it, before any figure is judged.
        remarks: what is worth saying of it, though it is taken (codes RW...).
        layout: the sender's layout by which it was read, if one was used.
    """

    name: str
    data: bytes
    tree: Tree
    remarks: tuple[Problem, ...] = ()
    layout: SenderLayout | None = None

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes as received."""
        return sha256(self.data).hexdigest()

    @property
    def deal(self) -> str | None:
        """The deal that it names; None if it names none."""
        name = self.tree.get(("deal",))
        return name if isinstance(name, str) and name else None


def may_be_report(name: str) -> bool:
    """Return whether a file of a folder may be a report, or stands for one, so that it is not passed over."""
    stands_for = not_downloaded(name) or name
    return not is_litter(name) and PurePath(stands_for).suffix.lower() in (*ENDINGS, *OTHER_WORKBOOKS)


def no_report(refused: NotReceived, file: str) -> Problem:
    """Return the problem of a name without its file (R164)."""
    why = "a sync program, a browser, a full disk or a broken link leaves a name without its file"
    return Problem("R164", refused.what, why, refused.fix, Place(file))


def open_report(
    data: bytes, file: str, layouts: Mapping[str, SenderLayout]
) -> tuple[ReceivedFile | None, list[Problem]]:
    """Return a report's file opened, or None and everything that has to be asked about it.

    A file that names no deal is refused (R101).

    Args:
        data: the file, byte for byte as received.
        file: its name, for the errors; its ending says how it is read.
        layouts: the senders' own layouts, by name.
    """
    matching = layouts_for(file, layouts)
    if strange := list(_strange_layouts(file, layouts, matching)):
        return None, strange
    if len(matching) > 1:
        names = listed([f"[intake.{name}]" for name, _ in matching])
        what = f"{names} are {'both' if len(matching) == 2 else 'all'} for files of this name"
        why, fix = "each may read other figures from it", "let `files` of one layout alone match the name"
        return None, [Problem("R158", what, why, fix, Place(file))]
    return _opened(data, file, next(iter(matching), None))


def _strange_layouts(
    file: str, layouts: Mapping[str, SenderLayout], matching: Iterable[tuple[str, SenderLayout]]
) -> Iterator[Problem]:
    """Yield a problem for each fault of the layouts that match, and of patterns that match no name (R165)."""
    unused = [(name, what) for name, layout in layouts.items() for what in layout.strange_patterns()]
    used = [(name, what) for name, layout in matching for what in layout.strange_places()]
    for name, what in [*unused, *used]:
        why = "a figure would be left out, or taken from the cell of another, in silence"
        yield Problem("R165", what, why, f"correct [intake.{name}] of headroom.toml", Place(file))


def _opened(
    data: bytes, file: str, mapped: tuple[str, SenderLayout] | None, warned: Collection[str] | None = None
) -> tuple[ReceivedFile | None, list[Problem]]:
    """Return a file opened by the layout that it is `mapped` by, or by its own form without one.

    With `warned`, what was remarked on when the file came, it is asked nothing that is asked at the door
    alone.
    """
    try:
        refuse_without_content(PurePath(file).name, data)
    except NotReceived as refused:
        return None, [no_report(refused, file)]
    tree, problems = tree_by_layout(data, file, *mapped) if mapped else tree_of(data, file)
    if warned is not None:
        problems = [one for one in problems if not one.at_the_door or one.what in warned]
    wrong = [problem for problem in problems if not problem.code.startswith("RW")]
    if tree is None or wrong:
        return None, problems
    remarks = tuple(problem for problem in problems if problem.code.startswith("RW"))
    received = ReceivedFile(PurePath(file).name, data, tree, remarks, mapped[1] if mapped else None)
    if received.deal is None:
        fix = "write `deal:` with the deal's name"
        return None, [
            Problem("R101", "the report names no deal", "a report belongs to one deal", fix, Place(file))
        ]
    return received, []


def reopen(
    data: bytes, file: str, layout: bytes | None, warned: Collection[str] = ()
) -> tuple[ReceivedFile | None, list[Problem]]:
    """Return a kept report opened again, as it was read when it came.

    Questions that an earlier build did not know are not asked of what it took. Raises ValueError if the file
    of the layout holds none.

    Args:
        data: the file, byte for byte.
        file: the name that it came with.
        layout: the file of the sender's layout that was kept with it, if one was.
        warned: what was remarked on when it came.
    """
    kept = SenderLayout.from_kept(layout) if layout is not None else None
    return _opened(data, file, ("kept", kept) if kept else None, warned)


def tree_of(data: bytes, file: str) -> tuple[Tree | None, list[Problem]]:
    """Return the report in a file as plain data with places, and the problems and remarks about the file.

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
    if data.startswith(PACKED) or PurePath(file).suffix.lower() in OTHER_WORKBOOKS:
        return None, [
            Problem(
                "R140",
                "the file is a workbook or another packed file, and its name does not say which",
                f"a workbook that is read ends in {listed(WORKBOOKS, 'or')}",
                "save it as .xlsx from your spreadsheet program",
                Place(file),
            )
        ]
    unread = not_utf_8(data, file, "save it as UTF-8")
    if unread is not None:
        return None, [unread]
    tree, problems = parse(ENDS.sub("\n", data.decode("utf-8")), file)
    if tree is not None and not isinstance(tree.data, dict):
        fix = "begin with `deal: name`"
        return None, [
            *problems,
            Problem("R100", "the file is not a report", "a report is a block of figures", fix, Place(file)),
        ]
    return tree, [*problems, *(_escaped(tree) if tree is not None else ())]


def _escaped(tree: Tree) -> Iterator[Problem]:
    """Yield a problem for each text of a report that holds, by an escape, a character that does not show."""
    for where, said in texts_in(tree.data):
        if (sign := STRANGE.search(said)) is not None:
            what, why = shown_sign(sign[0])
            name = ".".join(where) or said
            yield Problem("Y104", f"`{name}` has {what}", why, "type it anew", tree.place(where))
