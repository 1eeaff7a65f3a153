"""What a reader shows beside the words of the pages, or in place of them: whoever has the notice's key adds
it and signs anew, and no verifier takes the file.
"""

from __future__ import annotations

import io
import itertools
import shutil
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    Reference,
    StreamObject,
    TextStringObject,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from engine.basics.errors import VerificationFailed
from engine.determination.template import Template
from engine.events.notice import NoticeInputs
from engine.notices.pdf import HIDDEN, IMAGE, NO_LINE, _refuse_bombs, read_notice
from engine.notices.signature import check_seal, seal
from engine.notices.trust_policy import Policy
from engine.notices.verify_notice import verify_notice
from reports.notice.evidence_view import NoticePages
from tests.notices.browser_parts import browser_says
from tests.notices.test_verify_notice import desk as desk  # the fixtures
from tests.notices.test_verify_notice import policy as policy
from tests.operations.test_run import DEAL


@pytest.fixture(scope="module")
def told() -> list[NoticeInputs]:
    return []


Writer = IncrementalPdfFileWriter


def named(**entries: object) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{name}"): value for name, value in entries.items()})


def box(*places: float) -> ArrayObject:
    return ArrayObject([FloatObject(place) for place in places])


def page(writer: Writer, number: int = 0) -> DictionaryObject:
    return writer.root["/Pages"]["/Kids"][number].get_object()


def script() -> DictionaryObject:
    return named(S=NameObject("/JavaScript"), JS=TextStringObject("this.pageNum = 2;"))


def remark(writer: Writer, number: int, **entries: object) -> None:
    """An annotation on a page, painted over its words."""
    paint = StreamObject(
        named(Type=NameObject("/XObject"), Subtype=NameObject("/Form"), BBox=box(0, 0, 200, 40)),
        stream_data=b"1 g 0 0 200 40 re f",
    )
    one = named(
        Type=NameObject("/Annot"),
        Subtype=NameObject("/FreeText"),
        Rect=box(60, 700, 260, 740),
        F=NumberObject(4),
        Contents=TextStringObject("PASS"),
        AP=named(N=writer.add_object(paint)),
        **entries,
    )
    of = page(writer, number)
    of[NameObject("/Annots")] = ArrayObject([writer.add_object(one)])
    writer.update_container(of)


def set_on(where: Callable[[Writer], DictionaryObject], name: str, value: Callable[[], object]) -> Change:
    def change(writer: Writer) -> None:
        of = where(writer)
        of[NameObject(name)] = value()
        writer.update_container(of)

    return change


def in_the_root(name: str, value: Callable[[], object]) -> Change:
    def change(writer: Writer) -> None:
        writer.root[NameObject(name)] = value()
        writer.update_root()

    return change


def script_by_name(writer: Writer) -> None:
    of = writer.root["/Names"]
    of[NameObject("/JavaScript")] = named(Names=ArrayObject([TextStringObject("a"), script()]))
    writer.update_root()


def field(writer: Writer) -> None:
    remark(writer, 1, FT=NameObject("/Tx"), T=TextStringObject("answer"))
    page(writer, 1)["/Annots"][0].get_object()[NameObject("/Subtype")] = NameObject("/Widget")


def drawn_first(instructions: bytes, **entries: object) -> Change:
    """Instructions before those of page 1, in a stream that says of itself what it likes."""

    def change(writer: Writer) -> None:
        of = page(writer)
        contents = of.raw_get("/Contents")
        more = contents.get_object() if isinstance(contents.get_object(), ArrayObject) else [contents]
        first = writer.add_object(StreamObject(named(**entries), stream_data=instructions))
        of[NameObject("/Contents")] = ArrayObject([first, *more])
        writer.update_container(of)

    return change


def in_a_form(writer: Writer, subtype: object = NameObject("/Form")) -> None:
    """Letters unseen in what page 1 draws as a whole."""
    paint = named(Type=NameObject("/XObject"), Subtype=subtype, BBox=box(0, 0, 200, 40))
    form = writer.add_object(StreamObject(paint, stream_data=b"BT 3 Tr ET"))
    among_resources(writer, "/XObject", hidden=form)
    drawn_first(b"/hidden Do ")(writer)


def among_resources(writer: Writer, kind: str, **entries: object) -> None:
    resources = page(writer)["/Resources"]
    there = dict(resources[kind]) if kind in resources else {}
    resources[NameObject(kind)] = DictionaryObject({**there, **named(**entries)})
    writer.update_container(resources)


INLINE = b"BI/W 1/H 1/BPC 8/CS/G/F/Fl ID x EI"


def instructions(writer: Writer, **entries: object) -> Reference:
    """A stream with an image of its own, which says of itself that it is something else."""
    return writer.add_object(StreamObject(named(Type=NameObject("/Metadata"), **entries), stream_data=INLINE))


def in_letters(writer: Writer) -> None:
    letters = writer.add_object(named(FontFile2=instructions(writer)))
    among_resources(writer, "/Font", drawn=named(Subtype=NameObject("/Type3"), CharProcs=letters))


def in_a_pattern(writer: Writer) -> None:
    among_resources(
        writer,
        "/Pattern",
        drawn=instructions(writer, PatternType=NumberObject(1), Subtype=NameObject("/Image")),
    )


def in_the_field(writer: Writer) -> None:
    """A field without an extent, as the signature's, which draws something nonetheless."""
    states = writer.add_object(named(Off=instructions(writer)))
    one = named(Subtype=NameObject("/Widget"), Rect=box(0, 0, 0, 0), AP=named(N=states))
    page(writer)[NameObject("/Annots")] = ArrayObject([writer.add_object(one)])
    writer.update_container(page(writer))


def in_a_mask(writer: Writer) -> None:
    among_resources(writer, "/ExtGState", drawn=named(SMask=named(G=instructions(writer))))


def compressed_further(writer: Writer) -> None:
    """Instructions whose bytes are written as what each adds to the one above it (ISO 32000, 7.4.4.4)."""
    text = b"BT 3 Tr ET  "
    rows = [text[at : at + 4] for at in range(0, len(text), 4)]
    added = [
        bytes((one - above) % 256 for above, one in zip(*pair, strict=True))
        for pair in itertools.pairwise([bytes(4), *rows])
    ]
    said = named(
        Filter=NameObject("/FlateDecode"),
        DecodeParms=named(Predictor=NumberObject(12), Columns=NumberObject(4)),
    )
    packed = zlib.compress(b"".join(b"\2" + row for row in added))
    page(writer)[NameObject("/Contents")] = writer.add_object(StreamObject(said, encoded_data=packed))
    writer.update_container(page(writer))


def size_of_all_pages(writer: Writer) -> None:
    TREE(writer)[NameObject("/MediaBox")] = page(writer).pop("/MediaBox")
    writer.update_container(TREE(writer))
    writer.update_container(page(writer))


def leading_to(kind: str) -> Change:
    return lambda writer: remark(writer, 0, A=named(S=NameObject(f"/{kind}")))


def field_of_no_page(writer: Writer) -> None:
    one = named(FT=NameObject("/Tx"), T=TextStringObject("x"), AA=named(K=script()))
    writer.root[NameObject("/AcroForm")] = named(Fields=ArrayObject([writer.add_object(one)]))
    writer.update_root()


Change = Callable[[Writer], None]
TREE = lambda writer: writer.root["/Pages"]  # noqa: E731
FRAME = "does not say that its size is A4 or US Letter"
TURNED = "the file has a page that is turned, as no notice has"
CUT = "the file has a page of which a part is cut off, as no notice has"
BESIDE = "has a field or a remark beside its words, as no notice has"
BY_ITSELF = "the file has an action that runs by itself, as no notice has"
OUT = "the file has an action that leads out of it, as no notice has"
FORGED: dict[str, tuple[Change, str]] = {
    "a remark over page 1": (lambda writer: remark(writer, 0), f"page 1 {BESIDE}"),
    "a remark over page 2": (lambda writer: remark(writer, 1), f"page 2 {BESIDE}"),
    "a field over page 2": (field, f"page 2 {BESIDE}"),
    "layers": (
        in_the_root("/OCProperties", lambda: named(OCGs=ArrayObject([]), D=named())),
        "the file has layers that can be switched off, as no notice has",
    ),
    "an action": (
        in_the_root("/OpenAction", lambda: named(S=NameObject("/GoTo"), D=ArrayObject([NumberObject(1)]))),
        "the file has an action that runs when it is opened, as no notice has",
    ),
    "a script by name": (script_by_name, "the file has a script, as no notice has"),
    "a form of its own": (
        in_the_root("/AcroForm", lambda: named(Fields=ArrayObject([]), XFA=ArrayObject([]))),
        "the file has a form that is drawn in place of its pages, as no notice has",
    ),
    "a page turned": (set_on(page, "/Rotate", lambda: NumberObject(180)), TURNED),
    "a page turned once around": (set_on(page, "/Rotate", lambda: NumberObject(360)), TURNED),
    "all pages turned": (set_on(TREE, "/Rotate", lambda: NumberObject(90)), TURNED),
    "the first line cut off": (set_on(page, "/CropBox", lambda: box(0, 0, 595, 700)), CUT),
    "the first line of all pages cut off": (set_on(TREE, "/CropBox", lambda: box(0, 0, 595, 700)), CUT),
    "pages of another scale": (
        set_on(page, "/UserUnit", lambda: NumberObject(9)),
        "the file has a page of another scale, as no notice has",
    ),
    "a size for all pages together": (size_of_all_pages, f"page 1 {FRAME}"),
    "a lower page": (set_on(page, "/MediaBox", lambda: box(0, 0, 595.28, 700)), f"page 1 {FRAME}"),
    "a page moved": (set_on(page, "/MediaBox", lambda: box(0, 100, 595.28, 841.89)), f"page 1 {FRAME}"),
    "letters unseen": (drawn_first(b"BT 3 Tr ET\n"), HIDDEN),
    "letters unseen, said outside of a text": (drawn_first(b"3 Tr\n"), HIDDEN),
    "letters unseen in a file within": (drawn_first(b"3 Tr\n", Type=NameObject("/EmbeddedFile")), HIDDEN),
    "letters unseen in a form": (in_a_form, HIDDEN),
    "letters unseen in a form that says so elsewhere": (
        lambda writer: in_a_form(writer, writer.add_object(NameObject("/Form"))),
        HIDDEN,
    ),
    "letters unseen after a comment": (drawn_first(b"3 % 0\nTr\n"), HIDDEN),
    "letters unseen between zeros": (drawn_first(b"3\0Tr\0"), HIDDEN),
    "instructions compressed further": (
        compressed_further,
        "the file has a stream that is compressed in a further way, as no notice has",
    ),
    "an image among the instructions": (drawn_first(b"[]" + INLINE + b"\n"), IMAGE),
    "an image without a filter": (drawn_first(b"BI /W 1 /H 1 /BPC 8 /CS /G ID x EI\n"), IMAGE),
    "letters that are drawings": (in_letters, "the file has letters that are drawings, as no notice has"),
    "an image in a pattern": (in_a_pattern, IMAGE),
    "an image in a field": (in_the_field, IMAGE),
    "an image in a mask": (in_a_mask, IMAGE),
    "an action of the file": (in_the_root("/AA", lambda: named(WC=script())), BY_ITSELF),
    "an action of a page": (set_on(page, "/AA", lambda: named(O=script())), BY_ITSELF),
    "an action of a remark": (lambda writer: remark(writer, 0, AA=named(E=script())), BY_ITSELF),
    "an action of a field on no page": (field_of_no_page, BY_ITSELF),
    "a script of a remark": (leading_to("JavaScript"), "the file has a script, as no notice has"),
    **{f"{kind} of a remark": (leading_to(kind), OUT) for kind in ("Launch", "URI", "GoToR", "SubmitForm")},
    "an address for all links": (in_the_root("/URI", lambda: named(Base=TextStringObject("x"))), OUT),
}


@pytest.fixture(scope="module")
def plain(desk: Path, policy: Policy) -> bytes:
    """The notice before it was signed."""
    signed = sorted((desk / "notices" / DEAL).glob("*compliance.pdf"))[-1].read_bytes()
    found = check_seal(signed, frozenset(policy.notice_certificates))
    assert found is not None
    return found.unsigned + b"\n"


def signed_anew(plain: bytes, change: Change, key: Path) -> bytes:
    writer, out = Writer(io.BytesIO(plain)), io.BytesIO()
    change(writer)
    writer.write(out)
    return seal(out.getvalue(), key)


def said(data: bytes, policy: Policy, templates: dict[str, Template]) -> Iterator[tuple[str, str | None]]:
    for step in verify_notice(data, policy, templates, pages=NoticePages()):
        yield step.name, step.difference


@pytest.mark.parametrize("what", FORGED)
def test_nothing_stands_beside_the_words_of_the_pages_or_hides_them(
    what: str, plain: bytes, desk: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    change, why = FORGED[what]
    data = signed_anew(plain, change, desk / "keys" / "notice.key")
    refused_alike(data, why, policy, all_templates, tmp_path)


def refused_alike(
    data: bytes, why: str, policy: Policy, templates: dict[str, Template], tmp_path: Path
) -> None:
    """Both verifiers refuse a file for this reason, when they look what it carries."""
    *_, last = said(data, policy, templates)
    assert last == ("attachments", why)
    if shutil.which("node") is None:
        pytest.skip("node is not on this machine, so the page in a browser was not asked")
    path = tmp_path / "notice.pdf"
    path.write_bytes(data)
    (answer,) = browser_says(policy, notices=[str(path)])["notices"]
    assert (answer["steps"][-1]["name"], answer["steps"][-1]["difference"]) == last


def without_action(writer: Writer) -> None:
    del writer.root["/OpenAction"]
    writer.update_root()


def drawn_as_before(writer: Writer) -> None:
    """The instructions of page 1 without those that `drawn_first` put before them."""
    page(writer)[NameObject("/Contents")] = page(writer)["/Contents"].raw_get(1)
    writer.update_container(page(writer))


@pytest.mark.parametrize(
    ("what", "back"), [("an action", without_action), ("letters unseen", drawn_as_before)]
)
def test_what_a_later_revision_takes_back_is_refused_too(
    what: str,
    back: Change,
    plain: bytes,
    desk: Path,
    policy: Policy,
    all_templates: dict[str, Template],
    tmp_path: Path,
) -> None:
    """A reader can show an earlier revision of a file."""
    (change, why), out = FORGED[what], io.BytesIO()
    writer = Writer(io.BytesIO(plain))
    change(writer)
    writer.write(out)
    data = signed_anew(out.getvalue(), back, desk / "keys" / "notice.key")
    refused_alike(data, why, policy, all_templates, tmp_path)


def test_a_stream_begins_on_a_line_of_its_own(
    plain: bytes, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    """PDFium passes over the rest of the line, whatever it is, and other readers do not."""
    assert b">>\nstream\n" in plain
    data = plain.replace(b">>\nstream\n", b">>stream \n", 1)
    loose = policy.model_copy(update={"signature_needed": False})
    refused_alike(data, NO_LINE, loose, all_templates, tmp_path)


CHANCE = (b" BT 3 Tr ", b"/XFA ", b"/AA ", b"/J#61vaScript ", b" BI 1 /F ", b"/#46 ")
"""What a font or a picture may hold by chance; each alone was enough for a refusal."""


def by_chance(where: str) -> Change:
    """Those bytes at the end of a font, or as the file's words about itself beside a title of such letters."""

    def change(writer: Writer) -> None:
        # All objects of a file are many, and each is looked for anew: only as far as its first font.
        for number in range(1, int(writer.trailer["/Size"]) if where != "words" else 1):
            one = writer.get_object(Reference(number, 0, writer))
            if isinstance(one, DictionaryObject) and "/FontFile2" in one:
                data = one["/FontFile2"].data
                new = StreamObject(
                    named(Length1=NumberObject(len(data))), stream_data=data + b"".join(CHANCE)
                )
                if where == "a font, packed":
                    new.compress()
                one[NameObject("/FontFile2")] = writer.add_object(new)
                writer.update_container(one)
                return
        assert where == "words", "the renderer writes no font as it did"
        about = writer.trailer["/Info"]
        about[NameObject("/Title")] = TextStringObject("Classes A/AA ")
        writer.update_container(about)
        new = StreamObject(named(), stream_data=b"".join(CHANCE))
        writer.root[NameObject("/Metadata")] = writer.add_object(new)
        writer.update_root()

    return change


@pytest.mark.parametrize("where", ["a font, packed", "a font", "words"])
def test_bytes_of_a_font_or_words_that_look_like_instructions_are_none(
    where: str, plain: bytes, desk: Path, policy: Policy, all_templates: dict[str, Template], tmp_path: Path
) -> None:
    data = signed_anew(plain, by_chance(where), desk / "keys" / "notice.key")
    doubts = {doubt.why for doubt in _refuse_bombs(data)}
    assert len(doubts) >= 3
    assert {HIDDEN, IMAGE} < doubts
    assert [why for _, why in said(data, policy, all_templates) if why] == []
    if shutil.which("node") is None:
        pytest.skip("node is not on this machine, so the page in a browser was not asked")
    path = tmp_path / "notice.pdf"
    path.write_bytes(data)
    (answer,) = browser_says(policy, notices=[str(path)])["notices"]
    assert [step["difference"] for step in answer["steps"] if step["difference"]] == []


def test_a_genuine_notice_leaves_no_doubt_and_is_not_looked_into(
    plain: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking into the objects costs several times what the rest of the reading does."""
    monkeypatch.setattr("engine.notices.pdf.objects_of", pytest.fail)
    assert len(read_notice(plain).pages) > 1


def test_a_notice_that_is_signed_anew_and_unchanged_holds(
    plain: bytes, desk: Path, policy: Policy, all_templates: dict[str, Template]
) -> None:
    """So that each forgery above is refused for what it adds, and for nothing else."""
    again = signed_anew(
        plain, in_the_root("/Lang", lambda: TextStringObject("en")), desk / "keys" / "notice.key"
    )
    assert [why for _, why in said(again, policy, all_templates) if why] == []


def test_a_name_in_escapes_or_in_a_stream_of_objects_is_found(plain: bytes, desk: Path) -> None:
    signed = signed_anew(
        plain, in_the_root("/Lang", lambda: TextStringObject("en")), desk / "keys" / "notice.key"
    )
    assert b"/Type /Catalog" in signed
    with pytest.raises(VerificationFailed, match="an action that runs when it is opened"):
        read_notice(signed.replace(b"/Type /Catalog", b"/Type /Catalog /Open#41ction 5 0 R"))
    packed = b"1 0 << /OCPropertie#73 5 0 R >>"
    (doubt,) = _refuse_bombs(b"1 0 obj <</Filter /FlateDecode>> stream\n" + zlib.compress(packed))
    assert (doubt.part, doubt.why) == (
        packed,
        "the file has layers that can be switched off, as no notice has",
    )


@pytest.mark.parametrize("said", [b"", b"/Filter /FlateDecode"], ids=["plain", "packed"])
@pytest.mark.parametrize("before", [b"", zlib.compress(b"0 0 m")], ids=["alone", "after packed"])
def test_instructions_that_are_not_compressed_are_looked_through_too(before: bytes, said: bytes) -> None:
    """Another reader may take such a stream as it stands, whatever can be inflated of its beginning."""
    file = b"1 0 obj <<" + said + b">>\nstream\n" + before + b"\n%s\nendstream"
    for instructions, why in ((b"BT 3 Tr ET", HIDDEN), (b"BI /W 1 /F /AHx ID 00> EI", IMAGE)):
        assert why in {doubt.why for doubt in _refuse_bombs(file % instructions)}


def test_a_deal_may_speak_of_scripts(plain: bytes) -> None:
    """Only an object of the file is refused: the words of its evidence are not instructions."""
    from tests.notices.test_verify_notice import replaced

    told = read_notice(plain).attachments["deal.yaml"] + b"\n# see /JavaScript\n"
    assert read_notice(replaced(plain, "deal.yaml", told)).attachments["deal.yaml"] == told
