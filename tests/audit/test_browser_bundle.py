"""A bundle in the parts of `headroom-verify.html`: each step and sentence of `headroom verify`, whole and
forged.
"""

from __future__ import annotations

import io
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.audit.verify_bundle import BundleVerification, verify_bundle
from engine.basics.bundle_archive import LARGEST_MEMBER, MOST_MEMBERS, packed, unpacked
from engine.basics.canonical_json import canonical
from engine.basics.errors import VerificationFailed
from engine.determination.template import Template
from engine.notices.trust_policy import Policy
from engine.record.keys import generate_key
from reports.notice.evidence_view import NoticePages
from tests.audit.test_bundle import FORGED, archive
from tests.audit.test_bundle import told as told  # the fixture
from tests.audit.test_bundle import trustee as trustee  # the fixture
from tests.audit.test_bundle import whole as whole  # the fixture
from tests.notices.browser_parts import browser_says
from tests.notices.test_verify_notice import desk as desk  # the fixture
from tests.notices.test_verify_notice import policy as policy  # the fixture

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
Said = list[tuple[str, str, str | None]]


def ours(found: BundleVerification) -> Said:
    """The command's steps; of a notice that holds, what its last step found."""
    return [
        (
            step.name,
            step.found.rpartition("hold; ")[2] if step.found.count("hold; ") else step.found,
            step.difference,
        )
        for step in found.steps
    ]


def theirs(answer: dict[str, Any]) -> Said:
    """The same of the page, which takes fewer steps of each notice."""
    return [
        (
            step["name"],
            step["found"].rpartition("hold; ")[2] if "hold; " in step["found"] else step["found"],
            step["difference"],
        )
        for step in answer["steps"]
    ]


def asked(path: Path, policy: Policy | str) -> dict[str, Any]:
    answer: dict[str, Any] = browser_says(policy, bundles=[str(path)])["bundles"][0]
    return answer


def test_a_whole_bundle_is_said_alike(
    whole: Path, trustee: Path, policy: Policy, all_templates: dict[str, Template]
) -> None:
    found, answer = verify_bundle(whole, trustee, all_templates, NoticePages()), asked(whole, policy)
    assert theirs(answer) == ours(found)
    assert answer["verified"]
    assert answer["closing"].startswith(found.said.partition(" Not compared: ")[0])
    assert (
        "the results of the notices, which this page does not compute again; the drawing" in answer["closing"]
    )
    assert {step["found"].split(" ")[0] for step in answer["steps"][5:]} == {"10"}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_bundle_is_refused_with_the_same_sentences(
    what: str, whole: Path, trustee: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    forge, _ = FORGED[what]
    files, about = unpacked(whole)
    path = tmp_path / "forged.bundle"
    path.write_bytes(packed(forge(files), about))
    found, answer = verify_bundle(path, trustee, all_templates, NoticePages()), asked(path, policy)
    assert theirs(answer) == ours(found)
    assert (answer["verified"], answer["closing"]) == (False, "")


def test_a_bundle_by_keys_of_others_is_refused_alike(
    whole: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    stranger = generate_key("agent.example/log").verifier.text
    text = f'log_keys = ["{stranger}"]\nnotice_certificates = ["{policy.notice_certificates[0]}"]\n'
    (tmp_path / "trustee.toml").write_text(text, encoding="utf-8")
    found = verify_bundle(whole, tmp_path / "trustee.toml", all_templates, NoticePages())
    answer = asked(whole, text)
    assert theirs(answer) == ours(found)
    assert "no known key signed the checkpoint" in str(answer["steps"][-1]["difference"])


def member(data: bytes, name: str, change: Callable[[bytearray, int], None]) -> bytes:
    """An archive with something changed in a member's line of the central directory."""
    changed = bytearray(data)
    place = changed.rindex(name.encode()) - 46
    change(changed, place)
    return bytes(changed)


def manifested(members: dict[str, bytes], **stated: object) -> bytes:
    manifest = {"version": 1, "about": {}, "files": {}, **stated}
    return archive([("manifest.json", canonical(manifest)), *members.items()])


def pressed(method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        file.writestr("log/x", b"x" * 100)
    return out.getvalue()


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no archive": lambda _: b"no archive" * 9,
    "the end cut": lambda whole: whole[:-30],
    "a name that leads out": lambda _: archive([("../log/checkpoint", b"x")]),
    "a name of another root": lambda _: archive([("/etc/passwd", b"x")]),
    "a step of dots": lambda _: archive([("log/../x", b"x")]),
    "a folder as a member": lambda _: archive([("log/", b"")]),
    "a bomb": lambda _: archive([("log/x", bytes(LARGEST_MEMBER + 1))]),
    "a bomb whose header lies": lambda _: member(
        archive([("log/x", bytes(LARGEST_MEMBER + 1))]), "log/x", lambda data, at: struct.pack_into("<I", data, at + 24, 10)
    ),
    "a wrong checksum": lambda whole: member(whole, "manifest.json", lambda data, at: struct.pack_into("<I", data, at + 16, 1)),
    "a key asked for": lambda whole: member(whole, "manifest.json", lambda data, at: struct.pack_into("<H", data, at + 8, 1)),
    "another place": lambda whole: member(whole, "manifest.json", lambda data, at: struct.pack_into("<I", data, at + 42, 5)),
    "bzip2": lambda _: pressed(zipfile.ZIP_BZIP2),
    "lzma": lambda _: pressed(zipfile.ZIP_LZMA),
    "a byte changed in the middle": lambda whole: whole[: len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1 :],
    "too many members": lambda _: archive([(f"log/{n}", b"") for n in range(MOST_MEMBERS + 1)]),
    "no manifest": lambda _: archive([("log/x", b"x")]),
    "a manifest of another version": lambda _: manifested({}, version=2),
    "a manifest that says more": lambda _: manifested({}, more=1),
    "a hash that is a number": lambda _: manifested({}, files={"x": 1}),
    "a file that is not there": lambda _: manifested({}, files={"log/x": "0" * 64}),
    "a file that nobody states": lambda _: manifested({"log/x": b"x"}),
    "a file of the prototype": lambda _: manifested({"constructor": b"x"}),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_archive_is_refused_by_both(what: str, whole: Path, policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "broken.bundle"
    path.write_bytes(BROKEN[what](whole.read_bytes()))
    with pytest.raises(VerificationFailed) as refused:
        unpacked(path)
    steps = asked(path, policy)["steps"]
    assert [step["name"] for step in steps] == ["bundle"]
    same = str(refused.value)
    if "is not a bundle" in same or "r'" in same:  # what is broken in an archive has other names in Python
        assert "is not a bundle: " in steps[0]["difference"] or "cannot be read" in steps[0]["difference"]
    else:
        assert steps[0]["difference"] == same


def test_a_bundle_with_bytes_before_it_is_still_the_bundle(
    whole: Path, policy: Policy, tmp_path: Path
) -> None:
    path = tmp_path / whole.name
    path.write_bytes(b"mail header\n" + whole.read_bytes())
    assert unpacked(path)[1] == unpacked(whole)[1]
    assert asked(path, policy)["verified"]
