"""What a later notice says of an earlier one: issued, released, sent, failed and given are told apart."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from engine.basics.values import Fact
from engine.events.delivery import (
    DELIVERY_KINDS,
    DeliveryFailed,
    DeliveryUnknown,
    NoticeGiven,
    NoticeReleased,
    NoticeSent,
)
from engine.events.kinds import Event
from reports.notice.delivery_words import became
from reports.notice.log_lookup import read

ON = date(2026, 1, 8)


def happened(*payloads: Fact) -> list[Event]:
    kinds = {payload: kind for kind, payload in DELIVERY_KINDS.items()}
    at = datetime(2026, 1, 8, 20, tzinfo=UTC)
    said: dict[str, Any] = {
        "log": "deal/d",
        "effective_on": ON,
        "recorded_at": at,
        "actor": "a",
        "engine": "e",
    }
    return [
        Event(seq=seq, kind=kinds[type(payload)], subject=str(seq), payload=payload, **said)
        for seq, payload in enumerate(payloads)
    ]


def sent(to: str) -> NoticeSent:
    return NoticeSent(
        number=1, to=to, address="a@x", message_id="<1>", sha256="0", copy_number=1, by="relay", reply="250"
    )


RELEASED = NoticeReleased(number=1, sha256="0", released_by="A", acts_for="servicer")
DRAFT = NoticeReleased(number=1, sha256="0", released_by="B", acts_for=None, draft=True)
FAILED = DeliveryFailed(number=1, to="borrower", address="a@x", reply="550", found_by="relay")
LOST = DeliveryUnknown(number=1, to="borrower", message_id="<1>", copy_number=1, why="cut")
GIVEN = NoticeGiven(number=1, kind="compliance", clause=None, states=ON, rule="on sending", cite="CA §9")

CASES: list[tuple[str, tuple[Fact, ...], str]] = [
    ("issued", (), "none recorded"),
    ("released", (RELEASED,), "released 8 Jan 2026; not sent"),
    ("sent to both", (RELEASED, sent("borrower"), sent("servicer")), "sent 8 Jan 2026; not given"),
    (
        "failed for one",
        (RELEASED, FAILED, sent("servicer")),
        "failed 8 Jan 2026 to the Borrower; sent 8 Jan 2026 to the Servicer; not given",
    ),
    ("unknown", (RELEASED, LOST), "not known whether it arrived 8 Jan 2026; not given"),
    ("a draft", (DRAFT, sent("borrower")), "as a draft sent 8 Jan 2026; not given"),
    ("given", (RELEASED, sent("borrower"), GIVEN), "given 8 Jan 2026, on sending"),
    (
        "given no more",
        (RELEASED, sent("borrower"), GIVEN, GIVEN.model_copy(update={"withdrawn": True})),
        "sent 8 Jan 2026; not given",
    ),
]


@pytest.mark.parametrize(("payloads", "words"), [one[1:] for one in CASES], ids=[one[0] for one in CASES])
def test_what_became_of_a_notice(payloads: tuple[Fact, ...], words: str) -> None:
    assert became(read(happened(*payloads), ON), 1).lower() == words.lower()
