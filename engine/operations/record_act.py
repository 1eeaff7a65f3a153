"""Record what a person did, checked against what the deal asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.basics.errors import WrongUsage
from engine.basics.inert import same_person
from engine.events.deal_state import fold
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Event
from engine.operations.act_details import with_details
from engine.record.log import Scribe, append, deal_log, event_of, imagined, prints_in, read
from engine.terms.act_requirements import DECIDING, MANIFEST_ERROR, RATE_ACTS, Said, refusals
from engine.terms.act_requirements import (
    KINDS as KINDS,
)  # read here, and handed on to the rooms that may not open the terms
from engine.terms.as_written import Deal, resolve
from engine.terms.in_force import TermsInForce
from engine.terms.phrases import read_set_rate
from engine.workspace.series import series_of
from engine.workspace.workspace import Workspace


def _acts(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if isinstance(event.payload, ActRecorded)]


def _draft(act: ActRecorded) -> Draft:
    return Draft(kind="act recorded", subject=act.identity, effective_on=act.effective_on, payload=act)


def _with_rate(act: ActRecorded, terms: TermsInForce) -> ActRecorded:
    """Return an Act that sets a rate, with the rate as a plain number.

    A rate that cannot be read is refused here, since it would stop every later run.
    """
    if act.act not in RATE_ACTS:
        return act
    index, rate = act.details["index"], read_set_rate(act.details["rate"])
    if index not in terms.index:
        raise WrongUsage(f"`{index}` is not an index of the deal; there are {', '.join(terms.index)}")
    return _with(act, rate=str(rate))


def _with_print(workspace: Workspace, act: ActRecorded, terms: TermsInForce) -> ActRecorded:
    """Return a manifest error with the newest print of its date.

    The Act excludes that print, and no later one.
    """
    if act.act != MANIFEST_ERROR:
        return act
    index = act.details["index"]
    if index not in terms.index:
        raise WrongUsage(f"`{index}` is not an index of the deal; there are {', '.join(terms.index)}")
    series = series_of(index, terms.index[index])
    prints = [event for event in prints_in(workspace.store, series) if event.effective_on == act.effective_on]
    # A date without a value has nothing that could be in error.
    if not any(event.payload.value["value"] is not None for event in prints):
        raise WrongUsage(
            f"{series} has no value published for {act.effective_on}; --effective-on is the Publication Date"
        )
    return _with(act, print=str(prints[-1].print))


def _with(act: ActRecorded, **details: str) -> ActRecorded:
    return act.model_copy(update={"details": {**act.details, **details}})


def _entered(act: ActRecorded, events: Sequence[Event]) -> tuple[ActRecorded, bool]:
    """Return the Act as it is recorded, told from every earlier one, and whether it is new."""
    acts: list[ActRecorded] = [event.payload for event in events]
    standing = fold(events).acts
    if act.act == "act withdrawn":
        return _withdrawal(act, acts, standing)
    rivals = [
        other for other in standing if (other.told_by, other.effective_on) == (act.told_by, act.effective_on)
    ]
    for rival in rivals:
        # Entered again word for word, as after a lost answer, it is not recorded a second time.
        if _as_said(rival) == _as_said(act):
            return rival, False
    # Two Acts that decide one question differently would leave the state to the order of entry.
    if rivals and act.act in DECIDING:
        name, other = rivals[0].identity, ", ".join(_differing(_without_entry(rivals[0]), act))
        raise WrongUsage(
            f"`{name}` is on record and says otherwise ({other}); withdraw it first: act withdrawn, --names "
            f"'{name}'"
        )
    # Withdrawn ones are counted too, so that a number names one entry for ever.
    before = sum((other.told_by, other.effective_on) == (act.told_by, act.effective_on) for other in acts)
    return (_with(act, entry=str(before + 1)) if before else act), True


def _withdrawal(
    act: ActRecorded, acts: Sequence[ActRecorded], standing: Sequence[ActRecorded]
) -> tuple[ActRecorded, bool]:
    """Return a withdrawal that names one standing Act in full.

    Raises WrongUsage if it names none, or several.
    """
    name = act.names
    meant = [standing_act for standing_act in standing if standing_act.goes_by(name)]
    if len(meant) == 1:
        return _with(act, names=meant[0].identity), True
    if meant:
        raise WrongUsage(
            f"`{name}` names several Acts; write one of {', '.join(other.identity for other in meant)}"
        )
    named = [other for other in acts if other.goes_by(name)]
    again = [
        other.identity
        for other in standing
        for withdrawn in named
        if (other.told_by, other.effective_on) == (withdrawn.told_by, withdrawn.effective_on)
    ]
    if again:
        raise WrongUsage(
            f"`{name}` is withdrawn already; entered again since is {', '.join(again)}: name that one in full"
        )
    # The same withdrawal may be entered again after a lost answer.
    same = [_with(act, names=withdrawn.identity) for withdrawn in named]
    for other in acts:
        if other in same:
            return other, False
    known = ", ".join(other.identity for other in standing)
    raise WrongUsage(f"name the Act that is withdrawn with --names; on record are {known or 'none'}")


def _as_said(act: ActRecorded) -> ActRecorded:
    """Return the Act without what tells two entries of it apart: its number, and when it was received."""
    return _without_entry(act).model_copy(update={"received_at": None})


def _without_entry(act: ActRecorded) -> ActRecorded:
    return act.model_copy(
        update={"details": {key: value for key, value in act.details.items() if key != "entry"}}
    )


def _differing(act: ActRecorded, other: ActRecorded) -> Iterator[str]:
    """Yield the names of what two Acts say differently."""
    yield from (
        name
        for name in ("until", "document", "sha256", "prepared_by", "approved_by")
        if getattr(act, name) != getattr(other, name)
    )
    yield from (
        key
        for key in sorted({*act.details, *other.details})
        if act.details.get(key) != other.details.get(key)
    )


def _allowed(act: ActRecorded, terms: TermsInForce) -> None:
    """Check what the deal asks of an Act.

    The check covers what its kind must say, what the clause allows, and the second person.
    """
    said = Said(
        act.act,
        act.effective_on,
        act.clause,
        act.until,
        act.document,
        act.prepared_by,
        act.approved_by,
        act.details,
    )
    for refusal in refusals(said, terms, _option):
        raise WrongUsage(f"{refusal.what}; {refusal.fix}")
    if terms.recorded_acts is not None and (act.prepared_by is None or act.approved_by is None):
        raise WrongUsage(
            f"the deal asks for two persons ({terms.recorded_acts.cite}); give --prepared-by and "
            "--approved-by"
        )


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


@dataclass(frozen=True, slots=True)
class ActEntered:
    """An Act as it stands or would stand in the record, and whether it is new."""

    deal: str
    act: ActRecorded
    new: bool
    event: Event | None = None
    """The event that would be recorded, for a preview of an Act that is new."""

    def as_data(self, recorded: bool) -> dict[str, Any]:
        """Return the answer as JSON: `deal`, `recorded`, `name`, `act`."""
        return {
            "deal": self.deal,
            "recorded": recorded,
            "name": self.act.identity,
            "act": self.act.model_dump(mode="json"),
        }


def asks_for_two(deal: Deal, on: date) -> bool:
    """Return whether a deal asks for two persons to an Act of a date."""
    return resolve(deal, on).recorded_acts is not None


def record_act(workspace: Workspace, deal: Deal, act: ActRecorded, scribe: Scribe) -> ActEntered:
    """Record what a person did; entered again word for word, it is on record already.

    Raises:
        WrongUsage: it is not an Act, says too little, or is not allowed by the deal; or another Act of its
            kind, clause and date stands and says otherwise.
    """
    said, log = _checked(workspace, deal, act), deal_log(deal.name)
    with workspace.store.begin() as writer:
        # Read inside the transaction, so that two persons cannot both enter what decides one question.
        entered, new = _entered(said, _acts([event_of(entry) for entry in writer.entries(log)]))
        if new:
            append(writer, log, [_draft(entered)], scribe)
    return ActEntered(deal.name, entered, new)


def imagine_act(workspace: Workspace, deal: Deal, act: ActRecorded, scribe: Scribe) -> ActEntered:
    """Return the Act as it would be recorded, with its event where it is new; nothing is recorded.

    Raises WrongUsage as `record_act` does.
    """
    said, log = _checked(workspace, deal, act), deal_log(deal.name)
    entered, new = _entered(said, _acts(read(workspace.store, log)))
    return ActEntered(deal.name, entered, new, imagined(_draft(entered), scribe, log) if new else None)


def _checked(workspace: Workspace, deal: Deal, act: ActRecorded) -> ActRecorded:
    """Return the Act with everything that its kind needs, held against the deal. Raises WrongUsage."""
    if act.act not in KINDS:
        raise WrongUsage(f"`{act.act}` is not a Recorded Act; there are {', '.join(KINDS)}")
    if same_person(act.prepared_by, act.approved_by):
        raise WrongUsage(f"{act.prepared_by} cannot both prepare and approve an Act; name a second person")
    if deal.takeover is not None and act.effective_on <= deal.takeover.as_of:
        raise WrongUsage(
            f"{deal.name} was taken over as of {deal.takeover.as_of}, and no Act stands before that; "
            "what it did is part of the states of `takeover`, and an Act is effective after it"
        )
    terms = resolve(deal, act.effective_on)
    known = (*terms.covenants, *terms.triggers, *terms.events)
    if act.clause is not None and act.clause not in known:
        raise WrongUsage(f"`{act.clause}` is not a clause of {deal.name}; there are {', '.join(known)}")
    _allowed(act, terms)
    return with_details(
        _with_print(workspace, _with_rate(act, terms), terms),
        deal,
        read(workspace.store, deal_log(deal.name)),
    )
