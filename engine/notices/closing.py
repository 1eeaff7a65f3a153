"""The steps of a verification, and its last line: what was compared, and what was not (`rulings.md` 64)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

UNSIGNED = "not signed: the appearance is not bound"
NOT_COMPARED = "NOT COMPARED"
"""How what a step found begins if it could not compare."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the verification: its name, what it found, and the first difference if there is one."""

    name: str
    found: str = ""
    difference: str | None = None

    @property
    def verdict(self) -> str:
        """Return `DIFFERS`, `holds`, or `open` for what could not be compared."""
        return "DIFFERS" if self.difference else "open" if self.found.startswith(NOT_COMPARED) else "holds"


def step_lines(steps: Sequence[Step], said: str) -> tuple[str, ...]:
    """Return each step in a line: what differs, what holds, what could not be compared; and the last line."""
    lines = (f"{step.verdict:<8} {step.name}: {step.difference or step.found}" for step in steps)
    return (*lines, *([said] if said else []))


COMPARED = {
    "signature": "the signature over the whole file",
    "log": "the place of every entry of its date in the signed log",
    "observations": "the rates with their listings",
    "results": "the results, computed again",
    "page 1": "page 1's masthead, answer and dues, composed again of its events",
    "all text": "every string of its pages with page.json",
    "visible text": "each result's row with the log",
    "as issued": "every string with what the log issued",
    "drawing": "the drawing, drawn again",
}
"""What each step compares, as the closing sentence lists it."""
LEFT = {
    "signature": "its appearance, for nobody has signed the file",
    "log": "its place in a log that a living key signed: give that log with --held",
    "all text": "its words beyond each result's row, for the file carries no page.json",
    "as issued": "its words beyond page 1's masthead, answer and dues with the log: give the log with --held",
    "drawing": "the drawing: give --render where its record is",
}
"""What is not compared where a step found nothing to look at."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What a verification compared and what it did not, in the words of its last line."""

    signed: bool
    compared: tuple[str, ...]
    left: tuple[str, ...]

    def said(self, notice: str, policy: str) -> str:
        """Return the last line: an unsigned file never closes like a signed one (`rulings.md` 64)."""
        head = (
            f"{notice} is what it says as far as was compared, by {policy}."
            if self.signed
            else f"{notice} is NOT SIGNED: its evidence holds by {policy}, and nobody stands for its pages."
        )
        left = f" Not compared: {'; '.join(self.left)}." if self.left else ""
        return f"{head} Compared: {'; '.join(self.compared)}.{left}"


def closing_of(steps: Sequence[Step]) -> Closing:
    """Return what the steps of a verification without a difference compared."""
    findings = {
        step.name: step.found
        for step in steps
        if step.difference is None and not step.found.startswith(NOT_COMPARED)
    }
    signed = findings.get("signature", UNSIGNED) != UNSIGNED
    done = [name for name in COMPARED if name in findings and (name != "signature" or signed)]
    left = [
        name for name in LEFT if name not in done and not (name == "as issued" and "all text" not in findings)
    ]
    return Closing(signed, tuple(COMPARED[name] for name in done), tuple(LEFT[name] for name in left))
