"""What every command shares, and the composition root: the only file that brings engine, covenants and reports together.

Every import of weight is inside the command that needs it, so that `--help` and `check` are quick.
"""

from __future__ import annotations

import os

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")  # none are used, and looking for them takes a tenth of `check`

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.options import CODES

if TYPE_CHECKING:
    from engine.record.log import Scribe
    from engine.record.notice import Render
    from engine.thursday import Tools
    from engine.workspace import Workspace

app = typer.Typer(
    name="headroom",
    help="Covenant and ABS trigger monitoring against a weekly GPU rental index.",
    epilog=CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
state: dict[str, Path] = {}


@app.callback()
def main_options(
    workspace: Annotated[Path, typer.Option(envvar="HEADROOM_WORKSPACE", help="The workspace folder.")] = Path(),
) -> None:
    """Remember which workspace the command works in."""
    state["workspace"] = workspace


def opened(*, to_inspect: bool = False) -> Workspace:
    """The workspace that the command works in; `to_inspect` where it is verified, and nothing in it made or changed."""
    from engine.workspace import opened as open_workspace

    return open_workspace(state.get("workspace", Path()), to_inspect=to_inspect)


def found() -> Workspace | None:
    """The workspace that the command works in, where there is one: `check` needs none."""
    folder = state.get("workspace", Path())
    return opened() if (folder / "headroom.toml").is_file() else None


def clock() -> datetime:
    """The one reading of the clock."""
    return datetime.now(UTC)


def scribe() -> Scribe:
    """Who records: the operating system's user, now."""
    import getpass

    from engine import __version__
    from engine.record.log import Scribe

    return Scribe(getpass.getuser(), f"headroom {__version__}", clock())


def tools(now: datetime | None = None) -> Tools:
    """What a run needs from outside the engine: templates, the renderer, the clock."""
    from engine.commands.output import progress
    from engine.thursday import Tools

    return Tools(all_templates(), _renderer(), now or clock(), scribe().actor, progress)


@cache
def _renderer() -> Render:
    import atexit

    from reports.pool import RenderPool

    pool = RenderPool()
    atexit.register(pool.close)
    return pool


def page(workspace: Workspace) -> Any:
    """What renders a publication page: (weeks, when it was recorded, first print) -> HTML and PDF."""

    def render(weeks: Any, recorded_at: datetime, first: Any) -> tuple[str, bytes]:
        from reports.publication import PublicationInputs
        from reports.render import render_publication

        generated = (workspace.root / "GENERATED").exists()
        return render_publication(PublicationInputs(weeks[-1], weeks, workspace.settings.operator, recorded_at, first, generated))

    return render


def all_templates() -> Any:
    """Every covenant template, by name."""
    from covenants import templates

    return templates()
