"""A message quotes the beginning of a long value and its length, wherever the message is made."""

from __future__ import annotations

import pytest

from engine.basics.errors import HeadroomError, InputProblems, Place, Problem, WrongUsage, render
from engine.basics.quotations import shortened
from engine.servicer_report.received_file import open_report
from engine.terms.source import parse

DIGITS = "7" * 5_000


def test_a_long_value_between_quotes_is_cut_and_its_length_is_said() -> None:
    assert shortened(f"`{DIGITS}` is not a date") == f"`{'7' * 60}…` (5,000 characters) is not a date"
    words = "a word " * 1_000
    assert shortened(f"the reason `{words}` is too long").startswith("the reason `a word a word")
    assert len(shortened(f"the reason `{words}` is too long")) < 130


def test_a_long_value_without_quotes_is_cut_as_well() -> None:
    assert shortened(f"it is {DIGITS}, not a date") == f"it is {'7' * 60}… (5,001 characters) not a date"


@pytest.mark.parametrize(
    "text",
    [
        "`65%` is not a date, and `66%` is neither",
        f"the hash {'0123456789abcdef' * 4} and the key agent.example/log+12345678+{'A' * 44}",
        f"run `headroom intake {' '.join(['reports/meridian-2026-1.yaml'] * 9)}`",
        f"neither a file nor a deal `x` exists; deals here: {', '.join(['deal-0-2026'] * 20)}; see `headroom run`",
        f"`headroom check` {'reads a file ' * 20}`headroom run` {'runs it ' * 20}`headroom verify` looks",
        f"no such file: /home/{'a-folder/' * 40}meridian-2026-1.yaml",
        f"`C:\\Users\\{'a-folder' * 40}\\meridian-2026-1.yaml` is not a file",
        f"run `headroom check /home/{'a-folder/' * 40}meridian-2026-1.yaml`",
    ],
    ids=[
        "short quotes",
        "hashes and keys",
        "a command",
        "prose between two quotes",
        "prose between commands",
        "a path",
        "a quoted path of Windows",
        "a path in a command",
    ],
)
def test_what_a_reader_needs_whole_stays_whole(text: str) -> None:
    assert shortened(text) == text


@pytest.mark.parametrize("quote", ["", "`"])
def test_a_path_of_thousands_of_characters_keeps_its_beginning_and_its_file_name(quote: str) -> None:
    path = f"/home/person/{'a-folder/' * 400}meridian-2026-1.yaml"
    said = shortened(f"no such file: {quote}{path}{quote}")
    assert said.startswith(f"no such file: {quote}/home/person/a-folder/")
    assert f"…{path[-60:]}{quote} (3,633 characters)" in said
    assert len(said) < 170


def test_each_long_quote_of_several_is_cut_alone() -> None:
    said = shortened(f"`{'a ' * 100}` is neither `short` nor `{'b ' * 100}`")
    assert (
        said
        == f"`{('a ' * 100)[:60]}…` (200 characters) is neither `short` nor `{('b ' * 100)[:60]}…` (200 characters)"
    )


def test_every_problem_and_every_refusal_is_cut() -> None:
    problem = Problem("R110", f"`{DIGITS}` is not a date", f"it is {DIGITS}", f"write `{DIGITS}`", Place("a"))
    assert max(map(len, (problem.what, problem.why, problem.fix))) < 120
    for refusal in (HeadroomError, WrongUsage):
        assert len(str(refusal(f"no deal is called `{DIGITS}`"))) < 120
    assert str(InputProblems([problem])) == "1 problem"


def test_a_long_line_of_the_file_is_shown_around_its_place() -> None:
    line = f"{'a' * 3_000}{DIGITS}{'b' * 3_000}"
    shown = render(Problem("D1", "wrong", "", "mend it", Place("deal.yaml", 1, 3_001, 5_000)), [line])
    _, _, text, carets, _ = shown.splitlines()
    assert max(map(len, shown.splitlines())) < 130
    first = carets.index("^")
    assert (text[first - 1], text[first]) == ("a", "7")


def test_no_reader_echoes_a_long_value_whole() -> None:
    _, problems = open_report(f"figure,value\ndeal,a\nas_of,{DIGITS}\n{DIGITS},1\n".encode(), "r.csv", {})
    _, more = parse(f"a: &{DIGITS} b\n", "r.yaml")
    assert more
    for problem in (*problems, *more):
        assert len(problem.what) + len(problem.why) + len(problem.fix) < 500
