"""The portfolio of the benchmark is one that the engine would have made, and its Thursday says what it cost."""

from __future__ import annotations

from pathlib import Path

from engine.cli.show.run import spent_words
from tests.bench.portfolio_thursday import generated, replayed


def test_a_deal_with_a_copied_log_is_replayed_to_the_last_byte_and_goes_on(tmp_path: Path) -> None:
    desk = generated(tmp_path / "desk", 3, 4)
    desk.publish(5, 5)
    outcome = desk.run(5)
    assert [(deal.reason, len(deal.notices)) for deal in outcome.deals] == [(None, 1)] * 3
    assert replayed(desk, "deal-00002").endswith("nothing differs")
    assert sum(outcome.processor_seconds.values()) > 0


def test_a_run_names_its_largest_share_first() -> None:
    spent = {
        "publication": 1.0,
        "evaluation": 2.0,
        "composition": 7.0,
        "layout": 80.0,
        "sealing": 10.0,
        "record": 0.0,
    }
    assert spent_words(spent) == (  # type: ignore[arg-type]
        "100 s of processor: layout 80%, sealing 10%, composition 7%, evaluation 2%, publication 1%, record "
        "0%"
    )
