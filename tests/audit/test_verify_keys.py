"""`headroom verify` of a workspace whose keys and checkpoints were changed, taken away or cannot be read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from engine.basics.errors import WrongUsage
from engine.cli.show.verify import verify_workspace
from engine.record.checkpoint import Checkpoint, cosign, sign
from engine.record.keys import BadKey, Kind, generate_key, read_key
from engine.workspace.checkpoints import KEY, TRUSTEES, origin
from engine.workspace.workspace import opened
from tests.audit.test_verify_workspace import LOG, NOW, executed, held, original, root, tampered, verdict
from tests.operations.test_run import DEAL

__all__ = ["held", "original", "root"]  # fixtures of the test that this one stands beside, used here


def oldest(root: Path) -> str:
    """The first checkpoint of the deal's log, a good one."""
    with sqlite3.connect(root / "headroom.sqlite") as connection:
        (note,) = connection.execute(
            "SELECT note FROM checkpoint WHERE log = ? ORDER BY seq", (LOG,)
        ).fetchone()
    return str(note)


KEPT: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "the file is gone": (lambda _, kept: kept.unlink(), "is missing"),
    "the file is an older one": (
        lambda root, kept: kept.write_text(oldest(root), encoding="utf-8"),
        "were signed since",
    ),
    "the newest row is gone": (
        lambda root, _: tampered(root, executed("DELETE FROM checkpoint WHERE log = ? AND seq > 0", LOG)),
        "no checkpoint of them is in the database",
    ),
    "every row is gone": (
        lambda root, _: tampered(root, executed("DELETE FROM checkpoint WHERE log = ?", LOG)),
        "no checkpoint of them is in the database",
    ),
    "the first row is gone": (
        lambda root, _: tampered(root, executed("DELETE FROM checkpoint WHERE log = ? AND seq = 0", LOG)),
        "a gap",
    ),
}


@pytest.mark.parametrize("what", KEPT)
def test_the_newest_checkpoint_is_in_the_database_and_outside_it(
    root: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    """Whoever can change one of the two alone cannot take a checkpoint away."""
    change, said = KEPT[what]
    change(root, root / "checkpoints" / f"deal_{DEAL}.checkpoint")
    code, found = verdict(root, capsys)
    assert code == 3
    assert any(said in one for one in found), found


@pytest.mark.parametrize("damage", [b"no key\n", b"\xff\xfe\x00"])
@pytest.mark.parametrize("name", [f"{KEY}.pub", TRUSTEES])
def test_a_damaged_key_file_of_the_workspace_is_a_difference(
    root: Path, capsys: pytest.CaptureFixture[str], name: str, damage: bytes
) -> None:
    """It lies in the record that is verified; one that the verifier brings is wrong usage."""
    (root / name).write_bytes(damage)
    workspace = opened(root, to_inspect=True)
    capsys.readouterr()
    assert verify_workspace(workspace, [], [], as_json=True) == 3
    steps = {step["step"]: step["difference"] for step in json.loads(capsys.readouterr().out)["steps"]}
    assert steps[f"the verifier keys in {name}"]
    with pytest.raises((BadKey, WrongUsage)):
        verify_workspace(workspace, [root / name], [], as_json=True)
    workspace.store.close()


def test_an_entry_that_was_cosigned_before_it_was_recorded_is_found(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cosignature says that its entries were there: none of them can have come later, by more than two
    clocks differ.
    """
    key, trustee = read_key(root / KEY), generate_key("trustee.example", Kind.COSIGNER)
    trust = tmp_path / "trust"
    trust.write_text(f"{key.verifier.text}\n{trustee.verifier.text}\n", encoding="utf-8")
    workspace = opened(root, to_inspect=True)
    _, note = workspace.store.checkpoints(LOG)[-1]
    for before, expected in ((timedelta(), 0), (timedelta(minutes=59), 0), (timedelta(minutes=61), 3)):
        (tmp_path / "cosigned").write_text(
            cosign(note, [key.verifier], trustee, NOW - before), encoding="utf-8"
        )
        capsys.readouterr()
        assert verify_workspace(workspace, [trust], [tmp_path / "cosigned"], as_json=True) == expected
    said = [step["difference"] for step in json.loads(capsys.readouterr().out)["steps"] if step["difference"]]
    assert said[0].startswith("entry ")
    assert "recorded at 2026-07-03 12:00, and its log was cosigned at 2026-07-03 10:59" in said[0]
    workspace.store.close()


def test_without_a_key_nothing_that_was_signed_is_verified(
    root: Path, held: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty list of keys checks no signature: that is said, and is not a pass."""
    (root / f"{KEY}.pub").unlink()
    for notes in ((), (held,)):
        code, said = verdict(root, capsys, notes)
        assert code == 3
        assert any("no key was given" in one for one in said), said


UNREADABLE = {"missing": None, "binary": b"\xff\xfe\x00", "a folder": "folder"}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_key_or_a_checkpoint_that_cannot_be_read_is_wrong_usage(
    root: Path, tmp_path: Path, what: str
) -> None:
    path, content = tmp_path / "given", UNREADABLE[what]
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    workspace = opened(root, to_inspect=True)
    for trust, notes in (([path], []), ([], [path])):
        with pytest.raises(WrongUsage, match="given"):
            verify_workspace(workspace, trust, notes, as_json=True)
    workspace.store.close()


def test_a_cosignature_gives_a_time_to_its_own_log_alone(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trustee = generate_key("trustee.example", Kind.COSIGNER)
    trust = tmp_path / "trust"
    trust.write_text(
        (root / f"{KEY}.pub").read_text(encoding="utf-8") + "\n# the trustee\n" + trustee.verifier.text,
        encoding="utf-8",
    )
    key, at = read_key(root / KEY), NOW
    workspace = opened(root, to_inspect=True)
    (index,) = (log for log in workspace.store.logs() if log.startswith("index/"))

    def time(note: str, deal: str | None = None) -> tuple[int, str]:
        (tmp_path / "cosigned").write_text(cosign(note, [key.verifier], trustee, at), encoding="utf-8")
        capsys.readouterr()
        code = verify_workspace(workspace, [trust], [tmp_path / "cosigned"], as_json=True, deal=deal)
        return code, json.loads(capsys.readouterr().out)["time"]

    size, note = workspace.store.checkpoints(index)[0]
    assert time(note) == (0, f"{index}: its first {size} entries cosigned at {at.isoformat()}")
    unrelated = sign(Checkpoint("nothing/at-all", 5, bytes(32)), key)
    assert time(unrelated) == (3, "time asserted by the operator")
    forked = sign(Checkpoint(origin(workspace, LOG), 5, bytes(32)), key)
    assert time(forked, DEAL) == (3, "time asserted by the operator")
    workspace.store.close()
