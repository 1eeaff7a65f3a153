"""Methodology versions: which ship, in which order, and which one is current."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.market import methodology
from tests.conftest import DEALS


def test_the_tenth_version_follows_the_ninth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DEALS / "methodology" / "1.1.1.toml").read_text(encoding="utf-8")
    folder = tmp_path / "methodology"
    folder.mkdir()
    for version in ("1.1.9", "1.1.10", "1.1-wp", "1.1.1"):
        published = "true" if version != "1.1-wp" else "false"
        made = text.replace('version = "1.1.1"', f'version = "{version}"').replace(
            "administrator = true", f"administrator = {published}"
        )
        (folder / f"{version}.toml").write_text(made, encoding="utf-8")
    monkeypatch.setattr(methodology, "files", lambda _: tmp_path)
    for kept in (methodology.load_methodology, methodology.known_versions):
        kept.cache_clear()
    try:
        assert methodology.known_versions() == ("1.1-wp", "1.1.1", "1.1.9", "1.1.10")
        assert methodology.current_version() == "1.1.10"
    finally:
        for kept in (methodology.load_methodology, methodology.known_versions):
            kept.cache_clear()


def test_the_versions_that_ship_are_listed_oldest_first() -> None:
    assert methodology.known_versions() == ("1.1-wp", "1.1.0", "1.1.1")
    assert methodology.current_version() == "1.1.1"
