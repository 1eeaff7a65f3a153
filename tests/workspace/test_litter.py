"""What systems, office programs and sync programs leave in a workspace is neither recorded nor called something
else.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.basics.files import is_litter
from engine.cli.show import serve
from engine.workspace.workspace import copied_log, opened
from tests.cli import calling
from tests.operations.test_clock_ahead import lately as lately  # the fixtures: a clock set to the last run
from tests.operations.test_clock_ahead import made as made
from tests.operations.test_clock_ahead import set_to as set_to
from tests.operations.test_missing_record import files, headroom
from tests.operations.test_missing_record import module_tools as module_tools  # the fixture
from tests.operations.test_missing_record import original as original  # the fixture
from tests.operations.test_missing_record import root as root  # the fixture
from tests.operations.test_run import DEAL

LITTER = (
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    "~$report.xlsx",
    "._deal.yaml",
    ".~lock.deal.yaml#",
    ".deal.yaml.swp",
)


@pytest.mark.parametrize("name", LITTER)
def test_litter_is_known_by_its_name(name: str) -> None:
    assert is_litter(name)
    assert is_litter(name.upper())


@pytest.mark.parametrize(
    "name", ["deal.yaml", "meridian-2026-1-0001-2026-01-08-compliance.pdf", "report (1).pdf"]
)
def test_a_file_of_a_person_is_no_litter(name: str) -> None:
    assert not is_litter(name)


def test_no_log_is_begun_for_what_a_system_leaves_beside_the_deal_files(root: Path) -> None:
    for name in ("._meridian-2026-1.yaml", "~$meridian-2026-1.yaml", ".DS_Store"):
        (root / "deals" / name).write_bytes(b"\x00\x05\x16\x07Mac OS X")
    workspace = opened(root)
    before = workspace.store.logs()
    workspace.store.close()
    assert headroom(root, "run", "--on", "2026-01-08").returncode == 0
    workspace = opened(root)
    assert workspace.store.logs() == before
    workspace.store.close()


@pytest.mark.parametrize("name", ["other.yml", "OTHER.YAML", "Other.Yml"])
def test_a_deal_file_is_seen_whatever_the_letters_of_its_ending(root: Path, name: str) -> None:
    shutil.copy(root / "deals" / f"{DEAL}.yaml", root / "deals" / name)
    done = headroom(root, "run", "--on", "2026-01-08")
    assert done.returncode == 1
    assert f"the name `{DEAL}` is claimed twice" in done.stdout


@pytest.mark.parametrize("room", ["notices", f"notices/{DEAL}", "reports", f"reports/{DEAL}", "checkpoints"])
def test_verify_says_what_litter_is(root: Path, room: str) -> None:
    (root / room).mkdir(parents=True, exist_ok=True)
    (root / room / ".DS_Store").write_bytes(b"\x00\x00\x00\x01Bud1")
    done = headroom(root, "verify")
    assert done.returncode == 3
    assert f"{room}/.DS_Store is what a system or an office program left there" in done.stdout
    assert "is not there" not in done.stdout


def test_a_folder_of_notices_with_nothing_but_litter_shows_no_missing_log(root: Path) -> None:
    (root / "notices" / "old-deal").mkdir()
    (root / "notices" / "old-deal" / ".DS_Store").touch()
    assert headroom(root, "history", DEAL).returncode == 0


@pytest.mark.parametrize(
    "behind", [" (conflicted copy)", " (1)", "(1)", " - Copy", ".sync-conflict-20260101-1-A"]
)
def test_a_second_copy_of_a_checkpoint_is_named_and_the_record_is_not_called_older(
    root: Path, behind: str
) -> None:
    name = f"deal_{DEAL}"
    shutil.copy(
        root / "checkpoints" / f"{name}.checkpoint", root / "checkpoints" / f"{name}{behind}.checkpoint"
    )
    before = files(root)
    done: calling.Done = headroom(root, "run", "--on", "2026-01-15")
    assert done.returncode == 3
    assert f"checkpoints/{name}{behind}.checkpoint lies here as a second copy of {name}" in done.stderr
    assert "older copy" not in done.stderr
    assert files(root) == before


def test_a_file_whose_name_does_not_begin_with_a_log_is_no_copy_of_one(root: Path) -> None:
    name = f"deal_{DEAL}"
    shutil.copy(root / "checkpoints" / f"{name}.checkpoint", root / "checkpoints" / "(old) deal.checkpoint")
    done = headroom(root, "run", "--on", "2026-01-15")
    assert done.returncode == 3
    assert "checkpoints/(old) deal.checkpoint lie here, and the record has no such log" in done.stderr
    assert "second copy" not in done.stderr


def test_a_copy_is_of_the_log_with_the_longest_name_that_fits() -> None:
    logs = {"deal_a", "deal_a - b", "deal_a - b (1)", "index_a"}
    assert copied_log("deal_a - b (1) - Copy", logs) == "deal_a - b (1)"
    assert copied_log("deal_a - b (2)", logs) == "deal_a - b"
    assert copied_log("deal_a (1)", logs) == "deal_a"
    assert copied_log("(1)", logs) is None
    assert copied_log("deal_abc", logs) is None


GONE = f"{DEAL}: deals/ has no file of this deal any more, so the run determined nothing of this deal"


@pytest.mark.parametrize("to", [None, f"{DEAL}.yaml.txt", f"{DEAL}.yaml.bak"])
def test_a_run_is_incomplete_and_names_the_deal_on_record_whose_file_is_gone(
    root: Path, to: str | None
) -> None:
    """As a sync program takes it away, or a program on Windows saves it under another ending."""
    file, run = root / "deals" / f"{DEAL}.yaml", ("run", "--on", "2026-01-08")
    whole = headroom(root, *run)
    assert (whole.returncode, "has no file" in whole.stdout) == (0, False)
    file.rename(root / "deals" / to) if to else file.unlink()
    for words in (run, (*run, "--preview")):
        done = headroom(root, *words)
        assert (done.returncode, GONE in done.stdout) == (1, True), done.stdout
        as_json = headroom(root, *words, "--json")
        assert (as_json.returncode, json.loads(as_json.stdout)["without_file"]) == (1, [DEAL])


def test_the_file_of_a_deal_that_was_discharged_may_go_once_a_run_has_closed_the_deal(root: Path) -> None:
    run = ("run", "--on", "2026-01-12")
    act = ("act", DEAL, "discharged", "--effective-on", "2026-01-12", "--document", "report.yaml")
    entered = headroom(root, *act)
    assert entered.returncode == 0, entered.stderr
    file = root / "deals" / f"{DEAL}.yaml"
    kept = file.read_bytes()
    file.unlink()
    assert headroom(root, *run).returncode == 1
    file.write_bytes(kept)
    assert headroom(root, *run).returncode == 0
    file.unlink()
    done = headroom(root, *run)
    assert (done.returncode, "has no file" in done.stdout) == (0, False)
    assert json.loads(headroom(root, *run, "--json").stdout)["without_file"] == []


def test_a_deal_of_which_no_file_was_ever_adopted_is_not_on_record(root: Path) -> None:
    draft = root / "deals" / "draft.yaml"
    draft.write_text("deal: [", encoding="utf-8")
    assert headroom(root, "run", "--on", "2026-01-08").returncode == 1
    draft.unlink()
    done = headroom(root, "run", "--on", "2026-01-08")
    assert (done.returncode, "has no file" in done.stdout) == (0, False)


@pytest.mark.parametrize("as_json", [False, True])
def test_serve_says_once_that_a_deals_file_is_gone_and_once_that_it_is_back(
    lately: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    file, kept = lately / "deals" / f"{DEAL}.yaml", lately / "kept.yaml"

    def rounds(tick: Callable[[], None], *_: object, **__: object) -> int:
        moves: list[Callable[[], object]] = [
            lambda: None,
            lambda: file.rename(kept),
            lambda: None,
            lambda: kept.rename(file),
            lambda: None,
        ]
        for move in moves:
            move()
            tick()
        return len(moves)

    monkeypatch.setattr(serve, "serve", rounds)
    done = headroom(lately, "serve", *(["--json"] if as_json else []))
    assert done.returncode == 0, done.stderr
    if as_json:
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line["without_file"] for line in lines if "without_file" in line] == [[DEAL], []]
        return
    gone = GONE
    said = [line for line in done.stdout.splitlines() if gone in line]
    assert [line.startswith("No longer true: ") for line in said] == [False, True]


ELSEWHERE = (
    "deals/other.yaml is not whole on this machine: a sync program or an unfinished download keeps its"
)


def test_a_run_is_incomplete_and_names_the_deal_file_that_was_not_downloaded(root: Path) -> None:
    """As iCloud leaves it; the deal may be on record or not."""
    run, place = ("run", "--on", "2026-01-08"), root / "deals" / ".other.yaml.icloud"
    for name in (place.name, ".notes.pdf.icloud"):
        (root / "deals" / name).write_bytes(b"bplist00")
    for words in (run, (*run, "--preview")):
        done = headroom(root, *words)
        assert (done.returncode, ELSEWHERE in done.stdout, "notes" in done.stdout) == (1, True, False)
        as_json = headroom(root, *words, "--json")
        assert (as_json.returncode, json.loads(as_json.stdout)["not_downloaded"]) == (1, ["other.yaml"])
    place.unlink()
    done = headroom(root, *run)
    assert (done.returncode, "on this machine" in done.stdout) == (0, False)


def test_what_a_download_left_beside_a_whole_file_keeps_nothing_out(root: Path) -> None:
    for whole in (root / "headroom.sqlite", root / "deals" / f"{DEAL}.yaml"):
        whole.with_name(f"{whole.name}.part").write_bytes(b"half of it")
        whole.with_name(f".{whole.name}.icloud").write_bytes(b"bplist00")
    for command in (("run", "--on", "2026-01-08"), ("verify",)):
        done = headroom(root, *command)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert "on this machine" not in done.stdout


def test_a_leftover_among_the_checkpoints_is_named_as_one_and_keeps_nothing_out(root: Path) -> None:
    """A leftover of a download shows no checkpoint even where the checkpoint itself is missing."""
    name = f"deal_{DEAL}.checkpoint.part"
    for left in (name, "deal_other.checkpoint.crdownload"):
        (root / "checkpoints" / left).write_bytes(b"half of it")
    assert headroom(root, "run", "--on", "2026-01-08").returncode == 0
    done = headroom(root, "verify")
    assert f"checkpoints/{name} is what a sync program or a download left there" in done.stdout
    assert (done.returncode, "signed over a log" in done.stdout) == (3, False)


def test_a_deal_file_without_content_beside_its_placeholder_was_not_downloaded(root: Path) -> None:
    for name in ("other.yaml", "other.yaml.part"):
        (root / "deals" / name).touch()
    workspace = opened(root)
    assert workspace.deal_files_not_downloaded() == ("other.yaml",)


def test_serve_says_once_that_a_deal_file_was_not_downloaded(
    lately: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = lately / "deals" / ".other.yaml.icloud"

    def rounds(tick: Callable[[], None], *_: object, **__: object) -> int:
        moves: list[Callable[[], object]] = [place.touch, lambda: None, place.unlink, lambda: None]
        for move in moves:
            move()
            tick()
        return len(moves)

    monkeypatch.setattr(serve, "serve", rounds)
    done = headroom(lately, "serve")
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if ELSEWHERE in line]
    assert [line.startswith("No longer true: ") for line in said] == [False, True]


def test_every_part_of_the_record_that_is_not_downloaded_is_named_at_once(root: Path) -> None:
    parts = [root / f"checkpoints/deal_{DEAL}.checkpoint", root / "headroom.sqlite"]
    for path in parts:
        path.rename(path.with_name(f".{path.name}.icloud"))
    done = headroom(root, "run", "--on", "2026-01-08")
    assert (done.returncode, "and enter this again" in done.stderr) == (1, True)
    assert all(str(path) in done.stderr for path in parts)
    assert "are not on this machine" in done.stderr


@pytest.mark.parametrize("file", ["headroom.sqlite", f"checkpoints/deal_{DEAL}.checkpoint"])
@pytest.mark.parametrize("command", [("run", "--on", "2026-01-08"), ("verify",)], ids=" ".join)
def test_nothing_is_recorded_or_judged_while_the_record_or_a_checkpoint_is_not_downloaded(
    root: Path, file: str, command: tuple[str, ...]
) -> None:
    """An older record would go on, and a record that is whole would be called missing."""
    path = root / file
    path.rename(path.with_name(f".{path.name}.icloud"))
    before = files(root)
    done = headroom(root, *command)
    assert (done.returncode, f"{file} is not on this machine" in done.stderr) == (1, True), done.stderr
    assert files(root) == before
