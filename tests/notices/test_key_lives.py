"""Keys that were replaced, lost, stolen: three verifiers give one verdict on every life of a key, true or
forged (`rulings.md` 66).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.audit.verify_file import later_of
from engine.basics.errors import HeadroomError
from engine.demo import plan
from engine.determination.template import Template
from engine.notices.closing import NOT_COMPARED
from engine.notices.pdf import NoticeFile, read_notice
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import STEPS, _Notice
from engine.operations.replace_key import replace_key
from engine.operations.run import Tools, run
from engine.record.canonical import canonical, sha256_hex
from engine.record.checkpoint import Checkpoint, sign
from engine.record.key_lives import Handover
from engine.record.keys import Kind, SigningKey, generate_key, read_key
from engine.record.log import Scribe, deal_log
from engine.record.merkle import leaf_hash, root
from engine.record.tiles import _bundles, _tiles
from reports.notice.evidence_view import NoticePages
from reports.render.pdf import render_notice
from tests.notices.browser_parts import browser_says
from tests.notices.test_second_verifier import VERIFIER
from tests.notices.test_verify_notice import NOW, five_weeks
from tests.operations.test_corrections import made
from tests.operations.test_run import DEAL
from tests.standing_programs import standing

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
ON = date(2026, 7, 3)
EVIDENCE = {"manifest", "event", "log"}


@dataclass
class Keys:
    """Everybody's keys, and the true log: its entries, the place of the replacement, what the first and the
    last notice carry.
    """

    old: SigningKey
    new: SigningKey
    trustee: SigningKey
    other: SigningKey
    thief: SigningKey
    origin: str
    bodies: tuple[bytes, ...]
    at: int
    first: dict[str, bytes]
    last: dict[str, bytes]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Keys:
    """Three weeks under the old key, then two under the new one."""
    desk = tmp_path_factory.mktemp("lives")
    five_weeks(desk, all_templates, [], until=2)
    old = read_key(desk / "keys" / "log.key")
    workspace = made(desk)
    replace_key(workspace, Scribe("t", "e", NOW))
    tools = Tools(
        all_templates,
        lambda many: (render_notice(one) for one in many),
        NOW,
        "t",
        lambda _: None,
        pages=NoticePages(),
    )
    run(workspace, plan.THURSDAYS[4], tools)
    bodies = tuple(entry.body for entry in workspace.store.entries(deal_log(DEAL)))
    origin = workspace.store.checkpoints(deal_log(DEAL))[0][1].partition("\n")[0]
    workspace.store.close()
    notices = [
        dict(read_notice(path.read_bytes()).attachments)
        for path in sorted((desk / "notices" / DEAL).glob("*.pdf"))
    ]
    others = (
        generate_key("trustee.example", Kind.COSIGNER),
        generate_key("other.example", Kind.COSIGNER),
        generate_key("thief.example"),
    )
    at = next(seq for seq, body in enumerate(bodies) if b'"kind":"key replaced"' in body)
    return Keys(
        old, read_key(desk / "keys" / "log.key"), *others, origin, bodies, at, notices[0], notices[-1]
    )


def exported(folder: Path, bodies: Sequence[bytes], origin: str, key: SigningKey) -> Path:
    """A log as tiles, signed by any key: what nobody but a forger writes."""
    leaves = [leaf_hash(body) for body in bodies]
    for path, content in (*_bundles(bodies), *_tiles(leaves)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    (folder / "checkpoint").write_text(
        sign(Checkpoint(origin, len(leaves), root(leaves)), key), encoding="utf-8"
    )
    return folder


def ours(
    files: dict[str, bytes], policy: Policy, held: Path | None, templates: dict[str, Template]
) -> tuple[str, str]:
    try:
        notice = _Notice(
            b"", policy, templates, NoticeFile(files, ""), later=[later_of(held, policy)] if held else []
        )
        found = [step(notice) for name, step in STEPS if name in EVIDENCE][-1] or ""
    except HeadroomError as error:
        return "DIFFERS", str(error)
    return ("open" if found.startswith(NOT_COMPARED) else "holds"), found


def seconds(files: dict[str, bytes], policy: Policy, held: Path | None, folder: Path) -> str:
    options = [item for text in policy.cosigner_keys for item in ("--cosigner", text)]
    options += [item for text in policy.ended_keys for item in ("--ended", *text.split(" "))] + (
        ["--held", str(held)] if held else []
    )
    key = policy.log_keys[0] if policy.log_keys else policy.ended_keys[0].split(" ")[0]
    said = standing("node", str(VERIFIER), "--lines").ask([str(folder), key, *options])
    verdict = "DIFFERS" if not said["answer"]["verified"] else "open" if said["answer"]["ended"] else "holds"
    assert said["code"] == {"DIFFERS": 3, "open": 4, "holds": 0}[verdict]
    return verdict


def verdict(
    files: dict[str, bytes], policy: Policy, held: Path | None, tmp_path: Path, templates: dict[str, Template]
) -> tuple[str, str]:
    """What all three say of a notice's evidence, with our sentence."""
    folder = tmp_path / "attachments"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    found, said = ours(files, policy, held, templates)
    browser = browser_says(policy, [held] if held else [], attachments=str(folder))["evidence"]
    assert (browser["verdict"], seconds(files, policy, held, folder)) == (found, found), (
        said,
        browser["said"],
    )
    if found != "DIFFERS":
        assert browser["said"] == said
    return found, said


def names(key: SigningKey) -> str:
    return key.verifier.text


def test_a_replaced_key_is_followed_where_the_log_is_held(
    keys: Keys, tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    held = exported(tmp_path / "held", keys.bodies, keys.origin, keys.new)
    old, new, ended = (
        Policy(log_keys=(names(keys.old),)),
        Policy(log_keys=(names(keys.new),)),
        f"{names(keys.old)} {ON}",
    )
    says = {
        "first alone": verdict(keys.first, old, None, tmp_path, all_templates),
        "first, old key, held": verdict(keys.first, old, held, tmp_path, all_templates),
        "last, old key, held": verdict(keys.last, old, held, tmp_path, all_templates),
        "last, old key": verdict(keys.last, old, None, tmp_path, all_templates),
        "last, new key": verdict(keys.last, new, None, tmp_path, all_templates),
        "first, ended": verdict(keys.first, Policy(ended_keys=(ended,)), None, tmp_path, all_templates),
        "first, ended and new": verdict(
            keys.first, Policy(ended_keys=(ended,), log_keys=new.log_keys), None, tmp_path, all_templates
        ),
        "first, ended, held": verdict(
            keys.first, Policy(ended_keys=(ended,), log_keys=new.log_keys), held, tmp_path, all_templates
        ),
        "last, ended alone, held": verdict(
            keys.last, Policy(ended_keys=(ended,)), held, tmp_path, all_templates
        ),
    }
    assert {name: found for name, (found, _) in says.items()} == {
        "first alone": "holds",
        "first, old key, held": "holds",
        "last, old key, held": "holds",
        "last, old key": "DIFFERS",
        "last, new key": "holds",
        "first, ended": "open",
        "first, ended and new": "open",
        "first, ended, held": "holds",
        "last, ended alone, held": "DIFFERS",  # a key that the policy says has ended hands on to nobody
    }
    assert (
        f"which followed agent.example/log ({keys.old.verifier.id.hex()}) on {ON}"
        in says["last, old key, held"][1]
    )
    assert says["first, ended"][1].startswith(f"NOT COMPARED: signed by a key that ended on {ON}; ")


def forged(
    keys: Keys, step: Handover, signers: Sequence[SigningKey], said: dict[str, Any] | None = None
) -> tuple[bytes, ...]:
    """The true log with another replacement in the place of the true one, and nothing after it."""
    event = json.loads(keys.bodies[keys.at])
    event["payload"] = step.event(step.signed(signers)).model_dump(mode="json") | (said or {})
    return (*keys.bodies[: keys.at], canonical(event))


def true_step(keys: Keys) -> Handover:
    last = Checkpoint(keys.origin, keys.at, root([leaf_hash(body) for body in keys.bodies[: keys.at]]))
    return Handover(last, keys.old.verifier, keys.new.verifier, "replaced", ON)


Forged = Callable[[Keys], tuple[tuple[bytes, ...], SigningKey]]


def more(keys: Keys, old: SigningKey, new: SigningKey) -> tuple[bytes, ...]:
    """The true log with one more replacement after it."""
    last = Checkpoint(keys.origin, len(keys.bodies), root([leaf_hash(body) for body in keys.bodies]))
    step = Handover(last, old.verifier, new.verifier, "replaced", ON)
    event = json.loads(keys.bodies[keys.at])
    event["payload"] = step.event(step.signed((old, new))).model_dump(mode="json")
    return (*keys.bodies, canonical(event))


def thief_step(keys: Keys, why: str) -> Handover:
    return replace(true_step(keys), new=keys.thief.verifier, why=why)


def elsewhere(keys: Keys) -> Handover:
    return replace(
        true_step(keys), last=replace(true_step(keys).last, origin="agent.example/log/deal/another")
    )


def transplanted(keys: Keys) -> tuple[bytes, ...]:
    """The signatures that were given for another log, in this one."""
    signed = [one.model_dump() for one in elsewhere(keys).signed((keys.old, keys.new))]
    return forged(keys, true_step(keys), (), {"signatures": signed})


def beyond(keys: Keys) -> Checkpoint:
    """A checkpoint over more entries than stand before the replacement."""
    return Checkpoint(keys.origin, 999, root([leaf_hash(body) for body in keys.bodies[: keys.at]]))


FORGED: dict[str, Forged] = {
    "the old key signs after its end": lambda k: (k.bodies, k.old),
    "the old key did not sign": lambda k: (forged(k, true_step(k), (k.new,)), k.new),
    "the new key did not sign": lambda k: (forged(k, true_step(k), (k.old,)), k.new),
    "nobody signed": lambda k: (forged(k, true_step(k), ()), k.new),
    "stolen, and the thief signed with both": lambda k: (
        forged(k, thief_step(k, "stolen"), (k.old, k.thief)),
        k.thief,
    ),
    "lost, and the wrong cosigner signed": lambda k: (
        forged(k, replace(true_step(k), why="lost"), (k.new, k.other)),
        k.new,
    ),
    "lost, and a log's key in the cosigner's place": lambda k: (
        forged(k, replace(true_step(k), why="lost"), (k.new, k.thief)),
        k.new,
    ),
    "of another log": lambda k: (transplanted(k), k.new),
    "of another day": lambda k: (
        forged(k, replace(true_step(k), on=date(2026, 7, 2)), (k.old, k.new)),
        k.new,
    ),
    "another first part": lambda k: (
        forged(k, replace(true_step(k), last=Checkpoint(k.origin, 3, bytes(32))), (k.old, k.new)),
        k.new,
    ),
    "more entries than there are": lambda k: (
        forged(k, replace(true_step(k), last=Checkpoint(k.origin, 999, bytes(32))), (k.old, k.new)),
        k.new,
    ),
    "two replacements of one key": lambda k: (more(k, k.old, k.thief), k.thief),
    "back to the key that ended": lambda k: (more(k, k.new, k.old), k.old),
    "by itself": lambda k: (forged(k, replace(true_step(k), new=k.old.verifier), (k.old,)), k.old),
    "to a trustee's key": lambda k: (
        forged(k, replace(true_step(k), new=k.trustee.verifier), (k.old, k.trustee)),
        k.new,
    ),
    "another reason": lambda k: (forged(k, true_step(k), (k.old, k.new), {"why": "sold"}), k.new),
    "no signatures": lambda k: (forged(k, true_step(k), (), {"signatures": None}), k.new),
}


@pytest.mark.parametrize("name", FORGED)
def test_no_verifier_takes_a_forged_life(
    name: str, keys: Keys, tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    """Even one that trusts all the keys concerned: the operator's, the trustee's, and the thief's as a new
    key of the operator's.
    """
    bodies, by = FORGED[name](keys)
    held = exported(tmp_path / "held", bodies, keys.origin, by)
    trusted = Policy(
        log_keys=(names(keys.old), names(keys.new), names(keys.thief)), cosigner_keys=(names(keys.trustee),)
    )
    found, said = verdict(keys.first, trusted, held, tmp_path, all_templates)
    assert found == "DIFFERS"
    assert "ended" in said or said.startswith(f"entry {keys.at}")


@pytest.mark.parametrize("why", ["lost", "stolen"])
def test_a_cosigner_that_the_policy_names_stands_for_a_key_that_is_lost(
    why: str, keys: Keys, tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    bodies = forged(keys, replace(true_step(keys), why=why), (keys.new, keys.trustee))
    held = exported(tmp_path / "held", bodies, keys.origin, keys.new)
    named = Policy(log_keys=(names(keys.old),), cosigner_keys=(names(keys.trustee),))
    assert verdict(keys.first, named, held, tmp_path, all_templates)[0] == "holds"
    ended = Policy(ended_keys=(f"{names(keys.old)} {ON}",), cosigner_keys=(names(keys.trustee),))
    assert verdict(keys.first, ended, held, tmp_path, all_templates)[0] == "holds"
    unnamed = Policy(log_keys=(names(keys.old),))
    assert verdict(keys.first, unnamed, held, tmp_path, all_templates)[0] == "DIFFERS"


def test_a_thief_who_replaces_the_key_in_a_fork_convinces_nobody_who_knows_that_it_ended(
    keys: Keys, tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    """The stolen key can sign a replacement of its own; a policy that says it has ended takes it from nobody."""
    fork = exported(
        tmp_path / "held",
        forged(keys, thief_step(keys, "replaced"), (keys.old, keys.thief)),
        keys.origin,
        keys.thief,
    )
    informed = Policy(log_keys=(names(keys.new),), ended_keys=(f"{names(keys.old)} {ON}",))
    assert verdict(keys.first, informed, fork, tmp_path, all_templates)[0] == "DIFFERS"


def test_two_replacements_one_after_the_other_are_followed(
    keys: Keys, tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    held = exported(tmp_path / "held", more(keys, keys.new, keys.thief), keys.origin, keys.thief)
    assert (
        verdict(keys.first, Policy(log_keys=(names(keys.old),)), held, tmp_path, all_templates)[0] == "holds"
    )
    assert (
        verdict(keys.last, Policy(log_keys=(names(keys.old),)), held, tmp_path, all_templates)[0] == "holds"
    )


def test_a_notice_signed_by_the_old_key_after_its_end_differs(
    keys: Keys, tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    """What the checkpoint says is true; the key that says it had ended."""
    proof = keys.last["event.tlog-proof"].decode()
    head, _, note = proof.partition("\n\n")
    _, size, _ = note.split("\n")[:3]
    leaves = [leaf_hash(body) for body in keys.bodies[: int(size)]]
    again = f"{head}\n\n{sign(Checkpoint(keys.origin, int(size), root(leaves)), keys.old)}".encode()
    manifest = json.loads(keys.last["manifest.json"])
    manifest["files"]["event.tlog-proof"] = sha256_hex(again)
    files = {**keys.last, "event.tlog-proof": again, "manifest.json": canonical(manifest)}
    held = exported(tmp_path / "held", keys.bodies, keys.origin, keys.new)
    found, said = verdict(files, Policy(log_keys=(names(keys.old),)), held, tmp_path, all_templates)
    assert (found, said) == (
        "DIFFERS",
        f"the checkpoint is signed by a key that ended on {ON}, at entry {keys.at}",
    )
