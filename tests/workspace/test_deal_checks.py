"""What `check` and `run` hold deal files against beside themselves: the folder, the indices, the other deals
of the workspace.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from engine.basics.errors import InputProblems
from engine.cli.show.backtest import backtest
from engine.cli.show.deals import check
from engine.determination.template import Template
from engine.operations.run import Tools, run
from engine.record.log import deal_log, read
from engine.workspace.workspace import Workspace, create, opened
from tests.conftest import DEALS
from tests.operations.test_run import NOW, paper

DEAL = "harbour-bilateral-2026"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    create(tmp_path)
    shutil.copy(DEALS / f"{DEAL}.yaml", tmp_path / "deals" / "a.yaml")
    found = opened(tmp_path)
    yield found
    found.store.close()


def test_two_files_that_claim_one_name_are_refused_with_both_places(
    workspace: Workspace, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = workspace.root / "deals" / "a.yaml", workspace.root / "deals" / "b.yaml"
    shutil.copy(first, second)
    assert check([first, second], all_templates, as_json=False, workspace=workspace) == 1
    said = capsys.readouterr().out
    line = first.read_text(encoding="utf-8").splitlines().index(f"deal: {DEAL}") + 1
    assert f"{first}:{line}:7: D539" in said
    assert f"{second}:{line}:7: D539" in said
    assert check([second], all_templates, as_json=False, workspace=workspace) == 1
    assert f"{first}:{line}:7 has it too" in capsys.readouterr().out


def test_a_run_evaluates_neither_of_them_and_goes_on(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    shutil.copy(workspace.root / "deals" / "a.yaml", workspace.root / "deals" / "b.yaml")
    shutil.copy(DEALS / "granite-revolver-2026.yaml", workspace.root / "deals")
    deals = run(workspace, date(2026, 1, 8), Tools(all_templates, paper, NOW, "tester", lambda _: None)).deals
    refused = [deal.reason or "" for deal in deals if deal.deal == DEAL]
    assert len(refused) == 2
    assert all("D539" in reason for reason in refused)
    assert "deals/b.yaml" in refused[0]
    assert "deals/a.yaml" in refused[1]
    assert "deal adopted" not in [event.kind for event in read(workspace.store, deal_log(DEAL))]
    assert all("D539" not in (deal.reason or "") for deal in deals if deal.deal != DEAL)


def test_one_file_given_twice_and_copies_outside_a_workspace_are_no_claim(
    workspace: Workspace, tmp_path: Path, all_templates: dict[str, Template]
) -> None:
    first, copy = workspace.root / "deals" / "a.yaml", tmp_path / "copy.yaml"
    shutil.copy(first, copy)
    assert check([first, first, copy], all_templates, as_json=False, workspace=workspace) == 0
    assert check([first, copy], all_templates, as_json=False) == 0


@pytest.mark.parametrize(
    ("model", "code", "status"),
    [
        ("H200", "D540 H200 is priced by CRI-H100", 1),
        ("Hopper 100", "W113 `Hopper 100` is priced by CRI-H100", 0),
    ],
)
def test_a_model_is_priced_by_its_own_index(
    tmp_path: Path,
    all_templates: dict[str, Template],
    capsys: pytest.CaptureFixture[str],
    model: str,
    code: str,
    status: int,
) -> None:
    text = (DEALS / f"{DEAL}.yaml").read_text(encoding="utf-8")
    path = tmp_path / "deal.yaml"
    path.write_text(text.replace("model: H100 SXM", f"model: {model}"), encoding="utf-8")
    assert check([path], all_templates, as_json=False) == status
    assert code in capsys.readouterr().out
    path.write_text(
        text.replace("model: H100 SXM", f"model: {model}, performance_factor: 1.25"), encoding="utf-8"
    )
    assert check([path], all_templates, as_json=False) == 0


def test_an_index_that_nobody_has_defined_is_named(
    workspace: Workspace, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    path = workspace.root / "deals" / "a.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("CRI-H100", "CRI-X9"), encoding="utf-8")
    assert check([path], all_templates, as_json=False) == 0
    assert "W119 `CRI-X9` is not an index that ships" in capsys.readouterr().out
    assert check([path], all_templates, as_json=False, workspace=workspace) == 1
    assert "D502 the index `CRI-X9` does not exist" in capsys.readouterr().out
    settings = workspace.root / "headroom.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8") + '\n[[index]]\nname = "CRI-X9"\ngpu_name = "H100 SXM"\n',
        encoding="utf-8",
    )
    assert check([path], all_templates, as_json=False, workspace=opened(workspace.root)) == 0


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["EU", "EU"], "two indices are called `EU`"),
        (["EU", "eu"], "two indices are called"),
        (["cri-H100"], "`cri-H100` is an index that ships"),
    ],
)
def test_an_index_is_defined_once_and_under_a_name_of_its_own(
    workspace: Workspace, names: list[str], said: str
) -> None:
    """The last of two would be computed, and nobody would hear of the other."""
    with (workspace.root / "headroom.toml").open("a", encoding="utf-8") as settings:
        settings.writelines(f'\n[[index]]\nname = "{name}"\ngpu_name = "H100 SXM"\n' for name in names)
    with pytest.raises(InputProblems) as refused:
        opened(workspace.root)
    assert said in refused.value.problems[0].what


def test_a_register_that_leads_out_of_the_folder_by_a_link_is_not_read(
    tmp_path: Path, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "deals"
    folder.mkdir()
    shutil.copy(DEALS / "meridian-2026-1.yaml", folder)
    shutil.copy(DEALS / "meridian-serials.csv", tmp_path / "elsewhere.csv")
    (folder / "meridian-serials.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert check([folder / "meridian-2026-1.yaml"], all_templates, as_json=False) == 1
    assert "D537 `meridian-serials.csv` does not lie in the deal's folder" in capsys.readouterr().out


def test_a_deal_that_check_refuses_is_not_lived_over_the_past(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    good = "    cure: {within: 10"
    bad = f"    tested_while: {{test: ltv, state: WATCH, from: the next date, cite: FA cl. 1}}\n{good}"
    path = workspace.root / "deals" / "a.yaml"
    text = path.read_text(encoding="utf-8")
    assert good in text
    path.write_text(text.replace(good, bad, 1), encoding="utf-8")
    with pytest.raises(InputProblems) as refused:
        backtest(workspace, str(path), (), date(2026, 3, 5), all_templates, as_json=True)
    assert {problem.code for problem in refused.value.problems} & {"D508", "D519"}


def test_nothing_divides_by_a_maximum_or_a_closing_level_of_zero(
    workspace: Workspace, all_templates: dict[str, Template]
) -> None:
    path = workspace.root / "deals" / "a.yaml"
    text = path.read_text(encoding="utf-8")
    for good, bad in (
        ("maximum: 60%", "maximum: 0%"),
        ("closing_date_level: USD 2", "closing_date_level: USD 0.00 per GPU-hour #"),
    ):
        path.write_text(text.replace(good, bad, 1), encoding="utf-8")
        with pytest.raises(InputProblems) as refused:
            backtest(workspace, str(path), (), date(2026, 3, 5), all_templates, as_json=True)
        assert [problem.code for problem in refused.value.problems] == ["D124"]


SILENT = {
    "nobody": 'operator = "  "',
    "a limit below one": "[collect]\nlimit = -1",
    "no time to wait": "[collect]\ntimeout_seconds = 0",
    "no number of seconds": "[collect]\ntimeout_seconds = nan",
    "seconds without an end": "[collect]\ntimeout_seconds = inf",
    "a country in small letters": '[[index]]\nname = "X"\ngpu_name = "H100 SXM"\ncountry = ["us"]',
    "a country by its name": '[[index]]\nname = "X"\ngpu_name = "H100 SXM"\ncountry = "Germany"',
    "a path as a name": '[[index]]\nname = "a/../b"\ngpu_name = "H100 SXM"',
    "a model without a name": '[[index]]\nname = "X"\ngpu_name = ""',
}


@pytest.mark.parametrize("said", SILENT.values(), ids=SILENT)
def test_a_setting_that_would_do_nothing_is_refused(tmp_path: Path, said: str) -> None:
    (tmp_path / "headroom.toml").write_text(f"{said}\n", encoding="utf-8")
    with pytest.raises(InputProblems):
        opened(tmp_path)
    part = '[[index]]\nname = "X"\ngpu_name = "H100 SXM"\ncountry = ["Texas, US", "AT"]\n'
    (tmp_path / "headroom.toml").write_text(part, encoding="utf-8")
    assert opened(tmp_path).settings.index[0].countries == ("Texas, US", "AT")
