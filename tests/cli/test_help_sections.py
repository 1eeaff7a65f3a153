"""The list of commands in `headroom --help`: each family under its heading, and each sentence whole."""

from __future__ import annotations

import pytest

from engine.cli.sections import SECTIONS, in_short
from tests.cli.calling import in_a_process


def test_every_command_stands_under_its_heading_and_no_sentence_is_cut() -> None:
    text = in_a_process("--help").stdout
    assert "Further commands" not in text
    assert "..." not in text.split("Write a deal")[1]
    for heading, commands in SECTIONS.values():
        section = text.split(f"{heading}:\n")[1].split("\n\n")[0]
        rows = [line.split()[0] for line in section.splitlines() if line[2] != " "]
        assert rows == list(commands)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Make a form: of one, or of two. Then more.", "Make a form."),
        ("Make a form.", "Make a form."),
        (
            "Count false alarms, misses and delays of a trigger.",
            "Count false alarms, misses and delays of a trigger.",
        ),
    ],
)
def test_a_long_sentence_ends_at_a_colon_and_never_inside_a_list(text: str, short: str) -> None:
    assert in_short(text, 20) == short
