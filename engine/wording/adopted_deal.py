"""The event by which a deal file becomes part of the record.

It holds what the engine reads from the file, in words and figures.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal

from engine.basics.values import Figure, Unit, in_words
from engine.determination.template import Clause, Cure, MaintenanceClause, Template
from engine.evaluation.trigger_states import rules
from engine.events.deal_adopted import (
    EDITION,
    AmendmentFacts,
    AssetFacts,
    ClauseFacts,
    CureFacts,
    DealAdopted,
    DebtFacts,
    DocumentFacts,
    DutyFacts,
    IndexFacts,
    LaterClauses,
    LaterFacts,
    PartyFacts,
)
from engine.terms.amendment import Change, ChangeKind
from engine.terms.as_written import Deal, calendar_named, calendars_of, resolve
from engine.terms.clause import default_needs
from engine.terms.delivery_terms import DeliveryTerms
from engine.terms.in_force import TermsInForce, TriggerTerms
from engine.terms.low_confidence import SELLERS
from engine.wording.plain_english import compared, consequence, named, role, trigger_reading


def adopted(deal: Deal, templates: Mapping[str, Template]) -> DealAdopted:
    """Return what the engine reads from a deal file at its closing.

    Each clause is read again for every later date from which it reads differently.
    """
    terms = resolve(deal, deal.closing_date)
    read = [(since, tuple(clauses_read(stretch, templates))) for since, stretch in deal.segments]
    return DealAdopted(
        file_sha256=deal.sha256,
        edition=EDITION,
        illustrative=terms.illustrative,
        rated=terms.rated,
        paper=None if terms.paper == "a4" else terms.paper,
        unique_id=terms.unique_id,
        closing_date=terms.closing_date,
        maturity_date=terms.maturity_date,
        business_days=terms.business_days,
        calendars={name: calendar_named(deal, name).sha256 for name in calendars_of(deal)},
        time_zone=terms.time_zone,
        rounding=terms.rounding.rule,
        revenue=terms.revenue.mostly,
        frequency_days={"month": 30, "quarter": 90}.get(terms.determination_dates.every, 7),
        parties=tuple(
            PartyFacts(role=role, name=p.name, notices=p.notices, lei=p.lei, cite=p.cite)
            for role, p in terms.parties.items()
        ),
        documents=tuple(
            DocumentFacts(short=short, title=d.title, dated=d.dated, sha256=d.sha256)
            for short, d in deal.documents.items()
        ),
        clauses=read[0][1],
        **_four(terms),
        amendments=tuple(_amendments(deal, templates)),
        later_clauses=tuple(_later_clauses(read)),
        later_facts=tuple(_later_facts(deal)),
    )


def _four(terms: TermsInForce) -> dict[str, Any]:
    """Return debt, assets, indices and duties by the terms of a date, as the fields of a fact."""
    return {
        "debt": tuple(
            DebtFacts(
                name=name,
                original_principal=Figure(value=d.original_principal, unit=Unit.USD),
                rate=d.rate,
                cusip=d.cusip,
                isin=d.isin,
                cite=d.cite,
            )
            for name, d in terms.debt.items()
        ),
        "assets": tuple(
            AssetFacts(
                name=name,
                model=a.model,
                gpus=a.gpus,
                availability=Figure(value=a.availability, unit=Unit.SHARE),
                index=a.index,
                cite=a.cite,
            )
            for name, a in terms.pledged_assets.items()
        ),
        "indices": tuple(_indices(terms)),
        "duties": tuple(
            DutyFacts(
                kind=kind,
                given_by=d.given_by,
                to=d.to,
                within=str(d.within) if d.within else None,
                cite=d.cite,
                **{name: getattr(d, name) for name in DeliveryTerms.model_fields},
            )
            for kind, d in terms.notices.items()
        ),
    }


def _later_facts(deal: Deal) -> Iterator[LaterFacts]:
    """Yield the four and the calendar again from each later date on which one of them reads otherwise."""
    first = deal.segments[0][1]
    before = _four(first)
    for since, terms in deal.segments[1:]:
        now = _four(terms)
        if terms.business_days != first.business_days:
            now["business_days"] = terms.business_days
        if now != before:
            yield LaterFacts(since=since, **now)
        before = now


def clauses_read(terms: TermsInForce, templates: Mapping[str, Template]) -> Iterator[ClauseFacts]:
    """Yield each clause and trigger of a deal on a date: its title, its words, the engine's reading."""
    for key, clause in terms.covenants.items():
        template = templates[clause.template]
        yield ClauseFacts(
            key=key,
            title=template.title,
            cite=clause.cite,
            text=clause.text,
            reading=_of_the_parties(
                " ".join(said for said in _readings(clause, template, terms) if said), terms
            ),
            kind="test and trigger" if template.rule else "test",
            debt_class=clause.debt_class,
            cure=_cure(clause, terms),
            default_needs=default_needs(clause) if template.breach_of(clause) == "default" else None,
            if_not_determined=clause.if_not_determined,
        )
    composite = {rule.name: rule for rule in rules(terms, templates)}
    for name, trigger in terms.triggers.items():
        title = name.replace("-", " ").replace("_", " ").capitalize()
        reading = trigger_reading(composite[name], terms)
        yield ClauseFacts(
            key=name,
            title=title,
            cite=trigger.cite,
            text=trigger.text,
            reading=reading,
            kind="trigger",
            esma=_esma(trigger),
            while_met=composite[name].while_met,
            consequences=tuple(
                _of_the_parties(consequence(one, composite[name].irrevocable), terms)
                for one in trigger.consequences
            ),
        )


def _readings(clause: Clause, template: Template, terms: TermsInForce) -> Iterator[str]:
    """Yield the sentences on a clause's test, on the rounding of its figure, and on its test dates.

    The test dates are mentioned only if the clause is not tested on every date.
    """
    yield template.reading(clause)
    yield compared(clause, terms)
    yield from _when(clause, terms)


OF_EACH = (
    "covenants",
    "triggers",
    "index",
    "debt",
    "pledged_assets",
    "parties",
    "documents",
    "notices",
    "events",
    "figures",
    "blended_rates",
)
"""The blocks of the file whose entries have names of their own.

A term of such an entry is told by that name.
"""


def _term_words(term: str, titles: Mapping[str, str]) -> str:
    """Return a term's path in words: `covenants.ltv.maximum` as `maximum of Loan-to-Value`."""
    block, *parts = term.split(".")
    if block not in OF_EACH or not parts:
        return " of ".join(_part(part) for part in reversed([block, *parts]))
    own = titles.get(parts[0], _part(parts[0])) if block in ("covenants", "triggers") else _part(parts[0])
    return " of ".join([*(_part(part) for part in reversed(parts[1:])), own])


def _part(part: str) -> str:
    """Return one step of a path in words. A name with capitals, like an index's, stays as it is."""
    return part if re.search("[A-Z]", part) else in_words(part)


def _changed(change: Change, titles: Mapping[str, str]) -> str:
    """Return a change in words: a term with its old and new value. A whole block is only named."""
    term = _term_words(change.term, titles)
    block = isinstance(change.new, dict | list) or isinstance(change.replaces, dict | list)
    return f"{term} is written anew" if block else f"{term}: {change.replaces} becomes {change.new}"


def _clause_of(term: str) -> str | None:
    """Return the clause or trigger of a term's path: `ltv` for `covenants.ltv.maximum`.

    The result is None if the path is not of a clause or trigger.
    """
    block, _, rest = term.partition(".")
    return rest.partition(".")[0] or None if block in ("covenants", "triggers") else None


def _of_the_parties(text: str, terms: TermsInForce) -> str:
    """Return a reading in the words of the agreement.

    If the agreement has an Issuer and not a Borrower, the reading speaks of the Issuer (`rulings.md` 58).
    """
    return re.sub(r"\bthe Borrower\b", f"the {role(terms.debtor)}", text)


def _later_clauses(read: Sequence[tuple[date, Sequence[ClauseFacts]]]) -> Iterator[LaterClauses]:
    """Yield the clauses that change on each later date, by a dated step or an amendment.

    `read` has the clauses as they are read from each date on, the closing first.
    """
    before = {clause.key: clause for clause in read[0][1]}
    for since, clauses in read[1:]:
        now = {clause.key: clause for clause in clauses}
        changed = tuple(clause for key, clause in now.items() if clause != before.get(key))
        gone = tuple(key for key in before if key not in now)
        if before and (changed or gone):
            yield LaterClauses(since=since, clauses=changed, taken_away=gone)
        before = now


def _when(clause: Clause, terms: TermsInForce) -> Iterator[str]:
    """Yield sentences on when a clause is tested, if that is not on every date."""
    if clause.first_tested is not None:
        yield f"It is first tested on {clause.first_tested}."
    if clause.last_tested is not None:
        yield f"It is last tested on {clause.last_tested}."
    if clause.frequency != "every date":
        yield f"It is tested on the {clause.frequency}."
    spring = clause.tested_while
    if spring is not None:
        name = named(spring.test or spring.trigger or "", terms)
        yield (
            f"It is tested only while {name} stands at {spring.state} ({spring.cite}); otherwise it is "
            "SUSPENDED, which is no pass."
        )
        if spring.counts_from == "the same date":
            yield "The state after the results of the same date decides."


def _esma(trigger: TriggerTerms) -> Literal["CHPP", "CHCP", "BOTH", "OTHR"]:
    """Return the ESMA code of what a trigger changes."""
    said = trigger.esma
    if said is None or not (said.changes_priority_of_payments or said.replaces_counterparty):
        return "OTHR"
    if said.changes_priority_of_payments and said.replaces_counterparty:
        return "BOTH"
    return "CHPP" if said.changes_priority_of_payments else "CHCP"


def _cure(clause: Clause, terms: TermsInForce) -> CureFacts | None:
    cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
    if not isinstance(cure, Cure):
        return None
    return CureFacts(
        by=terms.debtor,
        within=str(cure.within),
        after=cure.after,
        cured_by=cure.cured_by,
        at_most=str(cure.at_most) if cure.at_most else None,
        cite=cure.cite,
    )


def _indices(terms: TermsInForce) -> Iterator[IndexFacts]:
    for name, index in terms.index.items():
        steps = tuple(
            f"{step.use}{f', for at most {step.for_at_most}' if step.for_at_most else ''} ({step.cite})"
            for step in index.fallback
        )
        yield IndexFacts(
            name=name,
            source=index.source,
            policy=index.methodology.policy,
            version=index.methodology.version,
            closing_date_level=Figure(value=index.closing_date_level, unit=Unit.RATE),
            low_confidence=index.low_confidence.effect,
            low_confidence_cite=index.low_confidence.cite,
            held=index.low_confidence.in_words,
            judged_by=SELLERS if index.low_confidence.judged_by == SELLERS else None,
            fallback=steps,
            cite=index.cite,
        )


def _titles(deal: Deal, templates: Mapping[str, Template]) -> dict[str, str]:
    """Return the title of each clause and trigger of the deal, by its key.

    If several clauses share a title, the clause's name follows it.
    """
    titles: dict[str, str] = {}
    for _, terms in deal.segments:
        titles |= {key: templates[clause.template].title for key, clause in terms.covenants.items()}
        titles |= {key: in_words(key).capitalize() for key in terms.triggers}
    several = Counter(titles.values())
    return {
        key: title if several[title] == 1 else f"{title} ({in_words(key)})" for key, title in titles.items()
    }


def _amendments(deal: Deal, templates: Mapping[str, Template]) -> Iterator[AmendmentFacts]:
    """Yield each amendment and each correction of the file, with its own number and what it changed."""
    titles = _titles(deal, templates)
    by_amendment: dict[tuple[ChangeKind, int], list[Change]] = {}
    for change in deal.changes:
        by_amendment.setdefault((change.kind, change.number), []).append(change)
    for (kind, number), changes in by_amendment.items():
        yield AmendmentFacts(
            number=number,
            kind=kind,
            document=changes[0].document or "the deal file",
            effective=changes[0].effective,
            changes=tuple(_changed(change, titles) for change in changes),
            clauses=tuple(
                dict.fromkeys(key for change in changes if (key := _clause_of(change.term)) is not None)
            ),
        )
