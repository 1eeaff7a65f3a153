"""A person confirms figures that are held: from then on they serve from their report's receipt (`rulings.md` 57)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.basics.errors import WrongUsage
from engine.events.deal_state import fold
from engine.events.draft import Draft
from engine.events.kinds import ReportReceived
from engine.events.servicing import FigureConfirmed
from engine.record.log import Scribe, append, deal_log, read
from engine.terms.as_written import Deal, day_of, resolve
from engine.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a confirmation did; `recorded` is False where the figures were confirmed before."""

    report: str
    figures: tuple[str, ...]
    recorded: bool


def confirm(workspace: Workspace, deal: Deal, report: str, figures: Sequence[str], said: FigureConfirmed, scribe: Scribe) -> Confirmed:
    """Confirm figures of a report by its name, or the beginning of it; all that are held where none is named.

    Raises:
        WrongUsage: no such report stands, a figure of it is not held, or the deal asks for two persons.
    """
    log = deal_log(deal.name)
    found = report_named(report, fold(read(workspace.store, log)).reports)
    wanted = tuple(dict.fromkeys(figures)) or tuple(found.held)
    given = [name for name in wanted if name not in found.held]
    if given or not wanted:
        held = ", ".join(found.held) or "none"
        raise WrongUsage(f"`{', '.join(given) or found.name}` awaits no confirmation; of {found.name} there are held: {held}")
    today = day_of(deal, scribe.at)
    acts = resolve(deal, today).recorded_acts
    if acts is not None and (said.approved_by is None or said.approved_by == said.prepared_by):
        raise WrongUsage(f"the deal asks for two persons ({acts.cite}); give --prepared-by and --approved-by")
    payload = said.model_copy(update={"report": found.name, "figures": wanted})
    draft = Draft(kind="figure confirmed", subject=f"{found.name} {' '.join(wanted)}", effective_on=found.received, payload=payload)
    with workspace.store.begin() as writer:
        return Confirmed(found.name, wanted, bool(append(writer, log, [draft], scribe)))


def report_named(name: str, reports: Sequence[ReportReceived]) -> ReportReceived:
    """The one report that a name means: its whole name, its document, or its period's last day. Raises WrongUsage."""
    meant = [one for one in reports if name in (one.name, one.document, str(one.period_end))]
    held = [one for one in meant if one.held]
    if len(meant) == 1 or len(held) == 1:
        return held[0] if held else meant[0]
    there = ", ".join(f"`{one.name}`" for one in (meant or [one for one in reports if one.held])) or "none"
    raise WrongUsage(f"`{name}` names {'several reports' if meant else 'no report on record'}; there are {there}")
