"""A desk over a real workspace with one deal of `tests.terms.said`: rates are published, reports come in,
each morning a run is made.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from engine.audit.replay import Replay
from engine.cli.show.keys import make_key
from engine.cli.show.series import import_series
from engine.determination.template import Template
from engine.events import kinds
from engine.events.kinds import Event
from engine.events.notice import NoticeInputs
from engine.events.standing import standing
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import verify_notice
from engine.operations.intake import Intake
from engine.operations.run import Tools, run
from engine.record.log import Scribe, deal_log, read
from engine.workspace.workspace import create, opened
from reports.notice.evidence_view import NoticePages
from reports.render.pdf import render_notice
from tests.notices.browser_parts import browser_says
from tests.operations.test_corrections import ROWS

WEEK = timedelta(days=7)
ADMINISTERED = (
    "source: computed by the calculation agent\n    methodology: {policy: pinned, version: 1.1-wp}",
    "source: published by the administrator\n    methodology: {policy: current}",
)
"""A change of the head of such a deal: its rate is the administrator's."""


class Desk:
    """The agent's desk over a real workspace; it shows what each notice was made of."""

    def __init__(self, root: Path, templates: dict[str, Template], text: str) -> None:
        create(root)
        (root / "deals" / "said.yaml").write_text(text, encoding="utf-8")
        make_key("agent.example/log", root / "keys" / "log.key", cosigner=False, as_json=True)
        self.workspace, self.templates = opened(root), templates
        self.made: list[NoticeInputs] = []
        self.thursday = date(2026, 1, 8)

    def take(self, keyed: datetime, text: str, received: str | None = None) -> None:
        Intake(self.workspace, self.templates, Scribe("t", "t", keyed)).take(
            text.encode(), "report.yaml", received
        )

    def publish(self, now: datetime, rows: str) -> None:
        path = self.workspace.root / "rows.csv"
        path.write_text(ROWS + rows, encoding="utf-8")
        import_series(self.workspace, "CRI-H100", [path], Scribe("t", "t", now), as_json=True)

    def run(self, day: date, rates: str = "2.0000") -> None:
        """What a run does in the morning after a day."""
        now = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=30)
        while self.thursday <= day:
            self.publish(now, f"{self.thursday},{rates},false,44,1.1.1\n")
            self.thursday += WEEK
        outcome = run(
            self.workspace,
            now.date(),
            Tools(self.templates, self._render, now, "t", lambda _: None, pages=NoticePages()),
        )
        assert outcome.deals[0].reason is None

    def _render(self, many: Sequence[NoticeInputs]) -> Iterator[bytes]:
        self.made += many
        yield from (render_notice(one) for one in many)

    @property
    def events(self) -> tuple[Event, ...]:
        return tuple(read(self.workspace.store, deal_log("said")))

    def tested(self) -> list[kinds.Tested]:
        return [event.payload for event in standing(self.events) if isinstance(event.payload, kinds.Tested)]

    def replays(self) -> None:
        (found,) = [
            one for one in Replay(self.workspace, self.templates).run() if one.log == deal_log("said")
        ]
        assert found.difference is None

    def unverified(self) -> list[str]:
        """What the verification of every notice finds different, by `headroom verify` and, where Node is, by
        the browser's parts.
        """
        key = (self.workspace.root / "keys" / "log.key.pub").read_text(encoding="utf-8").strip()
        return differences(
            self.workspace.root, Policy(log_keys=(key,), signature_needed=False), self.templates
        )


def differences(root: Path, policy: Policy, templates: Mapping[str, Template]) -> list[str]:
    """What two verifiers find different in the notices of a workspace."""
    issued = sorted((root / "notices").rglob("*.pdf"))
    steps = (
        step
        for one in issued
        for step in verify_notice(one.read_bytes(), policy, templates, pages=NoticePages())
    )
    found = [f"{step.name}: {step.difference}" for step in steps if step.difference is not None]
    if shutil.which("node") is None:
        return found
    answers = browser_says(policy, notices=[str(path) for path in issued])["notices"]
    there = (
        f"{path.name}, in a browser, {step['name']}: {step['difference']}"
        for path, answer in zip(issued, answers, strict=True)
        for step in answer["steps"]
        if step["difference"]
    )
    return [*found, *there]
