"""What a number format adds to a stored number: the twenty formats that people use most, and those that
mislead.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.servicer_report.number_formats import Shown, shown_by

EURO_STYLE = '_-* #,##0.00\\ "USD"_-;\\-* #,##0.00\\ "USD"_-;_-* "-"??\\ "USD"_-;_-@_-'
"""The accounting format of spreadsheets whose money has its unit behind the number."""
FORMATS = [
    ("0.85", "0%", Shown(percent=1)),
    ("0.85", "0.00%", Shown(percent=1)),
    ("85", '0"%"', Shown(words="%")),
    ("85", "0\\%", Shown(words="%")),
    ("15900000", "#,##0,", Shown(thousands=1)),
    ("15900000", "0.0,,", Shown(thousands=2)),
    ("1234567", "#,##0,.0", Shown(thousands=1)),
    ("15900", '#,##0," k"', Shown(thousands=1, words="k")),
    ("1234567", '0.0,"M"', Shown(thousands=1, words="M")),
    ("15900", "#,##0\\,", Shown(words=",")),
    ("1234567", "#,##0", Shown()),
    ("-5", "#,##0;[Red](#,##0)", Shown()),
    ("-15900000", "#,##0;(#,##0,)", Shown(thousands=1)),
    ("0", '#,##0;-#,##0;"nil"', Shown(words="nil", unseen=True)),
    ("0", "[$$-409]#,##0;[$$-409]-#,##0;[$$-409] -", Shown(currency="USD")),
    ("5", '"US$"', Shown(currency="USD", unseen=True)),
    ("5", "$", Shown(currency="USD", unseen=True)),
    ("1234.5", '"USD" #,##0.00', Shown(currency="USD")),
    ("1234.5", "$#,##0.00", Shown(currency="USD")),
    ("1234", "[$€-407] #,##0", Shown(currency="EUR")),
    ("1234", "[$CHF] #,##0", Shown(currency="CHF")),
    ("-15", '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)', Shown()),
    ("-15", EURO_STYLE, Shown(currency="USD")),
    ("0", EURO_STYLE, Shown(currency="USD")),
    ("0", '_("USD"* #,##0_);_("USD"* \\(#,##0\\);_("USD"* "-"??_)', Shown(currency="USD")),
    ("0", '0;-0;"- k"', Shown(words="k")),
    ("15", "\\+#,##0;\\-#,##0", Shown()),
    ("15", "\\-#,##0", Shown(words="-")),
    ("15", "\\(#,##0\\)", Shown(words="()")),
    ("15", "-#,##0", Shown(other_sign=True)),
    ("15", "(#,##0)", Shown(other_sign=True)),
    ("15", "#,##0-;0", Shown(other_sign=True)),
    ("-15", "-#,##0", Shown()),
    ("-15", "#,##0;[Red]#,##0", Shown(other_sign=True)),
    ("-15", "#,##0;[Red]-#,##0", Shown()),
    ("-15", "0;0%", Shown(percent=1, other_sign=True)),
    ("0", "-#,##0", Shown()),
    ("0.5", "0.00E-00", Shown()),
    ("46112", "dd-mm-yyyy", Shown(is_date=True)),
    ("0.85", "[$-409]0.00%", Shown(percent=1)),
    ("0.856", "[>1]0;0.0%", Shown(conditional=True)),
    ("0.5", "0.00E+00", Shown()),
    ("1", "_-* #,##0.00_-", Shown()),
    ("5", "General", Shown()),
    ("5", "", Shown()),
    ("46112", "yyyy-mm-dd", Shown(is_date=True)),
    ("46112", "[$-409]d mmm yyyy;@", Shown(is_date=True)),
    ("0.5", "[h]:mm", Shown(is_date=True)),
    ("7", "[Red]#,##0", Shown()),
]


@pytest.mark.parametrize(("value", "number_format", "expected"), FORMATS, ids=[one[1] for one in FORMATS])
def test_what_a_format_shows(value: str, number_format: str, expected: Shown) -> None:
    assert shown_by(number_format, Decimal(value)) == expected
