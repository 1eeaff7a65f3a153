"""When an authority is asked for the time stamps of checkpoints: by a command that signs, and for how long by a run."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.basics.errors import WrongUsage
from engine.cli.app import alone
from engine.cli.show.keys import export_log, show_checkpoint, sign_and_stamp
from engine.determination.template import Template
from engine.events.draft import Draft
from engine.events.kinds import ActRecorded
from engine.notices.checkpoint_stamp import read_stamp
from engine.operations import stamp_checkpoints as stamp_checkpoints_module
from engine.operations.sign_checkpoints import newest_signed
from engine.record.log import Scribe, append
from engine.workspace.workspace import Workspace
from tests.notices.test_verify_notice import NOW
from tests.notices.test_verify_notice import desk as desk  # the fixture
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.notices.time_authority import Authority, served
from tests.operations.test_run import DEAL
from tests.operations.test_stamp_checkpoints import LOG, configured, run_again
from tests.operations.test_stamp_checkpoints import authority as authority
from tests.operations.test_stamp_checkpoints import record as record
from tests.operations.test_stamp_checkpoints import stamped as stamped
from tests.operations.test_stamp_checkpoints import told as told


def grown(workspace: Workspace) -> None:
    """One more entry in the deal's log, which no checkpoint covers yet."""
    act = ActRecorded(
        act="notice given",
        clause="ltv",
        document="Courier slip 7",
        effective_on=NOW.date(),
        prepared_by="A. Smith",
        details={"notice": "test_failed", "of": str(NOW.date())},
    )
    draft = Draft(kind="act recorded", subject=act.identity, effective_on=act.effective_on, payload=act)
    with workspace.store.begin() as writer:
        append(writer, LOG, [draft], Scribe("desk", "t", NOW))


def test_a_command_that_signs_asks_for_the_stamp_before_it_carries_it(
    stamped: Workspace, authority: Authority, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    grown(stamped)
    with served(authority):
        sign_and_stamp(configured(stamped.root, authority), DEAL, alone, lambda: NOW)
    size = stamped.store.size(LOG)
    export_log(stamped, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    beside = (tmp_path / "export" / "checkpoint.stamp").read_text(encoding="utf-8")
    assert read_stamp(beside).size == size
    capsys.readouterr()
    sign_and_stamp(
        stamped, DEAL, alone, lambda: NOW
    )  # nothing is lacking: the authority is gone, and is not asked
    assert capsys.readouterr().err == ""


def test_a_command_goes_on_without_the_stamp_and_says_so(
    stamped: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    grown(stamped)
    sign_and_stamp(stamped, DEAL, alone, lambda: NOW)
    assert "1 checkpoint without a time stamp: " in capsys.readouterr().err
    assert newest_signed(stamped, LOG).size == stamped.store.size(LOG)
    with pytest.raises(WrongUsage, match="has no time stamp"):
        show_checkpoint(stamped, DEAL, as_json=False, stamp=True)


def test_a_run_asks_no_longer_than_its_bound_and_the_next_one_goes_on(
    record: Path, authority: Authority, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look at the clock finds forty seconds gone: one stamp is given, and the bound of sixty is over."""
    ticks = itertools.count(0.0, 40.0)
    with served(authority):
        workspace = configured(record, authority)
        with monkeypatch.context() as patched:
            patched.setattr(stamp_checkpoints_module, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
            first = run_again(workspace, all_templates).stamping
        second = run_again(workspace, all_templates).stamping
    workspace.store.close()
    assert (first.given, first.left) == (1, 2)
    assert "60 seconds of asking were over" in (first.said or "")
    assert (second.given, second.left, second.said) == (2, 0, None)
