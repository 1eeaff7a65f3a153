"""Two verifiers in two languages, from the same specifications: the same verdict on every notice and on every mutant of its evidence."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.determination.template import Template
from engine.record.notice_check import STEPS, _Notice
from engine.record.pdf import NoticeFile, read_notice
from engine.record.policy import Policy
from tests.conftest import REPOSITORY
from tests.run.test_notice_check import desk as desk  # the fixture
from tests.run.test_notice_check import policy as policy  # the fixture
from tests.run.test_notice_check import told as told  # the fixture
from tests.run.test_thursday import DEAL

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
    done = subprocess.run(["node", str(VERIFIER), str(folder), key], capture_output=True, text=True, check=False)
    found = bool(json.loads(done.stdout)["verified"])
    assert done.returncode == (0 if found else 3)
    return found


def test_the_same_verdict_on_every_notice_and_every_mutant(
    desk: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    chance, key = random.Random(4), policy.log_keys[0]
    notices = [read_notice(path.read_bytes()).attachments for path in sorted((desk / "notices" / DEAL).glob("*.pdf"))]
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
    assert verdicts == {False}
    assert not theirs(notices[0], key.replace("agent.example", "other.example"), tmp_path / "one")
