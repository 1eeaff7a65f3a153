"""`headroom act`: what a person did and the engine must be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.output import print_json, say
from engine.cli.show.preview import say_reach
from engine.events.kinds import ActRecorded
from engine.operations import record_act as entering
from engine.queries.preview import of_event, reach_as_data
from engine.workspace.deal_files import Deal, Templates
from engine.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.assembly import Scribe


def record_act(
    workspace: Workspace,
    deal: Deal,
    act: ActRecorded,
    scribe: Scribe,
    as_json: bool,
    preview: Templates | None = None,
) -> None:
    """Record what a person did, and print the name of the Act.

    With `preview`, the templates, the command prints only what the Act would change.

    Raises:
        WrongUsage: it is not an Act, says too little, or is not allowed by the deal; or another Act of its
            kind, clause and date stands and says otherwise.
    """
    if preview is not None:
        _preview(workspace, deal, entering.imagine_act(workspace, deal, act, scribe), as_json, preview)
        return
    entered = entering.record_act(workspace, deal, act, scribe)
    if as_json:
        print_json(entered.as_data(recorded=entered.new))
    else:
        name = entered.act.identity
        said = f"recorded as `{name}`" if entered.new else f"already on record as `{name}`"
        say(f"{deal.name}: {act.act} {act.clause or ''} effective {act.effective_on}: {said}")


def _preview(
    workspace: Workspace, deal: Deal, entered: entering.ActEntered, as_json: bool, templates: Templates
) -> None:
    """Print what an Act that is not recorded would change of past dates."""
    reached = of_event(workspace, deal, entered.event, templates) if entered.event is not None else []
    if as_json:
        print_json(
            {**entered.as_data(recorded=False), "changes": [reach_as_data(reach) for reach in reached]}
        )
        return
    say_reach(reached)
    outcome = "not recorded; without --preview it is" if entered.new else "on record already"
    say(f"{deal.name}: `{entered.act.identity}`: {outcome}")
