"""The verifier's one file in a real browser, opened from disk: it says what `headroom verify` says, and asks
the network for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.audit.verify_bundle import verify_bundle
from engine.basics.bundle_archive import packed, unpacked
from engine.cli.show.keys import export_log
from engine.determination.template import Template
from engine.notices.signature import TimeAuthority, check_seal, seal
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import verify_notice
from engine.operations.sign_checkpoints import newest_signed
from engine.queries.bundle import write_bundle
from engine.workspace.workspace import Workspace, opened
from reports.notice.evidence_view import NoticePages
from reports.verifier import verifier_page
from tests.notices.browser_parts import toml
from tests.notices.test_verifiers_after_takeover import carried_on
from tests.notices.test_verify_notice import five_weeks
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.notices.time_authority import made, served
from tests.operations.said_desk import ADMINISTERED, Desk
from tests.operations.test_on_delivery import DELIVERED, REPORT, at
from tests.operations.test_run import DEAL
from tests.operations.test_takeover import former as former  # the fixture
from tests.operations.test_takeover import taken_text
from tests.terms.test_on_delivery import quarterly

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
NOT_TAKEN = ("results", "visible text")
"""Steps that the page does not take as the command does: it says `NOT COMPARED` of the results, and leaves
the rows out.
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Path:
    """Five weeks of notices, made in a thread: what drives the browser has this one's loop of events, and
    signing needs one too.
    """
    root = tmp_path_factory.mktemp("desk")
    with ThreadPoolExecutor(1) as apart:
        apart.submit(five_weeks, root, all_templates, []).result()
    return root


@pytest.fixture(scope="module")
def trustee(desk: Path, policy: Policy) -> Path:
    """The trustee's policy as a file."""
    path = desk / "trustee.toml"
    path.write_text(
        f'log_keys = ["{policy.log_keys[0]}"]\nnotice_certificates = ["{policy.notice_certificates[0]}"]\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture
def page(chromium: Browser, tmp_path: Path) -> Iterator[tuple[Page, list[str]]]:
    """The file opened from disk, and what it asked the network for or complained of."""
    file = tmp_path / "headroom-verify.html"
    file.write_text(verifier_page(), encoding="utf-8")
    window, troubles = chromium.new_page(), list[str]()
    window.on("console", lambda message: troubles.append(message.text))
    window.on("pageerror", lambda error: troubles.append(str(error)))
    window.on("request", lambda asked: troubles.append(asked.url) if asked.url != file.as_uri() else None)
    window.goto(file.as_uri())
    yield window, troubles
    window.close()


def given(window: Page, files: Sequence[Path], folder: Path | None = None) -> None:
    """Choose files, and an exported log's folder."""
    before = int(window.evaluate("Number(document.body.dataset.done ?? 0)"))
    window.set_input_files("#files", [str(path) for path in files])
    window.wait_for_selector(f"body[data-done='{before + 1}']")
    if folder is not None:
        window.set_input_files("#folder", str(folder))
        window.wait_for_selector(f"body[data-done='{before + 2}']")


def said(window: Page) -> list[list[str]]:
    """The rows of the answer but those of the results, which are open: verdict, step, sentence."""
    rows: list[list[str]] = window.eval_on_selector_all(
        "#answer tr", "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    results = [row for row in rows if row[1] == "results"]
    assert all(row[0] == "open" and row[2].startswith("NOT COMPARED: ") for row in results)
    return [row for row in rows if row not in results]


def expected(data: bytes, policy: Policy, templates: Mapping[str, Template]) -> list[list[str]]:
    steps = [
        step
        for step in verify_notice(data, policy, templates, pages=NoticePages())
        if step.name not in NOT_TAKEN
    ]
    return [
        ["DIFFERS" if step.difference else "holds", step.name, step.difference or step.found]
        for step in steps
    ]


def test_every_notice_is_said_as_the_command_says_it(
    page: tuple[Page, list[str]],
    desk: Path,
    trustee: Path,
    policy: Policy,
    all_templates: dict[str, Template],
) -> None:
    window, troubles = page
    notices = sorted((desk / "notices" / DEAL).glob("*.pdf"))
    given(window, [trustee, *notices])
    rows = said(window)
    for path in notices:
        wanted = expected(path.read_bytes(), policy, all_templates)
        found, rows = rows[: len(wanted)], rows[len(wanted) :]
        assert found == wanted
    assert rows == []
    closings = window.eval_on_selector_all(".closing", "all => all.map((one) => one.textContent)")
    assert len(closings) == len(notices)
    assert all(
        "the drawing was not looked at" in one
        and "the results, which this page does not compute again" in one
        for one in closings
    )
    assert troubles == []


def delivered(root: Path, templates: dict[str, Template]) -> Policy:
    """Make a desk whose tests wait for the quarter's report, which came; nobody signs its notices."""
    desk = Desk(root, templates, quarterly("", ADMINISTERED))
    desk.take(at(DELIVERED), REPORT)
    desk.run(DELIVERED)
    desk.workspace.store.close()
    return Policy(
        log_keys=((root / "keys" / "log.key.pub").read_text(encoding="utf-8").strip(),),
        signature_needed=False,
    )


def test_notices_after_a_takeover_and_of_a_delivery_are_said_so_too(
    page: tuple[Page, list[str]], former: Workspace, tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    window, troubles = page
    text = taken_text(former, all_templates)
    roots = tmp_path / "carried", tmp_path / "delivered"
    with ThreadPoolExecutor(1) as apart:
        policies = (
            apart.submit(carried_on, roots[0], text, all_templates).result(),
            apart.submit(delivered, roots[1], all_templates).result(),
        )
    for root, trusted in zip(roots, policies, strict=True):
        whom = root / "trustee.toml"
        whom.write_text(toml(trusted), encoding="utf-8")
        notices = sorted((root / "notices").rglob("*.pdf"))
        window.reload()
        given(window, [whom, *notices])
        wanted = [row for path in notices for row in expected(path.read_bytes(), trusted, all_templates)]
        assert len(notices) >= 2
        assert {row[0] for row in wanted} == {"holds"}
        assert said(window) == wanted
    assert troubles == []


def test_a_notice_with_its_log_that_is_held(
    page: tuple[Page, list[str]], desk: Path, trustee: Path, tmp_path: Path
) -> None:
    window, troubles = page
    workspace = opened(desk)
    export_log(workspace, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    workspace.store.close()
    notice = sorted((desk / "notices" / DEAL).glob("*.pdf"))[-1]
    given(window, [trustee, notice], tmp_path / "export")
    rows = said(window)
    assert [row for row in rows if row[0] != "holds"] == []
    assert any(row[1] == "as issued" and row[2].endswith("with these words") for row in rows)
    assert any(row[1] == "log" and "signed by agent.example/log" in row[2] for row in rows)
    assert troubles == []


def test_a_changed_file_and_a_file_of_nobody_are_named(
    page: tuple[Page, list[str]], desk: Path, trustee: Path, tmp_path: Path
) -> None:
    window, _ = page
    notice = sorted((desk / "notices" / DEAL).glob("*.pdf"))[-1]
    changed = bytearray(notice.read_bytes())
    changed[5000] ^= 1
    (tmp_path / "changed.pdf").write_bytes(bytes(changed))
    (tmp_path / "other.txt").write_text("hello", encoding="utf-8")
    given(window, [tmp_path / "changed.pdf", tmp_path / "other.txt"])
    assert "Give your policy too" in (window.text_content("#given") or "")
    assert "other.txt is not a policy" in (window.text_content("#given") or "")
    given(window, [trustee])
    assert said(window) == [["DIFFERS", "signature", "the file has been changed since it was signed"]]
    assert window.query_selector(".closing") is None


def test_a_bundle_is_said_as_the_command_says_it_whole_and_forged(
    page: tuple[Page, list[str]],
    desk: Path,
    trustee: Path,
    tmp_path: Path,
    all_templates: dict[str, Template],
) -> None:
    window, troubles = page
    whole, cut = tmp_path / "deal.bundle", tmp_path / "cut.bundle"
    workspace = opened(desk)
    write_bundle(workspace, DEAL, whole, lambda of, log: newest_signed(of, log).note)
    workspace.store.close()
    files, about = unpacked(whole)
    last = sorted(name for name in files if name.startswith("notices/"))[-1]
    cut.write_bytes(packed({name: data for name, data in files.items() if name != last}, about))
    for path in (whole, cut):
        window.reload()
        given(window, [trustee, path])
        found = verify_bundle(path, trustee, all_templates, NoticePages())
        wanted = [
            [
                "DIFFERS" if step.difference else "holds",
                step.name,
                step.difference or step.found.split("hold; ")[-1],
            ]
            for step in found.steps
        ]
        assert [[*row[:2], row[2].split("hold; ")[-1]] for row in said(window)] == wanted
        assert (window.query_selector(".closing") is not None) == found.verified
    assert "is missing, is not the file that the log issued" in str(said(window))
    assert troubles == []


def test_a_time_stamp_is_said_as_the_command_says_it(
    page: tuple[Page, list[str]],
    desk: Path,
    policy: Policy,
    tmp_path: Path,
    all_templates: dict[str, Template],
) -> None:
    """A notice stamped by an authority that the policy names, and by one that it does not."""
    window, troubles = page
    notice = next(path for path in (desk / "notices" / DEAL).glob("*compliance.pdf"))
    bare = read_signed(notice.read_bytes(), policy)
    with served(made(datetime(2026, 7, 3, 12, tzinfo=UTC))) as authority, ThreadPoolExecutor(1) as apart:
        asked = TimeAuthority(authority.url, authority.fingerprint, authority.at)
        data = apart.submit(seal, bare, desk / "keys" / "notice.key", asked).result()
    (tmp_path / "stamped.pdf").write_bytes(data)
    for named, part in (
        (authority.fingerprint, "there when it was time-stamped"),
        ("0" * 64, "it proves no time"),
    ):
        trusted = policy.model_copy(update={"time_authorities": (named,)})
        (tmp_path / "trustee.toml").write_text(toml(trusted), encoding="utf-8")
        window.reload()
        given(window, [tmp_path / "trustee.toml", tmp_path / "stamped.pdf"])
        rows = said(window)
        assert rows == expected(data, trusted, all_templates)
        assert "time-stamped at 2026-07-03 12:00 UTC by" in rows[0][2]
        assert part in str(rows)
    assert troubles == []


def read_signed(data: bytes, policy: Policy) -> bytes:
    """The file as it was before it was signed."""
    found = check_seal(data, frozenset(policy.notice_certificates))
    assert found is not None
    return found.unsigned + b"\n"
