"""Record that a person acknowledged receipt of a notice, by name.

The person does so on a page with a button, or in a document. The opening of a link is never an
acknowledgement.
"""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

from engine.basics.errors import WrongUsage
from engine.delivery.evidence import record, step
from engine.delivery.outbox import deliveries
from engine.events.delivery import NoticeAcknowledged
from engine.record.log import Scribe, deal_log, read
from engine.workspace.workspace import Workspace

Acknowledged = Literal["page", "document"]


def acknowledge(
    workspace: Workspace,
    deal: str,
    number: int,
    to: str,
    name: str,
    how: Acknowledged,
    document_sha256: str | None,
    scribe: Scribe,
) -> NoticeAcknowledged:
    """Record that an addressee acknowledged receipt of a notice; a second time changes nothing.

    Args:
        workspace: the workspace.
        deal: the deal's name.
        number: the notice's number.
        to: the addressee's role.
        name: the name of the person who acknowledged it, as typed.
        how: on a page, or in a document.
        document_sha256: of the document, if it is one.
        scribe: who records it, when.

    Raises:
        WrongUsage: the notice or the addressee does not exist, nothing was sent, or the name is empty.
    """
    delivery = next(
        (each for each in deliveries(read(workspace.store, deal_log(deal))) if each.number == number), None
    )
    addressee = (
        next((each for each in delivery.addressees if each.role == to), None)
        if delivery is not None
        else None
    )
    if delivery is None or addressee is None:
        raise WrongUsage(f"{deal} has no notice No. {number} to the {to}")
    if addressee.copies == 0:
        raise WrongUsage(f"notice No. {number} was not sent to the {to}; there is nothing to acknowledge")
    if not name.strip() or not name.isprintable():
        raise WrongUsage("an acknowledgement has the name of the person who gives it, in one line")
    if how == "document" and document_sha256 is None:
        raise WrongUsage("an acknowledgement in a document names the document: --document FILE")
    payload = NoticeAcknowledged(
        number=number, to=to, name=name.strip(), how=how, document_sha256=document_sha256
    )
    if addressee.acknowledged_at is None:
        record(
            workspace,
            deal,
            step(delivery, to, payload, scribe.at.astimezone(ZoneInfo(delivery.zone))),
            scribe,
        )
    return payload
