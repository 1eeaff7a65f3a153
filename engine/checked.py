"""A deal file read against what there is: the templates that were handed in, and the methodology versions that ship."""

from __future__ import annotations

from collections.abc import Mapping

from engine.determination.template import Template, clauses_of
from engine.errors import Problem
from engine.market.methodology import published_versions
from engine.terms.check import read_checked
from engine.terms.in_force import Deal


def read_deal(text: str, file: str, templates: Mapping[str, Template]) -> tuple[Deal | None, list[Problem]]:
    """The deal where it can be read, everything that is wrong with its file, and everything worth a warning, sorted by place."""
    return read_checked(text, file, clauses_of(templates), published_versions())
