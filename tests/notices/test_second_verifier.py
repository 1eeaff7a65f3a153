"""Two verifiers in two languages, from the same specifications: the same verdict on every notice and on every
mutant of its evidence.
"""

from __future__ import annotations

import base64
import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from engine.determination.template import Template
from engine.notices.pdf import NoticeFile, read_notice
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import STEPS, _Notice
from tests.conftest import REPOSITORY
from tests.notices.test_attachments import BAD, Desk, Files, lines, manifested
from tests.notices.test_verify_notice import desk as desk  # the fixture
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.notices.test_verify_notice import told as told  # the fixture
from tests.operations.test_run import DEAL
from tests.standing_programs import standing

MUTANTS = 1000 if os.environ.get("HEADROOM_SOAK") else 60
VERIFIER = REPOSITORY / "tests" / "second_verifier" / "verify.mjs"
EVIDENCE = {"manifest", "event", "log"}
"""The steps that both verifiers take."""

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")


def ours(files: Mapping[str, bytes], policy: Policy, templates: dict[str, Template]) -> bool:
    notice = _Notice(b"", policy, templates, NoticeFile(dict(files), ""))
    try:
        for name, step in STEPS:
            if name in EVIDENCE:
                step(notice)
    except Exception:  # any refusal is a verdict
        return False
    return True


def theirs(files: Mapping[str, bytes], key: str, folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return bool(standing("node", str(VERIFIER), "--lines").ask([str(folder), key])["answer"]["verified"])


@pytest.fixture(scope="module")
def broad(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Desk:
    """Eight weeks of a good deal, and of one that was not evaluated."""
    return Desk(tmp_path_factory.mktemp("broad"), all_templates)


def note_changed(files: Files, change: Callable[[str], str]) -> Files:
    """The same proof with its checkpoint's signature lines, or its text, changed."""
    return {"event.tlog-proof": change(files["event.tlog-proof"].decode()).encode()}


def first_line(files: Files, change: Callable[[str], str]) -> Files:
    head, *others = files["date.jsonl"].decode().split("\n")
    return {"date.jsonl": "\n".join([change(head), *others]).encode()}


def again(text: str, change: Callable[[str], str]) -> str:
    """A note with its last line said once more, changed."""
    line = text.splitlines(keepends=True)[-1]
    return text + change(line)


def before_its_last(change: Callable[[str], str]) -> Callable[[str], str]:
    """A note with its last line, changed, before it as well."""
    return lambda text: (
        text[: text.rindex("\u2014")] + change(text[text.rindex("\u2014") :]) + text[text.rindex("\u2014") :]
    )


def with_note(files: Files, note: str) -> Files:
    """The same proof with another checkpoint."""
    return note_changed(files, lambda text: text.partition("\n\n")[0] + "\n\n" + note)


STEP = base64.b64encode(bytes(32)).decode() + "\n"


def spoiled(line: str) -> str:
    """A signature line of the same key whose signature is another."""
    raw = bytearray(base64.b64decode(line.split(" ")[2]))
    raw[-1] ^= 1
    return f"{line.rpartition(' ')[0]} {base64.b64encode(raw).decode()}\n"


BOM = b"\xef\xbb\xbf"
PARTS = ("event.json", "date.jsonl", "event.tlog-proof")
MADE: dict[str, Callable[[Files, Desk], Files]] = {
    **{f"a byte order mark before {name}": (lambda f, _, n=name: {n: BOM + f[n]}) for name in PARTS},
    "a malformed signature line": lambda f, _: note_changed(f, lambda t: t + "no signature\n"),
    "an empty signature line": lambda f, _: note_changed(f, lambda t: t + "\n"),
    "a hyphen for the dash": lambda f, _: note_changed(f, lambda t: again(t, lambda line: line.replace("\u2014", "-"))),
    "a signature line of four bytes": lambda f, _: note_changed(f, lambda t: t + "\u2014 x AAAAAA==\n"),
    "a signature that is not in its own form": lambda f, _: note_changed(f, lambda t: t + "\u2014 x AAAAAAB=\n"),
    "a name with a line separator": lambda f, _: note_changed(f, lambda t: t + "\u2014 x\u2028y AAAAAAAA\n"),
    "a name with a next line": lambda f, _: note_changed(f, lambda t: t + "\u2014 x\x85y AAAAAAAA\n"),
    "a second signature of the key that fails": lambda f, _: note_changed(f, lambda t: again(t, spoiled)),
    "a first signature of the key that fails": lambda f, _: note_changed(f, before_its_last(spoiled)),
    "a control character in a line": lambda f, _: note_changed(f, lambda t: t + "\u2014 x\x1fy AAAAAAAA\n"),
    "a note without its last line break": lambda f, _: note_changed(f, lambda t: t[:-1]),
    "an extension line": lambda f, _: note_changed(f, lambda t: t.replace("\n\n\u2014", "\nmore\n\n\u2014")),
    "a note longer than any": lambda f, _: note_changed(f, lambda t: t + "\u2014 x AAAAAAAA\n" * 6000),
    "an index with a zero before it": lambda f, _: note_changed(f, lambda t: t.replace("index ", "index 0", 1)),
    "an index of twenty digits": lambda f, _: note_changed(f, lambda t: t.replace("index ", "index 99999999999999999", 1)),
    "a step that is shorter": lambda f, _: note_changed(f, lambda t: t.replace("\n\n", "\nAAAA\n\n", 1)),
    "a path of 70 steps": lambda f, _: note_changed(f, lambda t: t.replace("\n\n", "\n" + STEP * 70 + "\n", 1)),
    "a key twice, the same": lambda f, _: first_line(f, lambda t: t.replace('{"seq"', f'{{"seq": {json.loads(t)["seq"]}, "seq"', 1)),
    "a key twice, another": lambda f, _: first_line(f, lambda t: t.replace('{"seq"', '{"seq": 0, "seq"', 1)),
    "a number with a fraction": lambda f, _: first_line(f, lambda t: t.replace(', "body"', '.0, "body"', 1)),
    "a number with an exponent": lambda f, _: first_line(f, lambda t: t.replace(', "body"', 'e0, "body"', 1)),
    "a number as text": lambda f, _: first_line(f, lambda t: t.replace(str(json.loads(t)["seq"]), f'"{json.loads(t)["seq"]}"', 1)),
    "no number": lambda f, _: first_line(f, lambda t: t.replace(str(json.loads(t)["seq"]), "null", 1)),
    "a number below zero": lambda f, _: first_line(f, lambda t: t.replace('"seq": ', '"seq": -', 1)),
    "no spaces": lambda f, _: first_line(f, lambda t: json.dumps(json.loads(t), ensure_ascii=False, separators=(",", ":"))),
    "letters as escapes": lambda f, _: first_line(f, lambda t: t.replace('"body"', '"\\u0062ody"', 1)),
    "a carriage return": lambda f, _: first_line(f, lambda t: f"{t}\r"),
    "a further key": lambda f, _: first_line(f, lambda t: f'{t[:-1]}, "x": 1}}'),
    "a half of a character": lambda f, _: first_line(f, lambda t: t.replace('"body": "', '"body": "\\ud800', 1)),
    "a step in capitals": lambda f, _: first_line(f, lambda t: t.replace(step := json.loads(t)["path"][0], step.upper(), 1)),
    "a step of 62 digits": lambda f, _: first_line(f, lambda t: t.replace(step := json.loads(t)["path"][0], step[2:], 1)),
    "an empty line": lambda f, _: {"date.jsonl": b"\n" + f["date.jsonl"]},
    "no last line break": lambda f, _: {"date.jsonl": f["date.jsonl"][:-1]},
    "no line": lambda _, __: {"date.jsonl": b""},
    "the first entry left out": lambda f, _: {"date.jsonl": b"".join(lines(f)[1:])},
    "an entry in the middle left out": lambda f, _: {"date.jsonl": b"".join([*lines(f)[:1], *lines(f)[2:]])},
    "the stated entry alone": lambda f, _: {"date.jsonl": lines(f)[-1]},
    "every line twice": lambda f, _: {"date.jsonl": f["date.jsonl"] * 2},
    "another order": lambda f, _: {"date.jsonl": b"".join([*lines(f)[1:-1], lines(f)[0], lines(f)[-1]])},
    "another date": lambda _, d: {"date.jsonl": d.notices[DEAL][0]["date.jsonl"]},
    "another event": lambda _, d: {"event.json": d.notices[DEAL][0]["event.json"]},
    "another deal's evidence": lambda _, d: {name: d.notices[BAD][-1][name] for name in PARTS},
    "another deal's checkpoint": lambda f, d: with_note(f, d.notices[BAD][-1]["event.tlog-proof"].decode().partition("\n\n")[2]),
    "another checkpoint of its log": lambda f, d: with_note(f, d.notes[-1]),
}  # fmt: skip
STATED: dict[str, dict[str, object]] = {
    "another deal": {"deal": "other"}, "a deal that is not text": {"deal": 1}, "another entry": {"seq": 1}, "another size": {"log_size": 1},
    "an entry as text": {"seq": "5"}, "a truth for a number": {"seq": True}, "more": {"more": 1}, "no size": {"log_size": None},
}  # fmt: skip


@pytest.mark.parametrize("what", MADE)
def test_both_refuse_what_a_forger_without_a_key_can_make(
    broad: Desk, all_templates: dict[str, Template], tmp_path: Path, what: str
) -> None:
    policy, notice = Policy(log_keys=(broad.key,), signature_needed=False), broad.notices[DEAL][-1]
    changed = MADE[what](notice, broad)
    assert all(notice[name] != data for name, data in changed.items())
    files = manifested({**notice, **changed})
    if what.startswith("another"):  # with the manifest that would go with it
        proof = files["event.tlog-proof"].decode().split("\n")
        size = int(proof[proof.index("") + 2])
        files = manifested(files, log_size=size, seq=int(proof[1].removeprefix("index ")))
    assert (ours(files, policy, all_templates), theirs(files, broad.key, tmp_path / "one")) == (False, False)


def test_the_second_verifier_ends_with_the_code_of_its_verdict(broad: Desk, tmp_path: Path) -> None:
    """A script reads the code, and the other tests ask a process that goes on."""
    assert theirs(broad.notices[DEAL][-1], broad.key, tmp_path / "one")
    for key, code in ((broad.key, 0), (broad.key.replace("agent.example", "other.example"), 3)):
        asked = ["node", str(VERIFIER), str(tmp_path / "one"), key]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert (done.returncode, json.loads(done.stdout)["verified"]) == (code, code == 0)


@pytest.mark.parametrize("what", STATED)
def test_both_refuse_a_manifest_that_states_otherwise(
    broad: Desk, all_templates: dict[str, Template], tmp_path: Path, what: str
) -> None:
    policy = Policy(log_keys=(broad.key,), signature_needed=False)
    files = manifested(broad.notices[DEAL][-1], **STATED[what])
    assert (ours(files, policy, all_templates), theirs(files, broad.key, tmp_path / "one")) == (False, False)


def test_both_read_the_manifest_in_one_form(
    broad: Desk, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    policy, notice = Policy(log_keys=(broad.key,), signature_needed=False), broad.notices[DEAL][-1]
    text = notice["manifest.json"].decode()
    twice, spaced = text.replace('{"deal"', '{"deal":"x","deal"', 1), text.replace(":", ": ", 1)
    capitals = re.sub(r"[0-9a-f]{64}", lambda found: found[0].upper(), text)
    for other in (
        BOM + text.encode(),
        text.encode() + b"\n",
        twice.encode(),
        spaced.encode(),
        capitals.encode(),
        text.encode("utf-16"),
    ):
        files = {**notice, "manifest.json": other}
        assert (ours(files, policy, all_templates), theirs(files, broad.key, tmp_path / "one")) == (
            False,
            False,
        )


def test_both_take_every_notice_and_pass_over_the_signatures_of_others(
    broad: Desk, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    policy = Policy(log_keys=(broad.key,), signature_needed=False)
    for files in (*broad.notices[DEAL], *broad.notices[BAD]):
        assert (ours(files, policy, all_templates), theirs(files, broad.key, tmp_path / "one")) == (
            True,
            True,
        )
    for more in ("\u2014 x\ufeffy AAAAAAAA\n", "\u2014 agent.example/log AAAAAAAA\n"):
        files = manifested(
            {
                **broad.notices[DEAL][-1],
                **note_changed(broad.notices[DEAL][-1], lambda t, more=more: t + more),
            }
        )
        assert (ours(files, policy, all_templates), theirs(files, broad.key, tmp_path / "one")) == (
            True,
            True,
        )


def test_the_same_verdict_on_every_notice_and_every_mutant(
    desk: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    chance, key = random.Random(4), policy.log_keys[0]
    notices = [
        read_notice(path.read_bytes()).attachments for path in sorted((desk / "notices" / DEAL).glob("*.pdf"))
    ]
    assert len(notices) >= 5
    for files in notices:
        assert ours(files, policy, all_templates)
        assert theirs(files, key, tmp_path / "one")
    verdicts = set()
    for n in range(MUTANTS):
        files = dict(chance.choice(notices))
        name = chance.choice(sorted(files))
        changed = bytearray(files[name])
        place = chance.randrange(len(changed))
        if n % 3 == 0:
            changed[place] ^= 1 << chance.randrange(7)
        elif n % 3 == 1:
            del changed[place]
        else:
            files.pop(name)
        if n % 3 != 2:
            files[name] = bytes(changed)
        mine, other = ours(files, policy, all_templates), theirs(files, key, tmp_path / "one")
        assert mine == other, (n, name, place)
        verdicts.add(mine)
        assert not mine or (
            name == "manifest.json" and b'"notice":' in files[name]
        )  # page 1 is held against what it says of its notice
    assert False in verdicts
    assert not theirs(notices[0], key.replace("agent.example", "other.example"), tmp_path / "one")
