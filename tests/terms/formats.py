"""A deal file of format 1 rewritten in format 2, each key with the reading that format 1 gives it."""

from __future__ import annotations

import re
from datetime import date

from covenants import templates
from engine.determination.template import clauses_of
from engine.terms.amendment import picked, scheduled
from engine.terms.format_keys import Lacking, lacking
from engine.terms.source import parse

AT = date(2100, 1, 1)
KEYS_OF_2 = re.compile(
    r", cut_off: (?:\"[\d:]+\"|end of day)|, late_keying: \{[^}]*\}|, tolerance: (?:\{[^}]*\}|none)"
    r"| months: \[1, 4, 7, 10\],|, from: the next date|\n    (?:counted: with senior classes|between: "
    r"straight lines)(?=\n)"
)
"""The keys of format 2 as the shipped deals write them, where format 1 reads the same."""


def in_format_2(text: str, **instead: str) -> str:
    """`text` in format 2. A key that is named in `instead` is written with that value."""
    text = text.replace("format: 1", "format: 2", 1)
    tree, problems = parse(text, "deal.yaml")
    assert tree is not None, problems
    lines = text.splitlines()
    absent = lacking(picked(scheduled(tree.data), AT), clauses_of(dict(templates())))
    for one in sorted(absent, key=lambda each: tree.key_place(each.path), reverse=True):
        number = tree.key_place(one.path).line - 1 if one.path else 0
        lines[number : number + 1] = _written(lines[number], one, instead.get(one.key.key, one.written))
    return "\n".join(lines) + "\n"


def in_format_1(text: str) -> str:
    """`text` of a deal of format 2 in format 1, without the keys that format 1 cannot write."""
    lines, template = list[str](), ""
    for line in text.replace("format: 2", "format: 1", 1).splitlines():
        template = line.partition("template: ")[2] or template
        silent = (
            line.startswith("    failure_is:")
            and template in clauses_of(dict(templates()))
            and not says(template)
        )
        if not line.startswith("  correction:") and not silent:
            lines.append(line)
    return KEYS_OF_2.sub("", "\n".join(lines) + "\n")


def says(template: str) -> bool:
    """Whether a clause of a template says in format 1 what a failure is."""
    return clauses_of(dict(templates()))[template].says_in_format_1


def _written(line: str, one: Lacking, value: str) -> list[str]:
    """The line of a block, with one more key in it."""
    if one.path and f"{one.path[-1]}:" in line and "{" in line:
        before, after = line.split("{", 1)
        return [f"{before}{{{one.key.key}: {value}, {after}"]
    return [line, f"{' ' * (len(line) - len(line.lstrip()) + (2 if one.path else 0))}{one.key.key}: {value}"]
