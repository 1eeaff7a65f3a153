"""`make mutants`: draws mutants of `engine/evaluation` and `engine/market` by seed, runs the tests that reach
each, writes docs/mutants.md.

The tests are collected once. Each mutant is a fork of that process in which one function has the mutant's
code: it costs its tests alone. A first fork runs every test and notes which functions each one calls. A
mutant's tests are those that call its function, the quickest first, up to 5 seconds of them. `python -m
tests.mutants --count 50 --seed 7 --only states_of_tests` prints without writing.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType, FunctionType
from typing import NoReturn

import pytest

from tests.mutants.mutations import Mutant, noting, places
from tests.mutants.mutations import mutant as made

NOTES = "_called_by_a_test"
"""The name of the set of functions, in every module of the rooms."""
REPOSITORY = Path(__file__).resolve().parents[2]
ROOMS = ("engine/evaluation", "engine/market")
TESTS = (
    "tests/evaluation",
    "tests/market",
    "tests/sellers",
    "tests/covenants/test_determine.py",
    "tests/covenants/test_further_thresholds.py",
    "tests/operations/test_corrections.py",
    "tests/queries/test_index_quality.py",
    "tests/servicer_report/test_report_forms.py",
    "tests/terms/test_announced_leaf.py",
    "tests/terms/test_examples_from_clauses.py",
    "tests/terms/test_examples_from_prose.py",
    "tests/terms/test_fourteen_clauses.py",
    "tests/terms/test_limbs_and_curves.py",
    "tests/terms/test_on_delivery.py",
)
MOST_SECONDS = 5
"""So many seconds of tests are run against one mutant."""
ENDLESS = 40
"""A mutant whose tests take more seconds of the processor is noticed by that alone.

The clock does not count: the machine may be busy.
"""
PAGE = REPOSITORY / "docs" / "mutants.md"
Reached = dict[tuple[str, str], list[tuple[float, int]]]


class Plugin:
    """Takes the place of pytest's loop over the tests."""

    def __init__(self, count: int, seed: int, only: str) -> None:
        self.count, self.seed, self.only = count, seed, only
        self.outcomes: list[tuple[Mutant, str]] = []
        self.of_all = 0
        self.failed = False

    def pytest_collection(self) -> None:
        """Let a failing property fail at once: a mutant's smallest example is not looked for."""
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants", phases=[Phase.explicit, Phase.generate], database=None, derandomize=True
        )
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        self.failed = self.failed or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run what the mutants need in forks of this process."""
        reached = self._reach(session)
        files = [path for path in _modules() if self.only in path.stem]
        every = [(path, number) for path in files for number in range(places(path))]
        self.of_all = len(every)
        drawn = random.Random(self.seed).sample(every, min(self.count, len(every)))
        for number, chosen in enumerate(drawn, 1):
            mutant = made(*chosen)
            outcome = self._outcome(session, mutant, reached)
            self.outcomes.append((mutant, outcome))
            if outcome not in ("noticed", "endless"):
                print(f"{number} of {len(drawn)}: {outcome}: {_said(mutant)}", flush=True)
        return True

    def _reach(self, session: pytest.Session) -> Reached:
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            _in_a_fork(lambda: self._write_reach(session, Path(file.name)), 1800)
            rows = json.loads(Path(file.name).read_text(encoding="utf-8") or "[]")
        reached: Reached = {}
        for number, seconds, called in rows:
            for path, name in called:
                reached.setdefault((path, name), []).append((seconds, number))
        return reached

    def _write_reach(self, session: pytest.Session, file: Path) -> int:
        rows, called = [], _noted()
        for number, item in enumerate(session.items):
            called.clear()
            began = time.process_time()
            self._run(item, None)
            if self.failed:
                print(f"fails without a mutant: {item.nodeid}", flush=True)
                self.failed = False
            elif called:
                rows.append((number, time.process_time() - began, sorted(called)))
        file.write_text(json.dumps(rows), encoding="utf-8")
        return 0

    def _outcome(self, session: pytest.Session, mutant: Mutant, reached: Reached) -> str:
        chosen, spent = [], 0.0
        for seconds, number in sorted(reached.get((str(mutant.path), mutant.function), [])):
            spent += seconds
            if spent <= MOST_SECONDS:
                chosen.append(number)
        if not chosen:
            return "reached by none of the tests"
        return _in_a_fork(lambda: self._tried(session, mutant, chosen), ENDLESS)

    def _tried(self, session: pytest.Session, mutant: Mutant, tests: list[int]) -> int:
        _put_in(mutant.path, mutant.code)
        for number, following in zip(tests, [*tests[1:], None], strict=True):
            self._run(session.items[number], None if following is None else session.items[following])
            if self.failed:
                return 1
        return 0

    def _run(self, item: pytest.Item, following: pytest.Item | None) -> None:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _put_in(path: Path, code: CodeType) -> None:
    """Give every function object that has the original's code another."""
    for function in _functions():
        original = function.__code__
        place = (original.co_filename, original.co_qualname, original.co_firstlineno)
        if place == (str(path), code.co_qualname, code.co_firstlineno):
            function.__code__ = code


def _functions() -> list[FunctionType]:
    gc.unfreeze()  # what the engine has set apart is not listed otherwise
    return [one for one in gc.get_objects() if isinstance(one, FunctionType)]


def _noted() -> set[tuple[str, str]]:
    """Make each function of the rooms add itself to the set that comes out, whenever it is called."""
    called: set[tuple[str, str]] = set()
    codes = {
        (str(path), name, code.co_firstlineno): code
        for path in _modules()
        for name, code in noting(path, NOTES)
    }
    for function in _functions():
        original = function.__code__
        code = codes.get((original.co_filename, original.co_qualname, original.co_firstlineno))
        if code is not None:
            function.__code__, function.__globals__[NOTES] = code, called
    return called


def _modules() -> list[Path]:
    return [path for room in ROOMS for path in sorted((REPOSITORY / room).rglob("*.py"))]


def _in_a_fork(work: Callable[[], int], seconds: int) -> str:
    child = os.fork()
    if child == 0:
        _work_and_end(work, seconds)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {0: "unnoticed", -signal.SIGXCPU: "endless", -signal.SIGKILL: "endless"}.get(code, "noticed")


def _work_and_end(work: Callable[[], int], seconds: int) -> NoReturn:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    code = 1
    try:
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _said(mutant: Mutant) -> str:
    was, became = (" ".join(text.split())[:90] for text in (mutant.was, mutant.became))
    return f"{mutant.path.relative_to(REPOSITORY)}:{mutant.line} `{was}` became `{became}`"


def _page(plugin: Plugin, seconds: float) -> Iterator[str]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=REPOSITORY, check=True
    ).stdout.strip()
    left = [(mutant, outcome) for mutant, outcome in plugin.outcomes if outcome not in ("noticed", "endless")]
    noticed = len(plugin.outcomes) - len(left)
    yield "# Mutants\n"
    yield (
        "`make mutants` changes one operator, constant, condition or answer of `engine/evaluation` or "
        "`engine/market`."
    )
    yield "A test should then fail."
    yield (
        "A mutant that no test notices shows a line on which nothing is tested, or a change that makes no "
        "difference.\n"
    )
    yield (
        f"Commit {commit}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, seed {plugin.seed}, {seconds:,.0f} "
        "seconds of one processor.\n"
    )
    share = (
        f"{noticed:,} of {len(plugin.outcomes):,} mutants were noticed ({noticed / len(plugin.outcomes):.1%})"
    )
    yield f"**{share}**, drawn from {plugin.of_all:,}.\n"
    yield "| room | drawn | noticed |\n|---|---|---|"
    for room in ROOMS:
        here = [
            outcome for mutant, outcome in plugin.outcomes if mutant.path.is_relative_to(REPOSITORY / room)
        ]
        yield f"| `{room}` | {len(here)} | {sum(outcome in ('noticed', 'endless') for outcome in here)} |"
    yield "\n## What survived\n"
    for mutant, outcome in sorted(left, key=lambda one: (str(one[0].path), one[0].line)):
        yield f"- {_said(mutant)}" + ("" if outcome == "unnoticed" else f" ({outcome})")


def main() -> int:
    """Draw, try, and write the page; exit code 1 without a single mutant."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--count", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="a part of the module's name; prints, and writes no page")
    asked = parser.parse_args()
    plugin = Plugin(asked.count, asked.seed, asked.only)
    began = time.process_time() + sum(os.times()[2:4])
    code = pytest.main(
        ["-o", "addopts=", "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:faulthandler", *TESTS],
        plugins=[plugin],
    )
    if not plugin.outcomes:
        print(f"nothing was tried: pytest ended with {code}")
        return 1
    lines = list(_page(plugin, time.process_time() + sum(os.times()[2:4]) - began))
    if not asked.only:
        PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
