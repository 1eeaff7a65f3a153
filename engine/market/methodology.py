"""Methodology versions: one file each, never edited once used (`index.md`, Methodology versions)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

from engine.basics.errors import WrongUsage
from engine.basics.values import Exact, Fact


class Methodology(Fact):
    """The parameters of one version. None means that the version does not have the rule."""

    version: str
    published_by_the_administrator: bool
    zone: str
    daily_minimum: int
    low_confidence_below_valid_days: int
    low_confidence_below_observations: int | None = None
    low_confidence_above_width: Exact | None = None
    when_no_day_counts: Literal["no_value", "pool_all"]
    reliability_at_least: float
    stale_after_days: int
    outlier_trim_share: Exact
    outlier_deviations: Exact


@cache
def known_versions() -> tuple[str, ...]:
    """Return the names of the versions that ship, oldest first."""
    folder = files("deals") / "methodology"
    names = (item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))
    return tuple(sorted(names, key=_place))


def published_versions() -> dict[str, bool]:
    """Return the versions that ship, oldest first, and whether the administrator has published under each.

    See rulings 1.
    """
    return {version: load_methodology(version).published_by_the_administrator for version in known_versions()}


def _place(version: str) -> tuple[tuple[int, ...], str]:
    """Return the sort key of a version: its numbers, then the text after them.

    So 1.1.10 follows 1.1.9.
    """
    numbers, _, rest = version.partition("-")
    return tuple(int(number) for number in numbers.split(".")), rest


@cache
def load_methodology(version: str) -> Methodology:
    """Return one version by name.

    Raises WrongUsage, naming the versions that ship, for any other version.
    """
    known = known_versions()
    if version not in known:
        raise WrongUsage(f"methodology `{version}` is not known; known are {', '.join(known)}")
    text = (files("deals") / "methodology" / f"{version}.toml").read_text(encoding="utf-8")
    return Methodology.model_validate(tomllib.loads(text))


DECISIVE = (
    "when_no_day_counts",
    "reliability_at_least",
    "stale_after_days",
    "outlier_trim_share",
    "outlier_deviations",
)
"""Parameters whose change is material by itself: a filter, an outlier rule, or what counts.

`daily_minimum` is not among them, because it is weighed by how far it moves the value.
"""


def materially_different(first: str, second: str) -> bool:
    """Return whether two versions differ in a statistic, window, filter or outlier rule (rulings 5).

    A version that is not known counts as different.
    """
    known = known_versions()
    if first not in known or second not in known:
        return True
    one, other = load_methodology(first), load_methodology(second)
    return any(getattr(one, name) != getattr(other, name) for name in DECISIVE)


def current_version() -> str:
    """Return the newest version that the administrator published under.

    A deal's policy `current` means this version.
    """
    # A newer version that nobody has published under is not the current one (rulings 1).
    return [version for version, published in published_versions().items() if published][-1]
