"""What a spreadsheet's number format adds to a stored number: per cent, thousands, words.

A person sees the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

PART = re.compile(r'"([^"]*)"|\\(.)|_(.)|\*(.)|\[([^\]]*)\]|(.)', re.DOTALL)
"""A piece of a format.

It is a quoted text, an escaped character, a space as wide as a character, a fill, something in brackets, or a
code.
"""
COMMAS = re.compile(r"[0#?](,+)(?![0#?,])")
"""Commas after the last digit. Each hides three digits of what is stored."""
SHOWS = re.compile(r"[0#?@ymdhs]|General", re.IGNORECASE)
"""The codes that show something of a number: a digit's place, the text as it stands, or a part of a date."""
EXPONENT = re.compile("E[+-]", re.IGNORECASE)
"""An exponent, whose sign is not the number's own."""
SIGNS_BELOW_ZERO = frozenset("-()")
SIGNS_FROM_ZERO = frozenset("+")
CURRENCIES = {
    "$": "USD",
    "US$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "CHF": "CHF",
    "USD": "USD",
    "EUR": "EUR",
    "GBP": "GBP",
}
"""The currency that a sign or a code in a format stands for."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a number format does to the number in its cell.

    Attributes:
        percent: the number of per cent signs; each shows a hundred times what is stored.
        thousands: the number of trailing commas; each shows a thousandth of what is stored.
        words: literal text around the number, without a currency; a unit among it may change what the number
            means.
        currency: the currency that is shown, if one is; its sign if the currency is not known.
        conditional: whether the format differs by the number's size, so that nobody can tell it from the
            format alone.
        is_date: whether the number is shown as a date or an hour.
        unseen: whether the format leaves the number out; a dash shows zero.
        other_sign: whether the format shows the number below zero if it is not, or without its sign if it is.
    """

    percent: int = 0
    thousands: int = 0
    words: str = ""
    currency: str | None = None
    conditional: bool = False
    is_date: bool = False
    unseen: bool = False
    other_sign: bool = False


def shown_by(number_format: str, value: Decimal) -> Shown:
    """Return what `number_format` shows of `value` besides its digits, by the section for its sign."""
    sections = _sections(number_format or "General")
    conditional = any(kind == "condition" for section in sections for kind, _ in section)
    # With conditions nobody can tell which section serves; the format is asked about all the same.
    section = sections[0] if conditional else _of_sign(sections, value)
    # A literal between two codes parts them, so that commas on either side are not read together.
    code = "".join(text if kind == "code" else "\0" for kind, text in section)
    commas = COMMAS.search(code)
    # A sign that a format spells out as text is not a word if the number itself has such a sign.
    own = SIGNS_BELOW_ZERO if value < 0 else SIGNS_FROM_ZERO
    words = "".join(text for kind, text in section if kind == "words" and text not in own).strip()
    # Accounting formats show zero as a dash beside its unit, which means nothing else.
    beside = words.strip("- ") if value == 0 else words
    dash = beside != words or (value == 0 and code.strip("\0 $€£¥") == "-")
    words = beside
    signs = [text for kind, text in section if kind == "currency"] + [
        character for character in code if character in CURRENCIES
    ]
    is_date = (
        code != "General" and re.search(r"[ymdhs]", code.replace("General", ""), re.IGNORECASE) is not None
    )
    signs_of_code = SIGNS_BELOW_ZERO & set(EXPONENT.sub("", code))
    # A section of its own for negative numbers shows no sign that it does not spell out.
    unsigned = len(sections) > 1 and not any(
        SIGNS_BELOW_ZERO & set(text) for kind, text in section if kind != "condition"
    )
    # Some programs write a currency as quoted text.
    if words in CURRENCIES:
        signs, words = [*signs, words], ""
    return Shown(
        percent=code.count("%"),
        thousands=len(commas[1]) if commas else 0,
        words=words,
        currency=CURRENCIES.get(signs[0].strip(), signs[0].strip()) if signs else None,
        conditional=conditional,
        unseen=not (dash or SHOWS.search(code)),
        is_date=is_date,
        other_sign=not is_date and (unsigned if value < 0 else value > 0 and bool(signs_of_code)),
    )


def text_shown_by(number_format: str) -> Shown:
    """Return what `number_format` adds to a text, and whether it leaves the text out.

    Its fourth section serves texts, or else a section with `@`; without either a text is shown as it stands.
    """
    sections = _sections(number_format or "General")
    own = sections[3:4] or [one for one in sections if ("code", "@") in one][-1:]
    if not own:
        return Shown()
    words = "".join(text for kind, text in own[0] if kind == "words").strip()
    shows = any(kind == "code" and SHOWS.fullmatch(text) for kind, text in own[0])
    return Shown(words=words, unseen=not shows)


def _of_sign(sections: list[list[tuple[str, str]]], value: Decimal) -> list[tuple[str, str]]:
    """Return the section of a format that serves a number.

    It is the second for negative numbers; the third, if there are three, for zero; otherwise the first.
    """
    if value < 0 and len(sections) > 1:
        return sections[1]
    return sections[2] if value == 0 and len(sections) > 2 else sections[0]


def _sections(number_format: str) -> list[list[tuple[str, str]]]:
    """Return each section of a format as its pieces, in order: (kind, text).

    The kinds are `code`, `words`, `currency` and `condition`.
    """
    sections: list[list[tuple[str, str]]] = [[]]
    for quoted, escaped, _pad, _fill, bracket, code in PART.findall(number_format):
        if code == ";":
            sections.append([])
        elif quoted or escaped:
            sections[-1].append(("words", quoted or escaped))
        elif bracket.startswith("$"):
            sign = bracket[1:].partition("-")[0]
            sections[-1] += [("currency", sign)] if sign else []
        elif bracket[:1] in ("<", ">", "="):
            sections[-1].append(("condition", bracket))
        elif re.fullmatch(r"[hms]+", bracket, re.IGNORECASE):
            sections[-1].append(("code", bracket))
        elif code:
            sections[-1].append(("code", code))
    return sections
