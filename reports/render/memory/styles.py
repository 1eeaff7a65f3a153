"""Styles of elements that a process has computed before.

Two thirds of a notice's elements stand where another notice had the same. WeasyPrint matches every selector
with every element of every document, and computes each property anew. What a style sheet can tell of an
element is its place: its tag, its attributes, its neighbours, and the places of those around it. So a style
is kept by its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any
from xml.etree.ElementTree import Element

from weasyprint.css import (
    ComputedStyle,
    InitialStyle,
    StyleFor,
    declaration_precedence,
    find_style_attributes,
    preprocess_declarations,
)

from reports.render.memory.own_fonts import ours

UNSEEN = frozenset({"content", "viewBox", "data-left", "data-mid", "data-right", "data-foot"})
"""Attributes that decide no style; a test holds the sheets to it."""
MOST = 20_000
"""Places that are kept; then a process begins again, so that its memory stays bounded."""
_SVG = "{http://www.w3.org/2000/svg}svg"

Styles = dict[str | None, Any]


class Place:
    """An element as the style sheets see it: its styles by pseudo-element, and the places below it."""

    __slots__ = ("below", "styles")

    def __init__(self, styles: Styles) -> None:
        """Keep `styles`, by pseudo-element; the element's own is under None."""
        self.styles = styles
        self.below: dict[Any, Place] = {}


HIDDEN = Place({None: {"display": ("none",), "anchor": None}})
"""The place of what stands in a drawing: its own reader styles and draws it, so the page makes no box of it.
"""
_roots: dict[Any, Place] = {}
_shared: dict[Any, ComputedStyle] = {}
_places: list[Place] = []


def forget() -> None:
    """Drop all that is kept."""
    for kept in (_roots, _shared, _places):
        kept.clear()


def styles_of(
    html: Any, sheets: Any, presentational_hints: Any, font_config: Any, target_collector: Any
) -> Any:
    """Return the styles of a document.

    Of a document of ours they are remembered. A page that brings sheets and fonts of its own gets the
    library's.
    """
    made = RememberedStyles if ours(font_config) else StyleFor
    return made(html, sheets, presentational_hints, font_config, target_collector)


class RememberedStyles(StyleFor):  # type: ignore[misc]  # WeasyPrint ships no types
    """The library's styles of a document, taken from what the process has computed before."""

    def __init__(
        self, html: Any, sheets: Any, presentational_hints: Any, font_config: Any, target_collector: Any
    ) -> None:
        """Find the style of every element, in the order of the tree."""
        if len(_places) > MOST:
            forget()
        self._cascaded_styles: dict[Any, Any] = {}
        self._computed_styles: dict[Any, Any] = {}
        self.initial_page_sizes: dict[str, Any] = {"box": None, "area": None}
        self._sheets, self.font_config = sheets, font_config
        self._hints, self._html = presentational_hints, html
        self._wrappers: dict[Any, Any] = {}
        root = html.etree_element
        place = self._place(
            _roots, (*(sheet for sheet, _, _ in sheets), font_config, *_seen(root)), root, None
        )
        for element, at in [(root, place), *self._below(root, place)]:
            for pseudo, style in at.styles.items():
                self._computed_styles[element, pseudo] = style
                if target_collector and style["anchor"]:
                    target_collector.collect_anchor(style["anchor"])

    def _below(self, element: Element, place: Place) -> Iterator[tuple[Element, Place]]:
        """Yield every element below one, with its place."""
        if element.tag == _SVG:
            yield from ((part, HIDDEN) for part in element)
            return
        # A selector may ask for the neighbour before and for the last child, so both belong to a place.
        before, left = None, len(element)
        for child in element:
            left -= 1
            found = self._place(place.below, (before, left == 0, *_seen(child)), child, place.styles[None])
            yield child, found
            yield from self._below(child, found)
            before = (child.tag, child.get("class"))

    def _place(
        self, known: dict[Any, Place], key: Any, element: Element, parent: ComputedStyle | None
    ) -> Place:
        place = known.get(key)
        if place is None:
            place = known[key] = Place(self._styles(element, parent))
            _places.append(place)
        return place

    def _styles(self, element: Element, parent: ComputedStyle | None) -> Styles:
        """Return an element's styles, by the library's own rules of the cascade."""
        cascaded: dict[str | None, dict[str, Any]] = {}
        # The library walks a whole tree for such attributes; a copy without children keeps it to this
        # element.
        own = Element(element.tag, element.attrib)
        matched: list[Any] = []
        for specificity, _, declarations, base_url in find_style_attributes(
            own, self._hints, self._html.base_url
        ):
            matched.append(_seen(element))
            _declare(
                cascaded.setdefault(None, {}),
                preprocess_declarations(base_url, declarations),
                "author",
                inf,
                specificity,
            )
        for sheet, origin, sheet_specificity in self._sheets:
            for specificity, order, pseudo, (declarations, layer) in sheet.matcher.match(
                self._wrapper(element)
            ):
                layer_order = inf if layer is None else sheet.layers.index(layer)
                matched.append((sheet, order))
                _declare(
                    cascaded.setdefault(pseudo, {}),
                    declarations,
                    origin,
                    layer_order,
                    sheet_specificity or specificity,
                )
        # An `id` is safe here: places keep every parent alive until `forget` drops the keys with them.
        key = (self.font_config if parent is None else id(parent), tuple(matched))
        style = _shared.get(key)
        if style is None:
            style = _shared[key] = self._computed(parent, cascaded.pop(None, {}), None)
        # If the style was shared, the element's own declarations still stand here among those of pseudo-
        # elements.
        cascaded.pop(None, None)
        return {
            None: style,
            **{pseudo: self._computed(style, declared, pseudo) for pseudo, declared in cascaded.items()},
        }

    def _computed(
        self, parent: ComputedStyle | None, cascaded: dict[str, Any], pseudo: str | None
    ) -> ComputedStyle:
        root = InitialStyle(self.font_config) if parent is None else self._root(parent)
        return ComputedStyle(
            parent, cascaded, pseudo, root, self._html.base_url, self.font_config, self.initial_page_sizes
        )

    @staticmethod
    def _root(style: ComputedStyle) -> ComputedStyle:
        while style.parent_style is not None:
            style = style.parent_style
        return style

    def _wrapper(self, element: Element) -> Any:
        """Return an element as the selectors read it."""
        if not self._wrappers:
            self._wrappers = {one.etree_element: one for one in self._html.wrapper_element.iter_subtree()}
        return self._wrappers[element]


def _seen(element: Element) -> tuple[Any, ...]:
    return (element.tag, *(item for item in element.attrib.items() if item[0] not in UNSEEN))


def _declare(style: dict[str, Any], declarations: Any, origin: str, layer: float, specificity: Any) -> None:
    """Add declarations, each where nothing weightier is declared."""
    for name, values, importance in declarations:
        weight = (declaration_precedence(origin, importance), layer, specificity)
        before = style.get(name, (None, None))[1]
        # At equal weight the later declaration wins, as the cascade has it.
        if before is None or before <= weight:
            style[name] = values, weight
