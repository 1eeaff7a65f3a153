"""The demonstration: 26 generated Thursdays over illustrative deals.

It uses the very operations that a desk uses.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from engine.basics.errors import WrongUsage
from engine.delivery.deliver import deliver
from engine.delivery.outbox import deliveries
from engine.delivery.release import release
from engine.demo import plan
from engine.events.kinds import Counted, DeadlinePassed, Event, ObligationMoved, Tested
from engine.events.states import TestStatus, TriggerStatus, clause_of_key
from engine.notices.signature import make_certificate
from engine.operations.intake import Intake
from engine.operations.issue_notices import NOTICE_KEY
from engine.operations.older_record import refuse_older_record
from engine.operations.run import Tools, run
from engine.operations.run_outcome import RunOutcome
from engine.operations.sign_checkpoints import sign_all
from engine.operations.snapshots import record_snapshots
from engine.record.keys import generate_key, write_key
from engine.record.log import deal_log, read
from engine.workspace.checkpoints import KEY
from engine.workspace.workspace import SETTINGS, Workspace, create, opened

MARK = "GENERATED"
"""The file that says that a folder is a demonstration and may be replaced."""
OPERATOR = "Example Calculation Agent"
POLICY = """\
# What the trustee of this demonstration trusts. Its keys were generated with it, and vouch for nothing else.
log_keys = ["{key}"]
cosigner_keys = []
cosignatures_needed = 0
notice_certificates = ["{fingerprint}"]
"""
NOON = time(17, 0)
"""When the demonstration's servicer enters the reports of a Thursday, UTC."""
AT = time(22, 0)
"""When the demonstration's clock stands on each Thursday, UTC."""


MAIL = """
# A maildir in this folder stands for a relay: nothing of a demonstration leaves the machine.
[mail]
sender = "notices@agent.example.com"
bounces = "bounce@agent.example.com"
maildir = "outgoing-mail"

[people."A. Person"]
acts_for = ["servicer"]
"""
"""How the demonstration delivers."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The outcome of the demonstration.

    It holds the workspace, its Thursdays and deals, the number of notices, what tripped and cured, and which
    two notices to open.
    """

    workspace: Path
    thursdays: tuple[date, ...]
    deals: tuple[str, ...]
    notices: int
    notable: tuple[str, ...]
    open: tuple[Path, Path]

    def as_data(self) -> dict[str, Any]:
        """Return the demonstration as JSON."""
        span = {
            "first": str(self.thursdays[0]),
            "last": str(self.thursdays[-1]),
            "deals": list(self.deals),
            "notices": self.notices,
        }
        shown = {"notable": list(self.notable), "open": [str(path) for path in self.open]}
        return {"workspace": str(self.workspace), "generated": True, **span, **shown}


def build_demonstration(into: Path, tools: Callable[[datetime], Tools]) -> Demonstration:
    """Make the demonstration in `into`. Raises WrongUsage if something else is there."""
    if into.exists() and any(into.iterdir()) and not (into / MARK).exists():
        raise WrongUsage(f"{into} is not empty and no demonstration; name another folder with --into")
    shutil.rmtree(into, ignore_errors=True)
    create(into, OPERATOR)
    with (into / SETTINGS).open("a", encoding="utf-8") as settings:
        settings.write(MAIL)
    (into / MARK).write_text(
        "Everything in this folder is generated; no deal, offer or report in it is real.\n", encoding="utf-8"
    )
    _keys(into)
    for name in plan.DEALS:
        text = (files("deals") / f"{name}.yaml").read_text(encoding="utf-8")
        (into / "deals" / f"{name}.yaml").write_text(text, encoding="utf-8")
    for name in plan.REGISTERS:
        (into / "deals" / name).write_bytes((files("deals") / name).read_bytes())
    workspace = opened(into)
    made = 0
    for number, thursday in enumerate(plan.THURSDAYS, start=1):
        place = f"Thursday {number} of {len(plan.THURSDAYS)}, {thursday}"
        evening = datetime.combine(thursday, AT, UTC)
        for now in (
            evening,
            evening + timedelta(hours=9),
        ):  # a week without a value is over only when its day is over
            outcome = _week(workspace, thursday, _telling(tools(now), place))
            made += sum(len(deal.notices) for deal in outcome.deals)
            if not any(deal.waiting for deal in outcome.deals):
                break
    _mailed(workspace, tools(now))
    folder = workspace.root / "notices" / plan.DEALS[0]
    page = sorted(folder.glob("*compliance.pdf"))[13]
    worst = sorted(folder.glob("*trigger_event*.pdf")) or sorted(folder.glob("*.pdf"))
    return Demonstration(
        workspace.root, plan.THURSDAYS, plan.DEALS, made, tuple(_notable(workspace)), (page, worst[0])
    )


def _keys(into: Path) -> None:
    """Make throwaway keys that sign this demonstration's logs and notices.

    The policy of a trustee who trusts them is made too.
    """
    key = generate_key("example-calculation-agent/demonstration")
    (into / KEY).parent.mkdir()
    write_key(into / KEY, key)
    fingerprint = make_certificate(OPERATOR, into / NOTICE_KEY, datetime.combine(plan.THURSDAYS[0], AT, UTC))
    (into / "trustee.toml").write_text(
        POLICY.format(key=key.verifier.text, fingerprint=fingerprint), encoding="utf-8"
    )


def _telling(tools: Tools, place: str) -> Tools:
    """Return the same tools; their progress says which Thursday it is."""
    return replace(tools, progress=lambda text: tools.progress(f"{place}: {text}"))


def _week(workspace: Workspace, thursday: date, tools: Tools) -> RunOutcome:
    scribe = tools.scribe()
    tools.progress("collecting offers")
    added = [workspace.archive.add(snapshot.data, snapshot.name)[0] for snapshot in plan.snapshots(thursday)]
    record_snapshots(workspace, added, scribe)
    noon = datetime.combine(thursday, NOON, UTC)
    desk = Intake(workspace, tools.templates, replace(scribe, at=noon))  # before the cut-off of the date
    for report in plan.reports(thursday):
        tools.progress(f"taking in {report.name}")
        desk.take(report.text.encode(), report.name, report.received)
    return run(workspace, thursday, tools)


def _mailed(workspace: Workspace, tools: Tools) -> None:
    """Send the newest notice of each deal as a draft to its addressees, by a maildir.

    The reminders of the day go there too.
    """
    scribe = tools.scribe()
    for deal in plan.DEALS:
        newest = [
            delivery
            for delivery in deliveries(read(workspace.store, deal_log(deal)))
            if delivery.duty is not None
        ][-1:]
        for delivery in newest:
            release(workspace, deal, delivery.number, "A. Person", None, True, scribe)
    deliver(workspace, lambda: scribe, refuse_older=refuse_older_record)
    sign_all(workspace)


def _notable(workspace: Workspace) -> list[str]:
    """Return what tripped and what cured, by deal and test, with its dates."""
    lines = []
    for name in plan.DEALS:
        notable: dict[str, list[str]] = {}
        for event in read(workspace.store, deal_log(name)):
            what = _turn(event)
            if what is not None:
                notable.setdefault(clause_of_key(event.subject), []).append(
                    f"{what} {event.effective_on:%d %b}"
                )
        lines += [f"{name}: {subject}: {', '.join(turns)}" for subject, turns in notable.items()]
    return lines


def _turn(event: Event) -> str | None:
    """Return a change of state worth telling."""
    match event.payload:
        case DeadlinePassed():
            return "Event of Default indicated"
        case Counted(state=state, before=before) if before is not None and state.status is not before:
            return "begins" if state.status is TriggerStatus.IN_EFFECT else "ends"
        case Tested(state=state, before=before) if state.status is not before:
            if state.status is TestStatus.CURE_PERIOD:
                return "fails"
            return (
                "cured"
                if before is TestStatus.CURE_PERIOD and state.status is not TestStatus.EVENT_OF_DEFAULT
                else None
            )
        case ObligationMoved(obligation=obligation):
            return {
                "OPEN": "appraisal due",
                "OVERDUE": "appraisal overdue",
                "SATISFIED": "appraisal delivered",
            }[obligation.status]
        case _:
            return None
