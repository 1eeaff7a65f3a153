"""`headroom-verify`: a notice, a bundle or an exported log, by the verifier's own policy, offline.

It says the steps and the sentences of `headroom verify`, and imports nothing that a verifier does not use: no
database, no renderer, no command line library.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, Protocol

from engine.assembly import all_templates, notice_pages
from engine.audit.verify_bundle import verify_bundle
from engine.audit.verify_export import verify_export
from engine.audit.verify_file import verify_notice_file
from engine.basics.errors import HeadroomError, Unavailable, VerificationFailed, WrongUsage
from engine.basics.inert import inert_json, inert_lines, one_line
from engine.basics.standard_streams import open_closed_streams

ABOUT = (
    "Check a notice, a bundle or an exported log offline, by what you trust. A workspace is checked, and a "
    "checkpoint cosigned, with the whole product: `headroom verify` and `headroom cosign`."
)
CODES = (
    "Exit code 0: all holds; 1: something cannot be read; 2: used wrongly; 3: something differs; 4: the key "
    "of a checkpoint has ended."
)


class Found(Protocol):
    """The result of a verification: of a notice, of a bundle or of an exported log."""

    @property
    def verified(self) -> bool:
        """Return whether no step found a difference."""

    @property
    def by_an_ended_key(self) -> bool:
        """Return whether the checkpoint is by a key that has ended."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Return each step in a line, and the conclusion in a last line."""

    def as_data(self) -> dict[str, object]:
        """Return the verification as JSON."""


def verified(what: Path, policy: Path, held: Sequence[Path]) -> Found:
    """Return the verification of a notice, a bundle or an exported log, told apart by what it is.

    Raises WrongUsage for what is neither.
    """
    if what.is_dir():
        return verify_export(what, policy, held)
    if what.suffix.lower() == ".bundle":
        return verify_bundle(what, policy, all_templates(), notice_pages())
    if not what.is_file():
        raise WrongUsage(f"no such file: {what}")
    return verify_notice_file(what, policy, all_templates(), held, notice_pages())


def run(arguments: Sequence[str]) -> int:
    """Print a verification, and return the exit code of the command."""
    parser = argparse.ArgumentParser("headroom-verify", description=ABOUT, epilog=CODES)
    parser.add_argument(
        "what", type=Path, help="a notice (.pdf), a bundle (.bundle), or an exported log's folder"
    )
    parser.add_argument("--policy", type=Path, required=True, help="what you trust (.toml)")
    parser.add_argument(
        "--held",
        type=Path,
        action="append",
        default=[],
        help="with a notice: the exported log; with an exported log: a checkpoint or notice that you kept",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    try:
        found = verified(given.what, given.policy, given.held)
    except (HeadroomError, OSError, MemoryError) as error:
        # A file that the machine cannot read says nothing of itself.
        refused = (
            error
            if isinstance(error, HeadroomError)
            else Unavailable(
                f"{getattr(error, 'filename', None) or given.what}: "
                f"{getattr(error, 'strerror', None) or error or 'no memory left'}; nothing was verified"
            )
        )
        sys.stderr.write(f"headroom-verify: {inert_lines(str(refused))}\n")
        if given.json:
            _json({"error": {"what": str(refused), "exit_code": refused.exit_code}})
        return refused.exit_code
    if given.json:
        _json(found.as_data())
    else:
        sys.stdout.write("".join(f"{one_line(line)}\n" for line in found.lines))
    return VerificationFailed.exit_code if not found.verified else 4 if found.by_an_ended_key else 0


def _json(value: object) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    sys.stdout.write(inert_json(text, sys.stdout.encoding) + "\n")


def main() -> NoReturn:
    """Run the command."""
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))
