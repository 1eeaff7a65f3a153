"""JSON has one reading: a key that stands twice is refused with its place, at every reader that decides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.basics.bundle_archive import _stated
from engine.basics.errors import VerificationFailed
from engine.basics.strict_json import NotJson, read_json, refuse_second_reading
from engine.market.collect import _offers, _Retry
from engine.market.snapshot import SnapshotRefused, read_new_snapshot, read_snapshot
from engine.notices.attachments import read_manifest
from engine.notices.page_match import read_page_words
from engine.operations.replace_key import _read_asked
from tests.conftest import REPOSITORY
from tests.fuzz.readers import MANIFEST, SNAPSHOT
from tests.test_architecture import modules

TWICE = """{"a": {"x": [1, {"k": 1,
  "\\u006b": 2}]},
 "a": {"text with \\" {": 3}}"""

NOT_FROM_OTHERS = {
    "delivery/signed_links.py",  # signed by the same desk
    "web/waiting.py",  # from the desk's own database
    "servicer_report/workbook.py",  # from a process of its own
    "servicer_report/tape_child.py",
    "notices/drawing.py",
    "audit/replay.py",  # two bodies whose bytes are compared
    "audit/earlier_fields.py",
    "workspace/kept_states.py",  # a cache
    "record/log.py",  # bodies that the log wrote itself, in canonical form
    "record/tiles.py",
    "record/consistency.py",  # the same, and the verifier in a browser reads them alike
}


def test_every_key_that_stands_twice_is_named_with_both_places() -> None:
    for read in (read_json, refuse_second_reading):
        with pytest.raises(NotJson) as refused:
            read(TWICE)
        assert str(refused.value) == (
            "line 2, column 3: the key `a.x.1.k` stands a second time, after line 1; "
            "line 3, column 2: the key `a` stands a second time, after line 1; leave one of each"
        )


@pytest.mark.parametrize("rest", ["}", "]", ",", ":1", '"', '{"\\x":1}', "{" * 9, ""])
def test_what_follows_a_key_that_stands_twice_need_not_be_json(rest: str) -> None:
    """It was not read when the key was found, and ended the search for further ones in a traceback."""
    with pytest.raises(NotJson, match="the key `a` stands a second time"):
        read_json('{"a":1,"a":2}' + rest)


def test_a_key_far_inside_is_named_by_the_end_of_its_way() -> None:
    """The whole way to each of many keys would take minutes to write, and nobody would read it."""
    inside = "[" * 50_000 + ",".join(['{"a":1,"a":1}'] * 2_000)
    with pytest.raises(NotJson) as refused:
        read_json('[{"a":1,"a":1},' + inside)
    assert "`…." in str(refused.value)
    assert str(refused.value).endswith("; and 1991 more; leave one of each")
    assert len(str(refused.value)) < 2_000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": NaN}', "NaN is not a number"),
        ("[-Infinity]", "-Infinity is not"),
        ("[" * 100_000, "nested too deep"),
        ("[1, 2", "line 1"),
        (b'"\xff"', "utf-8"),
        (b"\xff\xfe{\x00}\x00", "utf-8"),
        ("[" + "1" * 5_000 + "]", "digits"),
    ],
)
def test_what_is_no_json_is_refused_with_one_kind_of_error(text: str | bytes, reason: str) -> None:
    with pytest.raises(NotJson, match=reason):
        read_json(text)


def test_one_of_each_key_is_read() -> None:
    assert read_json(b'{"a": {"a": 1}, "b": [{"a": 1}, {"a": "{\\"a\\": 1, \\"a\\": 2}"}]}')["a"] == {"a": 1}


def test_a_snapshot_with_a_key_twice_does_not_come_in_and_a_kept_one_is_still_read() -> None:
    twice = SNAPSHOT.replace(b'"num_gpus": 8', b'"num_gpus": 8, "num_gpus": 1', 1)
    with pytest.raises(
        SnapshotRefused, match=r"s\.json: line 1, column \d+: the key `offers_by_model.H100 SXM.0.num_gpus`"
    ):
        read_new_snapshot(twice, "s.json")
    assert read_snapshot(twice, "s.json").form == "offers"
    assert read_new_snapshot(b"\xef\xbb\xbf" + SNAPSHOT, "s.json").form == "offers"


def test_other_readers_name_the_key(tmp_path: Path) -> None:
    asked = tmp_path / "asked.json"
    asked.write_text('{"version": 1,\n "on": "2026-01-01", "on": "2026-01-02"}', encoding="utf-8")
    with pytest.raises(VerificationFailed, match="line 2, column 22: the key `on`"):
        _read_asked(asked)
    with pytest.raises(VerificationFailed, match="the key `version`"):
        _stated(b'{"version":1,"version":1}')
    with pytest.raises(_Retry, match="the key `offers`"):
        _offers(b'{"offers": [], "offers": [1]}', "H100")
    for read in (read_manifest, read_page_words):
        with pytest.raises(NotJson, match="the key `deal`"):
            read(MANIFEST.replace(b'"deal":', b'"deal":"b","deal":', 1))  # type: ignore[operator]


def test_no_other_module_reads_json_of_others_by_itself() -> None:
    found = {
        str(path.relative_to(REPOSITORY / "engine"))
        for path in modules()
        if path.is_relative_to(REPOSITORY / "engine")
        and re.search(r"\bjson\.loads\(", path.read_text(encoding="utf-8"))
    }
    assert found == NOT_FROM_OTHERS | {"basics/strict_json.py"}
