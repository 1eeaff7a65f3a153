"""The registers of serial numbers that a deal names: which they are, how they read, where they are kept."""

from __future__ import annotations

from pathlib import Path

from engine.basics.errors import HeadroomError, render
from engine.basics.files import bytes_of, text_of, write_whole
from engine.events.servicing import PledgedFrom, RegisterChanged
from engine.record.canonical import sha256_hex
from engine.terms.as_written import Deal
from engine.terms.checks.serial_numbers import classes_of, counts_from, read_register
from engine.workspace.workspace import Workspace


class BadRegister(HeadroomError):
    """Raised for a register that cannot be read, with its first problem and the text."""

    def __init__(self, said: str, text: str) -> None:
        super().__init__(said)
        self.text, self.sha256 = text, sha256_hex(bytes_of(text))


def registers_named(deal: Deal) -> tuple[str, ...]:
    """Return the file names of the deal's registers, each once."""
    named = (asset.register_file for _, terms in deal.segments for asset in terms.pledged_assets.values())
    return tuple(dict.fromkeys(name for name in named if name is not None))


def as_read(deal: Deal, name: str, data: bytes) -> tuple[RegisterChanged, str]:
    """Return a register of a deal as a fact for the record, and its text. Raises BadRegister."""
    text = text_of(data)
    pledges, problems = read_register(text, f"deals/{name}", classes_of(deal))
    if problems:
        more = f" (and {len(problems) - 1} more; see `headroom check`)" if len(problems) > 1 else ""
        raise BadRegister(render(problems[0], text.splitlines()).splitlines()[0] + more, text)
    own = [
        asset
        for asset in classes_of(deal)
        if any(_register(terms.pledged_assets.get(asset)) == name for _, terms in deal.segments)
    ]
    counts = {
        asset: tuple(
            PledgedFrom(since=since, gpus=gpus)
            for since, gpus in counts_from(pledges, asset, deal.closing_date)
        )
        for asset in own
    }
    return RegisterChanged(file=name, sha256=sha256_hex(bytes_of(text)), counts=counts), text


def _register(asset: object) -> str | None:
    return getattr(asset, "register_file", None)


def register_path(workspace: Workspace, sha256: str) -> Path:
    """Return the place where the bytes of a register are kept."""
    return workspace.inside("deals", "registers", f"{sha256}.csv")


def refused_register(workspace: Workspace, sha256: str) -> Path:
    """Return the place where a register that could not be read is kept."""
    return workspace.inside("deals", "refused", f"{sha256}.csv")


def keep_refused(workspace: Workspace, bad: BadRegister) -> None:
    """Keep a register that could not be read."""
    path = refused_register(workspace, bad.sha256)
    if not path.exists():
        write_whole(path, bytes_of(bad.text))
