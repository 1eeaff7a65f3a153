"""The check of duties: who must act, and who must be told by when.

Each must be a party of the deal, with a time, and named once.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.basics.errors import Problem
from engine.terms.as_written import Deal
from engine.terms.delivery_terms import SAME_ADDRESSEES, THE_GIVER, NoticeDuty
from engine.terms.error_messages import undefined
from engine.terms.in_force import TermsInForce
from engine.terms.source import Path, Tree


def duties(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each duty that nobody has, that is owed to nobody, or that has no time."""
    for _, terms in deal.segments:
        tree = deal.tree
        yield from _who_acts(terms, tree)
        for role, party in terms.parties.items():
            # Addresses differ too much to be checked, but one without a sign of either kind is a gap.
            if "@" not in party.notices and not any(sign.isdigit() for sign in party.notices):
                why, place = (
                    "it is neither an e-mail address nor a street with a number",
                    tree.place(("parties", role, "notices")),
                )
                yield Problem(
                    "W114",
                    f"notices to {role} have no address",
                    why,
                    "see that a notice arrives there",
                    place,
                )
        for kind, duty in terms.notices.items():
            yield from _duty(tree, kind, duty)
            # Only a Correction Notice follows an earlier notice, whose giver and addressees it may take over.
            of_a_correction = (THE_GIVER, SAME_ADDRESSEES) if kind == "correction" else ()
            if duty.given_by not in terms.parties and duty.given_by not in of_a_correction[:1]:
                yield undefined(tree, ("notices", kind, "given_by"), duty.given_by, "party", terms.parties)
            for number, role in enumerate(duty.to):
                if role not in terms.parties and role not in of_a_correction[1:]:
                    yield undefined(tree, ("notices", kind, "to", number), role, "party", terms.parties)


def _who_acts(terms: TermsInForce, tree: Tree) -> Iterator[Problem]:
    """Yield a problem for each name that must act and is not a party of the deal.

    It owes a delivery or carries out a consequence. If a delivery names nobody, the Borrower owes it.
    """
    named: list[tuple[Path, str | None]] = []
    for key, clause in terms.covenants.items():
        then = getattr(clause, "then", None)
        named += (
            [(("covenants", key, "then", "by"), then.by)]
            if then is not None and "by" in then.model_fields_set
            else []
        )
    for key, trigger in terms.triggers.items():
        for number, consequence in enumerate(trigger.consequences):
            path: Path = ("triggers", key, "consequences", number)
            named.append(((*path, "who"), consequence.who))
            if consequence.deliver is not None and "by" in consequence.deliver.model_fields_set:
                named.append(((*path, "deliver", "by"), consequence.deliver.by))
    for path, role in named:
        if role is not None and role not in terms.parties:
            yield undefined(tree, path, role, "party", terms.parties)


NOTICES = ("compliance", "test_failed", "event_of_default", "trigger_event", "correction")
"""The kinds of event that notices are given of."""


def _duty(tree: Tree, kind: str, duty: NoticeDuty) -> Iterator[Problem]:
    """Yield the problems of one notice duty: of an unknown kind, without a time, or to nobody."""
    path: Path = ("notices", kind)
    if kind not in NOTICES:
        why = f"notices are given of {', '.join(NOTICES)}"
        yield Problem(
            "D502", f"no notice is given of `{kind}`", why, "correct the name", tree.key_place(path)
        )
    if duty.every is None and duty.within is None:
        fix = "write `within:` a period, or `every: determination date`"
        yield Problem(
            "D536",
            f"nothing says when `{kind}` is given",
            "a duty without a time is never late",
            fix,
            tree.place(path),
        )
    if not duty.to:
        yield Problem(
            "D536",
            f"`{kind}` is given to nobody",
            "a notice has a reader",
            "write to whom",
            tree.place((*path, "to")),
        )
    for number, role in enumerate(duty.to):
        if role in duty.to[:number]:
            place = tree.place((*path, "to", number))
            yield Problem(
                "D536", f"`{role}` stands twice", "a party is given one copy", "remove one of them", place
            )
