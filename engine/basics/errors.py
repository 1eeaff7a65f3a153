"""Problems with an input, each with its place and its fix, and how they print.

Bad data is a value: a list of `Problem`. Only the edge of a command turns the list into an exception,
so that all problems of a run are reported at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from engine.basics.inert import ACTIVE, inert, one_line
from engine.basics.quotations import around, shortened

WIDEST = 110
"""The most characters of a file's line that are printed with a problem."""
PAGE = "docs/errors.md"
"""The page that explains every code, from the repository's root. Each code is an anchor in it."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The place of something in a file: its line and column, from 1, and the number of characters it spans.

    In a workbook the place is a cell.
    """

    file: str
    line: int = 1
    column: int = 1
    length: int = 1
    cell: str = ""
    """Like `Report!C7`. It is empty in a text file."""

    @property
    def shown(self) -> str:
        """The place as an editor or a spreadsheet opens it: `report.yaml:3:5`, `report.xlsx:Report!C7`."""
        return f"{self.file}:{self.cell or f'{self.line}:{self.column}'}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: what it is, why it matters, how to mend it.

    What its words quote is cut, however long the value in the file is.
    """

    code: str
    what: str
    why: str
    fix: str
    place: Place
    at_the_door: bool = False
    """Whether it is asked only of a file that comes in. Earlier builds took such a file without it, so a kept
    one is read on."""

    def __post_init__(self) -> None:
        for name in ("what", "why", "fix"):
            object.__setattr__(self, name, shortened(getattr(self, name)))

    def as_json(self) -> dict[str, object]:
        """Return the problem as the fields that `--json` prints.

        They are: file, line, column (in a workbook also the cell), code, what, why, fix, and the page that
        explains it.
        """
        fields = asdict(self)
        place = fields.pop("place")
        del fields["at_the_door"]
        cell = {"cell": place["cell"]} if place["cell"] else {}
        where = {"file": place["file"], "line": place["line"], "column": place["column"], **cell}
        return {**where, **fields, "page": f"{PAGE}#{self.code}"}


class HeadroomError(Exception):
    """Any refusal that the user caused and can mend; its text says how, and what it quotes is cut."""

    exit_code = 1

    def __init__(self, *said: object) -> None:
        super().__init__(*(shortened(one) if isinstance(one, str) else one for one in said))


class InputProblems(HeadroomError):
    """Problems found in an input, sorted by place (exit code 1)."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.place, problem.code))
        noun = "problem" if len(self.problems) == 1 else "problems"
        super().__init__(f"{len(self.problems)} {noun}")


class WrongUsage(HeadroomError):
    """A command was called in a way that cannot work (exit code 2)."""

    exit_code = 2


class Unavailable(HeadroomError):
    """A disk, a database, a folder or the clock of the machine cannot be used (exit code 1).

    It is not the fault of any deal, so it ends the whole run.
    """


class VerificationFailed(HeadroomError):
    """Something recorded is not what it says it is (exit code 3)."""

    exit_code = 3


def dates_there(dates: Iterable[date], on: date) -> str:
    """Return in words which dates there are, for the refusal of the date `on`.

    The words say how many dates there are, the first and the last, and those nearest before and after `on`.
    """
    known = sorted(set(dates))
    if len(known) < 2:
        return f"there is one, {known[0]}" if known else "none is known yet"
    nearest = [*[day for day in known if day < on][-1:], *[day for day in known if day > on][:1]]
    return (
        f"there are {len(known)}, from {known[0]} to {known[-1]}; nearest "
        f"{' and '.join(str(day) for day in nearest)}"
    )


def render(problem: Problem, lines: Sequence[str] = ()) -> str:
    """Return `problem` as it prints on a terminal.

    The first line has place, code and what is wrong. The line of the file follows, with carets below it, if
    the problem has such a place. The last line says why it matters, and the fix.

    Args:
        problem: what to print.
        lines: the text of the problem's file, one entry per line; may be empty.
    """
    place = problem.place
    head = f"{inert(place.shown)}: {problem.code} {one_line(problem.what)}"
    tail = f"   = fix: {one_line(f'{problem.why}; {problem.fix}' if problem.why else problem.fix)}."
    if place.cell or not 1 <= place.line <= len(lines):
        return f"{head}\n{tail}"
    # one sign for each character, so that the carets stand below what they mean
    text = ACTIVE.sub("\N{REPLACEMENT CHARACTER}", lines[place.line - 1].rstrip("\n").replace("\t", " "))
    text, column = around(text, place.column, WIDEST)
    margin = " " * len(str(place.line))
    room = max(1, min(place.length, len(text) - column + 1))
    carets = " " * (column - 1) + "^" * room
    return f"{head}\n{margin} |\n{place.line} | {text}\n{margin} | {carets}\n{tail}"


def render_all(problems: Iterable[Problem], sources: Mapping[str, str]) -> str:
    """Return all `problems` as they print, sorted by place.

    Each problem shows its line of the file if `sources`, from file names to texts, has the file.
    """
    ordered = InputProblems(problems).problems
    return "\n\n".join(render(p, sources.get(p.place.file, "").splitlines()) for p in ordered)


RUN_AGAIN = "What was recorded stays on record. Run the command again to go on."
"""The end of a message about a command that was stopped, or that the machine failed."""
OF_ONE_DEAL = (
    HeadroomError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    StopIteration,
    TypeError,
    ValueError,
)
"""The exceptions that the terms of one deal can cause.

A disk or a database that fails is not among them: it ends the run, which goes on later.
"""
