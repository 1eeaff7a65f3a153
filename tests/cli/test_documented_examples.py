"""The README's blocks and the example of every `--help` do what they say, in order, on the demonstration."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from engine.cli import registered
from engine.cli.options import run_command_line
from engine.cli.show.demo import demonstrate
from engine.demo import plan
from engine.determination.template import Template
from engine.events.notice import NoticeInputs
from engine.notices.trust_policy import read_policy
from engine.operations.run import Tools
from reports.notice.evidence_view import NoticePages
from reports.render.pdf import render_notice
from tests.conftest import DEALS, REPOSITORY

SHOWN = ("meridian-2026-1", 18)
"""The notice that the examples verify; the others are all the same PDF here, since rendering each takes most
of a demonstration.
"""
TODAY = plan.FIRST + 13 * plan.WEEK + timedelta(days=5)
"""The day of the examples: a Tuesday, five days after the demonstration's last Thursday."""
UNTRIED = {
    "make": "sets up this very environment",
    "headroom serve": "never ends; its rounds have tests of their own",
    "headroom demo": "every test here rests on a shorter demonstration",
    "headroom db prepare": "needs a PostgreSQL server",
    "headroom web --demo": "never ends; the pages have tests of their own",
    "headroom web --port": "never ends; the pages have tests of their own",
    "curl": "needs pages that are served",
    "podman": "needs podman and an image",
    "python -m venv": "installs a wheel that is built at a release",
    "verifier/bin/headroom-verify": "tests/audit/test_bundle.py runs these lines, on notices that are all drawn",
    "COMMON=": "asks a package registry; tests/test_locks.py holds what it writes",
    "uv pip compile": "asks a package registry; tests/test_locks.py holds what it writes",
    "pip install": "asks a package registry",
    "openssl req": "makes certificates of machines; tried by hand, as the page says",
    "openssl x509": "makes certificates of machines; tried by hand, as the page says",
    "export DASK": "tells Dask of these certificates; tried by hand, as the page says",
    "for role": "tells Dask of these certificates; tried by hand, as the page says",
    "dask": "starts a scheduler or a worker, and never ends",
    "headroom run --executor dask": "needs that scheduler; tests/reports/test_dask_pool.py has workers of its own",
    "headroom simulate deals/meridian-2026-1.yaml --paths 100000": (
        "needs that scheduler; tests/foresight/test_cluster_workers.py has workers of its own"
    ),
}
"""The lines that no test runs as they stand: how each begins, and why."""
ELSEWHERE = {
    "docs/guides/follow-cri-h100.md": "tests/cli/test_follow_guide.py",
    "docs/method/record.md": "tests/notices/test_foreign_authority.py",
}
"""The pages whose lines another test runs."""
NOT_RUN = ("docs/adr/0001-set-up-from-a-lock-file.md", "docs/guides/more-machines.md")
"""The pages each of whose lines is named above."""
REFUSES = ("headroom collect", "headroom confirm", "headroom coverage", "headroom cri-d")
"""What refuses on the demonstration, as it says: no right to collect is stated; no figure is held; seven
sellers are too few; no transition

was observed."""


def light(notices: Sequence[NoticeInputs]) -> Iterator[bytes]:
    """A renderer that renders one notice of many."""
    for notice in notices:
        if (notice.deal, notice.number) == SHOWN or not hasattr(light, "other"):
            light.other = render_notice(notice)  # type: ignore[attr-defined]
        yield light.other  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template]) -> Path:
    """A folder like the repository after `make demo`: deals/, and the demonstration up to the date of the
    examples.
    """
    root = tmp_path_factory.mktemp("repository")
    shutil.copytree(DEALS, root / "deals")
    (root / "build").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "THURSDAYS", plan.THURSDAYS[:14])
        demonstrate(
            root / "build" / "demo",
            lambda now: Tools(all_templates, light, now, "tester", lambda _: None, pages=NoticePages()),
        )
    return root


@pytest.fixture
def said() -> list[str]:
    """What each line of a session has said on standard error."""
    return []


@pytest.fixture
def session(
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    said: list[str],
) -> Callable[[str], int]:
    """Types one line into a shell that knows `headroom`, `export`, `cp`, `&&` and `>`; the exit code comes
    back.
    """
    root = tmp_path / "repository"
    shutil.copytree(made, root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("HEADROOM_WORKSPACE", "build/demo")
    monkeypatch.setattr(import_module("engine.assembly"), "_renderer", lambda: light)
    # A shell of today would catch up with every Thursday since the demonstration's last.
    monkeypatch.setattr("engine.assembly.clock", lambda: datetime.combine(TODAY, time(20), UTC))

    def typed(line: str) -> int:
        for part in re.sub(r"\s#\s.*$", "", line).split(" && "):
            code = command(shlex.split(part))
            if code:
                return code
        return 0

    def command(words: list[str]) -> int:
        words, into = (words[: words.index(">")], words[-1]) if ">" in words else (words, None)
        words = [
            found
            for word in words
            for found in (sorted(str(path) for path in Path().glob(word)) if "*" in word else [word])
        ]
        if words[0] == "export":
            for name, value in (word.split("=", 1) for word in words[1:] if not word.startswith("PATH=")):
                monkeypatch.setenv(name, value)
            return 0
        if words[0] == "cp":
            for one in words[1:-1]:
                shutil.copy(one, words[-1])
            return 0
        assert words[0] == "headroom", words
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as ended:
            run_command_line(lambda **options: registered(words[1:])(words[1:], **options))
        out, refused = capsys.readouterr()
        if into is not None:
            Path(into).write_text(out, encoding="utf-8")
        said.append(refused)
        return int(ended.value.code or 0)

    return typed


def wrong(session: Callable[[str], int], lines: Sequence[str]) -> list[str]:
    """The lines that do not end as they say."""
    tried = [line for line in lines if not line.startswith(tuple(UNTRIED))]
    return [line for line in tried if session(line) != (2 if line.startswith(REFUSES) else 0)]


def test_the_demonstration_is_signed_by_keys_of_its_own(made: Path) -> None:
    demo = made / "build" / "demo"
    policy = read_policy(demo / "trustee.toml")
    assert policy.log_keys == ((demo / "keys" / "log.key.pub").read_text(encoding="utf-8").strip(),)
    assert (len(policy.notice_certificates), policy.signature_needed) == (1, True)
    assert {path.stat().st_mode & 0o077 for path in (demo / "keys").glob("*.key")} == {0}


def lines_of(page: str) -> list[str]:
    """Return the lines that a page tells its reader to type."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    found = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line.strip()[2:] for block in found for line in block.splitlines() if line.strip()[:2] == "$ "]


def blocks(guide: str) -> list[str]:
    """Return the lines that a guide tells its reader to type."""
    return lines_of(f"docs/guides/{guide}.md")


RUN_HERE = (
    "README.md",
    *(
        f"docs/guides/{guide}.md"
        for guide in (
            "deploying",
            "key-ceremony",
            "sending-notices",
            "sending-reports",
            "servicer",
            "structurer",
            "trustee",
            "web",
        )
    ),
)


def test_every_page_with_lines_to_type_is_run_by_a_test() -> None:
    pages = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").rglob("*.md")]
    named = [str(page.relative_to(REPOSITORY)) for page in pages]
    assert {page for page in named if lines_of(page)} == {*RUN_HERE, *ELSEWHERE, *NOT_RUN}
    named = [line for page in NOT_RUN for line in lines_of(page)]
    assert [line for line in named if not line.startswith(tuple(UNTRIED))] == []
    here = Path(__file__).read_text(encoding="utf-8")
    assert [page for page in RUN_HERE[1:] if f'blocks("{Path(page).stem}")' not in here] == []
    assert 'lines_of("README.md")' in here
    for page, test in ELSEWHERE.items():
        assert Path(page).name in (REPOSITORY / test).read_text(encoding="utf-8"), page


def test_each_line_that_no_test_runs_is_on_a_page() -> None:
    """A reason that stands for no line would hide the next one that begins so."""
    lines = [line for page in (*RUN_HERE, *NOT_RUN) for line in lines_of(page)]
    lines += examples(get_command(registered()))
    assert [start for start in UNTRIED if not any(line.startswith(start) for line in lines)] == []


def test_the_readme_runs_as_it_stands_in_order(session: Callable[[str], int], said: list[str]) -> None:
    lines = lines_of("README.md")
    assert len(lines) > 30
    assert wrong(session, lines) == [], said


def test_the_structurers_guide_runs_as_it_stands(session: Callable[[str], int], said: list[str]) -> None:
    lines = blocks("structurer")
    assert len(lines) >= 7
    assert wrong(session, lines) == [], said
    assert Path("build/foresight.pdf").read_bytes().startswith(b"%PDF")


def test_the_servicers_guide_runs_with_the_files_of_the_next_week(
    session: Callable[[str], int], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folders hold what came in since the demonstration's last Thursday; it is the evening of the next."""
    thursday = plan.FIRST + 14 * plan.WEEK
    monkeypatch.setattr("engine.assembly.clock", lambda: datetime.combine(thursday, time(20), UTC))
    for folder in ("snapshots", "in"):
        Path(folder).mkdir()
    for snapshot in plan.snapshots(thursday):
        (Path("snapshots") / snapshot.name).write_bytes(snapshot.data)
    for report in plan.reports(thursday):
        (Path("in") / report.name).write_text(report.text, encoding="utf-8")
    lines = blocks("servicer")
    assert len(lines) == 3
    assert wrong(session, lines) == [], said
    assert list(Path("build/demo/notices/meridian-2026-1").glob(f"*{thursday}-compliance.pdf"))


def test_the_page_of_a_key_ceremony_runs_in_a_desk(session: Callable[[str], int], said: list[str]) -> None:
    assert session("headroom init desk --operator 'Example Calculation Agent'") == 0
    lines = blocks("key-ceremony")
    assert len(lines) == 3
    assert wrong(session, lines) == [], said


def test_the_pages_on_the_desk_invite_a_person(session: Callable[[str], int], said: list[str]) -> None:
    lines = [*blocks("web"), *blocks("deploying")]
    assert len(lines) == 7
    assert wrong(session, lines) == [], said
    assert Path("build/demo/web.sqlite").is_file()


def test_the_trustees_guide_runs_with_the_files_that_it_supposes(
    session: Callable[[str], int], said: list[str]
) -> None:
    """The reader holds the log's key and an earlier checkpoint, which the operator handed over."""
    shutil.copy("build/demo/keys/log.key.pub", "log.key.pub")
    assert session("headroom export meridian-2026-1 --as tiles --into held") == 0
    shutil.copy("held/checkpoint", "checkpoint-of-march")
    lines = blocks("trustee")
    assert len(lines) == 12
    assert wrong(session, lines) == [], said


def test_the_guide_to_sending_notices_runs_with_a_draft(
    session: Callable[[str], int], said: list[str]
) -> None:
    """The demonstration's deals do not say when a notice is given, so only drafts of their notices are sent."""
    Path("receipt.eml").write_text("Received, T. Officer\n", encoding="utf-8")
    lines = [
        f"{line} --as-draft" if line.startswith("headroom release") else line
        for line in blocks("sending-notices")
    ]
    assert len(lines) == 6
    assert wrong(session, lines) == [], said


def test_the_guide_to_sending_reports_makes_a_form_and_has_no_question_where_no_figure_is_held(
    session: Callable[[str], int], said: list[str]
) -> None:
    form, questions = blocks("sending-reports")
    assert session(form) == 0, said
    assert Path("form.xlsx").is_file()
    assert session(questions) == 2
    assert "nothing of 2026-04-08" in said[-1]


def test_each_row_of_the_papers_sections_has_a_command_that_runs(
    session: Callable[[str], int], said: list[str]
) -> None:
    """Sections 4 to 9 of the working paper: every row names a command, and files that it needs stand on the
    page.
    """
    text = (REPOSITORY / "docs" / "method" / "paper.md").read_text(encoding="utf-8")
    for name, content in re.findall(r"```(?:csv|toml) (build/\S+)\n(.*?)```", text, re.DOTALL):
        Path(name).write_text(content, encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[0] != "section"]
    assert {row[0].replace("Table ", "T")[0] for row in rows} >= set("456789T")
    lines = [row[2].strip("`") for row in rows]
    assert len(lines) > 45
    assert all(line.startswith("headroom ") for line in lines)
    assert wrong(session, sorted(set(lines))) == [], said
    assert Path("build/pages/CRI-H100-1.1-wp-2026-01-08-appendix-a.csv").is_file()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "headroom explain meridian-2026-1 ltv --on 2026-03-06",
            "there are 14, from 2026-01-08 to 2026-04-09; nearest 2026-03-05 and 2026-03-12",
        ),
        (
            "headroom explain meridian-2026-1 dscr --on 2026-03-05",
            "there are appraisal, cash-sweep, ltv, rate-floor",
        ),
        ("headroom manipulation meridian-2026-1 --on 2026-03-06", "nearest 2026-03-05 and 2026-03-12"),
        (
            "headroom manipulation --publication 2026-03-05",
            "of dates with a value there are 13, from 2026-01-08 to 2026-04-09",
        ),
        (
            "headroom publication CRI-H100 --date 2026-04-09 --into build",
            "there are CRI-H100@1.1-wp, CRI-H200@1.1-wp",
        ),
        ("headroom publication CRI-H100@1.1-wp --date 2026-04-10 --into build", "nearest 2026-04-09"),
        (
            "headroom restate CRI-H100 --publication-date 2026-04-09 --reason x",
            "there are CRI-H100@1.1-wp, CRI-H200@1.1-wp",
        ),
        ("headroom restate CRI-H100@1.1-wp --publication-date 2026-01-01 --reason x", "nearest 2026-01-08"),
        (
            "headroom series CRI-H100@1.1-wp --into build/x.pdf",
            "a series is written as .csv, .json, .xlsx or .parquet",
        ),
        (
            "headroom confirm meridian-2026-1 2026-04-08 --words 'repaid on 7 April'",
            "awaits no confirmation; of ",
        ),
        ("headroom coverage CRI-H100@1.1-wp", "and 7 sellers; a measurement needs 30 and 8"),
        ("headroom precision CRI-H100", "there are CRI-H100@1.1-wp, CRI-H200@1.1-wp"),
        ("headroom act meridian-2026-1 nothing --effective-on 2026-04-09", "there are cure accepted, waiver"),
        (
            "headroom export meridian --into build/x",
            "there are harbour-bilateral-2026, meridian-2026-1, northfield-abs-2026-1",
        ),
        ("headroom verify deals/meridian-2026-1.yaml --policy build/demo/trustee.toml", "is not a PDF"),
    ],
)
def test_a_refusal_names_what_exists(
    session: Callable[[str], int], said: list[str], line: str, words: str
) -> None:
    assert session(line) == (3 if "not a PDF" in words else 2)
    assert words in said[-1]


def examples(command: Any) -> Iterator[str]:
    """The example at the foot of every command's help."""
    for one in command.commands.values():
        if hasattr(one, "commands"):
            yield from examples(one)
        else:
            yield one.epilog.splitlines()[0].removeprefix("Example: ")


def test_the_example_of_every_help_runs_on_the_demonstration(
    session: Callable[[str], int], said: list[str]
) -> None:
    before = [
        "headroom export meridian-2026-1 --as tiles --into build/export",
        "headroom keys t.example --cosigner --into build/trustee.key",
        "headroom cosign build/export --key build/trustee.key --trust build/demo/keys/log.key.pub",
        "headroom release meridian-2026-1 11 --by 'A. Person' --as-draft",
        "headroom deliver",
    ]
    Path("receipt.eml").write_text("Received, T. Officer\n", encoding="utf-8")
    found = list(examples(get_command(registered())))
    assert len(found) > 30
    assert wrong(session, [*before, *found]) == [], [line for line in said if line]
    assert Path("build/deadlines.ics").stat().st_size > 0
