"""`headroom replay`: every event computed again from what was kept.

Raw snapshots, deal files, reports and Acts are read. With `--pages`, every notice is drawn again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from engine.audit.pages_again import Drawn, drawings
from engine.audit.replay_answer import Replayed
from engine.audit.replay_processes import replayed
from engine.cli.output import print_json, progress, progress_done, say
from engine.events.deal_adopted import EDITION
from engine.events.log_names import deals_among
from engine.events.notice import Pages, Render
from engine.queries.states_as_known import as_known
from engine.workspace.deal_files import Templates
from engine.workspace.workspace import Workspace


@dataclass(frozen=True)
class Drawings:
    """That notices are drawn again: by what, and how many of each deal."""

    render: Render
    sample: int | None


def replay(
    workspace: Workspace,
    templates: Templates,
    until: date | None,
    as_json: bool,
    pages: Pages | None = None,
    drawn: Drawings | None = None,
) -> int:
    """Replay every log, and return the exit code.

    The code is 3 if a log does not come out as it is recorded. It is 4 if a log is of an earlier edition and
    was not compared.
    """
    replays: list[Replayed] = []
    for one in replayed(workspace, templates, until, pages):
        replays.append(one)
        progress(f"{one.log}: {one.events} events")
    deals = deals_among(one.log for one in replays)
    seen = list(_drawn(workspace, deals, pages, drawn)) if pages is not None and drawn is not None else []
    progress_done()
    failed = any(one.difference is not None for one in replays) or any(
        one.outcome == "differs" for _, _, one in seen
    )
    code = 3 if failed else 4 if any(one.edition != EDITION for one in replays) else 0
    known = [as_known(workspace, deal, until) for deal in deals] if until is not None else []
    if as_json:
        data = {
            "replayed": code == 0,
            "logs": [one.as_data() for one in replays],
            "as_known": [asdict(one) for one in known],
        }
        print_json(
            data | {"pages": [{"deal": deal, "number": number, **asdict(one)} for deal, number, one in seen]}
        )
        return code
    for one in replays:
        _say(one)
    for deal, number, page in seen:
        say(f"{'DIFFERS   ' if page.outcome == 'differs' else 'the pages '}{deal} No. {number}: {page.said}")
    for state in known:
        say()
        say(f"{state.deal} as it was known on {state.known_on}, {state.entries} entries")
        for name, status, since in (*state.tests, *state.triggers):
            say(f"  {name}: {status} since {since}")
    return code


def _drawn(
    workspace: Workspace, deals: Sequence[str], pages: Pages, drawn: Drawings
) -> Iterator[tuple[str, int, Drawn]]:
    for deal in deals:
        for number, one in drawings(workspace, deal, pages, drawn.render, drawn.sample):
            progress(f"{deal} No. {number}: drawn again")
            yield deal, number, one


def _say(one: Replayed) -> None:
    word = f"; {one.asserted} taken as recorded" if one.asserted else ""
    if one.edition != EDITION:
        say(
            f"not compared  {one.log}: {one.events} events recorded under edition {one.edition}; headroom "
            "0.1 replays it"
        )
    elif one.difference is None:
        say(f"the same  {one.log}: {one.events} events{word}")
    else:
        say(f"DIFFERS   {one.log}, entry {one.difference.seq}: {one.difference.what}")
