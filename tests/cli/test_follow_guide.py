"""The guide `Follow CRI-H100 today`, run as it stands: every command, in its order, on files of the forms
that it speaks of.
"""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import engine.assembly  # the clock stands there
from engine.cli import registered
from engine.cli.app import state
from tests.conftest import REPOSITORY
from tests.market.make import offer

GUIDE = REPOSITORY / "docs" / "guides" / "follow-cri-h100.md"
WEEKLY = "publication_date,index_name,cri_h100,total_observations,low_confidence,methodology_version,calculated_utc\n"
DAILY = "series_id,as_of_date,price_headline,n_observations,methodology_version\n"


def files(folder: Path) -> None:
    """What the guide's commands read."""
    (folder / "listings").mkdir()
    for n in range(3):
        at = datetime(2026, 7, 13 + n, 15, tzinfo=UTC)
        offers = [
            offer(id=k, dph_total=3.0 + k / 10, host_id=k % 4, start_date=at.timestamp() - 60)
            for k in range(12)
        ]
        document = {"collected_utc": at.isoformat(), "offers_by_model": {"H100 SXM": offers}}
        (folder / "listings" / f"{at:%Y%m%d}.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "weekly.csv").write_text(
        WEEKLY + "2026-07-16,CRI-H100,1.9120,31,True,1.1.1,2026-07-16T18:20:57+00:00\n", encoding="utf-8"
    )
    days = [datetime(2026, 7, 13, tzinfo=UTC) + timedelta(days=n) for n in range(4)]
    rows = [f"CRI-T3-H100-SXM-GTD-OD-US,{day:%Y-%m-%d},2.5{n},{9 + n},v2.3.1\n" for n, day in enumerate(days)]
    (folder / "daily.csv").write_text(DAILY + "".join(rows), encoding="utf-8")
    (folder / "exchange.csv").write_text(
        "date,contract,settlement\n2026-07-15,H100-US,2.41\n2026-07-16,H100-US,2.43\n", encoding="utf-8"
    )
    (folder / "early.csv").write_text(
        WEEKLY + "2026-07-22,CRI-H100,1.8850,47,False,1.1.1,2026-07-22T18:20:57+00:00\n", encoding="utf-8"
    )
    (folder / "announcement.pdf").write_bytes(b"%PDF-1.7 an announcement")


def test_the_guide_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    files(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(engine.assembly, "clock", lambda: datetime(2026, 8, 1, tzinfo=UTC))
    (settings,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    said = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for line in (one[2:] for one in block.splitlines() if one.startswith("$ ")):
            state.clear()
            result = CliRunner().invoke(
                registered(shlex.split(line)[1:]), shlex.split(line)[1:], catch_exceptions=False
            )
            assert result.exit_code == 0, (line, result.output)
            said.append(result.output)
            if " init " in line:
                with (tmp_path / "desk" / "headroom.toml").open("a", encoding="utf-8") as file:
                    file.write(settings)
    assert "USD 1.7750 per GPU-hour" in said[2]
    assert "4 published values recorded" in said[4]
    assert "CRI-T3-H100-SXM-GTD-OD-US" in said[4]
    assert "licence: written permission of 1 July 2026" in said[5]
    assert "1 published value recorded" in said[6]
    assert "cessation, effective 2026-12-31" in said[7]
