"""The commands that say how far the number can be trusted, on the demonstration's weeks."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from engine.basics.errors import WrongUsage
from engine.cli.show.publication import export_series, publish_page
from engine.cli.show.series import import_series
from engine.cli.show.trust import manipulate, manipulate_deal, reproduce
from engine.cli.show.validation import validate
from engine.demo import plan
from engine.determination.template import Template
from engine.market.listing import Observation
from engine.market.methodology import Methodology, load_methodology
from engine.market.quality import manipulation as attack
from engine.market.quality.capital_costs import read_costs
from engine.operations.run import Tools
from engine.operations.snapshots import import_snapshots
from engine.queries import manipulation_report
from engine.queries.index_weeks import days_of
from engine.record.log import Scribe
from engine.workspace.series import computed as value_of_week
from engine.workspace.workspace import Workspace, create, opened
from tests.operations.test_corrections import NOW, computed
from tests.operations.test_corrections import tools as tools  # the fixture
from tests.operations.test_run import DEAL

WEEKS = 10
LAST = plan.THURSDAYS[WEEKS - 1]
VERSION = "1.1-wp"


@pytest.fixture
def desk(tmp_path: Path, tools: Tools, all_templates: dict[str, Template]) -> Iterator[Workspace]:
    workspace = computed(tmp_path, WEEKS, tools, all_templates)
    yield workspace
    workspace.store.close()


def attacked(days: Sequence[attack.Day], true: Fraction, at: Fraction, count: int) -> tuple[attack.Day, ...]:
    """The collected days with `count` listings at a share of the true value on each."""
    fakes = (Observation(round(true * at * 10**6)),) * count
    return tuple((day, (*found, *fakes)) for day, found in days)


def test_a_draft_by_its_file_is_turned_by_what_turns_the_deal(
    desk: Workspace, all_templates: dict[str, Template], capsys: pytest.CaptureFixture[str]
) -> None:
    """The deal's own file as a draft: tests that need no report have the rows of the deal of the record."""
    thursday, alone = plan.THURSDAYS[5], ("cash-sweep", "appraisal")
    draft = desk.root / "draft.yaml"
    draft.write_text((desk.root / "deals" / f"{DEAL}.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    capsys.readouterr()
    rows = []
    for name in (DEAL, str(draft)):
        assert manipulate_deal(desk, name, thursday, as_json=True, templates=all_templates) == 0
        rows.append([row for row in json.loads(capsys.readouterr().out)["tests"] if row["test"] in alone])
    assert rows[0] == rows[1]
    assert rows[0]
    assert all(row["repricing"] is not None for row in rows[0] if row["least"] is not None)
    facts = ["outstanding_principal=USD 16,000,000"]
    assert (
        manipulate_deal(desk, str(draft), thursday, as_json=True, facts=facts, templates=all_templates) == 0
    )
    assert "ltv" in {row["test"] for row in json.loads(capsys.readouterr().out)["tests"] if row["break_even"]}
    with pytest.raises(WrongUsage, match="--fact is for a draft"):
        manipulate_deal(desk, DEAL, thursday, as_json=True, facts=facts, templates=all_templates)


def test_the_listings_that_turn_a_result_do_and_one_fewer_do_not(
    desk: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    methodology = load_methodology(VERSION)
    seen = 0
    for thursday in plan.THURSDAYS[3:WEEKS]:
        capsys.readouterr()
        assert manipulate_deal(desk, DEAL, thursday, as_json=True) == 0
        days = days_of(desk, "CRI-H100", VERSION, thursday)
        true = attack.week_value(days, methodology)
        for row in json.loads(capsys.readouterr().out)["tests"]:
            if row["least"] is None or row["test"] == "rate-floor" or true is None:
                continue
            at = Fraction(row["at"].removesuffix("%")) / 100
            now, less = (
                attack.week_value(attacked(days, true, at, k), methodology)
                for k in (row["least"], row["least"] - 1)
            )
            level = Fraction(row["break_even"])
            assert now is not None
            assert less is not None
            published = [Fraction(round(one * 10_000), 10_000) for one in (now, less)]
            turned = (
                [one < level for one in published]
                if row["result"] == "PASS"
                else [one >= level for one in published]
            )
            if at > 1 and row["result"] == "PASS":
                turned = [one > level for one in published]
            if at < 1 and row["result"] == "FAIL":
                turned = [one <= level for one in published]
            assert turned == [True, False]
            seen += 1
    assert seen >= 5


def test_the_index_s_own_table(
    desk: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, known = manipulation_report.seller_moves, []

    def once(days: Sequence[attack.Day], methodology: Methodology) -> dict[str, Any]:
        """What sellers can do to the week hangs on no cost: found once for the commands here."""
        known[:] = known or [whole(days, methodology), (days, methodology)]
        assert known[1] == (days, methodology)
        return known[0]

    monkeypatch.setattr(manipulation_report, "seller_moves", once)
    capsys.readouterr()
    costs = tmp_path / "costs.toml"
    costs.write_text(
        'gpu_price_usd = 25000\ngpus_per_listing = 8\nweekly_cost_usd = 500\nweeks = 6\nsource = "Broker '
        'A"\nas_of = "2026-03-01"\n'
    )
    assert manipulate(desk, "CRI-H100", VERSION, LAST, costs, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["capital"] == {"per_listing": "203000", "source": "costs.toml: Broker A, 2026-03-01"}
    assert [row["listings"] for row in found["table_5"]] == ["8", "12", "15", "20", "30+"]
    assert set(found["estimators"]) == set(attack.ESTIMATORS)
    for row in (*found["table_5"], {"least": found["week"], "outlay_usd": found["week_outlay_usd"]}):
        assert row["outlay_usd"] == {
            name: None if k is None else str(k * 203000) for name, k in row["least"].items()
        }
    for rows in ("days", "estimators"):
        assert found[f"{rows}_outlay_usd"].keys() == found[rows].keys()
        for name, least in found[rows].items():
            assert found[f"{rows}_outlay_usd"][name] == {
                what: None if k is None else str(k * 203000) for what, k in least.items()
            }
    assert manipulate(desk, "CRI-H100", VERSION, LAST, costs, as_json=False) == 0
    said = capsys.readouterr().out
    priced = [line.split("  ")[0] for line in said.split("capital outlay")[1].splitlines()]
    for name in ("the week", *found["days"], *(f"largest day by {one}" for one in found["estimators"])):
        assert name in priced
    assert "Estimated minimum capital outlay in USD" in said
    assert "up to half of the largest day's" in said
    assert "listings of 8 GPUs, without outlier removal" in said
    assert manipulate(desk, "CRI-H100", VERSION, LAST, None, as_json=True) == 0
    unpriced = json.loads(capsys.readouterr().out)
    assert set(unpriced["week_outlay_usd"].values()) == {None}
    assert {
        usd
        for rows in ("days", "estimators")
        for one in unpriced[f"{rows}_outlay_usd"].values()
        for usd in one.values()
    } == {None}
    costs.write_text(costs.read_text().replace("gpus_per_listing = 8", "gpus_per_listing = 1"))
    assert manipulate(desk, "CRI-H100", VERSION, LAST, costs, as_json=True) == 0
    small = json.loads(capsys.readouterr().out)  # what is injected is what is paid for
    assert small["estimators_injected"] == "listings of 1 GPU, without outlier removal"
    assert (
        small["estimators"]["volume-weighted mean"]
        == small["volume-weighted mean, 1 GPU"]
        == found["volume-weighted mean, 1 GPU"]
    )
    costs.write_text("gpu_price_usd = 1\n")
    with pytest.raises(WrongUsage, match="it needs"):
        manipulate(desk, "CRI-H100", VERSION, LAST, costs, as_json=True)


def test_validation_names_every_test(desk: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert validate(desk, "CRI-H100", VERSION, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    names = {one["test"].split(",")[0] for one in found["findings"]}
    assert {
        "coverage ratio",
        "Shapiro-Wilk",
        "Jarque-Bera",
        "ADF",
        "KPSS",
        "ARCH-LM",
        "first digits",
        "day-over-day jumps",
    } <= names
    assert all(one["caveat"] for one in found["findings"])
    assert found["coverage"]
    assert all(day["ratio"] == day["qualifying"] / day["offers"] for day in found["coverage"])
    assert validate(desk, "CRI-H100", VERSION, as_json=False) == 0
    assert "listings that qualify" in capsys.readouterr().out


def test_a_week_is_reproduced_and_a_changed_snapshot_is_seen(
    desk: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reproduce(desk, "CRI-H100", VERSION, LAST, as_json=False) == 0
    assert "the same" in capsys.readouterr().out
    day = LAST - timedelta(days=1)
    while not (desk.root / "snapshots" / day.isoformat()).is_dir():
        day -= timedelta(days=1)
    for path in (desk.root / "snapshots" / day.isoformat()).glob("*.gz"):
        path.unlink()
    assert reproduce(desk, "CRI-H100", VERSION, LAST, as_json=True) == 3


def test_the_collection_that_explains_a_difference_is_named(
    desk: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The administrator used the first of two collections of a day; a collection that was imported late is
    named too.
    """
    day = LAST - timedelta(days=1)
    stands = next(iter(desk.archive.between(day, day)))
    another = json.loads(stands.plain)
    another["collected_utc"] = (stands.collected_at + timedelta(hours=2)).isoformat()
    for one in another["offers_by_model"]["H100 SXM"]:
        one["dph_total"] *= 0.5
    published = desk_value(desk)
    late = tmp_path / "late.json"
    late.write_text(json.dumps(another), encoding="utf-8")
    scribe = Scribe("t", "t", NOW)
    assert import_snapshots(desk, [late], scribe, (), lambda _: None).refused == []
    assert desk_value(desk) != published
    series = tmp_path / "series.csv"
    head = "publication_date,value,low_confidence,observations,methodology_version\n"
    series.write_text(f"{head}{LAST},{published},false,40,1.1.1\n", encoding="utf-8")
    import_series(desk, "CRI-H100", [series], scribe, as_json=False)
    capsys.readouterr()
    assert reproduce(desk, "CRI-H100", VERSION, LAST, as_json=True) == 3
    explained = [
        step["outcome"]
        for step in json.loads(capsys.readouterr().out)["steps"]
        if step["step"] == "explained by"
    ]
    assert explained[0].endswith("stands now, and was not used")
    assert explained[1].endswith("was used, and does not stand now")
    assert explained[-1].startswith(
        f"{day}: the collection of {stands.collected_at:%H:%M:%S} UTC ({stands.sha256[:12]}) in place of"
    )


def desk_value(desk: Workspace) -> Decimal | None:
    return value_of_week(desk, "CRI-H100", VERSION, LAST - timedelta(days=1)).value


def test_a_snapshot_whose_bytes_were_changed_fails_verification(
    desk: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, as for any difference, with the step at which it was found."""
    path = next(iter(sorted((desk.root / "snapshots" / str(LAST - timedelta(days=1))).glob("*.gz"))))
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b'"limit":', b'"limit": ')))
    capsys.readouterr()
    assert reproduce(desk, "CRI-H100", VERSION, LAST, as_json=False) == 3
    assert "(a) snapshots: DIFFERS" in capsys.readouterr().out
    assert reproduce(desk, "CRI-H100", VERSION, LAST, as_json=True) == 3
    assert json.loads(capsys.readouterr().out)["same"] is False


def test_the_page_and_the_series_are_written(desk: Workspace, tmp_path: Path) -> None:
    series, into = f"CRI-H100@{VERSION}", tmp_path / "pages"
    assert (
        publish_page(
            desk,
            series,
            LAST,
            into,
            lambda weeks, at, first, *_: (f"{len(weeks)} {at} {first}", b"pdf"),
            as_json=True,
        )
        == 0
    )
    assert (into / f"CRI-H100-{VERSION}-{LAST}.html").read_text(encoding="utf-8").startswith(f"{WEEKS} ")
    with pytest.raises(WrongUsage, match="has no publication"):
        publish_page(desk, series, date(2030, 1, 3), into, lambda *_: ("", b""), as_json=True)
    assert export_series(desk, series, tmp_path / "s.csv", as_json=True) == 0
    rows = list(csv.DictReader((tmp_path / "s.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["publication_date"] for row in rows] == [str(day) for day in plan.THURSDAYS[:WEEKS]]
    assert export_series(desk, series, tmp_path / "s.json", as_json=True) == 0
    assert [row["value"] for row in json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))] == [
        row["value"] or None for row in rows
    ]


def test_an_exported_series_can_be_imported_again_with_its_prints(desk: Workspace, tmp_path: Path) -> None:
    """Every figure of the paper's publication is exported; prints, dates, flags and versions come back as
    they went out, once.
    """
    create(tmp_path / "other")
    other = opened(tmp_path / "other")
    restated = tmp_path / "restated.csv"
    restated.write_text(
        "publication_date,value,low_confidence,observations,methodology_version\n"
        "2026-03-05,1.7350,false,44,1.1.1\n2026-03-06,1.6021,true,20,1.1.0\n2026-03-12,,true,0,1.1.1\n"
    )
    scribe = Scribe("t", "t", NOW)
    import_series(other, "CRI-H100", [restated], scribe, as_json=True, whose=["2026-03-06=2026-03-05"])
    first, again = tmp_path / "first.csv", tmp_path / "again.csv"
    assert export_series(other, "CRI-H100@administrator", first, as_json=True) == 0
    import_series(desk, "CRI-H100", [first], scribe, as_json=True)
    import_series(desk, "CRI-H100", [first], scribe, as_json=True)
    assert export_series(desk, "CRI-H100@administrator", again, as_json=True) == 0
    rows, back = (
        [
            {k: v for k, v in row.items() if k != "leaf"}
            for row in csv.DictReader(path.read_text().splitlines())
        ]
        for path in (first, again)
    )
    assert rows == back
    assert [(row["print"], row["published_on"], row["value"]) for row in rows[:2]] == [
        ("1", "2026-03-05", "1.7350"),
        ("2", "2026-03-06", "1.6021"),
    ]
    assert export_series(desk, f"CRI-H100@{VERSION}", tmp_path / "ours.csv", as_json=True) == 0
    ours = list(csv.DictReader((tmp_path / "ours.csv").read_text().splitlines()))
    assert all(row["min"] and row["max"] and row["mean"] and row["stdev"] for row in ours if row["value"])
    assert any(row["low_confidence_reasons"] for row in ours)
    import_series(other, "CRI-H200", [tmp_path / "ours.csv"], scribe, as_json=True)
    other.store.close()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("25000", "-5"), "gpu_price_usd = -5 is not a price above zero"),
        (("25000", "nan"), "gpu_price_usd = NaN is not a price above zero"),
        (("25000", "true"), "gpu_price_usd = True is not"),
        (("= 8", "= 2.5"), "gpus_per_listing = 2.5 is not a whole number"),
        (("25000", "1e999999999"), "gpu_price_usd = 1E[+]999999999 is above"),
        (("25000", "1e-999999999"), "gpu_price_usd = 1E-999999999 is above"),
        (("= 8", f"= {'9' * 40}"), "gpus_per_listing = 9+ is above"),
        (("2026-03-01", "x"), "as_of = x is not a date"),
        (("Broker A", " "), "source says nothing"),
        (("weeks", "months"), "weeks missing"),
    ],
)
def test_costs_that_are_no_costs_are_refused_by_name(
    tmp_path: Path, change: tuple[str, str], why: str
) -> None:
    text = (
        'gpu_price_usd = 25000\ngpus_per_listing = 8\nweekly_cost_usd = 500\nweeks = 6\nsource = "Broker '
        'A"\nas_of = "2026-03-01"\n'
    )
    path = tmp_path / "costs.toml"
    path.write_text(text)
    assert read_costs(path)["usd"] == 203_000
    path.write_text(text.replace(*change))
    with pytest.raises(WrongUsage, match=why):
        read_costs(path)
