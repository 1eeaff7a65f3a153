"""A notice that proves itself: signed, in the log, recomputed; and no mutation of it survives."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from engine.basics.errors import InputProblems, WrongUsage
from engine.basics.values import Figure, Unit, long_date
from engine.cli.show.keys import cosign_export, export_log, make_key, make_notice_key
from engine.cli.show.verify import verify_file
from engine.demo import plan
from engine.determination.template import Template
from engine.events.kinds import Event
from engine.events.notice import NoticeInputs
from engine.events.results import Verdict
from engine.notices.closing import Step
from engine.notices.signature import check_seal
from engine.notices.trust_policy import Policy, read_policy
from engine.notices.verify_notice import Later, verify_notice
from engine.operations.run import Tools, run
from engine.record.canonical import sha256_hex
from engine.record.checkpoint import Checkpoint, cosign, sign
from engine.record.keys import read_key
from engine.record.log import deal_log, read
from engine.record.merkle import root
from engine.workspace.workspace import opened
from reports.notice.evidence_view import NoticePages
from reports.render.pdf import render_notice
from tests.built import copy_of
from tests.operations.test_corrections import made
from tests.operations.test_run import DEAL, fill

NOW = datetime(2026, 7, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def told() -> list[NoticeInputs]:
    """What each notice of the desk was made of."""
    return []


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template], told: list[NoticeInputs]
) -> Path:
    """A workspace with both keys and five weeks, its notices rendered and signed."""
    root = tmp_path_factory.mktemp("desk")
    five_weeks(root, all_templates, told)
    return root


def five_weeks(
    root: Path, all_templates: dict[str, Template], told: list[NoticeInputs], until: int = 4, weeks: int = 5
) -> None:
    """Make that workspace in a folder, and say what each of its notices was made of.

    Its notices are drawn once in a process: every module has a copy of its own.
    """
    what = (five_weeks, until, weeks)
    copy_of(what, lambda folder: _TOLD.update({what: drawn_weeks(folder, all_templates, until, weeks)}), root)
    told.extend(_TOLD[what])


_TOLD: dict[Hashable, list[NoticeInputs]] = {}


def drawn_weeks(root: Path, all_templates: dict[str, Template], until: int, weeks: int) -> list[NoticeInputs]:
    told: list[NoticeInputs] = []

    def render(many: Sequence[NoticeInputs]) -> Iterator[bytes]:
        told.extend(many)
        yield from (render_notice(one) for one in many)

    workspace = made(root)
    make_key("agent.example/log", root / "keys" / "log.key", cosigner=False, as_json=True)
    make_notice_key("Agent", root / "keys" / "notice.key", NOW, as_json=True)
    fill(workspace, weeks, all_templates)
    run(
        workspace,
        plan.THURSDAYS[until],
        Tools(all_templates, render, NOW, "t", lambda _: None, pages=NoticePages()),
    )
    workspace.store.close()
    return told


@pytest.fixture(scope="module")
def notice(desk: Path) -> bytes:
    return sorted((desk / "notices" / DEAL).glob("*compliance.pdf"))[-1].read_bytes()


@pytest.fixture(scope="module")
def policy(desk: Path) -> Policy:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    certificate = x509.load_pem_x509_certificate((desk / "keys" / "notice.key.crt").read_bytes())
    key = (desk / "keys" / "log.key.pub").read_text(encoding="utf-8").strip()
    return Policy(log_keys=(key,), notice_certificates=(certificate.fingerprint(hashes.SHA256()).hex(),))


def steps(data: bytes, policy: Policy, templates: dict[str, Template]) -> list[Step]:
    return list(verify_notice(data, policy, templates, pages=NoticePages()))


def unsigned(data: bytes, policy: Policy) -> bytes:
    sealed = check_seal(data, frozenset(policy.notice_certificates))
    assert sealed is not None
    return sealed.unsigned + b"\n"


def test_every_step_holds(notice: bytes, policy: Policy, all_templates: dict[str, Template]) -> None:
    found = steps(notice, policy, all_templates)
    assert [step.name for step in found if step.difference is None] == [
        "signature",
        "attachments",
        "manifest",
        "event",
        "log",
        "deal file",
        "observations",
        "results",
        "visible text",
        "page 1",
        "all text",
    ]
    assert "4 determined, each comes out again, 4 of them by the subsets of their sellers" in [
        step.found for step in found
    ]
    assert "4 results shown as recorded: 4 PASS" in [step.found for step in found]


def test_what_was_not_determined_is_no_failure_to_come_out_again(
    desk: Path, policy: Policy, all_templates: dict[str, Template]
) -> None:
    first = sorted((desk / "notices" / DEAL).glob("*compliance.pdf"))[0].read_bytes()
    said = "3 determined, each comes out again, 3 of them by the subsets of their sellers, 1 not determined"
    assert said in [step.found for step in steps(first, policy, all_templates)]


def test_the_unsigned_render_is_a_prefix_of_the_signed_file(
    desk: Path, notice: bytes, policy: Policy
) -> None:
    workspace = made(desk)
    issued = [e.payload for e in read(workspace.store, deal_log(DEAL)) if e.kind == "notice issued"]
    workspace.store.close()
    before = unsigned(notice, policy)
    assert notice.startswith(before.rstrip(b"\n"))
    assert sha256_hex(notice) == issued[-1].sha256
    assert issued[-1].unsigned_sha256 in (sha256_hex(before), sha256_hex(before.rstrip(b"\n")))


def replaced(data: bytes, name: str, change: bytes) -> bytes:
    """The unsigned notice with one attachment's bytes replaced: what a forger without a key can do."""
    import io

    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=io.BytesIO(data))
    names = writer._root_object["/Names"]["/EmbeddedFiles"]["/Names"]
    stream = names[names.index(name) + 1].get_object()["/EF"]["/F"].get_object()
    stream.set_data(change)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "old", "new", "step"),
    [
        ("event.json", b"determined", b"determined ", "manifest"),
        ("deal.yaml", b"65%", b"66%", "manifest"),
        ("observations.csv", b"CRI-H100,2026", b"CRI-H100,2025", "manifest"),
        ("date.jsonl", b"PASS", b"FAIL", "manifest"),
    ],
)
def test_an_unsigned_notice_still_binds_its_evidence(
    notice: bytes,
    policy: Policy,
    all_templates: dict[str, Template],
    name: str,
    old: bytes,
    new: bytes,
    step: str,
) -> None:
    loose = policy.model_copy(update={"signature_needed": False})
    plain = unsigned(notice, policy)
    first = steps(plain, loose, all_templates)
    assert first[-1].difference is None
    assert first[0].found == "not signed: the appearance is not bound"
    from engine.notices.pdf import read_notice

    body = read_notice(plain).attachments[name]
    assert old in body
    found = steps(replaced(plain, name, body.replace(old, new, 1)), loose, all_templates)[-1]
    assert (found.name, found.difference is not None) == (step, True)


def misprinted(notice: NoticeInputs, test: str, **changes: object) -> bytes:
    """The notice as somebody would print it who changes what the pages say of a test and leaves the evidence
    as it is.
    """
    last = max(e.seq for e in notice.events if e.kind == "tested" and e.subject == test)

    def changed(event: Event) -> Event:
        result = event.payload.result.model_copy(update=changes)
        return event.model_copy(update={"payload": event.payload.model_copy(update={"result": result})})

    return render_notice(
        replace(notice, events=[changed(event) if event.seq == last else event for event in notice.events])
    )


@pytest.mark.parametrize(
    ("test", "changes", "said"),
    [
        ("ltv", {"verdict": Verdict.FAIL}, "the log says PASS"),
        (
            "ltv",
            {"measured": Figure(value=Fraction("0.5"), unit=Unit.SHARE)},
            "; proof 6.2 50.000%",
        ),
        ("ltv", {"limit": Figure(value=Fraction("0.7"), unit=Unit.SHARE)}, "max. 70%"),
        ("ltv", {"headroom": Figure(value=Fraction("0.3"), unit=Unit.POINTS)}, "+30.000 points"),
        (
            "rate-floor",
            {"verdict": Verdict.PASS},
            "the log says NOT DETERMINED, the pages show `PASS Rental rate floor",
        ),
    ],
)
def test_a_page_that_says_another_result_than_the_log_is_a_difference(
    desk: Path,
    told: list[NoticeInputs],
    policy: Policy,
    all_templates: dict[str, Template],
    test: str,
    changes: dict[str, object],
    said: str,
) -> None:
    loose = policy.model_copy(update={"signature_needed": False})
    compliance = [one for one in told if one.kind == "compliance"]
    notice = (
        compliance[2] if "NOT DETERMINED" in said else compliance[-1]
    )  # on the third date the window of the rent floor is not full
    assert steps(render_notice(notice), loose, all_templates)[-1].difference is None
    found = steps(misprinted(notice, test, **changes), loose, all_templates)[-1]
    assert found.name == "visible text"
    assert said in (found.difference or "")


def test_evidence_swapped_between_two_notices_is_found(
    told: list[NoticeInputs], desk: Path, policy: Policy, all_templates: dict[str, Template]
) -> None:
    """All of it together, each part in order: only the pages say that it is another date's, or another
    deal's.
    """
    loose = policy.model_copy(update={"signature_needed": False})
    compliance = [one for one in told if one.kind == "compliance"]
    for pages, evidence in ((compliance[-1], compliance[-2]), (compliance[-2], compliance[-1])):
        found = steps(render_notice(replace(pages, attachments=evidence.attachments)), loose, all_templates)[
            -1
        ]
        assert found.name == "visible text"
        assert f"page 1 is of {long_date(pages.on)}" in (found.difference or "")
    found = steps(render_notice(replace(compliance[-1], deal="another-deal")), loose, all_templates)[-1]
    assert "page 1 names another-deal" in (found.difference or "")


def revised(data: bytes) -> bytes:
    """The signed notice with one more revision, as any PDF editor adds it: the signed bytes are a prefix of
    the file.
    """
    import io

    from pyhanko.pdf_utils.generic import NameObject, TextStringObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer, out = IncrementalPdfFileWriter(io.BytesIO(data)), io.BytesIO()
    writer.root[NameObject("/Lang")] = TextStringObject("fr")
    writer.update_root()
    writer.write(out)
    return out.getvalue()


def test_a_revision_after_the_signature_is_found(
    notice: bytes, policy: Policy, all_templates: dict[str, Template]
) -> None:
    changed = revised(notice)
    assert changed.startswith(notice)
    assert len(changed) > len(notice)
    found = steps(changed, policy, all_templates)[-1]
    assert (found.name, found.difference) == ("signature", "the signature does not cover the whole file")


@pytest.mark.parametrize("name", ["more.txt", "event.json", "../event.json"])
def test_an_attachment_that_the_manifest_does_not_state_is_found(
    notice: bytes, policy: Policy, all_templates: dict[str, Template], name: str
) -> None:
    import io

    from pypdf import PdfReader, PdfWriter

    loose, writer, out = policy.model_copy(update={"signature_needed": False}), PdfWriter(), io.BytesIO()
    writer.clone_document_from_reader(PdfReader(io.BytesIO(unsigned(notice, policy))))
    writer.add_attachment(name, b"{}")
    writer.write(out)
    found = steps(out.getvalue(), loose, all_templates)[-1]
    assert (found.name, found.difference is not None) == (
        "attachments" if name == "event.json" else "manifest",
        True,
    )


def test_the_policy_decides_whose_keys_count(
    notice: bytes, policy: Policy, all_templates: dict[str, Template]
) -> None:
    def last(**changes: object) -> Step:
        return steps(notice, policy.model_copy(update=changes), all_templates)[-1]

    assert "not trusted" in (last(notice_certificates=("00" * 32,)).difference or "")
    other = "agent.example/log+00000000+AQ=="
    assert last(log_keys=(other,)).difference
    assert "asks for 1" in (last(cosignatures_needed=1).difference or "")
    assert "not signed" in (steps(unsigned(notice, policy), policy, all_templates)[-1].difference or "")


def test_a_notice_is_cosigned_with_the_log_that_grew_from_its_own(
    desk: Path, notice: bytes, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """No trustee can have cosigned a log before the notice was made from it: what is held later counts for
    it.
    """
    trustee, key = tmp_path / "trustee.key", desk / "keys" / "log.key.pub"
    make_key("trustee.example", trustee, cosigner=True, as_json=True)
    workspace = opened(desk)
    export_log(workspace, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    leaves = tuple(entry.leaf for entry in workspace.store.entries(deal_log(DEAL)))
    workspace.store.close()
    asking = policy.model_copy(
        update={
            "cosigner_keys": (trustee.with_name("trustee.key.pub").read_text().strip(),),
            "cosignatures_needed": 1,
        }
    )

    def log_step(later: Sequence[Later]) -> Step:
        return next(
            step
            for step in verify_notice(notice, asking, all_templates, later, pages=NoticePages())
            if step.name == "log"
        )

    unsigned_export = Later((tmp_path / "export" / "checkpoint").read_text(encoding="utf-8"), leaves)
    cosign_export(tmp_path / "export", trustee, [key], None, NOW, as_json=True)
    held = Later((tmp_path / "export" / "checkpoint").read_text(encoding="utf-8"), leaves)
    assert "asks for 1" in (log_step(()).difference or "")
    assert "asks for 1" in (log_step([unsigned_export]).difference or "")
    assert log_step([held]).found.endswith(f"cosigned by 1, first at {NOW:%Y-%m-%d %H:%M} UTC")
    assert log_step([held, held]).found == log_step([held]).found
    early = cosign(
        unsigned_export.note,
        [read_key(desk / "keys" / "log.key").verifier],
        read_key(trustee),
        NOW - timedelta(days=1),
    )
    assert "recorded at" in (log_step([Later(early, leaves)]).difference or "")
    assert "its log was cosigned at" in (log_step([held, Later(early, leaves)]).difference or "")
    assert "did not grow" in (log_step([Later(held.note, (*leaves[1:], leaves[0]))]).difference or "")
    assert "did not grow" in (log_step([Later(held.note, leaves[:-1])]).difference or "")
    own = read_key(desk / "keys" / "log.key")
    other = sign(Checkpoint("agent.example/deal/another", len(leaves), root(leaves)), own)
    foreign = Later(cosign(other, [own.verifier], read_key(trustee), NOW), leaves)
    assert "is of agent.example/deal/another" in (log_step([foreign]).difference or "")
    shorter = cosign(
        sign(Checkpoint(held.note.split("\n")[0], 5, root(leaves[:5])), own),
        [own.verifier],
        read_key(trustee),
        NOW,
    )
    assert "did not grow" in (log_step([Later(shorter, leaves[:5])]).difference or "")


def test_a_cosigned_export_is_given_on_the_command_line(
    desk: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    trustee = tmp_path / "trustee.key"
    make_key("trustee.example", trustee, cosigner=True, as_json=True)
    workspace = opened(desk)
    export_log(workspace, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    workspace.store.close()
    cosign_export(tmp_path / "export", trustee, [desk / "keys" / "log.key.pub"], None, NOW, as_json=True)
    written, path = tmp_path / "trustee.toml", sorted((desk / "notices" / DEAL).glob("*.pdf"))[-1]
    public = trustee.with_name("trustee.key.pub").read_text().strip()
    written.write_text(
        f'log_keys = ["{policy.log_keys[0]}"]\nnotice_certificates = ["{policy.notice_certificates[0]}"]\n'
        f'cosigner_keys = ["{public}"]\ncosignatures_needed = 1\n',
        encoding="utf-8",
    )
    assert verify_file(path, written, all_templates, as_json=True, pages=NoticePages()) == 3
    assert (
        verify_file(
            path, written, all_templates, as_json=True, held=[tmp_path / "export"], pages=NoticePages()
        )
        == 0
    )
    with pytest.raises(WrongUsage, match="is not an exported log"):
        verify_file(
            path,
            written,
            all_templates,
            as_json=True,
            held=[tmp_path / "export" / "checkpoint"],
            pages=NoticePages(),
        )


def test_a_second_reader_agrees(desk: Path) -> None:
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig (poppler-utils) is not on this machine")
    path = sorted((desk / "notices" / DEAL).glob("*.pdf"))[-1]
    said = subprocess.run(["pdfsig", str(path)], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in said
    assert re.search(r"Total document signed", said)


def test_from_the_command_line(
    desk: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    written = tmp_path / "trustee.toml"

    def listed(texts: Sequence[str]) -> str:
        return "[" + ", ".join(f'"{text}"' for text in texts) + "]"

    written.write_text(
        f"log_keys = {listed(policy.log_keys)}\nnotice_certificates = {listed(policy.notice_certificates)}\n",
        encoding="utf-8",
    )
    path = sorted((desk / "notices" / DEAL).glob("*.pdf"))[-1]
    assert read_policy(written) == policy
    assert verify_file(path, written, all_templates, as_json=False, pages=NoticePages()) == 0
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(path.read_bytes()[:-10])
    assert verify_file(bad, written, all_templates, as_json=True, pages=NoticePages()) == 3
    written.write_text("log_key = []\n", encoding="utf-8")
    with pytest.raises(InputProblems):
        read_policy(written)


@pytest.mark.parametrize("profile", ["3a", "ua1"])
def test_the_signed_notice_is_an_archive_file_that_everyone_can_read(desk: Path, profile: str) -> None:
    """PDF/A-3a and PDF/UA-1 in one file, signature included, by the veraPDF engine."""
    from tests.reports.verapdf import failures

    for notice in sorted((desk / "notices" / DEAL).glob("*.pdf"))[-2:]:
        checks, broken = failures(notice, profile)
        assert (checks > 10_000, broken) == (True, {}), notice.name


def test_the_validator_bites(desk: Path, tmp_path: Path) -> None:
    from tests.reports.verapdf import failures

    whole = sorted((desk / "notices" / DEAL).glob("*.pdf"))[-1].read_bytes()
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(whole.replace(b"/MarkInfo", b"/MarkInfx"))
    assert failures(bad, "ua1")[1]


KEPT = Path(__file__).with_name("edition_1.pdf")
"""A notice as headroom 0.1 made and signed it, under edition 1 of the rulings."""
THEN = Policy(
    log_keys=("agent.example/log+1b570075+AaQdgasRszDvCZ1MtpFhKcdz3RhUvRJDRJ7e8VofgWaB",),
    notice_certificates=("531a64089efab13959e9322b10c9405efb49b5a25b4f57952c88f9a950388c70",),
)


def test_a_notice_of_edition_1_verifies_as_it_did(all_templates: dict[str, Template]) -> None:
    found = steps(KEPT.read_bytes(), THEN, all_templates)
    assert [step.difference for step in found] == [None] * 9
    assert (
        "3 determined, each comes out again, 1 not determined, recorded under edition 1 of the rulings"
        in [step.found for step in found]
    )
    assert found[-1].found == "4 results shown as recorded: 3 PASS, 1 NOT DETERMINED"


def test_a_changed_notice_of_edition_1_does_not_verify(all_templates: dict[str, Template]) -> None:
    changed = bytearray(KEPT.read_bytes())
    changed[len(changed) // 3] ^= 1
    assert steps(bytes(changed), THEN, all_templates)[-1].difference is not None
