"""Answers that are kept: made once however many ask at once, the oldest first to go, and nothing kept of one that fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest

from engine.web.desk import KeptAnswers


def noted(made: list[str], name: str) -> str:
    """The answer `name`, noted as made."""
    made.append(name)
    return name


def test_many_who_ask_at_once_have_it_made_once() -> None:
    kept, together = KeptAnswers(), Barrier(8)
    made: list[str] = []

    def ask(_: int) -> str:
        together.wait(10)
        return str(kept.get(("question",), partial(noted, made, "answer")))

    with ThreadPoolExecutor(8) as people:
        assert list(people.map(ask, range(8))) == ["answer"] * 8
    assert made == ["answer"]


def test_the_one_that_was_not_asked_for_longest_goes_first() -> None:
    kept = KeptAnswers(2)
    made: list[str] = []
    for name in ("a", "b", "a", "c", "a", "c", "b"):
        kept.get((name,), partial(noted, made, name))
    assert made == ["a", "b", "c", "b"]


def test_an_answer_that_fails_is_asked_for_again() -> None:
    kept = KeptAnswers()
    with pytest.raises(ZeroDivisionError):
        kept.get(("q",), lambda: 1 // 0)
    assert kept.get(("q",), lambda: "now") == "now"
