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
    replays: list[Replayed] = []
    for entry in Replay(workspace, templates, until).run():
        replays.append(entry)
        progress(f"{entry.log}: {entry.events} events")
    progress_done()
    failed = [entry for entry in replays if entry.difference is not None]
    code = 3 if failed else 4 if any(entry.edition != EDITION for entry in replays) else 0
    deals = deals_among(entry.log for entry in replays)
    known = [as_known(workspace, deal, until) for deal in deals] if until is not None else []
    if as_json:
        print_json({"replayed": code == 0, "logs": [entry.as_data() for entry in replays], "as_known": [asdict(entry) for entry in known]})
        return code
    for entry in replays:
        _say(entry)
    for state in known:
        say()
        say(f"{state.deal} as it was known on {state.known_on}, {state.entries} entries")
        for name, status, since in (*state.tests, *state.triggers):
            say(f"  {name}: {status} since {since}")
    return code


def _say(entry: Replayed) -> None:
    word = f"; {entry.asserted} taken as recorded" if entry.asserted else ""
    if entry.edition != EDITION:
        say(f"not compared  {entry.log}: {entry.events} events recorded under edition {entry.edition}; headroom 0.1 replays it")
    elif entry.difference is None:
        say(f"the same  {entry.log}: {entry.events} events{word}")
    else:
        say(f"DIFFERS   {entry.log}, entry {entry.difference.seq}: {entry.difference.what}")
