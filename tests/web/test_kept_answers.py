"""Answers that are kept: made once however many ask at once, the oldest first to go, and nothing kept of one
that fails.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Event, Thread

import pytest

from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.record.log import Scribe, append, deal_log
from engine.web.application import keep_warm
from engine.web.desk import KeptAnswers
from tests.web.conftest import AT, Visitors


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


def test_rows_are_made_ahead_of_whoever_asks_and_anew_when_a_log_grows(
    own_visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The portfolio's rows are made before anybody asks for them, and the thread that makes them ends with
    the desk.
    """
    monkeypatch.setattr("engine.web.application.LOOKS_AGAIN", 0.05)
    monkeypatch.setattr("engine.web.desk.SIZES_HOLD", 0.0)
    desk = own_visitors.desk
    made: list[tuple[str, int]] = []
    again = Event()
    get = desk.rows.get

    def seen(question: tuple[object, ...], answer: Callable[[], object]) -> object:
        made.append((str(question[1]), int(str(question[2]))))
        if ("meridian-2026-1", before + 1) in made:
            again.set()
        return get(question, answer)

    before = desk.size("meridian-2026-1")
    monkeypatch.setattr(desk.rows, "get", seen)
    warming = Thread(target=keep_warm, args=(desk,))
    warming.start()
    try:
        act = ActRecorded(act="consent", effective_on=AT.date(), details={"version": "1"})
        with desk.workspace.store.begin() as writer:
            append(
                writer,
                deal_log("meridian-2026-1"),
                [Draft(kind="act recorded", subject="c", effective_on=AT.date(), payload=act)],
                Scribe("t", "t", AT),
            )
        assert again.wait(10)
    finally:
        desk.stopping.set()
        warming.join(10)
    assert not warming.is_alive()


def test_an_answer_that_fails_is_asked_for_again() -> None:
    kept = KeptAnswers()
    with pytest.raises(ZeroDivisionError):
        kept.get(("q",), lambda: 1 // 0)
    assert kept.get(("q",), lambda: "now") == "now"
