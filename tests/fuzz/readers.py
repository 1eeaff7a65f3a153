"""The readers of the product, each with files that it reads and the refusals that it may answer with."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic_core import PydanticCustomError

from covenants import templates
from engine.basics.bundle_archive import packed, unpacked
from engine.basics.calendar import load_calendar
from engine.basics.errors import HeadroomError, VerificationFailed, WrongUsage
from engine.basics.files import text_of
from engine.basics.strict_json import NotJson, read_json
from engine.basics.tables import read_table
from engine.delivery.returned_mail import understood
from engine.determination.template import clauses_of
from engine.market.administrator_series import SeriesKnown, read_series
from engine.market.collection_metadata import read_metadata
from engine.market.quality.capital_costs import read_costs
from engine.market.quality.platforms import read_quotes
from engine.market.snapshot import SnapshotRefused, read_snapshot
from engine.notices.attachments import read_manifest, read_of_date
from engine.notices.pdf import read_notice
from engine.notices.trust_policy import read_policy
from engine.notices.verify_notice import UNREADABLE
from engine.record.canonical import canonical
from engine.record.checkpoint import Checkpoint, sign, verify
from engine.record.inclusion_proof import parse_proof
from engine.record.keys import Kind, SigningKey, parse_private, parse_verifier
from engine.servicer_report.read_report import read_report
from engine.servicer_report.received_file import open_report
from engine.servicer_report.sender_layouts import tree_by_layout
from engine.terms import periods, phrases
from engine.terms.as_written import Deal, calendar_on, load_deal, resolve
from engine.terms.checks.serial_numbers import read_register
from engine.terms.sender_layout import SenderLayout, TapeLayout
from engine.terms.source import parse
from engine.terms.worked_example import read_figure
from engine.workspace.calendar_tables import table_in
from engine.workspace.workspace import SETTINGS, opened
from tests.conftest import DEALS

REFUSALS = (HeadroomError, SnapshotRefused, PydanticCustomError)
"""What a reader may answer with, beside a list of problems."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader: what reads bytes, and files that it takes, from which others are made."""

    read: Callable[[bytes], object]
    files: tuple[bytes, ...]


NOW = datetime(2026, 7, 1, tzinfo=UTC)
REPORT = b"""deal: meridian-2026-1
period: {from: 2026-01-01, to: 2026-01-07}
as_of: 2026-01-07
outstanding_principal: {class_a: "USD 15,900,000"}
rental:
  h100: {rented_gpu_hours: "151,990", available_gpu_hours: "172,032", weighted_average_rate: USD 2.16 per GPU-hour}
collections: USD 350,000
certificates: {h100: [{gpus: 1000, on: 2025-12-01, performance: 97.5%}]}
"""
REPORT_TABLE = b"""figure,value,as_of,source
deal,meridian-2026-1,,
period.from,2026-01-01,,
period.to,2026-01-07,,
as_of,2026-01-07,,
outstanding_principal.class_a,"USD 15,900,000",2026-01-06,cash book
"""
OFFER = {
    "id": 1,
    "gpu_name": "H100 SXM",
    "num_gpus": 8,
    "dph_total": 16.5,
    "geolocation": "Texas, US",
    "reliability2": 0.99,
    "host_id": 7,
    "machine_id": 9,
    "rentable": True,
    "verification": "verified",
}
SNAPSHOT = json.dumps(
    {
        "collected_utc": "2026-01-08T12:00:00+00:00",
        "limit": 64,
        "source": "https://example.com",
        "offers_by_model": {"H100 SXM": [OFFER] * 3},
    }
).encode()
SHEET = "xl/worksheets/sheet1.xml"
TAPE = b"""Contract,Model,From,To,Hours,Rent
C-1,H100 SXM5,2026-03-12,2026-03-18,100.5,190
C-2,H100 SXM5,2026-03-12,2026-03-18,50,100
C-1,H100 SXM5,2026-03-19,2026-03-25,90000,175500
"""
TAPE_LAYOUT = SenderLayout(
    files=("tape.*",),
    deal="meridian-2026-1",
    tape=TapeLayout.model_validate(
        {"contract": "Contract", "from": "From", "to": "To", "asset_class": "Model", "gpu_hours": "Hours"}
        | {"revenue": "Rent", "classes": {"H100 SXM5": "h100"}}
    ),
)
HEAD = b"collected_utc,gpu_name,geolocation,num_gpus,dph_total,reliability2,start_date,host_id,machine_id,id"
ROW = b'2026-01-08T12:00:00+00:00,H100 SXM,"Texas, US",8,16.80,0.99,1767000000,7,9,1'
OBSERVATIONS = b"\n".join((HEAD, ROW, ROW, b""))
OFFERS = b"\n".join((HEAD + b",rentable", ROW + b",true", ROW + b",no", b""))
SERIES = b"publication_date,value,low_confidence,observations,methodology_version\n2026-01-08,2.1000,false,44,1.1.1\n2026-01-15,,true,0,1.1.1\n"
COSTS = b"""gpu_price_usd = 25000
gpus_per_listing = 8
weekly_cost_usd = 300.50
weeks = 4
source = "a price list"
as_of = 2026-01-01
"""
POLICY = b"""log_keys = []
cosigner_keys = []
notice_certificates = []
"""
CONFIGURATION = b"""operator = "Example Calculation Agent"
[collect]
limit = 1000
[[index]]
name = "CRI-H100-EU"
gpu_name = "H100 SXM"
country = ["AT", "BE"]
"""
QUOTES = b"date,platform,usd_per_gpu_hour,source\n2026-01-08,elsewhere,2.50,a page\n"
MANIFEST = canonical(
    {"deal": "a", "leaf": "0" * 64, "seq": 1, "log_size": 2, "files": {"deal.yaml": "0" * 64}}
)
ENTRIES = json.dumps({"seq": 1, "body": "{}", "path": ["0" * 64]}).encode() + b"\n"
PHRASES = b"""65%
USD 1.50 per GPU-hour
USD 16,000,000
at least 120%
more than 1.20x
3 points
2 in total and 1 in any 12 months
1,024
1.60 1.55x3 _
2026-01-06
15 business days
1 business day before determination date, 17:00
3 of the last 6 determination dates
"""


def _phrases(data: bytes) -> None:
    """Each line by each small grammar; all of them refuse what they do not know."""
    readers = [
        value
        for module in (phrases, periods)
        for name, value in vars(module).items()
        if name.startswith("read_") and callable(value)
    ]
    readers.remove(periods.read_period)
    readers += [partial(_period, unit) for unit in ("business days", "months")]
    for line in text_of(data).split("\n"):
        read_figure(line)
        for read in readers:
            try:
                read(line)
            except PydanticCustomError:
                continue


def _period(unit: Any, text: str) -> object:
    return periods.read_period(text, unit)


def _in_a_file(read: Callable[[Path], object], name: str, data: bytes) -> object:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read(path)


def _configured(path: Path) -> object:
    return opened(path.parent, to_inspect=True)


@cache
def _key() -> Any:
    return SigningKey("agent.example/log", Kind.LOG, b"\x01" * 32)


def _note(data: bytes) -> object:
    return verify(_text(data), [_key().verifier])


def _json(data: bytes) -> object:
    """JSON as it stands, whose readers each refuse in words of their own."""
    try:
        return read_json(data)
    except NotJson as error:
        raise WrongUsage("no JSON") from error


def _text(data: bytes) -> str:
    """The text of a file, as `read_note` takes it: bytes that are not text are refused there."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise WrongUsage("no text") from error


def _stated(read: Callable[[bytes], object], data: bytes) -> object:
    """What a notice carries, whose readers refuse with errors that its verification catches."""
    try:
        return read(data)
    except UNREADABLE as error:
        raise VerificationFailed(str(error)) from error


@cache
def _pdf() -> bytes:
    """A small PDF with a text and an attachment, as notices have them."""
    import io

    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(612, 792)
    writer.add_attachment("manifest.json", b"{}")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@cache
def _workbook() -> bytes:
    """The report as a table, in a workbook."""
    import csv
    import io

    import openpyxl

    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(REPORT_TABLE.decode())):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@cache
def _document() -> bytes:
    """The report as a table, in an open document."""
    return _open_document(REPORT_TABLE)


@cache
def _tape_document() -> bytes:
    return _open_document(TAPE)


@cache
def _tape_workbook() -> bytes:
    import csv
    import io

    import openpyxl

    book = openpyxl.Workbook()
    for number, row in enumerate(csv.reader(io.StringIO(TAPE.decode()))):
        book.active.append([_cell(one) if number else one for one in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(text: str) -> float | date | str:
    try:
        return date.fromisoformat(text) if text.count("-") == 2 else float(text)
    except ValueError:
        return text


def _open_document(table: bytes) -> bytes:
    import csv
    import io

    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    made, sheet = OpenDocumentSpreadsheet(), Table(name="Tape")
    for number, words in enumerate(csv.reader(io.StringIO(table.decode()))):
        row = TableRow()
        for word in words:
            value = _cell(word) if number else word
            if isinstance(value, float):
                row.addElement(TableCell(valuetype="float", value=word))
            elif isinstance(value, date):
                row.addElement(TableCell(valuetype="date", datevalue=word))
            else:
                cell = TableCell(valuetype="string")
                cell.addElement(P(text=word))
                row.addElement(cell)
        sheet.addElement(row)
    made.spreadsheet.addElement(sheet)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def _part(workbook: bytes, name: str) -> bytes:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return archive.read(name)


def _with_part(workbook: bytes, name: str, data: bytes) -> bytes:
    """A workbook with other bytes in one of its parts."""
    import io
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive, zipfile.ZipFile(file, "w") as made:
        for part in archive.namelist():
            made.writestr(part, data if part == name else archive.read(part))
    return file.getvalue()


def _tape(name: str, data: bytes) -> object:
    return tree_by_layout(data, name, "acme", TAPE_LAYOUT)


def readers() -> dict[str, Reader]:
    """Every reader by its name."""
    clauses = clauses_of(templates())
    text = (DEALS / "meridian-2026-1.yaml").read_text(encoding="utf-8")
    deal, problems = load_deal(text, "deal.yaml", clauses)
    assert deal is not None, problems
    note = sign(Checkpoint("agent.example/deal/a", 3, hashlib.sha256(b"root").digest()), _key()).encode()
    proof = f"c2sp.org/tlog-proof@v1\nindex 1\n{base64.b64encode(bytes(32)).decode()}\n\n".encode() + note
    return {
        "YAML": Reader(
            lambda data: parse(text_of(data), "deal.yaml"), (text.encode(), REPORT, b"a: [b, {c: d}]\n")
        ),
        "deal file": Reader(lambda data: load_deal(text_of(data), "deal.yaml", clauses), (text.encode(),)),
        "table": Reader(lambda data: read_table(text_of(data), "rows.csv"), (REPORT_TABLE, SERIES, QUOTES)),
        "report": Reader(partial(_report, deal, "report.yaml"), (REPORT,)),
        "report as a table": Reader(partial(_report, deal, "report.csv"), (REPORT_TABLE,)),
        "report as a workbook": Reader(partial(_report, deal, "report.xlsx"), (_workbook(),)),
        "snapshot": Reader(
            lambda data: _snapshot(data, "snapshot.json"), (SNAPSHOT, gzip.compress(SNAPSHOT))
        ),
        "snapshot as a table": Reader(
            lambda data: _snapshot(data, "snapshot.csv"), (OBSERVATIONS, OFFERS, gzip.compress(OBSERVATIONS))
        ),
        "series": Reader(
            lambda data: read_series(text_of(data), "rows.csv", "CRI-H100", SeriesKnown(), NOW), (SERIES,)
        ),
        "quotes": Reader(lambda data: read_quotes(text_of(data), "quotes.csv"), (QUOTES,)),
        "costs": Reader(partial(_in_a_file, read_costs, "costs.toml"), (COSTS,)),
        "policy": Reader(partial(_in_a_file, read_policy, "trustee.toml"), (POLICY,)),
        "settings": Reader(partial(_in_a_file, _configured, SETTINGS), (CONFIGURATION,)),
        "phrases": Reader(_phrases, (PHRASES,)),
        "checkpoint": Reader(_note, (note,)),
        "proof": Reader(lambda data: parse_proof(_text(data)), (proof,)),
        "verifier key": Reader(lambda data: parse_verifier(_text(data)), (_key().verifier.text.encode(),)),
        "private key": Reader(lambda data: parse_private(_text(data)), (_key().text.encode(),)),
        "manifest": Reader(
            partial(_stated, read_manifest),
            (MANIFEST,),
        ),
        "entries of a date": Reader(partial(_stated, read_of_date), (ENTRIES,)),
        "notice": Reader(read_notice, (_pdf(),)),
        "register": Reader(lambda data: read_register(text_of(data), "serials.csv", ("h100",)), (REGISTER,)),
        "collection metadata": Reader(read_metadata, (METADATA,)),
        "calendar table": Reader(
            lambda data: table_in("target", data), (load_calendar("target").text.encode(),)
        ),
        "returned mail": Reader(_returned, (RETURNED,)),
        "bundle": Reader(
            partial(_in_a_file, unpacked, "deal.zip"),
            (packed({"deal.yaml": REPORT, "notices/a.txt": b"a"}, {"deal": "a"}),),
        ),
        # Of a workbook the part is changed that holds the cells: a change of its packed bytes ends at a checksum.
        "report as an open document": Reader(
            lambda data: _report(deal, "report.ods", _with_part(_document(), "content.xml", data)),
            (_part(_document(), "content.xml"),),
        ),
        "tape": Reader(partial(_tape, "tape.csv"), (TAPE,)),
        "tape as a workbook": Reader(
            lambda data: _tape("tape.xlsx", _with_part(_tape_workbook(), SHEET, data)),
            (_part(_tape_workbook(), SHEET),),
        ),
        "tape as an open document": Reader(
            lambda data: _tape("tape.ods", _with_part(_tape_document(), "content.xml", data)),
            (_part(_tape_document(), "content.xml"),),
        ),
        "JSON": Reader(_json, (MANIFEST, METADATA, SNAPSHOT)),
    }


REGISTER = (DEALS / "prairie-serials.csv").read_bytes()[:2_000].rpartition(b"\n")[0] + b"\n"
METADATA = (
    b'{"collected_utc": "2026-03-04T15:00:00Z", "target_gpu": "H100 SXM", "geography": "US", '
    b'"counts": {"final_observations": 3, "api_returned": 4}, "provenance": {"output_file": '
    b'"data/2026-03-04.csv", "sha256": "aa"}}'
)
RETURNED = b"""From: MAILER-DAEMON@example.com
To: agent@example.com
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

The message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; notices@example.com
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 no such user
--b
Content-Type: message/rfc822

Message-ID: <7.borrower.deal-a@agent.example>
Subject: Notice 7

body
--b--
"""


def _returned(data: bytes) -> object:
    return understood("key", message_from_bytes(data, policy=default))


def _report(deal: Deal, name: str, data: bytes) -> object:
    received, problems = open_report(data, name, {})
    on = date(2026, 1, 8)
    if received is None:
        return None, problems
    return read_report(received, resolve(deal, on), on, calendar_on(deal, on))


def _snapshot(data: bytes, name: str) -> object:
    found = read_snapshot(data, name)
    return [found.offers_of(model) for model in found.models] if hasattr(found, "offers_of") else found
