"""The letters by which a spreadsheet names its columns.

It imports nothing of the engine, because a child process starts with it.
"""

from __future__ import annotations


def letters(column: int) -> str:
    """Return the letters of a column that is counted from 0."""
    label = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        label = chr(65 + rest) + label
    return label


def column_at(label: str) -> int:
    """Return the column, counted from 0, that has these letters."""
    column = 0
    for letter in label:
        column = 26 * column + ord(letter) - 64
    return column - 1
