"""Time stamps beside held checkpoints: `verify`, `headroom-verify` and the page in a browser say the same
sentence of a right one, and refuse the same wrong ones.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.audit.held_stamps import HELD_STAMP
from engine.audit.verify_export import verify_export
from engine.audit.verify_workspace import verify_record
from engine.cli.show.keys import export_log
from engine.events.notice import NoticeInputs
from engine.notices.checkpoint_stamp import stamp_over
from engine.notices.trust_policy import Policy, read_policy
from engine.record.checkpoint import Checkpoint, sign, stamped_bytes
from engine.record.keys import read_key
from engine.record.merkle import leaf_hash, root
from engine.verifier.verifier_command import run
from engine.workspace.workspace import Workspace
from tests.notices.browser_parts import browser_says
from tests.notices.time_authority import Authority
from tests.operations.test_run import DEAL
from tests.operations.test_stamp_checkpoints import FORGED, LOG, token_by, written_policy
from tests.operations.test_stamp_checkpoints import authority as authority  # the fixtures
from tests.operations.test_stamp_checkpoints import desk as desk
from tests.operations.test_stamp_checkpoints import policy as policy
from tests.operations.test_stamp_checkpoints import record as record
from tests.operations.test_stamp_checkpoints import stamped as stamped

SIZE = 10
"""Entries of the checkpoint that is held."""


@pytest.fixture(scope="module")
def told() -> list[NoticeInputs]:
    return []


def noted(workspace: Workspace, size: int = SIZE, change: bytes = b"") -> str:
    """The operator's note over the first entries of the deal's log, the last of which may be another."""
    bodies = [entry.body for entry in workspace.store.entries(LOG)][:size]
    bodies[-1] += change
    origin = workspace.store.checkpoints(LOG)[0][1].partition("\n")[0]
    leaves = [leaf_hash(body) for body in bodies]
    return sign(Checkpoint(origin, size, root(leaves)), read_key(workspace.root / "keys" / "log.key"))


@dataclass(frozen=True, slots=True)
class Trustee:
    """What a trustee has: a record, its exported log, a policy, and a checkpoint that was kept."""

    workspace: Workspace
    export: Path
    policy: Path
    kept: Path

    def keep(self, note: str, stamp: str | bytes) -> None:
        self.kept.write_text(note, encoding="utf-8")
        beside = self.kept.with_name(f"{self.kept.name}.stamp")
        beside.write_bytes(stamp if isinstance(stamp, bytes) else stamp.encode())

    def by_the_command(self) -> list[dict[str, object]]:
        """The steps of `headroom verify EXPORT` about the stamp."""
        found = verify_export(self.export, self.policy, [self.kept])
        return [asdict(one) for one in found.steps if one.name.startswith(HELD_STAMP)]

    def by_the_page(self) -> list[dict[str, object]]:
        """The steps of the page in a browser about it."""
        policy = read_policy(self.policy)
        (answer,) = browser_says(policy, [self.export], notes=[str(self.kept)])["exports"]
        return [one for one in answer["steps"] if one["name"].startswith(HELD_STAMP)]

    def of_the_record(self) -> list[tuple[str, str | None]]:
        """What `headroom verify` of the workspace says of it."""
        found = verify_record(self.workspace, [], [self.kept], policy=self.policy).findings
        return [(one.step, one.difference) for one in found if one.step.startswith(HELD_STAMP)]


@pytest.fixture
def trustee(stamped: Workspace, policy: Policy, authority: Authority, tmp_path: Path) -> Trustee:
    export_log(stamped, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    named = written_policy(tmp_path / "trustee.toml", policy, authority.fingerprint)
    return Trustee(stamped, tmp_path / "export", named, tmp_path / "march.checkpoint")


def rightly(note: str, authority: Authority) -> str:
    return stamp_over(note, token_by(authority, stamped_bytes(note))).text


Making = Callable[[Workspace, str, Authority], str | bytes]


def of_a_fork(workspace: Workspace, note: str, authority: Authority) -> str:
    return rightly(noted(workspace, change=b" "), authority)


def of_the_export(workspace: Workspace, note: str, authority: Authority) -> str:
    return rightly(noted(workspace, size=SIZE + 1), authority)


def cut_off(workspace: Workspace, note: str, authority: Authority) -> str:
    return rightly(note, authority)[:-80]


def of_a_cut_token(workspace: Workspace, note: str, authority: Authority) -> str:
    return stamp_over(note, token_by(authority, stamped_bytes(note))[:-60]).text


def of_a_number_without_end(workspace: Workspace, note: str, authority: Authority) -> str:
    lines = rightly(note, authority).split("\n")
    return "\n".join([*lines[:2], "9" * 5000, *lines[3:]])


WRONG: dict[str, tuple[Making, str]] = {
    **{
        what: (lambda workspace, note, by, forge=forge: forge(rightly(note, by), note, by), said)
        for what, (forge, said) in FORGED.items()
    },
    "a fork's": (of_a_fork, "over other bytes"),
    "another checkpoint's": (of_the_export, "is of another checkpoint"),
    "truncated": (cut_off, "is not in its form"),
    "a truncated token's": (of_a_cut_token, "cannot be read"),
    "a number without end": (of_a_number_without_end, "is not in its form"),
    "empty": (lambda *_: "", "is not in its form"),
}


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_stamp_beside_a_held_checkpoint_is_refused_by_all_in_the_same_words(
    what: str, trustee: Trustee, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    make, said = WRONG[what]
    note = noted(trustee.workspace)
    trustee.keep(note, make(trustee.workspace, note, authority))
    (step,) = trustee.by_the_command()
    assert said in str(step["difference"])
    assert trustee.by_the_page() == [step]
    assert trustee.of_the_record() == [(step["name"], step["difference"])]
    asked = [str(trustee.export), "--policy", str(trustee.policy), "--held", str(trustee.kept)]
    assert run(asked) == 3
    assert f"DIFFERS  {step['name']}: {step['difference']}\n" in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
@pytest.mark.parametrize("named", [True, False], ids=["named", "not named"])
def test_a_right_stamp_beside_a_held_checkpoint_is_said_alike(
    named: bool,
    trustee: Trustee,
    authority: Authority,
    policy: Policy,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An authority that the policy does not name proves no time, and all say so."""
    if not named:
        written_policy(trustee.policy, policy, "0" * 64)
    note = noted(trustee.workspace)
    trustee.keep(note, rightly(note, authority).replace("\n", "\r\n").encode("utf-16"))
    (step,) = trustee.by_the_command()
    assert step["name"] == f"held time stamp of {note.partition(chr(10))[0]} at {SIZE} entries"
    assert str(step["found"]).startswith(f"time-stamped at {authority.at:%Y-%m-%d %H:%M} UTC by ")
    assert str(step["found"]).endswith("it proves no time") != named
    assert trustee.by_the_page() == [step]
    assert trustee.of_the_record() == [(f"{step['name']}: {step['found']}", None)]
    asked = [str(trustee.export), "--policy", str(trustee.policy), "--held", str(trustee.kept), "--json"]
    assert run(asked) == 0
    answer = json.loads(capsys.readouterr().out)
    assert step in answer["steps"]
    assert "1 time stamp beside what is held" in answer["closing"]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
def test_a_stamp_lies_beside_one_checkpoint_and_a_damaged_one_is_named(
    trustee: Trustee, authority: Authority
) -> None:
    """In a file of several checkpoints nobody knows which of them was stamped."""
    note = noted(trustee.workspace)
    for text in (f"{note}\n{noted(trustee.workspace, 9)}", note.replace("\n\n", "\n")):
        trustee.keep(text, rightly(note, authority))
        (step,) = trustee.by_the_command()
        assert step["name"] == "held time stamp of march.checkpoint"
        assert step["difference"] == "the file beside it does not hold exactly one checkpoint"
        assert trustee.by_the_page() == [step]
        assert trustee.of_the_record() == [(step["name"], step["difference"])]


def test_a_stamp_beside_a_notice_is_one_of_the_checkpoint_that_it_carries(
    trustee: Trustee, authority: Authority, tmp_path: Path
) -> None:
    from engine.audit.held_notes import notes_in

    notice = tmp_path / "notice.pdf"
    shutil.copy(sorted((trustee.workspace.root / "notices" / DEAL).glob("*.pdf"))[-1], notice)
    (note,) = notes_in(notice)
    notice.with_name("notice.pdf.stamp").write_text(rightly(note, authority), encoding="utf-8")
    steps = verify_export(trustee.export, trustee.policy, [notice]).steps
    (step,) = (one for one in steps if one.name.startswith(HELD_STAMP))
    assert step.difference is None
    assert step.found.startswith("time-stamped at ")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
def test_a_checkpoint_that_fits_no_log_here_is_left_open_by_name_in_both(
    trustee: Trustee, authority: Authority
) -> None:
    """A checkpoint of another log proves nothing of this one; it is never passed over in silence."""
    other = sign(
        Checkpoint("elsewhere.example/log", 3, bytes(32)),
        read_key(trustee.workspace.root / "keys" / "log.key"),
    )
    trustee.keep(other, rightly(other, authority))
    (step,) = trustee.by_the_command()
    assert step["found"] == "NOT COMPARED: its log is not at hand"
    assert trustee.of_the_record() == [(f"{step['name']}: {step['found']}", None)]
    found = verify_record(trustee.workspace, [], [trustee.kept], policy=trustee.policy).findings
    assert [one.verdict for one in found if one.step.startswith(HELD_STAMP)] == ["open"]
    (answer,) = browser_says(read_policy(trustee.policy), [trustee.export], notes=[str(trustee.kept)])[
        "exports"
    ]
    mine = verify_export(trustee.export, trustee.policy, [trustee.kept])
    assert answer["steps"] == [asdict(one) for one in mine.steps]
    assert "NOT COMPARED: it is of elsewhere.example/log" in str(answer["steps"])


def dropped(trustee: Trustee, files: Sequence[Path]) -> dict[str, Any]:
    """What the page says of these files, told by their names alone, with a policy and an exported log."""
    export = [
        [f"export/{path.relative_to(trustee.export)}", str(path)]
        for path in trustee.export.rglob("*")
        if path.is_file()
    ]
    given = [[path.name, str(path)] for path in (trustee.policy, *files)]
    said: dict[str, Any] = browser_says(read_policy(trustee.policy), given=[*given, *export])["given"]
    assert (said["wrong"], said["waiting"], said["needs"]) == ([], "", "")
    return said


ALIKE: dict[str, tuple[list[str], str]] = {
    "the second stamped": (["1", "2", "2.stamp"], "march.checkpoint"),
    "the first stamped": (["1", "1.stamp", "2"], "march.checkpoint"),
    "the stamps first": (["2.stamp", "1.stamp", "1", "2"], "march.checkpoint"),
    "named as in an export": (["1", "2", "1.stamp", "2.stamp"], "checkpoint"),
    "named as in an export, one stamped": (["1", "2", "2.stamp"], "checkpoint"),
    "with a number in the name": (["1", "1.stamp", "2", "2.stamp"], "checkpoint (1)"),
    "one with a number in the name": (["1", "1.stamp"], "checkpoint (1)"),
}


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
@pytest.mark.parametrize("what", ALIKE)
def test_a_stamp_goes_to_the_checkpoint_of_its_name_that_it_states(
    what: str, trustee: Trustee, authority: Authority, tmp_path: Path
) -> None:
    """Whatever the files are called and in whichever order they are dropped: the command sees their folders."""
    given, name = ALIKE[what]
    files = []
    for one in given:
        folder, note = tmp_path / one[0], noted(trustee.workspace, SIZE - int(one[0]))
        folder.mkdir(exist_ok=True)
        stamp = one.endswith(".stamp")
        files.append(folder / (f"{name}.stamp" if stamp else name))
        files[-1].write_text(rightly(note, authority) if stamp else note, encoding="utf-8")
    (answer,) = dropped(trustee, files)["answers"]
    mine = verify_export(
        trustee.export, trustee.policy, [path for path in files if not path.name.endswith(".stamp")]
    )
    assert mine.verified
    assert answer["steps"] == [asdict(one) for one in mine.steps]
    stamps = [one for one in mine.steps if one.name.startswith(HELD_STAMP)]
    assert len(stamps) == sum(one.endswith(".stamp") for one in given)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
def test_what_is_dropped_on_the_page_takes_no_other_files_place(
    trustee: Trustee, authority: Authority, tmp_path: Path
) -> None:
    """Two checkpoints of one name, one of them a fork: both are held against the log, each with its stamp."""
    note, fork = noted(trustee.workspace), noted(trustee.workspace, change=b" ")
    trustee.keep(fork, rightly(fork, authority))
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / trustee.kept.name
    other.write_text(note.replace("\n", "\r\n"), encoding="utf-8")
    beside = other.with_name(f"{other.name}.stamp")
    beside.write_text(rightly(note, authority), encoding="utf-8")
    said = dropped(
        trustee, [trustee.kept, trustee.kept.with_name(f"{trustee.kept.name}.stamp"), other, beside]
    )
    (answer,) = said["answers"]
    mine = verify_export(trustee.export, trustee.policy, [trustee.kept, other])
    assert answer["steps"] == [asdict(one) for one in mine.steps]
    assert [one.verdict for one in mine.steps] == ["holds", "holds", "DIFFERS", "holds", "holds", "holds"]
    given = [[path.name, str(path)] for path in (trustee.policy, beside)]
    lonely = browser_says(read_policy(trustee.policy), given=given)["given"]
    assert lonely["waiting"] == "1 of the time stamps lies beside no checkpoint that you gave."
