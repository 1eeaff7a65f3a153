"""Time stamps of checkpoints: given after a run, carried by exports and bundles, and named where they are
wrong.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp

from engine.audit.verify_bundle import verify_bundle
from engine.audit.verify_file import later_of
from engine.audit.verify_workspace import Verification, verify_record
from engine.basics.bundle_archive import packed, unpacked
from engine.basics.errors import VerificationFailed
from engine.cli.show.keys import cosign_export, export_log, make_key, show_checkpoint
from engine.determination.template import Template
from engine.events.notice import NoticeInputs
from engine.notices.checkpoint_stamp import TITLE, read_stamp, stamp_over
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import verify_notice
from engine.operations.run import Tools, run
from engine.operations.run_outcome import RunOutcome
from engine.operations.sign_checkpoints import cosign_folder, newest_signed
from engine.queries.bundle import write_bundle
from engine.record.checkpoint import stamped_bytes
from engine.record.log import deal_log
from engine.workspace.checkpoints import kept_stamp, stamp_place
from engine.workspace.workspace import Workspace, opened
from reports.notice.evidence_view import NoticePages
from tests.notices.test_verify_notice import NOW
from tests.notices.test_verify_notice import desk as desk  # the fixture
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.notices.time_authority import Authority, Manner, made, served
from tests.operations.test_run import DEAL

LOG = deal_log(DEAL)


@pytest.fixture(scope="module")
def told() -> list[NoticeInputs]:
    return []


@pytest.fixture(scope="module")
def authority() -> Authority:
    return made(NOW + timedelta(seconds=5))


def configured(root: Path, authority: Authority, patience: int = 2) -> Workspace:
    """The workspace with an authority in its settings."""
    path = root / "headroom.toml"
    text = path.read_text(encoding="utf-8").partition("[time_authority]")[0].rstrip()
    path.write_text(
        f'{text}\n[time_authority]\nurl = "{authority.url}"\ncertificate_sha256 = "{authority.fingerprint}"\n'
        f"patience_seconds = {patience}\n",
        encoding="utf-8",
    )
    return opened(root)


def run_again(workspace: Workspace, templates: dict[str, Template]) -> RunOutcome:
    """A run that finds nothing due."""
    return run(
        workspace,
        NOW.date() - timedelta(days=100),
        Tools(templates, lambda _: iter(()), NOW, "t", lambda _: None, pages=NoticePages()),
    )


@pytest.fixture
def record(desk: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(desk, tmp_path / "desk"))


@pytest.fixture
def stamped(record: Path, authority: Authority, all_templates: dict[str, Template]) -> Iterator[Workspace]:
    """The workspace after a run whose checkpoints were stamped."""
    with served(authority):
        workspace = configured(record, authority)
        assert run_again(workspace, all_templates).stamping.given == len(workspace.store.logs()) == 3
    yield workspace
    workspace.store.close()


@pytest.fixture
def trusting(authority: Authority, policy: Policy, tmp_path: Path) -> Path:
    """A trustee's policy that names the authority."""
    return written_policy(tmp_path / "trustee.toml", policy, authority.fingerprint)


def written_policy(path: Path, policy: Policy, *authorities: str) -> Path:
    path.write_text(
        f'log_keys = ["{policy.log_keys[0]}"]\nnotice_certificates = ["{policy.notice_certificates[0]}"]\n'
        f"time_authorities = {json.dumps(authorities)}\n",
        encoding="utf-8",
    )
    return path


def differences(found: Verification) -> list[str]:
    return [f"{one.step}: {one.difference}" for one in found.findings if one.difference]


def test_a_run_stamps_the_newest_checkpoint_of_each_log_once(
    stamped: Workspace, all_templates: dict[str, Template], trusting: Path
) -> None:
    note = newest_signed(stamped, LOG).note
    text = kept_stamp(stamped, LOG, note)
    assert text is not None
    said = read_stamp(text)
    assert text.startswith(f"{TITLE}\n{note.splitlines()[0]}\n")
    assert (said.size, said.text) == (stamped.store.size(LOG), text)
    again = run_again(stamped, all_templates)  # the authority is gone: nothing is asked of it
    assert (again.stamping.given, again.stamping.said) == (0, None)
    found = verify_record(stamped, [], [], policy=trusting)
    assert differences(found) == []
    steps = [one.step for one in found.findings if "of its checkpoints" in one.step]
    assert len(steps) == 3
    when = f"{NOW + timedelta(seconds=5):%Y-%m-%d %H:%M} UTC"
    assert f"its first {said.size} entries time-stamped at {when} by " in steps[0] + steps[1]
    assert all(step.endswith(", whom the policy names") for step in steps)
    assert f"{LOG}: its first {said.size} entries time-stamped at {when}" in found.time


def test_an_authority_that_the_policy_does_not_name_proves_no_time(
    stamped: Workspace, policy: Policy, tmp_path: Path
) -> None:
    other = written_policy(tmp_path / "other.toml", policy, "0" * 64)
    found = verify_record(stamped, [], [], policy=other)
    assert differences(found) == []
    assert found.time == "time asserted by the operator"
    assert any("whom the policy does not name: it proves no time" in one.step for one in found.findings)
    own = verify_record(stamped, [], [])
    assert any("whom the settings of the folder under test names" in one.step for one in own.findings)


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ("refuses", "gives no time stamp: it refuses"),
        ("fails", "it answers with status 500"),
        ("stalls", "no answer within 1 seconds"),
        ("drips", "no answer within 1 seconds"),
        ("floods", "its answer has more than 32,768 bytes"),
        ("another imprint", "over other bytes"),
        ("another nonce", "answers another question than ours"),
        ("broken", "the time stamp's signature does not hold"),
    ],
)
def test_an_authority_that_fails_stops_no_run_and_is_asked_again_at_the_next(
    manner: Manner, said: str, record: Path, authority: Authority, all_templates: dict[str, Template]
) -> None:
    asked: list[int] = []
    with served(replace(authority, manner=manner, on_asked=lambda: asked.append(1))) as failing:
        workspace = configured(record, failing, patience=1)
        outcome = run_again(workspace, all_templates)
    assert len(asked) == 1  # the first answer that fails ends the asking
    assert outcome.stamping.said is not None
    assert outcome.stamping.said.startswith("3 checkpoints without a time stamp: ")
    assert said in outcome.stamping.said
    assert not (record / "stamps").exists()
    workspace.store.close()
    with served(authority):
        workspace = configured(record, authority)
        assert run_again(workspace, all_templates).stamping.given == 3
    workspace.store.close()


@pytest.mark.parametrize("what", ["another key", "another time", "nobody there", "stamps no time"])
def test_another_key_time_or_certificate_is_no_stamp(
    what: str, record: Path, authority: Authority, all_templates: dict[str, Template]
) -> None:
    said = {
        "another key": "is not certified by",
        "another time": "and the clock here",
        "nobody there": "gives no time stamp",
        "stamps no time": "stamps no time",
    }
    wrong = {
        "another time": replace(authority, at=NOW - timedelta(hours=2)),
        "stamps no time": made(NOW, stamps=False),
    }
    with served(wrong.get(what, authority)) as asked:
        named = replace(asked, root=made(NOW).root) if what == "another key" else asked
        workspace = configured(record, named)
        outcome = None if what == "nobody there" else run_again(workspace, all_templates)
    outcome = outcome or run_again(workspace, all_templates)
    workspace.store.close()
    assert (outcome.stamping.given, outcome.stamping.left) == (0, 3)
    assert said[what] in (outcome.stamping.why or "")


def test_nobody_waits_for_the_authority_but_the_run_that_asks(
    record: Path, authority: Authority, all_templates: dict[str, Template]
) -> None:
    free: list[bool] = []

    def look() -> None:
        with opened(record, to_inspect=True).alone(patience=0.0):
            free.append(True)

    with served(replace(authority, on_asked=look)) as watched:
        workspace = configured(record, watched)
        assert run_again(workspace, all_templates).stamping.given == 3
    workspace.store.close()
    assert free == [True] * 3


def test_an_export_carries_the_stamp_and_drops_that_of_an_earlier_checkpoint(
    stamped: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export_log(stamped, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    beside = tmp_path / "export" / "checkpoint.stamp"
    note = (tmp_path / "export" / "checkpoint").read_text(encoding="utf-8")
    assert beside.read_text(encoding="utf-8") == kept_stamp(stamped, LOG, note)
    capsys.readouterr()
    show_checkpoint(stamped, DEAL, as_json=False, stamp=True)
    assert capsys.readouterr().out == beside.read_text(encoding="utf-8")
    stamp_place(stamped, LOG, note).unlink()
    export_log(stamped, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    assert not beside.exists()


def test_a_notice_was_there_when_the_log_that_is_held_was_stamped(
    stamped: Workspace,
    policy: Policy,
    authority: Authority,
    all_templates: dict[str, Template],
    tmp_path: Path,
) -> None:
    export_log(stamped, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    notice = sorted((stamped.root / "notices" / DEAL).glob("*compliance.pdf"))[-1].read_bytes()
    named = policy.model_copy(update={"time_authorities": (authority.fingerprint,)})

    def log_step(by: Policy) -> str:
        later = [later_of(tmp_path / "export", by)]
        steps = verify_notice(notice, by, all_templates, later, pages=NoticePages())
        return next(step.difference or step.found for step in steps if step.name == "log")

    when = f"time-stamped at {NOW + timedelta(seconds=5):%Y-%m-%d %H:%M} UTC"
    assert f"there when the log that is held was {when} by " in log_step(named)
    assert "time asserted by the operator; the log that is held was" in log_step(policy)
    assert "whom the policy does not name: it proves no time" in log_step(policy)
    checkpoint = tmp_path / "export" / "checkpoint"
    forged = before_its_entries("", checkpoint.read_text(encoding="utf-8"), authority)
    checkpoint.with_name("checkpoint.stamp").write_text(forged, encoding="utf-8")
    assert "and its log was time-stamped at" in log_step(named)


def token_by(authority: Authority, over: bytes) -> bytes:
    from hashlib import sha256

    request = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": sha256(over).digest(),
            },
            "nonce": 1,
            "cert_req": True,
        }
    )
    return bytes(authority.token(request).dump())


Forge = Callable[[str, str, Authority], str]


def two_tokens(text: str, note: str, authority: Authority) -> str:
    return text + "\n".join(text.split("\n")[4:])


def of_another_size(text: str, note: str, authority: Authority) -> str:
    lines = text.split("\n")
    return "\n".join([*lines[:2], str(int(lines[2]) + 1), *lines[3:]])


def over_other_bytes(text: str, note: str, authority: Authority) -> str:
    return stamp_over(note, token_by(authority, b"something else")).text


def by_a_broken_signature(text: str, note: str, authority: Authority) -> str:
    return stamp_over(note, token_by(replace(authority, manner="broken"), stamped_bytes(note))).text


def before_its_entries(text: str, note: str, authority: Authority) -> str:
    return stamp_over(
        note, token_by(replace(authority, at=NOW - timedelta(days=1)), stamped_bytes(note))
    ).text


def by_a_certificate_of_other_use(text: str, note: str, authority: Authority) -> str:
    return stamp_over(note, token_by(made(NOW, stamps=False), stamped_bytes(note))).text


def of_a_year_before_its_certificate(text: str, note: str, authority: Authority) -> str:
    return stamp_over(
        note, token_by(replace(authority, at=datetime(2019, 1, 1, tzinfo=UTC)), stamped_bytes(note))
    ).text


def over_the_text_alone(text: str, note: str, authority: Authority) -> str:
    """The root was known before it was signed: a stamp over the three lines says nothing of the signature."""
    return stamp_over(note, token_by(authority, "".join(note.splitlines(keepends=True)[:3]).encode())).text


def damaged(text: str, note: str, authority: Authority) -> str:
    return text.replace("\n", "\nA", 5)


FORGED: dict[str, tuple[Forge, str]] = {
    "two tokens": (two_tokens, "holds more than one token"),
    "another size": (of_another_size, "is of another checkpoint"),
    "other bytes": (over_other_bytes, "over other bytes"),
    "the text alone": (over_the_text_alone, "over other bytes"),
    "broken": (by_a_broken_signature, "signature does not hold"),
    "early": (before_its_entries, "and its log was time-stamped at"),
    "other use": (by_a_certificate_of_other_use, "stamps no time"),
    "before its certificate": (of_a_year_before_its_certificate, "was not valid"),
    "damaged": (damaged, "is not in its form"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_wrong_stamp_is_named_by_every_command(
    what: str,
    stamped: Workspace,
    authority: Authority,
    trusting: Path,
    all_templates: dict[str, Template],
    tmp_path: Path,
) -> None:
    forge, said = FORGED[what]
    note = newest_signed(stamped, LOG).note
    place = stamp_place(stamped, LOG, note)
    forged = forge(place.read_text(encoding="utf-8"), note, authority)
    place.write_text(forged, encoding="utf-8")
    (found,) = differences(verify_record(stamped, [], [], policy=trusting))
    assert found.startswith(f"{LOG}: 1 time stamp of its checkpoints: stamps/")
    assert said in found
    write_bundle(stamped, DEAL, tmp_path / "deal.bundle", lambda of, log: newest_signed(of, log).note)
    steps = verify_bundle(tmp_path / "deal.bundle", trusting, all_templates, NoticePages()).steps
    assert said in next(step.difference or "" for step in steps if step.name == "time stamp")
    export_log(stamped, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    make_key("trustee.example", tmp_path / "trustee.key", cosigner=True, as_json=True)
    before = (tmp_path / "export" / "checkpoint").read_bytes()
    with pytest.raises(VerificationFailed, match=said):
        cosign_folder(
            tmp_path / "export",
            tmp_path / "trustee.key",
            [stamped.root / "keys" / "log.key.pub"],
            None,
            NOW + timedelta(hours=1),
        )
    assert (tmp_path / "export" / "checkpoint").read_bytes() == before
    assert not (tmp_path / "trustee.key.signed").exists()
    place.unlink()
    held = differences(verify_record(stamped, [], [tmp_path / "export"], policy=trusting))
    assert said in " ".join(held)


def test_a_cosignature_leaves_the_stamp_as_it_is(
    stamped: Workspace, trusting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export_log(stamped, DEAL, "tiles", tmp_path / "export", None, as_json=True)
    make_key("trustee.example", tmp_path / "trustee.key", cosigner=True, as_json=True)
    capsys.readouterr()
    log_key = stamped.root / "keys" / "log.key.pub"
    at = NOW + timedelta(hours=1)
    cosign_export(tmp_path / "export", tmp_path / "trustee.key", [log_key], None, at, False, trusting)
    assert "the log was time-stamped at" in capsys.readouterr().err
    found = verify_record(stamped, [], [tmp_path / "export"], policy=trusting)
    assert differences(found) == []
    assert any(one.step.startswith("held time stamp of") for one in found.findings)


def test_a_bundle_says_when_its_log_was_stamped_and_without_a_stamp_says_nothing(
    stamped: Workspace, trusting: Path, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    path = tmp_path / "deal.bundle"
    write_bundle(stamped, DEAL, path, lambda of, log: newest_signed(of, log).note)
    found = verify_bundle(path, trusting, all_templates, NoticePages())
    assert found.verified
    assert "time stamp" in [step.name for step in found.steps]
    assert "the log with your keys, its time stamp;" in found.said
    files, about = unpacked(path)
    del files["log/checkpoint.stamp"]
    path.write_bytes(packed(files, about))
    found = verify_bundle(path, trusting, all_templates, NoticePages())
    assert found.verified
    assert "time stamp" not in [step.name for step in found.steps]


def test_a_stamp_of_a_checkpoint_or_log_that_is_not_there_is_named(
    stamped: Workspace, trusting: Path
) -> None:
    place = stamp_place(stamped, LOG, newest_signed(stamped, LOG).note)
    shutil.copy(place, place.with_name(f"00000001-{'0' * 16}.stamp"))
    assert "is of a checkpoint that the record does not hold" in " ".join(
        differences(verify_record(stamped, [], [], policy=trusting))
    )
    place.parent.rename(place.parent.with_name("deal_another"))
    assert "stamps/deal_another holds time stamps of a log that is not there" in " ".join(
        differences(verify_record(stamped, [], [], policy=trusting))
    )


def test_no_changed_character_of_a_stamp_is_believed(stamped: Workspace, authority: Authority) -> None:
    from engine.notices.checkpoint_stamp import time_of
    from engine.workspace.checkpoints import trusted

    note = newest_signed(stamped, LOG).note
    text = kept_stamp(stamped, LOG, note) or ""
    keys = trusted([stamped.root / "keys" / "log.key.pub"])
    named = frozenset([authority.fingerprint])
    believed: list[int] = []
    for n in range(0, len(text), 5):
        changed = text[:n] + ("B" if text[n] != "B" else "C") + text[n + 1 :]
        try:
            found = time_of(changed, note, keys, named)
        except VerificationFailed:
            continue
        if found.trusted and found.at != authority.at:
            believed.append(n)
    assert believed == []


def test_a_policy_brings_its_keys_and_says_which_have_ended(
    stamped: Workspace, policy: Policy, tmp_path: Path
) -> None:
    named = written_policy(tmp_path / "trustee.toml", policy)
    steps = [one.step for one in verify_record(stamped, [], [], policy=named).findings]
    assert any(step.startswith("keys: ") and step.endswith("; given by the verifier") for step in steps)
    text = f'ended_keys = ["{policy.log_keys[0]} 2026-05-04"]\n'
    (tmp_path / "ended.toml").write_text(text, encoding="utf-8")
    found = differences(verify_record(stamped, [], [], policy=tmp_path / "ended.toml"))
    assert "signed by a key that ended on 2026-05-04, and no checkpoint is by a key that lives" in " ".join(
        found
    )
