"""What an analyst of the index reads: the quarterly review, the disclosure, CRI-D, Appendix A, a fleet by
percentile (WP §6 to §9).
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from engine.assembly import publication_page
from engine.basics.errors import WrongUsage
from engine.cli.show import review as shown
from engine.cli.show.curves import precision
from engine.cli.show.publication import publish_page
from engine.events.market_events import IndexAnnounced
from engine.market.index_value import IndexValue
from engine.operations.depreciation_index import (
    depreciation_index,
    publish_depreciation,
    recorded_depreciation,
)
from engine.operations.series_intake import announce
from engine.operations.snapshots import import_snapshots
from engine.queries.depreciation_tables import depreciation_tables
from engine.queries.fleet_performance import fleet_performance
from engine.queries.injection_appendix import appendix_csv, first_publication, injection_appendix
from engine.queries.quarterly_review import QuarterlyReview, WidthPoint, bands, by_sellers, quarterly_review
from engine.queries.rating_disclosure import PRINCIPLES, rating_disclosure
from engine.queries.width_tables import width_tables
from engine.record.log import Scribe, append, index_log, prints_in
from engine.workspace.series import computed, draft
from engine.workspace.workspace import Workspace, create, opened
from reports.pages.review import ReviewInputs
from reports.pages.review import compose as compose_review
from reports.render.pdf import render_review
from tests.market.make import AT, document, offer

FIRST = date(2024, 1, 4)
SCRIBE = Scribe("t", "t", datetime(2027, 1, 1, tzinfo=UTC))
OLD, NEW = "CRI-A100@1.1.1", "CRI-H100@1.1.1"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Workspace]:
    create(tmp_path / "desk")
    workspace = opened(tmp_path / "desk")
    yield workspace
    workspace.store.close()


def recorded(
    desk: Workspace, series: str, first: date, values: list[float], version: str = "1.1.1", count: int = 40
) -> None:
    index = series.partition("@")[0]
    made = [
        IndexValue.model_validate(
            {
                "index": index,
                "publication_date": (day := first + timedelta(weeks=n)),
                "window_start": day - timedelta(days=7),
                "window_end": day - timedelta(days=1),
                "methodology": version,
                "value": Decimal(f"{value:.4f}"),
                "observations": count + n % 50,
                "valid_days": 5,
                "hosts": 7,
                "low_confidence": n % 4 == 0,
                "interval_width": Decimal(f"{0.05 + (n % 7) / 20:.4f}"),
                "pooled": tuple(Decimal("2.0") for _ in range(count + n % 50)),
            }
        )
        for n, value in enumerate(values)
    ]
    with desk.store.begin() as writer:
        append(writer, index_log(series), [draft(one) for one in made], SCRIBE)


# ---- CRI-D
# --------------------------------------------------------------------------------------------------------


def transition(desk: Workspace, weeks: int = 60, version: str = "1.1.1") -> None:
    """An older generation for 30 weeks, then the newer one comes and the older falls to a new level."""
    older = [2.0] * 30 + [2.0 * math.exp(-n / 15) for n in range(30)] + [2.0 * math.exp(-2.0)] * (weeks - 30)
    recorded(desk, OLD, FIRST, older)
    recorded(desk, NEW, FIRST + timedelta(weeks=30), [4.0 - n / 100 for n in range(weeks)], version)


def test_cri_d_is_computed_recorded_and_printed_once_its_conditions_hold(
    desk: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    transition(desk)
    new, found = publish_depreciation(desk, OLD, NEW, SCRIBE)
    assert new == len(found) == 60
    assert (found[0].level, found[0].change, found[0].reference_date) == (
        "100.0000",
        "0.000000",
        FIRST + timedelta(weeks=30),
    )
    last = found[-1]
    assert Fraction(last.level) == pytest.approx(
        100 * Fraction(Decimal(f"{2.0 * math.exp(-2.0):.4f}")) / 2, abs=1e-4
    )
    assert publish_depreciation(desk, OLD, NEW, SCRIBE)[0] == 0
    assert recorded_depreciation(desk, "CRI-D-A100")[last.publication_date] == last
    shown.cri_d(found, new, as_json=False)
    assert "CRI-D-A100 under 1.1.1" in capsys.readouterr().out


def test_cri_d_is_refused_by_name_before(desk: Workspace) -> None:
    transition(desk, weeks=45)
    with pytest.raises(WrongUsage, match=r"CRI-D is refused: \(c\) 52 weekly values: CRI-H100@1.1.1 has 45"):
        depreciation_index(desk, OLD, NEW)


def test_cri_d_takes_one_version_alone(desk: Workspace) -> None:
    transition(desk, version="1.1.0")
    with pytest.raises(WrongUsage, match=r"\(a\) one version"):
        depreciation_index(desk, OLD, NEW)


def test_table_1_stands_beside_the_measured_decline(desk: Workspace) -> None:
    transition(desk)
    found = depreciation_tables(desk, [OLD], None, None, None)
    curve = found.series[OLD]
    annual = float(str(curve["annual_decline"]).removesuffix("%")) / 100
    assert float(str(curve["useful_life"]).removesuffix(" years")) == pytest.approx(1 / annual, abs=0.1)
    assert len(found.useful_lives) == 9


# ---- the review
# ---------------------------------------------------------------------------------------------------


def test_the_review_has_every_week_of_its_quarter_as_a_point_and_table_6_as_measured(
    desk: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(desk, NEW, FIRST, [2.0] * 40, count=15)
    found = quarterly_review(desk, NEW, "2024Q2")
    assert (len(found.points), len(found.earlier)) == (13, 13)
    assert {(one.publication.month + 2) // 3 for one in found.points} == {2}
    assert sum(one.weeks for one in found.bands) == 26
    assert [line.partition(":")[0] for line in found.minimum] == [
        "minimum viable observation count, 2024 Q2",
        "minimum viable observation count, all weeks",
    ]
    shown.review(
        desk,
        NEW,
        "2024 q2",
        tmp_path / "r.html",
        lambda data: render_review(ReviewInputs(data, "Agent", AT)),
        as_json=False,
    )
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.count("<circle") == 26  # no week of these has an interval by sellers
    assert "Table 6 as measured" in page
    assert "the paper's Table 6" in capsys.readouterr().out
    with pytest.raises(WrongUsage, match="has no week in 2031Q1; it has 2024Q1"):
        quarterly_review(desk, NEW, "2031Q1")


def test_precision_has_each_recorded_week_as_a_point_and_takes_the_newest_week_by_its_date(
    desk: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    """Forty weeks, then a Restatement of the first: the newest week is still the fortieth, and the first has
    its new count.
    """
    recorded(desk, NEW, FIRST, [2.0] * 40, count=15)
    first = prints_in(desk.store, NEW)[0].payload.value
    again = IndexValue.model_validate({**first, "print": 2, "observations": 99, "interval_width": "0.5000"})
    with desk.store.begin() as writer:
        append(writer, index_log(NEW), [draft(again)], SCRIBE)
    (found,) = width_tables(desk, [NEW])
    assert found.week == str(FIRST + timedelta(weeks=39))
    assert (len(found.weeks), found.weeks[0].observations, found.weeks[0].width) == (40, 99, 0.5)
    assert [band.weeks for band in found.bands] == [4, 20, 15, 1]  # 15 to 54 listings, the first week 99
    assert found.minimum.startswith("minimum viable observation count, all weeks: ")
    data = found.as_data()["recorded"]
    assert (len(data["weeks"]), data["weeks"][0]["publication"]) == (40, str(FIRST))
    precision(desk, [NEW], as_json=False)
    said = capsys.readouterr().out
    assert "40 weeks on record with an interval; the newest 13 here, all with --json" in said
    assert said.count("\n2024-") == 13
    assert "the paper's Table 6" in said


def test_percentiles_of_a_band_are_those_of_its_widths() -> None:
    chance = np.random.default_rng(3)
    points = [
        WidthPoint(FIRST, int(count), float(width), False)
        for count, width in zip(chance.integers(1, 130, 90), chance.random(90), strict=True)
    ]
    for band, (first, beyond) in zip(bands(points), ((1, 20), (20, 40), (40, 80), (80, 10**6)), strict=True):
        widths = [one.width for one in points if first <= one.observations < beyond]
        assert band.weeks == len(widths)
        assert (band.low, band.middle, band.high) == pytest.approx(tuple(np.percentile(widths, (10, 50, 90))))
    assert [one.middle for one in bands([])] == [None] * 4


# ---- the disclosure
# -----------------------------------------------------------------------------------------------


def test_the_disclosure_has_its_four_parts_with_figures_and_nineteen_principles(
    desk: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(desk, NEW, FIRST, [2.0] * 12)
    said = IndexAnnounced(
        index="CRI-H100",
        what="break",
        effective_on=FIRST,
        words="Another source.",
        document="a.pdf",
        document_sha256="0" * 64,
        prepared_by="A",
        approved_by="B",
    )
    announce(desk, said, SCRIBE)
    found = rating_disclosure(desk, NEW)
    source, governance = dict(found.data_source), dict(found.governance)
    assert source["weeks with a value"] == "12 of 12"
    assert source["flagged Low Confidence"] == "3 of 12"
    assert source["listings a week"] == "40 to 51, middle 45.5"
    assert governance["announcements on record"] == f"break of {FIRST}"
    assert governance["versions that made the values"] == "1.1.1"
    assert [number for number, _, _ in found.principles] == [str(n) for n in range(1, 20)]
    shown.disclosure(desk, NEW, as_json=False)
    out = capsys.readouterr().out
    assert all(part in out for part in ("(a) ", "(b) ", "(c) ", "(d) ", PRINCIPLES[-1][1]))


def test_the_page_of_a_quarter_has_the_widths_by_sellers_beside_those_by_listings() -> None:
    """By hand: an interval from 1.50 to 2.10 around 2.00 is 30% wide."""
    assert by_sellers(
        {"value": "2.0000", "seller_interval": {"low": "1.5000", "high": "2.1000"}}
    ) == pytest.approx(0.3)
    assert by_sellers({"value": "2.0000", "seller_interval": None}) is None
    points = [
        WidthPoint(
            FIRST + timedelta(weeks=n), 30 + n, 0.1 + n / 10, flagged=False, by_sellers=0.5 if n else None
        )
        for n in range(3)
    ]
    (band,) = [one for one in bands(points) if one.weeks]
    assert (band.weeks, band.sellers_weeks, band.sellers_middle) == (3, 2, 0.5)
    answer = QuarterlyReview(
        "CRI-H100@1.1-wp", "2024 Q1", points, [], list(bands(points)), ["the count is not determined"]
    )
    page = compose_review(ReviewInputs(json.loads(json.dumps(answer.as_data(), default=str)), "Agent", AT))
    assert "1 of 3 weeks have an interval wider than 25%" in "".join(text for text, _ in page["answer"][0])
    assert "2 of the 2 weeks that have one by sellers" in "".join(text for text, _ in page["answer"][0])
    assert [row[5:9] for row in page["bands"] if row[1] == "3"] == [["2", "50%", "50%", "50%"]]
    html, pdf = render_review(
        ReviewInputs(json.loads(json.dumps(answer.as_data(), default=str)), "Agent", AT)
    )
    assert "Table 6 as measured" in html
    assert pdf.startswith(b"%PDF")
    assert len(PdfReader(BytesIO(pdf)).pages) == 1


# ---- Appendix A
# ---------------------------------------------------------------------------------------------------


def test_appendix_a_belongs_to_the_first_publication_and_counts_its_listings(
    desk: Workspace, tmp_path: Path
) -> None:
    for n in range(3):
        at = AT - timedelta(days=n)
        offers = [offer(id=k, dph_total=3.0 + k / 5, start_date=at.timestamp() - 60) for k in range(12)]
        (tmp_path / f"{n}.json").write_bytes(document(offers, at))
    import_snapshots(desk, [tmp_path / f"{n}.json" for n in range(3)], SCRIBE, (), lambda _: None)
    value = computed(desk, "CRI-H100", "1.1.1", AT.date())
    with desk.store.begin() as writer:
        append(writer, index_log(NEW), [draft(value)], SCRIBE)
    publication = AT.date() + timedelta(days=1)
    assert first_publication(desk, NEW) == publication
    made = injection_appendix(desk, NEW, publication)
    rows = list(csv.reader(appendix_csv(made).splitlines()))
    assert publish_page(desk, NEW, publication, tmp_path / "pages", publication_page(desk), as_json=True) == 0
    (path,) = (tmp_path / "pages").glob("*.pdf")
    text = " ".join(page.extract_text() for page in PdfReader(path).pages)
    assert "Appendix A: injected listings" in text
    assert "Week, on every day" in text
    assert "5%, at 50%" in text
    whats = {row[0] for row in rows[1:]}
    assert whats == {"week, on every day", "2026-03-02", "2026-03-03", "2026-03-04", "Table 5"}
    least = [int(row[4]) for row in rows[1:] if row[0] == "2026-03-04" and row[4].isdigit()]
    assert least
    assert all(1 <= count <= 6 for count in least)


# ---- a fleet
# ------------------------------------------------------------------------------------------------------


def test_a_fleet_is_shown_by_percentile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "certificates.csv"
    figures = [80 + n / 4 for n in range(101)]
    path.write_text(
        "serial,performance\n" + "".join(f"SN-{n},{value}%\n" for n, value in enumerate(figures)),
        encoding="utf-8",
    )
    found = fleet_performance(path, 128)
    assert found.percentiles == {
        "5th": "81.2%",
        "25th": "86.2%",
        "50th": "92.5%",
        "75th": "98.8%",
        "95th": "103.8%",
    }
    assert (found.certified, found.mean, found.spread) == (101, "92.5%", "27.7%")
    shown.fleet(path, 128, as_json=False)
    assert "101 GPUs certified of 128 pledged; 27 have no certificate" in capsys.readouterr().out
    shown.fleet(path, None, as_json=True)
    assert json.loads(capsys.readouterr().out)["pledged"] is None


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("", "holds no certificates"),
        ("SN-1,98%\nSN-1,99%\n", "certified twice"),
        ("SN-1,good\n", "not a performance"),
        ("SN-1,0%\n", "cannot be"),
        ("SN-1,1e-999999999\n", "not a performance"),
        ("SN-1,٩٨%\n", "not a performance"),
        ("SN-1,98%\nSN-2,98%\nSN-3,98%\n", "2 are pledged"),
    ],
)
def test_certificates_that_cannot_be_are_refused(tmp_path: Path, rows: str, why: str) -> None:
    path = tmp_path / "certificates.csv"
    path.write_text("serial,performance\n" + rows, encoding="utf-8")
    with pytest.raises(WrongUsage, match=why):
        fleet_performance(path, 2)
