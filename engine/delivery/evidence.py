"""The events of a delivery, in the deal's own log.

Every step has an event. A step that cannot be taken back has an event before it and an event after it.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from engine.basics.values import Fact
from engine.delivery.outbox import DeemedGiven, Delivery
from engine.events.delivery import DELIVERY_KINDS, NoticeGiven
from engine.events.draft import Draft
from engine.events.kinds import Event
from engine.record.log import Scribe, append, deal_log
from engine.workspace.workspace import Workspace

KIND_OF = {payload: kind for kind, payload in DELIVERY_KINDS.items()}
"""The kind of an event by the type of its payload."""


def record(workspace: Workspace, deal: str, draft: Draft, scribe: Scribe) -> tuple[Event, ...]:
    """Record one event in a deal's log; nothing if its key is there already.

    It waits for nobody but the database: whoever evaluates the deal meanwhile finds that the log has grown,
    and begins again.
    """
    with workspace.store.begin() as writer:
        return append(writer, deal_log(deal), [draft], scribe)


def step(delivery: Delivery, to: str, payload: Fact, at: datetime, more: str = "") -> Draft:
    """Return the event of a step of a delivery to an addressee.

    The steps of a draft have keys of their own.
    """
    draft = " draft" if delivery.release is not None and delivery.release.draft else ""
    return Draft(
        kind=KIND_OF[type(payload)],
        subject=f"{delivery.number} {to}{draft}{f' {more}' if more else ''}",
        effective_on=day_in(delivery.zone, at),
        payload=payload,
        inputs=(delivery.notice.sha256,),
    )


def given(delivery: Delivery, giving: DeemedGiven) -> Draft:
    """Return the event of a notice that is given by the deal's rule."""
    payload = _giving(delivery, giving.rule, withdrawn=False)
    return Draft(kind="notice given", subject=str(delivery.number), effective_on=giving.on, payload=payload)


def withdrawn(delivery: Delivery, at: datetime) -> Draft:
    """Return the event that withdraws the giving of a notice.

    A message came back, and the deal says that a returned message is not given.
    """
    rule = f"returned: {delivery.duty.returned if delivery.duty else ''}"
    payload = _giving(delivery, rule, withdrawn=True)
    return Draft(
        kind="notice given",
        subject=f"{delivery.number} withdrawn",
        effective_on=day_in(delivery.zone, at),
        payload=payload,
    )


def _giving(delivery: Delivery, rule: str, *, withdrawn: bool) -> NoticeGiven:
    """Return what the log says of a notice that is given by a rule, or given no more."""
    return NoticeGiven(
        number=delivery.number,
        kind=delivery.notice.kind,
        clause=delivery.clause,
        states=delivery.states,
        rule=rule,
        cite=delivery.duty.cite if delivery.duty else None,
        withdrawn=withdrawn,
    )


def day_in(zone: str, at: datetime) -> date:
    """Return the date of a moment where the deal is."""
    return at.astimezone(ZoneInfo(zone)).date()
