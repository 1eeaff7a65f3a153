"""`headroom act`: what a person did and the engine must be told, checked against what the deal asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from engine.commands.output import print_json, say
from engine.errors import WrongUsage
from engine.publications import series_of
from engine.record.canonical import sha256_hex
from engine.record.draft import Draft
from engine.record.event import ActRecorded, Event
from engine.record.fold import fold
from engine.record.log import Scribe, append, deal_log, event_of, index_log, read
from engine.terms.acts import DECIDING, KINDS, MANIFEST_ERROR, ON_A_CLAUSE, RATE_ACTS
from engine.terms.clause import Cure, MaintenanceClause
from engine.terms.deal import TermsInForce
from engine.terms.example import read_figure
from engine.terms.in_force import Deal, resolve
from engine.terms.phrases import read_set_rate
from engine.values import Figure, Unit, printed
from engine.workspace import Workspace


def record_act(workspace: Workspace, deal: Deal, act: ActRecorded, scribe: Scribe, as_json: bool) -> None:
    """Record what a person did; entered again word for word, it is on record already.

    Raises:
        WrongUsage: it is no Act, says too little, or is not allowed by the deal; or another Act of its kind, clause and date
            stands and says otherwise.
    """
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
    act, log = _with_print(workspace, _with_rate(act, terms), terms), deal_log(deal.name)
    with workspace.store.begin() as writer:
        events = [event_of(entry) for entry in writer.entries(log)]
        entered, new = _entered(act, [event for event in events if isinstance(event.payload, ActRecorded)])
        if new:
            draft = Draft(kind="act recorded", subject=entered.identity, effective_on=act.effective_on, payload=entered)
            append(writer, log, [draft], scribe)
    if as_json:
        print_json({"deal": deal.name, "recorded": new, "name": entered.identity, "act": entered.model_dump(mode="json")})
    else:
        said = f"recorded as `{entered.identity}`" if new else f"already on record as `{entered.identity}`"
        say(f"{deal.name}: {act.act} {act.clause or ''} effective {act.effective_on}: {said}")


def _complete(act: ActRecorded) -> None:
    """What an Act of its kind must say: what it covers, until when, which rate of which index."""
    lacking = [
        option
        for option, needed, given in (
            ("--clause", act.act in ON_A_CLAUSE, act.clause),
            ("--until", act.act == "waiver", act.until),
            ("--index", act.act in (*RATE_ACTS, MANIFEST_ERROR), act.details.get("index")),
            ("--rate", act.act in RATE_ACTS, act.details.get("rate")),
            ("--document", act.act == MANIFEST_ERROR, act.document),
            ("--prepared-by", act.act == MANIFEST_ERROR, act.prepared_by),
            ("--approved-by", act.act == MANIFEST_ERROR, act.approved_by),
        )
        if needed and not given
    ]
    if lacking:
        raise WrongUsage(f"`{act.act}` must say more: give {' and '.join(lacking)}")
    if act.until is not None and act.until < act.effective_on:
        raise WrongUsage(f"it would end on {act.until}, before it is effective on {act.effective_on}")


def _with_rate(act: ActRecorded, terms: TermsInForce) -> ActRecorded:
    """An Act that sets a rate, with the rate as a plain number: what cannot be read would stop every later run."""
    if act.act not in RATE_ACTS:
        return act
    index, rate = act.details["index"], read_set_rate(act.details["rate"])
    if index not in terms.index:
        raise WrongUsage(f"`{index}` is no index of the deal; there are {', '.join(terms.index)}")
    if rate is None:
        raise WrongUsage(f"`{act.details['rate']}` is no rate; write it in USD per GPU-hour, like --rate 1.90")
    return _with(act, rate=str(rate))


def _with_print(workspace: Workspace, act: ActRecorded, terms: TermsInForce) -> ActRecorded:
    """A manifest error with the newest print of its date: that one is excluded, and a later one is not."""
    if act.act != MANIFEST_ERROR:
        return act
    index = act.details["index"]
    if index not in terms.index:
        raise WrongUsage(f"`{index}` is no index of the deal; there are {', '.join(terms.index)}")
    series = series_of(index, terms.index[index])
    prints = [event for event in read(workspace.store, index_log(series)) if event.effective_on == act.effective_on]
    if not any(event.payload.value["value"] is not None for event in prints):
        raise WrongUsage(f"{series} has no value published for {act.effective_on}; --effective-on is the Publication Date")
    return _with(act, print=str(prints[-1].print))


def _with(act: ActRecorded, **details: str) -> ActRecorded:
    return act.model_copy(update={"details": {**act.details, **details}})


def _entered(act: ActRecorded, events: Sequence[Event]) -> tuple[ActRecorded, bool]:
    """The Act as it is recorded, told from every earlier one, and whether it is new."""
    acts: list[ActRecorded] = [event.payload for event in events]
    standing = fold(events).acts
    if act.act == "act withdrawn":
        return _withdrawal(act, acts, standing)
    rivals = [one for one in standing if (one.told_by, one.effective_on) == (act.told_by, act.effective_on)]
    for one in rivals:
        if _without_entry(one) == act:
            return one, False
    if rivals and act.act in DECIDING:
        name, other = rivals[0].identity, ", ".join(_differing(_without_entry(rivals[0]), act))
        raise WrongUsage(f"`{name}` is on record and says otherwise ({other}); withdraw it first: act withdrawn, --names '{name}'")
    before = sum((one.told_by, one.effective_on) == (act.told_by, act.effective_on) for one in acts)
    return (_with(act, entry=str(before + 1)) if before else act), True


def _withdrawal(act: ActRecorded, acts: Sequence[ActRecorded], standing: Sequence[ActRecorded]) -> tuple[ActRecorded, bool]:
    """A withdrawal that names one standing Act in full. Raises WrongUsage where it names none, or several."""
    name = act.details.get("names", "")
    meant = [one for one in standing if one.goes_by(name)]
    if len(meant) == 1:
        return _with(act, names=meant[0].identity), True
    if meant:
        raise WrongUsage(f"`{name}` names several Acts; write one of {', '.join(one.identity for one in meant)}")
    named = [one for one in acts if one.goes_by(name)]
    again = [one.identity for one in standing for gone in named if (one.told_by, one.effective_on) == (gone.told_by, gone.effective_on)]
    if again:
        raise WrongUsage(f"`{name}` is withdrawn already; entered again since is {', '.join(again)}: name that one in full")
    same = [_with(act, names=gone.identity) for gone in named]
    for one in acts:
        if one in same:
            return one, False
    known = ", ".join(one.identity for one in standing)
    raise WrongUsage(f"name the Act that is withdrawn with --names; on record are {known or 'none'}")


def _without_entry(act: ActRecorded) -> ActRecorded:
    return act.model_copy(update={"details": {key: value for key, value in act.details.items() if key != "entry"}})


def _differing(one: ActRecorded, other: ActRecorded) -> Iterator[str]:
    """The names of what two Acts say differently."""
    yield from (
        name for name in ("until", "document", "sha256", "prepared_by", "approved_by") if getattr(one, name) != getattr(other, name)
    )
    yield from (key for key in sorted({*one.details, *other.details}) if one.details.get(key) != other.details.get(key))


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
