"""`headroom act`: what a person did and the engine must be told, checked against what the deal asks of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from engine.commands.output import print_json, say
from engine.errors import WrongUsage
from engine.record.canonical import sha256_hex
from engine.record.draft import Draft
from engine.record.event import ActRecorded
from engine.record.log import Scribe, append, deal_log, read
from engine.terms.clause import Cure, MaintenanceClause
from engine.terms.deal import TermsInForce
from engine.terms.example import read_figure
from engine.terms.in_force import Deal, resolve
from engine.triggers.acts import KINDS, ON_A_CLAUSE, RATE_ACTS
from engine.values import Figure, Unit, printed
from engine.workspace import Workspace


def record_act(workspace: Workspace, deal: Deal, act: ActRecorded, scribe: Scribe, as_json: bool) -> None:
    """Record what a person did. Raises WrongUsage for an unknown kind or one person in two roles."""
    if act.act not in KINDS:
        raise WrongUsage(f"`{act.act}` is no Recorded Act; there are {', '.join(KINDS)}")
    if act.prepared_by is not None and act.prepared_by == act.approved_by:
        raise WrongUsage(f"{act.prepared_by} cannot both prepare and approve an Act; name a second person")
    terms = resolve(deal, act.effective_on)
    known = (*terms.covenants, *terms.triggers)
    if act.clause is not None and act.clause not in known:
        raise WrongUsage(f"`{act.clause}` is no clause of {deal.name}; there are {', '.join(known)}")
    _complete(act)
    _allowed(act, terms)
    if act.act == "act withdrawn":
        _named(workspace, deal.name, act.details.get("names"))
    draft = Draft(kind="act recorded", subject=act.identity, effective_on=act.effective_on, payload=act)
    with workspace.store.begin() as writer:
        recorded = append(writer, deal_log(deal.name), [draft], scribe)
    if as_json:
        print_json({"deal": deal.name, "recorded": bool(recorded), "act": act.model_dump(mode="json")})
    else:
        say(f"{deal.name}: {act.act} {act.clause or ''} effective {act.effective_on}: {'recorded' if recorded else 'already on record'}")


def _complete(act: ActRecorded) -> None:
    """What an Act of its kind must say: what it covers, until when, which rate of which index."""
    lacking = [
        option
        for option, needed, given in (
            ("--clause", act.act in ON_A_CLAUSE, act.clause),
            ("--until", act.act == "waiver", act.until),
            ("--index", act.act in RATE_ACTS, act.details.get("index")),
            ("--rate", act.act in RATE_ACTS, act.details.get("rate")),
        )
        if needed and not given
    ]
    if lacking:
        raise WrongUsage(f"`{act.act}` must say more: give {' and '.join(lacking)}")
    if act.until is not None and act.until < act.effective_on:
        raise WrongUsage(f"it would end on {act.until}, before it is effective on {act.effective_on}")


def _named(workspace: Workspace, deal: str, names: str | None) -> None:
    """Refuse to withdraw an Act that is not on record."""
    acts = [event.payload for event in read(workspace.store, deal_log(deal)) if isinstance(event.payload, ActRecorded)]
    known = [act.identity for act in acts if act.act != "act withdrawn"]
    if names not in known:
        raise WrongUsage(f"name the Act that is withdrawn with --names; on record are {', '.join(known) or 'none'}")


def _allowed(act: ActRecorded, terms: TermsInForce) -> None:
    """What the deal asks of an Act: a second person, a cure that it lists, no more equity than it allows, a clock's rule."""
    if terms.recorded_acts is not None and (act.prepared_by is None or act.approved_by is None):
        raise WrongUsage(f"the deal asks for two persons ({terms.recorded_acts.cite}); give --prepared-by and --approved-by")
    clause = terms.covenants.get(act.clause or "")
    cure = clause.cure if isinstance(clause, MaintenanceClause) else "none"
    method, amount = act.details.get("method"), act.details.get("amount")
    if act.act == "cure accepted" and method is not None and isinstance(cure, Cure):
        if method not in cure.cured_by:
            raise WrongUsage(f"`{method}` does not cure `{act.clause}` ({cure.cite}); it is cured by {', '.join(cure.cured_by)}")
        given = _usd(amount) if amount is not None else None
        if method == "equity" and cure.equity_at_most is not None and (given is None or given > cure.equity_at_most):
            most = printed(Figure(value=cure.equity_at_most, unit=Unit.USD))
            raise WrongUsage(f"an equity cure of `{act.clause}` counts at most {most} ({cure.cite}); give --amount within it")
    clock = act.details.get("clock")
    if act.act == "waiver" and (clock not in (None, "resumes", "restarts") or (clock is None and cure != "none")):
        raise WrongUsage("say what a cure clock does when the waiver ends: --clock resumes, or --clock restarts")


def _usd(text: str) -> Fraction:
    figure = read_figure(text if text.startswith("USD") else f"USD {text}")
    if figure is None:
        raise WrongUsage(f"`{text}` is no amount; write it like `USD 1,500,000`")
    return figure.value


def document_hash(path: Path | None) -> tuple[str | None, str | None]:
    """The name and the SHA-256 of the document that an Act rests on."""
    if path is None:
        return None, None
    if not path.is_file():
        raise WrongUsage(f"no such file: {path}")
    return path.name, sha256_hex(path.read_bytes())
