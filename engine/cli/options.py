"""What all commands share on the command line.

It is exit codes, options and dates, and the place where an error becomes a sentence.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from engine.basics.errors import RUN_AGAIN, HeadroomError, InputProblems, WrongUsage
from engine.basics.files import text_of
from engine.basics.inert import inert_lines, one_line
from engine.basics.quotations import shortened
from engine.basics.regular_files import NotAFile, bytes_in

CODES = (
    "Exit codes: 0 done (a breach is a result, not an error), 1 problems in the input, 2 wrong usage, 3 "
    "verification failed, 4 something was not compared, 130 stopped by Ctrl-C."
)

DEMONSTRATION = "Examples are for the demonstration: make demo, then export HEADROOM_WORKSPACE=build/demo"

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
File = Annotated[Path, typer.Argument(help="A deal file.", show_default=False)]
Files = Annotated[list[Path], typer.Argument(help="Deal files.", show_default=False)]
Methodology = Annotated[str, typer.Option(help="The methodology version.")]
# Questions about the market need a version, while each deal pins its own in its file (`rulings.md` 5).
METHODOLOGY = "1.1-wp"
"""The methodology version unless another is named: the command line's default; a deal never has one."""


def example(text: str) -> str:
    """Return the foot of a command's help."""
    return f"Example: {text}\n\n{DEMONSTRATION}\n\n{CODES}"


def day(text: str) -> date:
    """Return a date from the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"`{text}` is not a date; write it like 2026-03-05") from None


def moment(text: str) -> datetime:
    """Return a time with its zone from the command line."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"`{text}` is not a time; write it like 2026-03-05T18:21:00Z") from None
    # The time is compared with times of collection (`rulings.md` 6), which a guessed zone would shift.
    if instant.tzinfo is None:
        raise WrongUsage(f"`{text}` has no zone; write it like 2026-03-05T18:21:00Z")
    return instant


STOPPED = 130
"""The exit code of a command that was interrupted, as shells give it."""
NOT_ANSWERED = f"stopped: the input ended before the command had its answer. {RUN_AGAIN}"
"""What is said of a command that asked for something and got nothing."""


def run_command_line(app: Callable[..., object]) -> NoReturn:
    """Run `app`; every refusal is a sentence on standard error and an exit code, never a stack trace.

    Where the command was asked for JSON, the refusal stands on standard output as well: the list of problems,
    or `{"error": {...}}`.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a name that the terminal cannot show must not end a run
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except InputProblems as error:
        _say_problems(error)
        sys.exit(error.exit_code)
    except HeadroomError as error:
        _refused(str(error), error.exit_code)
    # What was recorded is whole at any moment, so Ctrl-C needs a sentence and not a trace.
    except KeyboardInterrupt:
        code = STOPPED
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # whoever read has gone; nothing is left to say
        sys.exit(1)
    except (OSError, UnicodeError, BrokenExecutor, MemoryError) as error:
        _refused(*_in_words(error))
    except typer.Abort:
        _refused(NOT_ANSWERED, STOPPED)
    except Exception as error:
        if type(error).__module__.startswith(("click", "typer")) and hasattr(error, "show"):
            _say_usage(error)
        raise
    if code == STOPPED:
        sys.stderr.write(f"\nheadroom: stopped. {RUN_AGAIN}\n")
    sys.exit(code if isinstance(code, int) else 0)


def _say_usage(error: Any) -> NoReturn:
    """Print a usage error as the library of the command line words it, and end with its exit code."""
    ends = int(getattr(error, "exit_code", 2))
    # The help of a command that was called without arguments comes as an error's message, and stays whole.
    if type(error).__name__ != "NoArgsIsHelpError":
        error.message = shortened(error.message)
    shown = io.StringIO()
    error.show(file=shown)
    sys.stderr.write(inert_lines(shown.getvalue()))
    _as_json(error.format_message(), ends)
    sys.exit(ends)


def _refused(what: str, exit_code: int, before: str = "") -> NoReturn:
    """Return one refusal, for people and, if JSON was asked for, for programs."""
    what = shortened(what)
    sys.stderr.write(f"{before}headroom: {one_line(what)}\n")
    _as_json(what, exit_code)
    sys.exit(exit_code)


def _as_json(what: str, exit_code: int) -> None:
    # The refusal may come before options are parsed, so the words themselves are looked at.
    if "--json" in sys.argv:
        from engine.cli.output import print_json

        print_json({"error": {"what": what, "exit_code": exit_code}})


def _in_words(error: Exception) -> tuple[str, int]:
    """Return what happened to the machine or to a file, and the exit code.

    The code is 2 for a path that the command named, and 1 for the rest.
    """
    if isinstance(error, BrokenExecutor):
        return f"a process that renders notices was ended from outside. {RUN_AGAIN}", 1
    if isinstance(error, MemoryError):
        return f"the machine has no memory left for this. {RUN_AGAIN}", 1
    if isinstance(error, UnicodeError):
        return f"a text is in another encoding than UTF-8: {error}", 1
    assert isinstance(error, OSError)  # the caller catches these four
    why = error.strerror or str(error)
    # These five speak of a path that somebody typed; any other is trouble of the machine.
    named = error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)
    named = named or isinstance(error, NotAFile)
    rest = "" if named else f"; remove the cause. {RUN_AGAIN}"
    return (
        f"{f'{error.filename}: ' if error.filename else ''}{why.lower() if named else why}{rest}",
        WrongUsage.exit_code if named else 1,
    )


def _say_problems(error: InputProblems) -> None:
    """Print all problems with their lines.

    If the command was asked for JSON, they are JSON, and the text goes to standard error.
    """
    from engine.basics.errors import render_all
    from engine.cli.output import report_problems

    files = {problem.place.file for problem in error.problems}
    # A file may be gone since it was read; its problems are then shown without its lines.
    sources = {name: text_of(bytes_in(Path(name))) for name in files if Path(name).is_file()}
    as_json = "--json" in sys.argv
    report_problems(error.problems, sources, as_json)
    if as_json:
        sys.stderr.write(inert_lines(render_all(error.problems, sources)) + "\n")
