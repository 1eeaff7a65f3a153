"""The agreement's words against the terms: a text that quotes one number while the terms say another.

A percentage, a price, an amount or a multiple that the text quotes must stand in the terms. Counts of dates
and periods are a problem only if none of those quoted agrees with the terms. A sentence may speak of other
counts that are not monitored here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.basics.errors import Problem
from engine.basics.numerals import UP_TO_NINETEEN
from engine.terms.as_written import Deal
from engine.terms.source import Path, scalars

TENS = dict(
    zip(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
        range(20, 100, 10),
        strict=True,
    )
)
IN_WORDS: Mapping[str, int] = {
    **{word: number for number, word in enumerate(UP_TO_NINETEEN)},
    **TENS,
    **{
        f"{ten}-{UP_TO_NINETEEN[digit]}": tens + digit for ten, tens in TENS.items() for digit in range(1, 10)
    },
    "one hundred": 100,
}
"""Numbers as agreements write them out, by their words."""
NUMBER = r"\d[\d,]*(?:\.\d+)?"
WORD = "|".join(sorted(IN_WORDS, key=len, reverse=True))
FIGURE = re.compile(rf"{NUMBER}%?")
PER_CENT = re.compile(rf"(?<![\w.])({NUMBER}|{WORD}) ?(?:%|per ?cent\b)", re.IGNORECASE)
MONEY = re.compile(rf"(?:USD |US\$|\$)({NUMBER})")
MULTIPLE = re.compile(rf"(?<![\w.])({NUMBER}) ?(?:x\b|times the\b)")
# A section like `§6.04` is not a count. In `fifteen (15) days` the figure in brackets repeats the word.
LENGTHS: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(rf"(?<![\w.§-])({NUMBER}|{WORD})(?:\)| \(\d+\))?[ -]{words}", re.IGNORECASE)
    for kind, words in {
        "business days": "business days?",
        "days": "(?:calendar )?days?",
        "weeks": "(?:calendar )?weeks?",
        "months": "(?:calendar )?months?",
        "consecutive dates": "consecutive",
        "of the last": "of the last",
    }.items()
}
"""Patterns for counts, by what is counted. Each kind is compared only with terms of its own kind."""


def texts(deal: Deal) -> Iterator[Problem]:
    """Yield a problem for each number in the text of a clause or trigger that its terms do not have."""
    terms = deal.segments[0][1]
    named: dict[Path, str | None] = {
        ("covenants", key): clause.text for key, clause in terms.covenants.items()
    }
    named |= {("triggers", key): trigger.text for key, trigger in terms.triggers.items()}
    for path, text in named.items():
        raw = deal.tree.get(path)
        if text is not None and isinstance(raw, dict):
            said = [
                value
                for at, value in scalars(raw)
                if at[-1] not in ("text", "cite") and isinstance(value, str)
            ]
            # A number that the text quotes twice is one problem.
            for quoted in dict.fromkeys(
                (*_figures(text, said, path[0] == "covenants"), *_lengths(text, said))
            ):
                place = deal.tree.place((*path, "text"))
                why = "no term of the clause has this number"
                yield Problem(
                    "D517",
                    f"the text quotes {quoted}, the terms do not",
                    why,
                    "correct the text or the term",
                    place,
                )


def _figures(text: str, said: list[str], strict: bool) -> Iterator[str]:
    """Yield the percentages, amounts and multiples in a text that no term has; nothing unless `strict`.

    A trigger's own terms have few figures, so its text is held to counts alone.
    """
    if not strict:
        return
    written = {_plain(number) for value in said for number in FIGURE.findall(value)}
    for match in PER_CENT.finditer(text):
        if _plain(_number(match[1])) + "%" not in written:
            yield match[0] if "%" not in match[0] else f"{_number(match[1])}%"
    for pattern in (MONEY, MULTIPLE):
        for match in pattern.finditer(text):
            if _plain(match[1]) not in written:
                yield match[1] if pattern is MONEY else match[0].removesuffix(" the")


def _lengths(text: str, said: list[str]) -> Iterator[str]:
    """Yield the counts of dates and periods in a text that agree with none of the terms.

    A kind of count is passed over if the terms have none of it, or if one that the text quotes agrees.
    """
    for pattern in LENGTHS.values():
        quoted = {_number(match[1]): match[0] for match in pattern.finditer(text)}
        # Asked first: a text quotes few kinds of counts, and the terms are many.
        if not quoted:
            continue
        agreed = {
            _number(match[1])
            for value in said
            # The months of a cap are not a length that the text would quote as one.
            if " in any " not in value
            for match in pattern.finditer(value)
        }
        # A text may speak of other periods as well, so one that agrees is enough.
        if agreed and not agreed & quoted.keys():
            yield from quoted.values()


def _number(written: str) -> str:
    return str(IN_WORDS.get(written.lower(), written))


def _plain(number: str) -> str:
    """Return a number without what does not change it: `1,200,000.00` as `1200000`, `60.0%` as `60%`."""
    digits, per_cent = number.replace(",", "").removesuffix("%"), "%" * number.endswith("%")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) + per_cent
