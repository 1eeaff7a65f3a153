"""What people and files say never acts: not on a terminal, not in a row, not in a file's name (`rulings.md`
69).
"""

from __future__ import annotations

import io
import json
import sys
import unicodedata

import pytest

from engine.basics.errors import Place, Problem, render
from engine.basics.inert import inert, inert_json, inert_lines, one_line, same_person
from engine.cli.output import print_json, print_line, say, table, write
from engine.queries.exports import as_calendar

KINDS = ("Cc", "Cf", "Zl", "Zp", "Cs")
ACTS = [chr(n) for n in range(0x110000) if unicodedata.category(chr(n)) in KINDS]
FORGED = "report.yaml\n9    2026-01-08  notice issued  compliance\x1b[2J\u202e"


@pytest.mark.parametrize("shown", [inert, one_line, inert_lines, inert_json])
def test_no_character_that_acts_is_left(shown: object) -> None:
    """Every control, format and line character of Unicode, and every half of a character."""
    for one in ACTS:
        found = shown(f"a{one}b")  # type: ignore[operator]
        assert not {c for c in found if unicodedata.category(c) in KINDS} - set("\n\t")
    for text in ("Señor Müller, 65% · “§ 4”", "東京 株式会社", "naïve"):
        assert shown(text) == text  # type: ignore[operator]


def test_a_name_with_a_line_end_forges_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    say(table(("no.", "what"), [("1", FORGED), ("2", "b")]))
    assert len(capsys.readouterr().out.splitlines()) == 4
    say(f"{FORGED}: taken")
    assert len(capsys.readouterr().out.splitlines()) == 1
    say("\nafter an empty line")
    assert capsys.readouterr().out == "\nafter an empty line\n"
    assert len(render(Problem("Y100", FORGED, FORGED, FORGED, Place(FORGED))).splitlines()) == 2


def test_nothing_printed_reaches_the_terminal_as_an_escape_sequence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for print_it in (say, write, print_json, print_line):
        print_it(FORGED)  # type: ignore[operator]
        said = capsys.readouterr().out
        assert not set(said) & {"\x1b", "\u202e"}


def test_json_says_the_same_when_it_is_inert() -> None:
    value = {"name": FORGED, "rest": "".join(one for one in ACTS if not "\ud800" <= one <= "\udfff")}
    assert json.loads(inert_json(json.dumps(value, ensure_ascii=False, indent=2))) == value


def test_two_spellings_of_a_name_are_one_person() -> None:
    assert same_person("A. Smith", "a.  smith\u200b ")
    assert same_person("Ａ. Smith", "A. Smith")
    assert not same_person("A. Smith", "B. Smith")
    assert not same_person(None, None)


def test_a_calendar_has_no_line_of_somebody_else() -> None:
    assert as_calendar("a-deal", []).splitlines()[0] == "BEGIN:VCALENDAR"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_an_answer_as_json_is_json_in_whatever_code_the_terminal_has(
    monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """The stream wrote `\\xa7` and `\\U0001f600` for what its code lacks, which no reader of JSON takes."""
    answer = {"cite": "CA §7.02, −5 €, 東京, \U0001f600"}
    for printed in (print_json, print_line):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
        monkeypatch.setattr(sys, "stdout", stream)
        printed(answer)
        stream.flush()
        assert json.loads(stream.buffer.getvalue().decode(encoding)) == answer  # type: ignore[attr-defined]
