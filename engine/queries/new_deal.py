"""A deal file to fill in, made like another deal; and each template with all of its keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.determination.template import clauses_of
from engine.terms.blank_forms import forms_of
from engine.terms.source import parse, scalars
from engine.workspace.deal_files import Templates, loaded


@dataclass(frozen=True, slots=True)
class NewDeal:
    """A deal file to fill in: its text, the deal that it is like, and how many values it lacks."""

    text: str
    like: str
    blanks: int

    def as_data(self) -> dict[str, Any]:
        """Return the form as JSON: `like`, `blanks`, `text`."""
        return {"like": self.like, "blanks": self.blanks, "text": self.text}


def new_deal(like: Path, templates: Templates) -> NewDeal:
    """Return a deal file to fill in, with the structure of a deal in which `check` finds no error.

    Raises:
        InputProblems: everything that is wrong with that deal.
    """
    # A form made of a file with errors would hand these errors on.
    deal = loaded(like, templates)
    head = (
        f"# A deal file to fill in, like {deal.name}. `headroom check` names each value that is still "
        "blank.\n"
    )
    text = head + forms_of(clauses_of(templates)).like(deal.tree.data)
    # The form is read as `check` will read it, so the count is that of the blanks that it will name.
    tree, _ = parse(text, "new")
    blanks = 0 if tree is None else sum(not value for _, value in scalars(tree.data))
    return NewDeal(text, deal.name, blanks)
