"""`headroom replay`: every event computed again from raw snapshots, deal files, reports and Acts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from engine.audit.replay import Replay
from engine.audit.replay_answer import Replayed
from engine.cli.output import print_json, progress, progress_done, say
from engine.events.deal_adopted import EDITION
from engine.events.log_names import deals_among
from engine.queries.states_as_known import as_known
from engine.workspace.deal_files import Templates
from engine.workspace.workspace import Workspace


def replay(workspace: Workspace, templates: Templates, until: date | None, as_json: bool) -> int:
    """Replay every log; 3 where one does not come out as it is recorded, 4 where one is of an earlier edition and was not compared."""
    found: list[Replayed] = []
    for one in Replay(workspace, templates, until).run():
        found.append(one)
        progress(f"{one.log}: {one.events} events")
    progress_done()
    failed = [one for one in found if one.difference is not None]
    code = 3 if failed else 4 if any(one.edition != EDITION for one in found) else 0
    deals = deals_among(one.log for one in found)
    known = [as_known(workspace, deal, until) for deal in deals] if until is not None else []
    if as_json:
        print_json({"replayed": code == 0, "logs": [one.as_data() for one in found], "as_known": [asdict(one) for one in known]})
        return code
    for one in found:
        _say(one)
    for state in known:
        say()
        say(f"{state.deal} as it was known on {state.known_on}, {state.entries} entries")
        for name, status, since in (*state.tests, *state.triggers):
            say(f"  {name}: {status} since {since}")
    return code


def _say(one: Replayed) -> None:
    word = f"; {one.asserted} taken as recorded" if one.asserted else ""
    if one.edition != EDITION:
        say(f"not compared  {one.log}: {one.events} events recorded under edition {one.edition}; headroom 0.1 replays it")
    elif one.difference is None:
        say(f"the same  {one.log}: {one.events} events{word}")
    else:
        say(f"DIFFERS   {one.log}, entry {one.difference.seq}: {one.difference.what}")
