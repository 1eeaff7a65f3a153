"""YAML with places: the only door to the parser.

Every scalar is text (`NO` is a word, `7.10` keeps its zero, `on` is a key), each with its line and column.
Anchors, aliases, tags, merge keys and duplicate keys are refused. Each is a way of saying something that a
lawyer who reads the file would not see (`record.md`, Doors kept shut). No text at all makes this module
raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from engine.basics.errors import Place, Problem
from engine.basics.files import strange
from engine.basics.values import counted

# A hostile file must end in a message, so each limit is far above what a deal needs and cheap to check.
LARGEST = 1_000_000
DEEPEST = 40
MOST_NODES = 50_000
THOUSANDS = re.compile(r"\d{3}(\.\d+)?")
"""The rest of an amount whose commas YAML has taken as separators inside braces."""
CURLY = re.compile("[\u201c\u201d\u201e]")
"""The curly quotes of a word processor, which are letters like any other in YAML."""
WIDE = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
WIDE_SPACE = re.compile(rf"(?:^[ \t]*|:)([{WIDE}])")
"""A space of a word processor where YAML needs a plain one: before a key, or behind its colon."""
TAB = re.compile(r" *\t")
CLOSED_BY = {"{": "}", "[": "]"}

Path = tuple[str | int, ...]
Span = tuple[int, int, int]
"""Line, column and length of a place: a file has hundreds, and hardly ever a problem at one of them."""


@dataclass(frozen=True)
class Tree:
    """A file as plain data, with the place of every value and every key.

    Attributes:
        file: its name, as errors print it.
        text: its text.
        data: nested dicts, lists and strings.
        places: where the value at a path stands.
        keys: where the key of a path stands.
    """

    file: str
    text: str
    data: Any
    places: Mapping[Path, Span | Place]
    keys: Mapping[Path, Span]

    def place(self, path: Path) -> Place:
        """Return the place of the value at `path`, or of the nearest thing around it."""
        # A missing term has no place of its own, and an error about it points at the block that lacks it.
        for end in range(len(path), -1, -1):
            found = self.places.get(path[:end])
            if found is not None:
                return found if isinstance(found, Place) else Place(self.file, *found)
        return Place(self.file)

    def key_place(self, path: Path) -> Place:
        """Return the place of the key of `path`; the value's place if it has none."""
        found = self.keys.get(path)
        return self.place(path) if found is None else Place(self.file, *found)

    def get(self, path: Path) -> Any:
        """Return the value at `path`, or None if the file does not have it."""
        value = self.data
        for step in path:
            value = _inside(value, step)
        return value


def _inside(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    return (
        value[step] if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value) else None
    )


@dataclass
class _Reading:
    """What is gathered while the nodes of the YAML are walked."""

    file: str
    lines: list[str]
    places: dict[Path, Span | Place] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, number: int) -> str:
        """Return a line of the text by its number, from 1; an empty text beyond the last line."""
        return self.lines[number - 1] if number <= len(self.lines) else ""

    def refuse(self, code: str, what: str, why: str, fix: str, place: Place) -> None:
        self.problems.append(Problem(code, what, why, fix, place))


class _Block:
    """A mapping, with its keys and values by turns, or a list, with its items."""

    __slots__ = ("end_mark", "flow_style", "mapping", "parts", "start_mark")

    def __init__(self, event: yaml.CollectionStartEvent) -> None:
        """Begin it; its parts and its end are told later."""
        self.start_mark, self.end_mark = event.start_mark, event.end_mark
        self.mapping = isinstance(event, yaml.MappingStartEvent)
        self.flow_style = event.flow_style
        self.parts: list[_Node] = []


_Node = Any
"""A `_Block`, or of a scalar the event by which the parser tells of it: both have marks."""


def parse(text: str, file: str) -> tuple[Tree | None, list[Problem]]:
    """Return the tree of `text`, or None if it cannot be read, and every problem with it as YAML."""
    # The parser is not given what it could choke on: a large text, or signs that are not text.
    early = _before_parsing(text, file)
    if early:
        return None, early
    reading = _Reading(file, text.splitlines())
    try:
        root = _root(text, reading)
    except yaml.YAMLError as error:
        return None, [_syntax(error, reading)]
    # The parser has limits of its own, and a file from outside must end in a message and not in a trace.
    except (RecursionError, ValueError, OverflowError) as error:
        return None, [Problem("Y101", "the file cannot be read", str(error), "write plain YAML", Place(file))]
    if reading.problems:
        return None, reading.problems
    if root is None:
        return None, [
            Problem("Y102", "the file is empty", "a deal file holds a deal", "write the deal", Place(file))
        ]
    data = _value(root, (), reading)
    return Tree(file, text, data, reading.places, reading.keys), reading.problems


def _before_parsing(text: str, file: str) -> list[Problem]:
    if len(text) > LARGEST:
        why = f"{counted(len(text), 'characters')}; a deal file has at most {LARGEST:,}"
        return [
            Problem(
                "Y103", "the file is too large", why, "split what does not belong to the deal", Place(file)
            )
        ]
    return strange(text, file)


def _syntax(error: yaml.YAMLError, reading: _Reading) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = str(getattr(error, "problem", None) or error).strip().splitlines()[0]
    context = getattr(error, "context", None)
    place = Place(reading.file, mark.line + 1, mark.column + 1) if mark else Place(reading.file)
    # Looked for first: after an open quote the parser complains of a later line that is right.
    opened = _open_quote(reading, place)
    if opened is not None:
        why = "what follows is read as part of the text, up to the next quote"
        return Problem(
            "Y100",
            "not readable as YAML: a quote is opened here and not closed on its line",
            why,
            "close it",
            opened,
        )
    spaced = _not_plain(reading, place)
    if spaced is not None:
        return spaced
    unclosed = _open_bracket(error, reading)
    if unclosed is not None:
        return unclosed
    fix = "check the indentation, the quotes and the brackets here"
    if "\\t" in what or "tab" in what:
        fix = "indent with spaces"
    if "mapping values" in what:
        fix = "a colon and a space begin a value: put a text that has them in quotes"
    return Problem(
        "Y100",
        f"not readable as YAML: {what}",
        str(context or "the structure of the file is unclear here"),
        fix,
        place,
    )


def _not_plain(reading: _Reading, place: Place) -> Problem | None:
    """Return a problem at the space or tab for which the parser gave up; None if neither is there.

    The parser may complain on the line after it.
    """
    # The parser names the tab as a token that cannot start, which tells a lawyer nothing.
    if tab := TAB.match(reading.line(place.line)):
        what, why = "not readable as YAML: a tab indents the line", "YAML counts spaces alone"
        fix, at = "indent with spaces", Place(reading.file, place.line, tab.end())
        return Problem("Y100", what, why, fix, at)
    for number in (place.line, place.line - 1):
        if number and (wide := WIDE_SPACE.search(reading.line(number))):
            return _wide(wide[1], Place(reading.file, number, wide.start(1) + 1))
    return None


def _wide(sign: str, place: Place) -> Problem:
    what = f"a space that looks plain and is another character (U+{ord(sign):04X})"
    why = "to YAML it is a letter, and belongs to the word beside it"
    return Problem("Y118", what, why, "write a plain space", place)


def _open_bracket(error: yaml.YAMLError, reading: _Reading) -> Problem | None:
    """Return a problem at the opening brace or bracket that its line does not close.

    The result is None if the parser complains of something else.
    """
    mark = getattr(error, "context_mark", None)
    line = reading.line(mark.line + 1) if mark is not None else ""
    opening = line[mark.column : mark.column + 1] if mark is not None else ""
    if mark is None or opening not in CLOSED_BY or _closed(line[mark.column :]):
        return None
    closing, place = CLOSED_BY[opening], Place(reading.file, mark.line + 1, mark.column + 1)
    what = f"not readable as YAML: `{opening}` is opened here and not closed on its line"
    if " #" in line[mark.column :]:
        why = f"a `#` after a space begins a comment, so nothing after it is read, a `{closing}` neither"
        return Problem("Y100", what, why, "put the text with the `#` in quotes", place)
    return Problem("Y100", what, "what follows is read as part of it", f"close it with `{closing}`", place)


def _closed(text: str) -> bool:
    """Return whether the bracket that a text begins with is closed in it.

    Quotes and comments are passed over.
    """
    # A bracket inside quotes or behind a `#` closes nothing.
    plain = re.sub(r"\"[^\"]*\"|\s#.*", "", text)
    depth: list[str] = []
    for sign in plain:
        if sign in CLOSED_BY:
            depth.append(CLOSED_BY[sign])
        elif depth and sign in CLOSED_BY.values():
            if sign != depth.pop():
                return False
            if not depth:
                return True
    return False


def _open_quote(reading: _Reading, place: Place) -> Place | None:
    """Return the place of a quote that its line does not close; None if there is not one.

    The parser reads on past such a quote and complains on a later line.
    """
    # The quote that was left open stands above the complaint, so the lines above are searched first.
    for number in (*range(place.line - 1, 0, -1), place.line):
        line = reading.line(number)
        if '"' in line:
            before = sum(reading.line(n).count('"') for n in range(1, number))
            # An odd count opens a quote only if every quote above is closed. Otherwise it closes one.
            opens = line.count('"') % 2 and not before % 2
            return Place(reading.file, number, line.rfind('"') + 1) if opens else None
    return None


def _root(text: str, reading: _Reading) -> _Node:
    """Return what a text holds, as the parser tells of it; None if it holds nothing.

    A problem is added for each anchor, alias, tag, second document and too deep nesting: what is returned
    then is not to be read.
    """
    root: _Node = None
    opened: list[_Block] = []
    documents = 0
    # Each event is looked at as it comes: a file that nests too deep is not read to its end.
    for number, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader), 1):
        if isinstance(event, yaml.NodeEvent):
            node = _Block(event) if isinstance(event, yaml.CollectionStartEvent) else event
            if opened:
                opened[-1].parts.append(node)
            elif root is None:
                root = node
            if isinstance(node, _Block):
                opened.append(node)
            if event.anchor or getattr(event, "tag", None):
                _refuse_marks(event, reading)
        elif isinstance(event, yaml.CollectionEndEvent):
            opened.pop().end_mark = event.end_mark
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            # A second document would be ignored silently, and its terms would count for nothing.
            if documents > 1:
                reading.refuse(
                    "Y110",
                    "a second document in the file",
                    "one file holds one deal",
                    "split the file",
                    _mark(event.start_mark, reading),
                )
        if len(opened) > DEEPEST or number > MOST_NODES:
            reading.refuse(
                "Y113",
                "the file is nested too deep or has too many parts",
                "no deal needs it",
                "simplify it",
                _mark(event.start_mark, reading),
            )
            break
    return root


def _refuse_marks(event: Any, reading: _Reading) -> None:
    """Add a problem for an anchor, an alias or a tag before a value."""
    if event.anchor:
        alias = isinstance(event, yaml.AliasEvent)
        reading.refuse(
            "Y111",
            f"an alias `*{event.anchor}`" if alias else f"an anchor `&{event.anchor}`",
            "what applies must be read where it stands",
            "write it out" if alias else "remove it",
            _mark(event.start_mark, reading),
        )
    if tag := getattr(event, "tag", None):
        reading.refuse(
            "Y112",
            f"a tag `{tag}`",
            "values are read by their place, not by a tag",
            "remove it",
            _mark(event.start_mark, reading),
        )


def _mark(mark: Any, reading: _Reading) -> Place:
    return Place(reading.file, mark.line + 1, mark.column + 1)


def _value(node: _Node, path: Path, reading: _Reading) -> Any:
    reading.places[path] = _span(node, reading)
    if not isinstance(node, _Block):
        _refuse_wide(node, reading)
        return node.value
    if node.mapping:
        return _mapping(node, path, reading)
    return [_value(item, (*path, number), reading) for number, item in enumerate(node.parts)]


def _refuse_wide(node: _Node, reading: _Reading) -> None:
    text = str(node.value)
    # Inside quotes, or in a block of text, it is part of what somebody wrote.
    if not node.style and text != text.strip():
        leads, start, end = text[0].isspace(), node.start_mark, node.end_mark
        line, column = (start.line, start.column + 1) if leads else (end.line, end.column)
        reading.problems.append(_wide(text[0] if leads else text[-1], Place(reading.file, line + 1, column)))


def _span(node: _Node, reading: _Reading) -> Span:
    """Return where a value or a key stands: the carets underline it to its end, on its first line."""
    start, end = node.start_mark, node.end_mark
    row, column = start.line, start.column
    last = end.column if row == end.line else len(reading.line(row + 1).rstrip())
    # An empty value still needs one caret, or the message would point at nothing.
    return row + 1, column + 1, last - column if last > column else 1


def _marked(place: Place, reading: _Reading) -> Place:
    """Return the place of the `?` before a key that is not a word; the key's own place without one."""
    before = reading.line(place.line)[: place.column - 1].rstrip()
    return Place(place.file, place.line, len(before), place.length) if before.endswith("?") else place


def _mapping(node: _Block, path: Path, reading: _Reading) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, value in zip(node.parts[::2], node.parts[1::2], strict=True):
        span = _span(key, reading)
        if isinstance(key, _Block):
            reading.refuse(
                "Y114",
                "a key that is not a word",
                "keys are words",
                "write a plain key",
                _marked(Place(reading.file, *span), reading),
            )
            continue
        _refuse_wide(key, reading)
        if (
            node.flow_style
            and THOUSANDS.fullmatch(key.value)
            and isinstance(value, yaml.ScalarEvent)
            and not value.value
        ):
            why = "the commas of an amount part it inside braces, and its figures become keys"
            fix = 'write the amount in quotes, like `"USD 16,000,000"`'
            if CURLY.search(reading.line(span[0])):
                fix = (
                    'write the amount in straight quotes, like `"USD 16,000,000"`: curly ones are letters '
                    "like any other"
                )
            # One broken amount makes several such keys, and one message is enough for all.
            reading.refuse("Y117", f"`{key.value}` stands as a key", why, fix, Place(reading.file, *span))
            return mapping
        if key.value == "<<":
            reading.refuse(
                "Y115",
                "a merge key `<<`",
                "what applies must be read where it stands",
                "write the terms out",
                Place(reading.file, *span),
            )
            continue
        # YAML keeps the last of two equal keys silently, and the first rule would vanish unread.
        at = (*path, key.value)
        if key.value in mapping:
            why = (
                f"it stands on line {reading.keys[at][0]} already, and two rules that both apply are an error"
            )
            place = Place(reading.file, *span)
            reading.refuse("Y116", f"the key `{key.value}` stands twice", why, "remove one of them", place)
            continue
        reading.keys[at] = span
        mapping[key.value] = _value(value, at, reading)
    return mapping


def scalars(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every text of a tree with its path, in the order of the file."""
    # One generator for the whole tree: in nested ones, each text would pass through those of all its blocks.
    left = [(path, data)]
    while left:
        at, value = left.pop()
        if isinstance(value, dict):
            left += [((*at, key), item) for key, item in reversed(value.items())]
        elif isinstance(value, list):
            left += [((*at, number), value[number]) for number in range(len(value) - 1, -1, -1)]
        else:
            yield at, value
