"""Notices drawn again: by what drew them, by another renderer, with other templates; and what paints over a
page (`rulings.md` 64).
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pypdfium2 import PdfDocument

from engine.audit.pages_again import Drawn, drawings
from engine.cli.show.replay import Drawings, replay
from engine.cli.show.verify import Drawing, verify_file
from engine.determination.template import Template
from engine.events.notice import NoticeInputs
from engine.events.notice_issued import Renderer
from engine.notices.attachments import described
from engine.notices.pdf import read_notice
from engine.notices.signature import FIELD, seal
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import Later, verify_notice
from engine.record.canonical import canonical
from engine.workspace.workspace import Workspace, opened
from reports.notice.evidence_view import NoticePages
from reports.render import memory, pdf
from reports.render.assets import BASE, assets
from reports.render.memory import deflated
from reports.render.pdf import fetcher, render_notice
from tests.notices.test_false_pages import held as held  # the fixture
from tests.notices.test_verify_notice import five_weeks
from tests.notices.test_verify_notice import policy as policy  # the fixture
from tests.notices.test_verify_notice import told as told  # the fixture
from tests.operations.test_run import DEAL

SAME_BYTES = "drawn again by the same renderer: the same bytes"
SAME_PICTURE = "drawn again here: the same text in the same places, the same picture at 100 dpi"


class OtherPages(NoticePages):
    """What draws here, under another hash or other versions than the notices name."""

    def __init__(self, **changes: str) -> None:
        self.changes = changes

    @property
    def renderer(self) -> Renderer:
        return super().renderer.model_copy(update=self.changes)


OTHER_VERSIONS = OtherPages(drawn_by="headroom 9.9.9, weasyprint 99.0")
OTHER_TEMPLATES = OtherPages(sha256="0" * 64)


def render(many: Sequence[NoticeInputs]) -> Iterator[bytes]:
    return map(render_notice, many)


def at_level_1(data: bytes, level: int) -> bytes:
    return zlib.compress(data, 1)


def by_another_library(data: bytes, level: int) -> bytes:
    from zopfli.zlib import compress

    return bytes(compress(data, numiterations=1))


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, all_templates: dict[str, Template], told: list[NoticeInputs]
) -> Path:
    """Seven weeks, in the last of which Loan-to-Value fails, its notices drawn and signed."""
    root = tmp_path_factory.mktemp("desk")
    five_weeks(root, all_templates, told, until=6, weeks=7)
    return root


@pytest.fixture
def workspace(desk: Path) -> Iterator[Workspace]:
    found = opened(desk)
    yield found
    found.store.close()


@pytest.fixture(scope="module")
def trustee(desk: Path, policy: Policy) -> Path:
    path = desk / "trustee.toml"
    path.write_text(
        f'log_keys = ["{policy.log_keys[0]}"]\nnotice_certificates = ["{policy.notice_certificates[0]}"]\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def failing(desk: Path) -> Path:
    """The last notice that tells of a failed test."""
    return sorted((desk / "notices" / DEAL).glob("*test_failed*.pdf"))[-1]


@pytest.fixture(scope="module")
def made_of(failing: Path, told: list[NoticeInputs]) -> NoticeInputs:
    """What that notice was made of."""
    return next(one for one in told if f"-{one.number:04d}-" in failing.name)


@pytest.mark.parametrize(
    ("pages", "outcome", "said"),
    [
        (NoticePages(), "same", SAME_BYTES),
        (OTHER_VERSIONS, "same", "drawn again: the same bytes"),
        (OTHER_TEMPLATES, "not compared", "NOT COMPARED: made by headroom "),
    ],
)
def test_every_notice_is_drawn_again(
    workspace: Workspace, pages: NoticePages, outcome: str, said: str
) -> None:
    found = list(drawings(workspace, DEAL, pages, render, sample=2))
    assert len(found) == 2
    assert {one.outcome for _, one in found} == {outcome}
    assert all(one.said.startswith(said) for _, one in found)


def test_another_renderer_is_held_against_text_places_and_picture(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes are others, so the pages are compared, and it is said who drew them."""
    monkeypatch.setattr(deflated, "deflated", at_level_1)
    ((_, found),) = drawings(workspace, DEAL, OTHER_VERSIONS, render, sample=1)
    by = NoticePages().renderer.drawn_by
    assert found == Drawn("same", f"drawn by another renderer, {by}; {SAME_PICTURE}")


def test_what_another_renderer_moved_is_named_by_its_page(workspace: Workspace) -> None:
    by = NoticePages().renderer.drawn_by
    with restyled():
        ((_, moved),) = drawings(workspace, DEAL, OTHER_VERSIONS, render, sample=1)
    assert moved.outcome == "differs"
    assert moved.said.startswith(
        f"drawn by another renderer, {by}; drawn again here it is another: page 1 has another "
    )


@contextmanager
def restyled() -> Iterator[None]:
    """Every page drawn under a style with wider letters and smaller gaps."""
    from weasyprint import CSS

    fonts, _ = pdf._faces()
    text = assets()["style.css"][0].decode() + "\nbody { letter-spacing: 0.02em } p { margin-bottom: 3pt }"
    style = CSS(string=text, base_url=BASE, url_fetcher=fetcher(), font_config=fonts)
    memory.forget()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "_faces", lambda: (fonts, style))
        yield
    memory.forget()


@pytest.mark.parametrize(
    ("pages", "strict", "code", "said"),
    [
        (NoticePages(), True, 0, f"holds    drawing: {SAME_BYTES}"),
        (OTHER_TEMPLATES, False, 0, "open     drawing: NOT COMPARED: made by headroom "),
        (OTHER_TEMPLATES, True, 4, "open     drawing: NOT COMPARED: made by headroom "),
    ],
)
def test_verify_says_what_came_of_drawing(
    workspace: Workspace,
    failing: Path,
    trustee: Path,
    all_templates: dict[str, Template],
    pages: NoticePages,
    strict: bool,
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    drawing = Drawing(workspace, render)
    assert (
        verify_file(
            failing, trustee, all_templates, as_json=False, pages=pages, drawing=drawing, strict=strict
        )
        == code
    )
    shown = capsys.readouterr().out
    assert said in shown
    assert "DIFFERS" not in shown
    assert ("Not compared: " in shown and "the drawing: give --render" in shown) == (pages is OTHER_TEMPLATES)


@pytest.mark.parametrize(
    ("pages", "said"),
    [(NoticePages(), SAME_BYTES), (OTHER_TEMPLATES, "NOT COMPARED: made by headroom ")],
)
def test_replay_draws_what_it_is_asked_to(
    workspace: Workspace,
    all_templates: dict[str, Template],
    pages: NoticePages,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert replay(workspace, all_templates, None, as_json=False, pages=pages, drawn=Drawings(render, 1)) == 0
    shown = capsys.readouterr().out
    assert f": {said}" in shown
    assert "DIFFERS" not in shown


@pytest.mark.parametrize("compression", [at_level_1, by_another_library])
def test_one_notice_under_two_compressions_is_refused_by_nobody(
    compression: object,
    workspace: Workspace,
    failing: Path,
    made_of: NoticeInputs,
    policy: Policy,
    held: Later,
    all_templates: dict[str, Template],
    monkeypatch: pytest.MonkeyPatch,
    desk: Path,
) -> None:
    monkeypatch.setattr(deflated, "deflated", compression)
    other = render_notice(made_of)
    assert not failing.read_bytes().startswith(other[:-10])
    steps = verify_notice(
        seal(other, desk / "keys" / "notice.key"), policy, all_templates, [held], NoticePages()
    )
    assert [step.difference for step in steps if step.difference] == []


def test_a_notice_of_another_style_is_refused_by_nobody(
    made_of: NoticeInputs,
    failing: Path,
    policy: Policy,
    held: Later,
    all_templates: dict[str, Template],
    desk: Path,
) -> None:
    with restyled():
        other = render_notice(made_of)
    assert not failing.read_bytes().startswith(other[:-10])
    steps = verify_notice(
        seal(other, desk / "keys" / "notice.key"), policy, all_templates, [held], NoticePages()
    )
    assert [step.difference for step in steps if step.difference] == []


def box_of(data: bytes, word: str) -> tuple[float, float, float, float]:
    """Where a word stands first on page 1: left, lower, right and upper edge in points."""
    with PdfDocument(data) as document:
        text = document[0].get_textpage()
        found = text.search(word, match_case=True).get_next()
        assert found is not None
        boxes = [text.get_charbox(found[0] + n) for n in range(found[1])]
    return (
        boxes[0][0] - 1,
        min(box[1] for box in boxes) - 1,
        boxes[-1][2] + 1,
        max(box[3] for box in boxes) + 1,
    )


def white(box: tuple[float, float, float, float]) -> bytes:
    """What paints a box over; it is drawn in the page's own measures."""
    left, low, right, high = box
    return f"q 1 1 1 rg {left:.1f} {low:.1f} {right - left:.1f} {high - low:.1f} re f Q".encode()


def painted(data: bytes, with_field: bool, word: str = "FAIL") -> IncrementalPdfFileWriter:
    """A notice whose FAIL, or another word, is covered, and not taken out: by the page's own instructions, or
    by a field that

    lies over it.
    """
    writer, box = IncrementalPdfFileWriter(io.BytesIO(data)), box_of(data, word)
    if not with_field:
        page = writer.root["/Pages"]["/Kids"][0]
        before = page.raw_get("/Contents")
        parts = list(page["/Contents"]) if isinstance(page["/Contents"], generic.ArrayObject) else [before]
        opening, over = (
            writer.add_object(generic.StreamObject(stream_data=part)) for part in (b"q ", b" Q " + white(box))
        )
        page[generic.pdf_name("/Contents")] = generic.ArrayObject([opening, *parts, over])
        writer.update_container(page)
        return writer
    left, low, right, high = box
    appearance = generic.StreamObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/XObject"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/Form"),
            generic.pdf_name("/BBox"): generic.ArrayObject(
                map(generic.FloatObject, (0, 0, right - left, high - low))
            ),
        },
        stream_data=white((0, 0, right - left, high - low)),
    )
    field = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/Widget"),
            generic.pdf_name("/FT"): generic.pdf_name("/Btn"),
            generic.pdf_name("/Ff"): generic.NumberObject(65536),
            generic.pdf_name("/T"): generic.pdf_string("over"),
            generic.pdf_name("/F"): generic.NumberObject(4),
            generic.pdf_name("/Rect"): generic.ArrayObject(map(generic.FloatObject, box)),
            generic.pdf_name("/AP"): generic.DictionaryObject(
                {generic.pdf_name("/N"): writer.add_object(appearance)}
            ),
        }
    )
    added = writer.add_object(field)
    writer.register_annotation(writer.root["/Pages"]["/Kids"].raw_get(0), added)
    form = generic.DictionaryObject({generic.pdf_name("/Fields"): generic.ArrayObject([added])})
    writer.root[generic.pdf_name("/AcroForm")] = writer.add_object(form)
    writer.update_root()
    return writer


def signed_at_once(writer: IncrementalPdfFileWriter, key: Path) -> bytes:
    """What was painted and the signature as one addition to the file."""
    signer = signers.SimpleSigner.load(str(key), f"{key}.crt")
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        embed_validation_info=False,
    )
    out = io.BytesIO()
    signers.PdfSigner(metadata, signer=signer).sign_pdf(writer, output=out)
    return out.getvalue()


@pytest.mark.parametrize("pages", [NoticePages(), OTHER_VERSIONS])
@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("with_field", [False, True])
def test_a_fail_that_is_painted_over_is_refused_where_it_is_drawn(
    with_field: bool,
    at_once: bool,
    pages: NoticePages,
    workspace: Workspace,
    made_of: NoticeInputs,
    trustee: Path,
    all_templates: dict[str, Template],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    desk: Path,
) -> None:
    """Its text stays, and is what it was; whoever has the notice's key signs it."""
    writer, key = painted(render_notice(made_of), with_field), desk / "keys" / "notice.key"
    out = io.BytesIO()
    if not at_once:
        writer.write(out)
    false = tmp_path / "false.pdf"
    false.write_bytes(signed_at_once(writer, key) if at_once else seal(out.getvalue(), key))
    if with_field:  # what stands beside the words is refused without a drawing
        assert verify_file(false, trustee, all_templates, as_json=False, pages=pages) == 3
        assert "page 1 has a field or a remark beside its words" in capsys.readouterr().out
        return
    assert "FAIL" in read_notice(false.read_bytes()).pages[0]
    assert verify_file(false, trustee, all_templates, as_json=False, pages=pages) == 0
    assert "the drawing: give --render" in capsys.readouterr().out
    assert (
        verify_file(
            false, trustee, all_templates, as_json=False, pages=pages, drawing=Drawing(workspace, render)
        )
        == 3
    )
    assert "page 1 has another picture" in capsys.readouterr().out


def test_a_file_that_names_another_renderer_than_its_record_is_refused(
    workspace: Workspace,
    made_of: NoticeInputs,
    trustee: Path,
    all_templates: dict[str, Template],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    desk: Path,
) -> None:
    """Otherwise whoever has the notice's key names other templates, and what was painted over is not
    compared.
    """
    files = {name: data for name, (data, _) in made_of.attachments.items()}
    manifest = json.loads(files["manifest.json"])
    manifest["notice"]["renderer"]["sha256"] = "0" * 64
    false, attached = tmp_path / "false.pdf", described(files | {"manifest.json": canonical(manifest)})
    writer, out = (
        painted(render_notice(replace(made_of, attachments=attached)), with_field=False),
        io.BytesIO(),
    )
    writer.write(out)
    false.write_bytes(seal(out.getvalue(), desk / "keys" / "notice.key"))
    assert verify_file(false, trustee, all_templates, as_json=False, pages=NoticePages()) == 0
    assert (
        verify_file(
            false,
            trustee,
            all_templates,
            as_json=False,
            pages=NoticePages(),
            drawing=Drawing(workspace, render),
        )
        == 3
    )
    assert (
        "drawing: the file says that another renderer drew it than the record says" in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("with_field", "why"),
    [
        (False, "what was added to them changes the pages: page 1 has another picture"),
        (True, "page 1 has a field or a remark beside its words, as no notice has"),
    ],
)
def test_replay_refuses_a_file_that_is_painted_over(
    with_field: bool,
    why: str,
    workspace: Workspace,
    made_of: NoticeInputs,
    failing: Path,
    all_templates: dict[str, Template],
    desk: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = failing.read_bytes()
    failing.write_bytes(
        signed_at_once(painted(render_notice(made_of), with_field), desk / "keys" / "notice.key")
    )
    try:
        assert (
            replay(
                workspace,
                all_templates,
                None,
                as_json=False,
                pages=NoticePages(),
                drawn=Drawings(render, None),
            )
            == 3
        )
    finally:
        failing.write_bytes(kept)
    differing = [line for line in capsys.readouterr().out.splitlines() if line.startswith("DIFFERS")]
    assert len(differing) == 1
    assert differing[0].endswith(why)
