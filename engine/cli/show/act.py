"""`headroom act`: what a person did and the engine must be told, checked against what the deal asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.basics.errors import WrongUsage
from engine.basics.inert import same_person
from engine.cli.output import print_json, say
from engine.cli.show.preview import say_reach
from engine.determination.template import Template
from engine.events.deal_state import fold
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded, Event
from engine.operations.act_details import with_details
from engine.queries.preview import of_event, reach_as_data
from engine.record.log import Scribe, append, deal_log, event_of, imagined, index_log, read
from engine.terms.act_requirements import DECIDING, KINDS, MANIFEST_ERROR, RATE_ACTS, Said, refusals
from engine.terms.as_written import Deal, resolve
from engine.terms.in_force import TermsInForce
from engine.terms.phrases import read_set_rate
from engine.workspace.series import series_of
from engine.workspace.workspace import Workspace


def record_act(
    workspace: Workspace, deal: Deal, act: ActRecorded, scribe: Scribe, as_json: bool, preview: Mapping[str, Template] | None = None
) -> None:
    """Record what a person did; entered again word for word, it is on record already.

    With `preview`, the covenant templates, nothing is recorded: what it would change of past dates is shown.

    Raises:
        WrongUsage: it is no Act, says too little, or is not allowed by the deal; or another Act of its kind, clause and date
            stands and says otherwise.
    """
    if act.act not in KINDS:
        raise WrongUsage(f"`{act.act}` is no Recorded Act; there are {', '.join(KINDS)}")
    if same_person(act.prepared_by, act.approved_by):
        raise WrongUsage(f"{act.prepared_by} cannot both prepare and approve an Act; name a second person")
    terms = resolve(deal, act.effective_on)
    known = (*terms.covenants, *terms.triggers)
    if act.clause is not None and act.clause not in known:
        raise WrongUsage(f"`{act.clause}` is no clause of {deal.name}; there are {', '.join(known)}")
    _allowed(act, terms)
    act, log = _with_print(workspace, _with_rate(act, terms), terms), deal_log(deal.name)
    act = with_details(act, deal, read(workspace.store, log))
    if preview is not None:
        entered, new = _entered(act, _acts(read(workspace.store, log)))
        reached = of_event(workspace, deal, imagined(_draft(entered), scribe, log), preview) if new else []
        if as_json:
            shown = {"recorded": False, "name": entered.identity, "act": entered.model_dump(mode="json")}
            print_json({"deal": deal.name, **shown, "changes": [reach_as_data(one) for one in reached]})
        else:
            say_reach(reached)
            outcome = "not recorded; without --preview it is" if new else "on record already"
            say(f"{deal.name}: `{entered.identity}`: {outcome}")
        return
    with workspace.store.begin() as writer:
        entered, new = _entered(act, _acts([event_of(entry) for entry in writer.entries(log)]))
        if new:
            append(writer, log, [_draft(entered)], scribe)
    if as_json:
        print_json({"deal": deal.name, "recorded": new, "name": entered.identity, "act": entered.model_dump(mode="json")})
    else:
        said = f"recorded as `{entered.identity}`" if new else f"already on record as `{entered.identity}`"
        say(f"{deal.name}: {act.act} {act.clause or ''} effective {act.effective_on}: {said}")


def _acts(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if isinstance(event.payload, ActRecorded)]


def _draft(act: ActRecorded) -> Draft:
    return Draft(kind="act recorded", subject=act.identity, effective_on=act.effective_on, payload=act)


def _with_rate(act: ActRecorded, terms: TermsInForce) -> ActRecorded:
    """An Act that sets a rate, with the rate as a plain number: what cannot be read would stop every later run."""
    if act.act not in RATE_ACTS:
        return act
    index, rate = act.details["index"], read_set_rate(act.details["rate"])
    if index not in terms.index:
        raise WrongUsage(f"`{index}` is no index of the deal; there are {', '.join(terms.index)}")
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
        if _as_said(one) == _as_said(act):
            return one, False
    if rivals and act.act in DECIDING:
        name, other = rivals[0].identity, ", ".join(_differing(_without_entry(rivals[0]), act))
        raise WrongUsage(f"`{name}` is on record and says otherwise ({other}); withdraw it first: act withdrawn, --names '{name}'")
    before = sum((one.told_by, one.effective_on) == (act.told_by, act.effective_on) for one in acts)
    return (_with(act, entry=str(before + 1)) if before else act), True


def _withdrawal(act: ActRecorded, acts: Sequence[ActRecorded], standing: Sequence[ActRecorded]) -> tuple[ActRecorded, bool]:
    """A withdrawal that names one standing Act in full. Raises WrongUsage where it names none, or several."""
    name = act.names
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


def _as_said(act: ActRecorded) -> ActRecorded:
    """The Act without what tells two entries of it apart: its number, and when it was received."""
    return _without_entry(act).model_copy(update={"received_at": None})


def _without_entry(act: ActRecorded) -> ActRecorded:
    return act.model_copy(update={"details": {key: value for key, value in act.details.items() if key != "entry"}})


def _differing(one: ActRecorded, other: ActRecorded) -> Iterator[str]:
    """The names of what two Acts say differently."""
    yield from (
        name for name in ("until", "document", "sha256", "prepared_by", "approved_by") if getattr(one, name) != getattr(other, name)
    )
    yield from (key for key in sorted({*one.details, *other.details}) if one.details.get(key) != other.details.get(key))


def _allowed(act: ActRecorded, terms: TermsInForce) -> None:
    """What the deal asks of an Act: what its kind must say, what the clause allows, and a second person."""
    said = Said(act.act, act.effective_on, act.clause, act.until, act.document, act.prepared_by, act.approved_by, act.details)
    for refusal in refusals(said, terms, _option):
        raise WrongUsage(f"{refusal.what}; {refusal.fix}")
    if terms.recorded_acts is not None and (act.prepared_by is None or act.approved_by is None):
        raise WrongUsage(f"the deal asks for two persons ({terms.recorded_acts.cite}); give --prepared-by and --approved-by")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
