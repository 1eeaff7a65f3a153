"""The JSON Schema of a deal file, made from the very models that read it.

In an editor it gives completion, help on hover, and marked errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.terms.amendment_entries import AmendmentEntry, CorrectionEntry
from engine.terms.clause import Clause
from engine.terms.field_types import SINCE_2_SAYS
from engine.terms.in_force import NAME, TermsInForce
from engine.terms.takeover import KEY, Takeover
from engine.terms.worked_example import WorkedExample

REF = "#/$defs/{model}"
DATED = r"^\d{4}-\d{2}-\d{2}$"


def deal_schema(clauses: Mapping[str, type[Clause]]) -> dict[str, Any]:
    """Return the schema of a deal file with the given templates, for an editor.

    In it each single value may also be a term that steps.
    """
    schema: dict[str, Any] = _stepped(_of_either_format(single_valued_schema(clauses)))
    return schema


def single_valued_schema(clauses: Mapping[str, type[Clause]]) -> dict[str, Any]:
    """Return the schema of a deal file of format 2 in which no term steps."""
    schema = TermsInForce.model_json_schema(ref_template=REF, by_alias=True, mode="validation")
    defs = schema.setdefault("$defs", {})
    defs.pop("Clause", None)
    for name, model in clauses.items():
        defs[name] = _hoisted(
            model.model_json_schema(ref_template=REF, by_alias=True, mode="validation"), defs
        )
    one_of = [{"$ref": f"#/$defs/{name}"} for name in clauses]
    schema["properties"]["covenants"] = {
        "type": "object",
        "propertyNames": {"pattern": NAME},
        "additionalProperties": {"oneOf": one_of},
    }
    for key, entry in (
        ("amendments", AmendmentEntry),
        ("corrections", CorrectionEntry),
        ("worked_examples", WorkedExample),
    ):
        defs[key] = _hoisted(entry.model_json_schema(ref_template=REF, by_alias=True), defs)
        schema["properties"][key] = {"type": "array", "items": {"$ref": f"#/$defs/{key}"}}
    defs[KEY] = _hoisted(Takeover.model_json_schema(ref_template=REF, by_alias=True), defs)
    schema["properties"][KEY] = {"$ref": f"#/$defs/{KEY}"}
    schema["title"] = "Headroom deal file"
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


def _of_either_format(schema: Any) -> Any:
    """Return the schema with no key of format 2 required, so that it fits files of both formats.

    The reader knows which file must write the key (`format_keys.py`).
    """
    if isinstance(schema, list):
        return [_of_either_format(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    either = {key: _of_either_format(value) for key, value in schema.items()}
    needed, fields = schema.get("required"), schema.get("properties")
    if isinstance(needed, list) and isinstance(fields, dict):
        either["required"] = [
            name for name in needed if SINCE_2_SAYS not in str(fields.get(name, {}).get("$comment"))
        ]
    return either


def _hoisted(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """Return a model's schema after its own definitions have been moved into `defs`."""
    for name, definition in schema.pop("$defs", {}).items():
        defs.setdefault(name, definition)
    return schema


def _stepped(schema: Any) -> Any:
    """Return the schema in which each single value may also be a map by dates: a term that steps."""
    if isinstance(schema, list):
        return [_stepped(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    stepped = {key: _stepped(value) for key, value in schema.items()}
    if "pattern" in stepped and "examples" in stepped and stepped.get("pattern") != DATED:
        single = {
            key: value for key, value in stepped.items() if key not in ("title", "description", "default")
        }
        step = {
            "anyOf": [
                single,
                {
                    "type": "object",
                    "required": ["value"],
                    "properties": {"value": single, "cite": {"type": "string"}},
                },
            ]
        }
        steps = {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {DATED: step},
            "additionalProperties": False,
        }
        return {
            "anyOf": [single, steps],
            **{key: stepped[key] for key in ("title", "description", "default") if key in stepped},
        }
    return stepped
