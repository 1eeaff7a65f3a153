"""What the drawing remembers from page to page changes no byte, whatever was drawn before, and stays bounded."""

from __future__ import annotations

import gc
import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from inspect import getsource
from pathlib import Path
from types import SimpleNamespace

import pytest
from drawn_cases import inputs

from engine.basics.garbage_collection import collector_paused
from reports.notice import filled_page
from reports.notice.words import page_words
from reports.render import memory
from reports.render.pdf import Paper, page_of, render_notice

REPOSITORY = Path(__file__).resolve().parents[2]
DRAWN: tuple[tuple[str, Paper], ...] = (
    ("standard", "a4"),
    ("beginning", "a4"),
    ("crowded", "letter"),
    ("unevaluated", "a4"),
    ("without_rate", "letter"),
    ("defaulting", "a4"),
)
ALONE = """
import sys
sys.path.insert(0, {here!r})
from reports.render import memory
memory.remember = lambda _: None
from test_drawing_memory import DRAWN, drawn
print(*(drawn(*one) for one in DRAWN))
"""
SEEN = {"first-child", "last-child", "not", "after", "before"}
"""The pseudo-classes and pseudo-elements that a place answers: its neighbours, and what is not said of it."""
FORMS = ("select", "option", "textarea", "input", "button", "details", "summary")


def drawn(case: str, paper: Paper) -> str:
    """The hash of a notice's file."""
    return hashlib.sha256(render_notice(inputs(case), paper)).hexdigest()


def test_the_files_are_those_of_the_library_alone_in_whatever_order() -> None:
    told = subprocess.run(
        [sys.executable, "-c", ALONE.format(here=str(Path(__file__).parent))],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    alone = dict(zip(DRAWN, told.stdout.split(), strict=True))
    for one in (*DRAWN, *reversed(DRAWN)):
        assert drawn(*one) == alone[one], one


def test_another_release_of_the_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(memory.VERSIONS, "weasyprint", "69.0")
    with pytest.raises(
        memory.OtherLibrary,
        match=r"found weasyprint 70\.0 instead of 69\.0; install them as requirements\.lock names them",
    ):
        memory.remember(object())


def test_the_project_asks_for_the_releases_that_are_known() -> None:
    asked = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert all(f'"{name}=={version}"' in asked for name, version in memory.VERSIONS.items())


def test_the_style_sheet_asks_nothing_of_an_element_but_its_place() -> None:
    """A selector that counts siblings, or a length of the window, would have two elements of one place
    differ.
    """
    sheet = re.sub(
        r"/\*.*?\*/|url\([^)]*\)",
        "",
        (REPOSITORY / "reports/style.css").read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    selectors = " ".join(re.findall(r"[^{};]+(?=\{)", sheet))
    assert set(re.findall(r":([a-z-]+)", selectors)) <= SEEN
    assert "~" not in selectors
    assert "[" not in selectors
    assert not re.search(r"\d(vw|vh|vmin|vmax)\b", sheet)


def test_the_librarys_own_sheet_counts_siblings_in_forms_alone() -> None:
    own = (files("weasyprint") / "css" / "html5_ua.css").read_text("utf-8")
    rules = re.findall(r"[^{}]*\{", re.sub(r"/\*.*?\*/", "", own, flags=re.DOTALL))
    counting = [rule for rule in rules if re.search(r":(empty|has|nth|first-of|last-of|only)|~ ", rule)]
    assert counting
    assert all(any(word in rule for word in FORMS) for rule in counting)
    for template in (REPOSITORY / "reports/templates").iterdir():
        assert not re.search(rf"<({'|'.join(FORMS)})\b", template.read_text(encoding="utf-8")), template.name
    from reports.render.memory.styles import UNSEEN

    assert not any(re.search(rf"\[{name}\b", own) for name in UNSEEN)


def test_a_line_is_known_by_all_that_the_library_asks_of_its_style() -> None:
    from weasyprint.text import fonts, line_break

    from reports.render.memory.lines import PROPERTIES

    asked = re.findall(r"style\['(\w+)'\]", getsource(line_break) + getsource(fonts.get_font_description))
    assert set(asked) - {"line_height"} <= set(
        PROPERTIES
    )  # the height of a line is the strut's, which is kept with its style


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from reports.render.memory import glyphs, lines, styles

    kept = drawn("standard", "a4")
    memory.forget()
    for module in (glyphs, lines, styles):
        monkeypatch.setattr(module, "MOST", 50)
    drawn("crowded", "a4")
    assert len(lines._lines) <= 51
    assert len(glyphs._drawings) <= 51
    before = len(styles._places)
    drawn("beginning", "letter")
    assert len(styles._places) < before
    assert drawn("standard", "a4") == kept


def test_a_line_is_not_drawn_from_memory_where_its_file_has_noted_other_widths() -> None:
    from reports.render.memory.glyphs import Drawing, Face

    font = SimpleNamespace(widths={7: 500}, to_unicode={})
    stream = SimpleNamespace(ink_rect=None, logical_rect=None, _fonts={"face": font})
    drawing = Drawing(stream, None)
    drawing.faces["face"] = Face("face", (None, None), "AAAAAA", {7: 501}, {7: "a"})
    assert not drawing.again(stream, None)
    assert font == SimpleNamespace(widths={7: 500}, to_unicode={})


def test_the_collector_works_on_after_a_page_that_fails() -> None:
    with pytest.raises(ZeroDivisionError), collector_paused():
        1 / gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_page_is_filled_once_for_its_words_and_its_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    standard = inputs("standard")
    times: list[int] = []
    compose = filled_page.compose
    monkeypatch.setattr(filled_page, "compose", lambda one: times.append(one.number) or compose(one))
    monkeypatch.setattr(filled_page, "_waiting", {})
    page_words(standard)
    page, _, _ = page_of(replace(standard, attachments=dict(standard.attachments)))
    assert len(times) == 1
    assert not filled_page._waiting
    assert (
        page_of(replace(standard, events=tuple(standard.events)))[0] == page
    )  # another log is another page, though it say the same
    assert page_of(replace(standard, operator="Somebody else"))[0] != page
    page_of(replace(standard, attachments={**standard.attachments, "more.csv": (b"", "more")}))
    assert len(times) == 4
    for number in range(filled_page.MOST):
        page_words(replace(standard, number=100 + number))
    assert len(filled_page._waiting) <= filled_page.MOST


def test_a_document_with_fonts_of_its_own_is_drawn_by_the_library_alone() -> None:
    """A page of the web has a sheet whose selectors may count siblings; and what is kept of its fonts would
    keep them alive.
    """
    from weasyprint import HTML

    from reports.render.memory import glyphs, lines, styles

    drawn("standard", "a4")
    kept = [len(held) for held in (styles._places, lines._lines, lines._wordings, glyphs._drawings)]
    page = (
        "<html><style>p:nth-child(2) { color: red }</style><body><p>One of its "
        "own</p><p>Two</p><p>Three</p></body></html>"
    )
    document = HTML(string=page).render()
    colours = [
        box.style["color"]
        for box in document.pages[0]._page_box.descendants()
        if box.element_tag == "p" and box.children
    ]
    assert len(set(map(str, colours))) == 2
    document.write_pdf()
    assert [len(held) for held in (styles._places, lines._lines, lines._wordings, glyphs._drawings)] == kept
