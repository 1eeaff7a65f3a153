"""The soak in parts: a row for each part, written as it ends, which says on which commit it ran."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import soak
from tests.conftest import REPOSITORY

FAMILIES = {
    "a": (soak.Part("first part", "3", "tests/a"), soak.Part("second part", "4", "tests/b")),
    "c": (soak.Part("third part", "all", "tests/c"),),
}


class Runs:
    """What is run in place of pytest: its parts, and how each of them ends."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.ends: dict[str, str | None] = {}

    def __call__(self, part: soak.Part) -> subprocess.CompletedProcess[str]:
        self.parts.append(part.name)
        if part.name in self.ends and self.ends[part.name] is None:
            raise KeyboardInterrupt
        said = self.ends.get(part.name, "")
        return subprocess.CompletedProcess([], 1 if said else 0, stdout=said or "3 passed\n", stderr="")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    found = Runs()
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(soak, "REPOSITORY", tmp_path)
    monkeypatch.setattr(soak, "PAGE", tmp_path / "docs" / "soak.md")
    monkeypatch.setattr(soak, "families", lambda: FAMILIES)
    monkeypatch.setattr(soak, "_run", found)
    monkeypatch.setattr(soak, "_commit", lambda: "abc1234")
    monkeypatch.setattr(soak, "_same_code", lambda commit: commit == "abc1234")
    monkeypatch.delenv("HEADROOM_FAMILIES", raising=False)
    return found


def rows() -> dict[str, tuple[str, str, str]]:
    return {
        row.part: (row.count, row.commit, row.failures)
        for row in soak.rows_of(soak.PAGE.read_text(encoding="utf-8"))
    }


def test_each_part_has_its_row(runs: Runs) -> None:
    assert soak.main([]) == 0
    assert list(rows().items()) == [
        ("first part", ("3", "abc1234", "none")),
        ("second part", ("4", "abc1234", "none")),
        ("third part", ("all", "abc1234", "none")),
    ]


def test_the_families_that_are_named_are_run_and_the_rows_of_the_others_stay(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.ends["second part"] = "FAILED tests/b.py::test_x[7|8] - assert\nERROR tests/b.py::test_y\n"
    assert soak.main(["a"]) == 1
    monkeypatch.setattr(soak, "_commit", lambda: "def5678")
    monkeypatch.setenv("HEADROOM_FAMILIES", "c")
    assert soak.main([]) == 0
    assert rows() == {
        "first part": ("3", "abc1234", "none"),
        "second part": ("4", "abc1234", "tests/b.py::test_x[7/8]; tests/b.py::test_y"),
        "third part": ("all", "def5678", "none"),
    }
    assert soak.main(["d"]) == 2


def test_an_interruption_loses_the_part_in_hand_alone_and_the_rest_is_run_later(runs: Runs) -> None:
    runs.ends["second part"] = None
    assert soak.main([]) == 130
    assert list(rows()) == ["first part"]
    runs.ends, runs.parts = {"third part": "no summary"}, []
    assert soak.main(["--rest"]) == 1
    assert runs.parts == ["second part", "third part"]
    assert rows()["third part"] == ("all", "abc1234", "exit code 1")
    runs.ends, runs.parts = {}, []
    assert soak.main(["--rest"]) == 0
    assert runs.parts == ["third part"]


def test_each_seed_is_in_a_part_and_each_reader_too() -> None:
    seeds = [part.settings["HEADROOM_SEED_RANGE"].split("-") for part in soak.families(1203)["seeds"]]
    assert [seed for first, last in seeds for seed in range(int(first), int(last) + 1)] == list(range(1203))
    from tests.fuzz.readers import readers

    tried = [part.settings["HEADROOM_READERS"].split(",") for part in soak.families()["fuzz"]]
    assert [name for some in tried for name in some] == list(readers())


def test_each_selection_is_there_and_each_part_has_a_name_of_its_own() -> None:
    parts = [part for some in soak.families().values() for part in some]
    assert len({part.name for part in parts}) == len(parts)
    assert [part for part in parts if not (REPOSITORY / part.selection.split()[0]).exists()] == []
