"""The `takeover` block as it is printed or written."""

from __future__ import annotations

from pathlib import Path

from engine.basics.errors import WrongUsage
from engine.basics.files import write_whole
from engine.cli.output import print_json, say, write
from engine.operations.takeover_form import TakeoverForm


def show_takeover(form: TakeoverForm, into: Path | None, as_json: bool) -> None:
    """Print the block, or write it. Raises WrongUsage if the file exists."""
    if into is not None:
        if into.exists():
            raise WrongUsage(f"{into} exists; give --into another name, so that nothing is lost")
        write_whole(into, form.text.encode())
    source = "filled in from the record" if form.from_record else "blank: the record does not have the deal"
    if as_json:
        print_json({**form.as_data(), "into": None if into is None else str(into)})
    elif into is None:
        write(form.text.rstrip("\n"))
    else:
        say(f"{into}: {form.deal} as of {form.as_of}, {source}; {form.blanks} values to fill in")
