"""How the whole foresight report of a draft is shown once it is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.basics.values import listed
from engine.cli.output import print_json, say

ANSWERS = ("ladder", "stress", "simulation", "calibration")


def show_written(into: Path, deal: str, parts: Mapping[str, Any], as_json: bool) -> int:
    """Print which answers a report holds, and what it lacks."""
    held = [name for name in ANSWERS if name == "ladder" or name in parts]
    if as_json:
        print_json({"deal": deal, "into": str(into), "answers": held})
        return 0
    say(f"{into}: {listed(held)} of {deal}")
    if "simulation" not in held:
        say("A simulation is left out, because it needs a history; give one with --history FILE.")
    return 0
