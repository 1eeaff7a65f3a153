"""The commands about deal files.

They are `headroom new`, `check`, `prove`, `terms`, `schema` and `clause`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from engine.basics.errors import WrongUsage
from engine.basics.files import write_whole
from engine.basics.values import counted
from engine.cli.output import print_json, report_problems, say, shortened, table, write
from engine.queries.new_deal import NewDeal
from engine.workspace.deal_checks import check_files
from engine.workspace.deal_files import Deal, Templates, loaded
from engine.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.queries.clauses_in_words import ClauseInWords

WRITTEN = 72
"""Characters of a term that are shown; a hash is whole, and `--json` has every term whole."""


def check(
    files: Sequence[Path], templates: Templates, as_json: bool, workspace: Workspace | None = None
) -> int:
    """Report everything that is wrong with deal files; warnings alone leave the exit code 0."""
    checked = check_files(files, templates, workspace)
    report_problems(checked.problems, checked.texts, as_json)
    if not as_json:
        errors, warned = len(checked.errors), len(checked.problems) - len(checked.errors)
        say(
            ("" if not checked.problems else "\n")
            + ", ".join(
                (
                    counted(len(checked.files), "files"),
                    counted(errors, "problems"),
                    counted(warned, "warnings"),
                )
            )
        )
        # These counts live each deal through the history, so they are left out of `--json` for editors.
        if workspace is not None and not checked.errors:
            from engine.queries.decisive_weeks import decisive_weeks  # late: a check of files needs no record
            from engine.queries.version_outcomes import version_outcomes

            for deal in (loaded(path, templates) for path in files):
                for said in (
                    *version_outcomes(workspace, deal, templates),
                    *decisive_weeks(workspace, deal, templates),
                ):
                    say(str(said))
    return 1 if checked.errors else 0


def show_new(form: NewDeal, into: Path | None, as_json: bool) -> None:
    """Print a deal file to fill in, or write it. Raises WrongUsage if the file exists."""
    if into is not None:
        # A form that is filled in half takes hours, and the command must not write over it.
        if into.exists():
            raise WrongUsage(f"{into} exists; give --into another name, so that nothing is lost")
        write_whole(into, form.text.encode())
    if as_json:
        print_json({**form.as_data(), "into": None if into is None else str(into)})
    elif into is None:
        write(form.text.rstrip("\n"))
    else:
        say(f"{into}: like {form.like}, {form.blanks} values to fill in; `headroom check {into}` names each")


def prove_files(
    files: Sequence[Path], templates: Templates, workspace: Workspace | None, as_json: bool
) -> int:
    """Run the worked examples of deal files without errors, and return the exit code.

    The code is 1 if an example does not hold or a file is wrong.
    """
    # Late, here and below, so that `check` starts without what it does not use.
    from engine.queries.proofs import prove_deal_files

    proved = prove_deal_files(files, templates, workspace)
    if as_json:
        print_json(proved.as_data())
        return 1 if proved.problems else 0
    examples = list(proved.examples())
    for path, proof in examples:
        say(f"{'FAILS ' if proof.problems else 'holds '} {path.name}: {proof.name}")
    if proved.problems:
        say()
        # Differences come after the list, so that a reader first sees how much holds.
        report_problems(proved.problems, proved.texts, as_json=False)
        say()
    say(
        f"{sum(not proof.problems for _, proof in examples)} of {counted(len(examples), 'worked examples')} "
        "hold"
    )
    return 1 if proved.problems else 0


def show_terms(path: Path, on: date, templates: Templates, as_json: bool) -> None:
    """Print each term in force on a date, and the line that set it."""
    from engine.queries.clauses_in_words import terms_in_force

    sources = terms_in_force(loaded(path, templates), on)
    if as_json:
        print_json([source.model_dump(mode="json") for source in sources])
        return
    rows = [
        (s.path, shortened(s.written, WRITTEN), str(s.line), str(s.since), s.document or s.cite or "")
        for s in sources
    ]
    say(table(("term", f"in force on {on}", "line", "since", "set by"), rows, right=(2,)))


def show_clauses(deal: Deal, on: date, templates: Templates, as_json: bool, only: str | None = None) -> None:
    """Print each clause and trigger in plain English beside the agreement's words.

    Every term that decides the clause is printed.

    Raises:
        WrongUsage: the deal has no clause of that name.
    """
    from engine.queries.clauses_in_words import clauses_in_words

    clauses = clauses_in_words(deal, on, templates, only)
    if as_json:
        print_json(clauses.as_data())
        return
    for clause in clauses.clauses:
        _say_clause(clause)
    if clauses.beneath:
        say("what they rest on" if only is None else "what it rests on")
        for line in clauses.beneath:
            say(_labelled(line.label, line.text))
        say()


def _say_clause(clause: ClauseInWords) -> None:
    say(f"{clause.facts.key}  ({clause.facts.cite})")
    if clause.facts.text:
        say(_labelled("agreed", clause.facts.text))
    say(_labelled("read as", clause.facts.reading))
    for line in clause.lines:
        say(_labelled(line.label, line.text))
    for follows in clause.facts.consequences:
        say(_labelled("follows", follows))
    say()


def _labelled(label: str, text: str) -> str:
    return f"  {label + ':':<9}{'' if len(label) < 8 else ' '}{text}"
