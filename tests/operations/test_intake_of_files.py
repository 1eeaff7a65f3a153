"""Files and folders on their way in: workbooks as YAML, a sender's own layout, what is refused on the
journal, each deal read once.
"""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import engine.workspace.deals_by_name as deals_by_name
from engine.audit.report_reread import Known, read_again
from engine.basics.errors import Unavailable
from engine.determination.template import Template
from engine.events.kinds import ReportReceived
from engine.events.running_state import Past
from engine.operations.intake import JOURNAL, Intake, RefusedFile, Taken, passed_over
from engine.record.log import ClockBehind, Scribe, deal_log, read
from engine.terms.sender_layout import SenderLayout
from engine.workspace.deals_by_name import find_deal
from engine.workspace.workspace import Workspace
from tests.operations.test_run import DEAL, NOW
from tests.operations.test_run import workspace as workspace  # the fixture
from tests.servicer_report.workbooks import book, damaged_manifest

CAME = date(2026, 1, 7)
LOST = NOW.replace(year=2061)


@pytest.fixture
def desk(workspace: Workspace, all_templates: dict[str, Template]) -> Intake:
    return Intake(workspace, all_templates, Scribe("desk", "t", NOW))


def test_a_workbook_says_the_same_as_text_and_is_kept_byte_for_byte(desk: Intake) -> None:
    data = book()
    text = f"deal: {DEAL}\nperiod: {{from: 2026-01-01, to: 2026-01-07}}\nas_of: 2026-01-07\n"
    text += "outstanding_principal: {class_a: USD 15900000}\navailable: {h100: {gpus: 1024}}\n"
    text += "rental: {h100: {rented_gpu_hours: 151990, weighted_average_rate: USD 1.92 per GPU-hour}}\n"
    as_text = desk.read(text.encode(), "r.yaml", CAME).report
    taken = desk.take(data, "in/Report.XLSX", CAME)
    assert taken.report.figures == as_text.figures
    kept = desk.workspace.root / "reports" / DEAL / f"2026-01-07-{sha256(data).hexdigest()[:16]}.XLSX"
    assert kept.read_bytes() == data
    assert taken.report.document == "Report.XLSX"


def test_a_report_is_hashed_as_it_came_whatever_its_line_ends(desk: Intake) -> None:
    text = f"deal: {DEAL}\r\nperiod: {{from: 2026-01-01, to: 2026-01-07}}\r\nas_of: 2026-01-07\r\n".encode()
    taken = desk.take(text, "r.yaml", CAME)
    assert taken.report.sha256 == sha256(text).hexdigest()
    assert (
        desk.workspace.root / "reports" / DEAL / f"2026-01-07-{taken.report.sha256[:16]}.yaml"
    ).read_bytes() == text


@pytest.mark.parametrize(
    ("at", "refused"), [(NOW - timedelta(hours=2), ClockBehind), (LOST, Unavailable)], ids=["back", "lost"]
)
def test_a_report_that_the_log_does_not_take_leaves_no_file(
    desk: Intake, at: datetime, refused: type[Exception]
) -> None:
    """A file that no event received would make a later verification differ."""
    data = book()
    desk.take(data, "first.xlsx", CAME)
    kept = sorted((desk.workspace.root / "reports").rglob("*"))

    def corrects(_made: Any, sheet: Any) -> None:
        sheet["B5"] = "2026-01-08"
        sheet.append(["corrects", "2026-01-07"])

    behind = replace(desk, scribe=replace(desk.scribe, at=at))
    with pytest.raises(refused):
        behind.take(book(corrects), "second.xlsx", CAME + timedelta(days=1))
    assert sorted((desk.workspace.root / "reports").rglob("*")) == kept
    assert not behind.take(data, "first.xlsx", CAME).recorded  # it is on record, and nothing is added


def test_a_first_report_by_a_clock_that_lost_its_day_leaves_no_file(desk: Intake) -> None:
    """The desk shows whatever its clock says, so a form may bring a moment that no log takes."""
    lost = replace(desk, scribe=replace(desk.scribe, at=LOST))
    with pytest.raises(Unavailable, match="set the clock right"):
        lost.take(book(), "first.xlsx", CAME)
    assert not any((desk.workspace.root / "reports").iterdir())


def test_a_folder_is_taken_and_what_is_refused_leaves_a_line_in_the_journal(
    desk: Intake, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "1.xlsx").write_bytes(book())
    (folder / "2.xlsx").write_bytes(book(value=85, number_format='0"%"'))
    (folder / "3.yaml").write_text(
        "deal: elsewhere\nperiod: {from: 2026-01-01, to: 2026-01-07}\nas_of: 2026-01-07\n", encoding="utf-8"
    )
    (folder / "notes.pdf").write_bytes(b"%PDF")
    found = list(desk.take_all([folder], CAME))
    assert [type(one) for one in found] == [Taken, RefusedFile, RefusedFile]
    lines = [
        json.loads(line) for line in (desk.workspace.root / JOURNAL).read_text(encoding="utf-8").splitlines()
    ]
    assert [(line["by"], line["file"], line["problems"][0]["code"]) for line in lines] == [
        ("desk", "2.xlsx", "R148"),
        ("desk", "3.yaml", "R106"),
    ]
    assert lines[0]["sha256"] == sha256((folder / "2.xlsx").read_bytes()).hexdigest()
    assert lines[0]["problems"][0]["cell"] == "Report!B6"
    assert len(read(desk.workspace.store, deal_log(DEAL))) == 1


def test_what_a_folder_holds_in_the_place_of_a_report_is_named_and_what_programs_leave_is_not(
    desk: Intake, tmp_path: Path
) -> None:
    """A report that a sync program has not downloaded would be missing, and nobody would know."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in (".r.xlsx.icloud", "r.xlsb", "~$r.xlsx", ".DS_Store", "._r.yaml", ".notes.pdf.icloud"):
        (folder / name).write_bytes(b"bplist00")
    for name in ("a.csv.nextcloud", "b.XLSX.crdownload", "c.yaml.part", "g.gsheet", "f.fods"):
        (folder / name).write_bytes(b"bplist00")
    (folder / "d.yaml").symlink_to(tmp_path / "nowhere.yaml")
    (folder / "e.numbers").mkdir()
    os.mkfifo(folder / "h.yaml")
    (folder / "i.csv").write_bytes(bytes(300))
    (folder / "r.xlsb.part").touch()
    (folder / "j.xlsx").touch()
    (folder / "March").mkdir()
    (folder / "reports.zip").write_bytes(b"PK")
    found = list(desk.take_all([folder], CAME))
    assert {type(one) for one in found} == {RefusedFile}
    assert [path.name for path in passed_over([folder])] == [
        *(".notes.pdf.icloud", "March", "r.xlsb.part", "reports.zip")
    ]
    lines = (desk.workspace.root / JOURNAL).read_text(encoding="utf-8").splitlines()
    codes = {line["file"]: line["problems"][0]["code"] for line in map(json.loads, lines)}
    assert codes == {
        **dict.fromkeys((".r.xlsx.icloud", "a.csv.nextcloud", "b.XLSX.crdownload", "c.yaml.part"), "R164"),
        **dict.fromkeys(("d.yaml", "e.numbers", "h.yaml", "i.csv", "j.xlsx"), "R164"),
        **dict.fromkeys(("r.xlsb", "g.gsheet", "f.fods"), "R140"),
    }


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_folder_is_taken_although_the_first_of_its_files_cannot_be_unpacked(
    desk: Intake, tmp_path: Path, compression: int
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "1.ods").write_bytes(damaged_manifest(compression))
    (folder / "2.xlsx").write_bytes(book())
    found = list(desk.take_all([folder], CAME))
    assert [type(one) for one in found] == [RefusedFile, Taken]
    (line,) = (desk.workspace.root / JOURNAL).read_text(encoding="utf-8").splitlines()
    assert (json.loads(line)["file"], json.loads(line)["problems"][0]["code"]) == ("1.ods", "R140")


def test_each_deal_is_read_once_however_many_reports_come(
    desk: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads, names = [], []
    load, name = deals_by_name.deal_in, deals_by_name.claimed_by
    monkeypatch.setattr(deals_by_name, "deal_in", lambda *given: (loads.append(given[1]), load(*given))[1])
    monkeypatch.setattr(deals_by_name, "claimed_by", lambda *given: (names.append(given[1]), name(*given))[1])
    ends = [CAME + timedelta(weeks=number) for number in range(5)]
    for end in ends:
        period = f"period: {{from: {end - timedelta(days=6)}, to: {end}}}"
        (tmp_path / f"{end}.yaml").write_text(f"deal: {DEAL}\n{period}\nas_of: {end}\n", encoding="utf-8")
    found = list(desk.take_all([tmp_path / f"{end}.yaml" for end in ends], ends[-1]))
    assert [type(one) for one in found] == [Taken] * 5, found
    files = len(desk.workspace.deal_files())
    assert (len(loads), len(names)) == (
        1,
        files,
    )  # each file is asked for its name once, and one is read as a deal


def test_a_report_by_a_senders_layout_is_read_again_by_the_layout_of_its_day(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in [["from", "2026-01-01"], ["to", "2026-01-07"], ["USD thousands", 15_900]]:
        sheet.append(row)
    into = BytesIO()
    made.save(into)
    cells = {"period.from": "B1", "period.to": "B2", "outstanding_principal.class_a": "B3"}
    layout = SenderLayout(
        files=("acme*.xlsx",), deal=DEAL, cells=cells, factors={"outstanding_principal.class_a": 1000}
    )
    settings = workspace.settings.model_copy(update={"intake": {"acme": layout}})
    mapped = Workspace(workspace.root, settings)
    taken = Intake(mapped, all_templates, Scribe("t", "t", NOW)).take(into.getvalue(), "acme-01.xlsx", CAME)
    assert taken.report.figures["outstanding_principal.class_a"].value == 15_900_000
    event = next(
        one for one in read(workspace.store, deal_log(DEAL)) if isinstance(one.payload, ReportReceived)
    )
    known = Known(Past(), find_deal(workspace, DEAL, all_templates), {}, all_templates)
    again, lacks = read_again(
        workspace, event, event.payload, known
    )  # the settings of today no longer have the layout
    assert (again is not None, lacks) == (True, "")
    assert again is not None
    assert again.figures == taken.report.figures
