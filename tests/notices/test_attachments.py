"""What a notice carries is all of its date and nothing else: each thing that a forger could leave out, add or
exchange is named.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.basics.errors import HeadroomError, InputProblems
from engine.cli.show.keys import make_key
from engine.demo import plan
from engine.determination.template import Template
from engine.events.notice import NoticeInputs
from engine.notices.attachments import OBSERVATIONS
from engine.notices.pdf import NoticeFile
from engine.notices.trust_policy import Policy, read_policy
from engine.notices.verify_notice import STEPS, UNREADABLE, _Notice, verify_notice
from engine.operations.run import Tools, run
from engine.record.canonical import canonical, sha256_hex
from engine.record.inclusion_proof import Proof, parse_proof
from engine.record.keys import Kind, generate_key
from engine.record.log import deal_log
from engine.record.merkle import inclusion_proof, leaf_hash
from engine.workspace.checkpoints import KEY
from engine.workspace.workspace import create, opened
from reports.notice.evidence_view import NoticePages
from reports.render.pdf import render_notice
from tests.conftest import DEALS
from tests.operations.test_run import DEAL, fill

NOW = datetime(2026, 7, 3, 12, tzinfo=UTC)
BAD = "harbour-bilateral-2026"
Files = dict[str, bytes]


class Desk:
    """A workspace of eight weeks with a good deal and one that cannot be read, and what each of its notices
    carries.
    """

    def __init__(self, root: Path, templates: dict[str, Template]) -> None:
        self.notices: dict[str, list[Files]] = {DEAL: [], BAD: []}
        self.inputs: dict[str, list[NoticeInputs]] = {DEAL: [], BAD: []}
        create(root)
        shutil.copy(DEALS / f"{DEAL}.yaml", root / "deals")
        broken = (DEALS / f"{BAD}.yaml").read_text(encoding="utf-8").replace("maximum: 60%", "maximum: 60")
        (root / "deals" / f"{BAD}.yaml").write_text(broken, encoding="utf-8")
        workspace = opened(root)
        make_key("agent.example/log", root / KEY, cosigner=False, as_json=True)
        fill(workspace, 8, templates)
        run(
            workspace,
            plan.THURSDAYS[7],
            Tools(templates, self.render, NOW, "t", lambda _: None, pages=NoticePages()),
        )
        self.bodies = [entry.body for entry in workspace.store.entries(deal_log(DEAL))]
        self.notes = [note for _, note in workspace.store.checkpoints(deal_log(DEAL))]
        workspace.store.close()
        self.key = (root / f"{KEY}.pub").read_text(encoding="utf-8").strip()

    def render(self, notices: Sequence[NoticeInputs]) -> Iterator[bytes]:
        """A renderer that keeps what each notice carries."""
        for notice in notices:
            self.inputs[notice.deal].append(notice)
            self.notices[notice.deal].append({name: data for name, (data, _) in notice.attachments.items()})
            yield f"{notice.deal} {notice.number}".encode()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"), all_templates)


@pytest.fixture
def policy(desk: Desk) -> Policy:
    return Policy(log_keys=(desk.key,), signature_needed=False)


@pytest.fixture
def notice(desk: Desk) -> Files:
    """The newest compliance notice's files, which forgeries are made of."""
    return dict(desk.notices[DEAL][-1])


def refusal(files: Files, policy: Policy, templates: dict[str, Template]) -> str | None:
    """The first step that refuses these files with what it says, None if they hold."""
    found = _Notice(b"", policy, templates, NoticeFile(files, ""), pages=NoticePages())
    for name, step in STEPS:
        if name in ("signature", "attachments", "visible text", "all text"):
            continue
        try:
            step(found)
        except (HeadroomError, *UNREADABLE) as error:
            return f"{name}: {error}"
    return None


def manifested(files: Files, **stated: object) -> Files:
    """The same files under a manifest that states their hashes: what a forger without any key can do."""
    manifest = json.loads(files["manifest.json"])
    manifest |= {"leaf": leaf_hash(files["event.json"]).hex(), **stated}
    manifest["files"] = {name: sha256_hex(data) for name, data in files.items() if name != "manifest.json"}
    return {**files, "manifest.json": canonical(manifest)}


def lines(files: Files) -> list[bytes]:
    return files["date.jsonl"].splitlines(keepends=True)


def kind(line: bytes) -> str:
    return str(json.loads(json.loads(line)["body"])["kind"])


def test_every_notice_holds(desk: Desk, policy: Policy, all_templates: dict[str, Template]) -> None:
    for files in (*desk.notices[DEAL], *desk.notices[BAD]):
        assert refusal(files, policy, all_templates) is None
    assert any("not evaluated" in files["event.json"].decode() for files in desk.notices[BAD])


def test_a_notice_of_a_date_that_was_not_evaluated_holds_and_lends_its_evidence_to_no_other(
    desk: Desk, policy: Policy, all_templates: dict[str, Template]
) -> None:
    """Without results page 1 has no rows to compare, so it must itself say that it has none."""
    good = desk.inputs[DEAL][-1]
    bad = desk.inputs[BAD][-1]
    *_, last = verify_notice(render_notice(bad), policy, all_templates, pages=NoticePages())
    assert (last.name, last.difference) == ("all text", None)
    for pages in (good, replace(good, deal=BAD), replace(good, deal=BAD, on=bad.on)):
        *_, last = verify_notice(
            render_notice(replace(pages, attachments=bad.attachments)),
            policy,
            all_templates,
            pages=NoticePages(),
        )
        assert (last.name, last.difference is not None) == ("visible text", True)


FORGERIES: dict[str, tuple[Callable[[Files, Files], Files], str]] = {
    "the date cut to the event that is stated": (
        lambda f, _: {"date.jsonl": lines(f)[-1]},
        "not the whole date",
    ),
    "a failed test left out": (
        lambda f, _: {"date.jsonl": b"".join(one for one in lines(f) if b"FAIL" not in one)},
        "not the whole date",
    ),
    "the first entry left out": (lambda f, _: {"date.jsonl": b"".join(lines(f)[1:])}, "not the whole date"),
    "every line twice": (lambda f, _: {"date.jsonl": f["date.jsonl"] * 2}, "not the whole date"),
    "the lines in another order": (
        lambda f, _: {"date.jsonl": b"".join([*lines(f)[1:-1], lines(f)[0], lines(f)[-1]])},
        "whole date",
    ),
    "another date": (lambda f, other: {"date.jsonl": other["date.jsonl"]}, "log: "),
    "no line": (lambda f, _: {"date.jsonl": b""}, "date.jsonl does not end"),
    "no observations": (
        lambda f, _: {"observations.csv": f["observations.csv"].splitlines(keepends=True)[0]},
        "not the ones it rests on",
    ),
    "another seller": (
        lambda f, _: {"observations.csv": re.sub(rb",\d+\n", b",1\n", f["observations.csv"])},
        "by sellers comes out as",
    ),
    "an observation of its week left out": (
        lambda f, _: {"observations.csv": f["observations.csv"].rpartition(b"CRI")[0]},
        "rests on",
    ),
    "another deal file": (
        lambda f, _: {"deal.yaml": f["deal.yaml"].replace(b"65%", b"95%")},
        "not the one that the event names",
    ),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_what_is_left_out_or_exchanged_is_named(
    desk: Desk, notice: Files, policy: Policy, all_templates: dict[str, Template], what: str
) -> None:
    forge, said = FORGERIES[what]
    changed = forge(notice, desk.notices[DEAL][0])
    assert all(notice[name] != data for name, data in changed.items())
    assert said in (refusal(manifested({**notice, **changed}), policy, all_templates) or "")


def test_an_event_that_no_notice_states_carries_none(
    desk: Desk, notice: Files, policy: Policy, all_templates: dict[str, Template]
) -> None:
    """Every entry of the log has a proof; only a date's own event, or the reason why it is missing, makes a
    notice.
    """
    size, note = (
        json.loads(notice["manifest.json"])["log_size"],
        parse_proof(notice["event.tlog-proof"].decode()).note,
    )
    leaves = [leaf_hash(body) for body in desk.bodies[:size]]
    refused = set()
    for seq, body in enumerate(desk.bodies[:size]):
        path = tuple(inclusion_proof(leaves, seq))
        line = {"seq": seq, "body": body.decode(), "path": [step.hex() for step in path]}
        files = {
            **notice,
            "event.json": body,
            "event.tlog-proof": Proof(seq, path, note).text.encode(),
            "date.jsonl": json.dumps(line, ensure_ascii=False).encode() + b"\n",
        }
        said = refusal(manifested(files, seq=seq), policy, all_templates)
        assert said is not None
        refused.add(said.partition("`")[2] if "no notice states" in said else "not whole")
    assert {"report received`", "tested`", "rate`", "not whole"} <= refused


@pytest.mark.parametrize(
    "stated", [{"deal": "other"}, {"seq": 1}, {"log_size": 99_999}, {"seq": "5"}, {"files": []}, {"more": 1}]
)
def test_a_manifest_that_states_otherwise_is_refused(
    notice: Files, policy: Policy, all_templates: dict[str, Template], stated: dict[str, object]
) -> None:
    files = manifested(notice, **{key: value for key, value in stated.items() if key != "files"})
    if "files" in stated:
        files["manifest.json"] = canonical({**json.loads(files["manifest.json"]), **stated})
    assert refusal(files, policy, all_templates)


MALFORMED = {
    "observations.csv": [b"\xff", b"", *(OBSERVATIONS.encode() + b"\nCRI-H100,2026-02-26," + price + b",1\n" for price in (
        b"abc", b"Infinity", b"NaN", b"-1", b"1e999999999", b'"' + b"1" * 200_000 + b'"', b"1\n1"
    ))],
    "date.jsonl": [
        b"\xff", b"{}\n", b"[]\n", b"null\n", b'{"seq":1e400,"body":"{}","path":[]}\n', b'{"seq":125.5,"body":"{}","path":[]}\n',
        b'{"seq":" 1_25 ","body":"{}","path":[]}\n', b'{"seq":1,"body":"{}","path":"abcd"}\n', b'{"seq":-1,"body":"{}","path":[]}\n',
        b'{"seq":true,"body":"{}","path":[]}\n', b'{"seq":1,"body":"{}","path":[" ' + b"a" * 63 + b'"]}\n',
    ],
    "event.json": [b"[]", b"null", b"{}", b"[" * 100_000 + b"]" * 100_000, b"\xff"],
    "manifest.json": [b"[]", b"null", b"{}", b"[" * 100_000 + b"]" * 100_000, b"\xff"],
    "event.tlog-proof": [b"", b"\xff\xfe", b"\xef\xbb\xbfc2sp.org/tlog-proof@v1\nindex 1\n\n"],
    "deal.yaml": [b"", b"\xff", b"deal: [", b"[" * 10_000],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "place"), [(name, n) for name, many in MALFORMED.items() for n in range(len(many))]
)
def test_what_cannot_be_read_is_a_difference_and_no_stack_trace(
    notice: Files, policy: Policy, all_templates: dict[str, Template], name: str, place: int
) -> None:
    files = {**notice, name: MALFORMED[name][place]}
    assert refusal(files if name == "manifest.json" else manifested(files), policy, all_templates)


WRITTEN = {
    "a key twice": lambda line: line.replace(b'{"seq"', b'{"seq": 0, "seq"', 1),
    "other spaces": lambda line: line.replace(b'"seq": ', b'"seq":', 1),
    "a carriage return": lambda line: line.replace(b"\n", b"\r\n"),
    "letters as escapes": lambda line: line.replace(b'"body"', b'"\\u0062ody"', 1),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_line_of_the_date_is_written_one_way(
    notice: Files, policy: Policy, all_templates: dict[str, Template], how: str
) -> None:
    changed = WRITTEN[how](lines(notice)[0]) + b"".join(lines(notice)[1:])
    said = "the key `seq` stands a second time" if how == "a key twice" else "written otherwise"
    assert said in (refusal(manifested({**notice, "date.jsonl": changed}), policy, all_templates) or "")


def test_a_hexadecimal_path_is_written_one_way(
    notice: Files, policy: Policy, all_templates: dict[str, Template]
) -> None:
    first = json.loads(lines(notice)[0])
    first["path"][0] = first["path"][0].upper()
    changed = json.dumps(first, ensure_ascii=False).encode() + b"\n" + b"".join(lines(notice)[1:])
    assert "lower-case" in (
        refusal(manifested({**notice, "date.jsonl": changed}), policy, all_templates) or ""
    )


def test_a_policy_names_the_deal_that_it_asks_for(
    notice: Files, policy: Policy, all_templates: dict[str, Template]
) -> None:
    def asked(**changes: object) -> str | None:
        return refusal(notice, policy.model_copy(update=changes), all_templates)

    assert asked(deals=(DEAL,), origins=(f"calculation-agent-name-it-here/deal/{DEAL}",)) is None
    assert "asks for another" in (asked(deals=("another",)) or "")
    assert "asks for another" in (asked(origins=("another",)) or "")


LOG, TRUSTEE = generate_key("agent.example/log"), generate_key("trustee.example", Kind.COSIGNER)
AS_TRUSTEE = TRUSTEE.verifier.text
POLICIES = {
    'log_keys = ["garbage"]': "log_keys[0]",
    f'log_keys = ["{AS_TRUSTEE}"]': "is a trustee's key",
    f'cosigner_keys = ["{LOG.verifier.text}"]': "is a log's key",
    f'cosigner_keys = ["{AS_TRUSTEE}", "{AS_TRUSTEE}"]': "one key twice",
    "cosignatures_needed = -5": "`cosignatures_needed`",
    "cosignatures_needed = 1": "`cosigner_keys` has 0",
    'cosignatures_needed = "1"': "`cosignatures_needed`",
    "cosignatures_needed = true": "`cosignatures_needed`",
    'signature_needed = "no"': "`signature_needed`",
    "signature_needed = 0": "`signature_needed`",
    'notice_certificates = ["abc"]': "notice_certificates[0]",
    "log_keys = 5": "`log_keys`",
    "log_key = []": "`log_key`",
}


@pytest.mark.parametrize("text", POLICIES, ids=list(POLICIES.values()))
def test_a_policy_that_is_wrong_says_where(tmp_path: Path, text: str) -> None:
    path = tmp_path / "trustee.toml"
    path.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(InputProblems) as refused:
        read_policy(path)
    assert any(POLICIES[text] in problem.why for problem in refused.value.problems)


def test_the_log_s_own_key_is_no_trustee_s(
    desk: Desk, notice: Files, policy: Policy, all_templates: dict[str, Template]
) -> None:
    """Even a policy that was not read from a file counts a log's signature as no cosignature."""
    own = policy.model_copy(update={"cosigner_keys": (desk.key,), "cosignatures_needed": 1})
    assert "cosigned by 0 trustees" in (refusal(notice, own, all_templates) or "")
