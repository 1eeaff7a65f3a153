"""The publication page: what it says first, that it is the same bytes again, and an archive file that
everyone can read.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reports.pages.publication import PublicationInputs, compose, for_screen
from reports.render.assets import assets
from reports.render.pdf import render_publication, to_html
from tests.reports.verapdf import failures

AT = datetime(2026, 3, 6, 7, tzinfo=UTC)


DAY = {
    "date": "2026-03-01",
    "offers": 27,
    "qualifying": 12,
    "kept": 12,
    "counts": True,
    "excluded": {"geography": 15},
    "snapshot": "ab" * 32,
}


def value(day: date, price: str | None, **more: Any) -> dict[str, Any]:
    known = price is not None
    base = float(price or 0)
    return {
        "index": "CRI-H100",
        "gpu_name": "H100 SXM",
        "country": "US",
        "publication_date": day.isoformat(),
        "window_start": (day - timedelta(days=7)).isoformat(),
        "window_end": (day - timedelta(days=1)).isoformat(),
        "methodology": "1.1.1",
        "print": 1,
        "value": price,
        "observations": 44 if known else 0,
        "valid_days": 4 if known else 0,
        "min": "1.4447" if known else None,
        "max": "2.2689" if known else None,
        "mean": "1.8080" if known else None,
        "stdev": "0.2734" if known else None,
        "low_confidence": not known,
        "low_confidence_reasons": [] if known else ["no day has 8 Qualifying Listings"],
        "interval": {"low": f"{base * 0.93:.4f}", "high": f"{base * 1.08:.4f}"} if known else None,
        "interval_width": "0.1550" if known else None,
        "seller_interval": None,
        "precision_class": "Standard",
        "precision_class_measured": "Low Confidence",
        "hosts": 6 if known else None,
        "hosts_at_least": True,
        "largest_host_share": "0.2955",
        "days": [DAY],
        **more,
    }


def test_the_page_says_what_other_sellers_would_give_or_why_that_is_not_known() -> None:
    ends = {"level": "0.95", "low": "1.6021", "high": "1.9000", "method": "subsets of 6 sellers, exact"}
    text = str(compose(inputs(value=value(date(2026, 3, 5), "1.7350", seller_interval=ends))))
    assert "With other sellers of the same kind the value lies between 1.6021 and 1.9000, at 95%." in text
    why = "4 sellers; six are needed; listings from 1.4447 to 2.2689"
    text = str(compose(inputs(value=value(date(2026, 3, 5), "1.7350", seller_interval_why=why))))
    assert f"There is no interval by sellers: {why}." in text


def inputs(**more: Any) -> PublicationInputs:
    weeks = [value(date(2026, 1, 8) + timedelta(weeks=n), f"{2.1 - 0.05 * n:.4f}") for n in range(9)]
    return PublicationInputs(
        **{"value": weeks[-1], "earlier": weeks, "operator": "Agent", "issued_at": AT, **more}
    )


def said(context: dict[str, Any]) -> str:
    return " ".join("".join(text for text, _ in sentence) for sentence in context["answer"])


def test_the_first_sentences_say_how_far_to_trust_it() -> None:
    text = said(compose(inputs()))
    assert "USD 1.7000 per GPU-hour, the median of 44 listed prices on 4 valid days." in text
    assert (
        "15.5% of the value. By count the paper calls it Standard; by its measured width it is Low "
        "Confidence." in text
    )
    assert (
        "at least 6 independent sellers; the largest has 30% of the listings, rows that name no host "
        "counted as one." in text
    )


def test_the_page_says_what_every_notice_says_of_the_index() -> None:
    assert (
        "on one marketplace in the United States. It is not a contract rate" in compose(inputs())["meaning"]
    )
    european = compose(inputs(value=value(date(2026, 3, 5), "1.9", country="DE, FR")))
    assert "on one marketplace in Germany and France." in european["meaning"]


def test_sellers_that_nothing_names_are_not_known() -> None:
    unnamed = value(date(2026, 3, 5), "1.9", hosts=None, largest_host_share=None)
    assert "The sellers behind it are not known." in said(compose(inputs(value=unnamed)))


def test_a_week_without_a_value_says_so_and_why() -> None:
    empty = value(date(2026, 3, 12), None, days=[])
    text = said(compose(inputs(value=empty, earlier=[*inputs().earlier, empty])))
    assert text == "No value is published for this date: no day has 8 Qualifying Listings."


def test_a_page_without_a_value_has_no_empty_rows_and_dates_its_last_value() -> None:
    empty = value(date(2026, 3, 12), None, days=[])
    found = compose(inputs(value=empty, earlier=[*inputs().earlier, empty]))
    assert found["facts"] == []
    (label,) = found["chart"]["labels"]
    assert (label["value"], label["lines"]) == ("1.7000", ["index value", "5 Mar 2026"])


def test_the_class_is_said_of_the_count_and_of_the_width() -> None:
    alike = value(date(2026, 3, 5), "1.9", precision_class_measured="Standard")
    assert "15.5% of the value. By count and by width alike the paper calls it Standard." in said(
        compose(inputs(value=alike))
    )


def test_a_page_about_an_index_is_marked_as_no_publication_on_every_sheet() -> None:
    html = to_html("publication.html.j2", compose(inputs(illustrative=True)), "a4")
    assert (
        '<body class="a4-unpublished" data-left="Publication of CRI-H100" data-mid="ILLUSTRATIVE - NOT A '
        'PUBLICATION"' in html
    )
    assert "watermark-publication.svg" in assets()["style.css"][0].decode()
    assert assets()["marks/watermark-publication.svg"] != assets()["marks/watermark-a4.svg"]


def test_a_restatement_names_the_first_print() -> None:
    first = value(date(2026, 3, 5), "1.6021")
    found = compose(inputs(value=value(date(2026, 3, 5), "1.7350", print=2), first=first))
    assert ("Print", "restates 1.6021") in found["particulars"]


def test_no_figure_of_the_page_is_made_up() -> None:
    """The page of another model says that model, not H100."""
    other = compose(inputs(value=value(date(2026, 3, 5), "0.9389", index="CRI-L40S", gpu_name="L40S")))
    assert "CRI-L40S is the median of listed on-demand prices for L40S" in other["meaning"]
    assert "H100" not in other["meaning"]


def test_the_page_for_a_browser_is_styled_and_marked() -> None:
    page = for_screen(
        "<html><head></head><body><main>x</main></body></html>", "ILLUSTRATIVE - NOT A PUBLICATION"
    )
    assert "<style>" in page
    assert '<p class="mark">ILLUSTRATIVE - NOT A PUBLICATION</p>' in page
    assert 'class="mark"' not in for_screen("<html><head></head><body><main>x</main></body></html>", "")


def test_a_page_of_another_country_says_that_country() -> None:
    other = compose(inputs(value=value(date(2026, 3, 5), "1.9389", index="CRI-H100-EU", country="FR")))
    assert dict(other["disclosure"])["What it measures"].startswith(
        "Listed on-demand prices for H100 SXM on one marketplace in France,"
    )
    assert "United States" not in str(other["disclosure"]) + other["meaning"]


def test_the_administrators_own_series_is_not_said_to_be_computed() -> None:
    theirs = value(
        date(2026, 3, 5),
        "1.7350",
        source="published by the administrator",
        gpu_name="",
        country="",
        days=[],
        valid_days=0,
    )
    found = compose(inputs(value=theirs))
    assert (
        found["form"]
        == "Published by the administrator under 1.1.1, and recorded as it came by Agent; not computed here."
    )
    assert "the median of 44 listed prices, as the administrator states it." in said(found)
    assert "not on this record" in dict(found["disclosure"])["Source"]
    uncounted = said(compose(inputs(value={**theirs, "observations": 0})))
    assert "USD 1.7350 per GPU-hour, as the administrator states it." in uncounted
    assert (
        "CRI-H100 is the median of listed on-demand prices for H100 SXM on one marketplace in the United "
        "States." in found["meaning"]
    )
    silent = compose(
        inputs(
            value={
                **theirs,
                "value": None,
                "methodology": "",
                "low_confidence_reasons": ["no value for this date"],
            }
        )
    )
    assert (silent["form"], silent["foot"]) == (
        "The administrator’s own series, as recorded by Agent.",
        "Print 1",
    )
    assert "computed by" not in str(silent).lower()


def attacked() -> list[tuple[str, str, str, str, str]]:
    """Appendix A with every row that a first publication has: the week, its seven days, Table 5's sizes, each
    at six attacks.
    """
    what = [("week, on every day", "61")]
    what += [(str(date(2026, 2, 26) + timedelta(days=n)), str(8 + n)) for n in range(7)]
    what += [("Table 5", str(size)) for size in (8, 12, 15, 20, 30)]
    return [
        (name, listings, f"{at} of the median", move, "not reachable" if move == "25%" else "12")
        for name, listings in what
        for at in ("50%", "150%")
        for move in ("5%", "10%", "25%")
    ]


MEASURED = {"coverage": "0.971", "error": "0.011", "width": "0.120", "hits": 971}
COVERAGE = {
    "pairs": 69,
    "sellers": 16,
    "upto": "2026-03-05",
    "tables": {
        "as they are": [
            {
                "sellers": 8,
                "effective": "6.20",
                "draws": 1000,
                **dict.fromkeys(("listings", "subsets", "subsets_80"), MEASURED),
                "trusted": True,
            }
        ]
    },
    "limits": ["A limit."],
    "sha256": "ab" * 32,
}


@pytest.mark.parametrize("case", ["plain", "empty", "first, with Appendix A and coverage"])
def test_the_page_is_an_archive_file_and_the_same_bytes_again(tmp_path: Path, case: str) -> None:
    made = {
        "plain": lambda: inputs(illustrative=True),
        "empty": lambda: inputs(value=value(date(2026, 3, 12), None, days=[])),
        "first, with Appendix A and coverage": lambda: inputs(appendix=attacked(), coverage=COVERAGE),
    }[case]()
    html, pdf = render_publication(made)
    assert render_publication(made) == (html, pdf)
    assert "<script" not in html
    path = tmp_path / "page.pdf"
    path.write_bytes(pdf)
    for profile in ("3a", "ua1"):
        assert failures(path, profile)[1] == {}


def test_measured_coverage_stands_on_the_page_with_its_hash_or_the_reason_why_there_is_none() -> None:
    html = to_html("publication.html.j2", compose(inputs(coverage=COVERAGE)), "a4")
    assert "How often the intervals hold the truth" in html
    assert "0.971 ± 0.011" in html
    assert (
        "69 pairs of a week and a seller, 16 sellers, weeks to 2026-03-05. A limit. SHA-256 of the table as "
        "data: abababab abababab." in html
    )
    why = to_html(
        "publication.html.j2", compose(inputs(coverage={"why": "Nothing can be measured yet."})), "a4"
    )
    assert "Nothing can be measured yet." in why
    assert "Pool:" not in why


def test_the_shadow_rate_stands_on_the_page_with_its_weakness() -> None:
    shadow = {"rate": "1.9123", "low": "1.7000", "high": "2.2000", "covers": "0.9688", "sellers": 6}
    text = said(compose(inputs(value=value(date(2026, 3, 5), "1.9", shadow=shadow))))
    assert "Shadow rate USD 1.9123 of 6 sellers, one vote each; 1.7000 to 2.2000 covers 96.9%." in text
    assert "A new account with one listing has a whole vote in it." in text


def test_a_first_publication_carries_appendix_a_with_one_row_for_each_thing_attacked() -> None:
    names = ("50% of the median", "150% of the median")
    rows = [
        (what, listings, at, move, least)
        for at, least in zip(names, ("3", "not reachable"), strict=True)
        for move in ("5%", "10%")
        for what, listings in (("week, on every day", "40"), ("2026-03-04", "12"), ("Table 5", "8"))
    ]
    found = compose(inputs(appendix=rows))["appendix"]
    assert found["heads"] == ["5%, at 50%", "10%, at 50%", "5%, at 150%", "10%, at 150%"]
    assert found["rows"][1] == ["4 Mar 2026", "12", "3", "3", "not reachable", "not reachable"]
    assert [row[0] for row in found["rows"]] == ["Week, on every day", "4 Mar 2026", "Table 5"]
    assert "Appendix A: injected listings" in to_html(
        "publication.html.j2", compose(inputs(appendix=rows)), "a4"
    )
    assert "Appendix A" not in to_html("publication.html.j2", compose(inputs()), "a4")
