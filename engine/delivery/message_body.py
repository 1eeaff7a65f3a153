"""The words of a message as plain text and as HTML.

Both have the same sentences. The HTML has a single column and no picture, and it fetches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

PAGE = (
    "margin:0;padding:0;background:#ffffff;color:#111111;font-family:'Source Sans 3','Segoe "
    "UI',Arial,sans-serif;font-size:15px;line-height:22px"
)
SERIF = "font-family:'Source Serif 4',Georgia,serif"
SMALL = "font-size:13px;line-height:18px;color:#333333"
BUTTON = (
    "display:inline-block;background:#111111;color:#ffffff;font-weight:600;"
    "text-decoration:none;padding:11px 18px"
)


@dataclass(frozen=True, slots=True)
class MessageBody:
    """What a message says, in its order.

    Attributes:
        to: the addressee's name.
        mark: what stands above everything else, like `ILLUSTRATIVE - NOT A NOTICE`.
        party: the party whose notice it is.
        title: the kind of the notice and its number.
        about: the deal and the date.
        notes: what must be known before the answer, like that it is a draft.
        answer: the answer's sentences; none if the agreement asks for a link only.
        closing: which document governs, and where it is.
        receipt: the address at which receipt is acknowledged.
    """

    to: str
    mark: str
    party: str
    title: str
    about: str
    notes: tuple[str, ...]
    answer: tuple[str, ...]
    closing: tuple[str, ...]
    receipt: str | None

    def as_text(self) -> str:
        """Return the message as plain text; the answer's sentences are numbered."""
        lines = [*([self.mark, ""] if self.mark else []), f"To {self.to}", ""]
        lines += [*([self.party] if self.party else []), f"{self.title}, {self.about}"]
        lines += ["", *self.notes] if self.notes else []
        lines += (
            ["", *(f"{number}. {sentence}" for number, sentence in enumerate(self.answer, start=1))]
            if self.answer
            else []
        )
        lines += ["", *self.closing]
        if self.receipt:
            lines += ["", f"Receipt is acknowledged with a name and a button: {self.receipt}"]
        return "\n".join(lines) + "\n"

    def as_html(self) -> str:
        """Return the message as HTML with inline styles; it reads as well with all of them taken away."""
        rows = "".join(
            f'<li style="margin:0;padding:8px 0;border-top:1px solid #b4b4b4">{escape(sentence)}</li>'
            for sentence in self.answer
        )
        parts = [
            f'<p style="margin:0 0 14px;{SMALL}"><strong>{escape(self.mark)}</strong></p>'
            if self.mark
            else "",
            f'<p style="margin:0 0 14px;{SMALL}">To {escape(self.to)}</p>',
            (
                '<p style="margin:0;padding:8px 0 0;border-top:3px solid '
                f'#111111;{SERIF};font-size:16px">{escape(self.party)}</p>'
            )
            if self.party
            else "",
            (
                '<h1 style="margin:0 0 '
                f'4px;{SERIF};font-size:26px;line-height:32px;font-weight:600">{escape(self.title)}</h1>'
            ),
            f'<p style="margin:0 0 14px;color:#333333">{escape(self.about)}</p>',
            *(f'<p style="margin:0 0 10px"><strong>{escape(note)}</strong></p>' for note in self.notes),
            f'<ol style="margin:0;padding:0 0 0 22px;border-bottom:2px solid #111111">{rows}</ol>'
            if rows
            else "",
            *(f'<p style="margin:14px 0 0">{escape(line)}</p>' for line in self.closing),
        ]
        if self.receipt:
            place = escape(self.receipt, quote=True)
            parts += [
                f'<p style="margin:20px 0 0"><a href="{place}" style="{BUTTON}">Acknowledge receipt</a></p>',
                f'<p style="margin:6px 0 0;{SMALL}">The page has one button and asks for a name: {place}</p>',
            ]
        inside = "\n".join(part for part in parts if part)
        head = f'<meta charset="utf-8">\n<title>{escape(self.title)}</title>'
        main = f'<main style="max-width:600px;margin:0 auto;padding:20px 20px 32px">\n{inside}\n</main>'
        return (
            f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body '
            f'style="{PAGE}">\n{main}\n</body>\n</html>\n'
        )
