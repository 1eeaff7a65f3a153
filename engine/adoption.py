"""A deal file becomes part of the record: what the engine reads from it, in words and figures, as one event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from engine.determination.template import Clause, Cure, MaintenanceClause, Template
from engine.record.adopted import (
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
    PartyFacts,
)
from engine.terms.amendment import Change, ChangeKind
from engine.terms.deal import Consequence, TermsInForce, TriggerTerms
from engine.terms.in_force import Deal, resolve
from engine.terms.phrases import Limit
from engine.triggers.condition import LeafRule, Tree, described
from engine.triggers.trigger import TriggerRule, rules
from engine.values import Figure, Unit, rounding_words, trimmed


def adopted(deal: Deal, templates: Mapping[str, Template]) -> DealAdopted:
    """What the engine reads from a deal file: as of its closing, and each clause again from every date on which it reads otherwise."""
    terms = resolve(deal, deal.closing_date)
    return DealAdopted(
        file_sha256=deal.sha256,
        illustrative=terms.illustrative,
        rated=terms.rated,
        unique_id=terms.unique_id,
        closing_date=terms.closing_date,
        maturity_date=terms.maturity_date,
        business_days=terms.business_days,
        time_zone=terms.time_zone,
        rounding=terms.rounding.ratios,
        revenue=terms.revenue.mostly,
        frequency_days={"month": 30, "quarter": 90}.get(terms.determination_dates.every, 7),
        parties=tuple(PartyFacts(role=role, name=p.name, notices=p.notices, lei=p.lei, cite=p.cite) for role, p in terms.parties.items()),
        documents=tuple(DocumentFacts(short=short, title=d.title, dated=d.dated, sha256=d.sha256) for short, d in terms.documents.items()),
        clauses=tuple(clauses_read(terms, templates)),
        debt=tuple(
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
        assets=tuple(
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
        indices=tuple(_indices(terms)),
        duties=tuple(
            DutyFacts(kind=kind, given_by=d.given_by, to=d.to, within=str(d.within) if d.within else None, cite=d.cite)
            for kind, d in terms.notices.items()
        ),
        amendments=tuple(_amendments(deal)),
        later_clauses=tuple(_later_clauses(deal, templates)),
    )


def clauses_read(terms: TermsInForce, templates: Mapping[str, Template]) -> Iterator[ClauseFacts]:
    """Each clause and trigger of a deal on a date: what it is called, its words, the engine's reading of it."""
    for key, clause in terms.covenants.items():
        template = templates[clause.template]
        yield ClauseFacts(
            key=key,
            title=template.title,
            cite=clause.cite,
            text=clause.text,
            reading=" ".join((template.reading(clause), *_rounded(terms, clause, template), *_when(clause))),
            kind="test and trigger" if template.rule else "test",
            debt_class=clause.debt_class,
            cure=_cure(clause),
            default_needs=_needs(clause) if template.breach_of(clause) == "default" else None,
            if_not_determined=clause.if_not_determined,
        )
    composite = {rule.name: rule for rule in rules(terms, templates)}
    for name, trigger in terms.triggers.items():
        title = name.replace("-", " ").replace("_", " ").capitalize()
        reading = _reading(composite[name])
        yield ClauseFacts(
            key=name,
            title=title,
            cite=trigger.cite,
            text=trigger.text,
            reading=reading,
            kind="trigger",
            esma=_esma(trigger),
            consequences=tuple(_consequence(one) for one in trigger.consequences),
        )


def _later_clauses(deal: Deal, templates: Mapping[str, Template]) -> Iterator[LaterClauses]:
    """The clauses that read otherwise from each later date on: by a dated step or an amendment."""
    before: dict[str, ClauseFacts] = {}
    for since, terms in deal.segments:
        now = {clause.key: clause for clause in clauses_read(terms, templates)}
        changed = tuple(clause for key, clause in now.items() if clause != before.get(key))
        if before and changed:
            yield LaterClauses(since=since, clauses=changed)
        before = now


def _needs(clause: Clause) -> str:
    """What an indicated Event of Default of the clause needs to take effect."""
    said = clause.event_of_default if isinstance(clause, MaintenanceClause) else None
    return said.needs if said is not None else "nothing"


def _rounded(terms: TermsInForce, clause: Clause, template: Template) -> Iterator[str]:
    """The deal's own rule, where it rounds what the clause measures: a share. A clause without a `limit` and a rule measures one."""
    limit = getattr(clause, "limit", None)
    share = limit.figure.unit is Unit.SHARE if isinstance(limit, Limit) else template.rule is None
    if share and terms.rounding.ratios != "unrounded":
        yield f"A ratio is rounded to {rounding_words(terms.rounding.ratios)}, before it is compared."


def _when(clause: Clause) -> Iterator[str]:
    """When a clause is tested, where that is not on every date."""
    if clause.first_tested is not None:
        yield f"It is first tested on {clause.first_tested}."
    if clause.frequency != "every date":
        yield f"It is tested on the {clause.frequency}."
    spring = clause.tested_while
    if spring is not None:
        yield (
            f"It is tested only while {spring.test or spring.trigger} is {spring.state} ({spring.cite}); otherwise it is SUSPENDED, "
            "which is no pass."
        )


def _esma(trigger: TriggerTerms) -> Literal["CHPP", "CHCP", "BOTH", "OTHR"]:
    """The code of what a trigger changes, for the ESMA rows."""
    said = trigger.esma
    if said is None or not (said.changes_priority_of_payments or said.replaces_counterparty):
        return "OTHR"
    if said.changes_priority_of_payments and said.replaces_counterparty:
        return "BOTH"
    return "CHPP" if said.changes_priority_of_payments else "CHCP"


def _consequence(terms: Consequence) -> str:
    """A consequence in one sentence: what, from when until when, who acts, what it needs, the money, the section."""
    name = "" if terms.kind == "other" else f"{terms.kind.capitalize()}: "
    starts = "from the next Payment Date" if terms.starts == "next payment date" else "at once"
    until = "for good" if terms.ends == "never" else "until the trigger ends"
    money = [
        f"margin up by {trimmed(Figure(value=terms.margin, unit=Unit.SHARE))}" if terms.margin is not None else "",
        f"amount {trimmed(Figure(value=terms.amount, unit=Unit.USD))}" if terms.amount is not None else "",
        f"in this order: {', '.join(terms.order)}" if terms.order else "",
    ]
    who = f"; {terms.who.replace('_', ' ')} acts" if terms.who else ""
    needs = f"; needs a {terms.needs}" if terms.needs != "nothing" else ""
    said = "".join(f"; {one}" for one in money if one)
    return f"{name}{terms.effect}, {starts}, {until}{said}{who}{needs} ({terms.cite})"


def _cure(clause: Clause) -> CureFacts | None:
    cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
    if not isinstance(cure, Cure):
        return None
    return CureFacts(
        within=str(cure.within),
        after=cure.after,
        cured_by=cure.cured_by,
        at_most=str(cure.at_most) if cure.at_most else None,
        cite=cure.cite,
    )


def _condition(tree: Tree) -> str:
    """A condition in words."""
    if isinstance(tree, LeafRule):
        return described(tree)
    parts = [_condition(part) for part in tree.parts]
    if tree.n in (1, len(parts)):
        return (" or " if tree.n == 1 else " and ").join(parts)
    return f"at least {tree.n} of these hold: {'; '.join(parts)}"


def _reading(rule: TriggerRule) -> str:
    ends = "never" if rule.irrevocable or rule.ends is None else f"when {_condition(rule.ends)}"
    return f"Begins when {_condition(rule.begins)}. Ends {ends}."


def _indices(terms: TermsInForce) -> Iterator[IndexFacts]:
    for name, index in terms.index.items():
        steps = tuple(
            f"{step.use}{f', for at most {step.for_at_most}' if step.for_at_most else ''} ({step.cite})" for step in index.fallback
        )
        yield IndexFacts(
            name=name,
            source=index.source,
            policy=index.methodology.policy,
            version=index.methodology.version,
            closing_date_level=Figure(value=index.closing_date_level, unit=Unit.RATE),
            low_confidence=index.low_confidence.effect,
            low_confidence_cite=index.low_confidence.cite,
            fallback=steps,
            cite=index.cite,
        )


def _amendments(deal: Deal) -> Iterator[AmendmentFacts]:
    """Each amendment and each correction of the file, under its own number, with what it changed."""
    found: dict[tuple[ChangeKind, int], list[Change]] = {}
    for change in deal.changes:
        found.setdefault((change.kind, change.number), []).append(change)
    for (kind, number), changes in found.items():
        yield AmendmentFacts(
            number=number,
            kind=kind,
            document=changes[0].document or "the deal file",
            effective=changes[0].effective,
            changes=tuple(f"{change.term}: {change.replaces} becomes {change.new}" for change in changes),
        )
