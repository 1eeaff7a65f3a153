"""`headroom validate-index`: the paper's statistical tests of an index (WP §7).

They are printed as text, as JSON, or as a page with pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.basics.files import write_whole
from engine.basics.values import counted
from engine.cli.output import print_json, progress, progress_done, say, table
from engine.queries.index_validation import IndexValidation, index_validation
from engine.workspace.workspace import Workspace


@dataclass(frozen=True)
class Page:
    """A page that is asked for: the file, and what renders (findings as JSON, weeks as JSON) to a PDF."""

    into: Path
    render: Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], bytes]


def validate(
    workspace: Workspace,
    index: str,
    version: str,
    as_json: bool,
    prices: Path | None = None,
    page: Page | None = None,
) -> int:
    """Print the paper's tests over every week that the workspace's snapshots give."""
    validation = index_validation(workspace, index, version, prices, progress)
    progress_done()
    if page is not None:
        write_whole(
            page.into,
            page.render(validation.as_data(), [value.model_dump(mode="json") for value in validation.values]),
        )
    if as_json:
        print_json(validation.as_data())
    else:
        _say(validation)
        say(f"\n{page.into} is written" if page is not None else "")
    return 0


def _say(validation: IndexValidation) -> None:
    """Print each test with its verdict and its caveat, then the coverage of each week."""
    data = validation.as_data()
    say(f"{data['index']} under {data['methodology']}: {counted(data['weeks'], 'weeks')} to {data['last']}")
    say(
        "Shapes of prices (WP §7.2) are tested for the newest weeks with a value: "
        f"{', '.join(data['distributions_of']) or 'none'}"
    )
    say()
    for finding in validation.findings:
        mark = (
            "refused"
            # The marks are as wide as one another, so that the tests stand in one column.
            if finding.verdict.startswith("refused: ")
            else "look   "
            if finding.finding
            else "       "
        )
        say(
            f"{mark}  {finding.test} ({finding.section}, n = {finding.sample}): "
            f"{finding.verdict.removeprefix('refused: ')}"
        )
        say(f"         caveat: {finding.caveat}")
    say()
    say("Coverage ratio (WP §7.1), mean of each week's days; every day with --json")
    say(table(("week", "known days", "listings that qualify"), validation.weekly_coverage, right=(1, 2)))
