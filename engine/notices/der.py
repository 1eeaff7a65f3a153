"""DER, the distinguished encoding of ASN.1 (X.690 section 10), as far as a signature needs it.

A length is definite and as short as it can be, a tag is one octet. Nothing stands between two elements or
after the last one. So the same parts have the same bytes, and what differs in a byte is found by comparing
bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

INTEGER, OCTET_STRING, NULL, OBJECT, SEQUENCE, SET, OWN = 0x02, 0x04, 0x05, 0x06, 0x30, 0x31, 0xA0
"""Tags; the last is the context's own number 0, constructed."""
_LONG, _CONSTRUCTED, _HIGH = 0x80, 0x20, 0x1F


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag, what it holds, and the whole of it as it is written."""

    tag: int
    content: bytes
    whole: bytes

    @property
    def parts(self) -> tuple[Element, ...]:
        """The elements that it holds.

        Raises ValueError if it holds something else, or is not made of elements.
        """
        if not self.tag & _CONSTRUCTED:
            raise ValueError(f"the element with tag {self.tag:#04x} holds no elements")
        elements, rest = [], self.content
        while rest:
            element = first(rest)
            elements.append(element)
            rest = rest[len(element.whole) :]
        return tuple(elements)

    def only(self, tag: int) -> Element:
        """Return the one element that it holds, of a tag.

        Raises ValueError if it holds another, several, or none.
        """
        (part,) = self.parts
        if part.tag != tag:
            raise ValueError(f"an element has the tag {part.tag:#04x} where {tag:#04x} belongs")
        return part


def first(data: bytes) -> Element:
    """Return the element at the beginning of `data`, whatever follows it.

    Raises ValueError if it is not written in DER.
    """
    if len(data) < 2 or data[0] & _HIGH == _HIGH:
        raise ValueError("no element with a tag of one octet")
    start, length = 2, data[1]
    if length & _LONG:
        start += length & ~_LONG
        length = int.from_bytes(data[2:start], "big")
        shortest = -(-length.bit_length() // 8)
        if length < _LONG or start > len(data) or start - 2 != shortest:
            raise ValueError("a length that is indefinite, or longer than it need be")
    if start + length > len(data):
        raise ValueError("an element that ends after its bytes")
    return Element(data[0], data[start : start + length], data[: start + length])


def encoded(tag: int, *parts: bytes) -> bytes:
    """Return one element of these parts, in the one way in which DER writes it."""
    content = b"".join(parts)
    if len(content) < _LONG:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes(-(-len(content).bit_length() // 8), "big")
    return bytes((tag, _LONG | len(length))) + length + content
