"""The page in a browser takes no policy that `headroom verify` refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.basics.errors import HeadroomError
from engine.basics.files import STRANGE
from engine.notices.trust_policy import read_policy
from tests.notices.browser_parts import browser_says

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
RIGHT = {
    "as it is": b"deals = ['meridian-2026-1']\nsignature_needed = true # yes\n",
    "with the mark and line ends of Windows": b"\xef\xbb\xbfdeals = [\r\n  'a', # b\r\n]\r\n",
    "in escapes": b'deals = ["\\u0061\\\\"]\n',
    "with a tab": b"\tdeals\t=\t[\t'a'\t]\t\n\n",
}
WRONG = {
    "UTF-16": "deals = []\n".encode("utf-16"),
    "UTF-16 without a mark": "deals = []\n".encode("utf-16-le"),
    "another code": "deals = ['Zürich']\n".encode("latin-1"),
    "two marks": b"\xef\xbb\xbf\xef\xbb\xbfdeals = []\n",
    "a comment that is turned": "deals = [] # \u202e\n".encode(),
    "an invisible character in a text": "deals = ['a\u200bb']\n".encode(),
    "a control character": b"deals = ['a'] # \x1b[2J\n",
    "a character for a lost one": "deals = ['\ufffd']\n".encode(),
    "a blank that TOML does not know": "deals\u00a0= []\n".encode(),
    "such a blank at the end": "deals = []\n\u3000".encode(),
    "such a blank in a list": "deals = [\u2003'a']\n".encode(),
    "a name alone on its line": b"deals\n= []\n",
    "a lone carriage return": b"deals = []\rorigins = []\n",
    "an escape that TOML does not know": b'deals = ["a\\/b"]\n',
    "half a character in escapes": b'deals = ["\\ud83d\\ude00"]\n',
    "a number with a zero before it": b"cosignatures_needed = 00\n",
    "more than any policy": b"deals = []\n#" + b" " * 1_000_000,
}


def by_the_page(path: Path) -> list[str]:
    """Why the page does not take a policy; nothing if it does."""
    said = browser_says("", given=[[path.name, str(path)]])["given"]
    assert bool(said["wrong"]) == said["needs"].startswith("Give your policy")
    wrong: list[str] = said["wrong"]
    return wrong


@pytest.mark.parametrize("what", RIGHT)
def test_both_take_a_policy(what: str, tmp_path: Path) -> None:
    path = tmp_path / "trustee.toml"
    path.write_bytes(RIGHT[what])
    read_policy(path)
    assert by_the_page(path) == []


@pytest.mark.parametrize("what", WRONG)
def test_neither_takes_a_policy(what: str, tmp_path: Path) -> None:
    path = tmp_path / "trustee.toml"
    path.write_bytes(WRONG[what])
    with pytest.raises(HeadroomError):
        read_policy(path)
    assert len(by_the_page(path)) == 1


def test_a_policy_that_cannot_be_read_leaves_the_page_without_the_former_one(tmp_path: Path) -> None:
    """An answer by the former policy would be taken for one by the policy that was dropped last."""
    right, wrong = tmp_path / "former.toml", tmp_path / "new.toml"
    right.write_bytes(b"deals = []\n")
    wrong.write_bytes(b"deals = [\n")
    dropped = [[right.name, str(right)]]
    said = browser_says("", before=[dropped], given=[[wrong.name, str(wrong)]])["given"]
    assert (len(said["wrong"]), said["needs"].startswith("Give your policy")) == (1, True)
    said = browser_says("", before=[dropped], given=dropped)["given"]
    assert (said["wrong"], said["needs"]) == ([], "")


@pytest.mark.parametrize("folder", ["", "held/"])
def test_what_is_held_and_is_not_text_is_said(folder: str, tmp_path: Path) -> None:
    """The page stayed as it was, and said nothing of what came with such a file either."""
    policy, held = tmp_path / "trustee.toml", tmp_path / "checkpoint"
    policy.write_bytes(b"deals = []\n")
    held.write_bytes(b"\xff\x00\xfe\x80")
    names = [(policy.name, policy), (f"{folder}checkpoint", held), (f"{folder}checkpoint.stamp", held)]
    said = browser_says("", given=[[name, str(path)] for name, path in names])["given"]
    assert (said["wrong"], said["answers"]) == ([], [])
    assert said["waiting"] == (
        f"{folder}checkpoint is not text: a checkpoint is expected. "
        f"{folder}checkpoint.stamp is not text: a time stamp is expected."
    )


def test_both_refuse_the_same_characters() -> None:
    """Every character is tried: those of a line's middle, since a mark may stand at a file's beginning."""
    mine = [code for code in range(0x110000) if STRANGE.search(f"a{chr(code)}")]
    assert len(mine) > 2_000
    assert browser_says("", strange=True)["strange"] == mine
