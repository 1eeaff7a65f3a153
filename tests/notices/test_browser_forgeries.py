"""The parts of `headroom-verify.html` refuse every forgery that `headroom verify` and the second verifier
refuse, at the same step.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.audit.verify_file import later_of
from engine.basics.errors import HeadroomError
from engine.determination.template import Template
from engine.events.notice import NoticeInputs
from engine.notices.page_match import plain_text
from engine.notices.pdf import NoticeFile, read_notice
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import STEPS, UNREADABLE, Later, _Notice
from engine.record.canonical import canonical
from engine.record.keys import Kind, generate_key, parse_verifier
from engine.record.log import deal_log
from engine.record.tiles import export
from engine.workspace.workspace import opened
from reports.notice.evidence_view import NoticePages
from tests.notices.browser_parts import browser_says
from tests.notices.test_attachments import DEAL, Desk, Files, lines, manifested
from tests.notices.test_false_pages import FALSE, forged, otherwise, places
from tests.notices.test_false_pages import held as held  # the fixture
from tests.notices.test_false_pages import signed as signed  # the fixture
from tests.notices.test_second_verifier import BOM, MADE, MUTANTS, STATED
from tests.notices.test_second_verifier import broad as broad  # the fixture
from tests.notices.test_verify_notice import desk as desk  # the fixture
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.notices.test_verify_notice import told as told  # the fixture

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
LEFT_OUT = ("signature", "attachments", "visible text")


def kept(many: Sequence[Mapping[str, bytes]], root: Path) -> list[str]:
    """Each notice's attachments in a folder of its own."""
    folders = [root / str(number) for number in range(len(many))]
    for folder, files in zip(folders, many, strict=True):
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
    return list(map(str, folders))


def ours(
    files: Files,
    policy: Policy,
    templates: dict[str, Template],
    texts: Sequence[str] = (),
    later: Sequence[Later] = (),
    upto: str = "as issued",
) -> tuple[str, str]:
    """The step that refuses these files with what it says; nothing if they hold."""
    notice = _Notice(
        b"", policy, templates, NoticeFile(files, tuple(texts)), later=later, pages=NoticePages()
    )
    for name, check in STEPS:
        if name in LEFT_OUT or (name == "all text" and not texts):
            continue
        try:
            check(notice)
        except (HeadroomError, *UNREADABLE) as error:
            return name, str(error)
        if name == upto:
            break
    return "", ""


def made(what: str, desk: Desk) -> Files:
    """A forgery of the evidence by its name, with the manifest that would go with it."""
    if what in STATED:
        return manifested(desk.notices[DEAL][-1], **STATED[what])
    notice = desk.notices[DEAL][-1]
    files = manifested({**notice, **MADE[what](notice, desk)})
    if what.startswith("another"):
        proof = files["event.tlog-proof"].decode().split("\n")
        size = int(proof[proof.index("") + 2])
        files = manifested(files, log_size=size, seq=int(proof[1].removeprefix("index ")))
    return files


def other_manifests(files: Files) -> list[Files]:
    """The same manifest in forms that only look like it."""
    text = files["manifest.json"].decode()
    twice, spaced = text.replace('{"deal"', '{"deal":"x","deal"', 1), text.replace(":", ": ", 1)
    capitals = re.sub(r"[0-9a-f]{64}", lambda found: found[0].upper(), text)
    forms = (BOM + text.encode(), text.encode() + b"\n", twice.encode(), spaced.encode(), capitals.encode())
    return [{**files, "manifest.json": form} for form in forms]


def test_every_forgery_of_the_evidence_is_refused_at_the_same_step(
    broad: Desk, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """Those that a forger without a key can make: the names of `test_second_verifier`, and manifests of
    another form.
    """
    policy = Policy(log_keys=(broad.key,), signature_needed=False)
    names = [*MADE, *STATED]
    forgeries = [*(made(name, broad) for name in names), *other_manifests(broad.notices[DEAL][-1])]
    true = [*broad.notices[DEAL], *manifest_of_others(broad)]
    asked = [{"folder": folder, "upto": "log"} for folder in kept([*forgeries, *true], tmp_path)]
    answers = browser_says(policy, evidence=asked)["forged"]
    for name, files, answer in zip([*names, *[""] * 5], forgeries, answers, strict=False):
        step, said = ours(files, policy, all_templates, upto="log")
        assert answer["step"] == step != "", (name, said, answer)
    assert [answer["step"] for answer in answers[len(forgeries) :]] == [""] * len(true)


def manifest_of_others(desk: Desk) -> list[Files]:
    """Notices whose checkpoint has signature lines of others, which are passed over."""
    notice = desk.notices[DEAL][-1]
    proof = notice["event.tlog-proof"].decode()
    more = ("\u2014 x\ufeffy AAAAAAAA\n", "\u2014 agent.example/log AAAAAAAA\n")
    return [manifested({**notice, "event.tlog-proof": (proof + line).encode()}) for line in more]


def test_the_same_sentence_where_a_checkpoint_or_a_proof_is_broken(
    broad: Desk, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    policy = Policy(log_keys=(broad.key,), signature_needed=False)
    names = [
        name for name in MADE if re.search("signature|note|index|step that|path of|extension|dash", name)
    ]
    forgeries = [made(name, broad) for name in names if "date.jsonl" not in name]
    asked = [{"folder": folder, "upto": "log"} for folder in kept(forgeries, tmp_path)]
    found = [(answer["step"], answer["said"]) for answer in browser_says(policy, evidence=asked)["forged"]]
    assert len(found) > 12
    assert found == [ours(files, policy, all_templates, upto="log") for files in forgeries]


def test_the_same_verdict_on_every_mutant(
    signed: list[tuple[NoticeInputs, bytes]],
    policy: Policy,
    all_templates: dict[str, Template],
    tmp_path: Path,
) -> None:
    chance, loose = random.Random(17), policy.model_copy(update={"signature_needed": False})
    notices, mutants = [read_notice(data).attachments for _, data in signed], list[Files]()
    for n in range(MUTANTS):
        files = dict(chance.choice(notices))
        name = chance.choice(sorted(files))
        changed = bytearray(files[name])
        place = chance.randrange(len(changed))
        if n % 3 == 0:
            changed[place] ^= 1 << chance.randrange(7)
        elif n % 3 == 1:
            del changed[place]
        mutants.append({**files, name: bytes(changed)} if n % 3 < 2 else without(files, name))
    asked = [{"folder": folder, "upto": "as issued"} for folder in kept(mutants, tmp_path)]
    answers = browser_says(loose, evidence=asked)["forged"]
    differing = [
        (number, mine, answer)
        for number, (files, answer) in enumerate(zip(mutants, answers, strict=True))
        if (mine := ours(files, loose, all_templates)[0]) != answer["step"]
    ]
    assert differing == []


def without(files: Files, name: str) -> Files:
    return {other: data for other, data in files.items() if other != name}


def false_pages(
    signed: list[tuple[NoticeInputs, bytes]], leads: bool, count: int
) -> list[tuple[Files, list[str]]]:
    """Evidence with another string, drawn as page.json says it: files, and the text of the one page."""
    chance, made = random.Random(64), list[tuple[Files, list[str]]]()
    evidence = [read_notice(data).attachments for _, data in signed]
    for _ in range(count):
        files = chance.choice(evidence)
        words = json.loads(files["page.json"])
        block, place = chance.choice(list(places(words, leads)))
        word = words["blocks"][block]["words"][place]
        word[1] = otherwise(word[1], chance)
        made.append((forged(files, words), drawn(words)))
    return made


def drawn(words: dict[str, Any]) -> list[str]:
    """All strings of a page.json as one page shows them."""
    texts = (text for block in words["blocks"] for _, text, *_ in block["words"])
    margins = (words["margin"][name] for name in ("left", "middle", "right", "foot"))
    return ["".join(map(plain_text, (*texts, *margins, "Page1of1")))]


@pytest.mark.parametrize("leads", [True, False])
def test_no_false_page_is_accepted_in_a_browser(
    leads: bool,
    signed: list[tuple[NoticeInputs, bytes]],
    held: Later,
    desk: Path,
    policy: Policy,
    tmp_path: Path,
) -> None:
    """In masthead, answer and dues none alone; elsewhere none with the log that is held; true ones are taken."""
    loose = policy.model_copy(update={"signature_needed": False})
    (tmp_path / "pages").mkdir()
    pages = false_pages(signed, leads, FALSE // 2)
    true = [read_notice(data).attachments for _, data in signed]
    pages += [(files, drawn(json.loads(files["page.json"]))) for files in true]
    folders = kept([files for files, _ in pages], tmp_path / "pages")
    asked = [
        {"folder": folder, "upto": "as issued", "texts": texts}
        for folder, (_, texts) in zip(folders, pages, strict=True)
    ]
    logs = [] if leads else [exported(desk, held, tmp_path / "export")]
    answers = [answer["step"] for answer in browser_says(loose, logs, evidence=asked)["forged"]]
    assert set(answers[: -len(true)]) == ({"page 1"} if leads else {"as issued"})
    assert answers[-len(true) :] == [""] * len(true)


def exported(desk: Path, held: Later, into: Path) -> Path:
    """The log that is held as an exported folder."""
    workspace = opened(desk)
    entries = workspace.store.entries(deal_log(DEAL))
    workspace.store.close()
    key = (desk / "keys" / "log.key.pub").read_text(encoding="utf-8").strip()
    export(entries, held.note, [parse_verifier(key)], into)
    return into


DAMAGED: dict[str, Callable[[Path], None]] = {
    "a tile left out": lambda log: next(log.rglob("tile/0/**/*.p/*")).unlink(),
    "a tile of other hashes": lambda log: changed(next(log.rglob("tile/0/**/*.p/*"))),
    "an entry changed": lambda log: changed(next(log.rglob("tile/entries/**/*.p/*"))),
    "entries cut": lambda log: cut(next(log.rglob("tile/entries/**/*.p/*"))),
    "a tile too long": lambda log: longer(next(log.rglob("tile/0/**/*.p/*"))),
    "no checkpoint": lambda log: (log / "checkpoint").unlink(),
    "a checkpoint of nobody": lambda log: (log / "checkpoint").write_text(
        "x\n1\nAA==\n\n\u2014 y AAAAAAAA\n"
    ),
}


def changed(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_export_is_refused_with_the_same_sentence(
    what: str, desk: Path, held: Later, policy: Policy, tmp_path: Path
) -> None:
    folder = exported(desk, held, tmp_path / "export")
    DAMAGED[what](folder)
    with pytest.raises(HeadroomError) as refused:
        later_of(folder, policy)
    answer = browser_says(policy, [folder], notes=[])["exports"][0]
    assert [step["difference"] for step in answer["steps"]] == [str(refused.value)]


def test_a_policy_that_takes_a_log_for_its_trustee_is_refused(desk: Path, policy: Policy) -> None:
    """A log's own key among the cosigners would count as a second person."""
    trustee = generate_key("trustee.example/t", Kind.COSIGNER).verifier.text
    notice = next((desk / "notices" / DEAL).glob("*.pdf"))
    for said, part in (
        ({"cosigner_keys": [policy.log_keys[0]]}, "`cosigner_keys[0]` of the policy is a log's key"),
        ({"log_keys": [trustee]}, "`log_keys[0]` of the policy is a trustee's key"),
        ({"cosigner_keys": [trustee, trustee]}, "one key twice"),
    ):
        lists = {
            "log_keys": list(policy.log_keys),
            "notice_certificates": list(policy.notice_certificates),
            **said,
        }
        text = "\n".join(f"{name} = {json.dumps(value)}" for name, value in lists.items())
        answer = browser_says(text, notices=[str(notice)])["notices"][0]
        assert part in answer["steps"][-1]["difference"]
        with pytest.raises(ValueError, match=r"key"):
            Policy.model_validate(lists)


def test_files_of_a_forgery_are_what_they_say(broad: Desk) -> None:
    """Each changes something: a forgery that changes nothing would be accepted for good reason."""
    notice = broad.notices[DEAL][-1]
    assert all(made(name, broad) != notice for name in (*MADE, *STATED))
    assert len(lines(notice)) > 3
    assert canonical(json.loads(notice["manifest.json"])) == notice["manifest.json"]


def other_facts(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """What a manifest could say of its notice in other forms: of times, numbers, texts and lists."""
    issued, drawn = facts["issued_at"], facts["renderer"]
    times = (
        issued.replace("T", " "),
        issued.replace("+00:00", "Z"),
        issued[:16],
        issued[:19],
        f"{issued[:19]}-00:00",
    )
    odd: tuple[object, ...] = (
        f"{issued[:19]}.000000+00:00",
        f"{issued[:19]}+00:00:30",
        "2026-02-30T00:00:00+00:00",
        5,
        None,
        "",
    )
    changes: list[dict[str, Any]] = [{"issued_at": value} for value in (*times, *odd)]
    days: tuple[object, ...] = ("20260703", "2026-02-30", f"{facts['on']} ", "0000-01-01", None)
    numbers: tuple[object, ...] = (True, "1", None, [])
    lists: tuple[object, ...] = (None, "", "issuer", {})
    changes += [{"on": value} for value in days]
    changes += [{name: value} for name in ("number", "print", "log_size") for value in numbers]
    changes += [{"to": value} for value in lists]
    changes += [
        {"kind": value} for value in ("constructor", "Compliance", "compli\u0430nce", None, ["compliance"])
    ]
    return changes + [{"renderer": value} for value in (None, "x", {**drawn, "x": "y"}, dict.fromkeys(drawn, 5))]  # fmt: skip


def test_what_a_manifest_says_of_its_notice_in_another_form_is_refused_at_the_same_step(
    signed: list[tuple[NoticeInputs, bytes]],
    policy: Policy,
    all_templates: dict[str, Template],
    tmp_path: Path,
) -> None:
    files = dict(read_notice(signed[-1][1]).attachments)
    manifest = json.loads(files["manifest.json"])
    odd = other_facts(manifest["notice"])
    many = [
        {**files, "manifest.json": canonical({**manifest, "notice": {**manifest["notice"], **change}})}
        for change in ({}, *odd)
    ]
    asked = [{"folder": folder, "upto": "manifest"} for folder in kept(many, tmp_path)]
    steps = [answer["step"] for answer in browser_says(policy, evidence=asked)["forged"]]
    mine = [ours(one, policy, all_templates, upto="manifest")[0] for one in many]
    assert steps == mine == ["", *["manifest"] * len(odd)]
