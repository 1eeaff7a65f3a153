"""What all commands share on the command line: exit codes, options, dates; and the edge where a refusal becomes a sentence."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from engine.errors import HeadroomError, InputProblems, WrongUsage

CODES = "Exit codes: 0 done (a breach is a result, not an error), 1 problems in the input, 2 wrong usage, 3 verification failed."

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Files = Annotated[list[Path], typer.Argument(help="Deal files.", show_default=False)]
Methodology = Annotated[str, typer.Option(help="The methodology version.")]
METHODOLOGY = "1.1-wp"
"""The methodology version unless another is named: the command line's default; a deal never has one."""


def example(text: str) -> str:
    """The foot of a command's help."""
    return f"Example: {text}\n\n{CODES}"


def day(text: str) -> date:
    """A date from the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"`{text}` is not a date; write it like 2026-03-05") from None


def moment(text: str) -> datetime:
    """A time with its zone from the command line."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"`{text}` is not a time; write it like 2026-03-05T18:21:00Z") from None
    if found.tzinfo is None:
        raise WrongUsage(f"`{text}` has no zone; write it like 2026-03-05T18:21:00Z")
    return found


STOPPED = 130
"""The exit code of a command that was interrupted, as shells give it."""


def run_command_line(app: Callable[..., object]) -> NoReturn:
    """Run `app`; every refusal is a sentence and an exit code, never a stack trace."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show must not end a run
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except InputProblems as error:
        _say_problems(error)
        sys.exit(error.exit_code)
    except HeadroomError as error:
        sys.stderr.write(f"headroom: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        code = STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has gone; nothing is left to say
        sys.exit(1)
    except (OSError, UnicodeError, BrokenExecutor) as error:
        sys.stderr.write(f"headroom: {_in_words(error)}\n")
        sys.exit(1)
    except Exception as error:
        if type(error).__module__.startswith(("click", "typer")):
            error.show()  # type: ignore[attr-defined]  # every usage error of the command line can show itself
            sys.exit(getattr(error, "exit_code", 2))
        raise
    if code == STOPPED:
        sys.stderr.write("\nheadroom: stopped; what was recorded stands, run again to go on\n")
    sys.exit(code if isinstance(code, int) else 0)


def _in_words(error: Exception) -> str:
    """A failure of the machine and not of the command: where, what, and what to do."""
    if isinstance(error, BrokenExecutor):
        return "a process that renders notices was ended from outside; what was recorded stands, run again to go on"
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}; mend that and run again, what was recorded stands"
    return f"a text is in another encoding than UTF-8: {error}"


def _say_problems(error: InputProblems) -> None:
    """All problems with their lines; as JSON where the command was asked for JSON."""
    from engine.commands.output import report_problems

    files = {problem.place.file for problem in error.problems}
    sources = {name: Path(name).read_text(encoding="utf-8", errors="replace") for name in files if Path(name).is_file()}
    report_problems(error.problems, sources, "--json" in sys.argv)
