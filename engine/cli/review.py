"""Commands for analysts of the index.

They are the quarterly review, the rating agency's disclosure, CRI-D, and a fleet's performance.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.assembly import review_page
from engine.cli.app import app, opened, recording
from engine.cli.options import Json, example


@app.command(epilog=example("headroom review CRI-H100@1.1-wp --quarter 2026Q1 --into build/review.pdf"))
def review(
    series: Annotated[str, typer.Argument(help="Index and methodology, like CRI-H100@1.1-wp.")],
    quarter: Annotated[str, typer.Option(help="The quarter, like 2026Q1.")],
    into: Annotated[
        Path | None, typer.Option(help="Write the page with its pictures to this file (.pdf or .html).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the quarterly methodology review.

    It holds the paper's Table 6 as measured, each week as a point, and the minimum viable count.
    """
    from engine.cli.show.review import review

    workspace = opened()
    review(workspace, series, quarter, into, review_page(workspace), as_json)


@app.command(epilog=example("headroom disclosure CRI-H100@1.1-wp"))
def disclosure(
    series: Annotated[str, typer.Argument(help="Index and methodology, like CRI-H100@1.1-wp.")],
    as_json: Json = False,
) -> None:
    """Write the rating agency's disclosure with figures.

    It states source, scenarios, governance and audit, and then each IOSCO principle.
    """
    from engine.cli.show.review import disclosure

    disclosure(opened(), series, as_json)


@app.command("cri-d", epilog=example("headroom cri-d CRI-H100@1.1-wp CRI-H200@1.1-wp"))
def cri_d(
    older: Annotated[str, typer.Argument(help="The older generation's series.")],
    newer: Annotated[str, typer.Argument(help="The newer one's, whose first value begins the transition.")],
    record: Annotated[bool, typer.Option("--record", help="Record it; otherwise it is only shown.")] = False,
    as_json: Json = False,
) -> None:
    """Compute the depreciation index of a generation.

    The command refuses by name until the paper's three conditions hold.
    """
    from engine.cli.show.review import cri_d
    from engine.operations.depreciation_index import depreciation_index, publish_depreciation

    if record:
        with recording() as (workspace, by):
            new, values = publish_depreciation(workspace, older, newer, by)
        cri_d(values, new, as_json)
    else:
        cri_d(depreciation_index(opened(), older, newer), None, as_json)


@app.command(epilog=example("headroom fleet deals/meridian-certificates.csv --pledged 1024"))
def fleet(
    certificates: Annotated[Path, typer.Argument(help="CSV: serial, performance.")],
    pledged: Annotated[
        int | None, typer.Option(help="GPUs pledged, where it is to be said how many have no certificate.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a fleet's certified performance by percentile."""
    from engine.cli.show.review import fleet

    fleet(certificates, pledged, as_json)
