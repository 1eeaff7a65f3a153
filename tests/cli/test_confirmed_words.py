"""What `headroom confirm` says will follow: a report that counts from its keying alone reaches back to no
date.
"""

from __future__ import annotations

import pytest

from engine.cli.show.confirm import say_confirmed
from engine.operations.confirm import Confirmed


@pytest.mark.parametrize(
    ("recorded", "from_keying", "said"),
    [
        (True, False, "confirmed; the next run determines the dates since the report's receipt again"),
        (True, True, "confirmed; the report counts from its keying, and the figure with it"),
        (False, True, "on record already"),
    ],
)
def test_it_promises_what_will_follow(
    recorded: bool, from_keying: bool, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    say_confirmed("deal", Confirmed("2026-03-18", ("fees",), recorded, from_keying))
    assert capsys.readouterr().out == f"deal: 2026-03-18: fees: {said}\n"
