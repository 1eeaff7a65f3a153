"""What makes a PDF both PDF/A-3a and PDF/UA-1.

It is the identifier with its extension schema, and the scope of header cells. The functions work on the
finished object tree, so they know PDF objects and nothing of the renderer that made them.
"""

from __future__ import annotations

from typing import Any

_RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:about=""'
_PROPERTY = (
    '<rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>'
    "<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>"
    "<pdfaProperty:description>Part of ISO 14289</pdfaProperty:description></rdf:li>"
)
_SCHEMA = (
    '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>'
    "<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    "<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>"
    f"<pdfaSchema:property><rdf:Seq>{_PROPERTY}</rdf:Seq></pdfaSchema:property></rdf:li>"
)
_UA = (
    f'<rdf:Description {_RDF} xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>'
    f'<rdf:Description {_RDF} xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
    'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" '
    'xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
    f"<pdfaExtension:schemas><rdf:Bag>{_SCHEMA}</rdf:Bag></pdfaExtension:schemas></rdf:Description>"
).encode()


def finish(_document: Any, pdf: Any) -> None:
    """Add the PDF/UA identifier to the metadata, and a scope to each header cell.

    Args:
        _document: the rendered document; not needed.
        pdf: the object tree about to be written.
    """
    for item in pdf.objects:
        if _is_metadata(item):
            raw = b"".join(part if isinstance(part, bytes) else part.data for part in item.stream)
            item.stream = [raw.replace(b"</rdf:RDF>", _UA + b"</rdf:RDF>")]
            # PDF/A asks for metadata that can be read without decompression.
            item.compress = False
        elif isinstance(item, dict) and item.get("S") == "/TH" and "ID" in item:
            # PDF/UA asks each header cell what it heads, and the renderer does not write it.
            item["A"]["Scope"] = "/Column" if _group(pdf, item) == "/THead" else "/Row"


def _is_metadata(item: Any) -> bool:
    extra = getattr(item, "extra", None)
    return extra is not None and extra.get("Type") == "/Metadata"


def _group(pdf: Any, cell: Any) -> Any:
    """Return the structure type of the group of rows that a cell stands in."""
    row = pdf.objects[int(cell["P"].split()[0])]
    return pdf.objects[int(row["P"].split()[0])]["S"]
