"""A duty to give notice stays until it is fulfilled for each addressee, released, or withdrawn by a
correction (`rulings.md` 54).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from engine.events.delivery import DeliveryFailed, NoticeReleased, NoticeSent
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Determined, Due
from engine.events.notice_issued import NoticeIssued
from tests.evaluation.desk_history import Desk, at, report
from tests.evaluation.test_late_entry import FAILS, MARCH_12, MARCH_19, PASSES, begun
from tests.evaluation.test_late_entry import desk as desk  # the fixture


def failed(desk: Callable[..., Desk]) -> Desk:
    """The loan-to-value test fails on 12 March; the notice is due two Business Days later, on Monday the
    16th.
    """
    found = begun(desk())
    found.enter(report(date(2026, 3, 11), at("2026-03-11 12:00"), FAILS))
    found.run(at("2026-03-12 18:00"))
    return found


def owed(desk: Desk) -> list[Due]:
    """The notices that the newest date says are to be given."""
    (*_, newest) = [one.payload for one in desk.log if isinstance(one.payload, Determined)]
    return [one for one in newest.due if one.act == "notify"]


def act(kind: str, on: date, **details: str) -> ActRecorded:
    said = {"notice": "test_failed", "of": str(MARCH_12), **details}
    return ActRecorded(act=kind, clause="ltv", effective_on=on, document="letter.pdf", details=said)


def test_a_duty_that_nobody_fulfils_is_overdue_on_every_later_date(desk: Callable[..., Desk]) -> None:
    found = failed(desk)
    (one,) = owed(found)
    assert (one.by, one.to, one.overdue_since) == (
        date(2026, 3, 16),
        ("borrower", "administrative_agent"),
        None,
    )
    for thursday in ("2026-03-19", "2026-03-26"):
        found.run(at(f"{thursday} 18:00"))
        (one,) = [due for due in owed(found) if due.of == MARCH_12]
        assert (one.by, one.overdue_since, one.urgent) == (date(2026, 3, 16), date(2026, 3, 17), True)


def test_it_stays_for_those_to_whom_the_notice_was_not_given(desk: Callable[..., Desk]) -> None:
    found = failed(desk)
    found.act(act("notice given", date(2026, 3, 13), to="borrower"))
    found.run(at("2026-03-19 18:00"))
    assert [due.to for due in owed(found) if due.of == MARCH_12] == [("administrative_agent",)]
    found.act(act("notice released", date(2026, 3, 20), to="administrative_agent"))
    found.run(at("2026-03-26 18:00"))
    assert [due for due in owed(found) if due.of == MARCH_12] == []


def test_an_act_of_another_date_or_kind_fulfils_nothing(desk: Callable[..., Desk]) -> None:
    found = failed(desk)
    found.act(act("notice given", date(2026, 3, 13), of="2026-03-05"))
    found.act(act("notice given", date(2026, 3, 14), notice="event_of_default"))
    found.run(at("2026-03-19 18:00"))
    assert [due.to for due in owed(found) if due.of == MARCH_12] == [("borrower", "administrative_agent")]


def test_an_act_fulfils_from_its_own_date_on(desk: Callable[..., Desk]) -> None:
    found = failed(desk)
    found.act(act("notice given", date(2026, 3, 24)))
    found.run(at("2026-03-19 18:00"))
    assert [due.of for due in owed(found)] == [MARCH_12]
    found.run(at("2026-03-26 18:00"))
    assert owed(found) == []


def test_a_correction_withdraws_a_duty_with_its_date_and_not_what_was_given(
    desk: Callable[..., Desk],
) -> None:
    """The failure of 12 March is withdrawn by a report that was entered late; that of 19 March stands, and
    its notice was given.
    """
    found = begun(desk())
    found.enter(report(date(2026, 3, 11), at("2026-03-11 10:00"), FAILS))
    found.run(at("2026-03-12 18:00"))
    late = report(
        date(2026, 3, 11),
        at("2026-03-12 10:00"),
        PASSES,
        keyed=at("2026-03-13 10:00"),
        corrects="2026-03-11",
        sha256="2",
    )
    found.enter(late)
    found.run(at("2026-03-13 12:00"))
    assert owed(found) == []
    found.enter(report(date(2026, 3, 18), at("2026-03-18 10:00"), FAILS))
    found.act(act("notice given", date(2026, 3, 20), of=str(MARCH_19)))
    found.run(at("2026-03-19 18:00"))
    assert [due.of for due in owed(found)] == [MARCH_19]
    found.enter(
        report(
            date(2026, 3, 18),
            at("2026-03-19 10:00"),
            FAILS + 1,
            keyed=at("2026-03-23 10:00"),
            corrects="2026-03-18",
            sha256="3",
        )
    )
    found.run(at("2026-03-23 12:00"))
    found.run(at("2026-03-26 18:00"))
    assert owed(found) == []


def test_withdrawn_is_not_un_given_and_its_giver_owes_the_correction_notice(
    desk: Callable[..., Desk],
) -> None:
    """Notice No. 12 of the failure of 12 March was given to the borrower and the agent; a report entered late
    withdraws the failure.
    """
    found = failed(desk)
    found.act(act("notice given", date(2026, 3, 13), names="12"))
    more = {"corrects": "2026-03-11", "sha256": "2"}
    found.enter(
        report(date(2026, 3, 11), at("2026-03-12 10:00"), PASSES, keyed=at("2026-03-16 10:00"), **more)
    )
    found.run(at("2026-03-16 12:00"))
    (one,) = owed(found)
    assert (one.notice, one.who, one.to) == ("correction", "servicer", ("borrower", "administrative_agent"))
    (duty,) = [
        draft.payload
        for draft in found.log
        if draft.kind == "notice owed" and draft.payload.kind == "correction"
    ]
    assert (duty.corrects, duty.on) == ((12,), MARCH_12)
    found.run(at("2026-03-19 18:00"))
    assert [due.notice for due in owed(found)] == ["correction"]


def test_a_correction_of_what_nobody_was_given_owes_nothing(desk: Callable[..., Desk]) -> None:
    found = failed(desk)
    more = {"corrects": "2026-03-11", "sha256": "2"}
    found.enter(
        report(date(2026, 3, 11), at("2026-03-12 10:00"), PASSES, keyed=at("2026-03-16 10:00"), **more)
    )
    found.run(at("2026-03-16 12:00"))
    assert owed(found) == []


@pytest.mark.parametrize(
    ("draft", "returned", "owes"),
    [
        (False, (), ("borrower", "administrative_agent")),
        (False, ("borrower",), ("administrative_agent",)),
        (True, (), None),
    ],
    ids=["sent", "one came back", "sent as a draft"],
)
def test_a_notice_that_is_on_its_way_is_corrected_too(
    desk: Callable[..., Desk], draft: bool, returned: tuple[str, ...], owes: tuple[str, ...] | None
) -> None:
    """Notice No. 12 was sent on 12 March at 19:00 and is given on the 13th.

    The correction came before a round had recorded that, and nobody owed its notice.
    """
    found = failed(desk)
    issued = NoticeIssued(
        number=12, kind="test_failed", of="tested|ltv|2026-03-12", file="n", sha256="0" * 64
    )
    steps: list[tuple[str, str, object]] = [
        ("notice issued", "test_failed-ltv", issued),
        (
            "notice released",
            "12",
            NoticeReleased(number=12, sha256="0" * 64, released_by="A", acts_for="servicer", draft=draft),
        ),
    ]
    for role in ("borrower", "administrative_agent"):
        known = {
            "number": 12,
            "sha256": "0" * 64,
            "to": role,
            "address": f"{role}@example.com",
            "message_id": f"<{role}>",
        }
        by = {"copy_number": 1, "by": "relay", "reply": "250 queued"}
        steps.append(("notice sent", f"12 {role}", NoticeSent.model_validate({**known, **by})))
    for role in returned:
        back = {"number": 12, "to": role, "address": f"{role}@example.com", "reply": "550 no such user"}
        failure = DeliveryFailed.model_validate({**back, "found_by": "returned message"})
        steps.append(("delivery failed", f"12 {role}", failure))
    found.log += [
        Draft(kind=kind, subject=subject, effective_on=MARCH_12, payload=payload)  # type: ignore[arg-type]
        for kind, subject, payload in steps
    ]
    more = {"corrects": "2026-03-11", "sha256": "2"}
    found.enter(
        report(date(2026, 3, 11), at("2026-03-12 10:00"), PASSES, keyed=at("2026-03-13 08:00"), **more)
    )
    found.run(at("2026-03-13 09:00"))
    assert [(due.notice, due.who, due.to) for due in owed(found)] == (
        [("correction", "servicer", owes)] if owes is not None else []
    )
