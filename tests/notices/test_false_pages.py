"""Pages that say other things than the log, each with a `page.json` to match and signed anew: who has the
notice's key alone gets nowhere.

The words are changed on the page and in the evidence alike, so that the two agree: only the events that the
notice carries, and the log that is held, can tell (`rulings.md` 64).
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.basics.errors import HeadroomError
from engine.determination.template import Template
from engine.events.notice import NoticeInputs
from engine.notices.closing import Step, closing_of
from engine.notices.page_match import all_words, plain_text, read_page_words
from engine.notices.pdf import NoticeFile, read_notice
from engine.notices.signature import seal
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import STEPS, UNREADABLE, Later, _Notice, verify_notice
from engine.record.canonical import canonical, sha256_hex
from engine.record.checkpoint import Checkpoint, sign
from engine.record.keys import read_key
from engine.record.log import deal_log
from engine.record.merkle import leaf_hash, root
from reports.notice import filled_page
from reports.notice.compose import compose
from reports.notice.evidence_view import NoticePages
from reports.notice.words import first_words, page_words
from reports.render.pdf import render_notice
from tests.notices.test_verify_notice import desk as desk  # the fixture
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.notices.test_verify_notice import told as told  # the fixture
from tests.operations.test_corrections import made
from tests.operations.test_run import DEAL

SOAK = bool(os.environ.get("HEADROOM_SOAK"))
FALSE = 1000 if SOAK else 60
DRAWN = 30 if SOAK else 2
LEADS = ("masthead", "answer", "due")


@pytest.fixture(scope="module")
def signed(desk: Path, told: list[NoticeInputs]) -> list[tuple[NoticeInputs, bytes]]:
    """Each notice of the desk with its file."""
    files = sorted((desk / "notices" / DEAL).glob("*.pdf"))
    return [
        (one, next(path for path in files if f"-{one.number:04d}-" in path.name).read_bytes()) for one in told
    ]


@pytest.fixture(scope="module")
def held(desk: Path) -> Later:
    """The log as a trustee holds it, with every notice issued."""
    workspace = made(desk)
    bodies = tuple(entry.body for entry in workspace.store.entries(deal_log(DEAL)))
    name = workspace.store.checkpoints(deal_log(DEAL))[-1][1].partition("\n")[0]
    workspace.store.close()
    leaves = tuple(map(leaf_hash, bodies))
    return Later(
        sign(Checkpoint(name, len(leaves), root(leaves)), read_key(desk / "keys" / "log.key")), leaves, bodies
    )


def otherwise(text: str, chance: random.Random) -> str:
    """A string that says something else."""
    changes: list[Callable[[str], str]] = [
        lambda said: said.replace("FAIL", "PASS").replace("fails", "passes"),
        lambda said: said.replace("Draft notice, to be given", "Notice, given").replace("draft", "given"),
        lambda said: re.sub(r"\d", lambda found: str((int(found[0]) + 1) % 10), said, count=1),
        lambda said: re.sub(
            r"\d{1,2} (?=[A-Z][a-z]{2})", lambda found: f"{int(found[0]) % 28 + 1} ", said, count=1
        ),
        lambda said: re.sub(r"Compliance", "Correction", said),
        lambda said: "All four tests pass. Nothing is due.",
        lambda said: said + " and nothing else",
        lambda said: said.rpartition(" ")[0],
    ]
    chance.shuffle(changes)
    return next(made for change in changes if (made := change(text)) not in (text, ""))


def forged(attachments: dict[str, bytes], words: dict[str, Any]) -> dict[str, bytes]:
    """The evidence with other words of its pages, under a manifest that states them."""
    files = attachments | {"page.json": canonical(words)}
    manifest = json.loads(files["manifest.json"])
    manifest["files"]["page.json"] = sha256_hex(files["page.json"])
    return files | {"manifest.json": canonical(manifest)}


def refused(
    files: dict[str, bytes],
    words: dict[str, Any],
    policy: Policy,
    templates: dict[str, Template],
    later: list[Later],
) -> str:
    """Why a file with these words on its pages is refused; nothing if it is not."""
    one_page = "".join(plain_text(text) for block in words["blocks"] for _, text, *_ in block["words"])
    margins = (
        "".join(plain_text(words["margin"][name]) for name in ("left", "middle", "right", "foot"))
        + "Page1of1"
    )
    notice = _Notice(
        b"", policy, templates, NoticeFile(files, (one_page + margins,)), later=later, pages=NoticePages()
    )
    for name, check in STEPS:
        if name in ("signature", "attachments", "visible text"):
            continue
        try:
            check(notice)
        except (HeadroomError, *UNREADABLE) as error:
            return f"{name}: {error}"
    return ""


def places(words: dict[str, Any], leads: bool) -> Iterator[tuple[int, int]]:
    for block, found in enumerate(words["blocks"]):
        if (found["page"] == "first" and found["block"] in LEADS) == leads:
            yield from ((block, place) for place in range(len(found["words"])))


@pytest.mark.parametrize("leads", [True, False])
def test_no_false_page_is_accepted(
    leads: bool,
    signed: list[tuple[NoticeInputs, bytes]],
    held: Later,
    policy: Policy,
    all_templates: dict[str, Template],
) -> None:
    """In masthead, answer and dues none alone; elsewhere none with the log that is held."""
    chance, loose = random.Random(64), policy.model_copy(update={"signature_needed": False})
    evidence = [read_notice(data).attachments for _, data in signed]
    later = [] if leads else [held]
    for files in evidence:
        assert refused(files, json.loads(files["page.json"]), loose, all_templates, later) == ""
    accepted, said = [], set()
    for _ in range(FALSE // 2):
        files = chance.choice(evidence)
        words = json.loads(files["page.json"])
        block, place = chance.choice(list(places(words, leads)))
        word = words["blocks"][block]["words"][place]
        before, word[1] = word[1], otherwise(word[1], chance)
        why = refused(forged(files, words), words, loose, all_templates, later)
        said.add(why.partition(":")[0])
        if not why:
            accepted.append((before, word[1]))
    assert accepted == []
    assert said == ({"page 1"} if leads else {"as issued"})


def test_every_notice_comes_out_again_of_its_own_evidence(
    signed: list[tuple[NoticeInputs, bytes]], held: Later, policy: Policy, all_templates: dict[str, Template]
) -> None:
    for inputs, data in signed:
        steps = list(verify_notice(data, policy, all_templates, [held], NoticePages()))
        assert [step.difference for step in steps if step.difference] == []
        assert steps[-1] == Step(
            "as issued", f"the log that is held issued No. {inputs.number} with these words"
        )
        closing = closing_of(steps)
        assert closing.signed
        assert closing.left == ("the drawing: give --render where its record is",)


@pytest.mark.parametrize("n", range(DRAWN))
def test_a_false_page_that_is_drawn_and_signed_anew_is_refused(
    n: int,
    desk: Path,
    signed: list[tuple[NoticeInputs, bytes]],
    policy: Policy,
    all_templates: dict[str, Template],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole way: other words in the template, the same in `page.json`, drawn, sealed with the notice's
    own key.
    """
    inputs, _ = signed[n % len(signed)]
    context = compose(inputs)
    first = context["answer"][0]
    false = {
        **context,
        "answer": [[("Every test passes. Nothing is due from anybody.", True)], *context["answer"][1:]],
    }
    monkeypatch.setattr(filled_page, "compose", lambda _: false)
    monkeypatch.setattr(filled_page, "_waiting", {})
    files = forged(
        {name: data for name, (data, _) in inputs.attachments.items()}, json.loads(page_words(inputs))
    )
    drawn = render_notice(replace(inputs, attachments={name: (data, name) for name, data in files.items()}))
    data = seal(drawn, desk / "keys" / "notice.key")
    *_, last = verify_notice(data, policy, all_templates, pages=NoticePages())
    assert last.name == "page 1"
    assert "Every test passes" in (last.difference or "")
    assert "".join(text for text, _ in first)[:30] in (last.difference or "")


def test_a_notice_whose_words_were_taken_out_is_refused(
    signed: list[tuple[NoticeInputs, bytes]], policy: Policy, all_templates: dict[str, Template]
) -> None:
    """A manifest of version 1 has no words; the event says that its notices carry them."""
    loose = policy.model_copy(update={"signature_needed": False})
    files = dict(read_notice(signed[-1][1]).attachments)
    words = json.loads(files["page.json"])
    manifest = json.loads(files["manifest.json"])
    for name in ("page.json", "standing.json", "earlier.jsonl"):
        files.pop(name, None)
        manifest["files"].pop(name, None)
    files["manifest.json"] = canonical(
        {name: manifest[name] for name in ("deal", "leaf", "seq", "log_size", "files")}
    )
    assert "carries no words of its pages" in refused(files, words, loose, all_templates, [])


@pytest.mark.parametrize("name", ["standing.json", "earlier.jsonl", "page.json"])
def test_what_page_1_is_composed_of_cannot_be_left_out(
    name: str, signed: list[tuple[NoticeInputs, bytes]], policy: Policy, all_templates: dict[str, Template]
) -> None:
    loose = policy.model_copy(update={"signature_needed": False})
    files = dict(read_notice(signed[-1][1]).attachments)
    words = json.loads(files["page.json"])
    del files[name]
    manifest = json.loads(files["manifest.json"])
    del manifest["files"][name]
    files["manifest.json"] = canonical(manifest)
    assert refused(files, words, loose, all_templates, []).startswith("page 1: ")


def test_a_string_painted_over_is_a_string_too_many(signed: list[tuple[NoticeInputs, bytes]]) -> None:
    file = read_notice(signed[-1][1])
    words = read_page_words(file.attachments["page.json"])
    assert all_words(file.pages, words) > 200
    for page, more in ((0, "PASS"), (1, "2.4100"), (len(file.pages) - 1, "x")):
        painted = [text + more if n == page else text for n, text in enumerate(file.pages)]
        with pytest.raises(
            HeadroomError, match=rf"page {page + 1} shows `{re.escape(more)}`|page {page + 1} "
        ):
            all_words(painted, words)


def test_the_words_of_the_first_blocks_are_those_of_the_whole_page(
    signed: list[tuple[NoticeInputs, bytes]],
) -> None:
    inputs, _ = signed[-1]
    whole = {
        block["block"]: block
        for block in json.loads(page_words(inputs))["blocks"]
        if block["page"] == "first"
    }
    for block in first_words(compose(inputs)):
        assert whole[block["block"]] == block
