"""A notice whose number the record has not issued, drawn again where the record holds its event, and
contradicted where it went on.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.audit.pages_again import Drawn, drawn_file, with_drawing
from engine.audit.verify_file import verify_notice_file
from engine.cli.show.keys import make_key, make_notice_key
from engine.demo import plan
from engine.determination.template import Template
from engine.events.notice import NoticeInputs
from engine.notices.attachments import Manifest, read_manifest
from engine.notices.pdf import read_notice
from engine.notices.signature import check_seal, seal
from engine.notices.trust_policy import Policy
from engine.operations.run import Tools, run
from engine.workspace.workspace import Workspace, opened
from reports.notice.evidence_view import NoticePages
from tests.audit.test_pages_again import OTHER_TEMPLATES, painted, render
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.operations.test_corrections import made
from tests.operations.test_run import DEAL, NOW, fill


def stops(_: Sequence[NoticeInputs]) -> Iterator[bytes]:
    """A renderer that cannot make a notice: what was determined is recorded, and its notice waits."""
    raise ValueError("no notice can be made")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Path:
    """Four weeks whose notices are drawn and signed, and beside it its copies of before: one ends with the
    third week, one with what was determined in the fourth.
    """
    root = tmp_path_factory.mktemp("desk")
    workspace = made(root)
    make_key("agent.example/log", root / "keys" / "log.key", cosigner=False, as_json=True)
    make_notice_key("Agent", root / "keys" / "notice.key", NOW, as_json=True)
    fill(workspace, 4, all_templates)
    for week, renderer in ((2, render), (3, stops), (3, render)):
        tools = Tools(all_templates, renderer, NOW, "t", lambda _: None, pages=NoticePages())
        run(workspace, plan.THURSDAYS[week], tools)
        workspace.store.close()
        name = {(2, render): "older", (3, stops): "untold"}.get((week, renderer))
        if name is not None:
            shutil.copytree(root, root.with_name(f"{root.name}-{name}"))
        workspace = opened(root)
    workspace.store.close()
    return root


@pytest.fixture
def newest(desk: Path) -> Path:
    """The notice of the fourth week, which only the whole record has issued."""
    return sorted((desk / "notices" / DEAL).glob("*compliance.pdf"))[-1]


def record(desk: Path, which: str) -> Workspace:
    return opened(desk.with_name(f"{desk.name}-{which}") if which else desk)


def drawn(workspace: Workspace, data: bytes, pages: NoticePages | None = None, **changed: object) -> Drawn:
    """What comes of drawing a file again, its manifest changed."""
    manifest: Manifest = replace(read_manifest(read_notice(data).attachments["manifest.json"]), **changed)  # type: ignore[arg-type]
    try:
        return drawn_file(workspace, manifest, None, data, pages or NoticePages(), render)
    finally:
        workspace.store.close()


def test_what_was_determined_and_not_told_yet_is_enough_to_draw_the_notice_of(
    desk: Path, newest: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    workspace, trustee = record(desk, "untold"), tmp_path / "trustee.toml"
    trustee.write_text(
        f'log_keys = ["{policy.log_keys[0]}"]\nnotice_certificates = ["{policy.notice_certificates[0]}"]\n',
        encoding="utf-8",
    )
    found = verify_notice_file(newest, trustee, all_templates, pages=NoticePages())
    found = with_drawing(found, workspace, NoticePages(), render)
    workspace.store.close()
    number = read_manifest(read_notice(newest.read_bytes()).attachments["manifest.json"]).notice
    assert number is not None
    assert found.steps[-1].verdict == "holds"
    assert found.steps[-1].found == (
        f"the record has issued no notice No. {number.number} of {DEAL} yet; of its entries drawn again by "
        "the same renderer: the same bytes"
    )


def test_a_notice_that_is_painted_over_is_found_before_the_record_has_issued_it(
    desk: Path, newest: Path, policy: Policy
) -> None:
    sealed = check_seal(newest.read_bytes(), frozenset(policy.notice_certificates))
    assert sealed is not None
    out = io.BytesIO()
    painted(sealed.unsigned + b"\n", with_field=False, word="PASS").write(out)
    found = drawn(record(desk, "untold"), seal(out.getvalue(), desk / "keys" / "notice.key"))
    assert (found.outcome, found.said.endswith("page 1 has another picture")) == ("differs", True)


def test_a_record_that_ends_before_the_notice_says_how_far_it_reaches(desk: Path, newest: Path) -> None:
    found = drawn(record(desk, "older"), newest.read_bytes())
    assert found.outcome == "not compared"
    assert found.said.startswith("NOT COMPARED: the record of this workspace ends before the notice: it has ")


@pytest.mark.parametrize("number", [0, 99])
def test_a_record_that_went_on_contradicts_a_number_that_it_never_issued(
    number: int, desk: Path, newest: Path
) -> None:
    """Numbers have no gaps, and one event is told once: each is a finding, where nothing was compared before."""
    data = newest.read_bytes()
    facts = read_manifest(read_notice(data).attachments["manifest.json"]).notice
    assert facts is not None
    found = drawn(record(desk, ""), data, notice=replace(facts, number=number))
    said = {
        0: f"the record issued no notice No. 0 of {DEAL}, and has issued No. {facts.number}",
        99: f"the record issued this notice as No. {facts.number}, and no notice No. 99 of {DEAL}",
    }
    assert (found.outcome, found.said) == ("differs", said[number])


def test_another_log_and_a_fork_are_told_apart(desk: Path, newest: Path) -> None:
    data = newest.read_bytes()
    manifest = read_manifest(read_notice(data).attachments["manifest.json"])
    facts = manifest.notice
    assert facts is not None
    other = replace(manifest, leaf="0" * 64, notice=replace(facts, number=99))
    for of, outcome, part in (
        (None, "differs", "so the two logs part"),
        (
            f"elsewhere.example/deal/{DEAL}",
            "not compared",
            "NOT COMPARED: the notice is of the log elsewhere",
        ),
    ):
        workspace = record(desk, "")
        found = drawn_file(workspace, other, of, data, NoticePages(), render)
        workspace.store.close()
        assert found.outcome == outcome
        assert part in found.said
    assert drawn(record(desk, ""), data, deal="no-such-deal").said == (
        "NOT COMPARED: the record of this workspace has no log of no-such-deal"
    )


def test_other_templates_and_a_correction_stay_not_compared(desk: Path, newest: Path) -> None:
    data = newest.read_bytes()
    found = drawn(record(desk, "untold"), data, OTHER_TEMPLATES)
    assert found.said.startswith("NOT COMPARED: made by headroom ")
    facts = read_manifest(read_notice(data).attachments["manifest.json"]).notice
    assert facts is not None
    found = drawn(record(desk, "untold"), data, notice=replace(facts, kind="correction"))
    assert found.outcome == "not compared"
    assert found.said.endswith("yet, and only it says what a correction replaces")
