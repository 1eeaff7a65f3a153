"""What is wrong with a takeover: unknown names, missing facts, and contradictions (`rulings.md` 56).

What a former servicer left is asked for, and not guessed. So each test and trigger, each reserve account, and
each rate and report that a window still needs must be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.basics.errors import Problem
from engine.basics.inert import same_person
from engine.determination.look_back import looks_back
from engine.determination.template import Template
from engine.terms.as_written import Deal
from engine.terms.contract_dates import determination_dates
from engine.terms.error_messages import undefined
from engine.terms.source import Path
from engine.terms.takeover import PATH, blocks, entries
from engine.workspace.takeover_held import Held
from engine.workspace.takeover_states import of_test, of_trigger
from engine.workspace.takeover_windows import of_rates, of_reports


def takeover_problems(deal: Deal, templates: Mapping[str, Template]) -> Iterator[Problem]:
    """Yield everything that is wrong with a deal's takeover, each problem at its place.

    A deal without a takeover yields nothing.
    """
    if deal.takeover is None:
        return
    held = Held(deal, deal.takeover, templates)
    if not deal.closing_date < held.said.as_of < held.terms.maturity_date:
        why = f"the deal closes on {deal.closing_date} and matures on {held.terms.maturity_date}"
        yield held.wrong(
            ("as_of",), f"as of {held.said.as_of} the deal does not live", why, "correct the date"
        )
        return
    if held.terms.determination_dates.on_delivery:
        why = "the tests of a date wait for its report, and a takeover cannot say yet which dates still do"
        yield held.wrong(
            (),
            "a deal whose tests are determined on delivery cannot be taken over",
            why,
            "remove the block",
            "D589",
        )
        return
    yield from _who(held)
    yield from _named(held)
    for name, test in held.said.tests.items():
        if name in held.terms.covenants:
            yield from of_test(held, name, test, held.terms.covenants[name])
    for name, trigger in held.said.of_triggers.items():
        if name in held.counts:
            yield from of_trigger(held, name, trigger, held.counts[name])
    yield from _duties(held)
    yield from _money(held)
    needed = looks_back(held.terms, templates, held.calendar, held.said.as_of)
    yield from of_rates(held, needed)
    yield from of_reports(held, needed.reports)


def _who(held: Held) -> Iterator[Problem]:
    said = held.said
    if same_person(said.prepared_by, said.approved_by):
        why = "a state that no program computed rests on two persons"
        yield held.wrong(
            ("approved_by",),
            f"{said.approved_by} cannot both prepare and approve it",
            why,
            "name a second person",
            "D585",
        )
    known = held.deal.documents.get(said.document)
    if known is None:
        yield undefined(held.tree, (*PATH, "document"), said.document, "document", held.deal.documents)
    elif known.sha256 is not None and known.sha256 != said.sha256:
        why = f"`documents` says that {said.document} has {known.sha256[:16]}.."
        fix = "correct one of them: it is the output of `sha256sum FILE`"
        yield held.wrong(
            ("sha256",), f"{said.document} is not the document with {said.sha256[:16]}..", why, fix, "D586"
        )


def _named(held: Held) -> Iterator[Problem]:
    """Yield a problem for each name that is missing, or that the deal does not have.

    The names are those of tests, triggers, reserve accounts, events and indices.
    """
    known: tuple[tuple[str, Mapping[str, object], Mapping[str, object], str], ...] = (
        ("tests", held.said.tests, held.terms.covenants, "test"),
        ("triggers", held.said.of_triggers, held.counts, "trigger"),
        ("rates", held.said.rates, held.terms.index, "index"),
        ("reserves", blocks(held.said.reserves), dict.fromkeys(_accounts(held)), "reserve account"),
    )
    for key, said, there, what in known:
        for name in said:
            if name not in there:
                yield undefined(held.tree, (*PATH, key, name), name, what, there)
        for name in there:
            if name not in said:
                why = f"how it stood as of {held.said.as_of} is not guessed"
                place = held.tree.key_place((*PATH, key))
                yield Problem(
                    "D580", f"the {what} `{name}` is missing", why, f"write `{name}:` beneath `{key}:`", place
                )
    for name in blocks(held.said.events):
        if name not in held.terms.events:
            yield undefined(held.tree, (*PATH, "events", name), name, "event", held.terms.events)
        yield from held.dated(("events", name), blocks(held.said.events)[name])


def _accounts(held: Held) -> Iterator[str]:
    """Yield the triggers whose sweeps fill a reserve account."""
    for key, clause in held.terms.covenants.items():
        make = held.templates[clause.template].sweep
        if make is not None and make(clause).repays is None:
            yield key
    for name, trigger in held.terms.triggers.items():
        if any(one.sweep is not None and one.sweep.repays is None for one in trigger.consequences):
            yield name


def _duties(held: Held) -> Iterator[Problem]:
    known = {**held.terms.covenants, **held.terms.triggers}
    for number, one in enumerate(entries(held.said.obligations)):
        at: Path = ("obligations", number)
        if one.clause not in known:
            yield undefined(held.tree, (*PATH, *at, "clause"), one.clause, "clause", known)
        yield from _party(held, (*at, "by"), one.by)
        yield from held.dated((*at, "created_on"), one.created_on)
        if one.due < one.created_on:
            yield held.wrong(
                (*at, "due"),
                f"it is due on {one.due}, before {one.created_on}",
                "it was created then",
                "correct one of them",
            )
    for number, owed in enumerate(entries(held.said.notices_owed)):
        at = ("notices_owed", number)
        if owed.of is not None and owed.of not in known:
            yield undefined(held.tree, (*PATH, *at, "of"), owed.of, "clause", known)
        yield from _party(held, (*at, "given_by"), owed.given_by)
        for place, role in enumerate(owed.to):
            yield from _party(held, (*at, "to", place), role)
        for key in ("since", "determined_on"):
            yield from held.dated((*at, key), getattr(owed, key))
        if owed.last_day < owed.since:
            yield held.wrong(
                (*at, "last_day"),
                f"its last day is {owed.last_day}",
                f"it is owed since {owed.since}",
                "correct one of them",
            )
    last = next(
        iter(determination_dates(held.terms, held.calendar, held.said.as_of)[-1:]), held.deal.closing_date
    )
    for number, untold in enumerate(entries(held.said.not_yet_told)):
        at = ("not_yet_told", number)
        if untold.of not in known:
            yield undefined(held.tree, (*PATH, *at, "of"), untold.of, "clause", known)
        yield from held.dated((*at, "since"), untold.since)
        if untold.since <= last:
            why = f"the notices of {last} have told of it; what is still owed stands in `notices_owed`"
            yield held.wrong(
                (*at, "since"),
                f"{untold.since} is not after the last Determination Date",
                why,
                "move it there, or correct the date",
            )


def _party(held: Held, at: Path, role: str) -> Iterator[Problem]:
    if role not in held.terms.parties:
        yield undefined(held.tree, (*PATH, *at), role, "party", held.terms.parties)


def _money(held: Held) -> Iterator[Problem]:
    for name, one in blocks(held.said.reserves).items():
        at: Path = ("reserves", name)
        yield from held.dated((*at, "confirmed_on"), one.confirmed_on)
        if one.confirmed_on is None and one.paid != one.due:
            why = (
                "what was paid is what a report or an Act said; where neither did, it is taken at what "
                "was "
                "due"
            )
            yield held.lacks(at, "confirmed_on", why)
        elif one.confirmed_on is not None and one.due_then is None:
            yield held.lacks(
                at, "due_then", "what was paid is compared with what was due on the day that confirms it"
            )
