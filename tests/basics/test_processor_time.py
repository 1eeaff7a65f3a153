"""The ledger of processor time: each second stands once, under the innermost work."""

from __future__ import annotations

from collections.abc import Iterator

from engine.basics.processor_time import ProcessorTime, spent_between


def clock(*readings: float) -> Iterator[float]:
    yield from readings


def test_a_second_stands_under_the_innermost_work() -> None:
    readings = clock(0, 3, 5, 9, 20)
    spent = ProcessorTime(lambda: next(readings))
    with spent.of("evaluation"), spent.of("record"):  # evaluation 0 to 3, record 3 to 5
        pass
    # the record ends at 5, evaluation at 9; what comes after is nobody's
    assert spent.seconds() == {
        "publication": 0,
        "evaluation": 7,
        "composition": 0,
        "layout": 0,
        "sealing": 0,
        "record": 2,
    }


def test_what_another_process_spent_is_added_and_a_failure_closes_its_account() -> None:
    readings = clock(0, 1, 1, 4, 4)
    spent = ProcessorTime(lambda: next(readings))
    before = spent.seconds()
    spent.add("layout", 2.5)
    try:
        with spent.of("sealing"):
            raise ValueError
    except ValueError:
        pass
    between = spent_between(before, spent.seconds())
    assert (between["layout"], between["sealing"], sum(between.values())) == (2.5, 0, 2.5)
