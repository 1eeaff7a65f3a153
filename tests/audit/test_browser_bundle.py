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
from engine.audit.verify_export import verify_export
from engine.basics.bundle_archive import LARGEST_MEMBER, MOST_MEMBERS, packed, unpacked
from engine.basics.canonical_json import canonical, sha256_hex
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


def after(whole: bytes, place: int, more: bytes, moved: int) -> bytes:
    """An archive with bytes put in at a place before its directory, whose lines are moved along."""
    changed = bytearray(whole[:place] + more + whole[place:])
    end = len(changed) - 22
    directory = struct.unpack_from("<I", changed, end + 16)[0] + len(more)
    struct.pack_into("<I", changed, end + 16, directory)
    at = directory
    while changed[at : at + 4] == b"PK\x01\x02":
        local = struct.unpack_from("<I", changed, at + 42)[0]
        if local >= moved:
            struct.pack_into("<I", changed, at + 42, local + len(more))
        at += 46 + sum(struct.unpack_from("<HHH", changed, at + 28))
    return bytes(changed)


def directory(whole: bytes) -> int:
    return int(struct.unpack_from("<I", whole, len(whole) - 6)[0])


def remarked(whole: bytes) -> bytes:
    return whole[:-2] + struct.pack("<H", 4) + b"more"


def with_extra(whole: bytes) -> bytes:
    """A further field in the line of the last member of the directory."""
    at = whole.rindex(b"PK\x01\x02")
    named, line = struct.unpack_from("<H", whole, at + 28)[0], bytearray(whole)
    struct.pack_into("<H", line, at + 30, 8)
    cut = at + 46 + named
    line[cut:cut] = b"\x99\x99\x04\x00more"
    struct.pack_into("<I", line, len(line) - 10, struct.unpack_from("<I", line, len(line) - 10)[0] + 8)
    return bytes(line)


def entry(name: str, data: bytes) -> bytes:
    """A member with its own header, as it stands before the directory."""
    made = archive([(name, data)])
    return made[: directory(made)]


def ending(place: int, value: int) -> Callable[[bytes], bytes]:
    """An archive whose end says something else: of its disk (4, 6), or of its number of members (8, 10)."""

    def change(whole: bytes) -> bytes:
        changed = bytearray(whole)
        there = struct.unpack_from("<H", changed, len(changed) - 22 + place)[0]
        struct.pack_into("<H", changed, len(changed) - 22 + place, there + value)
        return bytes(changed)

    return change


BELONGS_TO_NONE: dict[str, Callable[[bytes], bytes]] = {
    "bytes after the end": lambda whole: whole + b"more",
    "a remark at the end": remarked,
    "a member that no directory names": lambda whole: after(
        whole, directory(whole), entry("notices/forged.pdf", b"%PDF-"), len(whole)
    ),
    "a member between two others": lambda whole: after(
        whole, whole.index(b"PK\x03\x04", 4), entry("notices/forged.pdf", b"%PDF-"), 1
    ),
    "a further field": with_extra,
    "two archives, one after the other": lambda whole: archive([("notices/forged.pdf", b"%PDF-")]) + whole,
    "words before the beginning": lambda whole: b"more" + whole,
    "a member fewer by the end": ending(10, -1),
    "a member more by the end": ending(10, 1),
    "a member fewer on this disk": ending(8, -1),
    "a second disk": ending(4, 1),
    "a directory on a second disk": ending(6, 1),
}  # fmt: skip


@pytest.mark.parametrize("what", BELONGS_TO_NONE)
def test_bytes_that_another_program_would_unpack_are_refused_alike(
    what: str, whole: Path, policy: Policy, tmp_path: Path
) -> None:
    path = tmp_path / "more.bundle"
    path.write_bytes(BELONGS_TO_NONE[what](whole.read_bytes()))
    with pytest.raises(VerificationFailed, match="bytes that belong to none of its members"):
        unpacked(path)
    steps = asked(path, policy)["steps"]
    assert [(step["name"], step["difference"]) for step in steps] == [
        ("bundle", "the bundle holds bytes that belong to none of its members")
    ]


def test_a_member_that_would_be_unpacked_as_a_link_is_refused_alike(
    whole: Path, policy: Policy, tmp_path: Path
) -> None:
    path = tmp_path / "link.bundle"
    link = member(
        whole.read_bytes(), "log/checkpoint", lambda data, at: struct.pack_into("<I", data, at + 38, 0o120777 << 16)
    )  # fmt: skip
    path.write_bytes(link)
    with pytest.raises(VerificationFailed, match="a member 'log/checkpoint', which no bundle has") as refused:
        unpacked(path)
    assert asked(path, policy)["steps"][0]["difference"] == str(refused.value)


@pytest.mark.parametrize("second", ["log/X", "Log/y", "log/x/y", "log"])
def test_members_that_a_folder_could_not_hold_together_are_refused_alike(
    second: str, policy: Policy, tmp_path: Path
) -> None:
    """Each is as the manifest states it; on some machines one of them would take the other's place."""
    members, path = {"log/x": b"x", second: b"y"}, tmp_path / "case.bundle"
    path.write_bytes(manifested(members, files={name: sha256_hex(data) for name, data in members.items()}))
    with pytest.raises(VerificationFailed, match=f"a member {second} that no folder holds") as refused:
        unpacked(path)
    assert asked(path, policy)["steps"][0]["difference"] == str(refused.value)


OTHERS: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "another deal": lambda about: about | {"deal": "another-deal"},
    "letters that look alike": lambda about: about | {"deal": about["deal"].replace("e", "\u0435")},
    "another origin": lambda about: about | {"origin": f"x{about['origin']}"},
    "a sentence more": lambda about: about | {"verdict": "every test passes"},
    "nothing": lambda _: {},
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_a_bundle_says_that_it_is_about_is_held_against_its_log(
    what: str, whole: Path, trustee: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    files, about = unpacked(whole)
    path = tmp_path / "about.bundle"
    path.write_bytes(packed(files, OTHERS[what](about)))
    found, answer = verify_bundle(path, trustee, all_templates, NoticePages()), asked(path, policy)
    assert theirs(answer) == ours(found)
    assert [step.name for step in found.steps if step.difference] == ["log"]


@pytest.mark.parametrize("name", ["deals", "origins"])
def test_a_policy_bounds_bundles_and_exported_logs_as_it_bounds_notices(
    name: str, whole: Path, trustee: Path, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    files, about = unpacked(whole)
    for file, data in files.items():
        if file.startswith("log/"):
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_bytes(data)
    stated = trustee.read_text(encoding="utf-8")
    for asked_for, holds in ((about[name.removesuffix("s")], True), ("another", False)):
        path = tmp_path / "bounded.toml"
        path.write_text(f'{stated}{name} = ["{asked_for}"]\n', encoding="utf-8")
        exported = verify_export(tmp_path / "log", path)
        bundled = next(
            step
            for step in verify_bundle(whole, path, all_templates, NoticePages()).steps
            if step.name == "log"
        )
        assert (exported.verified, bundled.difference is None) == (holds, holds)
        text = path.read_text(encoding="utf-8")
        answer = browser_says(text, held=[tmp_path / "log"], notes=[], bundles=[str(whole)])
        assert answer["bundles"][0]["steps"][1]["difference"] == bundled.difference
        assert browser_says(
            text, given=[["bounded.toml", str(path)]]
            + [[f"log/{one.relative_to(tmp_path / 'log')}", str(one)] for one in (tmp_path / "log").rglob("*") if one.is_file()],
        )["given"]["answers"][0]["steps"][0]["difference"] == exported.steps[0].difference  # fmt: skip


def test_two_exported_logs_of_one_path_are_both_answered_as_the_command_answers_each(
    whole: Path, trustee: Path, policy: Policy, tmp_path: Path
) -> None:
    """A damaged folder and a whole one of the same name, dropped one after the other, in both orders."""
    logs: dict[str, list[list[str]]] = {"damaged": [], "whole": []}
    for file, data in unpacked(whole)[0].items():
        for where, files in logs.items():
            if file.startswith("log/"):
                path = tmp_path / where / file
                path.parent.mkdir(parents=True, exist_ok=True)
                spoilt = where == "damaged" and "entries" in file
                path.write_bytes(data[:-1] + b"x" if spoilt else data)
                files.append([file, str(path)])
    found = {where: verify_export(tmp_path / where / "log", trustee) for where in logs}
    wanted = {where: [step.difference for step in one.steps] for where, one in found.items()}
    rule = [trustee.name, str(trustee)]
    for first, last in (("damaged", "whole"), ("whole", "damaged")):
        said = browser_says(policy, before=[[rule, *logs[first]]], given=logs[last])["given"]
        assert said["wrong"] == []
        answers = said["answers"]
        assert [one["what"] for one in answers] == ["The exported log log", "The exported log log (2)"]
        for where, answer in zip((first, last), answers, strict=True):
            assert [step["difference"] for step in answer["steps"]] == wanted[where]
            assert answer["closing"].removeprefix("log (2)").removeprefix("log") == found[
                where
            ].said.removeprefix("log")
    again = browser_says(policy, before=[[rule, *logs["whole"]]], given=logs["whole"])["given"]["answers"]
    assert [one["closing"] for one in again] == [found["whole"].said]  # the same folder again is one answer


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no archive": lambda _: b"no archive" * 9,
    "the end cut": lambda whole: whole[:-30],
    "a name that leads out": lambda _: archive([("../log/checkpoint", b"x")]),
    "a name of another root": lambda _: archive([("/etc/passwd", b"x")]),
    "an accent in one character": lambda _: archive([("reports/\u00e9.csv", b"x")]),
    "an accent in two characters": lambda _: archive([("reports/e\u0301.csv", b"x")]),
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
    "a version that is a truth": lambda _: manifested({}, version=True),
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
