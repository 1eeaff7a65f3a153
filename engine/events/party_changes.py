"""The parties of a deal on a date, and the addresses for their notices (`rulings.md` 55).

They follow from the file, and from Acts since.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from engine.events.deal_adopted import DealAdopted, PartyFacts
from engine.events.kinds import ActRecorded

ADDRESS_CHANGED, PARTY_REPLACED = "address changed", "party replaced"
PARTY_ACTS = (ADDRESS_CHANGED, PARTY_REPLACED)
"""Acts that change a party from their date on, each with its document."""


class HasPayload(Protocol):
    """What is needed of an event: its payload."""

    @property
    def payload(self) -> object:
        """The payload, of the type of its kind."""


def party_acts(events: Iterable[HasPayload]) -> tuple[ActRecorded, ...]:
    """Return the Acts that change a party and were not withdrawn, in the order in which they take effect."""
    acts: list[ActRecorded] = []
    for event in events:
        act = event.payload
        if isinstance(act, ActRecorded) and act.act == "act withdrawn":
            acts = [other for other in acts if not other.goes_by(act.names)]
        elif isinstance(act, ActRecorded) and act.act in PARTY_ACTS:
            acts.append(act)
    # The sort keeps the order of entry within a day, so that the later entry decides.
    return tuple(sorted(acts, key=lambda act: act.effective_on))


def with_parties(deal: DealAdopted, events: Iterable[HasPayload], on: date) -> DealAdopted:
    """Return an adopted deal with its parties as they are on a date.

    Args:
        deal: the deal as adopted.
        events: its log.
        on: the date.
    """
    parties = {party.role: party for party in deal.parties}
    for act in party_acts(events):
        role = act.details.get("party", "")
        if act.effective_on <= on and role in parties:
            parties[role] = _changed(parties[role], act)
    return (
        deal
        if tuple(parties.values()) == deal.parties
        else deal.model_copy(update={"parties": tuple(parties.values())})
    )


def _changed(party: PartyFacts, act: ActRecorded) -> PartyFacts:
    said = act.details
    if act.act == ADDRESS_CHANGED:
        return party.model_copy(update={"notices": said["address"]})
    return PartyFacts(
        role=party.role,
        name=said["name"],
        notices=said["address"],
        lei=said.get("lei"),
        cite=act.document or party.cite,
    )
