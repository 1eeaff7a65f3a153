"""Deal files to fill in: each key that the format knows, with its choices or an example.

The keys come from the very models that read a file. A form like another deal keeps that deal's structure and
its choices of words. It leaves every figure, date, name, text and citation blank, so that `check` names each
blank. A snippet shows one template with an example for each key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.basics.values import Unit
from engine.terms.clause import Clause, LimitClause, MaintenanceClause
from engine.terms.schema import single_valued_schema

INDENT = "  "
EXAMPLES: Mapping[str, str] = {
    "cite": "CA §7.01",
    "text": "the agreement's own words",
    "index": "CRI-H100",
    "against": "CRI-H200",
    "class": "class_a",
    "asset_class": "h100",
    "test": "ltv",
    "trigger": "cash-sweep",
    "state": "IN EFFECT",
    "to": "reserve account",
    "deliver": "independent appraisal",
    "if_not_determined": "hold",
    "begins": "2026-01-06",
    "by": "servicer",
    "name": "The market cures a failure",
    "outstanding_principal": "USD 16,000,000",
    "measured": "62.585%",
    "limit": "65%",
    "headroom": "-0.879 points",
    "break_even": "USD 1.9257",
    "to_cure": "USD 213,498.88",
    "count": "1 of 2",
    "rate": "USD 1.95 per GPU-hour",
    "rate_from": "published value",
    "obligation": "independent appraisal",
    "decisive": "yes",
    "reserve": "USD 1,200,000",
    "swept": "USD 600,000",
    "act": "waiver",
    "clause": "ltv",
    "document": "CA",
    "names": "waiver|ltv|2026-01-22",
    "version": "1.1-wp",
    "methodology": "1.1-wp",
    "method": "dealer quotes",
    "amount": "USD 250,000",
    "paid_to": "class_a",
}
"""Examples for texts without a fixed form, by key."""
NAMED: Mapping[str, str] = {"rates": "CRI-H100", "facts": "outstanding_principal", "advance_rates": "h100"}
"""An example of a name in each block whose parts the deal names."""
PREFERRED: Mapping[str, str] = {"measured_as": "performance against origination"}
"""For a key whose first choice forbids other keys, the choice that allows every key of the template."""
SHOWN_ALWAYS = ("template", "cite", "failure_is", "if_not_determined")
"""The keys that every covenant must have."""
LIMIT_LIKE: Mapping[Unit, str] = {
    Unit.SHARE: "at least 120%",
    Unit.MULTIPLE: "at least 1.20x",
    Unit.POINTS: "at least -10 points",
    Unit.RATE: "at least USD 0.10 per GPU-hour",
    Unit.DAYS: "at most 2 days",
    Unit.USD: "at least USD 19,000,000",
    Unit.COUNT: "at least 5",
}
"""An example of a limit in each unit that a template may measure in."""
LATER = ("amendments", "corrections", "takeover")
"""The parts that a new deal does not have."""
QUOTED = (",", "[", "]", "{", "}", ": ", " #", '"')


@dataclass(frozen=True, slots=True)
class Forms:
    """The schema of the deal file, from which the forms are written."""

    schema: Mapping[str, Any]

    def like(self, data: Mapping[str, Any]) -> str:
        """Return a deal file to fill in, with the structure of another deal.

        Nothing that is that deal's own remains in it.
        """
        names = frozenset(_names(data))
        data = {**data, **_one_example(data.get("worked_examples"))}
        lines = [
            line
            for key, node in self.schema["properties"].items()
            if key not in LATER
            for line in self._section(key, node, data, names)
        ]
        return "\n".join(lines) + "\n"

    def _section(
        self, key: str, node: Mapping[str, Any], data: Mapping[str, Any], names: frozenset[str]
    ) -> Iterator[str]:
        required = key in self.schema["required"]
        if key == "format":
            yield "format: 2"
            return
        if key not in data and not required:
            yield f"# {key}:  # may be left out{_hint(self._remark(node))}"
            return
        if isinstance(data.get(key), dict | list):
            yield ""
        yield from self._filled(key, node, data.get(key), 0, names)

    def _filled(
        self, key: str, node: Mapping[str, Any], value: Any, depth: int, names: frozenset[str]
    ) -> Iterator[str]:
        """Yield the lines of one key of the other deal, as a form to fill in."""
        node, margin = self._resolved(node, value), INDENT * depth
        if isinstance(value, dict) and "properties" in node:
            yield f"{margin}{key}:"
            for name, part in node["properties"].items():
                if name in value:
                    yield from self._filled(name, part, value[name], depth + 1, names)
                # Format 2 asks for it in every covenant, while the schema is that of both formats.
                elif name in node.get("required", ()) or name == "failure_is":
                    yield from self._filled(name, part, None, depth + 1, names)
                else:
                    yield f"{margin}{INDENT}# {name}:  # may be left out{_hint(self._remark(part))}"
        elif isinstance(value, dict) and (inner := _of_each(node)) is not None:
            yield f"{margin}{key}:"
            for name, part in value.items():
                yield from self._filled(name, inner, part, depth + 1, names)
        elif isinstance(value, list):
            yield f"{margin}{key}:"
            for item in value:
                yield from self._item(node.get("items", {}), item, depth + 1, names)
        else:
            yield self._blank(margin, key, node, value, names)

    def _item(self, node: Mapping[str, Any], item: Any, depth: int, names: frozenset[str]) -> Iterator[str]:
        """Yield the lines of one entry of a list."""
        if not isinstance(item, dict):
            kept = item if self._keeps(self._resolved(node, item), item, names) else ""
            yield f"{INDENT * depth}- {kept}".rstrip()
            return
        lines = list(self._filled("", node, item, depth, names))[1:]
        first = next((number for number, line in enumerate(lines) if not line.lstrip().startswith("#")), 0)
        # The dash must stand before a line that is read. Before a comment it would begin an empty entry.
        lines[0], lines[first] = lines[first], lines[0]
        yield f"{INDENT * depth}- {lines[0].lstrip()}"
        yield from lines[1:]

    def _keeps(self, node: Mapping[str, Any], value: Any, names: frozenset[str]) -> bool:
        """Return whether the form keeps a value.

        It keeps a choice of words and a name that the deal gives to its own parts, but not a fact of the
        other deal.
        """
        return isinstance(value, str) and (value in _choices(node) or value in names)

    def _blank(
        self, margin: str, key: str, node: Mapping[str, Any], value: Any, names: frozenset[str]
    ) -> str:
        kept = f" {value}" if self._keeps(node, value, names) else ""
        return f"{margin}{key}:{kept}{_comment(self._remark(node, kept.strip()))}"

    def snippet(self, template: str, model: type[Clause], *, shared: bool = False) -> str:
        """Return a covenant of a template as YAML, with an example for each of its own keys.

        With `shared` it shows the keys that other covenants have too, instead of its own. Every choice is
        shown, and every key that may be left out is marked.
        """
        node = self.schema["$defs"][template]
        keys = (*SHOWN_ALWAYS, *(shared_keys(model) if shared else own_keys(model)))
        lines = ["covenants:", f"{INDENT}example:"]
        for key in dict.fromkeys(keys):
            if key == "failure_is":
                first, *others = sorted(model.failure_may_be, reverse="trigger" in model.failure_may_be[0])
                lines.append(
                    f"{INDENT * 2}failure_is: {first}{_comment(f'or {_words(others)}' if others else '')}"
                )
            elif key == "limit" and issubclass(model, LimitClause):
                lines.append(f"{INDENT * 2}limit: {LIMIT_LIKE[model.units[0]]}")
            else:
                lines += self._shown(key, node["properties"][key], key in node["required"], 2)
        return "\n".join(lines) + "\n"

    def worked_example(self) -> str:
        """Return a worked example as YAML, with an example for each key that one may have."""
        return (
            "\n".join(self._shown("worked_examples", self.schema["properties"]["worked_examples"], True, 0))
            + "\n"
        )

    def _shown(self, key: str, node: Mapping[str, Any], required: bool, depth: int) -> Iterator[str]:
        whole, node = node, self._resolved(node, None)
        margin, mark = INDENT * depth, "" if required else "may be left out"
        if "properties" in node:
            others = [text for text in _choices(whole) if text]
            said = "; ".join(part for part in (mark, f"or {_words(others)}" if others else "") if part)
            yield f"{margin}{key}:{_comment(said)}"
            for name, part in node["properties"].items():
                # The first choice is the side on which the trigger begins, and it ends on the other.
                turned = (
                    {**part, "enum": part["enum"][::-1]}
                    if (key, name) == ("ends", "when") and "enum" in part
                    else part
                )
                yield from self._shown(name, turned, name in node.get("required", ()), depth + 1)
        elif (inner := _of_each(node)) is not None:
            yield f"{margin}{key}:{_comment(mark)}"
            yield from self._shown(NAMED[key], inner, True, depth + 1)
        elif node.get("type") == "array":
            inner = self._resolved(node.get("items") or node.get("prefixItems", [{}])[0], None)
            if "properties" in inner:
                yield f"{margin}{key}:{_comment(mark)}"
                lines = [
                    line
                    for name, part in inner["properties"].items()
                    for line in self._shown(name, part, name in inner["required"], depth + 2)
                ]
                yield f"{margin}{INDENT}- {lines[0].lstrip()}"
                yield from lines[1:]
            else:
                example = _example(key, inner)
                yield f"{margin}{key}: [{example}]{_comment(_both(mark, self._remark(inner, example)))}"
        else:
            value = _example(key, node)
            written = f'"{value}"' if any(sign in value for sign in QUOTED) else value
            yield f"{margin}{key}: {written}{_comment(_both(mark, self._others(whole, value)))}"

    def _others(self, node: Mapping[str, Any], value: str) -> str:
        others = [text for text in self._all_choices(node) if text != value]
        return f"or {_words(others)}" if others else ""

    def _all_choices(self, node: Mapping[str, Any]) -> list[str]:
        return [text for part in self._parts(node) for text in _choices(part)]

    def _remark(self, node: Mapping[str, Any], kept: str = "") -> str:
        """Return the choices of a key, or an example of what it may be, as the text of a comment."""
        node = self._resolved(node, None)
        others = [text for text in _choices(node) if text != kept]
        if kept:
            return f"or {_words(others)}" if others else ""
        return _words(others) if others else f"like {node['examples'][0]}" if node.get("examples") else ""

    def _reference(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        # A definition may refer to another one.
        while "$ref" in node:
            node = self.schema["$defs"][node["$ref"].rpartition("/")[2]]
        return node

    def _resolved(self, node: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
        """Return the part of a type that fits a value: the part whose constants the value states.

        If none fits, it is the first part that is not null.
        """
        # A key that may be left out allows null in the schema, while a file leaves the key out.
        parts = [part for part in self._parts(node) if part.get("type") != "null"]
        return next((part for part in parts if _fits(part, value)), parts[0])

    def _parts(self, node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Return the parts of a type that may be one of several, or the type itself as the only part."""
        node = self._reference(node)
        several = (*node.get("anyOf", ()), *node.get("oneOf", ()))
        return [part for member in several for part in self._parts(member)] if several else [node]


def forms_of(clauses: Mapping[str, type[Clause]]) -> Forms:
    """Return the forms of a deal file with the given templates."""
    return Forms(single_valued_schema(clauses))


def own_keys(model: type[Clause]) -> tuple[str, ...]:
    """Return the keys of a template that other covenants lack, or may leave out."""
    own = [key for key in _keys(model) if key not in _keys(MaintenanceClause)]
    shared = {
        name: field for name, field in MaintenanceClause.model_fields.items() if not field.is_required()
    }
    needed = [
        field.alias or name
        for name, field in model.model_fields.items()
        if name in shared and field.is_required()
    ]
    return (*needed, *own)


def shared_keys(model: type[Clause]) -> tuple[str, ...]:
    """Return the keys of a template that other covenants have too."""
    return tuple(key for key in _keys(model) if key in _keys(MaintenanceClause))


def _keys(model: type[Clause]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items())


def _of_each(node: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema that each entry of a block has if the deal chooses the entries' names.

    The result is None for a block with fixed keys and for every other type.
    """
    patterns = node.get("patternProperties")
    each = next(iter(patterns.values())) if patterns else node.get("additionalProperties")
    return each if isinstance(each, dict) else None


def _one_example(examples: Any) -> dict[str, Any]:
    """Return the first worked example with its first expectation only, as data of a deal file.

    One example shows every key; the other examples are the deal's own.
    """
    if not isinstance(examples, list) or not examples or not isinstance(examples[0], dict):
        return {}
    return {"worked_examples": [{**examples[0], "expect": list(examples[0].get("expect") or [])[:1]}]}


def _fits(part: Mapping[str, Any], value: Any) -> bool:
    if isinstance(value, dict):
        fixed = {key: node["const"] for key, node in part.get("properties", {}).items() if "const" in node}
        known = part.get("properties", {}).keys() >= value.keys() or _of_each(part) is not None
        return known and all(value.get(key, text) == text for key, text in fixed.items())
    if isinstance(value, list):
        return part.get("type") == "array"
    return isinstance(value, str) and part.get("type") == "string"


def _choices(node: Mapping[str, Any]) -> list[str]:
    return [str(node["const"])] if "const" in node else [str(word) for word in node.get("enum", ())]


def _words(choices: Sequence[str]) -> str:
    return " | ".join(choices)


def _both(*remarks: str) -> str:
    return "; ".join(remark for remark in remarks if remark)


def _hint(remark: str) -> str:
    return f": {remark}" if remark else ""


def _comment(remark: str) -> str:
    return f"  # {remark}" if remark else ""


def _example(key: str, node: Mapping[str, Any]) -> str:
    if choices := _choices(node):
        return PREFERRED.get(key, choices[0])
    return str(node["examples"][0]) if node.get("examples") else EXAMPLES.get(key, key.replace("_", " "))


def _names(data: Any) -> Iterator[str]:
    """Yield the names that a deal gives to its parts.

    A form keeps them, so that references to them still work.
    """
    if isinstance(data, dict):
        for block in (
            "parties",
            "debt",
            "covenants",
            "triggers",
            "index",
            "pledged_assets",
            "blended_rates",
            "figures",
            "events",
        ):
            yield from data.get(block) or ()
