"""A notice released for sending, by who acts for its giver; anybody else sends a draft (`rulings.md` 54)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from engine.basics.errors import WrongUsage
from engine.delivery.evidence import record
from engine.delivery.outbox import Delivery, deliveries, why_not_sent
from engine.events.delivery import NoticeReleased
from engine.events.draft import Draft
from engine.record.log import Scribe, deal_log, read
from engine.workspace.delivery_settings import Person
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Released:
    """A release as it is recorded, and what still keeps its notice from being sent."""

    notice: NoticeReleased
    warnings: tuple[str, ...] = ()
    """What the next round of deliveries needs before it sends the notice, and how to give it."""


def release(
    workspace: Workspace,
    deal: str,
    number: int,
    by: str,
    approved_by: str | None,
    as_draft: bool,
    scribe: Scribe,
    people: Mapping[str, Person] | None = None,
) -> Released:
    """Release a notice, and record who did.

    It is recorded even where nothing can be sent yet: the person's word does not wait for the deal's terms.

    Args:
        workspace: the workspace.
        deal: the deal's name.
        number: the notice's number.
        by: the person, by the name in `[people.NAME]`.
        approved_by: a second person, if the deal asks for two.
        as_draft: send it as a draft, for whoever does not act for its giver.
        scribe: who records it.
        people: who acts for which party, by name; those of `headroom.toml` unless given.

    Raises:
        WrongUsage: the notice does not exist, it was released, or the person may not release it.
    """
    by_number = {delivery.number: delivery for delivery in deliveries(read(workspace.store, deal_log(deal)))}
    delivery = by_number.get(number)
    if delivery is None:
        raise WrongUsage(f"{deal} has no notice No. {number}; it has {len(by_number)}")
    if delivery.release is not None and not (delivery.release.draft and not as_draft):
        raise WrongUsage(f"notice No. {number} was released by {delivery.release.released_by}")
    acts_for = (
        None
        if as_draft
        else _acts_for(
            workspace.settings.people if people is None else people, deal, delivery, by, approved_by
        )
    )
    payload = NoticeReleased(
        number=number,
        sha256=delivery.notice.sha256,
        released_by=by,
        acts_for=acts_for,
        approved_by=approved_by,
        draft=as_draft,
    )
    on = scribe.at.astimezone(ZoneInfo(delivery.zone)).date()
    subject = f"{number} draft" if as_draft else str(number)
    record(
        workspace,
        deal,
        Draft(kind="notice released", subject=subject, effective_on=on, payload=payload),
        scribe,
    )
    # The release is looked at as the next round will see it, so that both say the same reason.
    why = why_not_sent(replace(delivery, release=payload))
    return Released(payload, () if why is None else (why,))


def _acts_for(
    people: Mapping[str, Person], deal: str, delivery: Delivery, by: str, approved_by: str | None
) -> str:
    """Return the party that the person acts for.

    Raises WrongUsage if it is not the giver, or a second person is missing.
    """
    if delivery.duty is None:
        raise WrongUsage(f"the deal names nobody who gives notice No. {delivery.number}")
    giver = delivery.duty.given_by
    for name in (by, *((approved_by,) if approved_by else ())):
        person = people.get(name)
        if person is None or not person.may_release(deal, giver):
            known = (
                ", ".join(sorted(key for key, each in people.items() if each.may_release(deal, giver)))
                or "nobody yet"
            )
            raise WrongUsage(
                f"{name} does not act for the {giver} of {deal}, who gives this notice; {known} does "
                "([people.NAME] in headroom.toml). Anybody may send it with --as-draft"
            )
    if delivery.duty.released_by == "two persons" and (approved_by is None or approved_by == by):
        raise WrongUsage(
            "the deal asks for two persons: name the second one with --approved-by "
            f"({delivery.duty.cite or 'deal file'})"
        )
    return giver
