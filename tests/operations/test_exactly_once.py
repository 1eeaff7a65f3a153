"""A run happens exactly once: killed at any moment by two processes, failed at any write."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.basics.errors import VerificationFailed
from engine.cli.show.keys import make_key
from engine.events.kinds import Event
from engine.market.administrator_series import SeriesKnown, read_series
from engine.operations.recent_past import recent_past
from engine.operations.run import Tools, run
from engine.operations.scheduler import serve
from engine.record.canonical import sha256_hex
from engine.record.log import Scribe, append, deal_log, index_log, read
from engine.record.store import Writer
from engine.workspace.series import draft as print_draft
from engine.workspace.workspace import Workspace, opened
from tests.operations.test_corrections import ROWS, late, made
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_run import DEAL
from tests.record.conftest import postgresql_server as postgresql_server  # the fixture
from tests.record.conftest import postgresql_urls as postgresql_urls  # the fixture

SOAK = bool(os.environ.get("HEADROOM_SOAK"))
KILLS = 500 if SOAK else 40
ADMINISTERED = (
    ("source: computed by the calculation agent", "source: published by the administrator"),
    ("methodology: {policy: pinned, version: 1.1-wp}", "methodology: {policy: current}"),
)
FIRST = date(2026, 1, 8)
WEEK = timedelta(days=7)


def desk(root: Path) -> Workspace:
    return made(root, *ADMINISTERED)


def publish(workspace: Workspace, rows: str, at: datetime) -> None:
    """Put rows on record at a time that may stand before them, so that a test can lay out its weeks at once;
    `import` refuses that.
    """
    log = index_log("CRI-H100@administrator")
    known = {event.effective_on: event.payload.value for event in read(workspace.store, log)}
    found = read_series(
        ROWS + rows,
        "rows.csv",
        "CRI-H100",
        SeriesKnown(known),
        datetime(9999, 1, 1, tzinfo=UTC),
        None,
        late(rows),
    )
    assert not found.problems
    assert not found.findings
    with workspace.store.begin() as writer:
        append(writer, log, [print_draft(value) for value in found.values], Scribe("t", "t", at))


def rows(rates: list[str]) -> str:
    return "".join(f"{FIRST + n * WEEK},{rate},false,40,1.1.1\n" for n, rate in enumerate(rates) if rate)


def events(workspace: Workspace) -> list[Event]:
    return list(read(workspace.store, deal_log(DEAL)))


def facts(workspace: Workspace) -> list[tuple[str, str]]:
    """What the log says, without who recorded it when."""
    return [(event.key, event.payload.model_dump_json()) for event in events(workspace)]


def notices_are_the_log_s(workspace: Workspace) -> bool:
    """Each file is one that was issued, as it was issued, and their numbers are 1 to n."""
    issued = [event.payload for event in events(workspace) if event.kind == "notice issued"]
    files = {str(path.relative_to(workspace.root)) for path in (workspace.root / "notices").rglob("*.pdf")}
    same = all(sha256_hex((workspace.root / one.file).read_bytes()) == one.sha256 for one in issued)
    numbered = [one.number for one in issued] == list(range(1, len(issued) + 1))
    return (
        numbered
        and same
        and files == {one.file for one in issued}
        and not list(workspace.root.rglob(".partial-*"))
    )


def worker(root: str, last: date, tools: Tools) -> None:
    workspace = opened(Path(root))
    run(workspace, last, replace(tools, progress=lambda _: None))


def test_killed_at_any_moment_by_two_processes_nothing_is_lost_and_nothing_is_twice(
    tmp_path: Path, tools: Tools
) -> None:
    """Runs over 20 weeks, killed until they have got through; the log is that of a run that nobody disturbed."""
    chance, rates = random.Random(7), [f"{2.1 - n * 0.03:.4f}" for n in range(20)]
    last = FIRST + 19 * WEEK
    calm = desk(tmp_path / "calm")
    publish(calm, rows(rates), datetime(2026, 1, 1, tzinfo=UTC))
    run(calm, last, tools)
    wanted = facts(calm)
    calm.store.close()
    context = multiprocessing.get_context("fork")
    killed, rounds = 0, 0
    while killed < KILLS:
        root = tmp_path / f"round-{rounds}"
        rounds += 1
        begun = desk(root)
        publish(begun, rows(rates), datetime(2026, 1, 1, tzinfo=UTC))
        begun.store.close()
        for _ in range(12):
            pair = [context.Process(target=worker, args=(str(root), last, tools)) for _ in range(2)]
            for one in pair:
                one.start()
            time.sleep(chance.uniform(0.0, 0.25))
            for one in pair:
                if one.is_alive():
                    os.kill(one.pid or 0, signal.SIGKILL)
                    killed += 1
                one.join()
        after = opened(root)
        run(after, last, tools)
        assert facts(after) == wanted
        assert notices_are_the_log_s(after)
        assert run(after, last, tools).deals[0].events == []
        after.store.close()
        shutil.rmtree(root)


class Broken(OSError):
    """What a full or failing disk raises."""


def test_an_error_at_every_write_of_a_run_loses_nothing(
    tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each write fails, before its rows are in the transaction and after, until a run has none left; the next
    run goes on as if nothing had been.
    """
    rates = ["2.10", "1.90", "1.95", "1.40", "1.40"]
    last = FIRST + 4 * WEEK
    calm = desk(tmp_path / "calm")
    publish(calm, rows(rates), datetime(2026, 1, 1, tzinfo=UTC))
    run(calm, last, tools)
    wanted = facts(calm)
    calm.store.close()
    append_ = Writer.extend
    for n in range(1, 200):
        workspace = desk(tmp_path / f"at-{n}")
        publish(workspace, rows(rates), datetime(2026, 1, 1, tzinfo=UTC))
        count = 0

        def failing(self: Writer, log: str, items: Any, nth: int = n) -> int:
            nonlocal count
            count += 2
            if count - 1 == nth:
                raise Broken("no space left on device")
            size = append_(self, log, items)
            if count == nth:
                raise Broken("no space left on device")
            return size

        monkeypatch.setattr(Writer, "extend", failing)
        try:
            run(workspace, last, tools)
            done = True
        except Broken:
            done = False
        monkeypatch.setattr(Writer, "extend", append_)
        run(workspace, last, tools)
        assert facts(workspace) == wanted
        assert notices_are_the_log_s(workspace)
        workspace.store.close()
        shutil.rmtree(tmp_path / f"at-{n}")
        if done:
            assert n > 20
            return
    pytest.fail("the run never got through")


def test_the_scheduler_only_ticks(tmp_path: Path, tools: Tools) -> None:
    """Ticks that come too often, and one that fails, leave the log as one run does."""
    workspace = desk(tmp_path)
    publish(workspace, rows(["2.10", "2.00"]), datetime(2026, 1, 1, tzinfo=UTC))
    said: list[str] = []
    count = 0

    def tick() -> None:
        nonlocal count
        count += 1
        if count == 2:
            raise Broken("the disk is full")
        run(workspace, FIRST + WEEK, tools)
        if count >= 4:
            os.kill(os.getpid(), signal.SIGTERM)

    begun = datetime.now(UTC)
    ticks = serve(tick, 1, said.append, lambda: begun, _every(0.05))
    assert ticks >= 4
    assert said == [f"{begun:%Y-%m-%d %H:%M} UTC: the round failed: Broken: the disk is full"]
    assert len([event for event in events(workspace) if event.kind == "determined"]) == 2
    workspace.store.close()


def _every(seconds: float) -> Any:
    """APScheduler's own scheduler, hurried."""
    from apscheduler.schedulers.blocking import BlockingScheduler

    class Hurried(BlockingScheduler):  # type: ignore[misc]
        def add_job(self, job: Any, *args: Any, **options: Any) -> Any:
            return super().add_job(job, *args, **{**options, "seconds": seconds})

    return Hurried(timezone=UTC)


def test_an_older_copy_of_the_record_is_not_signed(tmp_path: Path, tools: Tools) -> None:
    workspace = desk(tmp_path / "desk")
    make_key("agent.example/log", workspace.root / "keys" / "log.key", cosigner=False, as_json=True)
    publish(workspace, rows(["2.10", "2.00", "1.90"]), datetime(2026, 1, 1, tzinfo=UTC))
    run(workspace, FIRST, tools)
    workspace.store.close()
    shutil.copy(workspace.root / "headroom.sqlite", tmp_path / "backup.sqlite")
    later = opened(workspace.root)
    run(later, FIRST + WEEK, tools)
    later.store.close()
    shutil.copy(tmp_path / "backup.sqlite", workspace.root / "headroom.sqlite")
    restored = opened(workspace.root)
    before = {log: restored.store.size(log) for log in restored.store.logs()}
    with pytest.raises(VerificationFailed, match="older copy of the record"):
        run(restored, FIRST + WEEK, tools)
    assert {
        log: restored.store.size(log) for log in restored.store.logs()
    } == before  # refused before anything is added
    restored.store.close()


def test_a_record_that_was_signed_goes_on_signed(tmp_path: Path, tools: Tools) -> None:
    """Without its key a run is refused, and with another one that was put in its place by hand."""
    workspace = desk(tmp_path / "desk")
    private, public = workspace.root / "keys" / "log.key", workspace.root / "keys" / "log.key.pub"
    make_key("agent.example/log", private, cosigner=False, as_json=True)
    publish(workspace, rows(["2.10", "2.00", "1.90"]), datetime(2026, 1, 1, tzinfo=UTC))
    run(workspace, FIRST, tools)
    private.unlink()
    with pytest.raises(VerificationFailed, match="put the key back"):
        run(workspace, FIRST + WEEK, tools)
    old = public.read_text(encoding="utf-8")
    public.unlink()
    make_key("agent.example/log-2", private, cosigner=False, as_json=True)
    with pytest.raises(VerificationFailed, match="no known key"):
        run(workspace, FIRST + WEEK, tools)
    public.write_text(public.read_text(encoding="utf-8") + old, encoding="utf-8")
    with pytest.raises(
        VerificationFailed, match="`headroom keys replace`"
    ):  # the log does not say that the second key follows
        run(workspace, FIRST + WEEK, tools)
    workspace.store.close()


def test_the_same_run_on_postgresql(tmp_path: Path, tools: Tools, postgresql_urls: dict[str, str]) -> None:
    found = []
    for name in ("sqlite", "postgresql"):
        workspace = desk(tmp_path / name)
        if name == "postgresql":
            settings = workspace.root / "headroom.toml"
            settings.write_text(
                f'database = "{postgresql_urls["writer"]}"\n' + settings.read_text(encoding="utf-8"),
                encoding="utf-8",
            )
            workspace = opened(workspace.root)
        publish(workspace, rows(["2.10", "1.90", "1.95", "1.40"]), datetime(2026, 1, 1, tzinfo=UTC))
        for week in range(4):
            run(workspace, FIRST + week * WEEK, tools)
        # The later dates were evaluated from the state that the date before left.
        assert recent_past(workspace, deal_log(DEAL), tools.engine) is not None
        assert run(workspace, FIRST + 3 * WEEK, tools).deals[0].events == []
        found.append(facts(workspace))
        workspace.store.close()
    assert found[0] == found[1]
