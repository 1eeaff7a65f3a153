"""How every test, trigger and Obligation stands once a date is determined (`rulings.md` 64).

What page 1 says of them rests on this. The event of the date holds its hash, and the date's notice carries
it. So nobody can leave out what stood before the date and still stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from pydantic import Field

from engine.basics.canonical_json import canonical, sha256_hex
from engine.basics.values import Fact
from engine.events.kinds import (
    ActApplied,
    Counted,
    DeadlinePassed,
    Determined,
    Event,
    NotEvaluated,
    ObligationMoved,
    Suspended,
    Tested,
)
from engine.events.standing import standing
from engine.events.states import (
    Obligation,
    ReserveReleased,
    Run,
    TestState,
    TriggerState,
    obligation_key,
    run_after,
)
from engine.events.taken_over import TakenOver

if TYPE_CHECKING:
    from engine.events.deal_state import DealState


class DateStanding(Fact):
    """Every test, trigger and Obligation as a determined date leaves it."""

    tests: Mapping[str, TestState] = {}
    triggers: Mapping[str, TriggerState] = {}
    obligations: tuple[Obligation, ...] = ()
    """The Obligations that are not satisfied, in the order of their creation."""
    runs: Mapping[str, Run] = {}
    """By test: on how many determined dates in a row it has been FAIL, and the date of its newest result."""
    released: tuple[ReserveReleased, ...] = ()
    """Reserves released since the Determination Date before."""
    carried_as_of: date | None = Field(default=None, exclude_if=lambda day: day is None)
    """The day as of which the deal was taken over; absent otherwise.

    Results up to it are a former servicer's and have no entries here.
    """

    @property
    def file(self) -> bytes:
        """Return the standing as canonical JSON, which a notice carries and whose hash the log holds."""
        return canonical(self.model_dump(mode="json"))

    @property
    def sha256(self) -> str:
        """Return the SHA-256, in hexadecimal, that the date's event holds."""
        return sha256_hex(self.file)


def standing_of(state: DealState) -> DateStanding:
    """Return how a deal stands, from a state that the date's results have moved and its end has not."""
    since = state.last_date
    money = (amount for amount in state.money if isinstance(amount, ReserveReleased))
    return DateStanding(
        tests=state.tests,
        triggers=state.triggers,
        obligations=tuple(
            obligation for obligation in state.obligations.values() if obligation.status != "SATISFIED"
        ),
        runs=state.runs,
        released=tuple(amount for amount in money if since is None or amount.on > since),
        carried_as_of=state.taken_over.as_of if state.taken_over is not None else None,
    )


def standing_after(events: Iterable[Event]) -> DateStanding:
    """Return how a deal stands after the events that stand, up to the one of the date itself.

    The events are read once, and no state is folded.
    """
    tests: dict[str, TestState] = {}
    triggers: dict[str, TriggerState] = {}
    obligations: dict[str, Obligation] = {}
    runs: dict[str, Run] = {}
    released: list[ReserveReleased] = []
    since: date | None = None
    last: date | None = None
    carried: date | None = None
    for event in events:
        payload = event.payload
        test, trigger, moved = _moved_by(payload)
        if isinstance(payload, Tested):
            runs[payload.result.test] = run_after(runs.get(payload.result.test), payload.result)
        elif isinstance(payload, ReserveReleased):
            released.append(payload)
        elif isinstance(payload, TakenOver):
            tests, triggers, runs = dict(payload.tests), dict(payload.triggers), dict(payload.runs)
            obligations, since = {obligation_key(one): one for one in payload.obligations}, payload.last_date
            carried, last = payload.as_of, payload.last_date
        elif isinstance(payload, Determined):
            # The last such event is the date's own, so a release counts from the one before it.
            since, last = event.effective_on, since
        if test is not None:
            tests[test.test] = test
        if trigger is not None:
            triggers[trigger.trigger] = trigger
        if moved is not None:
            obligations[obligation_key(moved)] = moved
    return DateStanding(
        tests=tests,
        triggers=triggers,
        obligations=tuple(
            obligation for obligation in obligations.values() if obligation.status != "SATISFIED"
        ),
        runs=runs,
        released=tuple(release for release in released if since is None or last is None or release.on > last),
        carried_as_of=carried,
    )


def _moved_by(payload: object) -> tuple[TestState | None, TriggerState | None, Obligation | None]:
    """Return the test, the trigger and the Obligation that a payload moves, each in its new state or None."""
    match payload:
        case Tested(state=test) | DeadlinePassed(state=test) | Suspended(state=test):
            return test, None, None
        case Counted(state=trigger):
            return None, trigger, None
        case ActApplied(test=moved, trigger=trigger, obligation=obligation):
            return moved, trigger, obligation
        case ObligationMoved(obligation=obligation):
            return None, None, obligation
        case _:
            return None, None, None


def resting_on(said: NotEvaluated, events: Sequence[Event]) -> NotEvaluated:
    """Return why a date was not evaluated, completed by what its notice states again.

    It states how everything stood, and the newest determined date, with what was due then.
    """
    in_force = standing(events)
    last = next((event.leaf for event in reversed(in_force) if isinstance(event.payload, Determined)), None)
    return said.model_copy(
        update={"standing_sha256": standing_after(in_force).sha256, "last_determined": last}
    )
