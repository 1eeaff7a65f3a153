"""Every code, every word and every command is documented, and nothing is documented that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_command

from covenants import templates
from engine.basics.errors import Place, Problem
from engine.cli import registered
from engine.terms.in_force import TermsInForce
from engine.terms.report_figures import UNITS
from tests.cli.test_commands import COMMANDS, leaves
from tests.conftest import REPOSITORY
from tests.test_architecture import MAY_IMPORT

CODE = r"(?:D|Y|R|RW|I|P|S|W)\d{2,3}"
ROW = rf'^\| <a id="({CODE})"></a>\1 \|'


def sources() -> str:
    return "\n".join(
        path.read_text(encoding="utf-8")
        for room in ("engine", "covenants")
        for path in (REPOSITORY / room).rglob("*.py")
    )


def page(name: str) -> str:
    return (REPOSITORY / "docs" / name).read_text(encoding="utf-8")


def test_every_error_code_is_documented_and_every_documented_one_exists() -> None:
    raised = set(re.findall(rf'"({CODE})"', sources()))
    documented = re.findall(ROW, page("errors.md"), re.MULTILINE)
    assert sorted(raised) == sorted(documented)


def test_the_page_that_a_problem_names_leads_to_the_row_of_its_code() -> None:
    name, _, anchor = str(Problem("D103", "", "", "", Place("x.yaml")).as_json()["page"]).partition("#")
    assert ((REPOSITORY / name).samefile(REPOSITORY / "docs" / "errors.md"), anchor) == (True, "D103")


def test_every_ruling_that_is_cited_exists() -> None:
    cited = {
        number
        for numbers in re.findall(r"rulings(?:\.md`)? ((?:\d+[a-z]?\b(?:, )?)+)", sources())
        for number in re.findall(r"\d+[a-z]?", numbers)
    }
    there = set(re.findall(r"^(\d+[a-z]?)\. ", page("rulings.md"), re.MULTILINE))
    assert there >= {str(number) for number in range(1, 45)}
    assert cited <= there


CITED = re.compile(r"`((?:docs/)?[\w/-]+\.md)`(?:, ([A-Za-z][^;().:]*?))?(?=[;().:]|$)")
PLACES = ("method", ".", "guides")
"""Where a page that the code cites by its name alone is looked for, under `docs`."""


def cited_pages() -> set[tuple[str, str]]:
    """Each page that the product's code cites, with the section that it names, if it names one."""
    files = [
        path for room in ("engine", "covenants", "reports") for path in (REPOSITORY / room).rglob("*.py")
    ]
    flat = (" ".join(path.read_text(encoding="utf-8").split()) for path in files)
    return {(name.removeprefix("docs/"), section) for text in flat for name, section in CITED.findall(text)}


def headings(name: str) -> set[str] | None:
    """The headings of a page, as words; None without such a page."""
    found = next((path for place in PLACES if (path := REPOSITORY / "docs" / place / name).is_file()), None)
    return (
        None
        if found is None
        else set(re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE))
    )


def test_every_page_and_section_that_the_code_cites_is_there() -> None:
    cited = cited_pages()
    assert {"index.md", "covenants.md", "notice.md", "record.md", "deal-format.md"} <= {
        name for name, _ in cited
    }
    lost = [(name, section) for name, section in sorted(cited) if not _there(headings(name), section)]
    assert lost == []


def test_every_page_that_a_message_or_a_page_names_by_its_path_is_there() -> None:
    """Also where no backquotes stand around it, as in an error, a template or the page in a browser."""
    named: dict[str, str] = {}
    for room in ("engine", "covenants", "reports", "tools"):
        for path in (REPOSITORY / room).rglob("*"):
            if path.suffix in (".py", ".j2", ".js", ".html", ".toml", ".css"):
                text = path.read_text(encoding="utf-8")
                named |= dict.fromkeys(re.findall(r"docs/[\w/-]+\.(?:md|json)", text), path.name)
    assert {"docs/errors.md", "docs/guides/servicer.md"} <= named.keys()
    assert {name: file for name, file in named.items() if not (REPOSITORY / name).is_file()} == {}


def _there(sections: set[str] | None, section: str) -> bool:
    """Whether a page has a section: a heading, blocks of the notice, or numbers of rulings, which a test of
    their own looks up.
    """
    return sections is not None and (not section or section in sections or section.startswith("block"))


def test_each_decision_has_a_number_of_its_own() -> None:
    pages = sorted((REPOSITORY / "docs" / "adr").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    heads = [re.match(r"# (?:ADR )?(\d+)", page.read_text(encoding="utf-8")) for page in pages]
    assert [int(head[1]) if head else 0 for head in heads] == list(range(1, len(pages) + 1))


def test_every_word_lives_where_the_vocabulary_says() -> None:
    for place in re.findall(r"\| `([^`]+)` \|$", page("vocabulary.md"), re.MULTILINE):
        assert (REPOSITORY / place).exists(), place


def test_the_page_on_architecture_names_every_room_and_none_that_is_not_there() -> None:
    rows = re.findall(r"^\| `([\w/.]+)` \| (.*?) \| .*? \|$", page("architecture.md"), re.MULTILINE)
    named = {room for room, _ in rows}
    engine = REPOSITORY / "engine"
    there = {f"engine/{path.name}" for path in engine.iterdir() if (path / "__init__.py").is_file()}
    there |= {f"engine/{path.name}" for path in engine.glob("*.py") if path.name != "__init__.py"}
    assert there <= named
    assert [room for room in named - {"engine/assembly.py"} if not (REPOSITORY / room).exists()] == []


def test_the_page_on_architecture_names_only_modules_that_exist() -> None:
    rows = re.findall(r"^\| `(engine/[\w/]+)` \| (.*?) \| .*? \|$", page("architecture.md"), re.MULTILINE)
    stems = {path.stem for path in (REPOSITORY / "engine").rglob("*")}
    assert [
        (room, name) for room, holds in rows for name in re.findall(r"`(\w+)`", holds) if name not in stems
    ] == []


def test_the_page_on_architecture_states_the_imports_that_are_enforced() -> None:
    stated = dict(
        re.findall(
            r"^\| `([\w/]+)` \| ((?:`[\w/]+`(?:, )?)+|nothing) \|$", page("architecture.md"), re.MULTILINE
        )
    )
    assert stated == {
        room: ", ".join(f"`{other}`" for other in may) or "nothing" for room, may in MAY_IMPORT.items()
    }


def test_the_page_on_the_deal_file_names_every_section_and_every_template() -> None:
    rows = re.findall(r"^\| (`.*?) \|", page("deal-format.md"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)", row)}
    assert {*TermsInForce.model_fields, *templates()} <= named


def test_the_page_for_servicers_names_every_figure_that_a_report_can_give() -> None:
    text = page("guides/servicer.md")
    for pattern, _ in UNITS:
        for name in re.split(r"\|", re.sub(r"\(\w+\|(\w+)\)", r"\1", pattern.pattern)):
            word = max(re.findall(r"[a-z_]{4,}", name), key=len)
            assert word in text, word


def test_every_command_is_named_in_the_readme_or_the_guides() -> None:
    text = "\n".join(
        [
            (REPOSITORY / "README.md").read_text(encoding="utf-8"),
            *(p.read_text(encoding="utf-8") for p in Path(REPOSITORY / "docs").rglob("*.md")),
        ]
    )
    missing = [command for command in COMMANDS if f"headroom {command}" not in text and command != "demo"]
    assert missing == []


def test_every_option_is_named_in_the_readme_or_the_guides() -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]
    )
    options = {
        one
        for _, command in leaves(get_command(registered()))
        for param in command.params
        for one in param.opts
        if one[:2] == "--"
    }
    assert [option for option in sorted(options) if not re.search(rf"{option}\b", text)] == []


def test_every_command_that_a_page_names_exists_with_its_options() -> None:
    """What stands in backticks or after a prompt, over all pages; a page is read by people who type it."""
    known = {
        " ".join(name): {flag for param in command.params for flag in [*param.opts, *param.secondary_opts]}
        for name, command in leaves(get_command(registered()))
    }
    known |= {
        "keys": known["keys make"],
        "db": set(),
    }  # `keys NAME` is short for `keys make NAME`; `db` is a group
    wrong = []
    for path in [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]:
        text = path.read_text(encoding="utf-8")
        named = [
            *re.findall(r"`headroom ([a-z][^`\n]*)`", text),
            *re.findall(r"^\$ headroom ([a-z][^#>&|\n]*)", text, re.MULTILINE),
        ]
        for words in named:
            found = [name for name in known if f"{words} ".startswith(f"{name} ")]
            flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", words)) - {"--help"}
            if not found or flags - known[max(found, key=len)]:
                wrong.append((path.name, words))
    assert wrong == []


def test_the_pages_link_to_what_is_there() -> None:
    for path in [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\((?!http)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), (path.name, link)


def test_every_test_that_a_page_names_is_there() -> None:
    """A cited test may be cut short with an ellipsis."""
    tests = {
        path.name: path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests").rglob("test_*.py")
    }
    wrong = []
    for path in [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]:
        for file, name in re.findall(
            r"`(?:tests/[\w/]+/)?(test_\w+\.py)(?:::(\w+)(?:\.\.\.)?)?`", path.read_text(encoding="utf-8")
        ):
            if file not in tests or (name and f"def {name}" not in tests[file]):
                wrong.append((path.name, file, name))
    assert wrong == []
