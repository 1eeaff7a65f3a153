"""`headroom report-form`: the form of a deal's report for one period, made from what its tests need."""

from __future__ import annotations

from pathlib import Path

from engine.basics.files import write_whole
from engine.basics.values import counted
from engine.cli.output import print_json, say
from engine.queries.report_forms import FormFile, QuestionsFile


def show_form(form: FormFile, into: Path, as_json: bool) -> int:
    """Write the form, and say what it asks for and by when."""
    write_whole(into, form.data)
    if as_json:
        due = str(form.due) if form.due else None
        said = {"deal": form.deal, "from": str(form.start), "to": str(form.end), "due": due}
        print_json({**said, "figures": list(form.figures), "file": str(into)})
    else:
        by = f", due {form.due}" if form.due else ""
        say(f"{into}: {counted(len(form.figures), 'figures')} of {form.deal}, {form.start} to {form.end}{by}")
    return 0


def show_questions(form: QuestionsFile, into: Path, as_json: bool) -> int:
    """Write the form of questions, and say what it asks about."""
    write_whole(into, form.data)
    if as_json:
        print_json({**form.as_data(), "file": str(into)})
    else:
        say(f"{into}: {counted(len(form.questions), 'questions')} about {form.report} of {form.deal}")
    return 0
