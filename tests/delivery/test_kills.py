"""SIGKILLs while a relay takes a message: nothing is lost, at most one copy more goes, with the same id, and
the record says so.

The relay itself kills the program that delivers, around DATA: before it takes the message, after it has it,
while its reply is on the way. Three kills in a run of the tests, since each starts a program; 300 in the
soak; as many as HEADROOM_KILLS says where it is set.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from engine.delivery.deliver import deliver
from engine.delivery.outbox import deliveries
from engine.delivery.release import release
from engine.events.delivery import DeliveryBegun, DeliveryUnknown, NoticeSent
from engine.events.kinds import Event
from engine.record.log import Scribe, deal_log, read
from engine.workspace.workspace import Workspace, opened
from tests.conftest import REPOSITORY
from tests.delivery.conftest import Clock, Relays, Settled
from tests.operations.test_run import DEAL

KILLS = int(os.environ.get("HEADROOM_KILLS", "300" if os.environ.get("HEADROOM_SOAK") else "3"))
A_ROUND = 6
"""Kills of one workspace: it has six messages to send."""
MOMENTS = ("addressed", "before it is taken", "taken", "shortly after")
DELIVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from engine.delivery.deliver import deliver
from engine.record.log import Scribe
from engine.workspace.workspace import opened
deliver(opened(Path(sys.argv[1])), lambda: Scribe("desk", "headroom test", datetime.now(UTC)))
"""


@dataclass
class Killer:
    """Kills a program when the relay is at one moment of its nth message."""

    chance: random.Random
    run: subprocess.Popen[bytes] | None = None
    moment: str = "never"
    wait: int = 0
    hits: Counter[str] = field(default_factory=Counter)

    def aim(self, run: subprocess.Popen[bytes]) -> None:
        self.run, self.moment, self.wait = run, self.chance.choice(MOMENTS), self.chance.randrange(2)

    def meet(self, moment: str) -> None:
        if self.run is None or moment != ("taken" if self.moment == "shortly after" else self.moment):
            return
        self.wait -= 1
        if self.wait < 0:
            victim, self.run = self.run, None
            self.hits[self.moment] += 1
            if self.moment == "shortly after":
                threading.Timer(self.chance.uniform(0, 0.02), victim.kill).start()
            else:
                victim.kill()


def test_kills_while_a_relay_takes_a_message(
    settled: Settled, relays: Relays, clock: Clock, tmp_path: Path
) -> None:
    workspace = settled()
    _with_mail_in_its_settings(workspace)
    for number in (1, 2):
        release(workspace, DEAL, number, "A. Person", None, False, clock.scribe())
    workspace.store.close()
    killer = Killer(random.Random(7))
    relays.meet = killer.meet
    for number, done in enumerate(range(0, KILLS, A_ROUND)):
        root = tmp_path / f"round {number}"
        shutil.copytree(workspace.root, root)
        _round(root, relays, killer, min(A_ROUND, KILLS - done))
        shutil.rmtree(root)
    assert sum(killer.hits.values()) >= KILLS // 2  # a program that finds nothing left to send is not killed


def _round(root: Path, relays: Relays, killer: Killer, kills: int) -> None:
    """Deliver with kills, then without; every message has arrived, and the record knows of each copy."""
    relays.got.clear()
    for _ in range(kills):
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        run = subprocess.Popen([sys.executable, "-c", DELIVER, str(root)], cwd=REPOSITORY, env=environment)
        killer.aim(run)
        assert run.wait(120) in (0, -signal.SIGKILL)
        killer.run = None
    there = opened(root)
    for _ in range(3):
        deliver(there, lambda: Scribe("desk", "headroom test", datetime.now(UTC)))
    _nothing_is_lost(relays, read(there.store, deal_log(DEAL)))
    there.store.close()


def _nothing_is_lost(relays: Relays, events: Sequence[Event]) -> None:
    copies = Counter(
        (str(message_from_bytes(data, policy=default)["Message-ID"]), data) for _, _, data in relays.got
    )
    assert (
        len({key for key, _ in copies}) == len(copies) == 6
    )  # each message arrived, with one id and one set of bytes
    assert max(copies.values()) <= 2
    begun = Counter(one.payload.message_id for one in events if isinstance(one.payload, DeliveryBegun))
    unknown = {one.payload.message_id for one in events if isinstance(one.payload, DeliveryUnknown)}
    for (message, _), count in copies.items():
        assert begun[message] >= count
        assert count == 1 or message in unknown
    sent = {one.payload.message_id for one in events if isinstance(one.payload, NoticeSent)}
    states = {to.state for notice in deliveries(events) for to in notice.addressees}
    assert states <= {"sent", "unknown"}
    assert sent | unknown == {message for message, _ in copies}


def _with_mail_in_its_settings(workspace: Workspace) -> None:
    """Write the mail settings into the workspace's file, where another program reads them."""
    mail = workspace.settings.mail
    assert mail is not None
    lines = "\n".join(
        f"{key} = {json.dumps(value)}"
        for key, value in mail.model_dump(mode="json", exclude_none=True).items()
    )
    with (workspace.root / "headroom.toml").open("a", encoding="utf-8") as settings:
        settings.write(f"\n[mail]\n{lines}\n")
