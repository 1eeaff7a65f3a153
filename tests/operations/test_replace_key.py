"""`headroom keys replace`: a key that is replaced, lost or stolen, a crash anywhere in between, and a log
that was left out.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.audit.replay import Replay
from engine.audit.verify_workspace import OF_THE_FOLDER, verify_record
from engine.basics.errors import HeadroomError, Unavailable, VerificationFailed, WrongUsage
from engine.cli.show.keys import export_log
from engine.demo import plan
from engine.determination.template import Template
from engine.operations import replace_key as replacing
from engine.operations.replace_key import (
    approve_replacement,
    ask_for_replacement,
    replace_approved_key,
    replace_key,
)
from engine.operations.run import run
from engine.operations.sign_checkpoints import cosign_folder
from engine.record.keys import BadKey, Kind, generate_key, read_key, write_key
from engine.record.log import ClockBehind, EarlierEdition, Scribe, deal_log, read
from engine.workspace.checkpoints import ASKED, KEY, NEXT, TRUSTEES, witness
from engine.workspace.workspace import Workspace, opened
from tests.audit.test_verify_workspace import tampered
from tests.cli.calling import headroom
from tests.operations.test_run import DEAL, running
from tests.operations.test_sign_checkpoints import original, signed

__all__ = ["original", "signed"]  # fixtures of signing, used here

AT = datetime(2026, 7, 3, 12, tzinfo=UTC)
SCRIBE = Scribe("t", "headroom test", AT)


@pytest.fixture
def desk(signed: Workspace) -> Workspace:
    """Five weeks of signed logs, and reports of three more."""
    return signed


def goes_on(workspace: Workspace, templates: dict[str, Template]) -> None:
    """A run after the replacement; verification and replay find nothing."""
    run(workspace, plan.THURSDAYS[6], running(templates))
    found = verify_record(workspace, [], [])
    assert [finding for finding in found.findings if finding.difference] == []
    assert [replay.difference for replay in Replay(workspace, templates).run() if replay.difference] == []


def replaced(workspace: Workspace) -> dict[str, int]:
    """How many replacements each log records."""
    return {
        log: sum(event.kind == "key replaced" for event in read(workspace.store, log))
        for log in workspace.store.logs()
    }


def test_a_key_is_replaced_in_every_log_and_the_record_goes_on(
    desk: Workspace, all_templates: dict[str, Template]
) -> None:
    old = (desk.root / f"{KEY}.pub").read_text(encoding="utf-8").strip()
    changed = replace_key(desk, SCRIBE)
    assert changed.old == old
    assert set(replaced(desk).values()) == {1}
    assert (desk.root / f"{KEY}.pub").read_text(encoding="utf-8").splitlines() == [changed.new, old]
    assert read_key(desk.root / KEY).verifier.text == changed.new
    assert changed.kept is not None
    assert changed.kept.stat().st_mode & 0o077 == 0
    assert not (desk.root / NEXT).exists()
    goes_on(desk, all_templates)
    again = replace_key(desk, SCRIBE)
    assert (again.old, set(replaced(desk).values())) == (changed.new, {2})
    assert [
        finding.difference for finding in verify_record(desk, [], []).findings if finding.difference
    ] == []


def test_verify_says_whose_keys_it_used(desk: Workspace, tmp_path: Path) -> None:
    (tmp_path / "brought.pub").write_bytes((desk.root / f"{KEY}.pub").read_bytes())
    changed = replace_key(desk, SCRIBE)
    said = [
        finding.step for finding in verify_record(desk, [], []).findings if finding.step.startswith("keys: ")
    ]
    assert len(said) == 1
    assert said[0].endswith(OF_THE_FOLDER)
    brought = verify_record(desk, [tmp_path / "brought.pub"], [])
    assert brought.verified  # the old key alone: the logs say which one followed it
    assert next(finding.step for finding in brought.findings if finding.step.startswith("keys: ")).endswith(
        "given by the verifier"
    )
    assert changed.old.split("+")[1] in said[0]


@pytest.mark.parametrize(
    ("at", "refused"), [(AT.replace(month=1), ClockBehind), (AT.replace(year=2061), Unavailable)]
)
def test_a_replacement_by_a_wrong_clock_begins_nothing(
    desk: Workspace, all_templates: dict[str, Template], at: datetime, refused: type[HeadroomError]
) -> None:
    """A key that waits would keep every other command out until the replacement is done."""
    keys = sorted(path.name for path in (desk.root / "keys").iterdir())
    with pytest.raises(refused, match="set the clock right"):
        replace_key(desk, replace(SCRIBE, at=at))
    assert sorted(path.name for path in (desk.root / "keys").iterdir()) == keys
    goes_on(desk, all_templates)


def test_a_replacement_in_a_log_of_an_earlier_edition_begins_nothing(
    desk: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.record.log.VERSION", 99)
    with pytest.raises(EarlierEdition):
        replace_key(desk, SCRIBE)
    assert not (desk.root / NEXT).exists()


@pytest.mark.parametrize("place", range(11))
def test_a_crash_anywhere_is_finished_by_the_same_command(
    place: int, desk: Workspace, all_templates: dict[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before its n-th step.

    Meanwhile nothing is signed, by the old key or by the new one; then it is finished once.
    """
    steps, done = iter(range(99)), [0]

    class Killed(BaseException):
        pass

    def killing(do: Any) -> Any:
        def instead(*args: Any, **named: Any) -> Any:
            if next(steps) == place:
                raise Killed
            done[0] += 1
            return do(*args, **named)

        return instead

    with monkeypatch.context() as patched:
        for name in ("write_key", "_record", "write_whole", "write_witness"):
            patched.setattr(replacing, name, killing(getattr(replacing, name)))
        patched.setattr(Path, "replace", killing(Path.replace))
        with pytest.raises(Killed):
            replace_key(desk, SCRIBE)
    if (desk.root / NEXT).exists():
        with pytest.raises(BadKey, match="finish it with `headroom keys replace`"):
            run(desk, plan.THURSDAYS[6], running(all_templates))
    # A key that is not in its place yet has begun nothing: the same command then begins afresh.
    if (desk.root / NEXT).exists() or set(replaced(desk).values()) == {0}:
        replace_key(desk, SCRIBE)
    assert set(replaced(desk).values()) == {1}
    assert len((desk.root / f"{KEY}.pub").read_text(encoding="utf-8").split()) == 2
    goes_on(desk, all_templates)


def test_a_log_that_was_left_out_is_named(desk: Workspace, tmp_path: Path) -> None:
    log = next(name for name in desk.store.logs() if name.startswith("index/"))
    before = desk.store.checkpoints(log)[-1]
    replace_key(desk, SCRIBE)
    desk.store.close()

    def left_out(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM log_entry WHERE log = ? AND key LIKE 'key replaced|%'", (log,))
        connection.execute("DELETE FROM checkpoint WHERE log = ? AND size > ?", (log, before[0]))

    tampered(desk.root, left_out)
    workspace = opened(desk.root, to_inspect=True)
    witness(workspace, log).write_text(before[1], encoding="utf-8")
    found = [
        finding.difference for finding in verify_record(workspace, [], []).findings if finding.difference
    ]
    workspace.store.close()
    assert found
    assert f"{log} is signed by agent.example/log" in found[0]
    assert "does not record that it was replaced" in found[0]


def test_a_key_put_in_by_hand_signs_nothing(desk: Workspace, all_templates: dict[str, Template]) -> None:
    """As it was once done: with the old public line below the new one.

    Now the log itself says which key follows.
    """
    public, old = desk.root / f"{KEY}.pub", (desk.root / f"{KEY}.pub").read_text(encoding="utf-8")
    (desk.root / KEY).unlink()
    public.unlink()
    write_key(desk.root / KEY, generate_key("agent.example/log"))
    public.write_text(public.read_text(encoding="utf-8") + old, encoding="utf-8")
    with pytest.raises(VerificationFailed, match="`headroom keys replace`"):
        run(desk, plan.THURSDAYS[6], running(all_templates))


def cosigner(desk: Workspace, folder: Path, name: str, known: bool = True) -> Path:
    """A cosigner's key, which the workspace knows."""
    key = generate_key(name, Kind.COSIGNER)
    public = write_key(folder / f"{name}.key", key)
    if known:
        (desk.root / TRUSTEES).write_text(public.read_text(encoding="utf-8"), encoding="utf-8")
    return folder / f"{name}.key"


@pytest.mark.parametrize("why", ["lost", "stolen"])
def test_a_key_that_is_gone_is_replaced_with_a_cosigner(
    why: str, desk: Workspace, tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    old, file = tmp_path / "old.pub", tmp_path / "replacement.json"
    old.write_bytes((desk.root / f"{KEY}.pub").read_bytes())
    trustee = cosigner(desk, tmp_path, "trustee.example")
    if why == "lost":
        (desk.root / KEY).unlink()
    asked = ask_for_replacement(desk, why, file, AT.date())
    assert (desk.root / ASKED).exists()
    with pytest.raises(VerificationFailed, match="no cosigner that you trust signed that"):
        replace_approved_key(desk, file, SCRIBE)
    assert set(replaced(desk).values()) == {0}  # the transaction was rolled back
    approve_replacement(file, trustee, [old])
    changed = replace_approved_key(desk, file, SCRIBE)
    assert (changed.why, changed.new, set(changed.logs)) == (why, asked.new, set(asked.logs))
    assert (changed.kept is None) == (why == "lost")
    goes_on(desk, all_templates)
    brought = verify_record(desk, [old], [])
    assert "no cosigner that you trust signed that" in str(
        [finding.difference for finding in brought.findings]
    )
    assert verify_record(desk, [old, Path(f"{trustee}.pub")], []).verified


def test_the_wrong_cosigner_and_a_memory_that_says_otherwise(desk: Workspace, tmp_path: Path) -> None:
    old, file = desk.root / f"{KEY}.pub", tmp_path / "replacement.json"
    trustee, stranger = (
        cosigner(desk, tmp_path, "trustee.example"),
        cosigner(desk, tmp_path, "stranger.example", known=False),
    )
    ask_for_replacement(desk, "lost", file, AT.date())
    approve_replacement(file, stranger, [old])
    with pytest.raises(VerificationFailed, match="no cosigner that you trust"):
        replace_approved_key(desk, file, SCRIBE)
    with pytest.raises(VerificationFailed, match="not among the keys given with --trust"):
        approve_replacement(file, trustee, [Path(f"{trustee}.pub")])
    export_log(desk, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    cosign_folder(tmp_path / "export", trustee, [old], None, AT)
    asked = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**asked, "on": "2026-01-01"}), encoding="utf-8")
    with pytest.raises(VerificationFailed, match="the new key did not sign it"):
        approve_replacement(file, trustee, [old])
    run_on = {**asked, "logs": [one for one in asked["logs"] if one["log"] == deal_log(DEAL)]}
    file.write_text(json.dumps(run_on), encoding="utf-8")
    approve_replacement(file, trustee, [old])  # what this key cosigned is what the file states
    with pytest.raises(WrongUsage, match="does not name"):
        replace_approved_key(desk, file, SCRIBE)


def test_what_a_trustee_cosigned_is_not_given_up(desk: Workspace, tmp_path: Path) -> None:
    """A file that states fewer entries than this key has cosigned asks it to let the rest go."""
    old, file, trustee = (
        desk.root / f"{KEY}.pub",
        tmp_path / "replacement.json",
        cosigner(desk, tmp_path, "trustee.example"),
    )
    ask_for_replacement(desk, "lost", file, AT.date())
    (desk.root / ASKED).unlink()
    Path(f"{desk.root / ASKED}.pub").unlink()
    replace_key(desk, SCRIBE)
    export_log(desk, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    cosign_folder(tmp_path / "export", trustee, [old], None, AT)
    with pytest.raises(VerificationFailed, match="this key cosigned"):
        approve_replacement(file, trustee, [old])


def test_the_commands(desk: Workspace, tmp_path: Path) -> None:
    (desk.root / "headroom.toml").write_text(
        (desk.root / "headroom.toml")
        .read_text(encoding="utf-8")
        .replace("Calculation Agent (name it here)", "Agent"),
        encoding="utf-8",
    )
    desk.store.close()
    old, trustee = Path(shutil.copy(desk.root / f"{KEY}.pub", tmp_path / "old.pub")), tmp_path / "trustee.key"
    assert (
        headroom("keys", "trustee.example", "--cosigner", "--into", str(trustee), folder=desk.root).returncode
        == 0
    )
    (desk.root / TRUSTEES).write_bytes(Path(f"{trustee}.pub").read_bytes())
    asked = headroom("keys", "replace", "--stolen", "--ask", str(tmp_path / "asked.json"), folder=desk.root)
    assert asked.returncode == 0, asked.stderr
    assert "headroom keys approve" in asked.stdout + asked.stderr
    approved = headroom(
        "keys",
        "approve",
        str(tmp_path / "asked.json"),
        "--key",
        str(trustee),
        "--trust",
        str(old),
        folder=desk.root,
    )
    assert approved.returncode == 0, approved.stderr
    done = headroom("keys", "replace", "--approved", str(tmp_path / "asked.json"), "--json", folder=desk.root)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["why"] == "stolen"
    assert headroom("keys", "replace", "--lost", folder=desk.root).returncode == 2
    assert headroom("verify", folder=desk.root).returncode == 0


def test_nothing_is_there_to_replace(tmp_path: Path, desk: Workspace) -> None:
    (desk.root / KEY).unlink()
    with pytest.raises(WrongUsage, match="give --lost"):
        replace_key(desk, SCRIBE)
    with pytest.raises(HeadroomError, match="no replacement was asked for here"):
        replace_approved_key(desk, tmp_path / "none.json", SCRIBE)
