"""`headroom check`, `headroom prove`, `headroom terms`, `headroom schema`, `headroom clause`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.basics.errors import InputProblems, Problem, WrongUsage
from engine.basics.files import read_text
from engine.cli.output import print_json, report_problems, say, shortened, table
from engine.determination.template import Template
from engine.terms.as_written import Deal, resolve, sources
from engine.workspace.deal_checks import computable, inside_intervals, models, registers, same_names
from engine.workspace.deal_files import read_deal

if TYPE_CHECKING:
    from engine.workspace.workspace import Workspace

Templates = Mapping[str, Template]
WRITTEN = 72
"""Characters of a term that are shown; a hash is whole, and `--json` has every term whole."""


def check(files: Sequence[Path], templates: Templates, as_json: bool, workspace: Workspace | None = None) -> int:
    """Report everything that is wrong with deal files; warnings alone leave the exit code 0.

    In a workspace, levels are held against the present interval of their index as well.
    """
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for path in _existing(files):
        text = texts[str(path)] = read_text(path)
        deal, found = read_deal(text, str(path), templates)
        problems += found
        if deal is not None:
            problems += registers(deal, path, texts)
            problems += computable(deal, workspace)
            problems += models(deal, workspace)
            problems += inside_intervals(deal, workspace) if workspace is not None else ()
    if workspace is not None:
        problems += same_names(texts, workspace)
    report_problems(problems, texts, as_json)
    errors = [problem for problem in problems if not problem.code.startswith("W")]
    if not as_json:
        warned = len(problems) - len(errors)
        say(("" if not problems else "\n") + f"{len(files)} file(s), {len(errors)} problem(s), {warned} warning(s)")
    return 1 if errors else 0


def _existing(files: Sequence[Path]) -> Sequence[Path]:
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise WrongUsage(f"no such file: {', '.join(missing)}")
    return files


def loaded(path: Path, templates: Templates) -> Deal:
    """A deal in which `check` finds no error. Raises InputProblems with all of them otherwise; warnings stop nothing."""
    deal, problems = read_deal(read_text(path), str(path), templates)
    errors = [problem for problem in problems if not problem.code.startswith("W")]
    if deal is None or errors:
        raise InputProblems(errors)
    return deal


def prove_files(files: Sequence[Path], templates: Templates, as_json: bool) -> int:
    """Run the worked examples of deal files without errors; exit code 1 where one does not hold or a file is wrong."""
    from engine.foresight.prove import prove

    problems: list[Problem] = []
    texts: dict[str, str] = {}
    shown: list[dict[str, Any]] = []
    for path in _existing(files):
        texts[str(path)] = read_text(path)
        deal, found = read_deal(texts[str(path)], str(path), templates)
        wrong = [problem for problem in found if not problem.code.startswith("W")]
        problems += wrong
        for proof in prove(deal, templates) if deal and not wrong else ():
            passed = not proof.problems
            problems += proof.problems
            differ = [problem.as_json() for problem in proof.problems]
            shown.append({"file": str(path), "example": proof.name, "passed": passed, "problems": differ})
            if not as_json:
                say(f"{'holds ' if passed else 'FAILS '} {path.name}: {proof.name}")
    if as_json:
        others = [p.as_json() for p in problems if not p.code.startswith("P")]
        print_json({"examples": shown, "problems": others})
    else:
        if problems:
            say()
            report_problems(problems, texts, as_json=False)
            say()
        held = sum(1 for one in shown if one["passed"])
        say(f"{held} of {len(shown)} worked examples hold")
    return 1 if problems else 0


def show_terms(path: Path, on: date, templates: Templates, as_json: bool) -> None:
    """Each term in force on a date, and the line that set it."""
    deal = loaded(path, templates)
    found = sources(deal, on)
    if as_json:
        print_json([source.model_dump(mode="json") for source in found])
        return
    rows = [(s.path, shortened(s.written, WRITTEN), str(s.line), str(s.since), s.document or s.cite or "") for s in found]
    say(table(("term", f"in force on {on}", "line", "since", "set by"), rows, right=(2,)))


def show_clauses(deal: Deal, on: date, templates: Templates, as_json: bool, only: str | None = None) -> None:
    """Each clause and trigger in plain English with every term that decides it, beside the agreement's words; of one, where it is named.

    Raises:
        WrongUsage: the deal has no clause of that name.
    """
    from engine.wording.adopted_deal import clauses_read
    from engine.wording.clauses import beneath, of_clause

    facts = [one for one in clauses_read(resolve(deal, on), templates) if only in (None, one.key)]
    if not facts:
        terms = resolve(deal, on)
        raise WrongUsage(f"{deal.name} has no clause `{only}`; it has {', '.join((*terms.covenants, *terms.triggers))}")
    lines = {one.key: of_clause(deal, on, one.key, templates) for one in facts}
    rests = beneath(deal, on, tuple(lines))
    if as_json:
        read = [{"clause": one.key, "cite": one.cite, "text": one.text, "reading": one.reading} for one in facts]
        follows = [[*one.consequences] for one in facts]
        terms_of = [[{"label": line.label, "text": line.text} for line in (*lines[one.key], *rests)] for one in facts]
        print_json([{**said, "follows": f, "terms": t} for said, f, t in zip(read, follows, terms_of, strict=True)])
        return
    for one in facts:
        say(f"{one.key}  ({one.cite})")
        if one.text:
            say(_labelled("agreed", one.text))
        say(_labelled("read as", one.reading))
        for line in lines[one.key]:
            say(_labelled(line.label, line.text))
        for follows_ in one.consequences:
            say(_labelled("follows", follows_))
        say()
    if rests:
        say("what they rest on" if only is None else "what it rests on")
        for line in rests:
            say(_labelled(line.label, line.text))
        say()


def _labelled(label: str, text: str) -> str:
    return f"  {label + ':':<9}{'' if len(label) < 8 else ' '}{text}"
