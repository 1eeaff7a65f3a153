"""The same facts always give the same bytes, and nothing that two readers might print differently gets in."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from engine.basics.values import Unit
from engine.record.canonical import canonical, sha256_hex

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def test_keys_are_sorted_by_utf_16_as_rfc_8785_section_3_2_3_shows() -> None:
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert list(json.loads(canonical(keys))) == [
        "\r",
        "1",
        "\u0080",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


def test_text_is_escaped_as_little_as_possible() -> None:
    assert canonical({"a": '€$\u000f\nA\'B"\\\\"/'}) == '{"a":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()


@given(JSON)
def test_reading_back_and_writing_again_gives_the_same_bytes(value: Any) -> None:
    assert canonical(json.loads(canonical(value))) == canonical(value)


@given(st.dictionaries(st.text(max_size=5), st.integers(0, 9), max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@pytest.mark.parametrize("value", [1.5, 1.0, float("nan"), float("inf"), -0.0])
def test_a_float_is_refused_with_its_path(value: float) -> None:
    with pytest.raises(TypeError, match=r"\$\.rate\[1\]\.value is a float"):
        canonical({"rate": ["1.70", {"value": value}]})


@pytest.mark.parametrize(
    ("value", "word"), [(Decimal("1.7"), "Decimal"), (b"x", "bytes"), ({1, 2}, "set"), (object(), "object")]
)
def test_what_json_has_no_form_for_is_refused(value: object, word: str) -> None:
    with pytest.raises(TypeError, match=rf"\$\.level is a {word}"):
        canonical({"level": value})


def test_a_key_that_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="JSON keys are text"):
        canonical({1: "a"})


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800"])
def test_what_some_readers_would_change_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"safe integer|UTF-8"):
        canonical([value])


def test_sha256() -> None:
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(JSON)
def test_the_faster_writing_gives_the_bytes_of_the_library(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [
        {"\ufb33": 1, "\U0001f600": 2},
        {"e": {"\U0001f600": [], "\uffff": {}}},
        "".join(map(chr, range(0x20))) + '\x7f\x80\u2028\u2029"\\/',
        [True, False, None, 0, -1, 2**53 - 1, 1 - 2**53, [], {}, ()],
        Unit.USD,
        {"unit": Unit.SHARE, "n": (1, "2")},
    ],
)
def test_what_the_two_ways_of_writing_could_tell_apart_is_written_alike(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", ["\ud800", {"a": ["\udfff"]}, {"\ud800": 1}, 2**53, [-(2**53)]])
def test_the_faster_writing_refuses_what_the_library_refuses(value: Any) -> None:
    with pytest.raises(ValueError, match=r"codepoints|safe integer|surrogates"):
        canonical(value)
