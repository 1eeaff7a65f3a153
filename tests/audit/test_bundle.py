"""A deal in one file: whole it holds, and nothing can be changed, left out, added or blown up in it."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.audit.verify_bundle import verify_bundle
from engine.basics.bundle_archive import LARGEST_MEMBER, packed, plain, unpacked
from engine.basics.errors import VerificationFailed
from engine.determination.template import Template
from engine.events.notice import NoticeInputs
from engine.notices.trust_policy import Policy
from engine.operations.sign_checkpoints import newest_signed
from engine.queries.bundle import write_bundle
from engine.queries.export_log import export_to
from engine.verifier.verifier_command import run as verify_alone
from engine.workspace.workspace import opened
from reports.notice.evidence_view import NoticePages
from tests.conftest import REPOSITORY
from tests.notices.test_verify_notice import desk as desk  # the fixture
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.operations.test_run import DEAL

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def told() -> list[NoticeInputs]:
    return []


@pytest.fixture(scope="module")
def whole(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of five weeks of a deal."""
    workspace, into = opened(desk), tmp_path_factory.mktemp("bundle") / "deal.bundle"
    made = write_bundle(workspace, DEAL, into, lambda of, log: newest_signed(of, log).note)
    workspace.store.close()
    assert made.notices == 5
    return into


@pytest.fixture(scope="module")
def trustee(desk: Path, policy: Policy) -> Path:
    path = desk / "bundle-policy.toml"
    path.write_text(
        f'log_keys = ["{policy.log_keys[0]}"]\nnotice_certificates = ["{policy.notice_certificates[0]}"]\n',
        encoding="utf-8",
    )
    return path


def test_a_whole_bundle_holds_and_lists_what_was_compared(
    whole: Path, trustee: Path, all_templates: dict[str, Template]
) -> None:
    found = verify_bundle(whole, trustee, all_templates, NoticePages())
    assert [step.difference for step in found.steps if step.difference] == []
    assert [step.name for step in found.steps[:5]] == ["bundle", "log", "deal files", "notices", "reports"]
    assert len(found.steps) == 5 + 5
    assert "Not compared: the drawing of the notices." in found.said


def test_the_lines_of_headroom_verify_in_the_trustees_guide_hold_as_they_stand(
    desk: Path, whole: Path, trustee: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder holds the files that the lines name, as the operator handed them over."""
    workspace = opened(desk)
    export_to(
        workspace, DEAL, "tiles", tmp_path / "export", None, lambda of, log: newest_signed(of, log).note
    )
    workspace.store.close()
    (tmp_path / "held").mkdir()
    for source, name in (
        (tmp_path / "export" / "checkpoint", "held/checkpoint"),
        (trustee, "trustee.toml"),
        (whole, "deal.bundle"),
        (max((desk / "notices" / DEAL).glob("*.pdf")), "notice.pdf"),
    ):
        shutil.copy(source, tmp_path / name)
    page = (REPOSITORY / "docs" / "guides" / "trustee.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\$ verifier/bin/headroom-verify (.*)$", page, re.MULTILINE)
    assert len(lines) == 3
    monkeypatch.chdir(tmp_path)
    assert [verify_alone(shlex.split(line)) for line in lines] == [0, 0, 0]


def test_the_same_record_makes_the_same_bundle(whole: Path) -> None:
    files, about = unpacked(whole)
    assert packed(files, about) == whole.read_bytes()


def without(name: str) -> Callable[[Files], Files]:
    return lambda files: {one: data for one, data in files.items() if not one.startswith(name)}


def changed(part: str) -> Callable[[Files], Files]:
    def change(files: Files) -> Files:
        name = sorted(one for one in files if one.startswith(part))[0]
        return files | {name: files[name][:-1] + b"x"}

    return change


def last_notice_left_out(files: Files) -> Files:
    name = sorted(one for one in files if one.startswith("notices/"))[-1]
    return {one: data for one, data in files.items() if one != name}


FORGED: dict[str, tuple[Callable[[Files], Files], str]] = {
    "no log": (without("log/"), "log"),
    "an entry changed": (changed("log/tile/entries"), "log"),
    "a notice changed": (changed("notices/"), "notices"),
    "a notice left out": (last_notice_left_out, "notices"),
    "a notice more": (lambda files: files | {"notices/another.pdf": b"%PDF-"}, "notices"),
    "the deal file left out": (without("deals/"), "deal files"),
    "the deal file changed": (changed("deals/"), "deal files"),
    "a report left out": (without("reports/"), "reports"),
    "a report changed": (changed("reports/"), "reports"),
    "a report more": (lambda files: files | {"reports/another.csv": b"a,b\n"}, "reports"),
    "a deal file more": (lambda files: files | {f"deals/{'0' * 64}.yaml": b"deal: x\n"}, "deal files"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_bundle_is_named(
    what: str, whole: Path, trustee: Path, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """Each with a manifest that states what is there: what a forger without a key can do."""
    forge, step = FORGED[what]
    files, about = unpacked(whole)
    (tmp_path / "forged.bundle").write_bytes(packed(forge(files), about))
    found = verify_bundle(tmp_path / "forged.bundle", trustee, all_templates, NoticePages())
    assert step in [one.name for one in found.steps if one.difference]
    assert found.said == ""


def archive(members: Iterator[tuple[str, bytes]] | list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "../log/checkpoint",
        "/etc/passwd",
        "log/../../x",
        "log//x",
        "log/./x",
        "C:\\x",
        "log/x\n",
        "a" * 200,
        "",
        "..",
        "log/‮x",
    ],
)
def test_a_name_that_leads_elsewhere_is_no_member(name: str, tmp_path: Path) -> None:
    assert not plain(name)
    if name:
        (tmp_path / "bad.bundle").write_bytes(archive([(name, b"x")]))
        with pytest.raises(VerificationFailed):
            unpacked(tmp_path / "bad.bundle")


@pytest.mark.parametrize("second", ["log/X", "Log/y", "log/x/y"])
def test_a_bundle_is_not_written_that_a_folder_could_not_hold(second: str) -> None:
    assert packed({"log/x": b"1", "log/y": b"2"}, {})
    with pytest.raises(ValueError, match="cannot be a member"):
        packed({"log/x": b"1", second: b"2"}, {})


def test_a_bomb_meets_a_bound(tmp_path: Path) -> None:
    (tmp_path / "bomb.bundle").write_bytes(archive([("log/x", bytes(LARGEST_MEMBER + 1))]))
    assert (tmp_path / "bomb.bundle").stat().st_size < LARGEST_MEMBER // 500
    with pytest.raises(VerificationFailed, match="is longer than"):
        unpacked(tmp_path / "bomb.bundle")


def test_a_member_twice_and_a_manifest_of_another_form_are_refused(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.bundle"
    with pytest.warns(UserWarning, match="Duplicate name"):
        path.write_bytes(archive([("log/x", b"1"), ("log/x", b"2")]))
    with pytest.raises(VerificationFailed, match="two members"):
        unpacked(path)
    for manifest in (
        b"",
        b"[]",
        b'{"version": 1}',
        b'{"about":{},"files":{},"version":2}',
        b'{"about":{},"files":{"x":1},"version":1}',
    ):
        path.write_bytes(archive([("manifest.json", manifest)]))
        with pytest.raises(VerificationFailed, match="manifest"):
            unpacked(path)
    path.write_bytes(b"no archive")
    with pytest.raises(VerificationFailed, match="is not a bundle"):
        unpacked(path)
    broken = bytearray(whole.read_bytes())
    broken[len(broken) // 2] ^= 1
    path.write_bytes(bytes(broken))
    with pytest.raises(VerificationFailed):
        unpacked(path)
